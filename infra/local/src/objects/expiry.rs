//! Removes what is older than its bucket keeps it, as S3 does by a lifecycle rule: some time after the age is reached.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use super::store::Store;
use crate::template::Bucket;

/// How often the buckets are looked through.
const EVERY: Duration = Duration::from_hours(1);

/// Looks through the buckets until the host stops.
pub(crate) async fn keep(store: Store, buckets: Vec<Bucket>, mut stopping: watch::Receiver<bool>) {
    loop {
        let (store, buckets) = (store.clone(), buckets.clone());
        let removing = tokio::task::spawn_blocking(move || remove(&store, &buckets, crate::clock::now()));
        match removing.await {
            Ok(0) | Err(_) => {}
            Ok(count) => tracing::info!(count, "objects expired"),
        }
        if tokio::time::timeout(EVERY, stopping.wait_for(|stopping| *stopping)).await.is_ok() {
            return;
        }
    }
}

/// Removes what is too old now; how many objects that were.
pub(super) fn remove(store: &Store, buckets: &[Bucket], now: Timestamp) -> u64 {
    let expiring = buckets.iter().filter_map(|bucket| Some((bucket, bucket.expires?)));
    let of = |(bucket, age): (&Bucket, Duration)| {
        let before = now.checked_sub(age).unwrap_or(Timestamp::MIN);
        store.remove_older(&bucket.name, before).unwrap_or_else(|error| {
            tracing::warn!(error = crate::error::on_one_line(&error), "a bucket cannot be looked through");
            0
        })
    };
    expiring.map(of).sum()
}
