//! What a receiver gets, and how long it waits.

use std::collections::BTreeSet;
use std::time::Instant;

use aws_sdk_sqs::operation::receive_message::builders::ReceiveMessageFluentBuilder;
use aws_sdk_sqs::types::{Message, MessageAttributeValue, MessageSystemAttributeName, QueueAttributeName};

use super::scene::{Scene, Seen, Time, attribute, bodies, only, refusal, taken};
use super::{Behaviour, behaviour, page, timed};

const RECEIVE: &str = page!(api "ReceiveMessage");
const POLLING: &str = page!(guide "sqs-short-and-long-polling");

#[rustfmt::skip]
pub(super) fn behaviours() -> Vec<Behaviour> {
    vec![
        behaviour("a_message_arrives_as_it_was_sent", "same id, same body, same digest", RECEIVE, as_sent),
        behaviour("a_standard_queue_tells_these_system_attributes", "ApproximateFirstReceiveTimestamp ApproximateReceiveCount SenderId SentTimestamp", RECEIVE, system_attributes),
        behaviour("a_fifo_queue_tells_these_system_attributes", "ApproximateFirstReceiveTimestamp ApproximateReceiveCount MessageDeduplicationId MessageGroupId SenderId SentTimestamp SequenceNumber", RECEIVE, fifo_system_attributes),
        behaviour("system_attributes_come_as_asked_for_in_either_spelling", "none, SentTimestamp, SenderId", RECEIVE, chosen_system_attributes),
        behaviour("message_attributes_come_by_name_prefix_or_all", "none, kind, trace.id trace.root, kind trace.id trace.root, kind trace.id trace.root", RECEIVE, chosen_attributes),
        behaviour("an_unknown_system_attribute_is_refused", "refused", RECEIVE, unknown_attribute),
        behaviour("one_message_comes_unless_more_are_asked_for", "1 then 2", RECEIVE, default_number),
        behaviour("one_to_ten_messages_may_be_asked_for", "InvalidParameterValue InvalidParameterValue taken", RECEIVE, number),
        behaviour("up_to_twenty_seconds_may_be_waited", "InvalidParameterValue InvalidParameterValue", RECEIVE, longest_wait),
        behaviour("a_visibility_timeout_of_a_receive_is_up_to_twelve_hours", "taken InvalidParameterValue InvalidParameterValue", RECEIVE, visibility_range),
        timed("a_long_poll_ends_with_the_message_it_waited_for", "here, at once", POLLING, long_poll),
        timed("a_long_poll_ends_empty_after_its_time", "nothing, after its time", POLLING, empty_long_poll),
        timed("a_queue_may_ask_for_long_polls_and_a_receive_may_decline", "nothing, after its time; nothing, at once", POLLING, queues_long_poll),
        behaviour("what_is_received_again_counts", "1 2 same first time", RECEIVE, counts),
    ]
}

async fn as_sent(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    let sent = queue.send("Meu pedido não chegou 📦").await?;
    let received = only(queue.receive().await?)?;
    let same = |equal: bool| if equal { "same" } else { "other" };
    Ok(format!(
        "{} id, {} body, {} digest",
        same(received.message_id == sent.message_id),
        same(received.body() == Some("Meu pedido não chegou 📦")),
        same(received.md5_of_body == sent.md5_of_message_body),
    ))
}

fn names(message: &Message) -> String {
    let names: BTreeSet<_> = message.attributes().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    if names.is_empty() { "none".to_owned() } else { names.into_iter().collect::<Vec<_>>().join(" ") }
}

async fn system_attributes(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    queue.send("x").await?;
    Ok(names(&only(queue.receive().await?)?))
}

async fn fifo_system_attributes(scene: Scene) -> Seen<String> {
    let queue = scene.fifo(&[]).await?;
    queue.send_to("g", "x").await?;
    Ok(names(&only(queue.receive().await?)?))
}

async fn chosen_system_attributes(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    for body in ["a", "b", "c"] {
        queue.send(body).await?;
    }
    let receive = || scene.client.receive_message().queue_url(&queue.url);
    let none = receive().send().await.map_err(refusal)?;
    let new = receive().message_system_attribute_names(MessageSystemAttributeName::SentTimestamp);
    let new = new.send().await.map_err(refusal)?;
    #[expect(deprecated, reason = "older clients say it like this")]
    let old = receive().attribute_names(QueueAttributeName::from("SenderId")).send().await.map_err(refusal)?;
    let told = [none, new, old].map(|output| output.messages().iter().map(names).collect::<String>());
    Ok(told.join(", "))
}

