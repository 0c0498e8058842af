//! The main job, once through: a message, a ticket, a claim, an answer, and the answer read.

use domain::conversation::Mode;
use domain::ids::{ConnectionId, ContactId, ConversationId};
use serde_json::{Value, json};

use crate::world::cloud_api::COMERCIAL;
use crate::world::{Host, SOON, Session, demo, eventually, people};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_becomes_ticket_1_that_an_agent_claims_and_whose_answer_is_read() {
    let host = Host::fresh().await;
    let ana = host.agent("ana");
    let said_at = runtime::clock::now();
    host.say(COMERCIAL, &people::phone(1)).await;
    let ticket = listed(&ana).await;
    is_new(&ticket);
    let expires_at: jiff::Timestamp = ticket["windowExpiresAt"].as_str().unwrap().parse().unwrap();
    let window = expires_at.duration_since(said_at).as_secs();
    assert!((86_390..=86_400).contains(&window), "{window}");
    let id = |name: &str| ticket[name].as_str().unwrap().to_owned();
    let conversation = ConversationId::new(id("conversationId")).unwrap();
    let contact = ContactId::new(id("contactId")).unwrap();
    assert_eq!(conversation, ConversationId::of(&ConnectionId::new("comercial").unwrap(), &contact));
    let stored = host.storage().await.conversation(&demo(), &conversation).await.unwrap().unwrap();
    assert_eq!((stored.mode, stored.in_seq), (Mode::Agent, 1));

    let waiting = ana.get("/api/tickets/queue").await.expect(200);
    assert_eq!(waiting.as_array().map(Vec::len), Some(1));
    assert_eq!((&waiting[0]["id"], &waiting[0]["status"]), (&json!(1), &json!("pending")));
    let claimed = ana.post("/api/tickets/1/claim", json!({})).await.expect(200);
    assert_eq!((&claimed["agent_id"], &claimed["status"]), (&json!("ana"), &json!("assigned")));
    assert_eq!(ana.get("/api/tickets/queue").await.expect(200), json!([]));
    assert_eq!(ana.get("/api/tickets/my-tickets").await.expect(200)[0]["id"], 1);

    let answer = ana.post("/api/tickets/1/messages", json!({ "body": people::words(2) })).await.expect(201);
    assert_eq!((&answer["status"], &answer["from_me"]), (&json!("queued"), &json!(true)));
    let messages = eventually("the answer is read", SOON, async || {
        let messages = ana.get("/api/tickets/1/messages").await.expect(200);
        (messages[1]["status"] == "read").then_some(messages)
    })
    .await;
    assert_eq!((&messages[0]["body"], &messages[0]["from_me"]), (&json!(people::words(1)), &json!(false)));
    assert_eq!((&messages[1]["body"], &messages[1]["agent_id"]), (&json!(people::words(2)), &json!("ana")));
    assert!(messages[1]["provider_message_id"].as_str().unwrap().starts_with("wamid."));

    answered(&ana).await;
    let statistics = ana.get("/api/tickets/stats").await.expect(200);
    assert_eq!(statistics, json!({ "total": 1, "byStatus": { "in_progress": 1 }, "byPriority": { "medium": 1 } }));
    reads_by_every_name(&ana, &ticket).await;
}

async fn listed(agent: &Session) -> Value {
    eventually("the ticket is listed", SOON, async || {
        let list = agent.get("/api/tickets?page=1&limit=10").await.expect(200);
        assert_eq!(list["pagination"]["limit"], 10);
        (list["pagination"]["total"] == 1).then(|| list["tickets"][0].clone()).filter(Value::is_object)
    })
    .await
}

fn is_new(ticket: &Value) {
    for (name, expected) in [
        ("ticketNumber", json!(1)),
        ("status", json!("new")),
        ("priority", json!("medium")),
        ("source", json!("customer")),
        ("channel", json!("whatsapp")),
        ("organizationId", json!("demo")),
        ("phoneId", json!("comercial")),
        ("queueId", json!("sales")),
        ("title", json!(people::words(1))),
        ("contactName", json!(people::NAME)),
        ("contactPhone", json!(people::phone(1))),
        ("unreadCount", json!(1)),
        ("assignedAgent", Value::Null),
    ] {
        assert_eq!(ticket[name], expected, "{name}");
    }
}

/// The history in S1's dialect, and the clock that the answer stopped.
async fn answered(agent: &Session) {
    let data = agent.get("/api/v2/tickets/1").await.expect(200)["data"].take();
    assert_eq!((&data["status"], &data["canonicalStatus"]), (&json!("in_progress"), &json!("in_progress")));
    assert_eq!(data["sla"]["firstResponseMet"], true);
    let history: Vec<[&Value; 4]> = data["statusHistory"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| [&row["from"], &row["to"], &row["changedBy"], &row["changedByType"]])
        .collect();
    let (new, progress) = (json!("new"), json!("in_progress"));
    let (ana, person) = (json!("ana"), json!("Agent"));
    assert_eq!(
        history,
        [
            [&Value::Null, &new, &Value::Null, &json!("Customer")],
            [&new, &progress, &ana, &person],
            [&progress, &progress, &ana, &person],
        ]
    );
}

async fn reads_by_every_name(agent: &Session, ticket: &Value) {
    let uid = ticket["uid"].as_str().unwrap();
    let year_form = ticket["ticketId"].as_str().unwrap();
    assert!(year_form.starts_with("TICKET-20") && year_form.ends_with("-000001"), "{year_form}");
    let bare = uid.strip_prefix("tkt_").unwrap();
    for name in ["1", "%231", "000001", year_form, &year_form.to_lowercase(), uid, bare, &bare.to_lowercase()] {
        assert_eq!(agent.get(&format!("/api/tickets/{name}")).await.expect(200)["uid"], uid, "{name}");
        assert_eq!(agent.get(&format!("/api/v2/tickets/{name}")).await.expect(200)["data"]["_id"], uid, "{name}");
        let messages = agent.get(&format!("/api/tickets/{name}/messages")).await.expect(200);
        assert_eq!(messages.as_array().map(Vec::len), Some(2), "{name}");
    }
    for name in ["2", "%232", "0", "TICKET-2020-000001", "tkt_01ARZ3NDEKTSV4RRFFQ69G5FAV", "nothing"] {
        agent.get(&format!("/api/tickets/{name}")).await.expect(404);
    }
}
