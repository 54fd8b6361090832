//! The bot's token: where it is, and who else can get at it.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use pager_config::TokenError;

use crate::doctor::fix::Mend;
use crate::doctor::report::{Finding, Group};
use crate::doctor::{Check, Found, Look, Scene};
use crate::output::shown;

pub(super) static CHECK: Check =
    Check { id: "token", title: "Token", group: Group::Token, look: Look::Here(look) };

/// Where a token was found, and the folder it lies in with that folder's mode.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    what: String,
    folder: Option<(PathBuf, u32)>,
}

fn look(scene: &Scene) -> Found {
    let Some(config) = scene.config() else { return Ok(Vec::new()) };
    let file = config.telegram.token_file.as_ref();
    let place = Place {
        what: match file {
            Some(file) => shown(file),
            None => "telegram.token in pager.toml".to_owned(),
        },
        folder: file.and_then(|file| {
            let folder = file.parent()?;
            let stat = std::fs::metadata(folder).ok()?;
            let own = stat.uid() == rustix::process::geteuid().as_raw();
            own.then(|| (folder.to_owned(), stat.mode() & 0o7777))
        }),
    };
    Ok(judge(pager_config::read_token(config).map(drop), &place))
}

fn judge(read: Result<(), TokenError>, place: &Place) -> Vec<Finding> {
    let error = match read {
        Ok(()) => {
            let there = Finding::ok(format!("{}: nobody else can read it", place.what));
            return [there].into_iter().chain(folder(place)).collect();
        }
        Err(error) => error,
    };
    let said = error.to_string();
    vec![match error {
        TokenError::NotSet => Finding::ok(
            "none in the configuration; the daemon may have one by a systemd credential",
        ),
        // The daemon alone asks there.
        TokenError::InSecretService(_) => {
            Finding::ok("in the Secret Service; the check \"telegram\" says whether it is there")
        }
        TokenError::TooOpen { path, mode } => {
            Finding::fail(format!("{} has the mode {mode:04o}", shown(&path)))
                .means(
                    "The daemon does not take it, and others on this machine may have read it. \
                     Get a new one from @BotFather as well, and give it by `pagerctl rotate-token`.",
                )
                .mend(Mend::Close { path, mode: 0o600 })
        }
        TokenError::Unreadable { .. }
        | TokenError::ForeignOwner { .. }
        | TokenError::Way { .. }
        | TokenError::Malformed { .. } => Finding::fail(said)
            .means("The daemon does not take it: nobody is asked on Telegram.")
            .fix("pagerctl setup"),
    }]
}

/// The file is closed, but what is said of a folder's files is theirs to see: only where the folder
/// is pager's own.
fn folder(place: &Place) -> Option<Finding> {
    let (folder, mode) = place.folder.as_ref()?;
    let own = folder.file_name().is_some_and(|name| name == "pager");
    (own && mode & 0o077 != 0).then(|| {
        Finding::warn(format!("{} has the mode {mode:04o}", shown(folder)))
            .means("Others can see which files are there. The token itself they cannot read.")
            .mend(Mend::Close { path: folder.clone(), mode: 0o700 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Status;

    fn place(mode: u32) -> Place {
        let folder = PathBuf::from("/home/me/.config/pager");
        Place { what: "/home/me/.config/pager/token".to_owned(), folder: Some((folder, mode)) }
    }

    #[test]
    fn one_that_is_closed_is_in_order_and_its_folder_looked_at() {
        assert_eq!(judge(Ok(()), &place(0o700)).len(), 1);
        let open = judge(Ok(()), &place(0o755));
        assert_eq!(open.iter().map(|it| it.status).collect::<Vec<_>>(), [Status::Ok, Status::Warn]);
        let elsewhere = Place { folder: Some(("/home/me".into(), 0o755)), ..place(0) };
        assert_eq!(judge(Ok(()), &elsewhere).len(), 1);
    }

    #[test]
    fn one_that_is_open_fails_and_is_closed_by_fix() {
        let path = PathBuf::from("/t");
        let open =
            judge(Err(TokenError::TooOpen { path: path.clone(), mode: 0o644 }), &place(0o700));
        assert_eq!(open[0].status, Status::Fail);
        assert_eq!(open[0].mend, Some(Mend::Close { path: path.clone(), mode: 0o600 }));
        assert_eq!(open[0].fix.as_deref(), Some("chmod 600 /t"));
        for error in [
            TokenError::Malformed { path: path.clone() },
            TokenError::ForeignOwner { path, owner: 7 },
        ] {
            let found = judge(Err(error), &place(0o700)).remove(0);
            assert_eq!((found.status, found.mend), (Status::Fail, None));
        }
        assert_eq!(judge(Err(TokenError::NotSet), &place(0))[0].status, Status::Ok);
    }
}
