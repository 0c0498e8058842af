//! Answering over the native API: every kind of answer, once for each key, at the version that the caller knows, and within the
//! window.

use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::window::said;
use crate::world::cloud_api::COMERCIAL;
use crate::world::{Host, SOON, Session, eventually, people};

const MESSAGES: &str = "/v3/tickets/1/messages";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_answer_is_taken_and_what_none_has_is_refused() {
    let host = Host::fresh().await;
    let ana = claimed(&host, 0).await;
    let question = ana.get(MESSAGES).await.expect(200)["data"][0]["id"].clone();
    let link = "https://example.org/a";
    let reply = |id: &str| json!({ "type": "reply", "reply": { "id": id, "title": id } });
    let buttons =
        json!({ "type": "button", "body": { "text": "Confirma?" }, "action": { "buttons": [reply("a"), reply("b")] } });
    let call = json!({ "name": "order_update", "language": "pt_BR", "variables": [people::words(2), "297"] });
    let answers = [
        json!({ "body": people::words(2), "reply_to": question }),
        json!({ "type": "image", "image": { "link": link, "caption": people::words(3) } }),
        json!({ "type": "audio", "audio": { "id": "123456" } }),
        json!({ "type": "document", "document": { "link": link, "filename": "nota.pdf" } }),
        json!({ "type": "interactive", "interactive": buttons }),
        json!({ "type": "template", "template": call }),
        json!({ "type": "reaction", "reaction": { "message_id": question, "emoji": "👍" } }),
    ];
    for answer in &answers {
        let stored = ana.post(MESSAGES, answer.clone()).await.expect(201);
        assert_eq!(
            (&stored["direction"], &stored["delivery"], &stored["agent_id"]),
            (&json!("out"), &json!("queued"), &json!("ana"))
        );
        assert_eq!(stored["kind"], *answer.get("type").unwrap_or(&json!("text")));
    }
    eventually("all are read", SOON, async || {
        let data = ana.get(MESSAGES).await.expect(200)["data"].take();
        let read = data.as_array().unwrap().iter().filter(|message| message["delivery"] == "read").count();
        (read == answers.len()).then_some(())
    })
    .await;
    for (answer, field) in [
        (json!({}), "body"),
        (json!({ "body": " " }), "body"),
        (json!({ "body": "x".repeat(4097) }), "body"),
        (json!({ "body": "Olá", "urgency": 1 }), "urgency"),
        (json!({ "type": "image", "image": { "link": "http://example.org" } }), "link"),
        (json!({ "type": "template", "template": { "name": "nowhere" } }), "template"),
        (json!({ "type": "call" }), "type"),
        (json!({ "body": "Olá", "on_window_closed": "wait" }), "on_window_closed"),
    ] {
        let refused = ana.post(MESSAGES, answer).await.expect(422);
        assert_eq!((&refused["code"], &refused["field"]), (&json!("invalid_input"), &json!(field)));
    }
    assert_eq!(host.sent().await.len(), answers.len());

    let conversation = ana.get("/v3/tickets/1").await.expect(200)["conversation_id"].as_str().unwrap().to_owned();
    for mark in ["read", "typing"] {
        let path = format!("/v3/conversations/{conversation}/{mark}");
        ana.post(&path, Value::Null).await.expect(204);
        host.agent("bruno").post(&path, json!({})).await.expect(404);
        assert_eq!(ana.post(&path, json!({ "until": 1 })).await.expect(422)["field"], "until");
    }
    assert_eq!(ana.get("/v3/tickets/1").await.expect(200)["unread_count"], 0);
    let connections = ana.get("/v3/connections").await.expect(200)["data"].take();
    assert!(connections.as_array().unwrap().iter().any(|of| of["id"] == "comercial" && of["has_templates"] == true));
    let one = ana.get("/v3/connections/comercial").await.expect(200);
    assert_eq!((&one["provider"], &one["stopped"]), (&json!("cloud_api"), &Value::Null));
    let templates = ana.get("/v3/connections/comercial/templates").await.expect(200)["data"].take();
    assert_eq!(templates.as_array().unwrap().len(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_with_a_key_is_stored_once_and_one_for_another_version_not_at_all() {
    let host = Host::fresh().await;
    let ana = claimed(&host, 0).await;
    let answer = json!({ "body": people::words(2) });
    // Of both dialects: the key is the caller's, not the route's.
    for (path, key) in [(MESSAGES, "native"), ("/api/tickets/1/messages", "other")] {
        let calls = (0..6).map(|_| ana.keyed(path, key, &answer));
        let told: Vec<Value> =
            futures_util::future::join_all(calls).await.into_iter().map(|answer| answer.expect(201)).collect();
        assert!(told.iter().all(|message| *message == told[0]), "{told:#?}");
    }
    assert_eq!(ana.get(MESSAGES).await.expect(200)["data"].as_array().map(Vec::len), Some(3));
    let other = ana.keyed(MESSAGES, "native", &json!({ "body": people::words(3) })).await.expect(422);
    assert_eq!(other["code"], "idempotency_key_reused");

    let send = async |if_match: &str| {
        let request = host.http.post(format!("{}{MESSAGES}", host.api_url)).bearer_auth(host.token("demo", "ana"));
        request.header("If-Match", if_match).json(&answer).send().await.unwrap()
    };
    let version = ana.get("/v3/tickets/1").await.expect(200)["version"].as_u64().unwrap();
    let stale = send(&format!("\"{}\"", version - 1)).await;
    assert_eq!(stale.status(), 412);
    assert_eq!(stale.json::<Value>().await.unwrap()["current_version"], version);
    let taken = send(&format!("\"{version}\"")).await;
    let tag = |headers: &HeaderMap| headers["etag"].to_str().unwrap().to_owned();
    assert_eq!((taken.status().as_u16(), tag(taken.headers())), (201, format!("\"{version}\"")));
    // An agent who does not hold the ticket may not even know whether the answer was sound.
    host.agent("bruno").post(MESSAGES, json!({ "urgency": 1 })).await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outside_the_window_the_templates_are_named_and_an_answer_may_wait() {
    let host = Host::fresh().await;
    let ana = claimed(&host, 25).await;
    let refused = ana.post(MESSAGES, json!({ "body": people::words(2) })).await.expect(409);
    assert_eq!((&refused["code"], &refused["status"]), (&json!("window_closed"), &json!(409)));
    assert!(refused["window_expired_at"].is_string(), "{refused}");
    assert_eq!(refused["templates"][0]["name"], "continue_conversation");
    let waiting = json!({ "body": people::words(2), "on_window_closed": "template" });
    let first = ana.keyed(MESSAGES, "parked", &waiting).await.expect(201);
    assert_eq!(first["delivery"], "parked");
    assert_eq!(ana.keyed(MESSAGES, "parked", &waiting).await.expect(201), first);
    eventually("the template has come", SOON, async || (host.sent().await.len() == 1).then_some(())).await;
    host.say(COMERCIAL, &people::phone(1)).await;
    eventually("the answer has come", SOON, async || (host.sent().await.len() == 2).then_some(())).await;
    host.settled().await;
}

/// Ana, who has claimed the ticket of a person whose only message is so many hours old.
async fn claimed(host: &Host, hours: i64) -> Session {
    host.post_whatsapp(&said(&people::phone(1), hours)).await.expect(200);
    host.settled().await;
    let ana = host.agent("ana");
    ana.post("/v3/tickets/1/claim", json!({})).await.expect(200);
    ana
}
