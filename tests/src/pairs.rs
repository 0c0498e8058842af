//! Two tickets that are one piece of work, or about the same thing: merged, apart again, related (reversible, both numbers
//! resolve).

use serde_json::{Value, json};

use crate::world::cloud_api::{COMERCIAL, SUPORTE};
use crate::world::{Host, Session, people};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_goes_into_another_and_comes_out_again() {
    let host = two_of_one_contact().await;
    let (ana, carla) = (host.agent("ana"), host.agent("carla"));
    ana.post("/v3/tickets/2/claim", json!({})).await.expect(200);
    let key = "merge-1";
    let wanted = json!({ "into": year_number(&ana, 1).await, "reason": "same order" });
    let merged = ana.keyed("/v3/tickets/2/merge", key, &wanted).await.expect(200);
    let whole = ana.get("/v3/tickets/1").await.expect(200);
    assert_eq!((&merged["state"], &merged["merged_into"]), (&json!("closed"), &whole["id"]));
    assert_eq!(ana.keyed("/v3/tickets/2/merge", key, &wanted).await.expect(200), merged);
    // Both numbers go on naming their tickets, in every dialect, and both histories tell of it.
    assert_eq!(ana.get("/api/v2/tickets/2").await.expect(200)["data"]["mergedInto"], whole["id"]);
    assert_eq!(ana.get("/tickets/%232").await.expect(200)["status"], "closed");
    assert_eq!(last_kind(&ana, 2).await, "ticket_merged");
    assert_eq!(last_kind(&ana, 1).await, "ticket_absorbed");
    // It is over: nobody reopens it, and what the contact writes there makes another.
    assert_eq!(ana.post("/v3/tickets/2/reopen", json!({})).await.expect(409)["code"], "merged");
    assert_eq!(ana.put("/tickets/2", json!({ "status": "open" })).await.expect(409)["error"], "ERR_MERGED");

    let apart = carla.post("/v3/tickets/2/unmerge", json!({ "reason": "two orders" })).await.expect(200);
    assert_eq!(
        (&apart["state"], &apart["merged_into"], &apart["agent"]["id"]),
        (&json!("assigned"), &Value::Null, &json!("ana"))
    );
    assert_eq!((&apart["sla"]["resolution"]["stopped_at"], &apart["closed_at"]), (&Value::Null, &Value::Null));
    assert_eq!(carla.post("/v3/tickets/2/unmerge", json!({})).await.expect(409)["code"], "not_merged");
    host.say(SUPORTE, &people::phone(1)).await;
    host.settled().await;
    assert_eq!(
        ana.get("/v3/tickets/2").await.expect(200)["unread_count"],
        2,
        "it has its place in the conversation again"
    );

    // Merged once more, and the contact writes: a third ticket has the place now, and the second cannot have it back.
    ana.post("/v3/tickets/2/merge", json!({ "into": "1" })).await.expect(200);
    host.say(SUPORTE, &people::phone(1)).await;
    host.settled().await;
    let third = ana.get("/v3/tickets/3").await.expect(200);
    assert_eq!((&third["connection_id"], &third["previous"]), (&json!("suporte"), &merged["id"]));
    assert_eq!(carla.post("/v3/tickets/2/unmerge", json!({})).await.expect(409)["code"], "other_ticket_active");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_merges_at_once_those_that_make_sense_are_done() {
    let host = two_of_one_contact().await;
    let ana = host.agent("ana");
    for n in 3..=6 {
        let contact = ana.get("/v3/tickets/1").await.expect(200)["contact"]["id"].take();
        let new = json!({ "contact_id": contact, "title": people::words(n), "description": people::words(n), "is_waiting": true });
        ana.post("/v3/tickets", new).await.expect(201);
    }
    // A ring of six, all at once: every ticket into the next one.
    let rings = (1..=6).map(|n| {
        let ana = ana.clone();
        tokio::spawn(async move {
            let into = json!({ "into": (n % 6 + 1).to_string() });
            ana.post(&format!("/v3/tickets/{n}/merge"), into).await
        })
    });
    let mut merged = 0;
    for ring in rings.collect::<Vec<_>>() {
        let answer = ring.await.unwrap();
        match answer.status {
            200 => merged += 1,
            409 => assert!(
                ["not_active", "merged", "changed_meanwhile"].contains(&answer.body["code"].as_str().unwrap()),
                "{}",
                answer.body
            ),
            _ => panic!("{answer:?}"),
        }
    }
    assert!((1..=5).contains(&merged), "{merged}");
    let mut wholes = 0;
    for n in 1..=6 {
        let ticket = ana.get(&format!("/v3/tickets/{n}")).await.expect(200);
        wholes += u64::from(ticket["merged_into"].is_null());
        assert_eq!(ticket["merged_into"].is_null(), ticket["state"] != "closed", "{ticket}");
    }
    assert_eq!(wholes, 6 - merged);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let host = two_of_one_contact().await;
    host.say(COMERCIAL, &people::phone(2)).await;
    host.settled().await;
    let (ana, bruno, carla) = (host.agent("ana"), host.agent("bruno"), host.agent("carla"));
    let before = host.items_at("ORG#demo#TKT#", "").await;
    let code = async |agent: &Session, path: &str, body: Value, status: u16| {
        agent.post(path, body).await.expect(status)["code"].take()
    };
    assert_eq!(code(&ana, "/v3/tickets/1/merge", json!({ "into": "1" }), 409).await, "same_ticket");
    let unknown = ana.post("/v3/tickets/1/merge", json!({ "into": "77" })).await.expect(422);
    assert_eq!(unknown["field"], "into");
    assert_eq!(code(&ana, "/v3/tickets/1/merge", json!({ "into": "3" }), 403).await, "forbidden");
    assert_eq!(code(&ana, "/v3/tickets/1/unmerge", json!({}), 409).await, "not_merged");
    assert_eq!(code(&ana, "/v3/tickets/1/relate", json!({ "ticket": "1" }), 409).await, "same_ticket");
    assert_eq!(host.items_at("ORG#demo#TKT#", "").await, before);
    // A supervisor brings those of two contacts together; another agent's is not found, on either side.
    bruno.post("/v3/tickets/3/claim", json!({})).await.expect(200);
    assert_eq!(ana.post("/v3/tickets/1/relate", json!({ "ticket": "3" })).await.expect(422)["field"], "ticket");
    carla.post("/v3/tickets/3/merge", json!({ "into": "1" })).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn related_tickets_name_each_other() {
    let host = two_of_one_contact().await;
    let ana = host.agent("ana");
    let one = ana.post("/v3/tickets/1/relate", json!({ "ticket": "#2" })).await.expect(200);
    let two = ana.get("/v3/tickets/2").await.expect(200);
    assert_eq!((&one["related"], &two["related"]), (&json!([two["id"]]), &json!([one["id"]])));
    assert_eq!(ana.get("/api/v2/tickets/2").await.expect(200)["data"]["relatedTickets"], json!([one["id"]]));
    assert_eq!(ana.post("/v3/tickets/2/relate", json!({ "ticket": "1" })).await.expect(200)["version"], two["version"]);
    ana.post("/v3/tickets/2/unrelate", json!({ "ticket": "1" })).await.expect(200);
    assert_eq!(ana.get("/v3/tickets/1").await.expect(200)["related"], json!([]));
}

/// One contact with a ticket on `comercial` and one on `suporte`.
async fn two_of_one_contact() -> Host {
    let host = Host::fresh().await;
    for connection in [COMERCIAL, SUPORTE] {
        host.say(connection, &people::phone(1)).await;
        host.settled().await;
    }
    host
}

async fn year_number(agent: &Session, n: u64) -> Value {
    agent.get(&format!("/v3/tickets/{n}")).await.expect(200)["year_number"].take()
}

async fn last_kind(agent: &Session, n: u64) -> Value {
    let mut history = agent.get(&format!("/v3/tickets/{n}/history")).await.expect(200);
    history["data"].as_array_mut().unwrap().pop().unwrap()["kind"].take()
}
