//! Files of gateways' messages: each gateway gives them out in its own way, or puts them into the body, and every byte is kept.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha512;

use crate::world::baileys::{TOKEN, message, upsert};
use crate::world::{Host, LONG, SOON, Session, cloud_api, people};

/// A file that some person sent by some gateway.
struct Sent {
    id: String,
    bytes: Vec<u8>,
    kind: &'static str,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_gateway_s_files_are_kept_byte_for_byte() {
    let host = Host::fresh().await;
    let bytes = |n: u32| (0..n).flat_map(u32::to_le_bytes).collect::<Vec<u8>>();
    let mut all = Vec::new();
    // baileys-api gives out what it has fetched, without saying what it is.
    let id = kept_by_gateway(&host, "image/png", &bytes(50_000), "").await;
    let picture = content("imageMessage", "image/png");
    host.post_baileys(TOKEN, &upsert("notify", &[message(&people::phone(1), &id, &picture)])).await.expect(200);
    all.push(Sent { id, bytes: bytes(50_000), kind: "image" });
    // Evolution's store is in a network that we do not enter, so it is asked itself.
    for (name, media_type, kind) in
        [("videoMessage", "video/mp4", "video"), ("stickerMessage", "image/webp", "sticker")]
    {
        let id = kept_by_gateway(&host, media_type, &bytes(100_001), "").await;
        let mut said = content(name, media_type);
        said["mediaUrl"] = json!("http://127.0.0.1:9000/evolution/file");
        evolution(&host, &id, &said).await;
        all.push(Sent { id, bytes: bytes(100_001), kind });
    }
    // WAHA is called otherwise by itself than by us.
    let id = kept_by_gateway(&host, "application/pdf", &bytes(1_000_000), "").await;
    waha(
        &host,
        &id,
        &json!({ "url": format!("http://localhost:3000/api/files/default/false_1@c.us_{id}.pdf"),
        "mimetype": "application/pdf", "filename": "nota.pdf" }),
    )
    .await;
    all.push(Sent { id, bytes: bytes(1_000_000), kind: "document" });
    // GOWA names the path, or is asked for it.
    for path in [Some("statics/media/1752404905-ID.ogg"), None] {
        let id = kept_by_gateway(&host, "audio/ogg", &bytes(7), "").await;
        let audio = match path {
            Some(path) => json!(path.replace("1752404905-ID", &id)),
            None => json!({ "url": "https://mmg.whatsapp.net/v/x" }),
        };
        gowa(&host, &id, "audio", audio).await;
        all.push(Sent { id, bytes: bytes(7), kind: "audio" });
    }
    let ana = host.agent("ana");
    for sent in &all {
        let kept = ana.file_is("stored", 4, &sent.id, SOON * 3).await;
        assert_eq!(
            (kept["type"].as_str(), kept["media"]["size"].as_u64()),
            (Some(sent.kind), Some(sent.bytes.len() as u64))
        );
        assert!(host.download(&link(&ana, &kept).await).await == sent.bytes, "{}", sent.id);
    }
    let document = ana.file_is("stored", 4, &all[3].id, SOON * 3).await;
    assert_eq!(document["media"]["name"], "nota.pdf");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_within_a_body_is_durable_before_it_is_acknowledged_and_never_in_the_table() {
    let data = tempfile::tempdir().unwrap();
    let host = Host::on(data.path()).await;
    let text = |file: &[u8]| STANDARD.encode(file);
    // As long as fits into a body of Lambda's.
    let files = [vec![1; 2_000_000], vec![2; 100_000]];
    // No gateway has these files: they are nowhere but in the bodies.
    let mut inlined = content("imageMessage", "image/jpeg");
    inlined["base64"] = json!(text(&files[0]));
    evolution(&host, "3EB0A", &inlined).await;
    let mut beside = upsert("notify", &[message(&people::phone(1), "3EB0B", &content("imageMessage", "image/jpeg"))]);
    beside["extra"] = json!({ "media": { "3EB0B": text(&files[1]), "3EB0C": text(b"of another message") } });
    host.post_baileys(TOKEN, &beside).await.expect(200);
    // The power fails at once.
    host.kill();
    let host = Host::on(data.path()).await;
    let ana = host.agent("ana");
    for (id, file) in ["3EB0A", "3EB0B"].into_iter().zip(&files) {
        let kept = ana.file_is("stored", 4, id, LONG).await;
        assert!(host.download(&link(&ana, &kept).await).await == *file, "{id}");
    }
    let largest = host.items().await.iter().map(|item| item.to_string().len()).max();
    assert!(largest < Some(10_000), "{largest:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_gateway_does_not_give_is_given_up_with_a_reason_and_nothing_is_fetched_from_elsewhere() {
    let host = Host::fresh().await;
    let ana = host.agent("ana");
    let mut said = Vec::new();
    for (outcome, reason) in
        [("gone", "gone"), ("redirect", "forbidden_address"), ("page", "wrong_type"), ("more", "too_large")]
    {
        let id = kept_by_gateway(&host, "image/png", b"x", outcome).await;
        waha(&host, &id, &json!({ "url": format!("http://waha/api/files/default/{id}.png"), "mimetype": "image/png" }))
            .await;
        said.push((id, reason));
    }
    // GOWA is asked for the file that is not at its path, and names another path, where it is not either.
    let id = kept_by_gateway(&host, "image/png", b"x", "gone,ok,gone").await;
    gowa(&host, &id, "image", json!(format!("statics/media/{id}.png"))).await;
    said.push((id, "gone"));
    for (n, url) in
        ["http://169.254.169.254/latest/meta-data", "https://127.0.0.1/a", "https://localhost/a", "file:///etc/passwd"]
            .into_iter()
            .enumerate()
    {
        let id = format!("3EB0{n}");
        waha(&host, &id, &json!({ "url": url, "mimetype": "image/png" })).await;
        said.push((id, "forbidden_address"));
    }
    let id = "3EB0F".to_owned();
    waha(&host, &id, &json!({ "url": null, "mimetype": "image/png" })).await;
    said.push((id, "no_source"));
    // Evolution does not know the message.
    let id = kept_by_gateway(&host, "image/png", b"x", "gone").await;
    evolution(&host, &id, &content("imageMessage", "image/png")).await;
    said.push((id, "gone"));
    for (id, reason) in &said {
        let message = ana.file_is("failed", 4, id, SOON * 3).await;
        assert_eq!(message["media"]["reason"], *reason, "{id} {message}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_gateway_fails_to_give_for_a_while_is_kept_in_the_end() {
    let host = Host::fresh().await;
    let ana = host.agent("ana");
    let mut said = Vec::new();
    for outcomes in ["error", "throttle", "token", "cut", "hang"] {
        let id = kept_by_gateway(&host, "image/png", outcomes.as_bytes(), outcomes).await;
        evolution(&host, &id, &content("imageMessage", "image/png")).await;
        said.push((id, outcomes));
    }
    for (id, outcomes) in said {
        let kept = ana.file_is("stored", 4, &id, LONG).await;
        assert_eq!(host.download(&link(&ana, &kept).await).await, outcomes.as_bytes());
    }
}

/// A file that a gateway gives out by the id of its message.
async fn kept_by_gateway(host: &Host, media_type: &str, bytes: &[u8], outcomes: &str) -> String {
    let file = host.attach(media_type, bytes.to_vec(), outcomes).await;
    file["id"].as_str().unwrap().to_owned()
}

fn content(name: &str, media_type: &str) -> Value {
    json!({ (name): { "mimetype": media_type, "url": "https://mmg.whatsapp.net/o1/v/t24/x", "mediaKey": "AAAA" } })
}

async fn evolution(host: &Host, id: &str, content: &Value) {
    let data = message(&people::phone(2), id, content);
    let body = json!({ "event": "messages.upsert", "instance": "demo", "data": data }).to_string();
    assert_eq!(host.post_bytes("/webhook/evolution", &[("apikey", TOKEN)], body.into()).await.status, 200);
}

async fn waha(host: &Host, id: &str, media: &Value) {
    let phone = people::phone(3);
    let payload = json!({ "id": format!("false_{phone}@c.us_{id}"), "from": format!("{phone}@c.us"), "fromMe": false,
        "timestamp": runtime::clock::now().as_second(), "hasMedia": true, "media": media });
    let body = json!({ "event": "message", "session": "default", "payload": payload }).to_string();
    let mut mac = Hmac::<Sha512>::new_from_slice(TOKEN.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let proof = hex::encode(mac.finalize().into_bytes());
    assert_eq!(host.post_bytes("/webhook/waha", &[("x-webhook-hmac", &proof)], body.into()).await.status, 200);
}

async fn gowa(host: &Host, id: &str, field: &str, file: Value) {
    let from = format!("{}@s.whatsapp.net", people::phone(4));
    let payload = json!({ "id": id, "chat_id": from, "from": from, "timestamp": runtime::clock::now(), "is_from_me": false,
        (field): file });
    let body = json!({ "event": "message", "device_id": "15550100003@s.whatsapp.net", "payload": payload }).to_string();
    let proof = cloud_api::signature(TOKEN, body.as_bytes());
    assert_eq!(host.post_bytes("/webhook/gowa", &[("x-hub-signature-256", &proof)], body.into()).await.status, 200);
}

async fn link(agent: &Session, message: &Value) -> Value {
    agent.get(&format!("/v3/messages/{}/media", message["id"].as_str().unwrap())).await.expect(200)
}
