//! Bodies that other projects recorded, through the whole of the product: taken where they are proven, refused where they
//! are not, and no process falls over.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::world::cloud_api::APP_SECRET;
use crate::world::{Host, baileys};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_recorded_body_is_taken_when_it_is_proven_and_refused_when_it_is_not() {
    let Ok(folder) = runtime::config::required("TURNO_PAYLOADS") else {
        println!("not run: TURNO_PAYLOADS is not set");
        return;
    };
    let files = files(Path::new(&folder));
    assert!(files.len() > 200, "{} files", files.len());
    let mut host = Host::fresh().await;
    // Some of those projects wrote one id into several bodies, which no provider does.
    host.will_break(&["twice, at two times"]);
    let authorization = format!("Bearer {}", baileys::TOKEN);
    for file in &files {
        let (name, body) = (file.display(), std::fs::read(file).unwrap());
        let unsigned = host.post_bytes("/webhook/whatsapp", &[], body.clone()).await.status;
        assert_eq!(unsigned, 401, "{name}");
        let signed = host.post_signed("/webhook/whatsapp", APP_SECRET, body.clone()).await.status;
        assert_eq!(signed, 200, "{name}");
        let stranger = host.post_bytes("/webhook/baileys", &[], body.clone()).await.status;
        assert_eq!(stranger, 401, "{name}");
        let known = host.post_bytes("/webhook/baileys", &[("authorization", &authorization)], body).await.status;
        assert_eq!(known, 200, "{name}");
    }
    host.settled().await;
    assert_eq!(host.depth("inbound-dead.fifo").await, (0, 0));
    let lines = host.output.lines();
    let failed = ["the function failed", "a batch failed", "messages failed", "Runtime exited", "\"level\":\"ERROR\""];
    let failures: Vec<_> = lines.iter().filter(|line| failed.iter().any(|failed| line.contains(failed))).collect();
    assert!(failures.is_empty(), "{failures:#?}");
    let tickets = host.agent("dora").get("/api/tickets").await.expect(200)["pagination"]["total"].as_u64().unwrap();
    println!("{} bodies, {tickets} tickets", files.len());
    assert!(tickets > 5, "{tickets}");
    let told: Vec<String> = files.iter().flat_map(|file| private(&std::fs::read(file).unwrap())).collect();
    assert!(told.len() > 200, "{}", told.len());
    for line in &lines {
        assert!(!told.iter().any(|private| line.contains(private)), "the log tells what it must not: {line}");
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Texts, names and numbers of a body that are long enough not to stand in a log by chance.
fn private(body: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    if let Ok(value) = serde_json::from_slice(body) {
        collect(&value, &mut found);
    }
    found
}

fn collect(value: &Value, found: &mut Vec<String>) {
    let names = ["body", "conversation", "caption", "pushName", "from", "wa_id", "recipient_id", "remoteJid"];
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if names.contains(&name.as_str()) && text.len() >= 10 => {
                        found.push(text.split('@').next().unwrap_or_default().to_owned());
                    }
                    other => collect(other, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
    found.retain(|text| text.len() >= 10);
}
