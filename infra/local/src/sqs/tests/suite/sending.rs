//! What may be sent, and what the sender is told.

use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    MessageAttributeValue, MessageSystemAttributeName, MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
    QueueAttributeName,
};

use super::scene::{Scene, Seen, attribute, bodies, only, taken, whether};
use super::{Behaviour, behaviour, page};

const SEND: &str = page!(api "SendMessage");
const QUOTAS: &str = page!(guide "quotas-messages");
const METADATA: &str = page!(guide "sqs-message-metadata");
const MEBIBYTE: usize = 1_048_576;

#[rustfmt::skip]
pub(super) fn behaviours() -> Vec<Behaviour> {
    vec![
        behaviour("the_sender_is_told_the_md5_of_body_and_attributes", "9f48e3d966eecd3fc2bece97ff61e4ea 19db2ce4e577e2e4091f050dfadf3eae", SEND, digests),
        behaviour("a_trace_header_travels_and_has_a_digest_of_its_own", "62a56dd927315f2b2e12832b84617ea5 Root=1-5759e988-bd862e3fe1be46a994272793", METADATA, trace_header),
        behaviour("no_other_system_attribute_can_be_sent", "refused", METADATA, other_system_attribute),
        behaviour("a_body_of_one_mebibyte_is_taken_and_one_byte_more_is_not", "taken InvalidParameterValue", SEND, largest),
        behaviour("attributes_count_against_the_size", "taken InvalidParameterValue", METADATA, size_with_attributes),
        behaviour("a_queue_may_allow_less", "taken InvalidParameterValue", page!(api "CreateQueue"), own_limit),
        behaviour("characters_outside_xml_are_refused_in_a_body", "taken InvalidMessageContents InvalidMessageContents", SEND, characters),
        behaviour("a_message_has_a_body", "MissingParameter", SEND, empty),
        behaviour("a_message_has_at_most_ten_attributes", "taken refused", QUOTAS, eleven_attributes),
        behaviour("an_attribute_has_a_known_type_and_a_value_of_it", "taken, Number many: refused, Text: refused, empty: refused", METADATA, attribute_types),
        behaviour("an_attributes_name_is_plain_and_not_reserved", "taken, AWS.x: refused, a..b: refused, .a: refused, a b: refused", METADATA, attribute_names),
        behaviour("a_message_may_be_delayed_up_to_a_quarter_of_an_hour", "taken InvalidParameterValue", SEND, longest_delay),
        behaviour("a_standard_queue_takes_a_group_and_tells_it", "g", SEND, group_on_standard),
        behaviour("a_standard_queue_takes_no_deduplication_id", "InvalidParameterValue", SEND, deduplication_on_standard),
        behaviour("ids_are_up_to_128_visible_characters", "taken refused refused", SEND, ids),
    ]
}

fn text(value: &str) -> MessageAttributeValue {
    typed("String", value)
}

fn typed(data_type: &str, value: &str) -> MessageAttributeValue {
    MessageAttributeValue::builder().data_type(data_type).string_value(value).build().unwrap()
}

async fn digests(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    let bytes =
        MessageAttributeValue::builder().data_type("Binary").binary_value(Blob::new([1, 2, 3])).build().unwrap();
    let sent = queue.send_as("Meu pedido não chegou", |call| {
        let call = call.message_attributes("kind", text("olá")).message_attributes("bytes", bytes);
        call.message_attributes("count", typed("Number.int", "42"))
    });
    let sent = sent.await?;
    let told = [sent.md5_of_message_body(), sent.md5_of_message_attributes()];
    Ok(told.map(|digest| digest.unwrap_or("absent")).join(" "))
}

async fn trace_header(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    let header = "Root=1-5759e988-bd862e3fe1be46a994272793";
    let header = MessageSystemAttributeValue::builder().data_type("String").string_value(header).build().unwrap();
    let name = MessageSystemAttributeNameForSends::AwsTraceHeader;
    let sent = queue.send_as("x", |call| call.message_system_attributes(name, header)).await?;
    let received = only(queue.receive().await?)?;
    let header = attribute(&received, MessageSystemAttributeName::AwsTraceHeader);
    Ok(format!("{} {header}", sent.md5_of_message_system_attributes().unwrap_or("absent")))
}

