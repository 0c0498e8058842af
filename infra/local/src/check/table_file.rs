//! The table engine's file, read without the engine, so that a host that serves from it is not disturbed.
//!
//! The layout is dynoxide's, whose version the workspace pins; a file of another layout is refused. Must never write.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};
use serde_dynamo::Item;
use storage::survey::Place;

use super::snapshot::Unreadable;
use crate::aws::stream_records::stored;

/// What dynoxide 3.2 calls its layout.
const LAYOUT: &str = "11";

/// One table of the file, as one transaction sees it.
pub(super) struct TableFile {
    connection: Connection,
    /// The name of the one table, quoted.
    table: String,
}

impl TableFile {
    pub(super) fn open(path: &Path) -> Result<Self, Unreadable> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        let layout: Option<String> = connection
            .query_row("SELECT value FROM _config WHERE key = 'schema_version'", [], |row| row.get(0))
            .optional()?;
        let found = layout.unwrap_or_else(|| "none".to_owned());
        if found != LAYOUT {
            return Err(Unreadable::Layout { file: "table.db", found, known: LAYOUT.to_owned() });
        }
        let names = names(&connection)?;
        let [name] = names.as_slice() else { return Err(Unreadable::Tables(names.len())) };
        let table = format!("\"{}\"", name.replace('"', "\"\""));
        Ok(Self { connection, table })
    }

    /// The name of the table.
    pub(super) fn name(&self) -> String {
        self.table.trim_matches('"').replace("\"\"", "\"")
    }

    /// From here on everything is read as it is now, whatever is written.
    pub(super) fn pin(&self) -> Result<(), Unreadable> {
        self.connection.execute_batch("BEGIN; SELECT COUNT(*) FROM _tables;")?;
        Ok(())
    }

    pub(super) fn release(&self) -> Result<(), Unreadable> {
        self.connection.execute_batch("COMMIT")?;
        Ok(())
    }

    /// Every item, partition by partition and in the order of the keys.
    pub(super) fn items(&self, each: &mut dyn FnMut(Item) -> Result<(), Unreadable>) -> Result<(), Unreadable> {
        let mut statement =
            self.connection.prepare(&format!("SELECT item_json FROM {} ORDER BY pk, sk", self.table))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            each(serde_json::from_str(row.get_ref(0)?.as_str()?)?)?;
        }
        Ok(())
    }

    /// The item at a place.
    pub(super) fn item(&self, place: &Place) -> Result<Option<Item>, Unreadable> {
        let sql = format!("SELECT item_json FROM {} WHERE pk = ?1 AND sk = ?2", self.table);
        let mut statement = self.connection.prepare_cached(&sql)?;
        // The engine writes the type of a key before it.
        let mut rows = statement.query([place.partition(), place.sort()].map(|key| format!("S:{key}")))?;
        Ok(match rows.next()? {
            Some(row) => Some(serde_json::from_str(row.get_ref(0)?.as_str()?)?),
            None => None,
        })
    }

    /// The items of the stream after this record, as they were written; of all records that are kept where none is named. `is_new`
    /// leaves out what had been there before.
    pub(super) fn written_after(
        &self,
        sequence_number: Option<&str>,
        is_new: bool,
        each: &mut dyn FnMut(Item) -> Result<(), Unreadable>,
    ) -> Result<(), Unreadable> {
        let after = match sequence_number {
            None => 0,
            Some(shown) => stored(shown).ok_or_else(|| Unreadable::Checkpoint(shown.to_owned()))?,
        };
        let sql =
            "SELECT new_image FROM _stream_records WHERE table_name = ?1 AND CAST(sequence_number AS INTEGER) > ?2
                   AND (event_name = 'INSERT' OR (event_name = 'MODIFY' AND NOT ?3)) ORDER BY CAST(sequence_number AS INTEGER)";
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query(params![self.name(), after, is_new])?;
        while let Some(row) = rows.next()? {
            each(serde_json::from_str(row.get_ref(0)?.as_str()?)?)?;
        }
        Ok(())
    }
}

fn names(connection: &Connection) -> Result<Vec<String>, rusqlite::Error> {
    connection.prepare("SELECT table_name FROM _tables")?.query_map([], |row| row.get(0))?.collect()
}

#[cfg(test)]
mod tests {
    use dynoxide::Database;
    use serde_json::json;

    use super::*;

