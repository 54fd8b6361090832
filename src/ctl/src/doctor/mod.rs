//! `pagerctl doctor`: goes through everything that pager stands on. One check is one file of
//! [`checks`]; each looks for itself, and one that breaks says so and keeps no other from looking.

mod bus;
pub(crate) mod checks;
pub(crate) mod fix;
pub(crate) mod report;
mod scene;

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{FutureExt, LocalBoxFuture};
use futures_util::stream::{self, StreamExt};

use crate::failure::Failure;
use report::{Finding, Group, Row};
pub(crate) use scene::{Options, Scene};

/// How long one check may take. What it waits for is asked by others too, and answers in a moment.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// How many look at the same time.
const AT_ONCE: usize = 8;

/// One thing that is looked at.
pub(crate) struct Check {
    /// Its name, which stays.
    pub(crate) id: &'static str,
    /// What it is about, in a few words.
    pub(crate) title: &'static str,
    pub(crate) group: Group,
    pub(crate) look: Look,
}

/// What was found, or why nothing could be.
pub(crate) type Found = Result<Vec<Finding>, Failure>;

/// How a check looks.
#[derive(Clone, Copy)]
pub(crate) enum Look {
    /// At files and the like, on a thread of its own: a dead network drive is waited for for ever.
    Here(fn(&Scene) -> Found),
    /// By asking somebody.
    Asks(for<'a> fn(&'a Scene) -> LocalBoxFuture<'a, Found>),
    /// By asking the daemon. That may start it and its sockets, so they come last: the others are
    /// to find everything as it was.
    AsksDaemon(for<'a> fn(&'a Scene) -> LocalBoxFuture<'a, Found>),
}

impl Look {
    fn wakes_the_daemon(self) -> bool {
        matches!(self, Self::AsksDaemon(_))
    }
}

