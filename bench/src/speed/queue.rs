//! The queue server: from a send to the function that it wakes, and how many durable sends it takes.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures_util::future::try_join_all;
use jiff::Timestamp;
use runtime::clock;
use serde_json::{Value, json};

use crate::cli::HostOptions;
use crate::events;
use crate::figures::{Rounds, Samples};
use crate::host::Host;
use crate::table::Table;

/// The most that a batch takes.
const BATCH: usize = 10;

pub(super) async fn measure(host: &Host, options: &HostOptions) -> anyhow::Result<Table> {
    let mut table = Table::new(&["what", "figure", "unit"]);
    let (mut sent, mut arrived) = (Rounds::default(), Rounds::default());
    for round in 0..=options.rounds {
        let (mut sending, mut arriving) = (Samples::default(), Samples::default());
        for _ in 0..options.messages {
            let (acknowledged, reached) = arrival(host).await?;
            sending.add(acknowledged);
            arriving.add(reached);
        }
        if round > 0 {
            sent.add(sending.median());
            arrived.add(arriving.median());
        }
    }
    table.row(["SendMessage, idle, p50".to_owned(), format!("{sent:.2}"), "ms".to_owned()]);
    table.row([
        "SendMessage to the function's first line, idle, p50".to_owned(),
        format!("{arrived:.2}"),
        "ms".to_owned(),
    ]);
    // Dead-letter queues have no consumer that would take part.
    let queues = [("inbound-dead.fifo", true), ("push-dead", false)];
    for ((queue, fifo), senders) in queues.into_iter().flat_map(|queue| [(queue, 1), (queue, 4)]) {
        let url = host.queue_url(queue).await?;
        let mut rates = Rounds::default();
        for round in 0..=options.rounds {
            let rate = rate(host, &url, fifo, senders, options.batches).await?;
            if round > 0 {
                rates.add(rate);
            }
        }
        let what = format!("SendMessageBatch of {BATCH}, {senders} senders, {queue}");
        table.row([what, format!("{rates:.0}"), "messages/s".to_owned()]);
    }
    Ok(table)
}

/// Sends one message to the inbound queue, which is idle. Until the send is answered, and until `ingest` logs its first line
/// for the message, by the clock that both share.
///
/// A template that Meta approved concerns no conversation, so nothing else happens before that line.
async fn arrival(host: &Host) -> anyhow::Result<(Duration, Duration)> {
    let url = host.queue_url("inbound.fifo").await?;
    let (body, group) = events::ignored()?;
    let mark = host.log.mark();
    let (sent_at, clock_at) = (Instant::now(), clock::now());
    let request = json!({
        "QueueUrl": url,
        "MessageBody": body,
        "MessageGroupId": group,
        "MessageDeduplicationId": format!("{:032x}", fastrand::u128(..)),
    });
    host.aws("AmazonSQS.SendMessage", &request).await?;
    let send = sent_at.elapsed();
    loop {
        let lines = host.log.of_function("ingest", mark);
        if lines.iter().any(|line| line["message"] == "batch done") {
            let first = lines.first().and_then(|line| line["timestamp"].as_str()).context("a line has no time")?;
            let arrived_at: Timestamp = first.parse()?;
            // So that the queue's deletion of this message does not meet the next.
            while host.depth("inbound.fifo").await? > 0 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            return Ok((send, Duration::try_from(arrived_at.duration_since(clock_at)).unwrap_or_default()));
        }
        anyhow::ensure!(sent_at.elapsed() < Duration::from_secs(30), "ingest was not invoked within 30 s");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Messages a second that some senders get acknowledged, each sending one batch after the other.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
async fn rate(host: &Host, url: &str, fifo: bool, senders: usize, batches: usize) -> anyhow::Result<f64> {
    let each = batches / senders;
    let began_at = Instant::now();
    try_join_all((0..senders).map(async |_| {
        for _ in 0..each {
            let answer = host.aws("AmazonSQS.SendMessageBatch", &batch(url, fifo)).await?;
            let taken = answer["Successful"].as_array().map_or(0, Vec::len);
            anyhow::ensure!(taken == BATCH, "the queue took {taken} of {BATCH}: {answer}");
        }
        Ok(())
    }))
    .await?;
    Ok((each * senders * BATCH) as f64 / began_at.elapsed().as_secs_f64())
}

/// Ten bodies of the size of an inbound unit, each of a group of its own.
fn batch(url: &str, fifo: bool) -> Value {
    let entry = |n: usize| {
        let name = format!("{:032x}", fastrand::u128(..));
        let mut entry = json!({ "Id": n.to_string(), "MessageBody": format!("{:0>600}", name) });
        if fifo {
            entry["MessageGroupId"] = json!(name);
            entry["MessageDeduplicationId"] = json!(name);
        }
        entry
    };
    json!({ "QueueUrl": url, "Entries": (0..BATCH).map(entry).collect::<Vec<_>>() })
}
