//! Where a token may be kept, and from where it is not taken.

use std::os::unix::fs::symlink;
use std::path::Path;

use pager_config::{
    Config, Secret, Sources, TokenError, TokenSource, load, looks_like_token, read_token_from,
};

use crate::folder::{Folder, TOKEN};

fn config(token_file: impl AsRef<Path>) -> Config {
    let mut config = Config::default();
    config.telegram.token_file = Some(token_file.as_ref().to_owned());
    config
}

/// What is said of a token file that is not taken.
#[track_caller]
fn refusal(folder: &Folder, config: &Config) -> String {
    let error = read_token_from(config, None).unwrap_err();
    let text = folder.short(&error);
    assert!(!format!("{text}{error:?}").contains(TOKEN), "{text}");
    text
}

#[test]
fn the_form_of_a_token() {
    assert!(looks_like_token(TOKEN));
    for text in [
        "",
        ":",
        "12:AAtestTESTtestTESTtestTESTtestTEST0",
        "123456789AAtestTESTtestTESTtestTESTtestTEST0",
        "123456789:AAshort",
        "12345678x:AAtestTESTtestTESTtestTESTtestTEST0",
        "123456789:AAtestTESTtestTESTtestTEST/testTEST0",
        "123456789:AAtestTESTtestTESTtest:TESTtestTEST0",
        "botAA123456789:AAtestTESTtestTESTtestTESTtestTEST0",
    ] {
        assert!(!looks_like_token(text), "{text}");
    }
}

#[test]
fn a_private_file_gives_its_token() {
    let folder = Folder::new();
    for (mode, text) in [(0o600, TOKEN.to_owned()), (0o400, format!("  {TOKEN}\r\n\n"))] {
        let path = folder.write(&format!("token-{mode:o}"), mode, text);
        assert_eq!(read_token_from(&config(path), None).unwrap(), Secret::new(TOKEN));
    }
}

#[test]
fn a_file_that_is_open_to_others_is_refused() {
    let folder = Folder::new();
    for mode in [0o640, 0o604, 0o644, 0o620, 0o601] {
        let path = folder.write("token", mode, TOKEN);
        let text = refusal(&folder, &config(path));
        assert!(
            text.starts_with(&format!("token file token: mode {mode:04o} lets others at it")),
            "{text}"
        );
    }
}

#[test]
fn what_is_no_private_file_with_a_token_is_refused() {
    let folder = Folder::new();
    let target = folder.write("target", 0o600, TOKEN);
    symlink(&target, folder.path("link")).unwrap();
    std::fs::create_dir(folder.path("folder")).unwrap();
    folder.write("empty", 0o600, "");
    folder.write("two", 0o600, format!("{TOKEN}\n{TOKEN}\n"));
    folder.write("binary", 0o600, b"\xff\xfe");
    for (name, why) in [
        ("link", "is a symbolic link, which is not followed here"),
        ("folder", "is a folder, not a file"),
        ("nothing", "does not exist"),
        ("empty", "holds no token; it must hold only what BotFather gave"),
        ("two", "holds no token; it must hold only what BotFather gave"),
        ("binary", "holds no token; it must hold only what BotFather gave"),
    ] {
        let text = refusal(&folder, &config(folder.path(name)));
        assert_eq!(text, format!("token file {name}: {why}"));
    }
}

#[test]
fn a_file_of_somebody_else_is_refused() {
    // Root can give a file away; anybody else already has one of another's, root's.
    let folder = Folder::new();
    let error = if rustix::process::geteuid().is_root() {
        let path = folder.write("token", 0o600, TOKEN);
        std::os::unix::fs::chown(&path, Some(12345), None).unwrap();
        read_token_from(&config(path), None).unwrap_err()
    } else {
        read_token_from(&config("/etc/passwd"), None).unwrap_err()
    };
    assert!(matches!(error, TokenError::ForeignOwner { .. }), "{error}");
}

#[test]
fn the_credential_comes_first_then_the_file_then_the_text() {
    let folder = Folder::new();
    let credential = "111111111:AAcredentialAAcredentialAAcredential";
    let text = "222222222:AAtextAAtextAAtextAAtextAAtextAAtext";
    let file = folder.write("token", 0o600, TOKEN);
    folder.write("credentials/telegram-token", 0o440, credential);
    let (full, empty) = (folder.path("credentials"), folder.path("no-credentials"));

    let mut config = config(file);
    config.telegram.token = Some(Secret::new(text));
    assert_eq!(read_token_from(&config, Some(&full)).unwrap().expose(), credential);
    assert_eq!(read_token_from(&config, Some(&empty)).unwrap().expose(), TOKEN);
    config.telegram.token_file = None;
    config.telegram.token_secret_service = Some([("service".into(), "pager".into())].into());
    let keyring = read_token_from(&config, Some(&empty)).unwrap_err();
    assert!(matches!(keyring, TokenError::InSecretService(_)), "{keyring}");
    config.telegram.token_secret_service = None;
    assert_eq!(read_token_from(&config, Some(&empty)).unwrap().expose(), text);
    config.telegram.token = None;
    assert!(matches!(read_token_from(&config, Some(&empty)), Err(TokenError::NotSet)));
}

