//! Agents who race for every ticket and answer what they get.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::Reach;
use super::traffic::{Traffic, persist};
use crate::world::{Host, demo, people};

/// Who was told to have won which ticket.
#[derive(Default)]
pub(super) struct Claims(Mutex<BTreeMap<u64, BTreeSet<String>>>);

impl Claims {
    fn won(&self, ticket: u64, agent: &str) {
        self.0.lock().unwrap().entry(ticket).or_default().insert(agent.to_owned());
    }

    /// Nobody else was told to have won than whom the ticket lies with.
    pub(super) async fn had_one_winner_each(self, host: &Host) {
        let tickets = host.storage().await.tickets_by_number(&demo(), u64::MAX, 10_000).await.unwrap().tickets;
        let agents: BTreeMap<u64, Option<&str>> = tickets
            .iter()
            .map(|ticket| (ticket.number.number, ticket.agent.as_ref().map(domain::ids::AgentId::as_str)))
            .collect();
        let claims = self.0.into_inner().unwrap();
        println!("{} tickets claimed", claims.len());
        assert!(!claims.is_empty());
        for (ticket, winners) in claims {
            let winners: Vec<&str> = winners.iter().map(String::as_str).collect();
            assert_eq!(Some(winners[0]), agents[&ticket], "ticket {ticket}");
            assert_eq!(winners.len(), 1, "ticket {ticket}: {winners:?}");
        }
    }
}

/// Claims whatever waits, as fast as a colleague, until all is delivered or no more may be held, and answers once.
pub(super) async fn work(name: &str, token: &str, reach: &Reach, traffic: &Traffic, claims: &Claims) {
    let http = Client::new();
    let call = async |method: Method, path: String, body: Value| {
        let request = |url: &str| http.request(method.clone(), format!("{url}{path}")).bearer_auth(token).json(&body);
        persist(reach.subscribe(), request).await
    };
    while !traffic.is_delivered() {
        let waiting = call(Method::GET, "/api/tickets/queue?limit=5".to_owned(), Value::Null).await.expect(200);
        let Some(ticket) = waiting.as_array().and_then(|tickets| tickets.first()) else {
            // Nobody has written yet.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let ticket = ticket["id"].as_u64().unwrap();
        let claimed = call(Method::POST, format!("/api/tickets/{ticket}/claim"), json!({})).await;
        match (claimed.status, claimed.body["code"].as_str()) {
            (200, _) => {}
            // The first try was answered by a crash, after it had won.
            (409, Some("already_claimed")) if claimed.body["agent_id"] == name => {}
            (409, Some("at_capacity")) => return,
            (409, _) => continue,
            other => panic!("{other:?}: {}", claimed.body),
        }
        claims.won(ticket, name);
        let words = json!({ "body": people::words(usize::try_from(ticket).unwrap()) });
        let answered = call(Method::POST, format!("/api/tickets/{ticket}/messages"), words).await;
        // A gateway's connection cannot send yet.
        assert!([201, 409].contains(&answered.status), "{} {}", answered.status, answered.body);
    }
}
