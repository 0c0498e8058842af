//! What a message may contain, how large it may be, and the MD5s that AWS's clients compare. Pure; it stores nothing.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::{Error, QueueSpec, SendEntry};

/// The largest message, and the largest batch, in bytes.
pub(super) const MAX_BYTES: usize = 1_048_576;

/// One message attribute, in the JSON protocol's own form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MessageAttribute {
    /// `String`, `Number` or `Binary`, and perhaps `.` and a label of the sender's.
    pub(crate) data_type: String,
    /// The value of a `String` or `Number`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) string_value: Option<String>,
    /// The value of a `Binary`, in Base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) binary_value: Option<String>,
}

impl MessageAttribute {
    /// The value as bytes, with the mark that tells text (1) from binary (2) in the MD5. Checked on sending.
    fn value(&self) -> (u8, Vec<u8>) {
        match (&self.string_value, &self.binary_value) {
            (Some(text), _) => (1, text.clone().into_bytes()),
            (None, Some(binary)) => (2, STANDARD.decode(binary).unwrap_or_default()),
            (None, None) => (1, Vec::new()),
        }
    }

    fn check(&self, name: &str) -> Result<(), Error> {
        let invalid =
            |reason: &str| Err(Error::InvalidParameterValue(format!("The message attribute '{name}' {reason}")));
        let kind = self.data_type.split('.').next().unwrap_or_default();
        match (kind, &self.string_value, &self.binary_value) {
            ("String", Some(text), None) if !text.is_empty() => check_characters(text),
            ("Number", Some(text), None) if text.parse::<f64>().is_ok_and(f64::is_finite) => Ok(()),
            ("Binary", None, Some(binary)) if STANDARD.decode(binary).is_ok_and(|bytes| !bytes.is_empty()) => Ok(()),
            ("String" | "Number" | "Binary", _, _) => invalid("must contain a non-empty value of its data type."),
            _ => invalid(
                "has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.",
            ),
        }
    }
}

impl SendEntry {
    /// Bytes that count against the limits: the body, and of each attribute the name, the type and the value.
    pub(super) fn bytes(&self) -> usize {
        let attribute =
            |(name, value): (&String, &MessageAttribute)| name.len() + value.data_type.len() + value.value().1.len();
        self.body.len() + self.message_attributes.iter().map(attribute).sum::<usize>()
    }

    /// Refuses what Amazon SQS refuses of a message for this queue.
    pub(super) fn check(&self, queue: &QueueSpec) -> Result<(), Error> {
        if self.body.is_empty() {
            return Err(Error::MissingParameter("MessageBody"));
        }
        let limit = queue.maximum_message_bytes;
        if self.bytes() > limit {
            return Err(Error::InvalidParameterValue(format!(
                "One or more parameters are invalid. Reason: Message must be shorter than {limit} bytes."
            )));
        }
        check_characters(&self.body)?;
        if self.message_attributes.len() > 10 {
            let sent = self.message_attributes.len();
            return Err(Error::InvalidParameterValue(format!(
                "Number of message attributes [{sent}] exceeds the allowed maximum [10]."
            )));
        }
        for (name, attribute) in &self.message_attributes {
            check_attribute_name(name)?;
            attribute.check(name)?;
        }
        self.check_order(queue)
    }

    /// Group, deduplication id and delay against the kind of queue.
    fn check_order(&self, queue: &QueueSpec) -> Result<(), Error> {
        const WRONG_QUEUE: &str = "The request include parameter that is not valid for this queue type.";
        check_id("MessageGroupId", self.group_id.as_deref())?;
        check_id("MessageDeduplicationId", self.deduplication_id.as_deref())?;
        match (queue.fifo, self.delay, &self.deduplication_id) {
            (true, Some(delay), _) if !delay.is_zero() => {
                return Err(Error::invalid_value(delay.as_secs(), "DelaySeconds", WRONG_QUEUE));
            }
            (false, Some(delay), _) if delay.as_secs() > 900 => {
                let reason = "DelaySeconds must be >= 0 and <= 900";
                return Err(Error::invalid_value(delay.as_secs(), "DelaySeconds", reason));
            }
            (false, _, Some(id)) => return Err(Error::invalid_value(id, "MessageDeduplicationId", WRONG_QUEUE)),
            _ => {}
        }
        if queue.fifo && self.group_id.is_none() {
            return Err(Error::MissingParameter("MessageGroupId"));
        }
        if queue.fifo && self.deduplication_id.is_none() && !queue.content_based_deduplication {
            return Err(Error::InvalidParameterValue(
                "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
                    .to_owned(),
            ));
        }
        Ok(())
    }
}

