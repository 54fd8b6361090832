//! Which value wins, and where it is said to come from.

use pager_config::paths::Paths;
use pager_config::{Config, Origin, Sources, load};

use crate::folder::{Folder, TOKEN, load_text};

#[test]
fn with_no_file_everything_is_the_default() {
    let loaded = Folder::new().load();
    assert_eq!(loaded.config, Config::default());
    let shown: Vec<_> = loaded
        .entries()
        .map(|entry| {
            let value = entry.value.map_or("unset".to_owned(), |value| value.to_string());
            format!("{} = {value} ({})", entry.key, entry.origin)
        })
        .collect();
    assert_eq!(
        shown,
        [
            "telegram.token_file = unset (default)",
            "telegram.token_secret_service = unset (default)",
            "telegram.token = unset (default)",
            "telegram.api_url = \"https://api.telegram.org\" (default)",
            "telegram.allowed_users = [] (default)",
            "telegram.dm_policy = \"pairing\" (default)",
            "telegram.roles = unset (default)",
            "telegram.groups = unset (default)",
            "telegram.observers = unset (default)",
            "telegram.chat = unset (default)",
            "telegram.max_age = \"10m\" (default)",
            "access.roles = unset (default)",
            "approvals.window = \"1h\" (default)",
            "approvals.codex_window = \"20s\" (default)",
            "approvals.require_n = 1 (default)",
            "desktop.enabled = true (default)",
            "files.enabled = true (default)",
            "files.max_upload = 20971520 (default)",
            "files.max_download = 52428800 (default)",
            "files.deny = [] (default)",
            "limits.approvals_per_minute = 10 (default)",
            "limits.denials_in_a_row = 5 (default)",
            "limits.requests = 10 (default)",
            "limits.window = \"1m\" (default)",
            "audit.rotate_at = 16777216 (default)",
        ]
    );
}

#[test]
fn a_later_layer_wins_key_by_key() {
    let folder = Folder::new();
    let files = [
        ("lib/pager.toml", 1),
        ("lib/pager.toml.d/50-a.toml", 2),
        ("etc/pager.toml", 3),
        ("etc/pager.toml.d/10-z.toml", 4),
        ("etc/pager.toml.d/20-a.toml", 5),
        ("home/.config/pager/pager.toml", 6),
        ("home/.config/pager/pager.toml.d/x.toml", 7),
    ];
    // Each file is written before those it must win over, so that only the order of the layers and
    // the sorting of the names can be what decides.
    for (name, minutes) in files.into_iter().rev() {
        let text = format!("# {minutes}\napprovals.window = \"{minutes}m\"\n");
        folder.write(name, 0o644, text);
        if minutes > 1 {
            continue;
        }
        for (name, minutes) in files.into_iter().rev() {
            let loaded = folder.load();
            assert_eq!(loaded.config.approvals.window.as_secs(), minutes * 60);
            let origin = Origin::File { path: folder.path(name), line: 2 };
            assert_eq!(loaded.get("approvals.window").unwrap().origin, origin);
            std::fs::remove_file(folder.path(name)).unwrap();
        }
    }
    assert_eq!(folder.load().config, Config::default());
}

#[test]
fn a_layer_leaves_the_keys_alone_that_it_does_not_name() {
    let folder = Folder::new();
    let etc = folder.write("etc/pager.toml", 0o644, "[limits]\nrequests = 5\nwindow = \"2m\"\n");
    let user = folder.write(
        "home/.config/pager/pager.toml",
        0o600,
        format!(
            "[limits]\nwindow = \"90s\"\n\n[telegram]\ntoken = \"{TOKEN}\"\nallowed_users = [7]\n"
        ),
    );
    let loaded = folder.load();
    assert_eq!(loaded.files, [etc.clone(), user.clone()]);
    let entry = |key: &str| {
        let entry = loaded.get(key).unwrap();
        (entry.value.unwrap().to_string(), entry.origin)
    };
    let at = |path: &std::path::Path, line| Origin::File { path: path.to_owned(), line };
    assert_eq!(entry("limits.requests"), ("5".into(), at(&etc, 2)));
    assert_eq!(entry("limits.window"), ("\"1m30s\"".into(), at(&user, 2)));
    assert_eq!(entry("telegram.token"), ("\"[redacted]\"".into(), at(&user, 5)));
    // The default of the chat is the first person allowed.
    assert_eq!(entry("telegram.chat"), ("7".into(), Origin::Default));
    assert_eq!(loaded.config.telegram.chat(), Some(7));
    assert!(!format!("{loaded:?}").contains(TOKEN));
    assert!(loaded.get("limits").is_none());
    assert_eq!(
        serde_json::to_value(loaded.get("limits.requests").unwrap()).unwrap(),
        serde_json::json!({
            "key": "limits.requests", "value": 5, "origin": format!("{}:2", etc.display()),
        })
    );
}

