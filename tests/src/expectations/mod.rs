//! What each body creates: contacts, conversations, tickets, messages by kind, statuses, and what is kept for inspection.
//!
//! Each body goes alone through the code of `webhook` and `ingest` on a table of its own, as the door that it was made for would
//! take it. `recorded.txt` says what bodies of other projects create, and was written by reading them; `own.json` holds bodies
//! of our own, one for each kind, so that the same is shown where the folder of the others is absent. Authors of tests leave
//! out what their test does not need: where a Cloud API body names no number, it is given the connection's.

mod body;

use serde_json::Value;

use body::{Created, take};

/// A line of the table.
struct Expected {
    name: String,
    door: String,
    creates: String,
}

fn recorded() -> Vec<Expected> {
    let lines = include_str!("recorded.txt").lines().filter(|line| !line.starts_with('#'));
    let row = |line: &str| {
        let mut words = line.splitn(3, ' ').map(str::to_owned);
        let mut next = || words.next().unwrap();
        Expected { name: next(), door: next(), creates: next() }
    };
    lines.map(row).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_recorded_body_creates_what_the_table_says() {
    let Ok(folder) = runtime::config::required("TURNO_PAYLOADS") else {
        println!("not run: TURNO_PAYLOADS is not set");
        return;
    };
    let table = recorded();
    let mut wrong = Vec::new();
    for expected in &table {
        let body = std::fs::read(std::path::Path::new(&folder).join(&expected.name)).unwrap();
        check(&expected.name, &expected.door, &body, &expected.creates, &mut wrong).await;
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), table.len(), wrong.join("\n"));
    assert_eq!(table.len(), 311);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_body_creates_what_stands_beside_it() {
    let own: Value = serde_json::from_str(include_str!("own.json")).unwrap();
    let mut wrong = Vec::new();
    for row in own.as_array().unwrap() {
        let text = |name: &str| row[name].as_str().unwrap_or_else(|| panic!("{name} of {row}"));
        let body = row["body"].to_string().into_bytes();
        check(text("name"), text("door"), &body, text("creates"), &mut wrong).await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn check(name: &str, door: &str, body: &[u8], creates: &str, wrong: &mut Vec<String>) {
    let found: Created = take(door, body).await;
    if found.to_string() != creates {
        wrong.push(format!("{name} {door}: {found} instead of {creates}"));
    }
}
