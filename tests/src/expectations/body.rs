//! One body through the code of `webhook` and `ingest`, and what it left in the table.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use aws_lambda_events::sqs::SqsMessage;
use aws_sdk_dynamodb::types::AttributeValue;
use channels::{Unit, baileys, cloud_api, gowa, waha};
use domain::connection::{Connection, DEFAULT_ACCOUNT, DEFAULT_APP, GroupPolicy, Provider, ReopenPolicy};
use domain::ids::{ConnectionId, OrganizationId, QueueId};
use serde_json::{Value, json};

use crate::engine_table::Table;
use crate::parcels::nowhere;

/// The number of the Cloud API connection.
const NUMBER: &str = "100000000000001";

/// What a body created.
#[derive(Debug, Default)]
pub(super) struct Created {
    contacts: usize,
    conversations: BTreeSet<String>,
    tickets: usize,
    messages: Vec<String>,
    statuses: Vec<String>,
    kept: Vec<String>,
}

impl fmt::Display for Created {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |values: &[String]| {
            let mut values = values.to_vec();
            values.sort();
            if values.is_empty() { "-".to_owned() } else { values.join(",") }
        };
        let (messages, statuses, kept) = (list(&self.messages), list(&self.statuses), list(&self.kept));
        write!(f, "{} {} {} ", self.contacts, self.conversations.len(), self.tickets)?;
        write!(f, "{messages} {statuses} {kept}")
    }
}

/// Takes the body as the door would, and says what there is then.
pub(super) async fn take(door: &str, body: &[u8]) -> Created {
    let table = Table::fresh().await;
    let storage = table.through(|client| client);
    let connection = connection(door);
    storage.add_connection(&connection).await.unwrap();
    let records: Vec<SqsMessage> = units(door, &connection, body).iter().map(record).collect();
    ingest::Ingest::new(storage, nowhere()).take_group(&records).await.unwrap();
    let mut created = Created::default();
    table.items().await.iter().for_each(|item| created.count(item));
    created
}

fn connection(door: &str) -> Connection {
    let token_sha256 = "0".repeat(64);
    let account = DEFAULT_ACCOUNT.to_owned();
    let provider = match door {
        "cloud" => {
            Provider::CloudApi { phone_number_id: NUMBER.to_owned(), app: DEFAULT_APP.to_owned(), waba_id: None }
        }
        "baileys" => Provider::Baileys { token_sha256 },
        "evolution" => Provider::Evolution { token_sha256 },
        "waha" => Provider::Waha { account },
        "gowa" => Provider::Gowa { account },
        other => panic!("there is no door {other}"),
    };
    Connection {
        id: ConnectionId::new("con").unwrap(),
        org: OrganizationId::new("org").unwrap(),
        provider,
        own: Vec::new(),
        queue: QueueId::new("sales").unwrap(),
        reopen: ReopenPolicy::default(),
        groups: GroupPolicy::default(),
        calls: domain::connection::CallPolicy::default(),
        locale: None,
    }
}

fn units(door: &str, connection: &Connection, body: &[u8]) -> Vec<Unit> {
    let now = runtime::clock::now();
    let (org, id) = (&connection.org, &connection.id);
    match door {
        "cloud" => cloud_api::split(DEFAULT_APP, &numbered(body), now),
        "waha" => waha::split(org, id, body, now).units,
        "gowa" => gowa::split(org, id, body, now).units,
        _ => baileys::split(org, id, body, now).units,
    }
}

/// A unit as it travels on the queue.
fn record(unit: &Unit) -> SqsMessage {
    let mut record = SqsMessage::default();
    record.body = Some(unit.to_json().unwrap());
    record
}

/// The body with the connection's number in each change that has a value.
fn numbered(body: &[u8]) -> Vec<u8> {
    let Ok(mut json) = serde_json::from_slice::<Value>(body) else { return body.to_vec() };
    let entries = json["entry"].as_array_mut().map(std::mem::take);
    let Some(mut entries) = entries else { return body.to_vec() };
    for change in entries.iter_mut().filter_map(|entry| entry["changes"].as_array_mut()).flatten() {
        if change["value"]["metadata"].is_object() || change["value"].is_object() {
            change["value"]["metadata"]["phone_number_id"] = json!(NUMBER);
        }
    }
    json["entry"] = Value::Array(entries);
    json.to_string().into_bytes()
}

impl Created {
    fn count(&mut self, item: &HashMap<String, AttributeValue>) {
        let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
        let (pk, sk) = (text("pk"), text("sk"));
        match sk.as_str() {
            "PROFILE" => self.contacts += 1,
            "TICKET" => self.tickets += 1,
            "RECEIPT" => {
                // The receipt of what our side wrote on the phone waits for reports.
                let reports = item.get("reports").map_or(&[][..], |reports| reports.as_l().unwrap());
                let delivery = |report: &AttributeValue| report.as_m().unwrap()["delivery"].as_s().unwrap().clone();
                self.statuses.extend(reports.iter().map(delivery));
            }
            _ if sk.starts_with("MSG#") => {
                self.messages.push(text("kind"));
                self.conversations.insert(pk);
            }
            "STATE" => drop(self.conversations.insert(pk)),
            _ if pk.starts_with("INSPECT#") => self.kept.push(text("reason")),
            _ => {}
        }
    }
}
