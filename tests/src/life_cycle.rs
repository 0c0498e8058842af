//! What agents and contacts do to a ticket's state, and what is refused, in S1's words.

use domain::number::TicketRef;
use domain::ticket::TicketState;
use serde_json::{Value, json};

use crate::world::cloud_api::COMERCIAL;
use crate::world::{Host, Session, demo, people};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_wakes_a_ticket_that_waits_or_is_done() {
    let host = Host::fresh().await;
    let ana = host.claimed(1).await;
    move_to(&ana, "pending_customer").await;
    assert_eq!(after_a_message(&host).await, (TicketState::InProgress, 0));
    move_to(&ana, "resolved").await;
    assert_eq!(after_a_message(&host).await, (TicketState::Reopened, 1));
    ana.post("/api/tickets/1/claim", json!({})).await.expect(200);
    move_to(&ana, "resolved").await;
    move_to(&ana, "closed").await;
    assert_eq!(after_a_message(&host).await, (TicketState::Reopened, 2));
    assert_eq!(host.storage().await.ticket_count(&demo()).await.unwrap(), 1);

    let data = ana.get("/api/v2/tickets/1").await.expect(200)["data"].take();
    assert_eq!((&data["reopenCount"], &data["assignedAgent"]), (&json!(2), &Value::Null));
    let last = data["statusHistory"].as_array().unwrap().last().unwrap();
    let told = (&last["from"], &last["to"], &last["changedByType"]);
    assert_eq!(told, (&json!("closed"), &json!("reopened"), &json!("Customer")));
    assert_eq!(ana.get("/api/tickets/stats").await.expect(200)["byStatus"], json!({ "open": 1 }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_after_a_week_opens_a_new_ticket_that_names_the_old_one() {
    let host = Host::fresh().await;
    let ana = host.claimed(1).await;
    move_to(&ana, "resolved").await;
    move_to(&ana, "closed").await;
    let first = ticket(&host, 1).await;
    closed_days_ago(&host, &first, 6).await;
    host.say(COMERCIAL, &people::phone(1)).await;
    host.settled().await;
    assert_eq!(ticket(&host, 1).await.state, TicketState::Reopened);

    ana.post("/api/tickets/1/claim", json!({})).await.expect(200);
    move_to(&ana, "resolved").await;
    move_to(&ana, "closed").await;
    closed_days_ago(&host, &first, 8).await;
    host.say(COMERCIAL, &people::phone(1)).await;
    host.say(COMERCIAL, &people::phone(1)).await;
    host.settled().await;
    let second = ticket(&host, 2).await;
    assert_eq!((second.state, second.previous), (TicketState::New, Some(first.id)));
    assert_eq!(ticket(&host, 1).await.state, TicketState::Closed);
    assert_eq!(host.storage().await.ticket_count(&demo()).await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_is_told_in_the_words_of_the_dialect() {
    let host = Host::fresh().await;
    host.say(COMERCIAL, &people::phone(1)).await;
    host.settled().await;
    let (ana, bruno) = (host.agent("ana"), host.agent("bruno"));
    let status = "/api/v2/tickets/1/status";
    let check = async |agent: &Session, path: &str, body: Value, code: u16, error: &str| {
        let refused = agent.put(path, body).await.expect(code);
        assert_eq!((&refused["success"], &refused["error"]), (&json!(false), &json!(error)));
    };
    let to = |state: &str| json!({ "status": state });
    let from_new = "Invalid transition from new to closed. Valid transitions: open, cancelled";
    check(&ana, status, to("closed"), 400, from_new).await;
    check(&ana, status, to("done"), 400, "Invalid status: done").await;
    check(&ana, status, json!({}), 400, "status is required").await;
    check(&ana, "/api/v2/tickets/2/status", to("open"), 404, "Ticket not found").await;
    ana.post("/api/tickets/1/messages", json!({ "body": people::words(2) })).await.expect(409);
    ana.post("/api/tickets/1/claim", json!({})).await.expect(200);
    let from_progress =
        "Invalid transition from in_progress to closed. Valid transitions: pending_customer, resolved, cancelled";
    check(&ana, status, to("closed"), 400, from_progress).await;
    // A colleague of the queue may learn who has it when claiming, and sees nothing else of it.
    check(&bruno, status, to("resolved"), 404, "Ticket not found").await;
    assert_eq!(bruno.post("/api/tickets/1/claim", json!({})).await.expect(409)["agent_id"], "ana");
    move_to(&host.agent("carla"), "cancelled").await;
    check(&ana, status, to("open"), 400, "Invalid transition from cancelled to open. Valid transitions: none").await;

    let create = async |body: Value, code: u16| ana.post("/api/v2/tickets", body).await.expect(code)["error"].take();
    let missing = "Missing required fields: customerId, title, description";
    assert_eq!(create(json!({}), 400).await, missing);
    assert_eq!(create(json!({ "customerId": "ctc_1", "title": "Pedido" }), 400).await, missing);
    let unknown = json!({ "customerId": "ctc_1", "title": "Pedido", "description": "Não chegou ainda" });
    assert_eq!(create(unknown, 404).await, "Customer not found");
    assert_eq!(ana.get("/api/v2/tickets/77").await.expect(404)["error"], "Ticket not found");
}

async fn move_to(agent: &Session, state: &str) {
    let body = json!({ "status": state, "reason": "journey" });
    let moved = agent.put("/api/v2/tickets/1/status", body).await.expect(200);
    assert_eq!(moved["data"]["canonicalStatus"], state);
}

/// The first ticket's state and how often it was reopened, after one more message of its contact.
async fn after_a_message(host: &Host) -> (TicketState, u32) {
    host.say(COMERCIAL, &people::phone(1)).await;
    host.settled().await;
    let ticket = ticket(host, 1).await;
    (ticket.state, ticket.reopen_count)
}

async fn ticket(host: &Host, number: u64) -> domain::ticket::Ticket {
    host.storage().await.find_ticket(&demo(), &TicketRef::Number(number)).await.unwrap().unwrap()
}

/// Moves the moment at which a ticket was closed into the past: the one thing here that no caller of the product can do.
async fn closed_days_ago(host: &Host, ticket: &domain::ticket::Ticket, days: i64) {
    let at = runtime::clock::now() - jiff::SignedDuration::from_hours(24 * days);
    let key = json!({ "pk": { "S": format!("ORG#demo#TKT#{}", ticket.id) }, "sk": { "S": "TICKET" } });
    let request = json!({
        "TableName": host.table_name().await, "Key": key, "ConditionExpression": "attribute_exists(closed)",
        "UpdateExpression": "SET closed = :at",
        "ExpressionAttributeValues": { ":at": { "N": at.as_millisecond().to_string() } },
    });
    host.aws("DynamoDB_20120810.UpdateItem", &request).await;
}