/// Has these look, and gives what they found in their order.
pub(crate) async fn examine(checks: &[&'static Check], scene: &Arc<Scene>) -> Vec<Row> {
    scene.read(PATIENCE).await;
    let mut found: Vec<Vec<Finding>> = vec![Vec::new(); checks.len()];
    for last in [false, true] {
        let these = checks.iter().enumerate();
        let these = these.filter(|(_, check)| check.look.wakes_the_daemon() == last);
        let looking =
            these.map(|(at, check)| async move { (at, look(check.look, scene, PATIENCE).await) });
        let mut looking = stream::iter(looking).buffer_unordered(AT_ONCE);
        while let Some((at, findings)) = looking.next().await {
            found[at] = findings;
        }
    }
    let redactor = scene.redactor();
    let rows = checks.iter().zip(found).flat_map(|(check, found)| {
        found.into_iter().map(|finding| Row::new(check, finding, &redactor)).collect::<Vec<_>>()
    });
    rows.collect()
}

async fn look(look: Look, scene: &Arc<Scene>, patience: Duration) -> Vec<Finding> {
    let looking = async {
        match look {
            Look::Here(look) => {
                let scene = Arc::clone(scene);
                let looked = tokio::task::spawn_blocking(move || look(&scene)).await;
                looked.unwrap_or_else(|error| match error.try_into_panic() {
                    Ok(panic) => Err(panicked(&*panic)),
                    Err(error) => Err(Failure::failed(error)),
                })
            }
            Look::Asks(look) | Look::AsksDaemon(look) => {
                AssertUnwindSafe(async { look(scene).await })
                    .catch_unwind()
                    .await
                    .unwrap_or_else(|panic| Err(panicked(&*panic)))
            }
        }
    };
    match tokio::time::timeout(patience, looking).await {
        Ok(Ok(findings)) => findings,
        Ok(Err(failure)) => vec![Finding::unchecked(&failure.what)],
        Err(_) => {
            let why = format!("no answer within {} s", patience.as_secs());
            vec![Finding::unchecked(&why)]
        }
    }
}

fn panicked(panic: &(dyn Any + Send)) -> Failure {
    let said = panic.downcast_ref::<&str>().copied();
    let said = said.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Failure::failed(format!("pagerctl has a fault there: {}", said.unwrap_or("it panicked")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use report::Status;

    fn broken(how: Look, patience: Duration) -> Finding {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let scene = Arc::new(Scene::nowhere());
        let found = runtime.block_on(look(how, &scene, patience));
        runtime.shutdown_background();
        let [finding] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(finding.status, Status::Warn);
        finding.clone()
    }

    #[test]
    fn a_check_that_breaks_is_a_warning() {
        let (hold, held) = std::sync::mpsc::channel::<()>();
        static HELD: std::sync::Mutex<Option<std::sync::mpsc::Receiver<()>>> =
            std::sync::Mutex::new(None);
        *HELD.lock().unwrap() = Some(held);
        for (how, why) in [
            (Look::Here(|_| Err(Failure::failed("no such thing"))), "no such thing"),
            (Look::Here(|_| panic!("of itself")), "of itself"),
            (Look::Asks(|_| async { panic!("while asking") }.boxed_local()), "while asking"),
            (Look::Asks(|_| panic!("before it asks")), "before it asks"),
            (Look::Asks(|_| std::future::pending().boxed_local()), "no answer within"),
            (
                Look::Here(|_| {
                    let held = HELD.lock().unwrap().take().unwrap();
                    held.recv().unwrap_err();
                    Ok(Vec::new())
                }),
                "no answer within",
            ),
        ] {
            // Only what never answers may run out of it, however busy the machine is.
            let hangs = why.starts_with("no answer");
            let patience = if hangs { Duration::from_millis(50) } else { Duration::MAX };
            let text = broken(how, patience).text;
            assert!(text.starts_with("could not be checked: ") && text.contains(why), "{text}");
        }
        drop(hold);
    }

    #[test]
    fn one_that_breaks_hides_no_other() {
        static FINE: Check = Check {
            id: "fine",
            title: "Fine",
            group: Group::Host,
            look: Look::Here(|_| Ok(vec![Finding::ok("it is")])),
        };
        static BROKEN: Check = Check {
            id: "broken",
            title: "Broken",
            group: Group::Host,
            look: Look::Here(|_| panic!("it is not")),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let scene = Arc::new(Scene::nowhere());
        let rows = runtime.block_on(examine(&[&BROKEN, &FINE, &BROKEN], &scene));
        assert_eq!(ids(rows), ["broken", "fine", "broken"]);
    }

    #[test]
    fn the_daemon_is_asked_when_all_else_has_been_looked_at_and_told_of_in_its_place() {
        use std::sync::atomic::{AtomicBool, Ordering};
        static AWAKE: AtomicBool = AtomicBool::new(false);
        static DAEMON: Check = Check {
            id: "daemon",
            title: "Daemon",
            group: Group::Doors,
            look: Look::AsksDaemon(|_| {
                AWAKE.store(true, Ordering::SeqCst);
                async { Ok(vec![Finding::ok("it is awake now")]) }.boxed_local()
            }),
        };
        static UNITS: Check = Check {
            id: "units",
            title: "Units",
            group: Group::Doors,
            look: Look::Asks(|_| {
                async {
                    tokio::task::yield_now().await;
                    assert!(!AWAKE.load(Ordering::SeqCst), "somebody woke it");
                    Ok(vec![Finding::fail("nobody listens")])
                }
                .boxed_local()
            }),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let scene = Arc::new(Scene::nowhere());
        let rows = runtime.block_on(examine(&[&DAEMON, &UNITS], &scene));
        assert_eq!(rows.iter().map(Row::status).collect::<Vec<_>>(), [Status::Ok, Status::Fail]);
        assert_eq!(ids(rows), ["daemon", "units"]);
    }

    fn ids(rows: Vec<Row>) -> Vec<serde_json::Value> {
        let report = serde_json::to_value(rows).unwrap();
        report.as_array().unwrap().iter().map(|row| row["id"].clone()).collect()
    }
}
