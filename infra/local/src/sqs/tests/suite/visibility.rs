//! Messages in flight: out of sight, given back, deleted; and messages that are not there yet.

use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName};

use super::scene::{Scene, Seen, Time, attribute, bodies, only, refusal, taken, whether};
use super::{Behaviour, behaviour, page, timed};

const VISIBILITY: &str = page!(guide "sqs-visibility-timeout");
const CHANGE: &str = page!(api "ChangeMessageVisibility");
const DELETE: &str = page!(api "DeleteMessage");
const DELAY: &str = page!(guide "sqs-delay-queues");

#[rustfmt::skip]
pub(super) fn behaviours() -> Vec<Behaviour> {
    vec![
        timed("a_received_message_is_out_of_sight_until_its_timeout", "x, nothing, x", VISIBILITY, out_of_sight),
        behaviour("a_receives_own_timeout_is_before_the_queues", "x, x", page!(api "ReceiveMessage"), own_timeout),
        behaviour("messages_are_counted_by_what_they_are_doing", "1 visible, 1 in flight, 1 delayed", page!(api "GetQueueAttributes"), counted),
        behaviour("a_message_can_be_given_back_at_once", "x 2", CHANGE, given_back),
        timed("a_message_can_be_hidden_for_longer", "nothing", CHANGE, hidden_for_longer),
        behaviour("a_visibility_is_changed_to_at_most_twelve_hours_from_the_receive", "InvalidParameterValue refused taken", CHANGE, longest_visibility),
        behaviour("only_a_message_in_flight_can_be_hidden", "AWS.SimpleQueueService.MessageNotInflight", CHANGE, not_in_flight),
        behaviour("a_deleted_message_cannot_be_hidden", "refused", CHANGE, hidden_after_deletion),
        behaviour("a_deleted_message_is_gone", "0 visible, 0 in flight, 0 delayed", DELETE, deleted),
        behaviour("a_message_that_is_gone_can_be_deleted_again", "taken", DELETE, deleted_twice),
        behaviour("an_old_handle_deletes_nothing_and_is_no_error_on_a_standard_queue", "taken, 0 visible, 1 in flight, 0 delayed", DELETE, old_handle),
        behaviour("an_old_handle_is_refused_on_a_fifo_queue", "refused, 0 visible, 1 in flight, 0 delayed", page!(api "ReceiveMessage"), old_fifo_handle),
        behaviour("a_handle_that_no_queue_has_given_is_refused", "ReceiptHandleIsInvalid ReceiptHandleIsInvalid", DELETE, nonsense),
        behaviour("a_handle_must_be_given", "MissingParameter", DELETE, without_handle),
        timed("a_delayed_message_comes_later_than_one_that_is_not", "now, then later", page!(guide "sqs-message-timers"), message_delay),
        timed("a_queue_may_delay_all_messages_but_those_with_a_delay_of_their_own", "none, then queue's", DELAY, queue_delay),
    ]
}

async fn out_of_sight(scene: Scene, time: Time) -> Seen<String> {
    let queue = scene.standard(&[(QueueAttributeName::VisibilityTimeout, &time.text())]).await?;
    queue.send("x").await?;
    let (first, between) = (queue.receive().await?, queue.receive().await?);
    time.is_left()?;
    Ok(format!("{}, {}, {}", bodies(&first), bodies(&between), bodies(&queue.wait().await?)))
}

async fn own_timeout(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    queue.send("x").await?;
    let first = queue.receive_as(|call| call.visibility_timeout(0)).await?;
    Ok(format!("{}, {}", bodies(&first), bodies(&queue.receive().await?)))
}

async fn counted(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    for body in ["a", "b"] {
        queue.send(body).await?;
    }
    queue.send_as("later", |call| call.delay_seconds(900)).await?;
    queue.receive_as(|call| call).await?;
    queue.counts().await
}

