//! Queues themselves: made, named, set, listed, emptied, deleted.

use aws_sdk_sqs::types::QueueAttributeName;

use super::scene::{Scene, Seen, refusal, taken, whether};
use super::{Behaviour, behaviour, page};

const CREATE: &str = page!(api "CreateQueue");
const GET: &str = page!(api "GetQueueAttributes");
const SET: &str = page!(api "SetQueueAttributes");
const PURGE: &str = page!(api "PurgeQueue");
const LIST: &str = page!(api "ListQueues");
const ABSENT: &str = "AWS.SimpleQueueService.NonExistentQueue";

#[rustfmt::skip]
pub(super) fn behaviours() -> Vec<Behaviour> {
    vec![
        behaviour("a_new_queue_has_these_settings", "30 0 345600 0 1048576", CREATE, defaults),
        behaviour("a_queue_can_be_created_again_as_it_is", "same url", CREATE, created_again),
        behaviour("a_queue_cannot_be_created_again_otherwise", "QueueAlreadyExists", CREATE, created_otherwise),
        behaviour("a_fifo_queues_name_ends_in_fifo_and_no_other_does", "fifo without: refused, standard with: refused", CREATE, fifo_names),
        behaviour("a_name_is_plain_and_short", "a b: refused, 81: refused, 80: taken", CREATE, names),
        behaviour("settings_have_ranges", "VisibilityTimeout=43201 DelaySeconds=901 MessageRetentionPeriod=59 ReceiveMessageWaitTimeSeconds=21 MaximumMessageSize=1048577: all InvalidAttributeValue", CREATE, ranges),
        behaviour("unknown_settings_are_refused", "InvalidAttributeName InvalidAttributeName", CREATE, unknown),
        behaviour("settings_change_and_stay", "45", SET, changed),
        behaviour("a_standard_queue_has_no_fifo_settings", "refused", SET, fifo_setting_on_standard),
        behaviour("attributes_are_given_as_asked_for", "none, VisibilityTimeout", GET, asked_for),
        behaviour("an_unknown_attribute_is_not_asked_for", "InvalidAttributeName", GET, unknown_asked),
        behaviour("a_queue_that_is_not_there_is_refused_everywhere", "AWS.SimpleQueueService.NonExistentQueue everywhere", page!(api "GetQueueUrl"), absent),
        behaviour("refusals_arrive_as_the_clients_own_types", "true true true true", page!(guide "sqs-json-api-responses"), own_types),
        behaviour("a_queue_is_found_by_its_name", "same url", page!(api "GetQueueUrl"), found),
        behaviour("queues_are_listed_by_prefix_and_page", "2 and more, then 1 and no more", LIST, listed),
        behaviour("a_purge_takes_messages_in_flight_too", "0 visible, 0 in flight, 0 delayed", PURGE, purged),
        behaviour("a_queue_is_purged_once_a_minute", "taken AWS.SimpleQueueService.PurgeQueueInProgress", PURGE, purged_twice),
        behaviour("a_deleted_queue_takes_no_more", "AWS.SimpleQueueService.NonExistentQueue", page!(api "DeleteQueue"), deleted),
    ]
}

async fn defaults(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    let mut told = Vec::new();
    for name in [
        QueueAttributeName::VisibilityTimeout,
        QueueAttributeName::DelaySeconds,
        QueueAttributeName::MessageRetentionPeriod,
        QueueAttributeName::ReceiveMessageWaitTimeSeconds,
        QueueAttributeName::MaximumMessageSize,
    ] {
        told.push(queue.attribute(name).await?);
    }
    Ok(told.join(" "))
}

fn same_url(one: &str, other: &str) -> String {
    if one == other { "same url".to_owned() } else { format!("{one} {other}") }
}

async fn created_again(scene: Scene) -> Seen<String> {
    let attributes = [(QueueAttributeName::VisibilityTimeout, "45")];
    let (first, again) = (scene.fifo(&attributes).await?, scene.fifo(&attributes).await?);
    Ok(same_url(&first.url, &again.url))
}

async fn created_otherwise(scene: Scene) -> Seen<String> {
    scene.standard(&[(QueueAttributeName::VisibilityTimeout, "45")]).await?;
    Ok(taken(scene.standard(&[(QueueAttributeName::VisibilityTimeout, "46")]).await))
}

async fn fifo_names(scene: Scene) -> Seen<String> {
    let without = scene.queue("plain", &[(QueueAttributeName::FifoQueue, "true")]).await;
    let with = scene.client.create_queue().queue_name(scene.name("standard.fifo")).send().await;
    Ok(format!("fifo without: {}, standard with: {}", whether(without), whether(with)))
}

async fn names(scene: Scene) -> Seen<String> {
    let create = async |name: String| whether(scene.client.create_queue().queue_name(name).send().await);
    let long = |length: usize| format!("{:a<length$}", scene.name("n"));
    Ok(format!(
        "a b: {}, 81: {}, 80: {}",
        create(scene.name("a b")).await,
        create(long(81)).await,
        create(long(80)).await
    ))
}