#[test]
fn a_place_that_is_named_but_useless_does_not_fall_through_to_the_next() {
    let folder = Folder::new();
    let file = folder.write("token", 0o600, TOKEN);
    folder.write("credentials/telegram-token", 0o400, "nonsense");
    let error = read_token_from(&config(file), Some(&folder.path("credentials"))).unwrap_err();
    assert!(matches!(error, TokenError::Malformed { .. }), "{error}");

    let mut config = config(folder.path("nothing"));
    config.telegram.token = Some(Secret::new(TOKEN));
    assert_eq!(refusal(&folder, &config), "token file nothing: does not exist");
}

#[test]
fn a_token_in_pager_toml_needs_a_private_file() {
    let folder = Folder::new();
    let text = format!("[telegram]\ntoken = \"{TOKEN}\"\n");
    let private = folder.write("private.toml", 0o600, &text);
    let loaded = load(&Sources::single(&private)).unwrap();
    assert_eq!(read_token_from(&loaded.config, None).unwrap().expose(), TOKEN);

    let stars = "*".repeat(TOKEN.len() + 2);
    let marks = "^".repeat(TOKEN.len() + 2);
    let expected = |name: &str, why: &str| {
        format!(
            "{name}:2:9: telegram.token: a token in a file that {why}\n  \
             2 | token = {stars}\n    |         {marks}\n  \
             make it yours alone with `chmod 600 {name}`, or use token_file; and since others may \
             have read the token, get a new one from BotFather"
        )
    };
    let open = folder.write("open.toml", 0o640, &text);
    let errors = load(&Sources::single(open)).unwrap_err();
    assert_eq!(
        folder.short(&errors),
        expected("open.toml", "others can read or change (mode 0640)")
    );

    symlink(&private, folder.path("link.toml")).unwrap();
    let errors = load(&Sources::single(folder.path("link.toml"))).unwrap_err();
    assert_eq!(folder.short(&errors), expected("link.toml", "is a symbolic link"));
}

#[test]
fn a_token_is_not_taken_through_a_folder_of_others() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    let path = folder.write("open/token", 0o600, TOKEN);
    let mode = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(folder.path("open"), mode).unwrap();
    assert_eq!(
        refusal(&folder, &config(path)),
        "token file open/token: is reached through open, where others can put another file (mode \
         0777); take that away with `chmod go-w open`"
    );
}

#[test]
fn a_keyring_is_asked_by_attributes_and_never_by_the_token() {
    use crate::folder::load_text;
    let loaded = load_text("telegram.token_secret_service = { service = \"pager\", a = \"b\" }\n");
    let attributes = loaded.unwrap().config.telegram.token_secret_service.unwrap();
    assert_eq!(attributes["service"], "pager");
    assert_eq!(attributes.len(), 2);
    for (value, why) in [
        ("{}".to_owned(), "no attribute is what every secret has"),
        (format!("{{ a = \"{TOKEN}\" }}"), "this looks like a token"),
        ("{ a = 5 }".to_owned(), "an integer is not taken here"),
        ("\"pager\"".to_owned(), "a string is not taken here"),
    ] {
        let text = format!("telegram.token_secret_service = {value}\n");
        let error = load_text(text).unwrap_err();
        assert!(error.contains(why) && !error.contains(TOKEN), "{error}");
    }
}

#[test]
fn the_place_that_is_read_is_the_one_that_is_told() {
    let folder = Folder::new();
    let told = |config: &Config| TokenSource::with(config, Some(&folder.path("credentials")));
    let mut config = Config::default();
    assert_eq!(told(&config).as_str(), "none");
    config.telegram.token = Some(Secret::new(TOKEN));
    assert_eq!(told(&config).as_str(), "config");
    config.telegram.token_secret_service = Some([("service".into(), "pager".into())].into());
    assert_eq!(told(&config).as_str(), "secret-service");
    // Also where there is no such file: the next place is not tried.
    config.telegram.token_file = Some(folder.path("nowhere"));
    assert_eq!(told(&config).as_str(), "file");
    std::fs::create_dir(folder.path("credentials")).unwrap();
    assert_eq!(told(&config).as_str(), "file");
    folder.write("credentials/telegram-token", 0o400, TOKEN);
    assert_eq!(told(&config).as_str(), "credential");
    assert_eq!(TokenSource::with(&config, None).as_str(), "file");
}