async fn given_back(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    queue.send("x").await?;
    queue.hide(&only(queue.receive().await?)?, 0).await?;
    let again = only(queue.receive().await?)?;
    let count = attribute(&again, MessageSystemAttributeName::ApproximateReceiveCount);
    Ok(format!("{} {count}", again.body().unwrap_or_default()))
}

async fn hidden_for_longer(scene: Scene, time: Time) -> Seen<String> {
    let queue = scene.standard(&[(QueueAttributeName::VisibilityTimeout, &time.text())]).await?;
    queue.send("x").await?;
    queue.hide(&only(queue.receive().await?)?, 600).await?;
    time.is_left()?;
    Ok(bodies(&queue.receive_as(|call| call.wait_time_seconds(i32::from(time.secs) + 1)).await?))
}

async fn longest_visibility(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[(QueueAttributeName::VisibilityTimeout, "60")]).await?;
    queue.send("x").await?;
    let received = only(queue.receive().await?)?;
    let beyond = taken(queue.hide(&received, 43_201).await);
    let negative = whether(queue.hide(&received, -1).await);
    Ok(format!("{beyond} {negative} {}", taken(queue.hide(&received, 40_000).await)))
}

async fn not_in_flight(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    queue.send("x").await?;
    let received = only(queue.receive_as(|call| call.visibility_timeout(0)).await?)?;
    Ok(taken(queue.hide(&received, 5).await))
}

async fn hidden_after_deletion(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    queue.send("x").await?;
    let received = only(queue.receive().await?)?;
    queue.delete(&received).await?;
    Ok(whether(queue.hide(&received, 5).await).to_owned())
}

async fn deleted(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    queue.send("x").await?;
    queue.delete(&only(queue.receive().await?)?).await?;
    queue.counts().await
}

async fn deleted_twice(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    queue.send("x").await?;
    let received = only(queue.receive().await?)?;
    queue.delete(&received).await?;
    Ok(taken(queue.delete(&received).await))
}

async fn old_handle(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    queue.send("x").await?;
    let first = only(queue.receive_as(|call| call.visibility_timeout(0)).await?)?;
    only(queue.receive().await?)?;
    let told = taken(queue.delete(&first).await);
    Ok(format!("{told}, {}", queue.counts().await?))
}

async fn old_fifo_handle(scene: Scene) -> Seen<String> {
    let queue = scene.fifo(&[]).await?;
    queue.send_to("g", "x").await?;
    let first = only(queue.receive_as(|call| call.visibility_timeout(0)).await?)?;
    only(queue.receive().await?)?;
    let told = whether(queue.delete(&first).await);
    Ok(format!("{told}, {}", queue.counts().await?))
}

async fn nonsense(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    let delete = scene.client.delete_message().queue_url(&queue.url).receipt_handle("nonsense");
    let change = scene.client.change_message_visibility().queue_url(&queue.url).receipt_handle("nonsense");
    let told = taken(delete.send().await.map_err(refusal));
    Ok(format!("{told} {}", taken(change.visibility_timeout(5).send().await.map_err(refusal))))
}

async fn without_handle(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    Ok(taken(scene.client.delete_message().queue_url(&queue.url).send().await.map_err(refusal)))
}

async fn message_delay(scene: Scene, time: Time) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    queue.send_as("later", |call| call.delay_seconds(time.secs.into())).await?;
    queue.send("now").await?;
    let first = queue.receive().await?;
    time.is_left()?;
    Ok(format!("{}, then {}", bodies(&first), bodies(&queue.wait().await?)))
}

async fn queue_delay(scene: Scene, time: Time) -> Seen<String> {
    let queue = scene.standard(&[(QueueAttributeName::DelaySeconds, &time.text())]).await?;
    queue.send("queue's").await?;
    queue.send_as("none", |call| call.delay_seconds(0)).await?;
    let first = queue.receive().await?;
    time.is_left()?;
    Ok(format!("{}, then {}", bodies(&first), bodies(&queue.wait().await?)))
}
