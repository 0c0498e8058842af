//! Messages that are received too often, and where they go.

use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName};

use super::scene::{Queue, Scene, Seen, attribute, bodies, only, whether};
use super::{Behaviour, behaviour, page};

const DEAD: &str = page!(guide "sqs-dead-letter-queues");
const SET: &str = page!(api "SetQueueAttributes");

#[rustfmt::skip]
pub(super) fn behaviours() -> Vec<Behaviour> {
    vec![
        behaviour("what_is_received_more_often_than_allowed_goes_to_the_dead_letter_queue", "x x nothing, dead: x", DEAD, moved),
        behaviour("a_dead_letter_keeps_its_id_its_time_and_its_count_and_tells_its_source", "same id, same time, received 2, from its queue", DEAD, keeps),
        behaviour("a_group_goes_on_behind_a_dead_letter", "a1, then a2, dead: a1", DEAD, group_goes_on),
        behaviour("a_deletion_keeps_a_message_from_the_dead_letter_queue", "dead: nothing", DEAD, deleted_in_time),
        behaviour("a_dead_letter_queue_exists", "refused", SET, absent),
        behaviour("a_dead_letter_queue_is_of_the_same_kind", "standard for fifo: refused, fifo for standard: refused", SET, kinds),
        behaviour("a_message_is_received_1_to_1000_times_before_it_is_given_up", "0: refused, 1001: refused, 1000: taken", SET, counts),
        behaviour("a_policy_is_read_back_and_taken_away", "a policy, then absent", SET, read_back),
    ]
}

fn policy(arn: &str, count: u32) -> String {
    format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":{count}}}"#)
}

/// A queue whose messages are visible again at once, and its dead-letter queue.
async fn pair(scene: &Scene, suffix: &str, count: u32) -> Seen<(Queue, Queue)> {
    let dead = scene.queue(&format!("dead{suffix}"), &[]).await?;
    let policy = policy(&dead.arn().await?, count);
    let attributes =
        [(QueueAttributeName::RedrivePolicy, policy.as_str()), (QueueAttributeName::VisibilityTimeout, "0")];
    Ok((scene.queue(&format!("q{suffix}"), &attributes).await?, dead))
}

async fn moved(scene: Scene) -> Seen<String> {
    let (queue, dead) = pair(&scene, "", 2).await?;
    queue.send("x").await?;
    let mut told = Vec::new();
    for _ in 0..3 {
        told.push(bodies(&queue.receive().await?));
    }
    Ok(format!("{}, dead: {}", told.join(" "), bodies(&dead.receive().await?)))
}

async fn keeps(scene: Scene) -> Seen<String> {
    let (queue, dead) = pair(&scene, "", 1).await?;
    let sent = queue.send("x").await?;
    let first = only(queue.receive().await?)?;
    queue.receive().await?;
    let received = only(dead.receive().await?)?;
    let same = |equal: bool| if equal { "same" } else { "other" };
    let time = MessageSystemAttributeName::SentTimestamp;
    let source = attribute(&received, MessageSystemAttributeName::DeadLetterQueueSourceArn);
    Ok(format!(
        "{} id, {} time, received {}, from {}",
        same(received.message_id == sent.message_id),
        same(attribute(&received, time.clone()) == attribute(&first, time)),
        attribute(&received, MessageSystemAttributeName::ApproximateReceiveCount),
        if source == queue.arn().await? { "its queue" } else { source },
    ))
}

async fn group_goes_on(scene: Scene) -> Seen<String> {
    let (queue, dead) = pair(&scene, ".fifo", 1).await?;
    for body in ["a1", "a2"] {
        queue.send_to("a", body).await?;
    }
    let first = queue.receive_as(|call| call).await?;
    let then = queue.receive_as(|call| call).await?;
    Ok(format!("{}, then {}, dead: {}", bodies(&first), bodies(&then), bodies(&dead.receive().await?)))
}

async fn deleted_in_time(scene: Scene) -> Seen<String> {
    let (queue, dead) = pair(&scene, "", 1).await?;
    queue.send("x").await?;
    queue.delete(&only(queue.receive().await?)?).await?;
    queue.receive().await?;
    Ok(format!("dead: {}", bodies(&dead.receive().await?)))
}

async fn absent(scene: Scene) -> Seen<String> {
    let arn = scene.queue("other", &[]).await?.arn().await?;
    let policy = policy(&format!("{arn}-absent"), 3);
    Ok(whether(scene.standard(&[(QueueAttributeName::RedrivePolicy, &policy)]).await).to_owned())
}

async fn kinds(scene: Scene) -> Seen<String> {
    let standard = policy(&scene.queue("dead", &[]).await?.arn().await?, 3);
    let fifo = policy(&scene.queue("dead.fifo", &[]).await?.arn().await?, 3);
    let for_fifo = whether(scene.fifo(&[(QueueAttributeName::RedrivePolicy, &standard)]).await);
    let for_standard = whether(scene.standard(&[(QueueAttributeName::RedrivePolicy, &fifo)]).await);
    Ok(format!("standard for fifo: {for_fifo}, fifo for standard: {for_standard}"))
}

async fn counts(scene: Scene) -> Seen<String> {
    let arn = scene.queue("dead", &[]).await?.arn().await?;
    let mut told = Vec::new();
    for count in [0, 1001, 1000] {
        let policy = policy(&arn, count);
        let attributes = [(QueueAttributeName::RedrivePolicy, policy.as_str())];
        told.push(format!("{count}: {}", whether(scene.queue(&format!("q{count}"), &attributes).await)));
    }
    Ok(told.join(", "))
}

async fn read_back(scene: Scene) -> Seen<String> {
    let (queue, dead) = pair(&scene, "", 3).await?;
    let set = queue.attribute(QueueAttributeName::RedrivePolicy).await?;
    let arn = dead.arn().await?;
    let told = if set.contains(&arn) && set.contains("maxReceiveCount") { "a policy" } else { &set };
    let call = queue.client.set_queue_attributes().queue_url(&queue.url);
    let call = call.attributes(QueueAttributeName::RedrivePolicy, "");
    call.send().await.map_err(super::scene::refusal)?;
    Ok(format!("{told}, then {}", queue.attribute(QueueAttributeName::RedrivePolicy).await?))
}
