//! Stream mappings, promise by promise.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html> and
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html>.

use super::*;

const ALLOWED: [&str; 2] = ["sqs:SendMessage", "dynamodb:*"];

fn host_with(change: impl FnOnce(&mut StreamMapping)) -> Host {
    let Mapping::Stream(mut mapping) = stream_mapping() else { panic!("a stream's mapping") };
    change(&mut mapping);
    Host::with(Mapping::Stream(mapping), &ALLOWED)
}

async fn eventually_given(host: &Host, batches: &[&str]) {
    let batches: Vec<String> = batches.iter().map(|&batch| batch.to_owned()).collect();
    eventually(&batches, async || host.given()).await;
}

/// Ends the mappings and lets the host start others.
async fn end(host: &mut Host, mut running: JoinSet<()>) {
    host.stop.send_replace(true);
    while running.join_next().await.is_some() {}
    let (stop, stopping) = watch::channel(false);
    (host.stop, host.sources.stopping) = (stop, stopping);
}

#[tokio::test]
async fn a_batch_has_no_more_records_than_the_mapping_says() {
    let host = host_with(|mapping| mapping.batch_size = 2);
    for pk in ["a", "b", "c", "d", "e"] {
        host.put(pk);
    }
    let running = host.start(None).await.unwrap();
    eventually_given(&host, &["a b", "c d", "e"]).await;
    host.stop(running).await;
}

#[tokio::test]
async fn records_that_come_within_the_window_are_delivered_together_once_the_batch_is_full() {
    let host = host_with(|mapping| {
        mapping.batch_size = 3;
        // Nobody waits for its end.
        mapping.window = Duration::from_mins(5);
    });
    host.put("a");
    let running = host.start(None).await.unwrap();
    host.put("b");
    host.put("c");
    host.put("d");
    eventually_given(&host, &["a b c"]).await;
    host.stop(running).await;
}

#[tokio::test]
async fn a_window_that_closes_delivers_what_has_come() {
    let host = host_with(|mapping| mapping.window = Duration::from_millis(50));
    host.put("a");
    let running = host.start(None).await.unwrap();
    eventually_given(&host, &["a"]).await;
    host.stop(running).await;
}

#[tokio::test]
async fn without_bisect_a_batch_is_tried_whole_as_often_as_the_mapping_says() {
    let host = host_with(|mapping| {
        mapping.bisect = false;
        mapping.retries = Some(2);
    });
    host.put("a");
    host.put("bad");
    let running = host.start(None).await.unwrap();
    let told = host.sources.queues.receive("dead", 10, Duration::from_secs(20), None).await.unwrap();
    let notice: Value = serde_json::from_str(&told[0].body).unwrap();
    assert_eq!((told.len(), &notice["DDBStreamBatchInfo"]["batchSize"]), (1, &json!(2)));
    assert_eq!(notice["requestContext"]["approximateInvokeCount"], 3);
    assert_eq!(host.given(), ["a bad", "a bad", "a bad"]);
    // The stream goes on behind it.
    host.put("c");
    eventually_given(&host, &["a bad", "a bad", "a bad", "c"]).await;
    host.stop(running).await;
}

#[tokio::test]
async fn a_mapping_goes_on_after_its_checkpoint_when_the_host_starts_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut host = host_with(|_| {});
    host.put("a");
    let running = host.start(Some(dir.path())).await.unwrap();
    eventually_given(&host, &["a"]).await;
    let checkpoint = dir.path().join(format!("turno-worker.{TABLE}"));
    eventually(&true, async || checkpoint.exists()).await;
    end(&mut host, running).await;
    host.put("b");
    let running = host.start(Some(dir.path())).await.unwrap();
    eventually_given(&host, &["a", "b"]).await;
    host.stop(running).await;
}

#[tokio::test]
async fn without_a_checkpoint_a_mapping_begins_where_it_says() {
    let host = host_with(|mapping| mapping.starting_position = StartingPosition::Latest);
    host.put("before");
    let running = host.start(None).await.unwrap();
    host.put("after");
    eventually_given(&host, &["after"]).await;
    host.stop(running).await;
}

#[tokio::test]
async fn a_stream_is_read_as_far_as_its_slowest_reader_and_not_at_all_before_each_has_begun() {
    let dir = tempfile::tempdir().unwrap();
    let host = host_with(|_| {});
    let reader = |name: &str| Function { name: name.to_owned(), ..host.function.clone() };
    let readers = [reader("one"), reader("two")];
    let read = || read_so_far(&readers, dir.path()).unwrap();
    let finish = |name: &str, number| {
        Checkpoint::open(Some(dir.path()), name, TABLE).unwrap().advance(number).unwrap();
    };
    assert!(read().is_empty());
    finish("one", "100000000000000000009");
    assert!(read().is_empty(), "two has not begun");
    finish("two", "100000000000000000007");
    assert_eq!(read()[TABLE], "100000000000000000007");
    assert!(read_so_far(&[], dir.path()).unwrap().is_empty());
    host.sources.lambda.shutdown(Duration::ZERO).await;
}
