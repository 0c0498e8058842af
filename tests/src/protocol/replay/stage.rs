//! The real code as the actors of a walk: each process of `ingest` and each request of an agent behind a gate of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::{Method, Request, StatusCode};
use domain::ticket::TicketState;
use lambda_http::Body;
use lambda_http::request::RequestContext;
use runtime::connector::Connector;
use serde_json::json;
use storage::Storage;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::super::call::Call;
use super::super::desk::{Command, Script};
use super::super::process::Lane;
use super::super::state::{How, Unit};
use super::gate::{Arrival, Gate, TASK};
use super::people::People;
use super::table::Table;
use crate::parcels::nowhere;

/// How long the code may take to its next call. Nothing but a deviation from the model takes as long.
const PATIENCE: Duration = Duration::from_mins(1);

/// A process or a request: its tasks, and the calls that wait at its gate.
#[derive(Debug)]
pub(super) struct Actor {
    tasks: Vec<JoinHandle<bool>>,
    arrivals: mpsc::UnboundedReceiver<Arrival>,
    waiting: Vec<Arrival>,
}

impl Drop for Actor {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// The calls that wait, by who makes them.
pub(super) type Waiting = BTreeMap<usize, Call>;

/// The lane of a block in `Waiting`.
pub(super) const BLOCK: usize = usize::MAX;

impl Actor {
    /// A process of `ingest` with the units of each of its groups.
    pub(super) fn process(table: &Table, people: &People, groups: Vec<Vec<Unit>>) -> Self {
        let (storage, arrivals) = behind_gate(table, false, None);
        let ingest = std::sync::Arc::new(ingest::Ingest::new(storage, nowhere()));
        let start = |(task, units): (usize, Vec<Unit>)| {
            let ingest = std::sync::Arc::clone(&ingest);
            let records: Vec<_> = units.into_iter().map(|unit| people.record(unit)).collect();
            tokio::spawn(TASK.scope(task, async move { ingest.take_group(&records).await.is_ok() }))
        };
        Self { tasks: groups.into_iter().enumerate().map(start).collect(), arrivals, waiting: Vec::new() }
    }

    /// An agent's request about a ticket.
    pub(super) fn request(table: &Table, people: &People, script: &Script, command: Command, ticket: &str) -> Self {
        // An answer reads the conversation for its window, which the model has none of; whether that still holds is part of the
        // transaction, and in the model it always does.
        let left_out = (command == Command::Reply).then_some(Call::ReadConversation);
        let (storage, arrivals) = behind_gate(table, true, left_out);
        let (method, path, body) = match command {
            Command::Claim => (Method::POST, format!("/api/tickets/{ticket}/claim"), json!({})),
            Command::Reply => (Method::POST, format!("/api/tickets/{ticket}/messages"), json!({ "body": "Olá" })),
            Command::Move(to) => (Method::PUT, format!("/api/v2/tickets/{ticket}/status"), status(to)),
        };
        let router = if command == Command::Claim {
            claim::router(storage)
        } else {
            tickets::router(
                storage,
                bucket(),
                runtime::uploads::Uploads::new(bucket(), bucket(), Connector::new().unwrap()),
            )
        };
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .unwrap();
        request.extensions_mut().insert(caller(people, script.agent));
        let task = async move {
            let answer = runtime::http::answer(router, request).await;
            let status = answer.unwrap().status();
            assert!(status.is_success() || status.is_client_error(), "{status}");
            status != StatusCode::NOT_FOUND && status.is_success()
        };
        Self { tasks: vec![tokio::spawn(TASK.scope(0, task))], arrivals, waiting: Vec::new() }
    }

    /// Lets a call through and waits until the engine has served it.
    pub(super) async fn let_through(&mut self, lane: Lane, call: Call, how: How) {
        let key = match lane {
            Lane::Task(task) => task,
            Lane::Block => BLOCK,
        };
        let place = self.waiting.iter().position(|arrival| (lane_of(arrival), arrival.call) == (key, call)).unwrap();
        let (served, is_served) = oneshot::channel();
        self.waiting.swap_remove(place).verdict.send((how, served)).unwrap();
        is_served.await.unwrap();
    }

    /// Waits until exactly these calls wait at the gate. Panics with what the code does instead.
    pub(super) async fn expect(&mut self, expected: &Waiting) {
        loop {
            let waiting: Waiting = self.waiting.iter().map(|arrival| (lane_of(arrival), arrival.call)).collect();
            let as_expected = waiting.iter().all(|(lane, call)| expected.get(lane) == Some(call));
            assert!(as_expected, "the code makes {waiting:?} where the model makes {expected:?}");
            if waiting.len() == expected.len() {
                return;
            }
            match tokio::time::timeout(PATIENCE, self.arrivals.recv()).await {
                Ok(Some(arrival)) => self.waiting.push(arrival),
                Ok(None) | Err(_) => panic!("the code makes {waiting:?} where the model makes {expected:?}"),
            }
        }
    }

    /// Waits for a task to end: whether it was done.
    pub(super) async fn end_of(&mut self, task: usize) -> bool {
        match tokio::time::timeout(PATIENCE, &mut self.tasks[task]).await {
            Ok(end) => end.unwrap(),
            Err(elapsed) => panic!("the code goes on where the model has ended: {elapsed}"),
        }
    }

    /// The process dies: every task stops where it waits.
    pub(super) async fn die(mut self) {
        // The end of a task that has ended was awaited then.
        for task in std::mem::take(&mut self.tasks).into_iter().filter(|task| !task.is_finished()) {
            task.abort();
            let _stopped = task.await;
        }
    }
}

fn lane_of(arrival: &Arrival) -> usize {
    if matches!(arrival.call, Call::ReadCounter | Call::OpenTickets) { BLOCK } else { arrival.task }
}

fn behind_gate(
    table: &Table,
    opens_on_commit: bool,
    left_out: Option<Call>,
) -> (Storage, mpsc::UnboundedReceiver<Arrival>) {
    let mut arrivals = None;
    let storage = table.through(|inner| {
        let (gate, received) = Gate::before(inner, opens_on_commit, left_out);
        arrivals = Some(received);
        gate
    });
    (storage, arrivals.unwrap())
}

fn status(to: TicketState) -> serde_json::Value {
    json!({ "status": to.as_str() })
}

/// What the authorizer leaves of a token.
fn caller(people: &People, agent: u8) -> RequestContext {
    let claims = json!({ "custom:org": people.org, "custom:agent": People::agent(agent) });
    let context =
        json!({ "http": { "method": "POST" }, "timeEpoch": 0, "authorizer": { "jwt": { "claims": claims } } });
    RequestContext::ApiGatewayV2(serde_json::from_value(context).unwrap())
}

/// A bucket that no walk asks.
fn bucket() -> files::Bucket {
    files::Bucket::new("files", "us-east-1", None, files::Credentials::new("key", "secret", None, None, "walk"))
}
