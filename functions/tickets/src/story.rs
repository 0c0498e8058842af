//! What is told with a ticket in S1: its newest history and notes, as much of them as an answer takes. The rest is asked for with
//! `historyBefore` and `notesBefore`.

use std::collections::HashMap;

use domain::ids::NoteId;
use domain::page::{PAGE_BYTES, Room};
use domain::ticket::Ticket;
use files::Bucket;
use jiff::Timestamp;
use runtime::Problem;
use runtime::dialects::Story;
use storage::Storage;

use crate::links;

/// Where a story is told from, backwards; from its end where nothing is said.
#[derive(Debug, Default)]
pub(crate) struct From {
    history: Option<u64>,
    notes: Option<NoteId>,
}

impl From {
    /// Reads a query. Errors name the parameter.
    pub(crate) fn read(query: &HashMap<String, String>) -> Result<Self, Problem> {
        let given = |name: &str| query.get(name).filter(|value| !value.is_empty());
        let invalid = |field| Problem::InvalidInput { field, reason: format!("{field} must be as a ticket told it") };
        let history = given("historyBefore").map(|text| text.parse().map_err(|_| invalid("historyBefore")));
        let notes = given("notesBefore").map(|text| NoteId::new(text).map_err(|_| invalid("notesBefore")));
        Ok(Self { history: history.transpose()?, notes: notes.transpose()? })
    }
}

/// The end of a ticket's story, oldest first.
pub(crate) async fn newest(
    storage: &Storage,
    bucket: &Bucket,
    ticket: &Ticket,
    from: &From,
    now: Timestamp,
) -> Result<Story, Problem> {
    let room = Room::of(usize::MAX).within(PAGE_BYTES / 2);
    let (rows, notes) = tokio::try_join!(
        storage.history_before(&ticket.org, &ticket.id, from.history, room),
        storage.notes_before(&ticket.org, &ticket.id, from.notes.as_ref(), room),
    )?;
    let history_before = rows.items.last().filter(|_| rows.has_more).map(|row| row.version);
    let notes_before = notes.items.last().filter(|_| notes.has_more).map(|note| note.id.clone());
    let notes: Vec<_> = notes.items.into_iter().rev().collect();
    let links = links::urls(bucket, &ticket.org, &notes, now)?;
    let rows = rows.items.into_iter().rev().map(|versioned| versioned.row).collect();
    Ok(Story { rows, notes, links, history_before, notes_before })
}
