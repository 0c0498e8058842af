//! Collects the report inside the host. Nothing that it does holds up a writer of the table or of the queues for long.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags};

use super::report::{QueueReport, Report, StreamReport, TableReport};
use crate::aws::table::TableEngine;
use crate::data_dir::DataDir;
use crate::lambda::Lambda;
use crate::mappings::lag;
use crate::sqs::{self, QueueCounts, Queues};
use crate::template::{Function, Mapping, Table};

/// What the report needs beside the services that it asks.
pub(crate) struct Collector {
    started_at: Timestamp,
    data: DataDir,
    /// Whether table, queues and checkpoints are in the data directory rather than in memory.
    durable: bool,
    functions: Vec<Function>,
    tables: Vec<String>,
}

impl Collector {
    pub(crate) fn new(functions: &[Function], tables: &[Table], data: &DataDir, durable: bool) -> Self {
        Self {
            started_at: crate::clock::now(),
            data: data.clone(),
            durable,
            functions: functions.to_vec(),
            tables: tables.iter().map(|table| table.name.clone()).collect(),
        }
    }

    /// The host as it is now.
    pub(crate) async fn report(
        &self,
        queues: &Queues,
        table: &TableEngine,
        lambda: &Lambda,
    ) -> Result<Report, sqs::Error> {
        let now = crate::clock::now();
        let pid = std::process::id();
        let counts = queues.overview().await?;
        let (file, names) = (self.durable.then(|| self.data.table()), self.tables.clone());
        let dir = self.data.path().to_path_buf();
        let read = move || (count_items(file.as_deref(), &names), size_of(&dir));
        let (tables, data_bytes) = tokio::task::spawn_blocking(read).await.unwrap_or_default();
        Ok(Report {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid,
            started_at: self.started_at,
            uptime_secs: u64::try_from(now.duration_since(self.started_at).as_secs()).unwrap_or_default(),
            memory_bytes: crate::memory::resident_bytes(pid),
            data_dir: self.data.path().display().to_string(),
            data_bytes,
            queues: counts.iter().map(|queue| self.queue(queue, &counts)).collect(),
            tables,
            streams: self.streams(table, now).await,
            functions: lambda.status(),
        })
    }

    fn queue(&self, queue: &QueueCounts, all: &[QueueCounts]) -> QueueReport {
        let gives_up_here = |other: &&QueueCounts| other.dead_letter_queue.as_ref() == Some(&queue.name);
        let mut failures_of = Vec::new();
        for function in &self.functions {
            let of_streams = function.mappings.iter().filter_map(|mapping| match mapping {
                Mapping::Stream(stream) => stream.on_failure_queue.as_ref(),
                Mapping::Queue(_) => None,
            });
            let of_schedules = function.schedules.iter().filter_map(|schedule| schedule.dead_letter_queue.as_ref());
            if of_streams.chain(of_schedules).any(|name| *name == queue.name) {
                failures_of.push(function.name.clone());
            }
        }
        QueueReport {
            name: queue.name.clone(),
            waiting: queue.waiting,
            in_flight: queue.in_flight,
            delayed: queue.delayed,
            oldest_age_secs: queue.oldest_age_ms.map(|age| age / 1000),
            dead_letters_of: all.iter().filter(gives_up_here).map(|other| other.name.clone()).collect(),
            failures_of,
        }
    }

    async fn streams(&self, table: &TableEngine, now: Timestamp) -> Vec<StreamReport> {
        let checkpoints = self.durable.then(|| self.data.checkpoints());
        let mut streams = Vec::new();
        for function in &self.functions {
            for mapping in &function.mappings {
                let Mapping::Stream(stream) = mapping else { continue };
                let unread = lag::oldest_unread(table.database(), checkpoints.as_deref(), &function.name, stream);
                let age = |at| u64::try_from(now.duration_since(at).as_secs()).unwrap_or_default();
                streams.push(StreamReport {
                    table: stream.table.clone(),
                    function: function.name.clone(),
                    oldest_unread_age_secs: unread.await.map(age),
                });
            }
        }
        streams
    }
}

/// Counts on a connection of its own, so that nobody waits for it at the engine's.
fn count_items(file: Option<&Path>, tables: &[String]) -> Vec<TableReport> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = file.and_then(|file| Connection::open_with_flags(file, flags).ok());
    let count = |name: &String| {
        // The engine keeps each table's items in a table of the same name.
        let sql = format!("SELECT COUNT(*) FROM \"{}\"", name.replace('"', "\"\""));
        connection.as_ref()?.query_row(&sql, [], |row| row.get(0)).ok()
    };
    tables.iter().map(|name| TableReport { name: name.clone(), items: count(name) }).collect()
}

/// Everything in the directory; `None` when it cannot be read.
fn size_of(dir: &PathBuf) -> Option<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(dir).ok()? {
        let entry = entry.ok()?;
        // A file may go while it is looked at.
        let Ok(metadata) = entry.metadata() else { continue };
        bytes += if metadata.is_dir() { size_of(&entry.path())? } else { metadata.len() };
    }
    Some(bytes)
}
