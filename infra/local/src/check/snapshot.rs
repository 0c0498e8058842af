//! Table and queues as they were at one moment, whether a host serves from them or not.
//!
//! Each file is read in one transaction. What makes the two one moment: no queue was written between the moment at which
//! the queues were pinned and that at which the table was. Source: docs/adr/0013-check.md.

use std::path::{Path, PathBuf};

use serde_dynamo::Item;
use storage::survey::{Place, Surveyed, read};

use super::queue_file::QueueFile;
use super::table_file::TableFile;
use crate::data_dir::DataDir;
use crate::objects::{self, Kept, StoreError};
use crate::template::STACK;

/// The buckets of the template, as they are called here.
const FILES: &str = "turno-mediabucket";
const PARCELS: &str = "turno-parcelbucket";

/// How often both are pinned again because a queue was written in between, which is some microseconds.
const TRIES: u32 = 1000;

/// Why there is nothing to check.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("no host has kept data in {0}")]
    Nothing(String),
    #[error("{file} has layout {found}, this program knows {known}")]
    Layout { file: &'static str, found: String, known: String },
    #[error("table.db has {0} tables, not one")]
    Tables(usize),
    #[error("the checkpoint of relay, {0}, is no sequence number of the stream")]
    Checkpoint(String),
    #[error("the queues were written at every look; try again with less load")]
    NeverStill,
    #[error("a database cannot be read")]
    Sqlite(#[from] rusqlite::Error),
    #[error("a database holds text that is none")]
    Text(#[from] rusqlite::types::FromSqlError),
    #[error("an item of the table is no JSON")]
    Json(#[from] serde_json::Error),
    #[error("{0}")]
    File(#[from] std::io::Error),
}

/// One moment.
pub(super) struct Snapshot {
    table: TableFile,
    queues: QueueFile,
    /// How far `relay` had read the stream, at that moment or before it.
    relayed: Option<String>,
    /// Where the files of messages are.
    files: PathBuf,
    /// Where lies what the inbound queue cannot hold.
    parcels: PathBuf,
}

impl Snapshot {
    pub(super) fn take(dir: &Path) -> Result<Self, Unreadable> {
        let data = DataDir::existing(dir);
        if !data.table().is_file() || !data.queues().is_file() {
            return Err(Unreadable::Nothing(dir.display().to_string()));
        }
        let (table, queues) = (TableFile::open(&data.table())?, QueueFile::open(&data.queues())?);
        let observer = QueueFile::open(&data.queues())?;
        // Before the table: what is told after this look may only make less of the table unexplained.
        let checkpoint = data.checkpoints().join(format!("{STACK}-relay.{}", table.name()));
        let relayed = match std::fs::read_to_string(checkpoint) {
            Ok(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(error.into()),
        };
        for _ in 0..TRIES {
            let before = observer.commits()?;
            queues.pin()?;
            table.pin()?;
            if observer.commits()? == before {
                let (files, parcels) = (data.files().join(FILES), data.files().join(PARCELS));
                return Ok(Self { table, queues, relayed, files, parcels });
            }
            table.release()?;
            queues.release()?;
        }
        Err(Unreadable::NeverStill)
    }

    /// Every partition of the table with its items in the order of their sort keys.
    ///
    /// One partition is held at a time. Relies on what DynamoDB promises of a scan: a partition's items come together.
    pub(super) fn partitions(
        &self,
        each: &mut dyn FnMut(Vec<Surveyed>) -> Result<(), Unreadable>,
    ) -> Result<(), Unreadable> {
        let (mut current, mut items) = (String::new(), Vec::new());
        self.table.items(&mut |item| {
            let partition = partition(&item);
            if partition != current {
                current = partition;
                each(std::mem::take(&mut items))?;
            }
            items.push(read(item));
            Ok(())
        })?;
        each(items)
    }

    /// The item at a place, if it can be taken for what its place says.
    pub(super) fn item(&self, place: &Place) -> Result<Option<Surveyed>, Unreadable> {
        Ok(self.table.item(place)?.map(read).filter(|item| !item.is_unusable()))
    }

    /// The bodies of what lies on a queue of the template, by its name without the stack's.
    pub(super) fn bodies(
        &self,
        queue: &str,
        each: &mut dyn FnMut(&str) -> Result<(), Unreadable>,
    ) -> Result<(), Unreadable> {
        self.queues.bodies(&format!("{STACK}-{queue}"), each)
    }

    /// Every file that is kept: what it is called on the disk, and what it is. Read after the table was pinned: whatever the
    /// table says is kept was on the disk before.
    pub(super) fn files(&self) -> Result<Vec<(String, Option<Kept>)>, Unreadable> {
        Ok(objects::kept(&self.files)?)
    }

    /// What is in a parcel; `None` where it is not there or damaged. Read after the queues were pinned: whatever they name was on
    /// the disk before.
    pub(super) fn parcel(&self, key: &str) -> Result<Option<Vec<u8>>, Unreadable> {
        match objects::content(&self.parcels, key) {
            Ok(content) => Ok(content),
            Err(StoreError::Disk(error)) => Err(error.into()),
            Err(_) => Ok(None),
        }
    }

    /// The items that `relay` may not have told of yet, the new ones or all.
    pub(super) fn untold(&self, is_new: bool, each: &mut dyn FnMut(Surveyed)) -> Result<(), Unreadable> {
        self.table.written_after(self.relayed.as_deref(), is_new, &mut |item| {
            each(read(item));
            Ok(())
        })
    }
}

fn partition(item: &Item) -> String {
    match item.get("pk") {
        Some(serde_dynamo::AttributeValue::S(text)) => text.clone(),
        _ => String::new(),
    }
}
