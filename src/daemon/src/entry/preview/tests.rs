use pager_core::approval::{Input, Kind};
use pager_core::{Agent, Request, RequestId, SessionId};
use serde_json::{Value, json};

use super::*;

async fn preview(dir: &Path, tool: &str, input: &Value) -> String {
    let session = SessionId::from_agent("s");
    let facts =
        Facts { cwd: dir.to_str().map(str::to_owned), ..Facts::new(session, Agent::claude()) };
    let input = Input::new(input.to_string());
    let request = Request::new(RequestId::from_bytes([1; 16]), Kind::Permission, tool, input);
    let mut command = Command::Ask { facts, request: Box::new(request) };
    fill(&mut command, Duration::from_secs(3600)).await;
    let Command::Ask { request, .. } = command else { unreachable!() };
    request.preview.as_deref().unwrap_or("none").to_owned()
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().canonicalize().unwrap();
    (dir, path)
}

#[tokio::test]
async fn an_edit_is_compared_with_the_file_as_it_is() {
    let (_dir, dir) = folder();
    let file = dir.join("a.rs");
    std::fs::write(&file, "one\ntwo\nthree\nfour\nfive\ntwo").unwrap();
    let path = file.display();
    let all =
        json!({ "file_path": "a.rs", "old_string": "two", "new_string": "2", "replace_all": true });
    let diff = format!(
        "--- {path}\n+++ {path}\n@@ -1,6 +1,6 @@\n one\n-two\n+2\n three\n four\n five\n-two\n\
         \\ No newline at end of file\n+2\n\\ No newline at end of file\n"
    );
    assert_eq!(preview(&dir, "Edit", &all).await, diff);
    let edits = json!({ "file_path": file, "edits": [
        { "old_string": "one\ntwo\n", "new_string": "" },
        { "old_string": "two", "new_string": "2" },
    ] });
    let many = preview(&dir, "MultiEdit", &edits).await;
    assert!(many.ends_with("-one\n-two\n three\n four\n five\n-two\n\\ No newline at end of file\n+2\n\\ No newline at end of file\n"), "{many}");
    for (old, why) in [
        ("six", "The text to be replaced is not in the file as it is now."),
        (
            "two",
            "The text to be replaced is in the file 2 times, so that the agent cannot tell which.",
        ),
        ("", "The text to be replaced is not in the file as it is now."),
    ] {
        let edit = json!({ "file_path": file, "old_string": old, "new_string": "x" });
        assert_eq!(preview(&dir, "Edit", &edit).await, why);
    }
}

#[tokio::test]
async fn lines_may_end_as_they_do_on_windows() {
    let (_dir, dir) = folder();
    std::fs::write(dir.join("a.txt"), "one\r\ntwo\r\n").unwrap();
    let edit = json!({ "file_path": "a.txt", "old_string": "one\ntwo", "new_string": "1" });
    assert!(preview(&dir, "Edit", &edit).await.ends_with("@@ -1,2 +1 @@\n-one\n-two\n+1\n"));
}

#[tokio::test]
async fn a_write_says_whether_the_file_is_new_or_the_same() {
    let (_dir, dir) = folder();
    let file = dir.join("a.txt");
    let write = json!({ "file_path": file, "content": "x\ny\n" });
    let path = file.display();
    let new =
        format!("This makes a new file.\n--- /dev/null\n+++ {path}\n@@ -0,0 +1,2 @@\n+x\n+y\n");
    assert_eq!(preview(&dir, "Write", &write).await, new);
    std::fs::write(&file, "x\ny\n").unwrap();
    let same = preview(&dir, "Write", &write).await;
    assert_eq!(same, "The file has exactly this content already.");
    std::fs::write(&file, "x\nz\n").unwrap();
    let other = preview(&dir, "Write", &write).await;
    assert_eq!(other, format!("--- {path}\n+++ {path}\n@@ -1,2 +1,2 @@\n x\n-z\n+y\n"));
}

