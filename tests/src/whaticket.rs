//! The calls of a front end of the Whaticket family (seeds S2 and S3), as it makes them, and `X-Api-Dialect`.
//!
//! Source: <https://github.com/canove/whaticket-community>, `frontend/src/components/{TicketActionButtons,NewTicketModal,
//! TransferTicketModal,MessageInput,MessagesList,TicketsList}`, `hooks/useTickets`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::cloud_api::{COMERCIAL, SUPORTE};
use crate::world::{Answer, Host, Session, people};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_front_end_accepts_answers_returns_hands_on_resolves_and_reopens() {
    let host = two_tickets().await;
    let ana = host.agent("ana");
    let waiting = list(&ana, "status=pending&pageNumber=1&searchParam=&showAll=false&queueIds=[\"sales\"]").await;
    assert_eq!((&waiting["count"], &waiting["hasMore"]), (&json!(1), &json!(false)));
    let shown = &waiting["tickets"][0];
    let fields = ["id", "status", "unreadMessages", "isGroup", "userId", "whatsappId", "queueId", "companyId"];
    let told: Vec<&Value> = fields.iter().map(|field| &shown[field]).collect();
    let expected = json!([1, "pending", 1, false, null, "comercial", "sales", "demo"]);
    assert_eq!(json!(told), expected, "{shown}");
    assert!(shown["lastMessage"].as_str().unwrap().contains(people::WORDS), "{shown}");
    assert_eq!(
        (&shown["contact"]["name"], &shown["contact"]["number"]),
        (&json!(people::NAME), &json!(people::phone(1)))
    );

    // Accept; the same once more changes nothing.
    let open = json!({ "status": "open", "userId": "ana" });
    let accepted = ana.put("/tickets/1", open.clone()).await.expect(200);
    assert_eq!((&accepted["status"], &accepted["userId"]), (&json!("open"), &json!("ana")));
    assert_eq!(ana.put("/tickets/1", open).await.expect(200)["updatedAt"], accepted["updatedAt"]);
    let bruno = host.agent("bruno");
    let taken = bruno.put("/tickets/1", json!({ "status": "open", "userId": "bruno" })).await.expect(404);
    assert_eq!(taken["error"], "ERR_NO_TICKET_FOUND");

    // Open it: its messages are read.
    let said = ana.get("/messages/1?pageNumber=1").await.expect(200);
    assert_eq!((&said["count"], &said["hasMore"], &said["ticket"]["id"]), (&json!(1), &json!(false), &json!(1)));
    let message = &said["messages"][0];
    assert_eq!(
        (&message["fromMe"], &message["mediaType"], &message["ticketId"]),
        (&json!(false), &json!("chat"), &json!(1))
    );
    assert_eq!(ana.get("/tickets/1").await.expect(200)["unreadMessages"], 0);
    let body = json!({ "read": 1, "fromMe": true, "mediaUrl": "", "body": people::words(9), "quotedMsg": null });
    let sent = ana.post("/messages/1", body).await.expect(200);
    assert_eq!((&sent["fromMe"], &sent["body"]), (&json!(true), &json!(people::words(9))));
    assert_eq!(list(&ana, "status=open").await["tickets"][0]["lastMessage"], json!(people::words(9)));

    // Return, hand on to a queue, resolve, reopen.
    let returned = ana.put("/tickets/1", json!({ "status": "pending", "userId": null })).await.expect(200);
    assert_eq!((&returned["status"], &returned["userId"]), (&json!("pending"), &Value::Null));
    let moved = ana.put("/tickets/1", json!({ "queueId": "support", "status": "pending", "userId": null })).await;
    assert_eq!(moved.expect(200)["queueId"], "support");
    let done = ana.put("/tickets/1", json!({ "status": "closed", "userId": "ana" })).await.expect(200);
    assert_eq!((&done["status"], &done["canonicalStatus"]), (&json!("closed"), &json!("closed")));
    let steps = ana.get("/api/v2/tickets/1").await.expect(200)["data"]["statusHistory"].take();
    let last: Vec<&Value> = steps.as_array().unwrap().iter().rev().take(2).map(|row| &row["to"]).collect();
    assert_eq!(last, [&json!("closed"), &json!("resolved")]);
    let again = ana.put("/tickets/1", json!({ "status": "open", "userId": "ana" })).await.expect(200);
    assert_eq!((&again["status"], &again["canonicalStatus"]), (&json!("open"), &json!("reopened")));

    // A supervisor sees everything, and deletes what is nothing.
    let carla = host.agent("carla");
    let all = list(&carla, "showAll=true&pageNumber=1").await;
    assert_eq!((&all["count"], &all["hasMore"]), (&json!(2), &json!(false)));
    assert_eq!(list(&carla, "showAll=true&status=open").await["count"], 1);
    assert_eq!(ana.call(Method::DELETE, "/tickets/1", None).await.expect(403)["error"], "ERR_NO_PERMISSION");
    let deleted = carla.call(Method::DELETE, "/tickets/1", None).await.expect(200);
    assert_eq!(deleted, json!({ "message": "ticket deleted" }));
    assert_eq!(ana.get("/tickets/1").await.expect(200)["canonicalStatus"], "cancelled");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_is_made_for_a_conversation_once_and_ends_the_resolved_one() {
    let host = two_tickets().await;
    let ana = host.agent("ana");
    let contact = ana.get("/tickets/1").await.expect(200)["contactId"].take();
    let wanted = json!({ "contactId": contact, "userId": "ana", "status": "open", "whatsappId": "comercial" });
    let refused = ana.post("/tickets", wanted.clone()).await.expect(400);
    assert_eq!((&refused["error"], &refused["code"]), (&json!("ERR_OTHER_OPEN_TICKET"), &json!("other_ticket_active")));
    assert!(refused.get("message").is_none(), "{refused}");
    // Another connection is no obstacle, whether or not the contact ever wrote there.
    let elsewhere = json!({ "contactId": contact, "status": "pending", "whatsappId": "baileys" });
    let made = ana.post("/tickets", elsewhere.clone()).await.expect(200);
    assert_eq!((&made["id"], &made["status"], &made["userId"]), (&json!(3), &json!("pending"), &Value::Null));
    assert_eq!(ana.post("/tickets", elsewhere).await.expect(400)["error"], "ERR_OTHER_OPEN_TICKET");

    ana.put("/tickets/1", json!({ "status": "open", "userId": "ana" })).await.expect(200);
    ana.put("/api/v2/tickets/1/status", json!({ "status": "resolved" })).await.expect(200);
    assert_eq!(ana.get("/tickets/1").await.expect(200)["status"], "closed");
    let attempts = (0..8).map(|n| {
        let (ana, wanted) = (ana.clone(), wanted.clone());
        tokio::spawn(async move { ana.keyed("/tickets", &format!("key-{n}"), &wanted).await })
    });
    let mut made = Vec::new();
    for attempt in attempts.collect::<Vec<_>>() {
        let answer = attempt.await.unwrap();
        match answer.status {
            200 => made.push(answer.body["id"].clone()),
            _ => assert_eq!(answer.body["error"], "ERR_OTHER_OPEN_TICKET", "{}", answer.body),
        }
    }
    assert_eq!(made, [json!(4)]);
    assert_eq!(ana.get("/tickets/1").await.expect(200)["canonicalStatus"], "closed");
    // What the contact writes now belongs to the new one.
    host.say(COMERCIAL, &people::phone(1)).await;
    host.settled().await;
    assert_eq!(ana.get("/tickets/4").await.expect(200)["unreadMessages"], 2);
    assert_eq!(host.agent("carla").get("/tickets?showAll=true").await.expect(200)["count"], 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_front_end_gets_wrong_is_told_in_its_codes() {
    let host = two_tickets().await;
    let ana = host.agent("ana");
    let check = async |method: Method, path: &str, body: Value, status: u16, error: &str| {
        let answer = ana.call(method, path, Some(body)).await.expect(status);
        assert_eq!(answer["error"], error, "{path}: {answer}");
        assert!(answer["requestId"].is_string() && answer["code"].is_string() && answer["detail"].is_string());
    };
    check(Method::GET, "/tickets/99", Value::Null, 404, "ERR_NO_TICKET_FOUND").await;
    check(Method::GET, "/messages/99", Value::Null, 404, "ERR_NO_TICKET_FOUND").await;
    check(Method::GET, "/tickets?searchParam=pedido", Value::Null, 400, "ERR_SEARCH_NOT_SUPPORTED").await;
    check(Method::GET, "/tickets?status=resolved", Value::Null, 400, "ERR_INVALID_INPUT").await;
    check(Method::POST, "/tickets", json!({}), 400, "ERR_INVALID_INPUT").await;
    check(Method::POST, "/tickets", json!({ "contactId": 77 }), 404, "ERR_NO_CONTACT_FOUND").await;
    check(Method::POST, "/messages/1", json!({ "body": people::words(2) }), 409, "ERR_NOT_CLAIMED").await;
    check(Method::PUT, "/tickets/1", json!({ "userId": "nobody" }), 400, "ERR_NO_USER_FOUND").await;
    check(Method::PUT, "/tickets/1", json!({ "queueId": "nowhere" }), 400, "ERR_NO_QUEUE_FOUND").await;
    check(Method::PUT, "/tickets/1", json!({ "userId": "bruno" }), 403, "ERR_NO_PERMISSION").await;
    let found = list(&ana, &format!("searchParam={}", people::phone(1))).await;
    assert_eq!((found["tickets"].as_array().unwrap().len(), &found["tickets"][0]["id"]), (1, &json!(1)));
    assert_eq!(list(&ana, "searchParam=%232").await["tickets"][0]["id"], 2);
    let unread = list(&ana, "withUnreadMessages=true").await;
    assert_eq!(unread["count"], 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_header_asks_for_another_dialect_than_the_routes_own() {
    let host = two_tickets().await;
    let token = host.token("demo", "ana");
    let get = async |path: &str, dialect: &str| {
        let request = host.http.get(format!("{}{path}", host.api_url)).bearer_auth(&token);
        Answer::to(request.header("X-Api-Dialect", dialect)).await
    };
    assert_eq!(get("/api/tickets/1", "s1").await.expect(200)["data"]["ticketNumber"], 1);
    assert_eq!(get("/api/v2/tickets/1", "s4").await.expect(200)["ticket_number"], 1);
    assert_eq!(get("/tickets", "s0").await.expect(200)["pagination"]["limit"], 40);
    assert_eq!(get("/api/tickets", "s3").await.expect(200)["hasMore"], false);
    assert_eq!(get("/api/tickets/77", "s1").await.expect(404)["error"], "Ticket not found");
    assert_eq!(get("/api/v2/tickets/77", "s2").await.expect(404)["error"], "ERR_NO_TICKET_FOUND");
    // A filter is read in the words of the same dialect.
    assert_eq!(get("/api/v2/tickets?status=pending", "s4").await.expect(200).as_array().unwrap().len(), 2);
    get("/api/v2/tickets?status=pending", "s1").await.expect(400);
    let unknown = get("/api/tickets", "s9").await.expect(400);
    assert_eq!(unknown["field"], "X-Api-Dialect");
    get("/v3/tickets", "s1").await.expect(200)["data"].as_array().unwrap();
}

/// The first person's ticket on `comercial`, the second's on `suporte`.
async fn two_tickets() -> Host {
    let host = Host::fresh().await;
    host.say(COMERCIAL, &people::phone(1)).await;
    host.settled().await;
    host.say(SUPORTE, &people::phone(2)).await;
    host.settled().await;
    host
}

async fn list(agent: &Session, query: &str) -> Value {
    agent.get(&format!("/tickets?{query}")).await.expect(200)
}
