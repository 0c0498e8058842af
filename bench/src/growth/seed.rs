//! An organization with many tickets, laid down in the table engine's file: the items that one real message made, again and again
//! under other names.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use dynoxide::actions::list_tables::ListTablesRequest;
use dynoxide::actions::scan::ScanRequest;
use dynoxide::{Database, ImportOptions};
use serde_json::{Value, json};

use crate::binaries::Binaries;
use crate::host::Host;
use crate::provider::{COMERCIAL, phone, text};

/// Tickets that are written at once.
const BATCH: u64 = 2_000;
/// The characters of ids.
const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A data directory with one ticket, and what that ticket consists of.
pub(super) struct Template {
    data: Arc<tempfile::TempDir>,
    table: String,
    /// As JSON, for replacing what tells one ticket from another.
    items: String,
    counter: Value,
    names: Vec<String>,
    /// The partition of the index of deadlines that the ticket is in.
    shard: String,
}

/// Lets a host make the first ticket, and looks at what it stored.
pub(super) async fn template(binaries: &Binaries) -> anyhow::Result<Template> {
    let data = Arc::new(tempfile::tempdir()?);
    let host = Host::start_on(binaries, Arc::clone(&data)).await?;
    host.post(text(COMERCIAL, &phone(1))).await?;
    host.settled().await?;
    drop(host);
    let database = open(data.path())?;
    let mut tables = database.list_tables(ListTablesRequest::default())?.table_names;
    let table = tables.pop().filter(|_| tables.is_empty()).context("the template has one table")?;
    let scan: ScanRequest = serde_json::from_value(json!({ "TableName": table }))?;
    let scanned = serde_json::to_value(database.scan(scan)?)?;
    let all = scanned["Items"].as_array().context("the table has items")?;
    let key = |item: &Value, name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
    let counter = all.iter().find(|item| item["n"]["N"] == "1").context("the table has a counter")?.clone();
    // Items of the ticket have keys of their own below the organization's; those of the organization share one.
    let below = format!("{}#", key(&counter, "pk"));
    let of_ticket = |item: &&Value| key(item, "pk").starts_with(&below);
    let items: Vec<Value> = all.iter().filter(of_ticket).cloned().collect();
    let mut names = BTreeSet::from([phone(1)]);
    for item in &items {
        names.extend(
            key(item, "pk").split('#').chain([&*key(item, "mid")]).filter(|part| is_name(part)).map(str::to_owned),
        );
    }
    ensure!(
        names.len() == 5,
        "a ticket has a phone number, a contact, a conversation, a message and itself: {names:?}"
    );
    let shard = items.iter().map(|item| key(item, "d_pk")).find(|shard| !shard.is_empty());
    let shard = shard.context("the ticket has a deadline")?;
    Ok(Template {
        shard,
        data,
        table,
        items: Value::from(items).to_string(),
        counter,
        names: names.into_iter().collect(),
    })
}

fn is_name(part: &str) -> bool {
    ["ctc_", "cnv_", "tkt_", "wamid."].iter().any(|prefix| part.starts_with(prefix))
}

fn open(data: &Path) -> anyhow::Result<Database> {
    Ok(Database::new(&data.join("table.db").to_string_lossy())?)
}

impl Template {
    /// Makes a copy of the data directory that has this many tickets; how long that took.
    pub(super) fn grow(&self, to: &Path, tickets: u64) -> anyhow::Result<Duration> {
        let started_at = Instant::now();
        for entry in std::fs::read_dir(self.data.path())? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                std::fs::copy(entry.path(), to.join(entry.file_name()))?;
            }
        }
        let database = open(to)?;
        database.enable_bulk_loading()?;
        let mut next = 2;
        while next <= tickets {
            let end = (next + BATCH).min(tickets + 1);
            let mut batch = Vec::new();
            for number in next..end {
                batch.extend(serde_json::from_str::<Vec<_>>(&self.copy(number))?);
            }
            database.import_items(&self.table, batch, ImportOptions::default())?;
            next = end;
        }
        let mut counter = self.counter.clone();
        for (_, value) in counter.as_object_mut().into_iter().flatten().filter(|(_, value)| value["N"] == "1") {
            *value = json!({ "N": tickets.to_string() });
        }
        database.import_items(&self.table, vec![serde_json::from_value(counter)?], ImportOptions::default())?;
        database.disable_bulk_loading()?;
        Ok(started_at.elapsed())
    }

    /// The items of the ticket of this number, as JSON.
    fn copy(&self, number: u64) -> String {
        let mut items = self.items.clone();
        for name in &self.names {
            items = items.replace(name, &renamed(name, number));
        }
        for field in ["n_sk", "number", "year_seq"] {
            items =
                items.replace(&format!("\"{field}\":{{\"N\":\"1\"}}"), &format!("\"{field}\":{{\"N\":\"{number}\"}}"));
        }
        items.replace(&self.shard, &format!("{}{}", self.shard.trim_end_matches(char::is_numeric), number % 4))
    }
}

/// Another name of the same kind and length, which no other number has.
fn renamed(name: &str, number: u64) -> String {
    if *name == phone(1) {
        return phone(number);
    }
    let mut digits = String::new();
    let mut rest = number;
    for _ in 0..8 {
        digits.insert(0, char::from(CROCKFORD[(rest % 32) as usize]));
        rest /= 32;
    }
    let kept = name.len() - digits.len();
    format!("{}{digits}", &name[..kept])
}
