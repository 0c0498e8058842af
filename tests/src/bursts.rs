//! Several messages of one person in a batch: what the first left behind for the next is as good as read again, whatever happens between.

use aws_lambda_events::sqs::SqsMessage;
use domain::agent::Role;
use domain::connection::{Connection, DEFAULT_APP, ReopenPolicy};
use domain::ids::{AgentId, TicketId};
use domain::ticket::{Ticket, TicketState};
use ingest::{Burst, Ingest};
use storage::Storage;

use crate::engine_table::Table;
use crate::parcels::nowhere;
use crate::world::cloud_api::{self, COMERCIAL};
use crate::world::{agent, cloud_api_connection, demo, people};

/// What happens between two messages of a burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meanwhile {
    Nothing,
    Claimed,
    Resolved,
    Closed,
    /// Another worker has a message that came later.
    OtherMessage,
    /// Another worker has the next message itself.
    SameMessage,
}

/// A table, and a function on it.
struct Scene {
    storage: Storage,
    ingest: Ingest,
}

impl Scene {
    async fn new(reopen: ReopenPolicy) -> Self {
        let storage = Table::fresh().await.through(|client| client);
        let connection = Connection { reopen, ..cloud_api_connection(&demo(), "comercial", COMERCIAL) };
        storage.add_connection(&connection).await.unwrap();
        agent(&storage, &demo(), "ana", Role::Agent, &["sales"], 9).await;
        Self { ingest: Ingest::new(storage.clone(), nowhere()), storage }
    }

    async fn take(&self, id: &str, burst: &mut Burst) {
        let text = cloud_api::text(&people::phone(1), id, "Olá");
        let body = cloud_api::body(&[cloud_api::messages(COMERCIAL, &[text])]).to_string();
        for unit in channels::cloud_api::split(DEFAULT_APP, body.as_bytes(), runtime::clock::now()) {
            let mut record = SqsMessage::default();
            record.body = Some(unit.to_json().unwrap());
            self.ingest.take(&record, burst).await.unwrap();
        }
    }

    async fn newest(&self) -> Ticket {
        self.storage.tickets_by_number(&demo(), u64::MAX, 1).await.unwrap().tickets.remove(0)
    }

    async fn happens(&self, meanwhile: Meanwhile) {
        let (ana, now) = (AgentId::new("ana").unwrap(), runtime::clock::now());
        let states: &[TicketState] = match meanwhile {
            Meanwhile::Nothing => return,
            Meanwhile::OtherMessage => return self.take("wamid.other", &mut Burst::default()).await,
            Meanwhile::SameMessage => return self.take("wamid.3", &mut Burst::default()).await,
            Meanwhile::Claimed => &[],
            Meanwhile::Resolved => &[TicketState::Resolved],
            Meanwhile::Closed => &[TicketState::Resolved, TicketState::Closed],
        };
        let claimed = self.newest().await.claimed_by(&ana, now).unwrap();
        let mut ticket = self.storage.change_ticket(&claimed).await.unwrap();
        for state in states {
            let change = ticket.moved_to(*state, &ana, None, now).unwrap();
            ticket = self.storage.change_ticket(&change).await.unwrap();
        }
    }

    /// Of each message its place and the number of its ticket; of each ticket its number and state; how many were counted, and which
    /// ticket has the slot.
    async fn left(&self) -> (Vec<(String, u64, u64)>, Vec<(u64, TicketState)>, u64, Option<u64>) {
        let tickets = self.storage.tickets_by_number(&demo(), u64::MAX, 10).await.unwrap().tickets;
        let number = |id: &TicketId| tickets.iter().find(|ticket| ticket.id == *id).unwrap().number.number;
        let id = tickets[0].conversation.as_ref().unwrap();
        let conversation = self.storage.conversation(&demo(), id).await.unwrap().unwrap();
        let messages = self.storage.messages(&demo(), id, None, 100).await.unwrap();
        let mut messages: Vec<_> = messages
            .iter()
            .map(|message| (message.reference.id.clone(), message.seq, number(message.ticket.as_ref().unwrap())))
            .collect();
        messages.sort();
        let states = tickets.iter().map(|ticket| (ticket.number.number, ticket.state)).collect();
        (messages, states, conversation.in_seq, conversation.slot.as_ref().map(number))
    }
}

#[tokio::test]
async fn what_a_message_leaves_to_the_next_is_as_good_as_read_again() {
    for reopen in [ReopenPolicy::default(), ReopenPolicy::Never] {
        for meanwhile in [
            Meanwhile::Nothing,
            Meanwhile::Claimed,
            Meanwhile::Resolved,
            Meanwhile::Closed,
            Meanwhile::OtherMessage,
            Meanwhile::SameMessage,
        ] {
            let mut ends = Vec::new();
            for is_left in [true, false] {
                let (scene, mut burst) = (Scene::new(reopen).await, Burst::default());
                scene.take("wamid.1", &mut Burst::default()).await;
                scene.take("wamid.2", &mut burst).await;
                scene.happens(meanwhile).await;
                for id in ["wamid.3", "wamid.4"] {
                    if !is_left {
                        burst = Burst::default();
                    }
                    scene.take(id, &mut burst).await;
                }
                ends.push(scene.left().await);
            }
            assert_eq!(ends[0], ends[1], "{meanwhile:?}, {reopen:?}");
        }
    }
}
