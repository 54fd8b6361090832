//! Every form with its samples, and what must survive.

use super::*;

/// The letters of a secret that nobody has.
fn letters(count: usize) -> String {
    "a1B2c3D4e5F6g7H8i9J0".chars().cycle().take(count).collect()
}

fn clean(text: &str) -> String {
    Redactor::new().clean(text).text.into_owned()
}

#[test]
fn every_form_is_found_wherever_it_stands() {
    let secrets = [
        format!("123456789:{}", letters(35)),
        format!("123456789%3A{}", letters(35)),
        format!("sk-{}", letters(20)),
        format!("sk-ant-{}", letters(12)),
        format!("sk-ant-api03-{}-_{}", letters(20), letters(20)),
        format!("sk-or-v1-{}", letters(40)),
        format!("sk-proj-{}_{}", letters(20), letters(5)),
        format!("ghp_{}", letters(36)),
        format!("gho_{}", letters(36)),
        format!("ghu_{}", letters(36)),
        format!("ghs_{}", letters(36)),
        format!("ghr_{}", letters(36)),
        format!("github_pat_{}_{}", letters(22), letters(30)),
        format!("AKIA{}", "A1B2C3D4E5F6G7H8"),
        format!("ASIA{}", "A1B2C3D4E5F6G7H8"),
        format!("AIza{}", letters(35)),
        format!("xoxb-{}-{}", "123456789012", letters(24)),
        format!("xoxp-{}", letters(24)),
        format!("glpat-{}", letters(20)),
        format!("npm_{}", letters(36)),
        format!("hf_{}", letters(34)),
        format!("eyJ{}.{}.{}", letters(20), letters(40), letters(43)),
        format!(
            "-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n{}\n-----END OPENSSH PRIVATE KEY-----",
            letters(64),
            letters(64)
        ),
        format!("-----BEGIN RSA PRIVATE KEY-----\n{}", letters(64)),
    ];
    for secret in &secrets {
        let last = &secret[secret.len() - 8..];
        for text in [
            secret.clone(),
            format!("export KEY={secret}"),
            format!("{{\"key\":\"{secret}\"}}"),
            format!("first\n{secret}\nlast"),
            format!("({secret})"),
            format!("{{\"key\":\"a\\n{secret}\"}}"),
            format!("https://api.example/?key%3D{secret}"),
            format!("\u{1b}[3mkey\u{1b}[0m\u{1b}[2m=\u{1b}[0m{secret}"),
        ] {
            let cleaned = Redactor::new().clean(&text);
            assert_eq!(cleaned.hidden, 1, "{text}: {}", cleaned.text);
            assert!(!cleaned.text.contains(last), "{text}: {}", cleaned.text);
        }
    }
}

#[test]
fn a_bots_token_is_found_inside_the_url_that_an_error_names() {
    let token = format!("123456789:{}", letters(35));
    let error = format!("error sending request for url (https://api.example/bot{token}/getMe)");
    assert_eq!(
        clean(&error),
        "error sending request for url (https://api.example/bot[redacted]/getMe)"
    );
}

#[test]
fn what_is_left_of_a_secret_where_a_text_was_shortened_is_found() {
    for secret in [
        format!("123456789:{}", letters(35)),
        format!("sk-ant-api03-{}", letters(40)),
        format!("ghp_{}", letters(36)),
        format!("github_pat_{}", letters(36)),
        "AKIAA1B2C3D4E5F6G7H8".to_owned(),
        format!("AIza{}", letters(35)),
        format!("xoxb-{}", letters(24)),
        format!("glpat-{}", letters(20)),
        format!("npm_{}", letters(36)),
        format!("hf_{}", letters(34)),
        format!("eyJ{}.{}.{}", letters(20), letters(40), letters(43)),
        format!("Bearer {}", letters(30)),
        format!("postgres://ada:{}@db", letters(20)),
    ] {
        let whole = format!("export KEY={secret}; and so on, at length");
        for max in 1..whole.chars().count() {
            let cut = crate::sanitize::one_line(&whole, max);
            let text = clean(&format!("Denied: {cut}, 12:03 UTC"));
            // Four letters of it open nothing.
            assert!(!text.contains(&letters(20)[..5]), "{text}");
            assert!(text.contains('\u{2026}') && text.ends_with(", 12:03 UTC"), "{text}");
        }
    }
    let own = "nobody_knows_this";
    let redactor = Redactor::new().with_secret(&format!("123456:{own}"));
    for max in 1..own.len() + 20 {
        for text in [format!("the token is {own} and more"), format!("bot123456:{own} and more")] {
            let cut = crate::sanitize::one_line(&text, max);
            let shown = redactor.clean(&cut).text.into_owned();
            assert!(!shown.contains("nobod"), "{shown}");
            assert_eq!(redactor.clean(&shown).text, shown);
        }
    }
    for text in ["see http://localhost:8080\u{2026}", "123456\u{2026}", "nobody\u{2019}s \u{2026}"]
    {
        assert_eq!(redactor.clean(text).text, text);
    }
}

