//! Several messages of one person in a batch: what they leave behind is as good as if each had been read for and counted by itself,
//! whatever happens between.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_lambda_events::sqs::SqsMessage;
use aws_smithy_runtime_api::client::http::{HttpConnector as _, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use domain::agent::Role;
use domain::connection::{Connection, DEFAULT_APP, ReopenPolicy};
use domain::ids::{AgentId, TicketId};
use domain::ticket::{Ticket, TicketState};
use ingest::{Burst, Ingest};
use storage::Storage;

use crate::engine_table::{Table, between};
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
        Self::on(Table::fresh().await.through(|client| client), reopen).await
    }

    async fn on(storage: Storage, reopen: ReopenPolicy) -> Self {
        let connection = Connection { reopen, ..cloud_api_connection(&demo(), "comercial", COMERCIAL) };
        storage.add_connection(&connection).await.unwrap();
        agent(&storage, &demo(), "ana", Role::Agent, &["sales"], 9).await;
        Self { ingest: Ingest::new(storage.clone(), nowhere()), storage }
    }

    /// Takes a message, and counts it with those of its burst before it.
    async fn take(&self, id: &str, burst: &mut Burst) {
        self.store(id, burst).await;
        self.ingest.count(burst).await.unwrap();
    }

    /// Takes a message, which may wait in its burst for its count.
    async fn store(&self, id: &str, burst: &mut Burst) {
        self.ingest.take(&record(id), 0, burst).await.unwrap();
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

    async fn left(&self) -> Left {
        let tickets = self.storage.tickets_by_number(&demo(), u64::MAX, 10).await.unwrap().tickets;
        let number = |id: &TicketId| tickets.iter().find(|ticket| ticket.id == *id).unwrap().number.number;
        let id = tickets[0].conversation.as_ref().unwrap();
        let conversation = self.storage.conversation(&demo(), id).await.unwrap().unwrap();
        let messages = self.storage.messages(&demo(), id, None, 100).await.unwrap();
        let mut messages: Vec<_> = messages
            .into_iter()
            .map(|message| Stored {
                ticket: number(message.ticket.as_ref().unwrap()),
                id: message.reference.id,
                place: message.seq,
            })
            .collect();
        messages.sort_by(|a, b| a.id.cmp(&b.id));
        Left {
            messages,
            tickets: tickets.iter().map(|ticket| (ticket.number.number, ticket.state)).collect(),
            counted: conversation.in_seq,
            slot: conversation.slot.as_ref().map(number),
        }
    }
}

/// What the table holds in the end.
#[derive(Debug, PartialEq, Eq)]
struct Left {
    messages: Vec<Stored>,
    /// Number and state.
    tickets: Vec<(u64, TicketState)>,
    counted: u64,
    /// The number of the ticket in the slot.
    slot: Option<u64>,
}

#[derive(Debug, PartialEq, Eq)]
struct Stored {
    id: String,
    place: u64,
    /// Its number.
    ticket: u64,
}

impl Left {
    /// As if that one of these that came had been counted before the second message.
    fn count_first(&mut self, first: &[&str]) {
        let first = self.messages.iter_mut().find(|message| message.place == 3 && first.contains(&message.id.as_str()));
        first.unwrap().place = 2;
        self.messages.iter_mut().find(|message| message.id == "wamid.2").unwrap().place = 3;
    }
}

fn record(id: &str) -> SqsMessage {
    let text = cloud_api::text(&people::phone(1), id, "Olá");
    let body = cloud_api::body(&[cloud_api::messages(COMERCIAL, &[text])]).to_string();
    let mut units = channels::cloud_api::split(DEFAULT_APP, body.as_bytes(), runtime::clock::now());
    let mut record = SqsMessage::default();
    record.body = Some(units.remove(0).to_json().unwrap());
    record
}

/// Whether the messages of the burst are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counted {
    Together,
    Alone,
}

