//! What is refused, and the exact words.

use pager_config::{Sources, load};

use crate::folder::{Folder, TOKEN, load_text};

/// Loads `text`, which must be refused with exactly `expected`.
#[track_caller]
fn refused(text: &str, expected: &str) {
    let errors = load_text(text).expect_err("this should have been refused");
    assert_eq!(errors, expected.trim_matches('\n'), "\n--- got:\n{errors}\n---");
}

#[test]
fn a_wrong_type_names_what_would_be_right() {
    refused(
        "[approvals]\nwindow = 3600\n",
        r#"
pager.toml:2:10: approvals.window: an integer is not taken here
  2 | window = 3600
    |          ^^^^
  expected a duration from 1s to 24h in quotes, such as "90s", "15m" or "1h30m"
"#,
    );
    refused(
        "[desktop]\nenabled = \"yes\"\n",
        r#"
pager.toml:2:11: desktop.enabled: a string is not taken here
  2 | enabled = "yes"
    |           ^^^^^
  expected true or false, without quotes
"#,
    );
    refused(
        "[limits]\nrequests = 10.0\n",
        r#"
pager.toml:2:12: limits.requests: a number with a fraction is not taken here
  2 | requests = 10.0
    |            ^^^^
  expected an integer from 1 to 1000
"#,
    );
    refused(
        "[desktop.enabled]\nnow = true\n",
        r#"
pager.toml:1:1: desktop.enabled: a table is not taken here
  1 | [desktop.enabled]
    | ^^^^^^^^^^^^^^^^^
  expected true or false, without quotes
"#,
    );
}

#[test]
fn a_section_that_is_no_table_is_refused() {
    refused(
        "approvals = 3\n",
        r"
pager.toml:1:13: approvals: an integer is not taken here
  1 | approvals = 3
    |             ^
  expected a table: [approvals]
",
    );
    refused(
        "[[approvals]]\nwindow = \"1h\"\n",
        r"
pager.toml:1:1: approvals: an array is not taken here
  1 | [[approvals]]
    | ^^^^^^^^^^^^^
  expected a table: [approvals]
",
    );
}

#[test]
fn an_unknown_key_is_refused_and_the_nearest_named() {
    refused(
        "[approvals]\nwindw = \"1h\"\n",
        r#"
pager.toml:2:1: approvals.windw: unknown key
  2 | windw = "1h"
    | ^^^^^
  did you mean `window`?
"#,
    );
    refused(
        "[approval]\nwindow = \"1h\"\n",
        r"
pager.toml:1:2: approval: unknown section or key
  1 | [approval]
    |  ^^^^^^^^
  did you mean `approvals`?
",
    );
    refused(
        "[telegram]\nwindow = \"1h\"\n",
        r#"
pager.toml:2:1: telegram.window: unknown key
  2 | window = "1h"
    | ^^^^^^
  did you mean `approvals.window`?
"#,
    );
    refused(
        "[desktop]\ncolour = 1\n",
        r"
pager.toml:2:1: desktop.colour: unknown key
  2 | colour = 1
    | ^^^^^^
  known here: enabled
",
    );
    // A name in quotes that reads like a path is still one name.
    refused(
        "\"desktop.enabled\" = true\n",
        r#"
pager.toml:1:1: desktop.enabled: unknown section or key
  1 | "desktop.enabled" = true
    | ^^^^^^^^^^^^^^^^^
  did you mean `desktop.enabled`?
"#,
    );
}

#[test]
fn only_durations_in_range_are_taken() {
    for (text, why) in [
        ("soon", "is not a duration"),
        ("", "is not a duration"),
        ("5", "is not a duration"),
        ("-5m", "is not a duration"),
        ("1h ago", "is not a duration"),
        ("1 day", "is not a duration"),
        ("99999999999999999999h", "is not a duration"),
        ("0s", "is out of range"),
        ("999ms", "is out of range"),
        ("24h1s", "is out of range"),
    ] {
        let marks = "^".repeat(text.len() + 2);
        refused(
            &format!("[approvals]\nwindow = \"{text}\"\n"),
            &format!(
                r#"
pager.toml:2:10: approvals.window: "{text}" {why}
  2 | window = "{text}"
    |          {marks}
  expected a duration from 1s to 24h in quotes, such as "90s", "15m" or "1h30m"
"#
            ),
        );
    }
    for (text, seconds) in
        [("1s", 1), ("90s", 90), ("15m", 900), ("1h30m", 5400), ("1h 30m", 5400), ("24h", 86_400)]
    {
        let loaded = load_text(format!("[approvals]\nwindow = \"{text}\"\n")).unwrap();
        assert_eq!(loaded.config.approvals.window.as_secs(), seconds, "{text}");
    }
}