async fn chosen_attributes(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    let value = || MessageAttributeValue::builder().data_type("String").string_value("x").build().unwrap();
    let mut told = Vec::new();
    for wanted in [None, Some("kind"), Some("trace.*"), Some("All"), Some(".*")] {
        let names = ["kind", "trace.id", "trace.root"];
        queue
            .send_as("x", |call| names.iter().fold(call, |call, name| call.message_attributes(*name, value())))
            .await?;
        let received = queue
            .receive_as(|call| wanted.into_iter().fold(call, ReceiveMessageFluentBuilder::message_attribute_names));
        let received = only(received.await?)?;
        let names: BTreeSet<_> =
            received.message_attributes().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        told.push(if names.is_empty() { "none".to_owned() } else { names.into_iter().collect::<Vec<_>>().join(" ") });
        queue.delete(&received).await?;
    }
    Ok(told.join(", "))
}

async fn unknown_attribute(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    let received = queue.receive_as(|call| call.message_system_attribute_names("Colour".into()));
    Ok(super::scene::whether(received.await).to_owned())
}

async fn default_number(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    for body in ["a", "b", "c"] {
        queue.send(body).await?;
    }
    let first = queue.receive_as(|call| call).await?.len();
    Ok(format!("{first} then {}", queue.receive().await?.len()))
}

async fn number(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    let mut told = Vec::new();
    for number in [0, 11, 10] {
        told.push(taken(queue.receive_as(|call| call.max_number_of_messages(number)).await));
    }
    Ok(told.join(" "))
}

async fn longest_wait(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    // Nobody shall wait for an endpoint that takes these.
    queue.send("x").await?;
    queue.send("y").await?;
    let mut told = Vec::new();
    for wait in [-1, 21] {
        told.push(taken(queue.receive_as(|call| call.wait_time_seconds(wait)).await));
    }
    Ok(told.join(" "))
}

async fn visibility_range(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    let mut told = Vec::new();
    for secs in [43_200, 43_201, -1] {
        told.push(taken(queue.receive_as(|call| call.visibility_timeout(secs)).await));
    }
    Ok(told.join(" "))
}

async fn long_poll(scene: Scene, _: Time) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    let waiting = queue.clone();
    let poll = tokio::spawn(async move { waiting.wait().await });
    // The poll is under way once the queue has answered later calls; if it should come after the message, that is no harm.
    queue.counts().await?;
    // Far less than the poll would wait without the message.
    let time = Time::start(8);
    queue.send("here").await?;
    let received = poll.await.map_err(|error| error.to_string())??;
    time.is_left()?;
    Ok(format!("{}, at once", bodies(&received)))
}

async fn empty_long_poll(scene: Scene, time: Time) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    waited(queue.receive_as(|call| call.wait_time_seconds(time.secs.into())), time.secs).await
}

async fn queues_long_poll(scene: Scene, time: Time) -> Seen<String> {
    let queue = scene.standard(&[(QueueAttributeName::ReceiveMessageWaitTimeSeconds, &time.text())]).await?;
    let first = waited(queue.receive(), time.secs).await?;
    let time = Time::start(time.secs);
    let declined = queue.receive_as(|call| call.wait_time_seconds(0)).await?;
    time.is_left()?;
    Ok(format!("{first}; {}, at once", bodies(&declined)))
}

/// What a poll gave, and whether it took its time.
async fn waited(poll: impl Future<Output = Seen<Vec<Message>>>, secs: u8) -> Seen<String> {
    let started = Instant::now();
    let received = poll.await?;
    let when = if started.elapsed().as_secs_f64() < f64::from(secs) { "at once" } else { "after its time" };
    Ok(format!("{}, {when}", bodies(&received)))
}

async fn counts(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[(QueueAttributeName::VisibilityTimeout, "0")]).await?;
    queue.send("x").await?;
    let (first, second) = (only(queue.receive().await?)?, only(queue.wait().await?)?);
    let [one, two] =
        [&first, &second].map(|message| attribute(message, MessageSystemAttributeName::ApproximateReceiveCount));
    let [then, now] = [&first, &second]
        .map(|message| attribute(message, MessageSystemAttributeName::ApproximateFirstReceiveTimestamp));
    Ok(format!("{one} {two} {} first time", if then == now { "same" } else { "other" }))
}
