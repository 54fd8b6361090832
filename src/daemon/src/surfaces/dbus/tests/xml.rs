//! The files in `dbus/` say exactly what is served. `PAGER_BLESS=1 cargo test -p pagerd` rewrites
//! them after a deliberate change.

use std::path::PathBuf;

use pager_core::approval::Kind;

use super::super::{BUS_NAME, ROOT};
use super::world::{Client, World};

const HEADER: &str =
    "<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"
 \"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">
";

async fn served(client: &Client, path: &str, interface: &str) -> String {
    let introspectable = Some("org.freedesktop.DBus.Introspectable");
    let connection = &client.connection;
    let reply =
        connection.call_method(Some(BUS_NAME), path, introspectable, "Introspect", &()).await;
    let xml: String = reply.unwrap().body().deserialize().unwrap();
    let start = xml.find(&format!("  <interface name=\"{interface}\">")).unwrap();
    let end = xml[start..].find("</interface>\n").unwrap() + "</interface>\n".len();
    format!("{HEADER}<node>\n{}</node>\n", &xml[start..start + end])
}

#[tokio::test]
async fn the_installed_descriptions_say_what_is_served() {
    let mut world = World::new();
    let id = world.ask(Kind::Permission, "{}").await;
    let client = world.client().await;
    let reply = client.call(ROOT, "InstallHooks", &()).await.unwrap();
    let job: zbus::zvariant::OwnedObjectPath = reply.body().deserialize().unwrap();
    let objects = [
        ("Manager", ROOT.to_owned()),
        ("Access", ROOT.to_owned()),
        ("Approval", format!("{ROOT}/approval/{id}")),
        ("Session", format!("{ROOT}/session/one_2d1")),
        ("Job", job.to_string()),
    ];
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../dbus"));
    for (name, path) in objects {
        let interface = format!("org.pagerd.Pager1.{name}");
        let served = served(&client, &path, &interface).await;
        let file = folder.join(format!("{interface}.xml"));
        if std::env::var_os("PAGER_BLESS").is_some() {
            std::fs::write(&file, &served).unwrap();
        }
        let written = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(
            written == served,
            "{} does not say what is served; PAGER_BLESS=1 cargo test -p pagerd rewrites it",
            file.display()
        );
    }
}
