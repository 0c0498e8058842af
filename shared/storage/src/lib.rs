//! The table: the only place that knows keys, expressions and transactions.
//!
//! Functions ask for what they mean (`open a ticket`, `commit a change`) and get domain types or one of a few errors; which
//! items that touches, under which conditions and at which cost, is `docs/data-model.md`'s and this crate's to know.

mod calls;
mod commands;
mod conflicts;
mod contacts;
mod conversations;
mod counter;
mod due;
mod error;
mod handmade;
mod identities;
mod ingest;
mod inspection;
mod item;
mod keys;
mod lines;
mod marks;
mod media;
mod meeting;
mod merges;
mod messages;
mod notes;
mod once;
mod openings;
mod organizations;
mod other_times;
mod pages;
mod parking;
mod parting;
mod prefixes;
mod reads;
mod receipts;
mod references;
mod reminders;
mod replies;
mod service_keys;
mod statistics;
pub mod stream;
mod surroundings;
#[cfg(feature = "survey")]
pub mod survey;
mod templates;
mod ticket_changes;
mod ticket_items;
mod tickets;
mod transaction;
mod units;
mod writes;

use std::sync::Arc;

use aws_sdk_dynamodb::Client;

pub use commands::{Beside, MakeAnswer};
pub use conflicts::with_conflicts_tried_again;
pub use contacts::{FoundWay, KnownContact, NewContact};
pub use error::{ChangeError, Error};
pub use identities::{HandOver, Receiver};
pub use ingest::{Basis, Progress, Step};
pub use inspection::Inspection;
pub use merges::{Person, WholeContact};
pub use messages::StoredMessage;
pub use once::{Answer, Known, Once};
pub use pages::{is_place_on_board, place_on_board};
pub use parting::Parting;
pub use references::Shown;
pub use replies::Reply;
pub use statistics::Statistics;
pub use surroundings::Surroundings;
pub use tickets::{Page, TicketFilter, VersionedRow};
pub use units::{Consumed, Units};

/// The table of a deployment.
#[derive(Debug, Clone)]
pub struct Storage {
    client: Client,
    table: String,
    units: Arc<Units>,
    openings: Arc<openings::Openings>,
    /// Absent where each read and each write is a call of its own.
    shared: Option<Arc<Shared>>,
}

/// Those who need a call at the same moment.
#[derive(Debug, Default)]
struct Shared {
    reads: reads::Reads,
    writes: writes::Writes,
}

impl Storage {
    /// Uses `table` through a client that was configured elsewhere, with [`with_conflicts_tried_again`].
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into(), units: Arc::default(), openings: Arc::default(), shared: None }
    }

    /// This storage, but what is read at the same moment is read in one call, and what is written in another: for who works on many
    /// things side by side, and may read and write several items at once.
    #[must_use]
    pub fn sharing_calls(self) -> Self {
        Self { shared: Some(Arc::default()), ..self }
    }

    /// The read and write units consumed through this value and its clones.
    pub fn units(&self) -> &Units {
        &self.units
    }

    /// Opens the connection to the table during a function's start, so that its first request does not wait for it. Reads a key
    /// that does not exist, among those of organizations: every function that calls this may read them.
    pub async fn prime(&self) -> Result<(), Error> {
        self.get(keys::nobody(), false).await.map(drop)
    }
}
