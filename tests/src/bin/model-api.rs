//! The scripted model service as a program: `model-api SCRIPT.json PORT_FILE`.
//!
//! The port is in `PORT_FILE` once connections are taken. Every request is printed to standard
//! output as one JSON line. Ends when standard input does.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use pager_tests::model_api::{ModelApi, Script};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<_> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [script, port_file] = arguments.as_slice() else {
        bail!("usage: model-api SCRIPT.json PORT_FILE");
    };
    let text = std::fs::read(script).with_context(|| format!("reading {}", script.display()))?;
    let script: Script =
        serde_json::from_slice(&text).with_context(|| format!("parsing {}", script.display()))?;
    let api = ModelApi::start(script).context("starting the model service")?;

    // Renamed into place, so that whoever waits for the file never reads half of it.
    let folder = port_file.parent().context("PORT_FILE names no file")?;
    let folder = if folder.as_os_str().is_empty() { ".".as_ref() } else { folder };
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    writeln!(file, "{}", api.address().port())?;
    file.persist(port_file)?;

    let api = Arc::new(api);
    let printed = Arc::clone(&api);
    std::thread::spawn(move || print_requests(&printed));
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

fn print_requests(api: &ModelApi) {
    let mut seen = 0;
    loop {
        let next = api.wait(Duration::from_secs(3600), |requests| requests.get(seen).cloned());
        let Ok(request) = next else { continue };
        seen += 1;
        let line = serde_json::to_string(&request).unwrap_or_default();
        if writeln!(std::io::stdout(), "{line}").is_err() {
            return;
        }
    }
}
