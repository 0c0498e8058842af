//! DynamoDB and its streams: dynoxide on a file, called in this process: it listens nowhere.
//!
//! Calls come through the AWS endpoint, which has checked the caller. What they are answered is on the disk.

use std::path::Path;
use std::time::Duration;

use dynoxide::Database;
use dynoxide::actions::create_table::CreateTableRequest;
use dynoxide::actions::list_tables::ListTablesRequest;
use dynoxide::actions::update_time_to_live::{TimeToLiveSpecification, UpdateTimeToLiveRequest};
use hyper::body::Bytes;
use tokio::sync::watch;

use super::actions::writes;
use super::direct;
use super::disk::{Disk, NotDurable};
use super::stream_records;
use crate::client::Answer;
use crate::error::HostError;
use crate::template;

/// How often expired items are deleted. DynamoDB promises days; readers must not rely on either.
const SWEEP_EVERY: Duration = Duration::from_mins(1);

/// The table engine. Clones share it.
#[derive(Clone)]
pub(crate) struct TableEngine {
    database: Database,
    disk: Disk,
    written: watch::Sender<()>,
}

/// Why a call of the table has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TableError {
    #[error("the call of the table engine broke off")]
    BrokenOff(#[from] tokio::task::JoinError),
    #[error(transparent)]
    Disk(#[from] NotDurable),
}

impl TableEngine {
    /// Opens the file, or a memory that ends with the host, and creates the tables that are not there yet.
    ///
    /// Blocks while the file opens.
    pub(crate) fn open(path: Option<&Path>, tables: &[template::Table]) -> Result<Database, HostError> {
        let failed = |source| HostError::Table { path: path.unwrap_or(Path::new("in memory")).to_path_buf(), source };
        let database = match path {
            Some(path) => Database::new(&path.to_string_lossy()),
            None => Database::memory(),
        }
        .map_err(failed)?;
        let existing = database.list_tables(ListTablesRequest::default()).map_err(failed)?.table_names;
        for table in tables.iter().filter(|table| !existing.contains(&table.name)) {
            let request = serde_json::from_value::<CreateTableRequest>(table.create_request.clone())
                .map_err(|error| HostError::Refused(format!("template: table {}: {error}", table.name)))?;
            database.create_table(request).map_err(failed)?;
        }
        for table in tables {
            if let Some(attribute) = &table.ttl_attribute {
                let specification = TimeToLiveSpecification { attribute_name: attribute.clone(), enabled: true };
                let request = UpdateTimeToLiveRequest {
                    table_name: table.name.clone(),
                    time_to_live_specification: specification,
                };
                database.update_time_to_live(request).map_err(failed)?;
            }
        }
        path.map_or(Ok(()), stream_records::index)?;
        Ok(database)
    }

    /// Calls the engine, and sweeps expired items until `stop` is told.
    pub(crate) fn serve(database: Database, stop: watch::Receiver<bool>) -> std::io::Result<Self> {
        Self::serve_and_sweep(database, stop, SWEEP_EVERY)
    }

    fn serve_and_sweep(database: Database, mut stop: watch::Receiver<bool>, every: Duration) -> std::io::Result<Self> {
        let disk = disk_of(&database)?;
        let engine = Self { database, disk, written: watch::Sender::new(()) };
        let swept = engine.clone();
        tokio::spawn(async move {
            while tokio::time::timeout(every, stop.wait_for(|stopping| *stopping)).await.is_err() {
                swept.sweep().await;
            }
        });
        Ok(engine)
    }

    /// Calls the engine. A write that succeeded is known to `written` before its answer is given; what any answer tells is on the
    /// disk. What an operator asks for may read the whole table: it goes to a thread of its own and holds up nobody's calls.
    pub(crate) async fn call(&self, operation: &str, body: Bytes, of_function: bool) -> Result<Answer, TableError> {
        let answer = if of_function {
            self.answer(operation, &body)
        } else {
            let (engine, operation) = (self.clone(), operation.to_owned());
            // To its end, even if the caller goes.
            tokio::task::spawn_blocking(move || engine.answer(&operation, &body)).await?
        };
        if answer.status.is_success() && writes(operation) {
            self.written.send_replace(());
        }
        self.disk.reached().await?;
        Ok(answer)
    }

    fn answer(&self, operation: &str, body: &[u8]) -> Answer {
        let write = writes(operation).then(|| self.disk.write());
        let answer = direct::call(&self.database, operation, body);
        if let Some(write) = write {
            write.end();
        }
        answer
    }

    /// Returns when the disk has all that `database` has told until now.
    pub(crate) async fn reached_disk(&self) -> Result<(), NotDurable> {
        self.disk.reached().await
    }

    /// Changes with every write through the endpoint and every sweep that deleted something.
    pub(crate) fn written(&self) -> watch::Receiver<()> {
        self.written.subscribe()
    }

    /// The engine itself, for reading the stream: `reached_disk` before anything is done about it.
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    async fn sweep(&self) {
        let (database, write) = (self.database.clone(), self.disk.write());
        let sweep = move || {
            let swept = database.sweep_ttl();
            write.end();
            swept
        };
        match tokio::task::spawn_blocking(sweep).await {
            Ok(Ok(0)) => {}
            Ok(Ok(deleted)) => {
                tracing::debug!(deleted, "expired items deleted");
                self.written.send_replace(());
            }
            Ok(Err(error)) => tracing::error!(%error, "expired items were not deleted"),
            Err(error) => tracing::error!(%error, "the sweep of expired items broke off"),
        }
    }
}

/// Lets the engine commit without waiting for the disk, which is waited for here.
fn disk_of(database: &Database) -> std::io::Result<Disk> {
    let Some(path) = database.db_path().map_err(std::io::Error::other)? else { return Ok(Disk::none()) };
    // The one way to SQLite's `synchronous` through the engine. What it ends was never begun.
    database.disable_bulk_loading().map_err(std::io::Error::other)?;
    Disk::under(Path::new(&path))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use dynoxide::actions::describe_stream::DescribeStreamRequest;
    use dynoxide::actions::describe_table::DescribeTableRequest;
    use dynoxide::actions::get_records::{GetRecordsRequest, Record};
    use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
    use serde_json::{Value, json};

    pub(in crate::aws) fn table() -> template::Table {
        template::Table {
            name: "turno-Table".into(),
            create_request: json!({
                "TableName": "turno-Table",
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
                "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
                "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES" },
            }),
            stream_view: Some("NEW_AND_OLD_IMAGES".into()),
            ttl_attribute: Some("expires_at".into()),
        }
    }

    pub(in crate::aws) fn put(database: &Database, item: &Value) {
        let request = json!({ "TableName": "turno-Table", "Item": item });
        database.put_item(serde_json::from_value(request).unwrap()).unwrap();
    }

    /// All that the stream still has, in order.
    pub(in crate::aws) fn records(database: &Database) -> Vec<Record> {
        let described = database.describe_table(DescribeTableRequest { table_name: "turno-Table".into() }).unwrap();
        let stream_arn = described.table.latest_stream_arn.unwrap();
        let request = DescribeStreamRequest { stream_arn: stream_arn.clone(), ..Default::default() };
        let shard_id = database.describe_stream(request).unwrap().stream_description.shards[0].shard_id.clone();
        let shard_iterator_type = "TRIM_HORIZON".into();
        let request = GetShardIteratorRequest { stream_arn, shard_id, shard_iterator_type, sequence_number: None };
        let shard_iterator = database.get_shard_iterator(request).unwrap().shard_iterator.unwrap();
        database.get_records(GetRecordsRequest { shard_iterator, limit: None }).unwrap().records
    }

    /// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html>.
    #[tokio::test]
    async fn expired_items_are_swept_on_the_timer_and_the_stream_says_who_did_it() {
        let database = TableEngine::open(None, &[table()]).unwrap();
        let at = |secs: i64| json!({ "N": (crate::clock::now().as_second() + secs).to_string() });
        put(&database, &json!({ "pk": { "S": "expired" }, "expires_at": at(-60) }));
        put(&database, &json!({ "pk": { "S": "later" }, "expires_at": at(3600) }));
        put(&database, &json!({ "pk": { "S": "text" }, "expires_at": { "S": "1" } }));
        put(&database, &json!({ "pk": { "S": "never" } }));
        let (stop, stopped) = watch::channel(false);
        let engine = TableEngine::serve_and_sweep(database, stopped, Duration::from_millis(10)).unwrap();
        let swept = async {
            while records(engine.database()).len() < 5 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), swept).await.expect("the sweep comes");
        let last = serde_json::to_value(&records(engine.database())[4]).unwrap();
        assert_eq!((&last["eventName"], &last["dynamodb"]["Keys"]["pk"]["S"]), (&json!("REMOVE"), &json!("expired")));
        assert_eq!(last["userIdentity"], json!({ "type": "Service", "principalId": "dynamodb.amazonaws.com" }));
        // Many sweeps later the others are still there.
        let scan = serde_json::from_value(json!({ "TableName": "turno-Table" })).unwrap();
        assert_eq!(engine.database().scan(scan).unwrap().count, 3);
        stop.send_replace(true);
    }

    /// Calls an engine as its callers do.
    pub(in crate::aws) async fn called(
        engine: &TableEngine,
        operation: &str,
        body: &Value,
        of_function: bool,
    ) -> Result<Answer, TableError> {
        engine.call(operation, body.to_string().into(), of_function).await
    }

    #[tokio::test]
    async fn nothing_is_told_of_a_write_before_the_disk_has_it() {
        for of_function in [false, true] {
            told_after_its_sync(of_function).await;
        }
    }

    async fn told_after_its_sync(of_function: bool) {
        let dir = tempfile::tempdir().unwrap();
        let database = TableEngine::open(Some(&dir.path().join("table.db")), &[table()]).unwrap();
        let (stop, stopped) = watch::channel(false);
        let engine = TableEngine::serve(database, stopped).unwrap();
        // Syncs wait until there is an outcome.
        let (outcome, mut told) = watch::channel(None);
        let runtime = tokio::runtime::Handle::current();
        let sync = move || match *runtime.block_on(told.wait_for(Option::is_some)).unwrap() {
            Some(Ok(())) => Ok(()),
            Some(Err(kind)) => Err(std::io::Error::from(kind)),
            None => unreachable!("it was waited for"),
        };
        let slow = TableEngine { disk: Disk::synced_by(sync).unwrap(), ..engine.clone() };
        let call = async |engine: &TableEngine, operation: &str, more: Value| {
            let mut body = json!({ "TableName": "turno-Table" });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            called(engine, operation, &body, of_function).await.map(|answer| answer.status)
        };
        let item = json!({ "Item": { "pk": { "S": "a" } } });
        let mut written = slow.written();
        let mut put = std::pin::pin!(call(&slow, "PutItem", item.clone()));
        // Its own reader of the stream may look already, and waits as well.
        tokio::select! {
            _ = &mut put => panic!("answered before its sync"),
            changed = tokio::time::timeout(Duration::from_mins(1), written.changed()) => changed.expect("it is written").unwrap(),
        }
        assert_eq!(records(slow.database()).len(), 1);
        let mut get = std::pin::pin!(call(&slow, "GetItem", json!({ "Key": { "pk": { "S": "a" } } })));
        let mut reader = std::pin::pin!(slow.reached_disk());
        tokio::select! {
            biased;
            _ = &mut get => panic!("a read told of it"),
            _ = &mut reader => panic!("the stream told of it"),
            _ = call(&engine, "ListTables", json!({})) => {}
        }
        outcome.send_replace(Some(Ok(())));
        assert_eq!((put.await.unwrap(), get.await.unwrap()), (http::StatusCode::OK, http::StatusCode::OK));
        reader.await.unwrap();
        outcome.send_replace(Some(Err(std::io::ErrorKind::StorageFull)));
        let lost = call(&slow, "PutItem", item.clone()).await;
        assert!(matches!(lost, Err(TableError::Disk(NotDurable))), "{lost:?}");
        // The machine's own disk.
        assert_eq!(call(&engine, "PutItem", item).await.unwrap(), http::StatusCode::OK);
        stop.send_replace(true);
    }

    #[test]
    fn opening_the_same_file_again_keeps_its_tables() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("table.db");
        drop(TableEngine::open(Some(&path), &[table()]).unwrap());
        let database = TableEngine::open(Some(&path), &[table()]).unwrap();
        assert_eq!(database.list_tables(ListTablesRequest::default()).unwrap().table_names, ["turno-Table"]);
    }

    #[test]
    fn a_file_that_is_no_database_is_refused_with_its_path() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("table.db");
        std::fs::write(&path, "this is not a database, and it is longer than a header of one hundred bytes ".repeat(4))
            .unwrap();
        let refusal = TableEngine::open(Some(&path), &[table()]).err().unwrap().to_string();
        assert!(refusal.contains("table.db"), "{refusal}");
    }
}
