//! The 24-hour window: free text outside it is refused, or waits until the contact writes.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::world::cloud_api::{self, COMERCIAL};
use crate::world::{Host, SOON, Session, eventually, people};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn free_text_outside_the_window_is_refused_with_the_templates_that_could_be_sent() {
    let host = Host::fresh().await;
    let (ana, contact) = (claimed(&host, 1, 25).await, people::phone(1));
    let refused = ana.post("/api/tickets/1/messages", json!({ "body": people::words(2) })).await.expect(409);
    assert_eq!(refused["code"], "window_closed");
    let names: Vec<&str> =
        refused["templates"].as_array().unwrap().iter().map(|template| template["name"].as_str().unwrap()).collect();
    // The approved ones, and first what needs nothing filled in.
    assert_eq!(names, ["continue_conversation", "order_update", "order_update", "receipt"]);
    assert_eq!(refused["templates"][2]["variables"], json!(["1", "2"]));
    assert_eq!(messages(&ana).await.len(), 1);

    let template = |variables: Value| {
        let call = json!({ "name": "order_update", "language": "pt_BR", "variables": variables });
        json!({ "type": "template", "template": call })
    };
    let unfilled = ana.post("/api/tickets/1/messages", template(json!(["Zuleica Personagem"]))).await.expect(400);
    assert_eq!(unfilled["field"], "template");
    let filled = template(json!(["Zuleica Personagem", "297"]));
    let sent = ana.post("/api/tickets/1/messages", filled).await.expect(201);
    assert_eq!(sent["body"], "Olá Zuleica Personagem, o pedido 297 está a caminho.");
    state(&ana, 1, "read").await;
    let sent = host.sent().await;
    assert_eq!((sent.len(), sent[0]["to"].as_str()), (1, Some(&*contact)));
    assert_eq!(sent[0]["body"]["template"]["components"][0]["parameters"][1]["text"], "297");
    // The contact writes: the window is open again.
    host.say(COMERCIAL, &contact).await;
    host.settled().await;
    ana.post("/api/tickets/1/messages", json!({ "body": people::words(3) })).await.expect(201);
    state(&ana, 3, "read").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parked_answers_go_out_in_their_order_when_the_contact_writes() {
    let host = Host::fresh().await;
    let (ana, contact) = (claimed(&host, 1, 25).await, people::phone(1));
    for n in 0..3 {
        let answer = json!({ "body": format!("{} {n}", people::WORDS), "on_window_closed": "template" });
        let stored = ana.post("/api/tickets/1/messages", answer).await.expect(201);
        assert_eq!(stored["status"], "parked");
    }
    // One template asks for all three.
    state(&ana, 1, "read").await;
    host.settled().await;
    assert_eq!(texts(&host).await, ["continue_conversation"]);
    let states: Vec<Value> = messages(&ana).await.iter_mut().map(|message| message["status"].take()).collect();
    assert_eq!(states, [json!(null), json!("read"), json!("parked"), json!("parked"), json!("parked")]);
    // A late message that is as old as the first opens nothing.
    host.post_whatsapp(&said(&contact, 26)).await.expect(200);
    host.settled().await;
    assert_eq!(host.sent().await.len(), 1);

    host.say(COMERCIAL, &contact).await;
    host.settled().await;
    // Written while the others are released, and after them.
    ana.post("/api/tickets/1/messages", json!({ "body": format!("{} 3", people::WORDS) })).await.expect(201);
    eventually("all are sent", SOON, async || (texts(&host).await.len() == 5).then_some(())).await;
    let expected: Vec<String> = (0..4).map(|n| format!("{} {n}", people::WORDS)).collect();
    assert_eq!(texts(&host).await[1..], expected);
    host.settled().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_the_provider_finds_too_late_is_parked_then_and_no_earlier() {
    let host = Host::fresh().await;
    let (ana, contact) = (claimed(&host, 1, 0).await, people::phone(1));
    // Told at once, told later, and told to who did not ask for a template.
    host.script(&contact, &[json!({ "outcome": "refuse", "status": 400, "code": 131_047 })]).await;
    let answer = |n: usize| json!({ "body": format!("{} {n}", people::WORDS), "on_window_closed": "template" });
    ana.post("/api/tickets/1/messages", answer(0)).await.expect(201);
    eventually("a template is sent", SOON, async || (host.sent().await.len() == 1).then_some(())).await;
    host.settled().await;
    let stored = messages(&ana).await;
    let of = |status: &str| stored.iter().filter(|message| message["status"] == status).count();
    assert_eq!((of("failed"), of("parked")), (1, 1), "{stored:?}");
    let failed = stored.iter().find(|message| message["status"] == "failed").unwrap();
    assert_eq!(failed["error"]["code"], 131_047);

    host.script(&contact, &[json!({ "outcome": "fail", "code": 131_047 })]).await;
    host.say(COMERCIAL, &contact).await;
    // The provider takes the released one, and reports that it was too late after all: parked once more, with a template.
    eventually("a second template is sent", SOON, async || {
        (texts(&host).await.iter().filter(|text| *text == "continue_conversation").count() == 2).then_some(())
    })
    .await;
    host.say(COMERCIAL, &contact).await;
    eventually("the answer is sent at last", SOON, async || {
        (messages(&ana).await.iter().any(|message| message["status"] == "read" && message["type"] == "text"))
            .then_some(())
    })
    .await;
    host.settled().await;
    let accepted = texts(&host).await;
    assert_eq!(accepted.iter().filter(|text| text.ends_with(" 0")).count(), 2, "{accepted:?}");

    host.script(&contact, &[json!({ "outcome": "fail", "code": 131_047 })]).await;
    ana.post("/api/tickets/1/messages", json!({ "body": people::words(9) })).await.expect(201);
    eventually("it has failed", SOON, async || {
        let last = messages(&ana).await.pop().unwrap();
        (last["status"] == "failed" && last["error"]["code"] == 131_047).then_some(())
    })
    .await;
    host.settled().await;
    assert_eq!(host.sent().await.len(), accepted.len() + 1);
}

/// Ana, who has claimed the ticket of a person whose only message is so many hours old.
async fn claimed(host: &Host, person: usize, hours: i64) -> Session {
    host.post_whatsapp(&said(&people::phone(person), hours)).await.expect(200);
    let ana = host.agent("ana");
    eventually("the templates are read", SOON, async || {
        let list = ana.get("/api/connections/comercial/templates").await.expect(200);
        (list["templates"].as_array().unwrap().len() == 6 && list["synced_at"].is_string()).then_some(())
    })
    .await;
    host.settled().await;
    ana.post("/api/tickets/1/claim", json!({})).await.expect(200);
    ana
}

/// A message that was written so many hours ago.
pub(crate) fn said(from: &str, hours: i64) -> Value {
    let mut text = cloud_api::text(from, &people::message_id(), &people::words(1));
    let at = runtime::clock::now() - SignedDuration::from_hours(hours);
    text["timestamp"] = at.as_second().to_string().into();
    cloud_api::body(&[cloud_api::messages(COMERCIAL, &[text])])
}

async fn messages(agent: &Session) -> Vec<Value> {
    serde_json::from_value(agent.get("/api/tickets/1/messages").await.expect(200)).unwrap()
}

async fn state(agent: &Session, place: usize, expected: &str) {
    eventually(expected, SOON, async || (messages(agent).await[place]["status"] == expected).then_some(())).await;
}

/// What the provider took: the words of a text, the name of a template.
async fn texts(host: &Host) -> Vec<String> {
    let said = |sent: &Value| {
        let body = &sent["body"];
        body["text"]["body"].as_str().or(body["template"]["name"].as_str()).unwrap().to_owned()
    };
    host.sent().await.iter().map(said).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_template_that_is_paused_by_webhook_is_offered_to_nobody() {
    let host = Host::fresh().await;
    let ana = claimed(&host, 1, 25).await;
    let tell = async |field: &str, mut value: Value| {
        value["message_template_id"] = json!(900_000_000_000_001_u64);
        value["message_template_name"] = json!("continue_conversation");
        value["message_template_language"] = json!("pt_BR");
        host.post_whatsapp(&cloud_api::body(&[json!({ "field": field, "value": value })])).await.expect(200);
    };
    tell("message_template_status_update", json!({ "event": "PAUSED", "reason": "NONE" })).await;
    tell("message_template_quality_update", json!({ "new_quality_score": "RED" })).await;
    let paused = eventually("both are noted", SOON, async || {
        let list = ana.get("/api/connections/comercial/templates").await.expect(200)["templates"].take();
        let named =
            list.as_array().unwrap().iter().find(|template| template["name"] == "continue_conversation").cloned();
        named.filter(|template| template["status"] == "PAUSED" && template["quality"] == "RED")
    })
    .await;
    assert_eq!(paused["language"], "pt_BR");
    // It was the only one that needs nothing filled in.
    let answer = json!({ "body": people::words(2), "on_window_closed": "template" });
    assert_eq!(ana.post("/api/tickets/1/messages", answer).await.expect(400)["field"], "template");
    // Read anew from the provider, it is as it was.
    host.agent("carla").post("/api/connections/comercial/templates/sync", json!({})).await.expect(202);
    let answer = json!({ "body": people::words(2), "on_window_closed": "template" });
    eventually("it is approved again", SOON, async || {
        (ana.post("/api/tickets/1/messages", answer.clone()).await.status == 201).then_some(())
    })
    .await;
}
