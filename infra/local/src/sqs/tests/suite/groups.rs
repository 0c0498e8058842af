//! FIFO queues: the order and the lock of a group, deduplication, receives that are tried again.

use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName};

use super::scene::{Queue, Scene, Seen, Time, attribute, bodies, only, taken, whether};
use super::{Behaviour, behaviour, page, timed};

const DELIVERY: &str = page!(guide "FIFO-queues-understanding-logic");
const SEND: &str = page!(api "SendMessage");
const RECEIVE: &str = page!(api "ReceiveMessage");
const ONCE: &str = page!(guide "FIFO-queues-exactly-once-processing");
const HIGH: &str = page!(guide "high-throughput-fifo");

#[rustfmt::skip]
pub(super) fn behaviours() -> Vec<Behaviour> {
    vec![
        behaviour("a_group_comes_in_order_as_far_as_there_is_room", "a1 a2 a3", DELIVERY, in_order),
        behaviour("a_group_is_locked_while_one_of_it_is_in_flight", "a1, then b1, then nothing, after the deletion a2", DELIVERY, locked),
        behaviour("what_is_given_back_comes_before_what_was_sent_later", "a1, then a1 a2", DELIVERY, given_back_first),
        timed("a_message_that_comes_back_comes_before_the_rest_of_its_group", "a1, then nothing, then a1 a2", DELIVERY, comes_back_first),
        behaviour("a_second_message_with_the_deduplication_id_is_accepted_and_not_delivered", "same id, same number, x", ONCE, duplicate),
        behaviour("a_deduplication_id_outlives_its_message", "nothing", ONCE, duplicate_of_deleted),
        behaviour("a_body_can_stand_for_the_deduplication_id", "x y, 2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881", SEND, content_based),
        behaviour("a_deduplication_id_that_is_given_stands_before_the_body", "x x", SEND, given_before_content),
        behaviour("deduplication_is_within_the_queue_unless_it_is_within_the_group", "x, x x", HIGH, scopes),
        behaviour("numbers_rise_and_are_told_to_sender_and_receiver", "20 digits, rising, same to both", SEND, numbers),
        behaviour("a_fifo_message_has_a_group", "MissingParameter", SEND, without_group),
        behaviour("a_fifo_message_has_a_deduplication_id_where_bodies_do_not_stand_for_it", "InvalidParameterValue", SEND, without_deduplication),
        behaviour("a_fifo_message_has_no_delay_of_its_own", "refused taken", SEND, own_delay),
        behaviour("a_receive_that_is_tried_again_gives_the_same_messages_and_handles", "a1, then a1, same handle, 1 receive", RECEIVE, tried_again),
        behaviour("a_receive_cannot_be_tried_again_once_its_message_was_deleted", "InvalidParameterValue", RECEIVE, tried_again_too_late),
        behaviour("an_attempt_id_means_nothing_to_a_standard_queue", "x, nothing", "https://github.com/awspring/spring-cloud-aws/issues/529", attempt_on_standard),
        behaviour("high_throughput_is_set_by_scope_and_limit", "messageGroup perMessageGroupId", HIGH, high_throughput),
        behaviour("the_limit_by_group_needs_deduplication_by_group", "refused", HIGH, limit_without_scope),
        behaviour("a_plain_fifo_queue_has_neither", "queue perQueue", page!(api "GetQueueAttributes"), plain),
    ]
}

async fn in_order(scene: Scene) -> Seen<String> {
    let queue = scene.fifo(&[]).await?;
    for body in ["a1", "a2", "a3"] {
        queue.send_to("a", body).await?;
    }
    Ok(bodies(&queue.receive().await?))
}

async fn locked(scene: Scene) -> Seen<String> {
    let queue = scene.fifo(&[]).await?;
    for (group, body) in [("a", "a1"), ("a", "a2"), ("b", "b1")] {
        queue.send_to(group, body).await?;
    }
    let first = only(queue.receive_as(|call| call).await?)?;
    let (second, third) = (queue.receive().await?, queue.receive().await?);
    queue.delete(&first).await?;
    let rest = queue.receive().await?;
    let [first, second, third, rest] = [&[first][..], &second, &third, &rest].map(bodies);
    Ok(format!("{first}, then {second}, then {third}, after the deletion {rest}"))
}

async fn given_back_first(scene: Scene) -> Seen<String> {
    let queue = scene.fifo(&[]).await?;
    queue.send_to("a", "a1").await?;
    let first = only(queue.receive().await?)?;
    queue.send_to("a", "a2").await?;
    queue.hide(&first, 0).await?;
    Ok(format!("{}, then {}", bodies(&[first]), bodies(&queue.receive().await?)))
}

async fn comes_back_first(scene: Scene, time: Time) -> Seen<String> {
    let queue = scene.fifo(&[(QueueAttributeName::VisibilityTimeout, &time.text())]).await?;
    queue.send_to("a", "a1").await?;
    let first = queue.receive().await?;
    queue.send_to("a", "a2").await?;
    let between = queue.receive().await?;
    time.is_left()?;
    Ok(format!("{}, then {}, then {}", bodies(&first), bodies(&between), bodies(&queue.wait().await?)))
}

async fn duplicate(scene: Scene) -> Seen<String> {
    let queue = scene.fifo(&[]).await?;
    let (first, again) = (queue.send_to("a", "x").await?, queue.send_to("b", "x").await?);
    let same = |equal: bool| if equal { "same" } else { "other" };
    let id = same(first.message_id == again.message_id);
    let number = same(first.sequence_number == again.sequence_number);
    Ok(format!("{id} id, {number} number, {}", bodies(&queue.receive().await?)))
}

