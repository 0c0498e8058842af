//! What agents and programs meet between a first ticket and the count of its message: milliseconds, or half a minute after a crash.
//! The ticket is there, and its conversation is not written yet. Source: docs/adr/0003-ingest-order.md.

use serde_json::{Value, json};

use crate::world::cloud_api::COMERCIAL;
use crate::world::{Host, Session, people};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_sees_the_ticket_sees_its_conversation_message_and_contact() {
    let (host, ids) = uncounted().await;
    let (ana, bruno) = (host.agent("ana"), host.agent("bruno"));
    let conversation = format!("/v3/conversations/{}", ids.conversation);
    let shown = ana.get(&conversation).await.expect(200);
    assert_eq!((&shown["ticket_id"], &shown["contact_id"]), (&json!(ids.ticket), &json!(ids.contact)));
    assert_eq!(shown["connection_id"], "comercial");
    assert!(shown["window_expires_at"].is_string(), "{shown}");
    let contact = ana.get(&format!("/v3/contacts/{}", ids.contact)).await.expect(200);
    assert_eq!(contact["conversation_ids"], json!([ids.conversation]));
    let paths = [
        conversation.clone(),
        format!("{conversation}/messages"),
        format!("/v3/messages/{}", ids.message),
        format!("/v3/contacts/{}", ids.contact),
    ];
    for path in &paths {
        ana.get(path).await.expect(200);
        host.agent("carla").get(path).await.expect(200);
        host.agent("dora").get(path).await.expect(200);
    }
    assert_eq!(ana.get(&paths[1]).await.expect(200)["data"][0]["id"], json!(ids.message));
    let media = ana.get(&format!("/v3/messages/{}/media", ids.message)).await.expect(404);
    assert!(!media["detail"].as_str().unwrap().contains("Message not found"), "{media}");
    // What is somebody else's stays somebody else's.
    ana.post("/v3/tickets/1/claim", json!({})).await.expect(200);
    for path in &paths {
        bruno.get(path).await.expect(404);
    }
    for mark in ["read", "typing"] {
        ana.post(&format!("{conversation}/{mark}"), json!({})).await.expect(204);
    }
    let made = json!({ "contact_id": ids.contact, "conversation_id": ids.conversation, "title": "Troca", "description": people::words(3) });
    ana.post("/v3/tickets", made).await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_may_report_what_the_customer_said() {
    for named in ["conversation_id", "phone"] {
        let (host, ids) = uncounted().await;
        let bot = host.signed_in(host.command(&["key", "create", "--name", "bot"]));
        let arguments = json!({ "title": "Pedido", "description": people::words(2) }).to_string();
        let call = json!({ "id": "c", "type": "function", "function": { "name": "create_ticket_report", "arguments": arguments } });
        let name = if named == "phone" { people::phone(1) } else { ids.conversation };
        let answer =
            bot.post("/v3/assistant/tool-calls", json!({ named: name, "tool_calls": [call] })).await.expect(200);
        let output: Value = serde_json::from_str(answer["tool_outputs"][0]["output"].as_str().unwrap()).unwrap();
        assert!(output["ticketId"].as_str().is_some_and(|id| id.ends_with("-000001")), "{named}: {output}");
        assert_eq!(host.agent("ana").get("/v3/tickets/1").await.expect(200)["title"], "Pedido");
    }
}

/// What the ticket of an uncounted message leads to.
struct Ids {
    ticket: String,
    conversation: String,
    contact: String,
    message: String,
}

/// A host to which person 1 has written, as a crash before the message's count leaves it.
async fn uncounted() -> (Host, Ids) {
    let host = Host::fresh().await;
    host.say(COMERCIAL, &people::phone(1)).await;
    host.settled().await;
    let ids = ids(&host.agent("ana")).await;
    let key = json!({ "pk": { "S": format!("ORG#demo#CNV#{}", ids.conversation) }, "sk": { "S": "STATE" } });
    let request = json!({ "TableName": host.table_name().await, "Key": key, "ReturnValues": "ALL_OLD" });
    let deleted = host.aws("DynamoDB_20120810.DeleteItem", &request).await;
    assert_eq!(deleted["Attributes"]["in_seq"]["N"], "1", "{deleted}");
    (host, ids)
}

async fn ids(agent: &Session) -> Ids {
    let mut ticket = agent.get("/v3/tickets/1").await.expect(200);
    let mut messages = agent.get("/v3/tickets/1/messages").await.expect(200);
    let text = |value: Value| value.as_str().unwrap().to_owned();
    Ids {
        ticket: text(ticket["id"].take()),
        conversation: text(ticket["conversation_id"].take()),
        contact: text(ticket["contact"]["id"].take()),
        message: text(messages["data"][0]["id"].take()),
    }
}
