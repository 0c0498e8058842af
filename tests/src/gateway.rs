//! A Baileys service of the customer's own: whom it speaks for, what opens a ticket, and that nothing counts twice.

use serde_json::{Value, json};

use crate::world::baileys::{self, OWN, TOKEN, message, upsert};
use crate::world::{Host, demo, people};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn live_and_replayed_texts_however_wrapped_open_tickets() {
    let host = Host::fresh().await;
    let text = |n: usize| people::words(n);
    let mut long = message(&people::phone(3), "3EB0C", &json!({ "conversation": text(3) }));
    let seconds = runtime::clock::now().as_second();
    long["messageTimestamp"] = json!({ "low": seconds, "high": 0, "unsigned": true });
    let ephemeral = json!({
        "messageContextInfo": { "deviceListMetadataVersion": 2 },
        "ephemeralMessage": { "message": { "extendedTextMessage": { "text": text(2) } } },
    });
    for (kind, message) in [
        ("notify", message(&people::phone(1), "3EB0A", &json!({ "conversation": text(1) }))),
        ("notify", message(&people::phone(2), "3EB0B", &ephemeral)),
        ("append", long),
    ] {
        host.post_baileys(TOKEN, &upsert(kind, &[message])).await.expect(200);
    }
    host.settled().await;
    let mut tickets = host.storage().await.tickets_by_number(&demo(), u64::MAX, 10).await.unwrap().tickets;
    tickets.sort_by_key(|ticket| ticket.title.clone());
    let titles: Vec<_> = tickets.iter().map(|ticket| ticket.title.clone()).collect();
    assert_eq!(titles, [text(1), text(2), text(3)]);
    for ticket in &tickets {
        let places = (ticket.connection.as_ref().unwrap().as_str(), ticket.queue.as_str());
        assert_eq!(places, ("baileys", "support"));
        let messages = host.storage().await.messages(&demo(), ticket.conversation.as_ref().unwrap(), None, 10).await;
        let age = messages.unwrap()[0].reference.sent_at.duration_since(ticket.created_at).as_secs().abs();
        assert!(age < 60, "the time of {} was not understood", ticket.title);
    }
    let shown = host.agent("ana").get(&format!("/api/tickets/{}", tickets[0].number.number)).await.expect(200);
    assert_eq!((&shown["contactName"], &shown["contactPhone"]), (&json!(people::NAME), &json!(people::phone(1))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_s_message_opens_a_ticket_only_when_it_is_meant_for_us() {
    let host = Host::fresh().await;
    let in_group = |group: &str, id: &str, n: usize, mentioned: &[&str]| {
        let content = json!({ "extendedTextMessage": {
            "text": people::words(n), "contextInfo": { "mentionedJid": mentioned },
        } });
        let mut message = message(&people::phone(1), id, &content);
        message["key"]["remoteJid"] = json!(group);
        message["key"]["participant"] = json!(format!("{}@s.whatsapp.net", people::phone(1)));
        let mut body = upsert("notify", &[message]);
        // The gateway says for which number it speaks. Where none does, any mention counts.
        body["sender"] = json!(OWN);
        body
    };
    let groups = ["120363000000000001@g.us", "120363000000000002@g.us"];
    let somebody = format!("{}@s.whatsapp.net", people::phone(2));
    host.post_baileys(TOKEN, &in_group(groups[0], "3EB0A", 1, &[])).await.expect(200);
    host.post_baileys(TOKEN, &in_group(groups[0], "3EB0B", 2, &[&somebody])).await.expect(200);
    host.settled().await;
    assert_eq!(host.storage().await.ticket_count(&demo()).await.unwrap(), 0);
    host.post_baileys(TOKEN, &in_group(groups[1], "3EB0C", 3, &[OWN])).await.expect(200);
    host.settled().await;
    let tickets = host.agent("ana").get("/api/tickets").await.expect(200)["tickets"].take();
    assert_eq!(tickets.as_array().map(Vec::len), Some(1));
    assert_eq!((&tickets[0]["isGroup"], &tickets[0]["title"]), (&json!(true), &json!(people::words(3))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_gateway_s_own_token_is_accepted() {
    let host = Host::fresh().await;
    let before = host.items().await;
    let body = upsert("notify", &[message(&people::phone(1), "3EB0A", &json!({ "conversation": people::words(1) }))]);
    for token in ["", "another-token", "demo-gateway-token2", "demo-app-secret"] {
        assert_eq!(host.post_baileys(token, &body).await.status, 401, "{token}");
    }
    let bytes = body.to_string().into_bytes();
    for authorization in ["", TOKEN, "Basic demo-gateway-token"] {
        let answer = host.post_bytes("/webhook/baileys", &[("authorization", authorization)], bytes.clone()).await;
        assert_eq!(answer.status, 401, "{authorization}");
    }
    assert_eq!(host.post_bytes("/webhook/baileys", &[], bytes).await.status, 401);
    assert_eq!(host.depth("inbound.fifo").await, (0, 0));
    assert_eq!(host.items().await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_comes_live_and_replayed_counts_once() {
    let host = Host::fresh().await;
    let said = message(&people::phone(1), "3EB0A", &json!({ "conversation": people::words(1) }));
    host.post_baileys(TOKEN, &upsert("notify", std::slice::from_ref(&said))).await.expect(200);
    host.settled().await;
    let once = host.items().await;
    host.post_baileys(TOKEN, &upsert("notify", std::slice::from_ref(&said))).await.expect(200);
    host.post_baileys(TOKEN, &upsert("append", &[said.clone(), said])).await.expect(200);
    host.settled().await;
    assert_eq!(host.output.logged("ingest", "message was stored before").len(), 1);
    assert_eq!(host.items().await, once);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_no_message_for_us_makes_nothing() {
    let host = Host::fresh().await;
    let before = host.items().await;
    let own = |mut message: Value| {
        message["key"]["fromMe"] = json!(true);
        message
    };
    let status = json!({ "remoteJid": "status@broadcast", "fromMe": false, "id": "3EB0B" });
    let mut broadcast = message(&people::phone(1), "3EB0B", &json!({ "conversation": people::words(2) }));
    broadcast["key"] = status;
    let undecrypted = own(message(&people::phone(1), "3EB0C", &Value::Null));
    for body in [
        json!({ "event": "connection.update", "data": { "connection": "open", "token": "demo-gateway-token" } }),
        upsert("notify", &[broadcast, undecrypted]),
        baileys::upsert("append", &[]),
    ] {
        host.post_baileys(TOKEN, &body).await.expect(200);
    }
    host.settled().await;
    assert_eq!(host.items().await, before);
}