async fn duplicate_of_deleted(scene: Scene) -> Seen<String> {
    let queue = scene.fifo(&[]).await?;
    queue.send_to("a", "x").await?;
    queue.delete(&only(queue.receive().await?)?).await?;
    queue.send_to("a", "x").await?;
    Ok(bodies(&queue.receive().await?))
}

async fn content_based(scene: Scene) -> Seen<String> {
    let queue = scene.fifo(&[(QueueAttributeName::ContentBasedDeduplication, "true")]).await?;
    for body in ["x", "x", "y"] {
        queue.send_as(body, |call| call.message_group_id("g")).await?;
    }
    let received = queue.receive().await?;
    let id =
        received.first().map_or("none", |first| attribute(first, MessageSystemAttributeName::MessageDeduplicationId));
    Ok(format!("{}, {id}", bodies(&received)))
}

async fn given_before_content(scene: Scene) -> Seen<String> {
    let queue = scene.fifo(&[(QueueAttributeName::ContentBasedDeduplication, "true")]).await?;
    for id in ["1", "2"] {
        queue.send_as("x", |call| call.message_group_id("g").message_deduplication_id(id)).await?;
    }
    Ok(bodies(&queue.receive().await?))
}

async fn scopes(scene: Scene) -> Seen<String> {
    let by_queue = scene.queue("queue.fifo", &[]).await?;
    let by_group = scene.queue("group.fifo", &[(QueueAttributeName::DeduplicationScope, "messageGroup")]).await?;
    let mut told = Vec::new();
    for queue in [by_queue, by_group] {
        for group in ["a", "b", "a"] {
            queue.send_to(group, "x").await?;
        }
        told.push(bodies(&queue.receive().await?));
    }
    Ok(told.join(", "))
}

async fn numbers(scene: Scene) -> Seen<String> {
    let queue = scene.fifo(&[]).await?;
    let sent = [queue.send_to("a", "1").await?, queue.send_to("b", "2").await?, queue.send_to("a", "3").await?];
    let sent = sent.map(|sent| sent.sequence_number.unwrap_or_default());
    let received = queue.receive().await?;
    let told: std::collections::BTreeSet<_> =
        received.iter().map(|message| attribute(message, MessageSystemAttributeName::SequenceNumber)).collect();
    Ok(format!(
        "{} digits, {}, {}",
        sent[0].len(),
        if sent.is_sorted() { "rising" } else { "not rising" },
        if told == sent.iter().map(String::as_str).collect() { "same to both" } else { "others to the receiver" },
    ))
}

async fn without_group(scene: Scene) -> Seen<String> {
    let queue = scene.fifo(&[]).await?;
    Ok(taken(queue.send_as("x", |call| call.message_deduplication_id("d")).await))
}

async fn without_deduplication(scene: Scene) -> Seen<String> {
    let queue = scene.fifo(&[]).await?;
    Ok(taken(queue.send_as("x", |call| call.message_group_id("g")).await))
}

async fn own_delay(scene: Scene) -> Seen<String> {
    let queue = scene.fifo(&[]).await?;
    let with = |secs| {
        queue.send_as("x", move |call| call.message_group_id("g").message_deduplication_id("d").delay_seconds(secs))
    };
    let some = whether(with(1).await);
    Ok(format!("{some} {}", whether(with(0).await)))
}

async fn attempt(queue: &Queue) -> Seen<Vec<aws_sdk_sqs::types::Message>> {
    queue.receive_as(|call| call.receive_request_attempt_id("attempt-1")).await
}

async fn tried_again(scene: Scene) -> Seen<String> {
    let queue = scene.fifo(&[]).await?;
    for body in ["a1", "a2"] {
        queue.send_to("a", body).await?;
    }
    let (first, again) = (attempt(&queue).await?, attempt(&queue).await?);
    let handles = [&first, &again].map(|messages| messages.first().and_then(|message| message.receipt_handle.clone()));
    let same = if handles[0] == handles[1] { "same handle" } else { "another handle" };
    let count =
        again.first().map_or("no", |message| attribute(message, MessageSystemAttributeName::ApproximateReceiveCount));
    Ok(format!("{}, then {}, {same}, {count} receive", bodies(&first), bodies(&again)))
}

async fn tried_again_too_late(scene: Scene) -> Seen<String> {
    let queue = scene.fifo(&[]).await?;
    queue.send_to("a", "a1").await?;
    queue.delete(&only(attempt(&queue).await?)?).await?;
    Ok(taken(attempt(&queue).await))
}

async fn attempt_on_standard(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    queue.send("x").await?;
    let first = attempt(&queue).await?;
    Ok(format!("{}, {}", bodies(&first), bodies(&attempt(&queue).await?)))
}

async fn high_throughput(scene: Scene) -> Seen<String> {
    let queue = scene.fifo(&[
        (QueueAttributeName::DeduplicationScope, "messageGroup"),
        (QueueAttributeName::FifoThroughputLimit, "perMessageGroupId"),
    ]);
    throughput(&queue.await?).await
}

async fn limit_without_scope(scene: Scene) -> Seen<String> {
    let queue = scene.fifo(&[(QueueAttributeName::FifoThroughputLimit, "perMessageGroupId")]);
    Ok(whether(queue.await).to_owned())
}

async fn plain(scene: Scene) -> Seen<String> {
    throughput(&scene.fifo(&[]).await?).await
}

async fn throughput(queue: &Queue) -> Seen<String> {
    let scope = queue.attribute(QueueAttributeName::DeduplicationScope).await?;
    Ok(format!("{scope} {}", queue.attribute(QueueAttributeName::FifoThroughputLimit).await?))
}
