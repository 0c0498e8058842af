//! The files of a stopped host, changed past the product: the table through its engine, the queues as a file.

use std::path::Path;

use dynoxide::Database;
use rusqlite::Connection;
use serde_json::{Value, json};

/// One change of the table.
#[derive(Debug, Clone)]
pub(super) enum Change {
    /// This item, whatever was there.
    Put(Value),
    /// No item where this one is.
    Delete(Value),
}

/// The table of a data directory.
pub(super) struct Engine {
    database: Database,
    table: String,
}

impl Engine {
    pub(super) fn open(data: &Path) -> Self {
        let database = Database::new(&data.join("table.db").to_string_lossy()).unwrap();
        let tables = database.list_tables(serde_json::from_value(json!({})).unwrap()).unwrap().table_names;
        let [table] = tables.try_into().unwrap();
        Self { database, table }
    }

    /// Every item, in the order of the keys.
    pub(super) fn items(&self) -> Vec<Value> {
        let (mut items, mut start) = (Vec::new(), Value::Null);
        loop {
            let request = json!({ "TableName": self.table, "ExclusiveStartKey": start });
            let page = self.database.scan(serde_json::from_value(request).unwrap()).unwrap();
            let mut page = serde_json::to_value(page).unwrap();
            items.append(page["Items"].as_array_mut().unwrap());
            start = page["LastEvaluatedKey"].take();
            if start.is_null() {
                return items;
            }
        }
    }

    /// Makes the changes; those that take them back.
    pub(super) fn apply(&self, changes: &[Change]) -> Vec<Change> {
        let mut back: Vec<Change> = changes.iter().map(|change| self.change(change)).collect();
        back.reverse();
        back
    }

    fn change(&self, change: &Change) -> Change {
        let (Change::Put(item) | Change::Delete(item)) = change;
        let key = json!({ "TableName": self.table, "Key": { "pk": item["pk"], "sk": item["sk"] } });
        let there = self.database.get_item(serde_json::from_value(key.clone()).unwrap()).unwrap();
        let there = serde_json::to_value(there).unwrap()["Item"].take();
        match change {
            Change::Put(item) => {
                let request = json!({ "TableName": self.table, "Item": item });
                self.database.put_item(serde_json::from_value(request).unwrap()).unwrap();
            }
            Change::Delete(_) => {
                self.database.delete_item(serde_json::from_value(key).unwrap()).unwrap();
            }
        }
        if there.is_null() { Change::Delete(item.clone()) } else { Change::Put(there) }
    }
}

/// The queues of a data directory.
pub(super) struct Queues(Connection);

impl Queues {
    pub(super) fn open(data: &Path) -> Self {
        Self(Connection::open(data.join("queues.db")).unwrap())
    }

    /// Lays a message on a queue, by its name without the stack's.
    pub(super) fn put(&self, queue: &str, body: &str) {
        let sql = "INSERT INTO messages (queue_id, message_id, body, attributes, sent_at, visible_at, head) \
                   SELECT id, 'planted', ?2, '{}', 0, 0, 1 FROM queues WHERE name = ?1";
        assert_eq!(self.0.execute(sql, [&format!("turno-{queue}"), body]).unwrap(), 1);
    }

    /// Takes every planted message away.
    pub(super) fn clear(&self) {
        self.0.execute("DELETE FROM messages WHERE message_id = 'planted'", []).unwrap();
    }
}
