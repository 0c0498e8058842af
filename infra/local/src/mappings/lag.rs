//! How far behind a reader of a stream is, for the operator. CloudWatch calls it `IteratorAge`.

use std::path::Path;

use dynoxide::Database;
use dynoxide::actions::get_records::GetRecordsRequest;
use jiff::Timestamp;

use super::checkpoint::Checkpoint;
use super::stream::{blocking, locate};
use super::stream_event::StreamRecord;
use crate::template::StreamMapping;

/// When the oldest record was written that the function is not done with. `None` when there is none, and when nobody knows
/// how far it is: a host without a disk keeps no checkpoints.
pub(crate) async fn oldest_unread(
    database: &Database,
    checkpoints: Option<&Path>,
    function: &str,
    mapping: &StreamMapping,
) -> Option<Timestamp> {
    let checkpoint = Checkpoint::open(Some(checkpoints?), function, &mapping.table).ok()?;
    let after = checkpoint.sequence_number().map(str::to_owned);
    let (table, start) = (mapping.table.clone(), mapping.starting_position);
    let records = blocking(database, move |database| {
        let (_, shard_iterator) = locate(database, &table, start, after)?;
        database.get_records(GetRecordsRequest { shard_iterator, limit: Some(1) })
    });
    let record = StreamRecord::new(records.await.ok()?.records.into_iter().next()?, "").ok()?;
    Some(record.created_at)
}