#[test]
fn an_array_replaces_the_one_below_and_does_not_add_to_it() {
    let folder = Folder::new();
    folder.write("etc/pager.toml", 0o644, "telegram.allowed_users = [1, 2]\n");
    folder.write("home/.config/pager/pager.toml", 0o644, "telegram.allowed_users = []\n");
    assert!(folder.load().config.telegram.allowed_users.is_empty());
}

#[test]
fn only_visible_toml_files_are_drop_ins() {
    let folder = Folder::new();
    for name in [".hidden.toml", "a.toml~", "a.toml.bak", "README"] {
        folder.write(&format!("etc/pager.toml.d/{name}"), 0o644, "not settings");
    }
    assert!(folder.load().files.is_empty());
}

#[test]
fn one_file_can_stand_for_all_layers() {
    let folder = Folder::new();
    let path = folder.write("one.toml", 0o644, "limits.requests = 5\n");
    folder.write("one.toml.d/a.toml", 0o644, "limits.requests = 6\n");
    let loaded = load(&Sources::choose(Some(&path)).unwrap()).unwrap();
    assert_eq!(loaded.config.limits.requests, 5);
    assert_eq!(loaded.files, std::slice::from_ref(&path));
    assert_eq!(Sources::single(&path).main_file(), Some(path));
    assert_eq!(folder.sources().main_file(), Some(folder.path("home/.config/pager/pager.toml")));
}

#[test]
fn a_path_begins_at_home_or_in_the_folder_of_its_file() {
    let folder = Folder::new();
    let token_file = |text: &str| {
        folder.write("etc/pager.toml", 0o644, format!("telegram.token_file = \"{text}\"\n"));
        folder.load().config.telegram.token_file.unwrap()
    };
    assert_eq!(token_file("/run/t"), std::path::Path::new("/run/t"));
    assert_eq!(token_file("secret/t"), folder.path("etc/secret/t"));
    assert_eq!(token_file("~/t"), folder.path("home/t"));

    folder.write("etc/pager.toml", 0o644, "telegram.token_file = \"~/t\"\n");
    let config = folder.path("config");
    let homeless =
        Paths::from_lookup(|name| (name == "XDG_CONFIG_HOME").then(|| config.clone().into()));
    let errors = load(&Sources::new([folder.path("etc")], &homeless).unwrap()).unwrap_err();
    assert_eq!(errors.iter().next().unwrap().message, "HOME is not set, so ~ is unknown");
}

#[test]
fn likely_mistakes_are_warned_of_where_they_stand() {
    let warnings = |text: &str| -> Vec<String> {
        let loaded = load_text(text).unwrap();
        loaded
            .warnings
            .iter()
            .map(|warning| format!("{:?}: {}", warning.line, warning.message))
            .collect()
    };
    assert_eq!(
        warnings("[telegram]\nchat = 8\nallowed_users = [7]\n"),
        ["Some(2): 8 would be sent questions, but is not in allowed_users"]
    );
    assert_eq!(
        warnings("[telegram]\napi_url = \"http://192.0.2.1:8081\"\n"),
        ["Some(2): the token and every question would cross the network unencrypted"]
    );
    for fine in [
        "telegram = { chat = 7, allowed_users = [8, 7] }",
        "telegram = { chat = -100123, groups.-100123.approve = [8] }",
        "telegram.api_url = \"http://127.0.0.1:8081\"",
        "telegram.api_url = \"http://[::1]:8081\"",
        "telegram.api_url = \"http://localhost:8081\"",
        "telegram.api_url = \"https://example.org\"",
    ] {
        assert!(warnings(fine).is_empty(), "{fine}");
    }
}