/// Refuses the first character that XML 1.0 does not allow.
fn check_characters(text: &str) -> Result<(), Error> {
    let forbidden = |c: &char| (*c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{FFFE}' | '\u{FFFF}');
    text.chars().find(forbidden).map_or(Ok(()), |c| Err(Error::InvalidMessageContents(u32::from(c))))
}

fn check_attribute_name(name: &str) -> Result<(), Error> {
    let lower = name.to_ascii_lowercase();
    let characters = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    let dots = name.starts_with('.') || name.ends_with('.') || name.contains("..");
    let reserved = lower.starts_with("aws.") || lower.starts_with("amazon.");
    if (1..=256).contains(&name.len()) && characters && !dots && !reserved {
        return Ok(());
    }
    Err(Error::invalid_value(name, "MessageAttributeName", "It is not a valid name of a message attribute."))
}

/// Message groups, deduplication ids and attempt ids are 1 to 128 visible ASCII characters.
pub(super) fn check_id(parameter: &str, id: Option<&str>) -> Result<(), Error> {
    let reason = format!("{parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length");
    match id {
        Some(id) if !(1..=128).contains(&id.len()) || !id.chars().all(|c| c.is_ascii_graphic()) => {
            Err(Error::invalid_value(id, parameter, &reason))
        }
        _ => Ok(()),
    }
}

/// MD5 in lower-case hexadecimal.
pub(super) fn md5_hex(bytes: impl AsRef<[u8]>) -> String {
    hex::encode(*md5::compute(bytes))
}

/// The MD5 of message attributes, as clients compute it to compare; none where there are none.
///
/// Source: SQS Developer Guide, "Calculating the MD5 message digest for message attributes".
pub(super) fn md5_of_attributes(attributes: &BTreeMap<String, MessageAttribute>) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let mut context = md5::Context::new();
    let mut part = |bytes: &[u8], mark: Option<u8>| {
        context.consume(mark.as_slice());
        context.consume(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        context.consume(bytes);
    };
    for (name, attribute) in attributes {
        let (mark, value) = attribute.value();
        part(name.as_bytes(), None);
        part(attribute.data_type.as_bytes(), None);
        part(&value, Some(mark));
    }
    Some(hex::encode(*context.compute()))
}

/// The MD5 of the system attributes: `AWSTraceHeader` is the only one that senders may set.
pub(super) fn md5_of_trace_header(header: Option<&str>) -> Option<String> {
    let attribute = |text: &str| MessageAttribute {
        data_type: "String".to_owned(),
        string_value: Some(text.to_owned()),
        binary_value: None,
    };
    header.and_then(|text| md5_of_attributes(&BTreeMap::from([("AWSTraceHeader".to_owned(), attribute(text))])))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn check(entry: &SendEntry, fifo: bool, expected: Option<&str>) {
        let queue = QueueSpec { fifo, ..QueueSpec::default() };
        let code = entry.check(&queue).err().map(|error| error.code());
        assert_eq!(code, expected, "{:?} {:?}", entry.body.chars().take(20).collect::<String>(), entry.group_id);
    }

    fn text(body: &str) -> SendEntry {
        SendEntry { body: body.to_owned(), ..SendEntry::default() }
    }

    fn attribute(data_type: &str, value: &str) -> MessageAttribute {
        MessageAttribute { data_type: data_type.to_owned(), string_value: Some(value.to_owned()), binary_value: None }
    }

    #[test]
    fn bodies_are_what_amazon_sqs_allows() {
        check(&text("Meu pedido não chegou 📦\n\t\r"), false, None);
        check(&text(""), false, Some("MissingParameter"));
        check(&text("nul \0"), false, Some("InvalidMessageContents"));
        check(&text("\u{FFFE}"), false, Some("InvalidMessageContents"));
        check(&text(&"a".repeat(MAX_BYTES)), false, None);
        check(&text(&"a".repeat(MAX_BYTES + 1)), false, Some("InvalidParameterValue"));
    }

    #[test]
    fn attributes_count_against_the_size() {
        let mut entry = text(&"a".repeat(MAX_BYTES - 10));
        entry.message_attributes.insert("abc".to_owned(), attribute("String", "x"));
        assert_eq!(entry.bytes(), MAX_BYTES);
        check(&entry, false, None);
        entry.message_attributes.insert("d".to_owned(), attribute("String", "x"));
        check(&entry, false, Some("InvalidParameterValue"));
    }

    #[test]
    fn group_deduplication_and_delay_fit_the_kind_of_queue() {
        let group = |group: &str, id: Option<&str>| SendEntry {
            group_id: Some(group.to_owned()),
            deduplication_id: id.map(str::to_owned),
            ..text("x")
        };
        let delayed = |secs| SendEntry { delay: Some(Duration::from_secs(secs)), ..text("x") };
        check(&text("x"), true, Some("MissingParameter"));
        check(&group("g", None), true, Some("InvalidParameterValue"));
        check(&group("g", Some("d")), true, None);
        check(&group("g g", Some("d")), true, Some("InvalidParameterValue"));
        check(&group(&"g".repeat(129), Some("d")), true, Some("InvalidParameterValue"));
        check(&group("g", None), false, None);
        check(&group("g", Some("d")), false, Some("InvalidParameterValue"));
        check(&delayed(900), false, None);
        check(&delayed(901), false, Some("InvalidParameterValue"));
        check(
            &SendEntry { delay: Some(Duration::from_secs(1)), ..group("g", Some("d")) },
            true,
            Some("InvalidParameterValue"),
        );
    }

    #[test]
    fn message_attributes_have_a_known_type_and_a_value_of_it() {
        let with = |name: &str, attribute| {
            let mut entry = text("x");
            entry.message_attributes.insert(name.to_owned(), attribute);
            entry
        };
        check(&with("kind", attribute("String.custom", "a")), false, None);
        check(&with("kind", attribute("Number", "-1.5e3")), false, None);
        check(&with("kind", attribute("Number", "many")), false, Some("InvalidParameterValue"));
        check(&with("kind", attribute("Text", "a")), false, Some("InvalidParameterValue"));
        check(&with("kind", attribute("String", "")), false, Some("InvalidParameterValue"));
        check(&with("kind", attribute("Binary", "a")), false, Some("InvalidParameterValue"));
        check(&with("AWS.kind", attribute("String", "a")), false, Some("InvalidParameterValue"));
        check(&with("ki..nd", attribute("String", "a")), false, Some("InvalidParameterValue"));
        check(&with("ki nd", attribute("String", "a")), false, Some("InvalidParameterValue"));
    }
}
