//! Files that go into a session's folder and come from it.

use std::fs;
use std::path::{Path, PathBuf};

use pager_core::access::RoleName;
use pager_core::{Activity, Actor, Agent, Command, Event, Exchanged, Facts, SessionId, Sha256Hex};
use pager_tests::botapi::{BotApi, MessageView};
use pagerd::files::Exchange;
use tempfile::TempDir;

use crate::house::{ADA, House, prompt};

const BEN: i64 = 222_222_222;

/// A folder that sessions work in.
pub(crate) struct Work(TempDir);

impl Work {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    /// A session in a folder of that name.
    pub(crate) async fn session(&self, house: &House, id: &str, folder: &str) {
        fs::create_dir_all(self.path(folder)).unwrap();
        let mut facts = Facts::new(SessionId::from_agent(id), Agent::claude());
        facts.cwd = Some(self.path(folder).display().to_string());
        let began = Command::Observe { facts, activity: Activity::Started };
        house.handle.submit(Actor::Agent, began).await.unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }
}

pub(crate) fn names(folder: &Path) -> Vec<String> {
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|e| name(e).into_string().unwrap()).collect();
    names.sort();
    names
}

async fn reply(api: &BotApi, chat: i64, to: i64) -> MessageView {
    let fits = |m: &MessageView| m.from_bot && m.reply_to == Some(to);
    api.wait_message(chat, "an answer", fits).await
}

pub(crate) async fn answered(api: &BotApi, chat: i64, to: i64) -> String {
    reply(api, chat, to).await.text().to_owned()
}

/// What was written down of files.
async fn exchanged(house: &House) -> Vec<(&'static str, Actor, Exchanged)> {
    let events = house.handle.events_since(0).await.unwrap();
    let file = |event: Event| match event {
        Event::Noticed { notice } => {
            let file = notice.file()?.clone();
            Some((notice.news.word(), notice.by, file))
        }
        _ => None,
    };
    events.into_iter().filter_map(|logged| file(logged.event)).collect()
}

#[tokio::test]
async fn a_file_goes_in_and_comes_out_and_both_are_written_down() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let (house, work) = (House::open(&api), Work::new());
    work.session(&house, "s1", "web").await;
    let sent = ada.send_file("document", "../notes.txt", "text/plain", b"hello", "look at this");
    assert_eq!(answered(&api, ADA, sent).await, "Stored in web: notes.txt: 5 bytes.");
    assert_eq!(work.read("web/notes.txt"), "hello");
    let asked = ada.send("/file get ./notes.txt");
    let file = reply(&api, ADA, asked).await.file.unwrap();
    assert_eq!((file.name.as_str(), file.bytes.as_slice()), ("notes.txt", &b"hello"[..]));
    let by = Actor::Telegram { user: ADA };
    let (path, sha256) = ("notes.txt".to_owned(), Sha256Hex::of(b"hello"));
    let file = Exchanged { path, size: 5, sha256 };
    let known = [("file_received", by.clone(), file.clone()), ("file_sent", by, file.clone())];
    assert_eq!(exchanged(&house).await, known);
    let log = fs::read_to_string(house.state_dir().join("audit.jsonl")).unwrap();
    for what in ["\"file.received\"", "\"file.sent\"", "notes.txt: 5 bytes", file.sha256.as_str()] {
        assert!(log.contains(what), "{what} in {log}");
    }
    assert!(!log.contains("hello"), "{log}");
    house.done().await;
    api.finish();
}

