//! Arguments that make a harmless command run or write something else. A rule that allows such a
//! command with `*` or `**` does not mean these: they must stand in the pattern themselves.

use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::has_option;
use crate::shell::{Word, is_wrapper};

/// Of each command, the options that run commands, load code, or write where they are told.
const OPTIONS: &[(&[&str], &[&str])] = &[
    (
        &["find"],
        &[
            "-exec", "-execdir", "-ok", "-okdir", "-delete", "-fprint", "-fprint0", "-fprintf",
            "-fls",
        ],
    ),
    (&["fd", "fdfind"], &["-x", "-X", "--exec", "--exec-batch"]),
    (
        &["git"],
        &[
            "-c",
            "-C",
            "--config-env",
            "--exec-path",
            "--git-dir",
            "--work-tree",
            "--output",
            "--exec",
            "--upload-pack",
            "--receive-pack",
            "--open-files-in-pager",
            "-O",
            "--ext-diff",
            "--textconv",
        ],
    ),
    (&["sort"], &["-o", "--output", "--compress-program", "-T"]),
    (&["rg", "ripgrep"], &["--pre", "--hostname-bin", "--search-zip", "-z"]),
    (&["grep", "egrep", "fgrep"], &["-f", "--file"]),
    (
        &["tar", "bsdtar"],
        &[
            "--to-command",
            "--checkpoint-action",
            "-I",
            "--use-compress-program",
            "-F",
            "--info-script",
            "--new-volume-script",
            "--rsh-command",
            "-P",
            "--absolute-names",
        ],
    ),
    (&["sed", "gsed"], &["-i", "--in-place", "-f", "--file"]),
    (
        &["awk", "gawk", "mawk", "nawk"],
        &["-f", "--file", "-i", "--include", "-l", "--load", "-E", "--exec"],
    ),
    (&["python", "python3", "pypy3"], &["-c", "-m", "-"]),
    (&["perl"], &["-e", "-E", "-M", "-i", "-n", "-p"]),
    (&["ruby"], &["-e", "-r", "-i", "-n", "-p"]),
    (
        &["node", "deno", "bun"],
        &["-e", "-p", "--eval", "--print", "-r", "--require", "--import", "eval"],
    ),
    (&["php"], &["-r", "-B", "-R", "-E"]),
    (&["cargo"], &["--config"]),
    (&["make", "gmake"], &["-f", "--file", "-C", "--directory", "--eval", "-I"]),
    (
        &["curl"],
        &["-o", "-O", "--output", "-K", "--config", "-T", "--upload-file", "-c", "--cookie-jar"],
    ),
    (
        &["wget"],
        &["-O", "--output-document", "-i", "-e", "--execute", "--use-askpass", "--post-file"],
    ),
    (&["man"], &["-P", "--pager", "-H", "--html"]),
    (&["less", "more"], &["-o", "-O", "--log-file", "-k", "--lesskey-file"]),
    (&["rsync"], &["-e", "--rsh", "--rsync-path"]),
    (&["scp", "sftp"], &["-o", "-S", "-F", "-D"]),
    (&["vim", "vi", "nvim", "emacs"], &["-c", "-S", "--cmd", "--eval", "-u", "-s"]),
    (&["date"], &["-s", "--set"]),
    (&["uniq"], &[]),
    (&["go"], &["-exec", "-toolexec", "-overlay"]),
    (&["npm", "pnpm", "yarn"], &["--script-shell", "--node-options", "--prefix", "exec", "dlx"]),
    (&["zip"], &["-T", "-TT", "--unzip-command"]),
    (&["jq"], &["-f", "--from-file", "-L", "--rawfile", "--slurpfile"]),
    (&["xxd"], &["-r", "-revert"]),
    (&["ps"], &["e", "-E"]),
];

