//! The stronger door: polkit has the person authenticate, which no program can do in their place.

use std::collections::HashMap;

use pager_core::Process;
use zbus::connection;
use zbus::zvariant::Value;

use super::error::Error;

/// What polkit is asked about; packaging/polkit holds its description.
const ACTION: &str = "org.pagerd.pager1.approve";
/// The person may be asked for a password.
const ALLOW_INTERACTION: u32 = 1;

/// The way to polkit.
#[derive(Debug, Clone, Default)]
pub(super) struct Polkit {
    /// The bus it is on; the system's where none is given.
    address: Option<String>,
}

#[zbus::proxy(
    interface = "org.freedesktop.PolicyKit1.Authority",
    default_service = "org.freedesktop.PolicyKit1",
    default_path = "/org/freedesktop/PolicyKit1/Authority"
)]
trait Authority {
    fn check_authorization(
        &self,
        subject: &(&str, HashMap<&str, Value<'_>>),
        action_id: &str,
        details: HashMap<&str, &str>,
        flags: u32,
        cancellation_id: &str,
    ) -> zbus::Result<(bool, bool, HashMap<String, String>)>;

    fn cancel_check_authorization(&self, cancellation_id: &str) -> zbus::Result<()>;
}

impl Polkit {
    /// On another bus than the system's.
    #[cfg(test)]
    pub(super) fn at(address: &str) -> Self {
        Self { address: Some(address.to_owned()) }
    }

    /// Has the person behind a process of this user authenticate. Whether they did before `settled`
    /// made it pointless, in which case their dialog is taken down.
    ///
    /// # Errors
    /// [`Error::AuthenticationRequired`] where nobody could ask them, [`Error::NotAllowed`] where they
    /// did not, or polkit cannot be asked.
    pub(super) async fn authenticate(
        &self,
        process: Process,
        uid: u32,
        cancellation: &str,
        settled: impl Future<Output = ()>,
    ) -> Result<bool, Error> {
        let authority = self.authority().await.map_err(|error| unreachable(&error))?;
        let numbers = HashMap::from([
            ("pid", Value::from(process.pid)),
            ("start-time", Value::from(process.started)),
            ("uid", Value::from(i32::try_from(uid).unwrap_or(-1))),
        ]);
        let subject = ("unix-process", numbers);
        // polkit takes details from root alone: what is asked about is shown by whoever asks for it.
        let details = HashMap::new();
        let check = authority.check_authorization(
            &subject,
            ACTION,
            details,
            ALLOW_INTERACTION,
            cancellation,
        );
        tokio::select! {
            answer = check => match answer.map_err(|error| unreachable(&error))? {
                (true, ..) => Ok(true),
                (false, challenge, details) => Err(unauthenticated(challenge, &details)),
            },
            () = settled => {
                if let Err(error) = authority.cancel_check_authorization(cancellation).await {
                    tracing::debug!("polkit's dialog could not be taken down: {error}");
                }
                Ok(false)
            }
        }
    }

    async fn authority(&self) -> zbus::Result<AuthorityProxy<'static>> {
        let builder = match &self.address {
            Some(address) => connection::Builder::address(address.as_str())?,
            None => connection::Builder::system()?,
        };
        AuthorityProxy::new(&builder.build().await?).await
    }
}

fn unreachable(error: &zbus::Error) -> Error {
    Error::NotAllowed(format!(
        "your policy wants you to authenticate for this yes, and polkit cannot be asked: {error}; \
         see that polkit is installed and knows {ACTION}"
    ))
}

fn unauthenticated(challenge: bool, details: &HashMap<String, String>) -> Error {
    let sentence = |why| format!("your policy wants you to authenticate for this yes, and {why}");
    if details.contains_key("polkit.dismissed") {
        Error::NotAllowed(sentence("you dismissed its dialog"))
    } else if challenge {
        Error::AuthenticationRequired(sentence("no authentication agent could ask you"))
    } else {
        Error::NotAllowed(sentence("you did not authenticate"))
    }
}
