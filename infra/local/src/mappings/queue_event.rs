//! The event with which Lambda hands messages of a queue to a function.

use serde_json::{Map, Value, json};

use super::payload::split;
use crate::lambda::PAYLOAD_LIMIT_BYTES;
use crate::sqs::{MessageAttribute, ReceivedMessage};
use crate::template::REGION;

/// The `Records` of these messages; `arn` is the queue's.
pub(super) fn event(messages: &[ReceivedMessage], arn: &str) -> Value {
    json!({ "Records": messages.iter().map(|message| record(message, arn)).collect::<Vec<_>>() })
}

/// Splits what was received so that each part fits an invocation.
pub(super) fn parts(messages: Vec<ReceivedMessage>) -> Vec<Vec<ReceivedMessage>> {
    // A body grows when it is written as JSON: by two for text that is JSON itself, by at most six.
    let budget = PAYLOAD_LIMIT_BYTES * 9 / 10;
    split(messages, budget, |message| {
        serde_json::to_string(&message.body).map_or(message.body.len(), |text| text.len()) + 2048
    })
}

fn record(message: &ReceivedMessage, arn: &str) -> Value {
    let attributes: Map<String, Value> =
        message.message_attributes.iter().map(|(name, value)| (name.clone(), attribute(value))).collect();
    json!({
        "messageId": message.message_id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": message.attributes,
        "messageAttributes": attributes,
        "md5OfBody": message.md5_of_body,
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": REGION,
    })
}

fn attribute(attribute: &MessageAttribute) -> Value {
    let mut value = json!({ "dataType": attribute.data_type, "stringListValues": [], "binaryListValues": [] });
    for (name, text) in [("stringValue", &attribute.string_value), ("binaryValue", &attribute.binary_value)] {
        if let Some(text) = text {
            value[name] = Value::from(text.as_str());
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn message(id: &str, body: String) -> ReceivedMessage {
        ReceivedMessage {
            message_id: id.into(),
            receipt_handle: format!("receipt-{id}"),
            body,
            attributes: BTreeMap::from([
                ("ApproximateReceiveCount".to_owned(), "1".to_owned()),
                ("MessageGroupId".to_owned(), "g".to_owned()),
            ]),
            message_attributes: BTreeMap::from([(
                "kind".to_owned(),
                MessageAttribute { data_type: "String".into(), string_value: Some("unit".into()), binary_value: None },
            )]),
            md5_of_body: "d41d8cd98f00b204e9800998ecf8427e".into(),
        }
    }

    #[test]
    fn a_record_has_the_fields_of_lambda_s_sqs_event() {
        let arn = "arn:aws:sqs:us-east-1:000000000000:inbound.fifo";
        assert_eq!(
            event(&[message("m1", "hello".into())], arn),
            json!({ "Records": [{
                "messageId": "m1",
                "receiptHandle": "receipt-m1",
                "body": "hello",
                "attributes": { "ApproximateReceiveCount": "1", "MessageGroupId": "g" },
                "messageAttributes": { "kind": {
                    "stringValue": "unit", "stringListValues": [], "binaryListValues": [], "dataType": "String",
                } },
                "md5OfBody": "d41d8cd98f00b204e9800998ecf8427e",
                "eventSource": "aws:sqs",
                "eventSourceARN": arn,
                "awsRegion": "us-east-1",
            }] })
        );
    }

    #[test]
    fn ten_messages_of_a_mebibyte_become_parts_that_an_invocation_takes() {
        let messages: Vec<_> = (0..10).map(|n| message(&n.to_string(), "x".repeat(1_048_576 - 64))).collect();
        let parts = parts(messages.clone());
        assert_eq!(parts.concat(), messages);
        assert!(parts.len() > 1);
        for part in &parts {
            assert!(event(part, "arn").to_string().len() <= PAYLOAD_LIMIT_BYTES);
        }
        assert!(super::parts(Vec::new()).is_empty());
    }
}
