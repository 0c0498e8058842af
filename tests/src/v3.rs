//! The native API: what it shows, what it refuses, and how it goes on.

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::cloud_api::{self, COMERCIAL, SUPORTE};
use crate::world::{Answer, Host, Session, people};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_is_led_through_its_life_by_commands() {
    let host = tickets(1).await;
    let (ana, bruno, carla) = (host.agent("ana"), host.agent("bruno"), host.agent("carla"));
    let read = ana.get("/v3/tickets/1").await.expect(200);
    assert_eq!((&read["state"], &read["version"], &read["display_number"]), (&json!("open"), &json!(2), &json!("#1")));
    let command = async |agent: &Session, name: &str, body: Value, code: u16| {
        agent.post(&format!("/v3/tickets/1/{name}"), body).await.expect(code)
    };
    assert_eq!(command(&ana, "resolve", json!({}), 409).await["code"], "illegal_transition");
    assert_eq!(command(&ana, "claim", Value::Null, 200).await["agent"]["id"], "ana");
    let late = command(&bruno, "claim", json!({}), 409).await;
    assert_eq!(
        (&late["code"], &late["agent_id"], &late["current_version"]),
        (&json!("already_claimed"), &json!("ana"), &json!(3))
    );
    let urgent = command(&ana, "prioritize", json!({ "priority": "urgent", "reason": "angry" }), 200).await;
    assert_ne!(urgent["sla"]["resolution"]["due_at"], read["sla"]["resolution"]["due_at"]);
    command(&ana, "wait", json!({ "reason": "asked" }), 200).await;
    command(&ana, "escalate", json!({}), 200).await;
    command(&carla, "assign", json!({ "agent_id": "bruno", "reason": "knows it" }), 200).await;
    assert_eq!(command(&bruno, "transfer", json!({ "queue_id": "nowhere" }), 422).await["field"], "queue_id");
    let handed = command(&bruno, "transfer", json!({ "queue_id": "support" }), 200).await;
    assert_eq!(
        (&handed["queue_id"], &handed["agent"], &handed["state"]),
        (&json!("support"), &Value::Null, &json!("open"))
    );
    command(&ana, "start", json!({}), 200).await;
    assert_eq!(command(&ana, "unassign", json!({}), 200).await["state"], "open");
    command(&ana, "start", json!({}), 200).await;
    let resolved = command(&ana, "resolve", json!({ "resolution": "sent again" }), 200).await;
    assert_eq!((&resolved["resolution"], resolved["closes_at"].is_string()), (&json!("sent again"), true));
    command(&ana, "close", json!({}), 200).await;
    let reopened = command(&carla, "reopen", json!({}), 200).await;
    assert_eq!((&reopened["state"], &reopened["agent"]), (&json!("reopened"), &Value::Null));
    let closed = command(&bruno, "close", json!({ "reason": "spam" }), 200).await;
    assert_eq!(closed["state"], "closed");

    let mut kinds = Vec::new();
    let mut path = "/v3/tickets/1/history?limit=7".to_owned();
    loop {
        let part = carla.get(&path).await.expect(200);
        kinds.extend(part["data"].as_array().unwrap().iter().map(|row| row["version"].as_u64().unwrap()));
        let Some(cursor) = part["next_cursor"].as_str() else { break };
        path = format!("/v3/tickets/1/history?limit=7&cursor={cursor}");
    }
    assert_eq!(kinds, (1..=closed["version"].as_u64().unwrap()).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_another_version_is_refused_with_the_present_one() {
    let host = tickets(1).await;
    let ana = host.agent("ana");
    ana.get("/v3/tickets/1").await.expect(200);
    let edit = async |if_match: &str, body: Value| {
        let request = host.http.patch(format!("{}/v3/tickets/1", host.api_url)).bearer_auth(host.token("demo", "ana"));
        Answer::to(request.header("If-Match", if_match).json(&body)).await
    };
    let stale = edit("\"1\"", json!({ "category": "billing" })).await.expect(412);
    assert_eq!((&stale["code"], &stale["current_version"]), (&json!("version_mismatch"), &json!(2)));
    assert_eq!(edit("2", json!({ "category": "billing" })).await.expect(400)["field"], "If-Match");
    let edited = edit("\"2\"", json!({ "category": "billing", "tags": ["VIP", "vip "], "subcategory": "refund" }))
        .await
        .expect(200);
    assert_eq!(
        (&edited["tags"], &edited["subcategory"], &edited["version"]),
        (&json!(["vip"]), &json!("refund"), &json!(3))
    );
    assert_eq!(edit("*", json!({ "subcategory": null })).await.expect(200)["subcategory"], Value::Null);
    // What is so already is no change.
    assert_eq!(edit("\"4\"", json!({ "tags": ["vip"] })).await.expect(200)["version"], 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_told_with_its_field_as_a_problem() {
    let host = tickets(1).await;
    let ana = host.agent("ana");
    let check = async |method: Method, path: &str, body: Option<Value>, code: u16, field: &str| {
        let refused = ana.call(method, path, body).await.expect(code);
        assert_eq!((&refused["field"], &refused["status"]), (&json!(field), &json!(code)), "{refused}");
        assert!(refused["detail"].is_string() && refused["requestId"].is_string(), "{refused}");
    };
    let post = |body: Value| (Method::POST, Some(body));
    let new = json!({ "contact_id": "x", "title": "Pedido", "description": "Não chegou ainda", "urgency": 1 });
    let (method, body) = post(new);
    check(method, "/v3/tickets", body, 422, "urgency").await;
    let (method, body) = post(json!({ "contact_id": "x", "title": "Oi", "description": "Não chegou ainda" }));
    check(method, "/v3/tickets", body, 422, "title").await;
    let (method, body) = post(json!({ "text": " " }));
    check(method, "/v3/tickets/1/notes", body, 422, "text").await;
    let (method, body) = post(json!({ "tickets": [], "action": "start" }));
    check(method, "/v3/tickets/batch", body, 422, "tickets").await;
    for (path, field) in [
        ("/v3/tickets?color=red", "color"),
        ("/v3/tickets?sort=title", "sort"),
        ("/v3/tickets?queue=sales&state=closed", "state"),
        ("/v3/tickets?limit=0", "limit"),
        ("/v3/tickets?cursor=x", "cursor"),
        ("/v3/tickets?fields=number,colour", "fields"),
        ("/v3/tickets/1/messages?before=x", "before"),
        ("/v3/contacts", "phone"),
    ] {
        check(Method::GET, path, None, 422, field).await;
    }
    let request = host.http.post(format!("{}/v3/tickets/1/start", host.api_url)).bearer_auth(host.token("demo", "ana"));
    let response = request.body("{\"reason\"").send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), response.headers()["content-type"].to_str().unwrap()),
        (400, "application/problem+json")
    );
    assert_eq!(ana.get("/v3/tickets/9").await.expect(404)["code"], "not_found");
    assert_eq!(host.agent("bruno").get("/v3/tickets?agent=ana").await.expect(403)["code"], "forbidden");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_go_on_by_cursors_along_the_index_that_serves_them() {
    let host = tickets(5).await;
    let ana = host.agent("ana");
    for number in [2, 4] {
        ana.post(&format!("/v3/tickets/{number}/claim"), json!({})).await.expect(200);
    }
    ana.post("/v3/tickets/3/prioritize", json!({ "priority": "urgent" })).await.expect(200);
    let all = async |query: &str| {
        let (mut numbers, mut cursor) = (Vec::new(), String::new());
        loop {
            let part = ana.get(&format!("/v3/tickets?limit=2{query}{cursor}")).await.expect(200);
            numbers.extend(part["data"].as_array().unwrap().iter().map(|ticket| ticket["number"].as_u64().unwrap()));
            assert!(part["data"].as_array().unwrap().len() <= 2);
            let Some(next) = part["next_cursor"].as_str() else { return numbers };
            cursor = format!("&cursor={next}");
        }
    };
    assert_eq!(all("").await, [5, 4, 3, 2, 1]);
    assert_eq!(all("&sort=number").await, [1, 2, 3, 4, 5]);
    assert_eq!(all("&queue=sales").await, [3, 1, 5]);
    assert_eq!(all("&agent=me").await, [2, 4]);
    assert_eq!(all("&state=assigned").await, [4, 2]);
    assert_eq!(all("&priority=urgent,high").await, [3]);
    let contact = ana.get("/v3/tickets/5").await.expect(200)["contact"]["id"].as_str().unwrap().to_owned();
    assert_eq!(all(&format!("&contact={contact}")).await, [5]);
    let third = ana.get("/v3/tickets/3").await.expect(200)["created_at"].as_str().unwrap().to_owned();
    assert_eq!(all(&format!("&created_after={third}")).await, [5, 4, 3]);
    assert_eq!(all(&format!("&created_before={third}")).await, [2, 1]);
    assert_eq!(all(&format!("&created_before={third}&sort=number")).await, [1, 2]);
    let first = ana.get("/v3/tickets?limit=1&state=assigned&fields=id,number").await.expect(200);
    assert_eq!(first["data"][0].as_object().unwrap().len(), 2);
    let cursor = first["next_cursor"].as_str().unwrap();
    assert_eq!(ana.get(&format!("/v3/tickets?cursor={cursor}")).await.expect(422)["field"], "cursor");
    let counts = ana.get("/v3/statistics").await.expect(200);
    assert_eq!((&counts["total"], &counts["by_state"]["assigned"]), (&json!(5), &json!(2)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_with_a_key_is_carried_out_once_though_it_comes_at_once() {
    let host = tickets(1).await;
    let ana = host.agent("ana");
    let contact = ana.get("/v3/tickets/1").await.expect(200)["contact"]["id"].clone();
    let new = json!({ "contact_id": contact, "title": "Pedido", "description": "Não chegou ainda", "tags": ["a"] });
    let calls = (0..6).map(|_| ana.keyed("/v3/tickets", "make-1", &new));
    let made: Vec<Value> =
        futures_util::future::join_all(calls).await.into_iter().map(|answer| answer.expect(201)).collect();
    assert!(made.iter().all(|ticket| *ticket == made[0]), "{made:#?}");
    let other = json!({ "contact_id": contact, "title": "Outro pedido", "description": "Não chegou ainda" });
    assert_eq!(ana.keyed("/v3/tickets", "make-1", &other).await.expect(422)["code"], "idempotency_key_reused");
    assert_eq!(ana.get("/v3/statistics").await.expect(200)["total"], 2);
    let nothing = json!({});
    let calls = (0..6).map(|_| ana.keyed("/v3/tickets/1/claim", "claim-1", &nothing));
    for answer in futures_util::future::join_all(calls).await {
        assert_eq!(answer.expect(200)["agent"]["id"], "ana");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_does_what_it_can_and_says_what_it_could_not() {
    let host = tickets(3).await;
    let ana = host.agent("ana");
    host.agent("bruno").post("/v3/tickets/3/claim", json!({})).await.expect(200);
    let body = json!({ "tickets": ["1", "#2", "3", "77"], "action": "tag", "tags": ["promo"] });
    let results = ana.keyed("/v3/tickets/batch", "tag-1", &body).await.expect(200)["results"].take();
    let codes: Vec<_> = results.as_array().unwrap().iter().map(|result| result["status"].as_u64().unwrap()).collect();
    assert_eq!(codes, [200, 200, 404, 404]);
    assert_eq!(ana.keyed("/v3/tickets/batch", "tag-1", &body).await.expect(200)["results"], results);
    assert_eq!(ana.get("/v3/tickets?tag=promo").await.expect(200)["data"].as_array().map(Vec::len), Some(2));
    let closed = ana.post("/v3/tickets/batch", json!({ "tickets": ["1", "2"], "action": "close" })).await.expect(200);
    assert!(closed["results"].as_array().unwrap().iter().all(|result| result["status"] == 200), "{closed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conversations_messages_and_contacts_are_shown_to_who_sees_the_ticket() {
    let host = tickets(1).await;
    let ana = host.agent("ana");
    for _ in 0..3 {
        host.say(COMERCIAL, &people::phone(1)).await;
    }
    host.say(SUPORTE, &people::phone(1)).await;
    host.settled().await;
    let part = ana.get("/v3/tickets/1/messages?limit=3").await.expect(200);
    let messages = part["data"].as_array().unwrap();
    assert_eq!((messages.len(), &messages[0]["direction"]), (3, &json!("in")));
    let rest =
        ana.get(&format!("/v3/tickets/1/messages?cursor={}", part["next_cursor"].as_str().unwrap())).await.expect(200);
    assert_eq!((rest["data"].as_array().map(Vec::len), &rest["next_cursor"]), (Some(1), &Value::Null));
    let id = messages[0]["id"].as_str().unwrap();
    assert_eq!(ana.get(&format!("/v3/messages/{id}")).await.expect(200)["id"], id);
    let conversation = messages[0]["conversation_id"].as_str().unwrap();
    let shown = ana.get(&format!("/v3/conversations/{conversation}")).await.expect(200);
    assert_eq!(shown["inbound_count"], 4);
    let found = ana.get(&format!("/v3/contacts?phone={}", people::phone(1))).await.expect(200);
    assert_eq!(found["data"][0]["conversation_ids"].as_array().map(Vec::len), Some(2));
    assert_eq!(ana.get("/v3/contacts?phone=15550109999").await.expect(200)["data"], json!([]));
    let note = ana.post("/v3/tickets/1/notes", json!({ "text": people::words(2) })).await.expect(201);
    assert_eq!(ana.get("/v3/tickets/1/notes").await.expect(200)["data"], json!([note]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_customer_writes_within_a_second_is_read_in_the_order_in_which_it_came() {
    let host = Host::fresh().await;
    let ana = host.agent("ana");
    let said: Vec<String> = (0..7).map(|n| format!("line {n}")).collect();
    let texts: Vec<Value> =
        said.iter().map(|words| cloud_api::text(&people::phone(1), &people::message_id(), words)).collect();
    let same = texts[0]["timestamp"].clone();
    let texts: Vec<Value> = texts
        .into_iter()
        .map(|mut text| {
            text["timestamp"] = same.clone();
            text
        })
        .collect();
    host.post_whatsapp(&cloud_api::body(&[cloud_api::messages(COMERCIAL, &texts)])).await.expect(200);
    host.settled().await;
    let words = |part: &Value, field: &str| -> Vec<String> {
        part.as_array().unwrap().iter().map(|message| message[field].as_str().unwrap().to_owned()).collect()
    };
    let (mut newest_first, mut path) = (Vec::new(), "/v3/tickets/1/messages?limit=3".to_owned());
    loop {
        let part = ana.get(&path).await.expect(200);
        newest_first.extend(words(&part["data"], "text"));
        let Some(cursor) = part["next_cursor"].as_str() else { break };
        path = format!("/v3/tickets/1/messages?limit=3&cursor={cursor}");
    }
    assert_eq!(newest_first, said.iter().rev().cloned().collect::<Vec<_>>());
    let last = ana.get("/api/tickets/1/messages?limit=3").await.expect(200);
    assert_eq!(words(&last, "body"), said[4..]);
    let before = last[0]["id"].as_str().unwrap();
    let earlier = ana.get(&format!("/api/tickets/1/messages?limit=4&before={before}")).await.expect(200);
    assert_eq!(words(&earlier, "body"), said[..4]);
}

/// A host with this many first tickets, each of a person of its own.
async fn tickets(count: usize) -> Host {
    let host = Host::fresh().await;
    for n in 1..=count {
        host.say(COMERCIAL, &people::phone(n)).await;
        host.settled().await;
    }
    host
}