/// Which of these words no `*` or `**` may stand for.
pub(crate) fn must_be_named(words: &[Word]) -> Vec<bool> {
    let name = words.first().map_or("", |word| &word.text);
    let name = name.rsplit('/').next().unwrap_or(name);
    if is_wrapper(name) {
        return vec![true; words.len()];
    }
    let mut named = vec![false; words.len()];
    // The command itself is always in the pattern.
    if let Some(first) = named.first_mut() {
        *first = true;
    }
    let risky = OPTIONS.iter().filter(|(names, _)| names.contains(&name));
    for option in risky.flat_map(|(_, options)| *options) {
        for (word, named) in words.iter().zip(&mut named).skip(1) {
            *named |= has_option(option, &word.text) || is_attached(option, &word.text);
        }
    }
    let is_plain: fn(&str) -> bool = match name {
        "sed" | "gsed" => is_plain_sed,
        "awk" | "gawk" | "mawk" | "nawk" => is_plain_awk,
        _ => return named,
    };
    // In sed, the first argument is the script and others are files, unless an option says else. In
    // awk, some options take a word of their own, so that any may be the script.
    let known = |word: &str| {
        word.strip_prefix('-').is_some_and(|o| o.chars().all(|c| "nErsuz".contains(c)))
    };
    let arguments = || words.iter().enumerate().skip(1);
    let only_first = name.ends_with("sed")
        && arguments().all(|(_, word)| !word.text.starts_with('-') || known(&word.text));
    let scripts = arguments().filter(|(_, word)| !known(&word.text));
    for (at, word) in scripts.take(if only_first { 1 } else { usize::MAX }) {
        named[at] |= !is_plain(&word.text);
    }
    named
}

/// `-ofile`: a letter with its value behind it.
fn is_attached(option: &str, word: &str) -> bool {
    option.len() == 2 && option.starts_with('-') && word.len() > 2 && word.starts_with(option)
}

/// Whether sed's script prints, deletes or replaces text, and does nothing else.
fn is_plain_sed(script: &str) -> bool {
    static PLAIN: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let place = r"(?:\d+|\$|/[^/\\\n]*/)";
        let replace = r"s(?:/[^/\n]*/[^/\n]*/|\|[^|\n]*\|[^|\n]*\||#[^#\n]*#[^#\n]*#)[gpiI0-9]*";
        let command = format!(r"(?:{place}(?:,(?:{place}|[+~]\d+))?)? *!?(?:[pdq=]|{replace})");
        Regex::new(&format!("^{command}(?: *; *{command})*;?$")).ok()
    });
    PLAIN.as_ref().is_some_and(|plain| plain.is_match(script))
}

/// Whether a word of awk's neither runs nor opens anything: no call, no pipe, no file.
fn is_plain_awk(word: &str) -> bool {
    let runs = ["system", "|", ">", "<", "getline", "@", "("];
    !runs.iter().any(|run| word.contains(run))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_or_writes_must_be_named() {
        for (line, risky) in [
            ("find . -name x", false),
            ("find . -delete", true),
            ("find . -exec rm {} +", true),
            ("sort -u x", false),
            ("sort -o/tmp/x y", true),
            ("sort --compress-prog=sh y", true),
            ("git log --oneline", false),
            ("git -C /x log", true),
            ("git -ccore.pager=x log", true),
            ("sed -n 1,200p src/main.rs", false),
            ("sed -n 1,200p Makefile", false),
            ("sed -E /a/,/b/d;s|x|y|g src/e.rs", false),
            ("sed s/a/b/w/tmp/x x", true),
            ("sed p x -e ewhoami", true),
            ("sed ewhoami", true),
            ("sed s/a/b/e src/main.rs", true),
            ("sed -n w/tmp/x a", true),
            ("sed -i s/a/b/ x", true),
            ("awk {print$1} a.txt", false),
            ("awk BEGIN{system(\"id\")}", true),
            ("sudo ls", true),
            ("bash -c ls", true),
            ("rg --pre=sh x", true),
        ] {
            let words: Vec<_> = line.split(' ').map(Word::known).collect();
            let named = must_be_named(&words);
            assert_eq!(named[1..].contains(&true), risky, "{line}");
        }
    }
}
