//! The SLA alarm: told once for what is late, never for what is not (invariant I8).

use serde_json::{Value, json};

use crate::world::cloud_api::COMERCIAL;
use crate::world::{Host, SOON, Session, eventually, people};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_urgent_ticket_without_an_answer_raises_one_alarm_and_an_answered_one_none() {
    let host = Host::fresh().await;
    let (ana, bruno) = (host.agent("ana"), host.agent("bruno"));
    host.say(COMERCIAL, &people::phone(1)).await;
    host.settled().await;
    let late = urgent(&ana).await;
    let answered = urgent(&bruno).await;
    let path = format!("/api/tickets/{answered}/messages");
    bruno.post(&path, json!({ "body": people::words(2) })).await.expect(201);
    assert_eq!(fire(&host, 14), json!({ "tickets": 0, "breaches": 0 }));
    assert_eq!(alarms(&host).await, [] as [Value; 0]);

    assert_eq!(fire(&host, 16), json!({ "tickets": 1, "breaches": 1 }));
    let alarms_of_16 = alarms(&host).await;
    assert_eq!(alarms_of_16.len(), 1, "{alarms_of_16:?}");
    let data = &alarms_of_16[0]["data"];
    assert_eq!((&data["breachType"], &data["ticketNumber"]), (&json!("first_response"), &late));
    assert_eq!(data["assignedAgent"], "ana");

    for minutes in [16, 17, 60] {
        assert_eq!(fire(&host, minutes), json!({ "tickets": 0, "breaches": 0 }), "{minutes}");
    }
    assert_eq!(alarms(&host).await, [] as [Value; 0]);
    let sla = ana.get(&format!("/api/v2/tickets/{late}")).await.expect(200)["data"]["sla"].take();
    assert!(sla["firstResponseBreachAt"].is_string() && sla["breachAlertSent"] == true, "{sla}");

    // Four hours are an urgent ticket's time for the resolution, whether it was answered or not, and a first ticket's of
    // medium priority for the first answer.
    assert_eq!(fire(&host, 4 * 60 + 1), json!({ "tickets": 3, "breaches": 3 }));
    let mut kinds: Vec<_> = alarms(&host).await.iter().map(|event| event["data"]["breachType"].clone()).collect();
    kinds.sort_by_key(ToString::to_string);
    assert_eq!(kinds, ["first_response", "resolution", "resolution"]);
}

/// A new urgent ticket of the contact's conversation, its agent being who makes it; its number.
async fn urgent(agent: &Session) -> Value {
    let first = agent.get("/api/tickets/1").await.expect(200);
    let wanted = json!({
        "customerId": first["contactId"], "conversationId": first["conversationId"], "priority": "urgent",
        "title": people::words(3), "description": people::words(4),
    });
    let made = agent.post("/api/v2/tickets", wanted).await.expect(201);
    assert_eq!((&made["data"]["priority"], &made["data"]["status"]), (&json!("urgent"), &json!("open")));
    made["data"]["ticketNumber"].clone()
}

/// Runs the scan as its schedule would that many minutes from now.
fn fire(host: &Host, minutes: i64) -> Value {
    let at = runtime::clock::now() + jiff::SignedDuration::from_mins(minutes);
    serde_json::from_str(&host.command(&["fire", "sla-scan", "--at", &at.to_string()])).unwrap()
}

/// The alarms that have been told since the last look. The stream keeps its order, so whatever came before a message that
/// is written now has been told when that message is.
async fn alarms(host: &Host) -> Vec<Value> {
    let id = host.say(COMERCIAL, &people::phone(1)).await;
    let mut events = Vec::new();
    eventually("the event of a new message", SOON, async || {
        events.extend(host.take_events("push").await);
        events
            .iter()
            .any(|event| event["data"]["messageId"].as_str().is_some_and(|name| name.ends_with(&id)))
            .then_some(())
    })
    .await;
    events.retain(|event| event["kind"] == "sla_breach_alert");
    events
}
