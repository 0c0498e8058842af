//! Who works on a ticket, what is written beside it, and what becomes of it when nobody does anything.

use domain::agent::Role;
use domain::number::TicketRef;
use domain::ticket::TicketState;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::world::cloud_api::COMERCIAL;
use crate::world::{Host, Session, agent, demo, load, people};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn made_assigned_resolved_and_closed_leaves_four_rows_of_history() {
    let host = one_ticket().await;
    let carla = host.agent("carla");
    let assigned = carla.put("/api/v2/tickets/1/assign", json!({ "agentId": "ana" })).await.expect(200);
    assert_eq!(
        (&assigned["data"]["status"], &assigned["data"]["assignedAgent"]),
        (&json!("in_progress"), &json!("ana"))
    );
    let ana = host.agent("ana");
    for status in ["resolved", "closed"] {
        let body = json!({ "status": status, "reason": "done", "resolutionNotes": "sent again" });
        ana.put("/api/v2/tickets/1/status", body).await.expect(200);
    }
    let data = ana.get("/api/v2/tickets/1").await.expect(200)["data"].take();
    let steps: Vec<_> =
        data["statusHistory"].as_array().unwrap().iter().map(|row| (&row["from"], &row["to"])).collect();
    let (new, work, resolved, closed) = (json!("new"), json!("in_progress"), json!("resolved"), json!("closed"));
    assert_eq!(steps, [(&Value::Null, &new), (&new, &work), (&work, &resolved), (&resolved, &closed)]);
    assert_eq!(data["resolutionNotes"], "sent again");
    let assignments = data["assignmentHistory"].as_array().unwrap();
    assert_eq!((assignments.len(), &assignments[0]["agent"]), (1, &json!("ana")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s1_gives_what_waits_and_s4_gives_on_what_somebody_has() {
    let host = one_ticket().await;
    let (ana, bruno, carla) = (host.agent("ana"), host.agent("bruno"), host.agent("carla"));
    let (s1, s4) = ("/api/v2/tickets/1/assign", "/api/tickets/1/assign");
    let error = async |agent: &Session, body: Value, code: u16| agent.put(s1, body).await.expect(code)["error"].take();
    assert_eq!(error(&carla, json!({}), 400).await, "agentId is required");
    assert_eq!(error(&carla, json!({ "agentId": "nobody" }), 400).await, "Agent not found or inactive");
    assert_eq!(
        error(&ana, json!({ "agentId": "bruno" }), 403).await,
        "only a supervisor or an admin may give tickets to others"
    );
    ana.put(s1, json!({ "agent_id": "ana" })).await.expect(200);
    assert_eq!(error(&carla, json!({ "agentId": "bruno" }), 400).await, "Cannot assign ticket in status: in_progress");

    let storage = host.storage().await;
    agent(&storage, &demo(), "5", Role::Agent, &["sales"], 1).await;
    let given = carla.post(s4, json!({ "agent_id": 5, "reason": "overflow" })).await.expect(200);
    assert_eq!((&given["status"], &given["agent_id"]), (&json!("assigned"), &json!("5")));
    assert_eq!(bruno.post(s4, json!({ "agent_id": "bruno" })).await.status, 404);
    assert_eq!(carla.post(s4, json!({ "agent_id": 5 })).await.expect(409)["code"], "already_assigned");
    host.say(COMERCIAL, &people::phone(2)).await;
    host.settled().await;
    let full = carla.post("/api/tickets/2/assign", json!({ "agent_id": 5 })).await.expect(409);
    assert_eq!(full["code"], "at_capacity");
    assert_eq!((load(&storage, "5").await, load(&storage, "ana").await), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_look_opens_a_ticket_and_a_note_is_told_once_for_a_key() {
    let host = one_ticket().await;
    let (ana, bruno) = (host.agent("ana"), host.agent("bruno"));
    assert_eq!(ana.get("/api/v2/tickets").await.expect(200)["data"][0]["status"], "new");
    assert_eq!(ana.get("/api/v2/tickets/1").await.expect(200)["data"]["status"], "open");
    assert_eq!(
        bruno.get("/api/v2/tickets/1").await.expect(200)["data"]["statusHistory"].as_array().map(Vec::len),
        Some(2)
    );
    let notes = "/api/v2/tickets/1/notes";
    assert_eq!(ana.put(notes, json!({})).await.expect(400)["error"], "content is required");
    assert_eq!(
        ana.put("/api/v2/tickets/9/notes", json!({ "content": "x" })).await.expect(404)["error"],
        "Ticket not found"
    );
    let body = json!({ "content": people::words(7), "isVisible": true });
    let first = ana.keyed(notes, "note-1", &body).await.expect(200);
    assert_eq!(ana.keyed(notes, "note-1", &body).await.expect(200), first);
    assert_eq!(
        ana.keyed(notes, "note-1", &json!({ "content": "y" })).await.expect(422)["code"],
        "idempotency_key_reused"
    );
    // Another agent's key of the same name is another key.
    bruno.keyed(notes, "note-1", &json!({ "content": people::words(8) })).await.expect(200);
    let told = ana.get("/api/v2/tickets/1").await.expect(200)["data"]["internalNotes"].take();
    let told: Vec<_> = told.as_array().unwrap().iter().map(|note| (&note["agent"], &note["isVisible"])).collect();
    assert_eq!(told, [(&json!("ana"), &json!(true)), (&json!("bruno"), &json!(false))]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resolved_ticket_closes_after_a_day_of_silence_and_frees_its_conversation() {
    let host = one_ticket().await;
    let ana = host.agent("ana");
    ana.post("/api/tickets/1/claim", json!({})).await.expect(200);
    ana.put("/api/v2/tickets/1/status", json!({ "status": "resolved" })).await.expect(200);
    fire(&host, 23).await;
    assert_eq!(state(&host).await, TicketState::Resolved);
    fire(&host, 25).await;
    assert_eq!(state(&host).await, TicketState::Closed);
    let data = ana.get("/api/v2/tickets/1").await.expect(200)["data"].take();
    let last = data["statusHistory"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["to"], &last["changedByType"]), (&json!("closed"), &json!("System")));
    let conversation = domain::ids::ConversationId::new(data["conversationId"].as_str().unwrap()).unwrap();
    let conversation = host.storage().await.conversation(&demo(), &conversation).await.unwrap().unwrap();
    assert_eq!((conversation.slot, conversation.generation), (None, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_tickets_are_listed_is_for_who_may_see_them() {
    let host = one_ticket().await;
    host.say(COMERCIAL, &people::phone(2)).await;
    host.settled().await;
    let (ana, carla) = (host.agent("ana"), host.agent("carla"));
    ana.post("/api/tickets/1/claim", json!({})).await.expect(200);
    let own = ana.get("/api/v2/tickets/agent/ana").await.expect(200);
    assert_eq!((&own["count"], &own["data"][0]["ticketNumber"]), (&json!(1), &json!(1)));
    assert_eq!(carla.get("/api/v2/tickets/agent/ana").await.expect(200)["count"], 1);
    assert_eq!(host.agent("bruno").get("/api/v2/tickets/agent/ana").await.expect(403)["success"], false);
    let customer = format!("/api/v2/tickets/customer/{}", people::phone(1));
    assert_eq!(ana.get(&customer).await.expect(200)["data"][0]["ticketNumber"], 1);
    assert_eq!(host.agent("bruno").get(&customer).await.expect(200)["data"], json!([]));
    assert_eq!(ana.get("/api/v2/tickets/customer/ctc_1").await.expect(404)["error"], "Customer not found");
    let numbers = async |query: &str| -> Vec<Value> {
        let all = carla.get(&format!("/api/tickets/all{query}")).await.expect(200);
        all.as_array().unwrap().iter().map(|ticket| ticket["id"].clone()).collect()
    };
    assert_eq!(numbers("").await, [2, 1]);
    assert_eq!(numbers("?status=pending&priority=medium").await, [2]);
    assert_eq!(numbers("?status=assigned").await, [1]);
    assert_eq!(numbers("?priority=urgent").await, [] as [Value; 0]);
    assert_eq!(carla.get("/api/tickets/all?status=new").await.expect(400)["field"], "status");
    ana.get("/api/tickets/all").await.expect(403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_gets_ten_tickets_an_hour_by_hand() {
    let host = one_ticket().await;
    let ana = host.agent("ana");
    let contact = ana.get("/api/tickets/1").await.expect(200)["contactId"].take();
    let body = json!({ "customerId": contact, "title": people::words(3), "description": people::words(4) });
    for n in 0..9 {
        let made = ana.keyed("/api/v2/tickets", &format!("made-{n}"), &body).await.expect(201);
        assert_eq!(ana.keyed("/api/v2/tickets", &format!("made-{n}"), &body).await.expect(201), made);
    }
    // The one that the contact opened itself is among the ten that are not done.
    assert_eq!(ana.post("/api/v2/tickets", body.clone()).await.expect(409)["code"], "too_many_open_tickets");
    let resolve = json!({ "status": "in_progress" });
    ana.put("/api/v2/tickets/2/status", resolve).await.expect(200);
    ana.put("/api/v2/tickets/2/status", json!({ "status": "resolved" })).await.expect(200);
    ana.post("/api/v2/tickets", body.clone()).await.expect(201);
    let refused = ana.post("/api/v2/tickets", body).await.expect(429);
    assert_eq!(refused["error"], "Too many tickets created. Please try again later.");
    assert_eq!(host.storage().await.ticket_count(&demo()).await.unwrap(), 11);
}

/// A host with a first ticket.
async fn one_ticket() -> Host {
    let host = Host::fresh().await;
    host.say(COMERCIAL, &people::phone(1)).await;
    host.settled().await;
    host
}

/// Runs the scan as its schedule would that many hours from now.
async fn fire(host: &Host, hours: i64) {
    let at = runtime::clock::now() + SignedDuration::from_hours(hours);
    host.command(&["fire", "sla-scan", "--at", &at.to_string()]);
    host.settled().await;
}

async fn state(host: &Host) -> TicketState {
    host.storage().await.find_ticket(&demo(), &TicketRef::Number(1)).await.unwrap().unwrap().state
}