#[tokio::test]
async fn a_caption_or_a_reply_says_where_a_file_goes() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let (mut house, work) = (House::shut(&api), Work::new());
    house.config.requests = 100;
    house.open_door();
    work.session(&house, "s1", "web").await;
    fs::create_dir(work.path("web/docs")).unwrap();
    let put = |caption: &str| ada.send_file("document", "a.txt", "text/plain", b"new", caption);
    let sent = put("/file put docs/b.txt");
    assert_eq!(answered(&api, ADA, sent).await, "Stored in web: docs/b.txt: 3 bytes.");
    let sent = put("/file put docs/");
    assert_eq!(answered(&api, ADA, sent).await, "Stored in web: docs/a.txt: 3 bytes.");
    fs::write(work.path("web/docs/a.txt"), "old").unwrap();
    let sent = put("/file put docs/");
    let told = answered(&api, ADA, sent).await;
    assert_eq!(told, "Not stored: a.txt: there is a file of that name already.");
    assert_eq!(work.read("web/docs/a.txt"), "old");
    let again = ada.reply(sent, "/file put \u{2014}overwrite docs/a.txt");
    assert_eq!(answered(&api, ADA, again).await, "Stored in web: docs/a.txt: 3 bytes.");
    assert_eq!(work.read("web/docs/a.txt"), "new");
    for (caption, why) in [
        ("/file put none/a.txt", "the folder it would be in does not exist; make it first."),
        ("/file put ../a.txt", "\"..\" leads out of the session's folder."),
        ("/file put .git/hooks/x", "it falls under \".git/**\"."),
        ("/file put docs", "there is a file of that name already."),
        ("/file put --overwrite docs", "it is a folder."),
        ("/file take a", "is put in quotes."),
        ("/status", "is put in quotes."),
    ] {
        let told = answered(&api, ADA, put(caption)).await;
        assert!(told.ends_with(why), "{caption}: {told}");
    }
    for (order, why) in [
        ("/file get .env", "Not sent: .env: .env is not exchanged: it falls under \".env*\"."),
        ("/file get docs", "Not sent: docs: it is a folder."),
        ("/file get none", "Not sent: none: it does not exist."),
    ] {
        assert_eq!(answered(&api, ADA, ada.send(order)).await, why);
    }
    assert_eq!(names(&work.path("web")), ["docs"]);
    assert_eq!(exchanged(&house).await.len(), 3);
    api.finish();
}

#[tokio::test]
async fn pictures_get_a_name_and_what_is_spoken_is_not_fetched() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let (house, work) = (House::open(&api), Work::new());
    work.session(&house, "s1", "web").await;
    let photo = ada.send_file("photo", "", "", b"jpeg", "");
    let told = answered(&api, ADA, photo).await;
    assert_eq!(told, format!("Stored in web: photo-{photo}.jpg: 4 bytes."));
    for kind in ["video", "audio"] {
        let sent = ada.send_file(kind, kind, "application/x", b"abc", "");
        assert_eq!(answered(&api, ADA, sent).await, format!("Stored in web: {kind}: 3 bytes."));
    }
    let fetched = api.view().calls_of("getFile").len();
    let voice = ada.send_file("voice", "", "audio/ogg", b"OggS", "");
    let told = answered(&api, ADA, voice).await;
    assert_eq!(told, "Voice messages are not understood yet. Write it, please.");
    assert_eq!(api.view().calls_of("getFile").len(), fetched);
    api.finish();
}

#[tokio::test]
async fn what_is_too_large_is_not_fetched_or_cut_off() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let work = Work::new();
    let mut house = House::open(&api);
    work.session(&house, "s1", "web").await;
    let sent = ada.send_file_saying(20_971_521, "big", b"x");
    assert_eq!(
        answered(&api, ADA, sent).await,
        "Not stored: big: it has 20,971,521 bytes; 20,971,520 at most, as Telegram has it for bots."
    );
    assert!(api.view().calls_of("getFile").is_empty());
    house.close_door().await;
    let files = pager_config::Files { max_upload: 100, max_download: 100, ..Default::default() };
    house.config.files = Exchange::new(&files, []).unwrap();
    house.open_door();
    let sent = ada.send_file_saying(101, "big", b"x");
    let told = answered(&api, ADA, sent).await;
    assert_eq!(told, "Not stored: big: it has 101 bytes; 100 at most.");
    assert!(api.view().calls_of("getFile").is_empty());
    let sent = ada.send_file_saying(50, "liar", &[b'x'; 4096]);
    let told = answered(&api, ADA, sent).await;
    assert_eq!(told, "Not stored: liar: it has more than 100 bytes, so it was cut off.");
    let sent = ada.send_file_saying(50, "fits", &[b'x'; 100]);
    assert_eq!(answered(&api, ADA, sent).await, "Stored in web: fits: 100 bytes.");
    fs::write(work.path("web/large"), [b'x'; 101]).unwrap();
    let asked = ada.send("/file get large");
    let told = answered(&api, ADA, asked).await;
    assert_eq!(told, "Not sent: large: it has 101 bytes; 100 at most.");
    assert_eq!(names(&work.path("web")), ["fits", "large"]);
    assert_eq!(exchanged(&house).await.len(), 1);
    api.finish();
}

