//! Commands that run other commands.

use super::{Simple, Word};

/// What runs the rest of its arguments, or a text among them. What follows each of them is looked at
/// from every word on, so that their options need not be known.
const WRAPPERS: &[&str] = &[
    "sudo",
    "doas",
    "su",
    "runuser",
    "pkexec",
    "run0",
    "env",
    "nice",
    "nohup",
    "setsid",
    "timeout",
    "stdbuf",
    "unbuffer",
    "ionice",
    "time",
    "chrt",
    "taskset",
    "numactl",
    "flock",
    "watch",
    "strace",
    "ltrace",
    "gdb",
    "valgrind",
    "perf",
    "unshare",
    "nsenter",
    "chroot",
    "bwrap",
    "firejail",
    "systemd-run",
    "systemd-inhibit",
    "dbus-run-session",
    "setpriv",
    "prlimit",
    "xargs",
    "parallel",
    "command",
    "builtin",
    "exec",
    "busybox",
    "toybox",
    "eval",
    "trap",
    "source",
    ".",
    "script",
    "expect",
    "screen",
    "tmux",
    "at",
    "batch",
    "ssh",
    "docker",
    "podman",
    "npx",
    "entr",
    "coproc",
    "noglob",
    "nocorrect",
    "-",
    "ld.so",
    "ld-linux-x86-64.so.2",
];
const SHELLS: &[&str] = &["sh", "bash", "dash", "zsh", "ksh", "mksh", "ash", "fish", "rbash"];
/// Wrappers whose options are few enough to be read exactly.
const TRANSPARENT: &[&str] = &["timeout", "nice", "nohup", "stdbuf"];
/// As many words of a wrapper as are looked at.
const MAX_WORDS: usize = 128;

/// Whether a command of this name runs what its arguments say.
pub(crate) fn is_wrapper(name: &str) -> bool {
    WRAPPERS.contains(&name) || is_shell(name)
}

pub(super) fn is_shell(name: &str) -> bool {
    SHELLS.contains(&name.rsplit('/').next().unwrap_or(name))
}

/// Every command that the arguments of a wrapper may be.
pub(super) fn commands(simple: &Simple) -> impl Iterator<Item = Simple> {
    let runs = |word: &Word| {
        matches!(
            &*word.text,
            "-exec" | "-execdir" | "-ok" | "-okdir" | "-x" | "-X" | "--exec" | "--exec-batch"
        )
    };
    let finds = matches!(simple.name(), "find" | "fd" | "fdfind");
    let every = is_wrapper(simple.name());
    let words = &simple.words;
    (1..words.len().min(MAX_WORDS))
        .filter(move |at| every || (finds && runs(&words[at - 1])))
        .map(move |at| Simple { words: words[at..].to_vec(), inner: true, ..Simple::default() })
}

/// The texts among the arguments of a wrapper that a shell may get to run.
pub(super) fn texts(simple: &Simple) -> Vec<String> {
    if !is_wrapper(simple.name()) && !simple.words.iter().any(|word| is_shell(&word.text)) {
        return Vec::new();
    }
    let mut texts = Vec::new();
    for word in simple.words.iter().skip(1).take(MAX_WORDS) {
        let text = word.text.as_str();
        if !text.contains(|c: char| c.is_whitespace() || ";&|<>$`".contains(c)) {
            continue;
        }
        texts.push(text.to_owned());
        // `-S'a b'`, `--split-string=a b`
        let attached = text.strip_prefix("--").and_then(|long| Some(long.split_once('=')?.1));
        let short = text.strip_prefix('-').and_then(|short| short.get(1..));
        texts.extend(attached.or(short).map(str::to_owned));
    }
    if simple.name() == "eval" {
        let words: Vec<_> = simple.words.iter().skip(1).map(|word| word.text.as_str()).collect();
        texts.push(words.join(" "));
    }
    texts
}

/// The command that a wrapper with simple options runs, if all of its options are understood.
pub(crate) fn transparent(simple: &Simple) -> Option<&[Word]> {
    // By its bare name only: a file of that name elsewhere is another program.
    let (name, mut words) = simple.words.split_first()?;
    let name = TRANSPARENT.iter().find(|known| name.exact && name.text == **known)?;
    let attached: &[&str] = match *name {
        "timeout" => {
            &["--kill-after=", "--signal=", "--foreground", "--preserve-status", "--verbose"]
        }
        "nice" => &["--adjustment="],
        "stdbuf" => &["-o", "-e", "-i", "--output=", "--error=", "--input="],
        _ => &[],
    };
    let separate: &[&str] = match *name {
        "timeout" => &["-k", "-s"],
        "nice" => &["-n"],
        _ => &[],
    };
    while let Some((option, rest)) = words.split_first() {
        let option = option.text.as_str();
        if separate.contains(&option) {
            words = rest.get(1..)?;
        } else if attached.iter().any(|known| option.starts_with(known)) {
            words = rest;
        } else if option.starts_with('-') {
            return None;
        } else {
            break;
        }
    }
    let words = if *name == "timeout" { words.get(1..)? } else { words };
    (!words.is_empty()).then_some(words)
}
