//! A ticket that waits for its contact: its clocks stand, and a contact who stays silent is reminded once and then given up, where the
//! organization set so (docs/requirements.md C28, invariant I8).

use domain::ids::AgentId;
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::cloud_api::COMERCIAL;
use crate::world::{Host, SOON, Session, demo, eventually, people};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clocks_stand_while_a_ticket_waits_for_its_contact() {
    let host = Host::fresh().await;
    let ana = answered(&host).await;
    let runs = ticket(&ana).await;
    assert_eq!((&runs["sla"]["paused_at"], &runs["sla"]["stood_ms"]), (&Value::Null, &json!(0)));
    wait(&ana).await;
    let waits = ticket(&ana).await;
    assert_eq!(waits["sla"]["paused_at"], waits["updated_at"]);
    assert_eq!((&waits["reminds_at"], &waits["resolves_at"]), (&Value::Null, &Value::Null));
    // Nothing is due in a year, and nothing of it is in the index.
    assert_eq!(fire(&host, at(&waits["created_at"]) + days(365)), json!({ "tickets": 0, "breaches": 0 }));
    let shown = ana.get("/api/v2/tickets/1").await.expect(200)["data"].take();
    assert_eq!((&shown["sla"]["resolutionMet"], &shown["sla"]["pausedAt"]), (&Value::Null, &waits["sla"]["paused_at"]));
    assert!(shown["customerWaitTime"].is_i64(), "{shown}");

    ana.post("/v3/tickets/1/start", json!({})).await.expect(200);
    let resumed = ticket(&ana).await;
    let stood = resumed["sla"]["stood_ms"].as_i64().unwrap();
    assert_eq!(stood, since(&resumed["updated_at"], &waits["updated_at"]));
    assert_eq!(stood, since(&resumed["sla"]["resolution"]["due_at"], &runs["sla"]["resolution"]["due_at"]));
    assert_eq!(resumed["sla"]["first_response"], runs["sla"]["first_response"], "it was answered before");
    let started = history(&ana).await.pop().unwrap();
    assert_eq!((&started["from"], &started["clocks_stood_ms"]), (&json!("pending_customer"), &json!(stood)));

    // The contact's own message ends the wait too, and no earlier than it began.
    wait(&ana).await;
    host.say(COMERCIAL, &people::phone(1)).await;
    host.settled().await;
    let woken = ticket(&ana).await;
    assert_eq!((&woken["state"], &woken["sla"]["paused_at"]), (&json!("in_progress"), &Value::Null));
    let longer = woken["sla"]["stood_ms"].as_i64().unwrap();
    assert_eq!(longer - stood, history(&ana).await.pop().unwrap()["clocks_stood_ms"].as_i64().unwrap());
    assert_eq!(longer, since(&woken["sla"]["resolution"]["due_at"], &runs["sla"]["resolution"]["due_at"]));
    // The clocks that go on are late when they are late.
    let due = at(&woken["sla"]["resolution"]["due_at"]);
    assert_eq!(fire(&host, due - SignedDuration::from_secs(1)), json!({ "tickets": 0, "breaches": 0 }));
    assert_eq!(fire(&host, due), json!({ "tickets": 1, "breaches": 1 }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_who_stays_silent_is_reminded_once_and_then_given_up() {
    let host = Host::fresh().await;
    let dora = host.agent("dora");
    let set = async |body: Value, code: u16| dora.call(Method::PATCH, "/v3/settings", Some(body)).await.expect(code);
    for (field, hours) in [("remind_after_hours", 24), ("remind_after_hours", 0), ("resolve_after_hours", 721)] {
        assert_eq!(set(json!({ field: hours }), 422).await["field"], field);
    }
    assert_eq!(set(json!({ "locale": "kk" }), 422).await["field"], "locale");
    let wanted = json!({ "remind_after_hours": 23, "resolve_after_hours": 72, "locale": "pt-BR" });
    let settings = set(wanted, 200).await;
    assert_eq!((&settings["remind_after_hours"], &settings["resolve_after_hours"]), (&json!(23), &json!(72)));
    assert_eq!(settings["locale"], "pt");
    let ana = answered(&host).await;
    wait(&ana).await;
    let waits = ticket(&ana).await;
    let (reminds, gives_up) = (at(&waits["reminds_at"]), at(&waits["resolves_at"]));
    assert_eq!(reminds + SignedDuration::from_hours(1), at(&waits["window_expires_at"]));
    assert_eq!(gives_up - SignedDuration::from_hours(72), at(&waits["sla"]["paused_at"]));

    let minute = SignedDuration::from_mins(1);
    assert_eq!(fire(&host, reminds - minute), json!({ "tickets": 0, "breaches": 0 }));
    assert_eq!(fire(&host, reminds), json!({ "tickets": 1, "breaches": 0, "reminded": 1 }));
    for later in [reminds, reminds + minute, gives_up - minute] {
        assert_eq!(fire(&host, later), json!({ "tickets": 0, "breaches": 0 }));
    }
    let reminder = eventually("the reminder is sent", SOON, async || {
        let told =
            host.sent().await.into_iter().find(|sent| sent["body"]["text"]["body"].to_string().contains("resposta"));
        told.filter(|told| told["to"] == people::phone(1))
    })
    .await;
    assert_eq!(reminder["body"]["type"], "text");
    let messages = ana.get("/v3/tickets/1/messages").await.expect(200)["data"].take();
    let ours: Vec<_> = messages.as_array().unwrap().iter().filter(|message| message["direction"] == "out").collect();
    assert_eq!(ours.len(), 2, "one answer and one reminder: {messages}");
    assert_eq!(ours.iter().filter(|message| message["agent_id"].is_null()).count(), 1, "{messages}");

    let storage = host.storage().await;
    let load = async || storage.agent(&demo(), &AgentId::new("ana").unwrap()).await.unwrap().unwrap().load;
    assert_eq!(load().await, 1);
    assert_eq!(fire(&host, gives_up), json!({ "tickets": 1, "breaches": 0, "resolved": 1 }));
    let resolved = ticket(&ana).await;
    assert_eq!((&resolved["state"], &resolved["resolves_at"]), (&json!("resolved"), &Value::Null));
    let met = ana.get("/api/v2/tickets/1").await.expect(200)["data"]["sla"]["resolutionMet"].take();
    assert_eq!((met, load().await), (json!(true), 0));
    assert_eq!(at(&resolved["closes_at"]), gives_up + SignedDuration::from_hours(24));
    let rows = history(&ana).await;
    let told: Vec<_> =
        rows.iter().rev().take(2).map(|row| (&row["kind"], &row["actor_type"], &row["reason"])).collect();
    let system = json!("system");
    assert_eq!(told[0], (&json!("ticket_state_changed"), &system, &json!("no answer from the contact")));
    assert_eq!(told[1], (&json!("contact_reminded"), &system, &Value::Null));

    // Whoever wants none of it says so; tickets that wait already go on as they began.
    let off = json!({ "remind_after_hours": null, "resolve_after_hours": null, "locale": null });
    let off = set(off, 200).await;
    assert_eq!((&off["remind_after_hours"], &off["resolve_after_hours"]), (&Value::Null, &Value::Null));
    assert_eq!(off["locale"], "es");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_who_answers_in_time_is_neither_reminded_nor_given_up() {
    let host = Host::fresh().await;
    let settings = json!({ "remind_after_hours": 23, "resolve_after_hours": 72 });
    host.agent("dora").call(Method::PATCH, "/v3/settings", Some(settings)).await.expect(200);
    let ana = answered(&host).await;
    wait(&ana).await;
    let waits = ticket(&ana).await;
    host.say(COMERCIAL, &people::phone(1)).await;
    host.settled().await;
    for moment in ["reminds_at", "resolves_at"] {
        let fired = fire(&host, at(&waits[moment]));
        assert_eq!((&fired["reminded"], &fired["resolved"]), (&Value::Null, &Value::Null), "{fired}");
    }
    assert_eq!(ticket(&ana).await["state"], "in_progress");
    assert_eq!(host.sent().await.len(), 1, "the answer alone");
}

/// Ana, who has claimed the first ticket of the first person and answered it.
async fn answered(host: &Host) -> Session {
    host.say(COMERCIAL, &people::phone(1)).await;
    host.settled().await;
    let ana = host.agent("ana");
    ana.post("/v3/tickets/1/claim", json!({})).await.expect(200);
    ana.post("/api/tickets/1/messages", json!({ "body": people::words(2) })).await.expect(201);
    ana
}

async fn wait(agent: &Session) {
    agent.post("/v3/tickets/1/wait", json!({})).await.expect(200);
}

async fn ticket(agent: &Session) -> Value {
    agent.get("/v3/tickets/1").await.expect(200)
}

async fn history(agent: &Session) -> Vec<Value> {
    serde_json::from_value(agent.get("/v3/tickets/1/history").await.expect(200)["data"].take()).unwrap()
}

/// Runs the scan as its schedule would at that time.
fn fire(host: &Host, at: Timestamp) -> Value {
    serde_json::from_str(&host.command(&["fire", "sla-scan", "--at", &at.to_string()])).unwrap()
}

fn at(time: &Value) -> Timestamp {
    time.as_str().unwrap_or_else(|| panic!("no time: {time}")).parse().unwrap()
}

fn since(later: &Value, earlier: &Value) -> i64 {
    at(later).as_millisecond() - at(earlier).as_millisecond()
}

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}