#[tokio::test]
async fn where_a_link_leads_is_said() {
    let (_dir, dir) = folder();
    let real = dir.join("real");
    std::os::unix::fs::symlink(&real, dir.join("link")).unwrap();
    let write = json!({ "file_path": "link", "content": "x\n" });
    let new = preview(&dir, "Write", &write).await;
    let link = format!("⚠ The file is a link to {}\nThis makes a new file.\n", real.display());
    assert!(new.starts_with(&link), "{new}");
    std::fs::write(&real, "y\n").unwrap();
    let there = preview(&dir, "Write", &write).await;
    assert!(
        there.starts_with(&format!("⚠ The file is really {}\n--- ", real.display())),
        "{there}"
    );
}

#[tokio::test]
async fn a_cell_is_compared_with_the_cell() {
    let (_dir, dir) = folder();
    let notebook = json!({ "cells": [
        { "id": "a", "cell_type": "code", "source": ["x = 1\n", "y = 2\n"] },
        { "id": "b", "cell_type": "code", "source": "z = 3\n" },
    ], "metadata": {} });
    std::fs::write(dir.join("n.ipynb"), notebook.to_string()).unwrap();
    let edit = |cell: &str, mode: &str| json!({ "notebook_path": "n.ipynb", "cell_id": cell, "edit_mode": mode, "new_source": "x = 1\n" });
    assert!(
        preview(&dir, "NotebookEdit", &edit("a", "replace")).await.ends_with(" x = 1\n-y = 2\n")
    );
    assert!(preview(&dir, "NotebookEdit", &edit("cell-1", "delete")).await.ends_with("-z = 3\n"));
    assert!(preview(&dir, "NotebookEdit", &edit("a", "insert")).await.ends_with("+x = 1\n"));
    let none = preview(&dir, "NotebookEdit", &edit("c", "replace")).await;
    assert_eq!(none, "There is no such cell in the file as it is now.");
}

#[tokio::test]
async fn what_is_no_text_file_is_not_read() {
    let (_dir, dir) = folder();
    let file = |name: &str| dir.join(name);
    std::fs::write(file("binary"), b"a\0b").unwrap();
    std::fs::write(file("latin"), b"caf\xe9").unwrap();
    std::fs::File::create(file("large")).unwrap().set_len((4 << 20) + 1).unwrap();
    let fifo = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, file("fifo"), fifo, rustix::fs::Mode::RWXU, 0).unwrap();
    for (name, why) in [
        ("binary", "it is not text"),
        ("latin", "it is not text"),
        ("large", "it is larger than 4 MiB"),
        ("fifo", "it is not a regular file"),
        (".", "it is not a regular file"),
        ("/dev/tty", "it is not a regular file"),
    ] {
        let write = json!({ "file_path": name, "content": "x" });
        let whole = format!("It could not be compared with the file: {why}.");
        assert_eq!(preview(&dir, "Write", &write).await, whole, "{name}");
    }
}

#[tokio::test]
async fn a_change_cannot_grow_without_end() {
    let (_dir, dir) = folder();
    std::fs::write(dir.join("a"), "a".repeat(1 << 20)).unwrap();
    let edit = json!({ "file_path": "a", "old_string": "a", "new_string": "b".repeat(1 << 20), "replace_all": true });
    let large = "The change is too large to be compared with the file.";
    assert_eq!(preview(&dir, "Edit", &edit).await, large);
}

#[tokio::test]
async fn other_tools_and_other_forms_have_no_preview() {
    let (_dir, dir) = folder();
    assert_eq!(preview(&dir, "Bash", &json!({ "command": "ls" })).await, "none");
    assert_eq!(preview(&dir, "Edit", &json!({ "file_path": 5 })).await, "none");
    assert_eq!(preview(&dir, "Write", &json!({ "content": "x" })).await, "none");
}