    /// A file as the engine writes it, with three items.
    fn written(path: &Path) -> Database {
        let database = Database::new(&path.to_string_lossy()).unwrap();
        let key = |name: &str, kind: &str| json!({ "AttributeName": name, "KeyType": kind });
        let attribute = |name: &str| json!({ "AttributeName": name, "AttributeType": "S" });
        let table = json!({
            "TableName": "turno-Table", "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [attribute("pk"), attribute("sk")],
            "KeySchema": [key("pk", "HASH"), key("sk", "RANGE")],
            "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES" },
        });
        database.create_table(serde_json::from_value(table).unwrap()).unwrap();
        for (pk, sk) in [("b", "2"), ("b", "1"), ("a", "9")] {
            put(&database, pk, sk);
        }
        database
    }

    fn put(database: &Database, pk: &str, sk: &str) {
        let item = json!({ "pk": { "S": pk }, "sk": { "S": sk }, "n": { "N": "5" }, "l": { "L": [{ "BOOL": true }] } });
        let request = json!({ "TableName": "turno-Table", "Item": item });
        database.put_item(serde_json::from_value(request).unwrap()).unwrap();
    }

    /// Of the stream's records, as the engine shows them.
    fn sequence_numbers(database: &Database) -> Vec<String> {
        use dynoxide::actions::describe_stream::DescribeStreamRequest;
        use dynoxide::actions::describe_table::DescribeTableRequest;
        use dynoxide::actions::get_records::GetRecordsRequest;
        use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
        let table = DescribeTableRequest { table_name: "turno-Table".to_owned() };
        let stream_arn = database.describe_table(table).unwrap().table.latest_stream_arn.unwrap();
        let request = DescribeStreamRequest { stream_arn: stream_arn.clone(), ..Default::default() };
        let shard_id = database.describe_stream(request).unwrap().stream_description.shards[0].shard_id.clone();
        let shard_iterator_type = "TRIM_HORIZON".to_owned();
        let request = GetShardIteratorRequest { stream_arn, shard_id, shard_iterator_type, sequence_number: None };
        let iterator = database.get_shard_iterator(request).unwrap().shard_iterator.unwrap();
        let request = GetRecordsRequest { shard_iterator: iterator, limit: None };
        let records = database.get_records(request).unwrap().records;
        records.into_iter().map(|record| record.dynamodb.sequence_number).collect()
    }

    fn keys(
        read: impl FnOnce(&mut dyn FnMut(Item) -> Result<(), Unreadable>) -> Result<(), Unreadable>,
    ) -> Vec<String> {
        let mut keys = Vec::new();
        read(&mut |item| {
            let item = serde_json::to_value(&item)?;
            keys.push(format!("{}{}", item["pk"]["S"].as_str().unwrap(), item["sk"]["S"].as_str().unwrap()));
            Ok(())
        })
        .unwrap();
        keys
    }

    #[test]
    fn what_the_engine_wrote_is_read_in_the_order_of_its_keys_and_as_it_was_when_pinned() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("table.db");
        let database = written(&path);
        let file = TableFile::open(&path).unwrap();
        assert_eq!(file.name(), "turno-Table");
        file.pin().unwrap();
        put(&database, "c", "1");
        assert_eq!(keys(|each| file.items(each)), ["a9", "b1", "b2"]);
        assert_eq!(keys(|each| file.written_after(None, true, each)), ["b2", "b1", "a9"]);
        file.release().unwrap();
        assert_eq!(keys(|each| file.items(each)), ["a9", "b1", "b2", "c1"]);
    }

    #[test]
    fn an_item_is_found_at_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("table.db");
        let database = written(&path);
        let place = Place::cloud_api_account("100000000000001");
        let file = TableFile::open(&path).unwrap();
        assert_eq!(file.item(&place).unwrap(), None);
        put(&database, place.partition(), place.sort());
        assert!(file.item(&place).unwrap().is_some());
    }

    #[test]
    fn the_new_items_after_a_record_of_the_stream_are_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("table.db");
        let database = written(&path);
        // A change of an item that is there is told of elsewhere.
        put(&database, "b", "2");
        let file = TableFile::open(&path).unwrap();
        let shown = sequence_numbers(&database);
        assert_eq!(keys(|each| file.written_after(Some(&shown[0]), true, each)), ["b1", "a9"]);
        assert_eq!(keys(|each| file.written_after(Some(&shown[2]), true, each)), [""; 0]);
        assert_eq!(keys(|each| file.written_after(Some(&shown[2]), false, each)), ["b2"]);
        assert!(matches!(file.written_after(Some("0"), true, &mut |_| Ok(())), Err(Unreadable::Checkpoint(_))));
    }

    #[test]
    fn a_file_of_another_layout_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("table.db");
        drop(written(&path));
        let other = Connection::open(&path).unwrap();
        other.execute("UPDATE _config SET value = '99' WHERE key = 'schema_version'", []).unwrap();
        assert!(matches!(TableFile::open(&path), Err(Unreadable::Layout { found, .. }) if found == "99"));
        assert!(matches!(TableFile::open(&dir.path().join("none.db")), Err(Unreadable::Sqlite(_))));
    }
}
