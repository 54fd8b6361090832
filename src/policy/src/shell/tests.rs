//! The reading held against the real shell.

use std::process::Command;

use proptest::prelude::*;

use super::*;

/// What bash runs for a line: each command with its arguments, as bash itself prints them. No
/// command is found, so that every one of them is reported and none is run.
fn bash(line: &str) -> Option<Vec<Vec<String>>> {
    let folder = tempfile::tempdir().unwrap();
    // The sides of a pipe run at the same time: each process has a file of its own to write to.
    let seen = tempfile::tempdir().unwrap();
    let handler =
        "command_not_found_handle() { printf '%s\\0' \"$@\" $'\\1' >>\"$SEEN/$BASHPID\"; }\n";
    let output = Command::new("/bin/bash")
        .args(["--norc", "--noprofile", "-c", &format!("{handler}eval \"$LINE\"")])
        .env_clear()
        .env("PATH", "/nonexistent")
        .env("HOME", "/home/u")
        .env("LC_ALL", "C.UTF-8")
        .env("SEEN", seen.path())
        .env("LINE", line)
        .current_dir(folder.path())
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    if String::from_utf8_lossy(&output.stderr).contains("syntax error") {
        return None;
    }
    let mut commands = Vec::new();
    for file in std::fs::read_dir(seen.path()).unwrap() {
        let words = std::fs::read(file.unwrap().path()).unwrap();
        let mut command = Vec::new();
        for word in String::from_utf8_lossy(&words).split_terminator('\0') {
            match word {
                "\u{1}" => commands.push(std::mem::take(&mut command)),
                word => command.push(word.to_owned()),
            }
        }
    }
    commands.sort();
    Some(commands)
}

/// What we take a line to run, if we dare say so.
fn ours(line: &str) -> Option<Vec<Vec<String>>> {
    let read = read(line, "/home/u");
    let known = read.doubts.is_empty() && read.commands.iter().all(|simple| !simple.inner);
    known.then(|| {
        let words = |simple: &Simple| simple.words.iter().map(|word| word.text.clone()).collect();
        let mut commands: Vec<Vec<String>> = read.commands.iter().map(words).collect();
        commands.retain(|words| !words.is_empty());
        commands.sort();
        commands
    })
}

/// Pieces of lines: no name is a builtin's, and no file is outside of the folder. `;` is the only
/// separator, for with `&&` it would matter that no command is found.
fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "a",
        "b1",
        "-x",
        "--y=z",
        " ",
        "  ",
        " ",
        " ",
        "\t",
        "\n",
        ";",
        ";",
        "'",
        "\"",
        "\\",
        "\\\n",
        "$",
        "`",
        "#",
        " #",
        "~",
        "~/",
        "=",
        ":",
        "{",
        "}",
        "{}",
        ",",
        "*",
        "?",
        "[",
        "]",
        "!",
        "^",
        "%",
        "@",
        "+",
        ".",
        "1",
        " 2>&1 ",
        ">",
        "<",
        " >&2 ",
        "|",
        "&",
        "(",
        ")",
        "'q r'",
        "\"q r\"",
        "\\ ",
        "\\'",
        "$'\\n'",
        "$'a\\'b'",
        "$'\\x41'",
        "\"\\\"\"",
        "\"\\a\"",
        "\"\\$\"",
        "''",
        "\"\"",
        "é",
        "--",
        "x=1",
        "[ a ]",
        "a{b",
        "}c",
        "$HOME",
        "\"$HOME\"",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_we_say_we_know_is_what_bash_does(
        pieces in proptest::collection::vec(piece(), 1..12)
    ) {
        let line = format!("cmd {}", pieces.concat());
        if let Some(ours) = ours(&line) {
            // Files that are not there are no matter of words, and what is built in is found, as
            // is what has a folder in its name; of `||`, only one side runs.
            let commands = read(&line, "/home/u").commands;
            let runs = |simple: &Simple| {
                let path = simple.words.first().is_some_and(|name| name.text.contains(['/', '%']));
                !simple.redirects.is_empty() || path || matches!(simple.name(), "." | ":" | "[")
            };
            if !commands.iter().any(runs) && !line.contains("||") {
                prop_assert_eq!(Some(ours), bash(&line), "{:?}", line);
            }
        }
    }

    #[test]
    fn no_text_is_too_odd_to_be_read(text in "[a{}()\\[\\]$`'\"\\\\<>|&;# \n~!0-9=if don]{0,60}") {
        read(&text, "/home/u");
    }
}

#[test]
fn what_the_parser_would_never_be_done_with_is_not_given_to_it() {
    for line in [
        "(".repeat(60),
        "( ".repeat(30) + "a" + &" )".repeat(30),
        "for ((".repeat(20),
        "case x in a) ".repeat(40),
        "a=(".repeat(20) + "case x in a) (",
    ] {
        let read = read(&format!("{line}; rm x"), "/home/u");
        assert!(read.doubts.contains(&Doubt::TooLong), "{line}: {:?}", read.doubts);
        assert!(read.commands.iter().any(|simple| simple.name() == "rm"), "{line}");
    }
    let plain = "echo '((((((((((((' \"case case\" ((((x))))";
    assert!(!read(plain, "/home/u").doubts.contains(&Doubt::TooLong));
}

#[test]
fn words_are_what_bash_makes_of_them() {
    for line in [
        "a 'b c' \"d e\" f\\ g",
        "a 'it'\\''s'",
        "a \"\\$x \\` \\\\ \\\" \\n\"",
        "a $'\\x41\\102\\u43\\n\\'\\\\'",
        "a b\\\nc",
        "a ~/x '~/x' x~ \"~\"",
        "a $HOME/x \"$HOME\" ${HOME}",
        "a HEAD@{1} {} }{",
        "a # b\nc",
        "a#b",
        "a; b\n\nc",
        "a $ \"$\" $.",
        "a --x=\"y z\"'w'",
        "a | b |& c",
        "a '' \"\"",
    ] {
        let ours = ours(line);
        assert!(ours.is_some(), "{line}: {:?}", read(line, "/home/u"));
        assert_eq!(ours, bash(line), "{line}");
    }
}
