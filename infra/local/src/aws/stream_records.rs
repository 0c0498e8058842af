//! The stream's records in the table engine's file: quick to find, and gone once they are a day old and read.
//!
//! dynoxide keeps them for ever, and at every write looks through all of them for the last one
//! (docs/adr/0015-stream-records.md). It has no call that would change either, so the host opens the file beside it, and only
//! while nothing is served: once to add an index, once to delete old rows. Everything else in the file is the engine's.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::error::HostError;

/// How long DynamoDB keeps a record. Source: DynamoDB Developer Guide, "Change data capture for DynamoDB Streams":
/// `https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html`
const KEPT_FOR: Duration = Duration::from_hours(24);

/// What the engine adds to its own numbers before it shows them.
const SHOWN_FROM: u128 = 100_000_000_000_000_000_000;

/// Lets the engine find its last record, and those after a checkpoint, without reading all. The tables must be there.
pub(super) fn index(file: &Path) -> Result<(), HostError> {
    let sql = "CREATE INDEX IF NOT EXISTS turno_stream_records
               ON _stream_records (table_name, CAST(sequence_number AS INTEGER))";
    open(file).and_then(|connection| connection.execute_batch(sql)).map_err(|error| refused(file, &error))
}

/// Deletes the records that are a day old and that everybody who reads the stream is done with; how many they were.
///
/// `read` holds, for each table whose readers have all begun, the sequence number that the slowest of them has finished.
/// A record that somebody has yet to read stays, however old it is: unlike AWS, this host may have been off for the weekend.
/// The last record stays too, so that numbers go on from it even where the clock was set back.
pub(crate) fn trim(file: &Path, read: &BTreeMap<String, String>, now: Timestamp) -> Result<usize, HostError> {
    let sql = "DELETE FROM _stream_records
               WHERE table_name = ?1 AND created_at <= ?3 AND CAST(sequence_number AS INTEGER) <= ?2
               AND CAST(sequence_number AS INTEGER) <
                   (SELECT MAX(CAST(sequence_number AS INTEGER)) FROM _stream_records WHERE table_name = ?1)";
    let oldest = now.as_second().saturating_sub_unsigned(KEPT_FOR.as_secs());
    let trimmed = open(file).and_then(|connection| {
        let finished = read.iter().filter_map(|(table, shown)| Some((table, stored(shown)?)));
        finished.map(|(table, number)| connection.execute(sql, params![table, number, oldest])).sum()
    });
    trimmed.map_err(|error| refused(file, &error))
}

/// The engine's own number for one that it has shown.
pub(crate) fn stored(shown: &str) -> Option<i64> {
    i64::try_from(shown.parse::<u128>().ok()?.checked_sub(SHOWN_FROM)?).ok()
}

fn open(file: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    Ok(connection)
}

fn refused(file: &Path, error: &rusqlite::Error) -> HostError {
    HostError::Refused(format!("table {}: the stream's records cannot be kept in order: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::table::TableEngine;
    use crate::aws::table::tests::{put as put_item, records as stream, table};
    use dynoxide::Database;
    use serde_json::json;

    const TABLE: &str = "turno-Table";
    const DAY: i64 = 24 * 60 * 60;

    fn put(database: &Database, pk: &str) {
        put_item(database, &json!({ "pk": { "S": pk } }));
    }

    /// Keys and sequence numbers of what the stream still has, in order.
    fn records(database: &Database) -> Vec<(String, String)> {
        let key = |record: &dynoxide::actions::get_records::Record| {
            serde_json::to_value(&record.dynamodb.keys).unwrap()["pk"]["S"].as_str().unwrap().to_owned()
        };
        let both = |record| (key(&record), record.dynamodb.sequence_number);
        stream(database).into_iter().map(both).collect()
    }

    #[test]
    fn the_engine_finds_its_records_by_the_index() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("table.db");
        let database = TableEngine::open(Some(&file), &[table()]).unwrap();
        put(&database, "a");
        let connection = open(&file).unwrap();
        // The engine's own questions, in version 3.2.0.
        for question in [
            "SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) + 1 FROM _stream_records WHERE table_name = 'T'",
            "SELECT event_name FROM _stream_records
             WHERE table_name = 'T' AND shard_id = 'S' AND CAST(sequence_number AS INTEGER) > 7
             ORDER BY CAST(sequence_number AS INTEGER) ASC LIMIT 100",
        ] {
            let plan = format!("EXPLAIN QUERY PLAN {question}");
            let plan: String = connection.query_row(&plan, [], |row| row.get(3)).unwrap();
            assert!(plan.starts_with("SEARCH") && plan.contains("turno_stream_records"), "{plan}");
        }
        // A second start finds the index there, and the engine its table.
        drop(database);
        assert_eq!(records(&TableEngine::open(Some(&file), &[table()]).unwrap()).len(), 1);
    }

    #[test]
    fn what_is_a_day_old_and_read_goes_and_everything_else_stays() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("table.db");
        let database = TableEngine::open(Some(&file), &[table()]).unwrap();
        for pk in ["a", "b", "c", "d"] {
            put(&database, pk);
        }
        let all = records(&database);
        let keys = |database: &Database| records(database).into_iter().map(|(key, _)| key).collect::<String>();
        let read_to = |number: &str| BTreeMap::from([(TABLE.to_owned(), number.to_owned())]);
        let after = |secs: i64| Timestamp::from_second(crate::clock::now().as_second() + secs).unwrap();

        assert_eq!(trim(&file, &read_to(&all[3].1), after(DAY - 60)).unwrap(), 0, "none is a day old");
        assert_eq!(trim(&file, &BTreeMap::new(), after(3 * DAY)).unwrap(), 0, "nobody has read any");
        assert_eq!(trim(&file, &read_to(&all[1].1), after(DAY + 60)).unwrap(), 2);
        assert_eq!(keys(&database), "cd");
        assert_eq!(trim(&file, &read_to(&all[3].1), after(DAY + 60)).unwrap(), 1, "the last one stays");
        assert_eq!(keys(&database), "d");
        put(&database, "e");
        assert!(records(&database)[1].1 > all[3].1);
    }

    #[test]
    fn a_shown_number_is_the_engines_own_and_more() {
        assert_eq!(stored("100000000000000000007"), Some(7));
        assert_eq!(stored("7"), None);
        assert_eq!(stored(""), None);
    }
}
