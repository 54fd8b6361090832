//! What holds for every policy and every call.

use pager_core::Ruling;
use proptest::prelude::*;

use crate::world::{bash, call, now, policy, world};

/// Rules of every verdict, each of them a whole `[[rule]]`.
const RULES: &[(&str, &str)] = &[
    ("allow", "command = [\"git **\"]"),
    ("allow", "command = [\"ls **\", \"cat **\"]\npath = [\"/**\"]"),
    ("allow", "command = [\"echo **\", \"true\"]\nlabel = \"webshop\""),
    ("ask", "command = [\"git push\"]"),
    ("ask", "path = [\"/etc/**\"]\nrequire = \"remote\""),
    ("ask", "command = [\"ls\", \"nice ls\"]\npath = [\"/etc/**\", \"~/src/**\"]"),
    ("deny", "command = [\"git push --force|-f\"]"),
    ("deny", "command = [\"cat\"]\npath = [\"**/passwd\"]"),
    ("deny", "regex = 'secret'"),
    ("deny", "cwd = \"/elsewhere/**\""),
    ("deny", "command = [\"git push|fetch ** +*\", \"/opt/bin/git\"]"),
];

fn text(rules: &[usize]) -> String {
    let rule = |at: &usize| {
        let (verdict, body) = RULES[*at];
        format!("[[rule]]\nname = \"r{at}\"\nverdict = \"{verdict}\"\n{body}\n")
    };
    rules.iter().map(rule).collect()
}

fn chosen() -> impl Strategy<Value = Vec<usize>> {
    proptest::sample::subsequence((0..RULES.len()).collect::<Vec<_>>(), 0..=RULES.len())
}

/// Lines made of what matters to those rules and to the shell.
fn line() -> impl Strategy<Value = String> {
    let pieces = vec![
        "git",
        "ls",
        "cat",
        "echo",
        "true",
        "push",
        "--force",
        "-uf",
        "/etc/passwd",
        "secret",
        "x",
        " ",
        " ",
        " ",
        " ",
        ";",
        "&&",
        "|",
        "\n",
        "'",
        "\"",
        "\\",
        "$",
        "$(",
        "`",
        ")",
        "(",
        ">",
        "<",
        "&",
        "{",
        "}",
        "*",
        "~",
        "sh -c ",
        "sudo ",
        "#",
        "<<E\n",
        "=",
        "\u{200b}",
    ];
    proptest::collection::vec(proptest::sample::select(pieces), 0..16).prop_map(|all| all.concat())
}

/// Lines of whole words, so that rules have something to say of most of them.
fn sensible_line() -> impl Strategy<Value = String> {
    let pieces = vec![
        "git",
        "git push",
        "/usr/bin/git push",
        "/opt/bin/git",
        "git -C . fetch",
        "ls",
        "cat",
        "echo",
        "true",
        "nice -n 5 ls",
        "sudo git push",
        "sh -c 'git push -f'",
        "-uf",
        "origin",
        "+main",
        "/etc/passwd",
        "main.rs",
        "secret",
        "> /etc/x",
        "&&",
        ";",
        "|",
    ];
    let words = proptest::collection::vec(proptest::sample::select(pieces), 1..8);
    words.prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_rules_does_not_matter(mut rules in chosen(), line in line(), seed in any::<u64>()) {
        let before = bash(&policy(&text(&rules)), &line);
        let len = rules.len().max(1) as u64;
        for at in 0..rules.len() {
            rules.swap(at, (seed.rotate_left(at as u32 * 7) % len) as usize);
        }
        let after = bash(&policy(&text(&rules)), &line);
        prop_assert_eq!((before.ruling, before.rule, before.require), (after.ruling, after.rule, after.require));
    }

    #[test]
    fn one_more_deny_never_opens_anything(rules in chosen(), line in line(), deny in 6..RULES.len()) {
        let before = bash(&policy(&text(&rules)), &line).ruling;
        let mut more = rules;
        if !more.contains(&deny) {
            more.push(deny);
        }
        let after = bash(&policy(&text(&more)), &line).ruling;
        prop_assert!(after == before || after == Ruling::Deny, "{} then {}", before.as_str(), after.as_str());
    }

    #[test]
    fn what_has_an_open_end_is_never_allowed(line in line(), end in "['\"`(|]|\\$\\(|&&|<<E") {
        // With its end missing, no shell would take it; within a comment, it is no end.
        let line = format!("{line} {end}");
        prop_assume!(!line.contains('#') && !line.contains('\\'));
        let quotes = |quote: char| line.matches(quote).count() % 2;
        prop_assume!(quotes('\'') + quotes('"') + quotes('`') > 0 || !line.contains(['\'', '"', '`']));
        let all = policy(&text(&[0, 1, 2]));
        prop_assert_ne!(bash(&all, &line).ruling, Ruling::Allow, "{:?}", line);
    }
    #[test]
    fn no_rule_is_passed_over(rules in chosen(), line in sensible_line()) {
        let text = text(&rules);
        let indexed = bash(&policy(&text), &line);
        // A name with a `*` in it can be any command's, so that the rule is asked of all of them.
        let spoilt = text.replace("command = [", "command = [\"no*such\", ");
        let asked = bash(&policy(&spoilt), &line);
        prop_assert_eq!(
            (indexed.ruling, &indexed.rule, indexed.require),
            (asked.ruling, &asked.rule, asked.require)
        );

        let input = serde_json::json!({ "command": line }).to_string();
        let told = policy(&text).explain(call("Bash", &input), &world(), now());
        prop_assert_eq!(&told.judgement, &indexed);
        // Rules are told of in the order in which they count.
        match told.rules.iter().find(|rule| rule.matches) {
            Some(first) if first.verdict != Ruling::Allow => {
                prop_assert_eq!(
                    (first.verdict, Some(&first.name)),
                    (indexed.ruling, indexed.rule.as_ref())
                );
            }
            Some(first) if indexed.ruling == Ruling::Allow => {
                prop_assert_eq!(Some(&first.name), indexed.rule.as_ref());
            }
            _ => prop_assert_eq!((indexed.ruling, indexed.rule), (Ruling::Ask, None)),
        }
    }
}