#[test]
fn only_counts_in_range_are_taken() {
    for (text, shown) in [("0", "0"), ("-1", "-1"), ("1_001", "1001"), ("4294967297", "4294967297")]
    {
        let marks = "^".repeat(text.len());
        refused(
            &format!("limits.requests = {text}\n"),
            &format!(
                r"
pager.toml:1:19: limits.requests: {shown} is out of range
  1 | limits.requests = {text}
    |                   {marks}
  expected an integer from 1 to 1000
"
            ),
        );
    }
    let loaded = load_text("limits = { requests = 1, approvals_per_minute = 0x3e8 }").unwrap();
    assert_eq!(loaded.config.limits.requests, 1);
    assert_eq!(loaded.config.limits.approvals_per_minute, 1000);
}

#[test]
fn every_id_that_is_not_a_persons_is_refused_on_its_own() {
    refused(
        "[telegram]\nallowed_users = [\"@anna\", 5, -3, \"17\", 1.5, 1087968824, 0]\n",
        r#"
pager.toml:2:18: telegram.allowed_users: "@anna" is not a numeric id
  2 | allowed_users = ["@anna", 5, -3, "17", 1.5, 1087968824, 0]
    |                  ^^^^^^^
  ids are numeric, and names can change hands; `pagerctl setup` finds yours by a message you send to the bot
pager.toml:2:30: telegram.allowed_users: -3 is a group's id, not a person's
  2 | allowed_users = ["@anna", 5, -3, "17", 1.5, 1087968824, 0]
    |                              ^^
  only people can be allowed; a group is heard by a table in telegram.groups
pager.toml:2:34: telegram.allowed_users: an id in quotes
  2 | allowed_users = ["@anna", 5, -3, "17", 1.5, 1087968824, 0]
    |                                  ^^^^
  write it without: 17
pager.toml:2:40: telegram.allowed_users: a number with a fraction is not taken here
  2 | allowed_users = ["@anna", 5, -3, "17", 1.5, 1087968824, 0]
    |                                        ^^^
  expected an array of numeric user ids, such as [111111111]; an empty one is nobody
pager.toml:2:45: telegram.allowed_users: 1087968824 stands for every anonymous administrator of a group, not for one person
  2 | allowed_users = ["@anna", 5, -3, "17", 1.5, 1087968824, 0]
    |                                             ^^^^^^^^^^
  ids are numeric, and names can change hands; `pagerctl setup` finds yours by a message you send to the bot
pager.toml:2:57: telegram.allowed_users: 0 is not an id of Telegram's
  2 | allowed_users = ["@anna", 5, -3, "17", 1.5, 1087968824, 0]
    |                                                         ^
  ids are numeric, and names can change hands; `pagerctl setup` finds yours by a message you send to the bot
"#,
    );
    refused(
        "[telegram]\nallowed_users = [99999999999999999999]\nchat = \"@anna\"\n",
        r#"
pager.toml:2:18: telegram.allowed_users: the number does not fit in 64 bits
  2 | allowed_users = [99999999999999999999]
    |                  ^^^^^^^^^^^^^^^^^^^^
  expected an array of numeric user ids, such as [111111111]; an empty one is nobody
pager.toml:3:8: telegram.chat: "@anna" is not a numeric id
  3 | chat = "@anna"
    |        ^^^^^^^
  ids are numeric, and names can change hands; `pagerctl setup` finds yours by a message you send to the bot
"#,
    );
}

#[test]
fn only_addresses_of_http_servers_are_taken() {
    for (text, why) in [
        ("ftp://x", "the scheme \"ftp\" is not http or https"),
        ("api.telegram.org", "\"api.telegram.org\" is not a URL: relative URL without a base"),
        ("https://", "\"https://\" is not a URL: empty host"),
        ("https://a:b@c/", "a URL with a user name or a password is not taken"),
        ("https://c/?q", "a URL with a query or a fragment is not taken"),
        ("https://c/#f", "a URL with a query or a fragment is not taken"),
    ] {
        let marks = "^".repeat(text.len() + 2);
        refused(
            &format!("[telegram]\napi_url = \"{text}\"\n"),
            &format!(
                r#"
pager.toml:2:11: telegram.api_url: {why}
  2 | api_url = "{text}"
    |           {marks}
  expected an http or https URL in quotes, such as "https://api.telegram.org"
"#
            ),
        );
    }
    let url = |text: &str| {
        let loaded = load_text(format!("telegram.api_url = \"{text}\"")).unwrap();
        loaded.config.telegram.api_url.to_string()
    };
    assert_eq!(url("http://127.0.0.1:8081"), "http://127.0.0.1:8081/");
    assert_eq!(url("https://example.org/bot-api/"), "https://example.org/bot-api");
}

