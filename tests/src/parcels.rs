//! Messages that the inbound queue cannot hold (up to the 3 MB that Meta posts): acknowledged, they are as safe as any other.

use std::path::PathBuf;

use files::{Bucket, Credentials};
use runtime::connector::Connector;
use runtime::parcels::Parcels;
use serde_json::{Value, json};

use crate::world::cloud_api::{self, COMERCIAL};
use crate::world::{Host, LONG, SOON, Session, eventually, kill, pause, people, program};

/// What a message of the queue may have.
const OF_THE_QUEUE: usize = 1_048_576;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_the_queue_cannot_hold_is_stored_once_though_ingest_is_killed_over_it() {
    let host = Host::fresh().await;
    let phone = people::phone(1);
    let before = host.say(COMERCIAL, &phone).await;
    host.settled().await;
    host.set_visibility("inbound.fifo", 2).await;
    // Whoever is given the parcel may die with it, and so may who puts it.
    host.operate("PUT", "/_turno/faults", &json!({ "faults": "7:kill=0.4,duplicate=0.3" })).await;
    let (large, body) = large(&phone, 2_500_000);
    for _ in 0..2 {
        eventually("it is acknowledged", LONG, async || (host.post_whatsapp(&body).await.status == 200).then_some(()))
            .await;
    }
    for (pid, _) in host.processes("ingest").await {
        kill(pid);
    }
    let ana = host.agent("ana");
    eventually("it is there", LONG, async || ids(&ana).await.contains(&large).then_some(())).await;
    host.operate("PUT", "/_turno/faults", &json!({ "faults": null })).await;
    let after = host.say(COMERCIAL, &phone).await;
    let all = sorted([before, large.clone(), after]);
    eventually("all that was written is there, once", LONG, async || (ids(&ana).await == all).then_some(())).await;
    eventually("the queue is empty", LONG, async || (host.depth("inbound.fifo").await == (0, 0)).then_some(())).await;
    let messages = ana.get("/api/tickets/1/messages").await.expect(200);
    let kept = messages.as_array().unwrap().iter().find(|message| message["provider_message_id"] == large).unwrap();
    assert_eq!(kept["type"], "contacts");
    assert!(kept["body"].as_str().unwrap().starts_with(people::NAME), "{}", kept["body"]);
    assert_eq!(ana.get("/api/tickets").await.expect(200)["pagination"]["total"], 1);
    // All deliveries have the same parcel.
    assert_eq!(host.parcels().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parcel_outlives_the_host_and_comes_out_of_a_backup() {
    let data = tempfile::tempdir().unwrap();
    let host = Host::on(data.path()).await;
    let before = host.say(COMERCIAL, &people::phone(1)).await;
    host.settled().await;
    for (pid, _) in host.processes("ingest").await {
        pause(pid);
    }
    let (large, body) = large(&people::phone(1), 1_200_000);
    host.post_whatsapp(&body).await.expect(200);
    let backup = data.path().with_extension("tar");
    host.command(&["backup", backup.to_str().unwrap()]);
    // What was acknowledged a moment ago, when the power fails.
    host.kill();
    let restored = tempfile::tempdir().unwrap();
    let place = restored.path().join("data");
    let output = program().arg("restore").arg(&backup).arg("--data").arg(&place).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::remove_file(backup).unwrap();
    for place in [data.path(), &place] {
        let host = Host::on(place).await;
        let ana = host.agent("ana");
        let both = sorted([before.clone(), large.clone()]);
        eventually("both are there", LONG, async || (ids(&ana).await == both).then_some(())).await;
        host.settled().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_finds_a_parcel_that_is_gone() {
    let mut host = Host::fresh().await;
    host.say(COMERCIAL, &people::phone(1)).await;
    host.settled().await;
    for (pid, _) in host.processes("ingest").await {
        pause(pid);
    }
    host.post_whatsapp(&large(&people::phone(1), 1_200_000).1).await.expect(200);
    assert!(host.command(&["check"]).starts_with("all holds"));
    for parcel in host.parcels() {
        std::fs::remove_file(parcel).unwrap();
    }
    host.will_break(&["1 parcels that inbound.fifo or its dead-letter queue name are gone or damaged"]);
    for (pid, _) in host.processes("ingest").await {
        kill(pid);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_of_which_a_part_is_not_durable_is_not_acknowledged() {
    let host = Host::fresh().await;
    let (id, body) = large(&people::phone(1), 1_200_000);
    // The disk takes no parcel.
    let dir = host.data().join("files/turno-parcelbucket");
    let aside = dir.with_extension("aside");
    std::fs::rename(&dir, &aside).unwrap();
    assert_eq!(host.post_whatsapp(&body).await.status, 503);
    assert_eq!(host.depth("inbound.fifo").await, (0, 0));
    std::fs::rename(&aside, &dir).unwrap();
    host.post_whatsapp(&body).await.expect(200);
    let ana = host.agent("ana");
    eventually("it is there", SOON, async || (ids(&ana).await == [id.clone()]).then_some(())).await;
}

/// A bucket of parcels that nobody serves, for what meets none.
pub(crate) fn nowhere() -> Parcels {
    let credentials = Credentials::new("nobody", "nobody", None, None, "test");
    Parcels::new(
        Bucket::new("nowhere", "us-east-1", Some("http://127.0.0.1:9"), credentials),
        Connector::new().unwrap(),
    )
}

impl Host {
    /// The files of the parcels.
    fn parcels(&self) -> Vec<PathBuf> {
        let dir = std::fs::read_dir(self.data().join("files/turno-parcelbucket")).unwrap();
        dir.map(|entry| entry.unwrap().path()).collect()
    }
}

/// A body with one message of about so many bytes, many visiting cards; and its id.
fn large(from: &str, bytes: usize) -> (String, Value) {
    let id = people::message_id();
    let mut message = cloud_api::text(from, &id, "");
    message.as_object_mut().unwrap().remove("text");
    message["type"] = json!("contacts");
    let card = json!({ "name": { "formatted_name": people::NAME }, "org": { "company": "x".repeat(1000) } });
    message["contacts"] = json!(vec![card; bytes / 1000]);
    let body = cloud_api::body(&[cloud_api::messages(COMERCIAL, &[message])]);
    assert!(body.to_string().len() > OF_THE_QUEUE);
    (id, body)
}

/// In the order in which `ids` gives them: two messages may be of the same second.
fn sorted<const N: usize>(mut ids: [String; N]) -> [String; N] {
    ids.sort();
    ids
}

/// The provider's ids of the messages of ticket 1.
async fn ids(agent: &Session) -> Vec<String> {
    let messages = agent.get("/api/tickets/1/messages").await;
    let list = messages.body.as_array().cloned().unwrap_or_default();
    let mut ids: Vec<String> =
        list.iter().map(|message| message["provider_message_id"].as_str().unwrap_or_default().to_owned()).collect();
    ids.sort();
    ids
}
