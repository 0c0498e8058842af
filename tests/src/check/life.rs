//! A day at the demo organization in which nearly everything happens that the product can do.
//!
//! | ticket | is |
//! |---|---|
//! | 1 | person 1 on `comercial`: three messages, claimed and answered by ana, in progress |
//! | 2 | person 2 on `comercial`: claimed and cancelled by bruno |
//! | 3 | person 2 again: new, follows ticket 2 |
//! | 4 | person 1 on `suporte`: new |
//! | 5 | person 3 on `comercial`: answered, resolved and closed by ana, reopened by a message, claimed and answered again |
//! | 6 | made by ana in the conversation of ticket 1, urgent, and closed |
//! | 7 | person 4 over the Baileys gateway: claimed by bruno |
//! | 8 | made by ana without a conversation, and held by her |

use serde_json::{Value, json};

use crate::world::cloud_api::{self, COMERCIAL, SUPORTE};
use crate::world::{Host, SOON, Session, baileys, eventually, people};

/// Leads the life, and waits until everything has come to rest.
pub(super) async fn lead(host: &Host) {
    let (ana, bruno) = (host.agent("ana"), host.agent("bruno"));
    say(host, COMERCIAL, 1).await;
    claim(&ana, 1).await;
    let mut text = cloud_api::text(&people::phone(1), &people::message_id(), &people::words(9));
    host.post_whatsapp(&cloud_api::body(&[cloud_api::messages(COMERCIAL, &[text.clone()])])).await.expect(200);
    host.settled().await;
    say(host, COMERCIAL, 1).await;
    // The same message once more, in a form that the queue does not know.
    text["context"] = json!({});
    host.post_whatsapp(&cloud_api::body(&[cloud_api::messages(COMERCIAL, &[text])])).await.expect(200);
    answer(&ana, 1).await;
    say(host, COMERCIAL, 2).await;
    claim(&bruno, 2).await;
    move_to(&bruno, 2, "cancelled").await;
    say(host, COMERCIAL, 2).await;
    say(host, SUPORTE, 1).await;
    say(host, COMERCIAL, 3).await;
    claim(&ana, 5).await;
    answer(&ana, 5).await;
    move_to(&ana, 5, "pending_customer").await;
    say(host, COMERCIAL, 3).await;
    move_to(&ana, 5, "resolved").await;
    move_to(&ana, 5, "closed").await;
    say(host, COMERCIAL, 3).await;
    claim(&ana, 5).await;
    answer(&ana, 5).await;
    let made = make(&ana, 1, true).await;
    assert_eq!(made, 6);
    move_to(&ana, made, "in_progress").await;
    move_to(&ana, made, "resolved").await;
    move_to(&ana, made, "closed").await;
    silent(host).await;
    host.settled().await;
    claim(&bruno, 7).await;
    assert_eq!(make(&ana, 1, false).await, 8);
    // Everything that has four hours or less is late by then, and nothing that has days.
    let at = runtime::clock::now() + jiff::SignedDuration::from_hours(5);
    let fired: Value = serde_json::from_str(&host.command(&["fire", "sla-scan", "--at", &at.to_string()])).unwrap();
    assert_eq!(fired["breaches"], 3, "{fired}");
    for ticket in [1, 5] {
        eventually("the answers are read", SOON, async || {
            let messages = ana.get(&format!("/api/tickets/{ticket}/messages")).await.expect(200);
            let ours = messages.as_array().unwrap().iter().filter(|message| message["from_me"] == true).cloned();
            ours.map(|message| message["status"].clone()).all(|status| status == "read").then_some(())
        })
        .await;
    }
    host.settled().await;
}

/// What is stored and opens nothing: a reaction, an echo, a report on a stranger's message, and what nobody understands; and a
/// first message over the gateway.
async fn silent(host: &Host) {
    let reaction = json!({ "reactionMessage": { "text": "👍", "key": { "id": "3EB0" } } });
    let hello = json!({ "conversation": people::words(4) });
    let messages = [
        baileys::message(&people::phone(4), "3EB0A1", &hello),
        baileys::message(&people::phone(4), "3EB0A2", &reaction),
    ];
    host.post_baileys(baileys::TOKEN, &baileys::upsert("notify", &messages)).await.expect(200);
    let mut echo = baileys::message(&people::phone(4), "3EB0A3", &hello);
    echo["key"]["fromMe"] = json!(true);
    host.post_baileys(baileys::TOKEN, &baileys::upsert("append", &[echo])).await.expect(200);
    let report = cloud_api::status(COMERCIAL, &json!(people::message_id()), "read", &people::phone(9));
    host.post_whatsapp(&cloud_api::body(&[report])).await.expect(200);
    let stranger = cloud_api::text(&people::phone(5), &people::message_id(), &people::words(5));
    host.post_whatsapp(&cloud_api::body(&[cloud_api::messages("100000000000077", &[stranger])])).await.expect(200);
}

async fn say(host: &Host, number: &str, person: usize) {
    host.say(number, &people::phone(person)).await;
    host.settled().await;
}

async fn claim(agent: &Session, ticket: u64) {
    agent.post(&format!("/api/tickets/{ticket}/claim"), json!({})).await.expect(200);
}

async fn answer(agent: &Session, ticket: u64) {
    let body = json!({ "body": people::words(2) });
    agent.post(&format!("/api/tickets/{ticket}/messages"), body).await.expect(201);
}

async fn move_to(agent: &Session, ticket: u64, state: &str) {
    let body = json!({ "status": state, "reason": "journey" });
    agent.put(&format!("/api/v2/tickets/{ticket}/status"), body).await.expect(200);
}

/// An urgent ticket of the contact of another, within its conversation or without one; its number.
async fn make(agent: &Session, of: u64, in_conversation: bool) -> u64 {
    let ticket = agent.get(&format!("/api/tickets/{of}")).await.expect(200);
    let mut wanted = json!({
        "customerId": ticket["contactId"], "priority": if in_conversation { "urgent" } else { "low" },
        "title": people::words(3), "description": people::words(4),
    });
    if in_conversation {
        wanted["conversationId"] = ticket["conversationId"].clone();
    }
    let made = agent.post("/api/v2/tickets", wanted).await.expect(201);
    made["data"]["ticketNumber"].as_u64().unwrap()
}