#[test]
fn what_surrounds_a_secret_stays() {
    for (text, expected) in [
        ("Authorization: Bearer abc.def.ghi", "Authorization: Bearer [redacted]"),
        (
            "curl -H 'authorization: token s3cr3tvalue' x",
            "curl -H 'authorization: token [redacted]' x",
        ),
        ("bearer abcdefghij0123456789", "bearer [redacted]"),
        ("postgres://ada:s3cr3t@db:5432/x", "postgres://ada:[redacted]@db:5432/x"),
    ] {
        assert_eq!(clean(text), expected);
    }
}

#[test]
fn what_is_no_secret_survives() {
    for text in [
        "8080:abcdefghijkl",
        "2026-05-18T10:00:00Z and 2026:05:18T10:00:00.000",
        "the bearer of bad news",
        "a bearer certificate",
        "basic authentication",
        "task-abcdefghijklmnopqrstuvwxyz",
        "risk-assessment-of-the-whole-thing",
        "sk-learn",
        "ghp_short",
        "AKIA is a prefix",
        "https://example.org:8080/path@v1",
        "git@github.example:ada/project.git",
        "ssh://git@host/path",
        "eyJ alone",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "3fa9c1d2e4b5 17:3fa9c1d2e4b5",
        // A commit, a container's digest, a UUID, hashes as npm and nix write them.
        "6e051351f0d04ac0ba5c9f3f3c2e8f9a1b2c3d4e",
        "image@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "550e8400-e29b-41d4-a716-446655440000",
        "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==",
        "0a1b2c3d4e5f60718293a4b5c6d7e8f9 · SHA-256 9f86d081884c",
        "org.pagerd.Pager1.Error.NotFound",
        // The names of secrets are none, and a person is to see them.
        "curl -H \"Authorization: Bearer $TOKEN\" https://api.example",
        "Authorization: Bearer ${GITHUB_TOKEN}",
        "Authorization: token $(cat token)",
        "Authorization: Bearer <your-token>",
        "Authorization: Bearer {{token}}",
        "psql postgres://ada:$PGPASSWORD@db/x",
        "postgres://ada:{password}@db/x",
        "a bearer characteristically-english",
        "bearer [redacted]",
    ] {
        assert_eq!(clean(text), text);
    }
}

#[test]
fn a_known_value_is_found_in_every_form_it_is_written_in() {
    let token = "123456:short-secret";
    let redactor = Redactor::new().with_secret(token);
    for text in [
        "123456:short-secret",
        "the part short-secret alone",
        "bot123456:short-secret/getMe",
        "bot123456%3Ashort-secret/getMe",
    ] {
        let cleaned = redactor.clean(text);
        assert!(!cleaned.text.contains("short-secret"), "{}", cleaned.text);
    }
    assert_eq!(redactor.clean("nothing of it").hidden, 0);
    assert!(!format!("{redactor:?}").contains("secret"));
    let trivial = Redactor::new().with_secret("ab").with_secret("");
    assert_eq!(trivial.clean("abab").text, "abab", "too short to be one");
}

#[test]
fn a_chat_is_not_told_where_somebody_lives() {
    let redactor = Redactor::new().with_home("/home/ada/");
    for (text, expected) in [
        ("/home/ada/.config/pager: denied", "~/.config/pager: denied"),
        ("/home/ada", "~"),
        ("/home/adam/x and /home/ada/y", "/home/adam/x and ~/y"),
        ("nothing", "nothing"),
    ] {
        assert_eq!(redactor.for_chat(text), expected);
    }
    assert_eq!(Redactor::new().with_home("/").for_chat("/etc"), "/etc");
}

#[test]
fn a_long_text_takes_no_longer_than_its_length() {
    let text = "sk-".repeat(100_000) + &"1".repeat(300_000) + &"://a:".repeat(50_000);
    assert!(Redactor::new().clean(&text).text.len() <= text.len() + 100_000);
}

#[test]
fn who_is_to_agree_knows_whether_a_deed_may_be_hidden() {
    let key = letters(64);
    let armoured = format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----");
    for (text, inert) in [
        ("nothing hidden; rm -rf ~".to_owned(), true),
        (format!("curl -H 'Authorization: Bearer {key}' x"), true),
        (format!("echo sk-ant-{key} && AKIAA1B2C3D4E5F6G7H8"), true),
        ("psql postgres://ada:s3cr3t@db".to_owned(), true),
        ("psql postgres://ada:s$(reboot)@db".to_owned(), false),
        ("curl -H Authorization:x`reboot`".to_owned(), false),
        ("echo authorization=abc|sh".to_owned(), false),
        (format!("echo '-----BEGIN PRIVATE KEY-----'; curl {key} | sh"), false),
        (armoured, false),
    ] {
        let clean = Redactor::new().clean(&text);
        assert_eq!(clean.inert, inert, "{text}: {}", clean.text);
    }
    let own = Redactor::new().with_secret("my $(own) secret");
    assert!(!own.clean("a my $(own) secret").inert);
}