#[tokio::test]
async fn a_burst_ends_as_its_messages_would_by_themselves() {
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
            for counted in [Counted::Together, Counted::Alone] {
                let (scene, mut burst) = (Scene::new(reopen).await, Burst::default());
                scene.take("wamid.1", &mut Burst::default()).await;
                for id in ["wamid.2", "wamid.3", "wamid.4"] {
                    if id == "wamid.3" {
                        scene.happens(meanwhile).await;
                    }
                    scene.store(id, &mut burst).await;
                    if counted == Counted::Alone {
                        scene.ingest.count(&mut burst).await.unwrap();
                        burst = Burst::default();
                    }
                }
                scene.ingest.count(&mut burst).await.unwrap();
                ends.push(scene.left().await);
            }
            let (together, mut alone) = (ends.remove(0), ends.remove(0));
            match (meanwhile, reopen) {
                // What came between was counted first.
                (Meanwhile::OtherMessage | Meanwhile::SameMessage, _) => alone.count_first(&["wamid.other", "wamid.3"]),
                // What was not counted when the ticket was closed belongs to the next.
                (Meanwhile::Closed, ReopenPolicy::Never) => alone.messages[1].ticket = 2,
                _ => {}
            }
            assert_eq!(together, alone, "{meanwhile:?}, {reopen:?}");
        }
    }
}

#[tokio::test]
async fn eight_messages_of_a_burst_are_counted_by_one_write() {
    let scene = Scene::new(ReopenPolicy::default()).await;
    scene.take("wamid.0", &mut Burst::default()).await;
    for (messages, counts) in [(1_u32, 1), (7, 1), (8, 1), (10, 2)] {
        let records: Vec<_> = (0..messages).map(|n| record(&format!("wamid.{messages}.{n}"))).collect();
        let before = scene.left().await.counted;
        scene.storage.units().take();
        scene.ingest.take_group(&records).await.unwrap();
        let written = scene.storage.units().take().write;
        assert!((written - f64::from(messages + counts)).abs() < 0.01, "{messages} messages wrote {written} units");
        assert_eq!(scene.left().await.counted, before + u64::from(messages));
    }
    let places: Vec<_> = scene.left().await.messages.into_iter().map(|message| message.place).collect();
    assert_eq!(places.iter().collect::<BTreeSet<_>>().len(), 27);
}

#[tokio::test]
async fn what_is_stored_is_counted_before_a_record_that_cannot_be_taken() {
    let scene = Scene::new(ReopenPolicy::default()).await;
    let mut broken = SqsMessage::default();
    broken.body = Some("{}".to_owned());
    let records = [record("wamid.1"), record("wamid.2"), record("wamid.3"), broken, record("wamid.4")];
    let stopped = scene.ingest.take_group(&records).await.unwrap_err();
    assert_eq!((stopped.at, scene.left().await.counted), (3, 3));
}

#[tokio::test]
async fn messages_whose_count_fails_come_again_and_are_counted_then() {
    let fails = Arc::new(AtomicBool::new(false));
    let now_fails = Arc::clone(&fails);
    let storage = Table::fresh().await.through(|client| {
        between(client, move |engine, request| {
            let is_count = request.headers().get("x-amz-target").is_some_and(|target| target.ends_with("UpdateItem"));
            if is_count && fails.load(Ordering::Relaxed) {
                HttpConnectorFuture::ready(Ok(denied()))
            } else {
                engine.call(request)
            }
        })
    });
    let scene = Scene::on(storage, ReopenPolicy::default()).await;
    scene.take("wamid.1", &mut Burst::default()).await;
    let records = [record("wamid.1"), record("wamid.2"), record("wamid.3")];
    now_fails.store(true, Ordering::Relaxed);
    let stopped = scene.ingest.take_group(&records).await.unwrap_err();
    let left = scene.left().await;
    // The first is a repetition, which needs no count.
    assert_eq!((stopped.at, left.counted, left.messages.len()), (1, 1, 3));
    now_fails.store(false, Ordering::Relaxed);
    scene.ingest.take_group(&records[stopped.at..]).await.unwrap();
    let left = scene.left().await;
    assert_eq!(left.messages.iter().map(|message| message.place).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!((left.counted, left.tickets.len()), (3, 1));
}

fn denied() -> HttpResponse {
    let body = r#"{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"not now"}"#;
    let mut response = HttpResponse::new(400.try_into().unwrap(), SdkBody::from(body));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    response
}