#[tokio::test]
async fn an_album_is_answered_as_one() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let (house, work) = (House::open(&api), Work::new());
    work.session(&house, "s1", "web").await;
    let files: [(&str, &[u8]); 3] = [("a.txt", b"a"), ("server.key", b"b"), ("c.txt", b"ccc")];
    let album = ada.send_album(&files, "");
    assert_eq!(
        answered(&api, ADA, album[0]).await,
        "Stored 2 of 3 files in web:\na.txt: 1 byte\n\
         Not stored: server.key: server.key is not exchanged: it falls under \"*.key\"\n\
         c.txt: 3 bytes"
    );
    assert_eq!(names(&work.path("web")), ["a.txt", "c.txt"]);
    fs::create_dir(work.path("web/in")).unwrap();
    let album = ada.send_album(&files[..1], "/file put in/");
    assert_eq!(answered(&api, ADA, album[0]).await, "Stored in web: in/a.txt: 1 byte.");
    house.done().await;
    let said = api.view().messages(ADA).iter().filter(|message| message.from_bot).count();
    assert_eq!(said, 2);
    api.finish();
}

#[tokio::test]
async fn of_several_sessions_one_is_to_be_named() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let (house, work) = (House::open(&api), Work::new());
    let nowhere = ada.send("/file get a.txt");
    assert_eq!(answered(&api, ADA, nowhere).await, "There is no session.");
    work.session(&house, "s1", "web").await;
    work.session(&house, "s2", "api").await;
    let sent = ada.send_file("document", "a.txt", "text/plain", b"a", "");
    let told = answered(&api, ADA, sent).await;
    assert!(told.starts_with("Which session? web (s1), api (s2)\n"), "{told}");
    let named = ada.reply(sent, "/file put a.txt API");
    assert_eq!(answered(&api, ADA, named).await, "Stored in api: a.txt: 1 byte.");
    // A reply to a message of a session's is about that session.
    house.ask(1, "make").await;
    let question = prompt(&api, ADA, "make").await;
    house.done().await;
    let facts = fs::read_dir(work.path("api")).unwrap().count();
    assert_eq!(facts, 1);
    let sent = ada.reply_with_file(question.id, "b.txt", b"bb", "");
    let told = answered(&api, ADA, sent).await;
    // The one that asks is s1, which has moved to a folder that is not there.
    assert!(told.starts_with("Not stored: b.txt: the session's folder cannot be opened"), "{told}");
    work.session(&house, "s1", "web").await;
    let sent = ada.reply_with_file(question.id, "b.txt", b"bb", "");
    assert_eq!(answered(&api, ADA, sent).await, "Stored in web: b.txt: 2 bytes.");
    api.finish();
}

#[tokio::test]
async fn only_who_has_the_right_exchanges_files() {
    let api = BotApi::builder().reads_groups().start().unwrap();
    let (ada, ben) = (api.user(ADA), api.user(BEN));
    let group = api.group(-4_000, "team", &[&ada, &ben]);
    let mut house = House::shut(&api);
    house.config.rules.people.insert(BEN, RoleName::observer());
    house.list(-4_000, &[ADA]);
    house.open_door();
    let work = Work::new();
    work.session(&house, "s1", "web").await;
    fs::write(work.path("web/a.txt"), "a").unwrap();
    for refused in
        [ben.send("/file get a.txt"), ben.send_file("document", "b.txt", "text/plain", b"b", "")]
    {
        assert_eq!(answered(&api, BEN, refused).await, "You may not exchange files here.");
    }
    // In a group what does not speak to the bot is nobody's business, and of an album one part does.
    let (ada, ben) = (ada.in_chat(group.id()), ben.in_chat(group.id()));
    ada.send_file("document", "c.txt", "text/plain", b"c", "");
    ben.send_file("document", "d.txt", "text/plain", b"d", "/file@pager_test_bot put");
    ada.send_album(&[("e.txt", b"e"), ("f.txt", b"f")], "");
    let album = ada.send_album(&[("g.txt", b"g"), ("h.txt", b"h")], "/file@pager_test_bot put");
    let told = answered(&api, group.id(), album[0]).await;
    assert_eq!(told, "Stored 2 of 2 files in web:\ng.txt: 1 byte\nh.txt: 1 byte");
    assert_eq!(names(&work.path("web")), ["a.txt", "g.txt", "h.txt"]);
    let by = |(_, by, _): &(_, Actor, _)| *by == Actor::Telegram { user: ADA };
    assert!(exchanged(&house).await.iter().all(by));
    api.finish();
}