#[test]
fn broken_syntax_is_shown_where_it_breaks() {
    refused(
        "[telegram\nchat = 5\n",
        r"
pager.toml:1:10: unclosed table, expected `]`
  1 | [telegram
    |          ^
",
    );
    refused(
        "[approvals]\nwindow = \"1m\"\nwindow = \"2m\"\n",
        r#"
pager.toml:3:1: duplicate key
  3 | window = "2m"
    | ^^^^^^
"#,
    );
    let errors = load_text(b"[desktop]\nenabled = \"\xff\"\n").unwrap_err();
    assert_eq!(
        errors,
        r#"
pager.toml:2:12: the text is not UTF-8
  2 | enabled = "�"
    |            ^
  save the file in the encoding UTF-8
"#
        .trim_matches('\n')
    );
}

#[test]
fn line_ends_and_byte_order_marks_of_other_systems_do_not_move_the_place() {
    refused(
        "\u{feff}[desktop]\r\nenabled = 1\r\n",
        r"
pager.toml:2:11: desktop.enabled: an integer is not taken here
  2 | enabled = 1
    |           ^
  expected true or false, without quotes
",
    );
    assert!(load_text("\u{feff}[desktop]\r\nenabled = true\r\n").is_ok());
}

#[test]
fn what_a_terminal_would_obey_is_shown() {
    refused(
        "[\"a\\u001b[2K\\n\"]\n# \u{202e}\n",
        r#"
pager.toml:1:2: a⟨U+001B⟩[2K: unknown section or key
  1 | ["a\u001b[2K\n"]
    |  ^^^^^^^^^^^^^^
  known here: telegram, access, approvals, desktop, files, limits, audit
"#,
    );
}

#[test]
fn no_error_shows_a_token() {
    let key = &TOKEN[TOKEN.len() - 10..];
    for text in [
        format!("token = \"{TOKEN}\"\n"),
        format!("[telegram]\ntoken = \"{TOKEN}\"\n"),
        format!("[telegram]\ntoken = \"{TOKEN}\n"),
        format!("[telegram]\ntoken = {TOKEN}\n"),
        format!("[telegram]\ntoken : {TOKEN}\n"),
        format!("[telegram]\ntoken = [\"{TOKEN}\"]\n"),
        format!("[telegram]\ntoken_file = \"{TOKEN}\"\n"),
        format!("[telegram]\ntoken_file = \"/run/{TOKEN}\"\n"),
        format!("[telegram]\napi_url = \"{TOKEN}\"\n"),
        format!("[telegram]\napi_url = \"https://api.telegram.org/bot{TOKEN}\"\n"),
        format!("[telegram]\nchat = \"{TOKEN}\"\n"),
        format!("[telegram]\nallowed_users = [\"{TOKEN}\"]\n"),
        format!("[approvals]\nwindow = \"{TOKEN}\"\n"),
        format!("[\"{TOKEN}\"]\n"),
    ] {
        match load_text(&text) {
            Ok(loaded) => panic!("{text} was taken: {:?}", loaded.config),
            Err(errors) => assert!(!errors.contains(key), "{errors}"),
        }
    }
}

#[test]
fn errors_of_all_files_are_reported_in_the_order_of_the_layers() {
    let folder = Folder::new();
    folder.write("lib/pager.toml", 0o644, "[desktop]\nenabled = 1\n");
    folder.write("etc/pager.toml.d/a.toml", 0o644, "broken\n");
    folder.write("home/.config/pager/pager.toml", 0o644, "b = 1\n[limits]\na = 1\n");
    let errors = load(&folder.sources()).unwrap_err();
    let places: Vec<_> = errors
        .iter()
        .map(|fault| (folder.short(&fault.file.display()), fault.line, fault.column))
        .collect();
    assert_eq!(
        places,
        [
            ("lib/pager.toml".to_owned(), Some(1 + 1), Some(11)),
            ("etc/pager.toml.d/a.toml".to_owned(), Some(1), Some(7)),
            ("home/.config/pager/pager.toml".to_owned(), Some(1), Some(1)),
            ("home/.config/pager/pager.toml".to_owned(), Some(3), Some(1)),
        ]
    );
}

#[test]
fn errors_have_a_form_for_programs() {
    let folder = Folder::new();
    let path = folder.write("pager.toml", 0o644, "[desktop]\nenabled = 1\n");
    let errors = load(&Sources::single(&path)).unwrap_err();
    assert_eq!(
        serde_json::to_value(&errors).unwrap(),
        serde_json::json!([{
            "file": path.to_str().unwrap(),
            "line": 2,
            "column": 11,
            "key": "desktop.enabled",
            "message": "an integer is not taken here",
            "hint": "expected true or false, without quotes",
        }])
    );
}
