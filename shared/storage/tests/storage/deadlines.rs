//! I8: deadlines are found when they fall due, and alert once.

use domain::event::Happening;
use domain::sla::Metric;
use domain::ticket::{Priority, Ticket};
use storage::Storage;

use crate::table::fresh;
use crate::world::*;

async fn due(storage: &Storage, seconds: i64) -> Vec<Ticket> {
    let mut due = Vec::new();
    for shard in storage.due_shards() {
        due.extend(storage.tickets_due(shard, at(seconds), 100).await.unwrap());
    }
    due
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_is_found_from_its_moment_on_until_it_is_recorded() {
    let storage = fresh().await;
    let opened = take(&storage, &connection("comercial"), &text("wamid.1", "77079861373", "Oi")).await.unwrap();
    let target = Metric::FirstResponse.target(Priority::Medium).as_secs();
    assert!(due(&storage, target - 1).await.is_empty());
    let found = due(&storage, target).await;
    assert_eq!(found, [opened]);
    let change = found[0].scanned(at(target)).unwrap();
    storage.change_ticket(&change).await.unwrap();
    assert!(due(&storage, target + 60).await.is_empty());
    let rows = storage.history(&org(), &found[0].id).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].happening, Happening::SlaBreached { metric: Metric::FirstResponse });
    // Two scans of the same minute: the second decided on what is no more.
    assert!(storage.change_ticket(&change).await.is_err());
}
