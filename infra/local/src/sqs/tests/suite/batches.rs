//! Batches: refused as a whole for their form, and entry by entry for their messages.

use aws_sdk_sqs::types::{
    BatchResultErrorEntry, ChangeMessageVisibilityBatchRequestEntry, ChangeMessageVisibilityBatchResultEntry,
    DeleteMessageBatchRequestEntry, DeleteMessageBatchResultEntry, Message, SendMessageBatchRequestEntry,
    SendMessageBatchResultEntry,
};

use super::scene::{Queue, Scene, Seen, bodies, refusal, taken};
use super::{Behaviour, behaviour, page};

const SEND: &str = page!(api "SendMessageBatch");
const DELETE: &str = page!(api "DeleteMessageBatch");
const CHANGE: &str = page!(api "ChangeMessageVisibilityBatch");

#[rustfmt::skip]
pub(super) fn behaviours() -> Vec<Behaviour> {
    vec![
        behaviour("a_batch_takes_what_is_good_and_reports_the_rest", "taken: good also; refused: bad InvalidMessageContents by the sender; there: one two", SEND, partly),
        behaviour("a_batch_keeps_the_order_of_a_group", "1 2 3 4 5 6 7 8 9 10", SEND, order),
        behaviour("a_batch_has_an_entry", "AWS.SimpleQueueService.EmptyBatchRequest", SEND, empty),
        behaviour("a_batch_has_at_most_ten_entries", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest", SEND, eleven),
        behaviour("entries_have_ids_of_their_own", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct", SEND, same_ids),
        behaviour("an_entrys_id_is_plain_and_short", "AWS.SimpleQueueService.InvalidBatchEntryId AWS.SimpleQueueService.InvalidBatchEntryId taken", SEND, ids),
        behaviour("a_batch_is_at_most_a_mebibyte", "taken, then AWS.SimpleQueueService.BatchRequestTooLong", SEND, largest),
        behaviour("attributes_count_against_the_size_of_a_batch", "AWS.SimpleQueueService.BatchRequestTooLong", SEND, largest_with_attributes),
        behaviour("a_batch_of_deletions_reports_each", "taken: a b; refused: c ReceiptHandleIsInvalid by the sender; 0 visible, 0 in flight, 0 delayed", DELETE, deletions),
        behaviour("a_batch_of_changes_reports_each", "taken: a; refused: b ReceiptHandleIsInvalid by the sender; 1 visible, 0 in flight, 0 delayed", CHANGE, changes),
        behaviour("batches_of_deletions_and_changes_have_entries_too", "AWS.SimpleQueueService.EmptyBatchRequest AWS.SimpleQueueService.EmptyBatchRequest", DELETE, empty_others),
    ]
}

fn entry(id: &str, body: impl Into<String>) -> SendMessageBatchRequestEntry {
    SendMessageBatchRequestEntry::builder().id(id).message_body(body).build().unwrap()
}

async fn send(queue: &Queue, entries: Vec<SendMessageBatchRequestEntry>) -> Seen<String> {
    let call = queue.client.send_message_batch().queue_url(&queue.url).set_entries(Some(entries));
    let sent = call.send().await.map_err(refusal)?;
    Ok(report(sent.successful().iter().map(SendMessageBatchResultEntry::id), sent.failed()))
}

fn report<'a>(successful: impl Iterator<Item = &'a str>, failed: &[BatchResultErrorEntry]) -> String {
    let failed = failed.iter().map(|failed| {
        let whose = if failed.sender_fault() { "by the sender" } else { "by the service" };
        format!("{} {} {whose}", failed.id(), failed.code())
    });
    let failed: Vec<_> = failed.collect();
    let failed = if failed.is_empty() { String::new() } else { format!("; refused: {}", failed.join(", ")) };
    format!("taken: {}{failed}", successful.collect::<Vec<_>>().join(" "))
}

async fn partly(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    let told = send(&queue, vec![entry("good", "one"), entry("bad", "bell \u{7}"), entry("also", "two")]).await?;
    let mut there = queue.receive().await?;
    there.sort_by(|a, b| a.body.cmp(&b.body));
    Ok(format!("{told}; there: {}", bodies(&there)))
}

async fn order(scene: Scene) -> Seen<String> {
    let queue = scene.fifo(&[]).await?;
    let entries = (1..=10).map(|n| {
        let entry = SendMessageBatchRequestEntry::builder().id(format!("e{n}")).message_body(n.to_string());
        entry.message_group_id("g").message_deduplication_id(n.to_string()).build().unwrap()
    });
    send(&queue, entries.collect()).await?;
    Ok(bodies(&queue.receive().await?))
}

async fn empty(scene: Scene) -> Seen<String> {
    send(&scene.standard(&[]).await?, vec![]).await
}

async fn eleven(scene: Scene) -> Seen<String> {
    send(&scene.standard(&[]).await?, (0..11).map(|n| entry(&n.to_string(), "x")).collect()).await
}

async fn same_ids(scene: Scene) -> Seen<String> {
    send(&scene.standard(&[]).await?, vec![entry("a", "x"), entry("a", "y")]).await
}

async fn ids(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    let mut told = Vec::new();
    for id in ["a b".to_owned(), "a".repeat(81), format!("{}_-", "a".repeat(78))] {
        told.push(taken(send(&queue, vec![entry(&id, "x")]).await));
    }
    Ok(told.join(" "))
}

async fn largest(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    let halves = |more: usize| vec![entry("a", "x".repeat(524_288)), entry("b", "x".repeat(524_288 + more))];
    let fits = taken(send(&queue, halves(0)).await);
    Ok(format!("{fits}, then {}", taken(send(&queue, halves(1)).await)))
}

async fn largest_with_attributes(scene: Scene) -> Seen<String> {
    let value = aws_sdk_sqs::types::MessageAttributeValue::builder().data_type("String").string_value("x");
    let attributed = SendMessageBatchRequestEntry::builder().id("b").message_body("x".repeat(524_288));
    let attributed = attributed.message_attributes("a", value.build().unwrap()).build().unwrap();
    send(&scene.standard(&[]).await?, vec![entry("a", "x".repeat(524_288)), attributed]).await
}

/// Two messages in flight.
async fn two_in_flight(queue: &Queue) -> Seen<Vec<Message>> {
    send(queue, vec![entry("a", "a"), entry("b", "b")]).await?;
    queue.receive().await
}

fn handle(messages: &[Message], index: usize) -> String {
    messages.get(index).and_then(|message| message.receipt_handle.clone()).unwrap_or_default()
}

async fn deletions(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    let received = two_in_flight(&queue).await?;
    let entry = |id: &str, handle: String| {
        DeleteMessageBatchRequestEntry::builder().id(id).receipt_handle(handle).build().unwrap()
    };
    let call = scene.client.delete_message_batch().queue_url(&queue.url);
    let call = call.entries(entry("a", handle(&received, 0))).entries(entry("b", handle(&received, 1)));
    let done = call.entries(entry("c", "nonsense".to_owned())).send().await.map_err(refusal)?;
    let told = report(done.successful().iter().map(DeleteMessageBatchResultEntry::id), done.failed());
    Ok(format!("{told}; {}", queue.counts().await?))
}

async fn changes(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    send(&queue, vec![entry("a", "a")]).await?;
    let received = queue.receive().await?;
    let entry = |id: &str, handle: String| {
        let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(id).receipt_handle(handle);
        entry.visibility_timeout(0).build().unwrap()
    };
    let call = scene.client.change_message_visibility_batch().queue_url(&queue.url);
    let call = call.entries(entry("a", handle(&received, 0))).entries(entry("b", "nonsense".to_owned()));
    let done = call.send().await.map_err(refusal)?;
    let told = report(done.successful().iter().map(ChangeMessageVisibilityBatchResultEntry::id), done.failed());
    Ok(format!("{told}; {}", queue.counts().await?))
}

async fn empty_others(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    let delete = scene.client.delete_message_batch().queue_url(&queue.url).send().await.map_err(refusal);
    let change = scene.client.change_message_visibility_batch().queue_url(&queue.url).send().await.map_err(refusal);
    Ok(format!("{} {}", taken(delete), taken(change)))
}
