//! A backup that is taken while messages keep coming is a host that lost nothing it had acknowledged before.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rusqlite::Connection;
use serde_json::Value;

use crate::refusals::refuses;
use crate::world::cloud_api::{COMERCIAL, SUPORTE};
use crate::world::{Host, LONG, SOON, demo, eventually, people, program};

/// So many people write, each again and again, on both connections.
const PEOPLE: usize = 60;
const SENDERS: usize = 6;
const BACKUPS: usize = 15;
/// `wamid.` and 32 digits.
const ID_LENGTH: usize = 38;

/// Sends until told to stop; `acknowledged` has the id of each message from the moment of its 200.
async fn keep_sending(host: &Host, acknowledged: &Mutex<Vec<String>>, enough: &AtomicBool) {
    let turn = AtomicUsize::new(0);
    let sender = async || {
        while !enough.load(Ordering::SeqCst) {
            let n = turn.fetch_add(1, Ordering::SeqCst);
            let number = [SUPORTE, COMERCIAL, COMERCIAL][n % 3];
            let id = host.say(number, &people::phone(n % PEOPLE)).await;
            acknowledged.lock().unwrap().push(id);
        }
    };
    futures_util::future::join_all((0..SENDERS).map(|_| sender())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_taken_under_load_holds_every_message_acknowledged_before_it() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("backup.tar");
    let host = Host::fresh().await;
    let token = host.token("demo", "ana");
    let (acknowledged, enough) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let so_far = || acknowledged.lock().unwrap().clone();
    // Many backups, each at another moment of the work: every message is in one of its parts, wherever it is on its way.
    let check_often = async {
        for n in 0..BACKUPS {
            let more = so_far().len() + 10;
            eventually("messages on their way", LONG, async || (so_far().len() > more).then_some(())).await;
            let (before, file) = (so_far(), place.path().join(format!("{n}.tar")));
            let mut backup = host.program(&["backup", file.to_str().unwrap()]);
            assert!(tokio::task::spawn_blocking(move || backup.status()).await.unwrap().unwrap().success());
            let there = ids_in(&file, &place.path().join(n.to_string()));
            let lost: Vec<_> = before.iter().filter(|id| !there.contains(*id)).collect();
            assert!(lost.is_empty(), "backup {n} lost {lost:?} of {}", before.len());
        }
    };
    let back_up = async {
        check_often.await;
        eventually("a load to back up under", LONG, async || (so_far().len() > 150).then_some(())).await;
        let before = so_far();
        let mut backup = host.program(&["backup", file.to_str().unwrap()]);
        let output = tokio::task::spawn_blocking(move || backup.output()).await.unwrap().unwrap();
        let after = so_far().len();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(!told.contains("not in the backup"), "{told}");
        // The host goes on, so that the backup is of the past when it is needed.
        eventually("more messages", LONG, async || (so_far().len() > after + 20).then_some(())).await;
        enough.store(true, Ordering::SeqCst);
        println!("{} before, {after} after the backup; {}", before.len(), told.trim());
        before
    };
    let ((), before) = tokio::join!(keep_sending(&host, &acknowledged, &enough), back_up);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    refuses(&mut host.program(&["backup", file.to_str().unwrap()]), &["backup.tar exists already", "--force"]);
    refuses(program().arg("restore").arg(&file).arg("--data").arg(host.data()), &["in use by another host"]);
    host.kill();

    let data = place.path().join("elsewhere/data");
    let told = program().arg("restore").arg(&file).arg("--data").arg(&data).output().unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    assert_eq!(std::fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
    refuses(program().arg("restore").arg(&file).arg("--data").arg(&data), &["is not empty", "--force"]);
    let host = Host::on(&data).await;
    // What was in flight when the backup was taken comes again when its time in flight is over.
    eventually("all messages are taken", LONG, async || (host.depth("inbound.fifo").await == (0, 0)).then_some(()))
        .await;
    assert_eq!(host.depth("inbound-dead.fifo").await, (0, 0));
    let tickets = all_is_there(&host, &before, &so_far()).await;
    all_is_told(&host, tickets).await;

    // It goes on where the other one was: old tokens are good, and the next ticket has the next number.
    let ana = host.signed_in(token);
    assert_eq!(ana.get("/api/tickets").await.expect(200)["pagination"]["total"], tickets);
    host.say(COMERCIAL, &people::phone(PEOPLE + 1)).await;
    host.settled().await;
    ana.get(&format!("/api/tickets/{}", tickets + 1)).await.expect(200);
}

/// The ids of the messages that wait for `ingest` or are stored in the table of a backup.
fn ids_in(file: &Path, data: &Path) -> BTreeSet<String> {
    assert!(program().arg("restore").arg(file).arg("--data").arg(data).status().unwrap().success());
    let mut ids = BTreeSet::new();
    for (database, sql) in [
        // Events hold the ids of messages as well, and prove nothing.
        (
            "queues.db",
            "SELECT body FROM messages JOIN queues ON queues.id = queue_id WHERE name = 'turno-inbound.fifo'",
        ),
        ("table.db", r#"SELECT item_json FROM "turno-Table" WHERE sk LIKE 'S:MSG#%'"#),
    ] {
        let connection = Connection::open(data.join(database)).unwrap();
        let mut statement = connection.prepare(sql).unwrap();
        for text in statement.query_map([], |row| row.get::<_, String>(0)).unwrap() {
            let text = text.unwrap();
            let starts = text.match_indices("wamid.").map(|(start, _)| start);
            ids.extend(starts.map(|start| text[start..].chars().take(ID_LENGTH).collect::<String>()));
        }
    }
    ids
}

/// Every message from before once, none that was never sent, numbers without a gap, one ticket a conversation; how many.
async fn all_is_there(host: &Host, before: &[String], sent: &[String]) -> u64 {
    let stored = host.items_at("ORG#demo#CNV#", "MSG#").await;
    let mut ids: BTreeMap<&str, usize> = BTreeMap::new();
    for item in &stored {
        *ids.entry(item["mid"]["S"].as_str().unwrap()).or_default() += 1;
    }
    let lost: Vec<_> = before.iter().filter(|id| !ids.contains_key(id.as_str())).collect();
    assert!(lost.is_empty(), "{} of {} are lost: {lost:?}", lost.len(), before.len());
    assert!(ids.values().all(|count| *count == 1), "a message is there twice: {ids:?}");
    let sent: BTreeSet<&str> = sent.iter().map(String::as_str).collect();
    assert!(ids.keys().all(|id| sent.contains(id)));
    let tickets = host.storage().await.tickets_by_number(&demo(), u64::MAX, 10_000).await.unwrap().tickets;
    let numbers: BTreeSet<u64> = tickets.iter().map(|ticket| ticket.number.number).collect();
    assert_eq!(numbers, (1..=tickets.len() as u64).collect());
    let conversations: BTreeSet<_> = tickets.iter().map(|ticket| (&ticket.contact, &ticket.connection)).collect();
    assert_eq!(conversations.len(), tickets.len());
    tickets.len() as u64
}

/// Every ticket of the table is told of, and no ticket that the table does not have.
async fn all_is_told(host: &Host, tickets: u64) {
    let mut told: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
    eventually("all tickets are told of", LONG, async || {
        for event in host.take_events("push").await {
            if event["kind"] == "ticket_created" {
                let number = event["data"]["ticketNumber"].as_u64().unwrap();
                told.entry(number).or_default().insert(event["id"].as_str().unwrap().to_owned());
            }
        }
        assert!(told.keys().all(|number| *number <= tickets), "{told:?}");
        (told.len() as u64 == tickets).then_some(())
    })
    .await;
    assert!(told.values().all(|ids| ids.len() == 1), "an event has two ids: {told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_host_is_backed_up_and_goes_back_in_its_own_place() {
    let place = tempfile::tempdir().unwrap();
    let (data, file) = (place.path().join("data"), place.path().join("backup.tar"));
    let host = Host::on(&data).await;
    host.templates_are_read().await;
    host.say(COMERCIAL, &people::phone(1)).await;
    host.settled().await;
    let items = host.items().await;
    assert!(host.stop().success());
    let on = |arguments: [&str; 1], more: &[&str]| {
        let mut command = program();
        command.args(arguments).arg(&file).args(more).arg("--data").arg(&data);
        command
    };
    assert!(on(["backup"], &[]).output().unwrap().status.success());
    std::fs::write(data.join("secrets.json"), "lost by accident").unwrap();
    assert!(on(["restore"], &["--force"]).output().unwrap().status.success());
    let aside: Vec<_> = std::fs::read_dir(place.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains("data.before-"))
        .collect();
    assert_eq!(std::fs::read_to_string(aside[0].join("secrets.json")).unwrap(), "lost by accident");
    let host = Host::on(&data).await;
    assert_eq!(host.items().await, items);
    eventually("the stream goes on", SOON, async || {
        let told = host.take_events("push").await;
        told.iter().any(|event: &Value| event["kind"] == "ticket_created").then_some(())
    })
    .await;
}

#[test]
fn what_is_no_whole_backup_is_refused_and_nothing_is_left_behind() {
    let place = tempfile::tempdir().unwrap();
    let (file, data) = (place.path().join("file"), place.path().join("data"));
    let refused = |bytes: &[u8], told: &str| {
        std::fs::write(&file, bytes).unwrap();
        refuses(program().arg("restore").arg(&file).arg("--data").arg(&data), &[file.to_str().unwrap(), told]);
        assert!(!Path::new(&data).exists());
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 1, "only the file is there");
    };
    refused(b"", "no backup");
    refused(&[7; 10_000], "no backup");
    refuses(
        program().args(["restore", "/nowhere/backup.tar", "--data"]).arg(&data),
        &["/nowhere/backup.tar", "No such"],
    );
    let empty = place.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    refuses(program().arg("backup").arg(place.path().join("b")).arg("--data").arg(&empty), &["nothing to back up"]);
}
