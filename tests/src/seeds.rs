//! The examples that the seeds themselves give, by their own numbers: S0's 296 chats and statistics, S4's `curl` lines, S1's statistics.

use domain::agent::Role;
use serde_json::{Value, json};

use crate::world::cloud_api::{self, APP_SECRET, COMERCIAL};
use crate::world::{Host, agent, demo, people};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_and_ninety_six_chats_are_numbered_counted_claimed_and_given() {
    let host = Host::fresh().await;
    let message = |n: usize| cloud_api::text(&people::phone(1000 + n), &people::message_id(), &people::words(n));
    let chats: Vec<Value> = (1..=296).map(message).collect();
    for part in chats.chunks(37) {
        let body = cloud_api::body(&[cloud_api::messages(COMERCIAL, part)]).to_string().into_bytes();
        host.post_signed("/webhook/whatsapp", APP_SECRET, body).await.expect(200);
    }
    host.settled().await;
    let (ana, carla, dora) = (host.agent("ana"), host.agent("carla"), host.agent("dora"));
    carla.put("/tickets/100", json!({ "status": "closed" })).await.expect(200);

    // S0: the statistics object, and every number once.
    let expected = json!({ "total": 296, "byStatus": { "new": 295, "closed": 1 }, "byPriority": { "medium": 296 } });
    assert_eq!(dora.get("/api/tickets/stats").await.expect(200), expected);
    let mut numbers = Vec::new();
    for page in 1..=30 {
        let listed = dora.get(&format!("/api/tickets?page={page}&limit=10")).await.expect(200);
        assert_eq!(listed["pagination"]["total"], 296);
        numbers.extend(
            listed["tickets"].as_array().unwrap().iter().map(|ticket| ticket["ticketNumber"].as_u64().unwrap()),
        );
    }
    assert_eq!(numbers, (1..=296).rev().collect::<Vec<u64>>());
    let third = dora.get("/tickets?showAll=true&pageNumber=3").await.expect(200);
    assert_eq!(
        (&third["count"], &third["hasMore"], &third["tickets"][0]["id"]),
        (&json!(296), &json!(true), &json!(216))
    );
    let last = dora.get("/tickets?showAll=true&pageNumber=8").await.expect(200);
    assert_eq!((last["tickets"].as_array().unwrap().len(), &last["hasMore"]), (16, &json!(false)));
    let pending = dora.get("/tickets?showAll=true&status=pending&pageNumber=8").await.expect(200);
    assert_eq!((&pending["count"], pending["tickets"].as_array().unwrap().len()), (&json!(295), 15));
    assert_eq!(dora.get("/tickets?showAll=true&status=closed").await.expect(200)["tickets"][0]["id"], 100);

    // The next is 297, and there at once.
    host.say(COMERCIAL, &people::phone(1)).await;
    host.settled().await;
    let first = dora.get("/api/tickets?page=1&limit=10").await.expect(200)["tickets"][0].take();
    assert_eq!(
        (&first["ticketNumber"], &first["status"], &first["priority"]),
        (&json!(297), &json!("new"), &json!("medium"))
    );

    // S4: the lines of its document.
    let queue = ana.get("/api/tickets/queue?limit=500").await.expect(200);
    let waiting: Vec<u64> = queue.as_array().unwrap().iter().map(|ticket| ticket["id"].as_u64().unwrap()).collect();
    assert_eq!((waiting.len(), &queue[0]["status"]), (296, &json!("pending")));
    let claimed = ana.post("/api/tickets/123/claim", json!({})).await.expect(200);
    assert_eq!(
        (&claimed["id"], &claimed["status"], &claimed["agent_name"]),
        (&json!(123), &json!("assigned"), &json!("Ana Lima"))
    );
    assert!(claimed["assigned_at"].is_string(), "{claimed}");
    assert_eq!(ana.get("/api/tickets/my-tickets?status=assigned").await.expect(200)[0]["id"], 123);
    agent(&host.storage().await, &demo(), "5", Role::Agent, &["sales"], 5).await;
    let given = dora.post("/api/tickets/123/assign", json!({ "agent_id": 5, "reason": "overflow" })).await.expect(200);
    assert_eq!((&given["agent_id"], &given["status"]), (&json!("5"), &json!("assigned")));
    dora.post("/v3/tickets/7/prioritize", json!({ "priority": "urgent" })).await.expect(200);
    let urgent = dora.get("/api/tickets/all?status=pending&priority=urgent").await.expect(200);
    assert_eq!((urgent.as_array().unwrap().len(), &urgent[0]["id"]), (1, &json!(7)));
    let resolved = dora.put("/api/v2/tickets/123/status", json!({ "status": "resolved" })).await.expect(200);
    assert_eq!(resolved["data"]["status"], "resolved");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s1_s_statistics_are_zeros_first_and_then_what_happened() {
    let host = Host::fresh().await;
    let statistics = async || host.agent("carla").get("/api/v2/tickets/statistics").await.expect(200);
    let names = [
        "total",
        "new",
        "open",
        "inProgress",
        "resolved",
        "closed",
        "avgFirstResponseTime",
        "avgResolutionTime",
        "slaBreaches",
    ];
    let empty = statistics().await;
    assert_eq!(empty["success"], true);
    assert!(names.iter().all(|name| empty["data"][name] == 0), "{empty}");
    host.say(COMERCIAL, &people::phone(1)).await;
    host.say(COMERCIAL, &people::phone(2)).await;
    host.settled().await;
    let ana = host.agent("ana");
    ana.post("/api/tickets/1/claim", json!({})).await.expect(200);
    ana.post("/api/tickets/1/messages", json!({ "body": people::words(1) })).await.expect(201);
    ana.put("/api/v2/tickets/1/status", json!({ "status": "resolved" })).await.expect(200);
    let late = (runtime::clock::now() + jiff::SignedDuration::from_hours(5)).to_string();
    host.command(&["fire", "sla-scan", "--at", &late]);
    let told = statistics().await["data"].take();
    let shown = ana.get("/api/v2/tickets/1").await.expect(200)["data"].take();
    assert_eq!(
        (&told["total"], &told["new"], &told["resolved"], &told["slaBreaches"]),
        (&json!(2), &json!(1), &json!(1), &json!(1))
    );
    assert_eq!(told["avgFirstResponseTime"], shown["firstResponseTime"]);
    assert_eq!(told["avgResolutionTime"], shown["resolutionTime"]);
}
