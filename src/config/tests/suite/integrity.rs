//! Which files are read at all: what is not a file, and what others could have written.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::{fs, iter};

use pager_config::{Sources, load};
use rustix::fs::{CWD, FileType, Mode};

use crate::folder::Folder;

const USER: &str = "home/.config/pager/pager.toml";

#[test]
fn a_missing_file_is_empty_unless_it_was_asked_for() {
    let folder = Folder::new();
    assert!(folder.load().files.is_empty());
    let errors = load(&Sources::single(folder.path("pager.toml"))).unwrap_err();
    assert_eq!(folder.short(&errors), "pager.toml: does not exist");
}

#[test]
fn what_is_not_a_file_is_refused_and_never_waited_for() {
    let folder = Folder::new();
    fs::create_dir_all(folder.path(USER)).unwrap();
    assert_eq!(folder.errors(), format!("{USER}: is a folder, not a file"));

    let folder = Folder::new();
    fs::create_dir_all(folder.path("etc")).unwrap();
    rustix::fs::mknodat(CWD, folder.path("etc/pager.toml"), FileType::Fifo, Mode::RUSR, 0).unwrap();
    assert_eq!(folder.errors(), "etc/pager.toml: is not a regular file");

    let folder = Folder::new();
    let huge: String = iter::repeat_n("# nothing\n", 110_000).collect();
    folder.write(USER, 0o644, huge);
    assert_eq!(folder.errors(), format!("{USER}: is larger than 1 MiB"));

    let folder = Folder::new();
    folder.write("etc/pager.toml.d", 0o644, "");
    assert_eq!(
        folder.errors(),
        "etc/pager.toml.d: the folder cannot be listed: Not a directory (os error 20)"
    );
}

#[test]
fn a_link_is_followed_but_must_lead_somewhere() {
    let folder = Folder::new();
    let target = folder.write("dotfiles/pager.toml", 0o644, "approvals.window = \"5m\"\n");
    fs::create_dir_all(folder.path("home/.config/pager")).unwrap();
    symlink(&target, folder.path(USER)).unwrap();
    assert_eq!(folder.load().config.approvals.window.as_secs(), 300);

    // A person whose settings vanished must hear of it, rather than get the defaults.
    fs::remove_file(&target).unwrap();
    assert_eq!(folder.errors(), format!("{USER}: is a symbolic link to nothing"));
}

#[test]
fn a_file_that_others_can_write_is_refused() {
    for name in ["etc/pager.toml", USER] {
        let folder = Folder::new();
        folder.write(name, 0o646, "");
        assert_eq!(
            folder.errors(),
            format!(
                "{name}: mode 0646 lets everybody change it\n  take that away with `chmod o-w`"
            )
        );
    }
}

#[test]
fn a_file_that_a_group_can_write_is_warned_of() {
    let folder = Folder::new();
    let path = folder.write(USER, 0o664, "");
    let warnings: Vec<_> = folder.load().warnings.iter().map(|it| folder.short(it)).collect();
    assert_eq!(
        warnings,
        [format!(
            "{USER}: its group can change it\n  `chmod g-w` it unless the group is yours alone"
        )]
    );
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(folder.load().warnings.is_empty());
}

#[test]
fn a_folder_that_others_can_write_is_refused_wherever_a_link_leads() {
    for linked in [false, true] {
        let folder = Folder::new();
        let home = folder.path("home/.config/pager");
        if linked {
            // As those who keep their settings in a repository of their own have it.
            let target = folder.write("dotfiles/pager/pager.toml", 0o644, "");
            fs::create_dir_all(&home).unwrap();
            symlink(&target, folder.path(USER)).unwrap();
        } else {
            folder.write(USER, 0o644, "");
        }
        folder.load();
        let open = folder.path(if linked { "dotfiles" } else { "home/.config" });
        fs::set_permissions(&open, fs::Permissions::from_mode(0o757)).unwrap();
        let place = if linked { "dotfiles" } else { "home/.config" };
        let expected = format!(
            "{USER}: is reached through {place}, where others can put another file (mode 0757); \
             take that away with `chmod go-w {place}`"
        );
        assert_eq!(folder.errors(), expected);
        // Also where there is no file yet.
        fs::remove_file(folder.path(USER)).unwrap();
        if !linked {
            assert_eq!(folder.errors(), expected);
        }
    }
}

#[test]
fn drop_ins_are_held_to_the_same() {
    let folder = Folder::new();
    folder.write("home/.config/pager/pager.toml.d/a.toml", 0o644, "");
    let drop_ins = folder.path("home/.config/pager/pager.toml.d");
    fs::set_permissions(&drop_ins, fs::Permissions::from_mode(0o777)).unwrap();
    let errors = folder.errors();
    assert!(errors.contains("take that away with `chmod go-w home/.config/pager/pager.toml.d`"));
}

#[test]
fn a_file_of_somebody_else_is_refused() {
    if !rustix::process::geteuid().is_root() {
        // Only root can give a file away.
        return;
    }
    let folder = Folder::new();
    let path = folder.write(USER, 0o644, "");
    std::os::unix::fs::chown(&path, Some(12345), None).unwrap();
    let errors = folder.errors();
    assert!(errors.starts_with(&format!("{USER}: belongs to uid 12345, not to you")), "{errors}");
    std::os::unix::fs::chown(&path, Some(0), None).unwrap();
    let dir = folder.path("home/.config");
    std::os::unix::fs::chown(&dir, Some(12345), None).unwrap();
    assert_eq!(
        folder.errors(),
        format!(
            "{USER}: is reached through home/.config, which belongs to uid 12345, who can put \
             another file there; `chown` that to you, or use a folder of your own"
        )
    );
}
