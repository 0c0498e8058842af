//! Who gets a ticket that several agents want (invariant I4).

use domain::agent::Role;
use futures_util::future::join_all;
use serde_json::json;

use crate::world::cloud_api::COMERCIAL;
use crate::world::{Answer, Host, Session, agent, demo, load, people};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_sixteen_agents_who_claim_at_once_one_wins_and_the_others_learn_who() {
    let host = Host::fresh().await;
    host.say(COMERCIAL, &people::phone(1)).await;
    let storage = host.storage().await;
    let names: Vec<String> = (0..16).map(|n| format!("agent-{n}")).collect();
    for name in &names {
        agent(&storage, &demo(), name, Role::Agent, &["sales"], 5).await;
    }
    agent(&storage, &demo(), "outsider", Role::Agent, &["support"], 5).await;
    host.settled().await;

    let sessions: Vec<Session> = names.iter().map(|name| host.agent(name)).collect();
    let answers = join_all(sessions.iter().map(|session| session.post("/api/tickets/1/claim", json!({})))).await;
    let (won, lost): (Vec<&Answer>, Vec<&Answer>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((won.len(), lost.len()), (1, 15));
    let winner = won[0].body["agent_id"].as_str().unwrap();
    assert_eq!(answers[names.iter().position(|name| name == winner).unwrap()].status, 200);
    for answer in lost {
        assert_eq!((answer.status, &answer.body["code"]), (409, &json!("already_claimed")), "{}", answer.body);
        assert_eq!(answer.body["agent_id"], winner);
        assert!(answer.body["detail"].as_str().unwrap().contains(winner), "{}", answer.body);
    }
    let ticket = storage.tickets_by_number(&demo(), 2, 1).await.unwrap().tickets.remove(0);
    assert_eq!(ticket.agent.as_ref().map(domain::ids::AgentId::as_str), Some(winner));
    for name in &names {
        assert_eq!(load(&storage, name).await, u32::from(name == winner), "{name}");
    }

    let refused = host.agent("outsider").post("/api/tickets/1/claim", json!({})).await.expect(404);
    assert!(!refused.to_string().contains(winner), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_who_claims_many_tickets_at_once_gets_as_many_as_it_may_hold() {
    let host = Host::fresh().await;
    let storage = host.storage().await;
    agent(&storage, &demo(), "busy", Role::Agent, &["sales"], 3).await;
    for n in 1..=8 {
        host.say(COMERCIAL, &people::phone(n)).await;
    }
    host.settled().await;
    let busy = host.agent("busy");
    let claim = |number: u32| {
        let busy = busy.clone();
        async move { busy.post(&format!("/api/tickets/{number}/claim"), json!({})).await }
    };
    let first = join_all((1..=8).map(claim)).await;
    // Who met the others too often is told to try again, and then meets the limit.
    let second = join_all((1..=8).map(claim)).await;
    let third = join_all((1..=8).map(claim)).await;
    let won = first.iter().chain(&second).chain(&third).filter(|answer| answer.status == 200).count();
    assert_eq!(won, 3);
    for answer in &third {
        assert_eq!(answer.status, 409, "{}", answer.body);
        let code = answer.body["code"].as_str().unwrap();
        assert!(["at_capacity", "already_claimed"].contains(&code), "{}", answer.body);
    }
    let load = storage.agent(&demo(), &domain::ids::AgentId::new("busy").unwrap()).await.unwrap().unwrap().load;
    assert_eq!(load, 3);
    assert_eq!(busy.get("/api/tickets/my-tickets").await.expect(200).as_array().map(Vec::len), Some(3));
    assert_eq!(busy.get("/api/tickets/queue").await.expect(200).as_array().map(Vec::len), Some(5));

    // A place that becomes free can be taken again.
    let own = busy.get("/api/tickets/my-tickets").await.expect(200)[0]["id"].clone();
    busy.put(&format!("/api/v2/tickets/{own}/status"), json!({ "status": "resolved" })).await.expect(200);
    let next = busy.get("/api/tickets/queue").await.expect(200)[0]["id"].clone();
    busy.post(&format!("/api/tickets/{next}/claim"), json!({})).await.expect(200);
}