async fn ranges(scene: Scene) -> Seen<String> {
    let mut told = Vec::new();
    let mut codes = std::collections::BTreeSet::new();
    for (name, value) in [
        (QueueAttributeName::VisibilityTimeout, "43201"),
        (QueueAttributeName::DelaySeconds, "901"),
        (QueueAttributeName::MessageRetentionPeriod, "59"),
        (QueueAttributeName::ReceiveMessageWaitTimeSeconds, "21"),
        (QueueAttributeName::MaximumMessageSize, "1048577"),
    ] {
        codes.insert(taken(scene.queue("ranges", &[(name.clone(), value)]).await));
        told.push(format!("{name}={value}"));
    }
    Ok(format!("{}: all {}", told.join(" "), codes.into_iter().collect::<Vec<_>>().join(" and ")))
}

async fn unknown(scene: Scene) -> Seen<String> {
    let created = taken(scene.queue("unknown", &[("Colour".into(), "red")]).await);
    let queue = scene.standard(&[]).await?;
    let set = scene.client.set_queue_attributes().queue_url(&queue.url).attributes("Colour".into(), "red");
    Ok(format!("{created} {}", taken(set.send().await.map_err(refusal))))
}

async fn changed(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    let set = scene.client.set_queue_attributes().queue_url(&queue.url);
    set.attributes(QueueAttributeName::VisibilityTimeout, "45").send().await.map_err(refusal)?;
    queue.attribute(QueueAttributeName::VisibilityTimeout).await
}

async fn fifo_setting_on_standard(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    let set = scene.client.set_queue_attributes().queue_url(&queue.url);
    let set = set.attributes(QueueAttributeName::ContentBasedDeduplication, "true");
    Ok(whether(set.send().await).to_owned())
}

async fn asked_for(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    let call = || scene.client.get_queue_attributes().queue_url(&queue.url);
    let none = call().send().await.map_err(refusal)?.attributes.unwrap_or_default();
    let one = call().attribute_names(QueueAttributeName::VisibilityTimeout).send().await.map_err(refusal)?;
    let names = |attributes: Vec<QueueAttributeName>| match attributes.len() {
        0 => "none".to_owned(),
        1 => attributes[0].to_string(),
        many => format!("{many} attributes"),
    };
    let one = one.attributes.unwrap_or_default();
    Ok(format!("{}, {}", names(none.into_keys().collect()), names(one.into_keys().collect())))
}

async fn unknown_asked(scene: Scene) -> Seen<String> {
    Ok(taken(scene.standard(&[]).await?.attribute("Colour".into()).await))
}

async fn absent(scene: Scene) -> Seen<String> {
    let mut queue = scene.standard(&[]).await?;
    queue.url.push_str("-absent");
    let by_name = scene.client.get_queue_url().queue_name(scene.name("absent")).send().await.map_err(refusal);
    let codes = [
        taken(by_name),
        taken(queue.send("x").await),
        taken(queue.receive().await),
        taken(queue.arn().await),
        taken(scene.client.purge_queue().queue_url(&queue.url).send().await.map_err(refusal)),
        taken(scene.client.delete_queue().queue_url(&queue.url).send().await.map_err(refusal)),
    ];
    Ok(if codes.iter().all(|code| code == ABSENT) { format!("{ABSENT} everywhere") } else { codes.join(" ") })
}

async fn own_types(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    let client = &scene.client;
    let absent = client.get_queue_url().queue_name(scene.name("absent")).send().await;
    let body = client.send_message().queue_url(&queue.url).message_body("\u{1}").send().await;
    let batch = client.send_message_batch().queue_url(&queue.url).send().await;
    let handle = client.delete_message().queue_url(&queue.url).receipt_handle("nonsense").send().await;
    let told = [
        absent.is_err_and(|error| error.into_service_error().is_queue_does_not_exist()),
        body.is_err_and(|error| error.into_service_error().is_invalid_message_contents()),
        batch.is_err_and(|error| error.into_service_error().is_empty_batch_request()),
        handle.is_err_and(|error| error.into_service_error().is_receipt_handle_is_invalid()),
    ];
    Ok(told.map(|told| told.to_string()).join(" "))
}

async fn found(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    let found = scene.client.get_queue_url().queue_name(scene.name("q")).send().await.map_err(refusal)?;
    Ok(same_url(&queue.url, found.queue_url().unwrap_or_default()))
}

async fn listed(scene: Scene) -> Seen<String> {
    for suffix in ["list-1", "list-2", "list-3"] {
        scene.queue(suffix, &[]).await?;
    }
    let list = || scene.client.list_queues().queue_name_prefix(scene.name("list-")).max_results(2);
    let first = list().send().await.map_err(refusal)?;
    let rest = list().set_next_token(first.next_token.clone()).send().await.map_err(refusal)?;
    let more = |token: Option<&str>| if token.is_some() { "and more" } else { "and no more" };
    let [one, two] = [&first, &rest].map(|page| format!("{} {}", page.queue_urls().len(), more(page.next_token())));
    Ok(format!("{one}, then {two}"))
}

async fn purged(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    for body in ["a", "b"] {
        queue.send(body).await?;
    }
    queue.receive_as(|call| call).await?;
    scene.client.purge_queue().queue_url(&queue.url).send().await.map_err(refusal)?;
    queue.counts().await
}

async fn purged_twice(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    let purge = async || taken(scene.client.purge_queue().queue_url(&queue.url).send().await.map_err(refusal));
    Ok(format!("{} {}", purge().await, purge().await))
}

async fn deleted(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    queue.send("x").await?;
    scene.client.delete_queue().queue_url(&queue.url).send().await.map_err(refusal)?;
    Ok(taken(queue.send("y").await))
}