async fn other_system_attribute(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    let value = MessageSystemAttributeValue::builder().data_type("String").string_value("ana").build().unwrap();
    let sent = queue.send_as("x", |call| call.message_system_attributes("SenderId".into(), value));
    Ok(whether(sent.await).to_owned())
}

async fn largest(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    let fits = taken(queue.send(&"a".repeat(MEBIBYTE)).await);
    Ok(format!("{fits} {}", taken(queue.send(&"a".repeat(MEBIBYTE + 1)).await)))
}

async fn size_with_attributes(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    // Name, type and value: 3 + 6 + 1 bytes.
    let fits = queue.send_as(&"a".repeat(MEBIBYTE - 10), |call| call.message_attributes("abc", text("x"))).await;
    let over = queue.send_as(&"a".repeat(MEBIBYTE - 9), |call| call.message_attributes("abc", text("x"))).await;
    Ok(format!("{} {}", taken(fits), taken(over)))
}

async fn own_limit(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[(QueueAttributeName::MaximumMessageSize, "1024")]).await?;
    let fits = taken(queue.send(&"a".repeat(1024)).await);
    Ok(format!("{fits} {}", taken(queue.send(&"a".repeat(1025)).await)))
}

async fn characters(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    let mut told = Vec::new();
    for body in ["tab\t, line\n, 📦", "bell \u{7}", "no character \u{FFFF}"] {
        told.push(taken(queue.send(body).await));
    }
    Ok(told.join(" "))
}

async fn empty(scene: Scene) -> Seen<String> {
    Ok(taken(scene.standard(&[]).await?.send("").await))
}

async fn eleven_attributes(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    let with = |count: usize| {
        queue.send_as("x", move |call| {
            (0..count).fold(call, |call, n| call.message_attributes(format!("a{n}"), text("x")))
        })
    };
    let ten = whether(with(10).await);
    Ok(format!("{ten} {}", whether(with(11).await)))
}

async fn attribute_types(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    let with = |data_type: &str, value: &str| {
        let value = typed(data_type, value);
        queue.send_as("x", move |call| call.message_attributes("a", value))
    };
    let good = whether(with("Number.int", "-1").await);
    let [number, kind] = [whether(with("Number", "many").await), whether(with("Text", "x").await)];
    Ok(format!("{good}, Number many: {number}, Text: {kind}, empty: {}", whether(with("String", "").await)))
}

async fn attribute_names(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    let with = |name: &'static str| queue.send_as("x", move |call| call.message_attributes(name, text("x")));
    let mut told = vec![whether(with("a.b_c-d").await).to_owned()];
    for name in ["AWS.x", "a..b", ".a", "a b"] {
        told.push(format!("{name}: {}", whether(with(name).await)));
    }
    Ok(told.join(", "))
}

async fn longest_delay(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    let fits = taken(queue.send_as("x", |call| call.delay_seconds(900)).await);
    Ok(format!("{fits} {}", taken(queue.send_as("x", |call| call.delay_seconds(901)).await)))
}

async fn group_on_standard(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    queue.send_as("x", |call| call.message_group_id("g")).await?;
    Ok(attribute(&only(queue.receive().await?)?, MessageSystemAttributeName::MessageGroupId).to_owned())
}

async fn deduplication_on_standard(scene: Scene) -> Seen<String> {
    let queue = scene.standard(&[]).await?;
    Ok(taken(queue.send_as("x", |call| call.message_deduplication_id("d")).await))
}

async fn ids(scene: Scene) -> Seen<String> {
    let queue = scene.fifo(&[]).await?;
    let with =
        |group: String| queue.send_as("x", move |call| call.message_group_id(group).message_deduplication_id("d"));
    let good = whether(with(format!("{}!~", "g".repeat(126))).await);
    let told = format!("{good} {} {}", whether(with("g".repeat(129)).await), whether(with("a b".to_owned()).await));
    // The good one is the only one there.
    only(queue.receive().await?).map(|message| bodies(&[message]))?;
    Ok(told)
}
