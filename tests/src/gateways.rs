//! Evolution, WAHA, GOWA and baileys-api: each proves itself in its own way, opens tickets, and leaves no credentials.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha512;

use crate::world::baileys::{TOKEN, message, upsert};
use crate::world::{Host, cloud_api, demo, people};

const OWN: &str = "15550100003";

/// A body of each gateway in which the person says something, and the header that proves it.
fn said(kind: &str, person: usize, id: &str) -> (Value, &'static str) {
    let (phone, words) = (people::phone(person), people::words(person));
    let now = runtime::clock::now();
    match kind {
        "evolution" => {
            let data = message(&phone, id, &json!({ "conversation": words }));
            (json!({ "event": "messages.upsert", "instance": "x", "data": data, "apikey": TOKEN }), "apikey")
        }
        "waha" => {
            let payload = json!({ "id": format!("false_{phone}@c.us_{id}"), "from": format!("{phone}@c.us"),
                "fromMe": false, "timestamp": now.as_second(), "body": words });
            let me = json!({ "id": format!("{OWN}@c.us") });
            (json!({ "event": "message", "session": "default", "me": me, "payload": payload }), "x-webhook-hmac")
        }
        "gowa" => {
            let payload = json!({ "id": id, "chat_id": format!("{phone}@s.whatsapp.net"), "body": words,
                "from": format!("{phone}@s.whatsapp.net"), "timestamp": now, "is_from_me": false });
            let device = format!("{OWN}@s.whatsapp.net");
            (json!({ "event": "message", "device_id": device, "payload": payload }), "x-hub-signature-256")
        }
        _ => {
            let mut body = upsert("notify", &[message(&phone, id, &json!({ "conversation": words }))]);
            body["webhookVerifyToken"] = json!(TOKEN);
            (body, "")
        }
    }
}

fn proof(kind: &str, key: &str, body: &[u8]) -> String {
    match kind {
        "waha" => {
            let mut mac = Hmac::<Sha512>::new_from_slice(key.as_bytes()).unwrap();
            mac.update(body);
            hex::encode(mac.finalize().into_bytes())
        }
        "gowa" => cloud_api::signature(key, body),
        _ => key.to_owned(),
    }
}

/// Posts with the header that the key makes; a body without one says its token itself.
async fn post(host: &Host, kind: &str, (body, header): &(Value, &'static str), key: &str) -> u16 {
    let bytes = body.to_string().into_bytes();
    let proof = proof(kind, key, &bytes);
    let headers: &[(&str, &str)] = if header.is_empty() { &[] } else { &[(header, &proof)] };
    host.post_bytes(&format!("/webhook/{kind}"), headers, bytes).await.status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_gateway_opens_tickets_once_it_has_proven_itself() {
    let host = Host::fresh().await;
    let kinds = ["evolution", "waha", "gowa", "baileys"];
    for (n, kind) in kinds.into_iter().enumerate() {
        let body = said(kind, n + 1, "3EB0A");
        if body.1.is_empty() {
            let mut wrong = body.clone();
            wrong.0["webhookVerifyToken"] = json!("another");
            assert_eq!(post(&host, kind, &wrong, "").await, 401, "{kind}");
        } else {
            assert_eq!(post(&host, kind, &body, "another").await, 401, "{kind}");
            if kind != "evolution" {
                let unsigned = host.post_bytes(&format!("/webhook/{kind}"), &[], body.0.to_string().into()).await;
                assert_eq!(unsigned.status, 401, "{kind}");
                let path = format!("/webhook/{kind}/elsewhere");
                let proof = proof(kind, TOKEN, body.0.to_string().as_bytes());
                let elsewhere = host.post_bytes(&path, &[(body.1, &proof)], body.0.to_string().into()).await;
                assert_eq!(elsewhere.status, 401, "{kind}");
            }
        }
        assert_eq!(host.depth("inbound.fifo").await, (0, 0), "{kind}");
        for _ in 0..2 {
            assert_eq!(post(&host, kind, &body, TOKEN).await, 200, "{kind}");
        }
        host.settled().await;
        let tickets = host.storage().await.tickets_by_number(&demo(), u64::MAX, 10).await.unwrap().tickets;
        assert_eq!(tickets.len(), n + 1, "{kind}");
        let newest = &tickets[0];
        assert_eq!(
            (newest.connection.as_ref().unwrap().as_str(), newest.title.as_str()),
            (kind, &*people::words(n + 1))
        );
        let shown = host.agent("ana").get(&format!("/api/tickets/{}", newest.number.number)).await.expect(200);
        assert_eq!(shown["contactPhone"], json!(people::phone(n + 1)), "{kind}");
    }
    // Under the name of its event, as the Evolution API posts "by events".
    let body = said("evolution", 1, "3EB0B").0.to_string();
    let by_event = host.post_bytes("/webhook/evolution/messages-upsert", &[("apikey", TOKEN)], body.into()).await;
    assert_eq!(by_event.status, 200);
    host.settled().await;
    let stored = host.items().await;
    assert!(!stored.iter().any(|item| item.to_string().contains(TOKEN)), "a credential was stored");
    assert!(!host.output.lines().iter().any(|line| line.contains(TOKEN)), "a credential was logged");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_broken_is_kept_without_its_credentials_and_what_is_ours_opens_nothing() {
    let host = Host::fresh().await;
    let broken = format!(r#"{{"apikey":"{TOKEN}","event":"messages.upsert","data":"#).into_bytes();
    let answer = host.post_bytes("/webhook/evolution", &[("apikey", TOKEN)], broken).await;
    assert_eq!(answer.status, 200);
    let (mut own, header) = said("waha", 1, "3EB0A");
    own["payload"]["fromMe"] = json!(true);
    own["payload"]["id"] = json!(format!("true_{}@c.us_3EB0A", people::phone(1)));
    assert_eq!(post(&host, "waha", &(own, header), TOKEN).await, 200);
    let ack = json!({ "event": "message.ack", "payload": { "ids": ["3EB0X"], "receipt_type": "read" } });
    assert_eq!(post(&host, "gowa", &(ack, "x-hub-signature-256"), TOKEN).await, 200);
    host.settled().await;
    let kept = host.items_at("INSPECT#", "").await;
    assert_eq!(kept.len(), 1);
    assert!(!kept[0].to_string().contains(TOKEN), "{kept:?}");
    assert_eq!(host.storage().await.ticket_count(&demo()).await.unwrap(), 0);
}
