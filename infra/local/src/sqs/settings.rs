//! The attributes in which AWS spells a queue's settings, and their ranges.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::Deserialize;

use super::message::MAX_BYTES;
use super::names::Names;
use super::{Error, QueueSpec, ThroughputLimit};

/// Attributes that Amazon SQS has and this host does not: refused by name, so that nobody looks for a spelling mistake.
const NOT_HERE: [&str; 5] =
    ["KmsDataKeyReusePeriodSeconds", "KmsMasterKeyId", "Policy", "RedriveAllowPolicy", "SqsManagedSseEnabled"];

/// A `RedrivePolicy` attribute; the count is a number or, from some tools, a string.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RedrivePolicy {
    dead_letter_target_arn: String,
    max_receive_count: serde_json::Value,
}

impl QueueSpec {
    /// These settings with the given attributes changed. `FifoQueue` is decided at creation and is not among them.
    pub(super) fn with(&self, attributes: &BTreeMap<String, String>, names: &Names) -> Result<Self, Error> {
        let mut settings = self.clone();
        for (name, value) in attributes {
            settings.set(name, value, names)?;
        }
        settings.check()?;
        Ok(settings)
    }

    fn set(&mut self, name: &str, value: &str, names: &Names) -> Result<(), Error> {
        match name {
            "VisibilityTimeout" => self.visibility_timeout_secs = parse(name, value)?,
            "DelaySeconds" => self.delay_secs = parse(name, value)?,
            "MessageRetentionPeriod" => self.retention_secs = parse(name, value)?,
            "ReceiveMessageWaitTimeSeconds" => self.receive_wait_secs = parse(name, value)?,
            "MaximumMessageSize" => self.maximum_message_bytes = parse(name, value)?,
            "RedrivePolicy" => self.redrive = parse_redrive(value, names)?,
            "ContentBasedDeduplication" if self.fifo => self.content_based_deduplication = parse(name, value)?,
            "DeduplicationScope" if self.fifo && value == "queue" => self.deduplication_by_group = false,
            "DeduplicationScope" if self.fifo && value == "messageGroup" => self.deduplication_by_group = true,
            "DeduplicationScope" if self.fifo => return Err(Error::InvalidAttributeValue(name.to_owned())),
            "FifoThroughputLimit" if self.fifo => {
                self.throughput_limit = match value {
                    "perQueue" => ThroughputLimit::PerQueue,
                    "perMessageGroupId" => ThroughputLimit::PerMessageGroupId,
                    _ => return Err(Error::InvalidAttributeValue(name.to_owned())),
                };
            }
            other if NOT_HERE.contains(&other) => {
                return Err(Error::UnsupportedOperation(format!("The attribute {other}")));
            }
            _ => return Err(Error::InvalidAttributeName(name.to_owned())),
        }
        Ok(())
    }

    /// Refuses what is out of its range.
    pub(super) fn check(&self) -> Result<(), Error> {
        let ranges = [
            ("VisibilityTimeout", self.visibility_timeout_secs, 0, 43_200),
            ("DelaySeconds", self.delay_secs, 0, 900),
            ("MessageRetentionPeriod", self.retention_secs, 60, 1_209_600),
            ("ReceiveMessageWaitTimeSeconds", self.receive_wait_secs, 0, 20),
        ];
        for (name, value, least, most) in ranges {
            if !(least..=most).contains(&value) {
                return Err(Error::InvalidAttributeValue(name.to_owned()));
            }
        }
        if !(1024..=MAX_BYTES).contains(&self.maximum_message_bytes) {
            return Err(Error::InvalidAttributeValue("MaximumMessageSize".to_owned()));
        }
        // Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html>: "The
        // perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup."
        if self.throughput_limit == ThroughputLimit::PerMessageGroupId && !self.deduplication_by_group {
            return Err(Error::InvalidAttributeValue("FifoThroughputLimit".to_owned()));
        }
        match &self.redrive {
            Some((_, count)) if !(1..=1000).contains(count) => {
                let reason = "Invalid value for maxReceiveCount: must be between 1 and 1000.";
                Err(Error::invalid_value(count, "RedrivePolicy", reason))
            }
            _ => Ok(()),
        }
    }

    /// The settings as attributes. FIFO attributes are absent on a standard queue.
    pub(super) fn attributes(&self, names: &Names) -> BTreeMap<String, String> {
        let mut attributes = BTreeMap::from([
            ("VisibilityTimeout", self.visibility_timeout_secs.to_string()),
            ("DelaySeconds", self.delay_secs.to_string()),
            ("MessageRetentionPeriod", self.retention_secs.to_string()),
            ("ReceiveMessageWaitTimeSeconds", self.receive_wait_secs.to_string()),
            ("MaximumMessageSize", self.maximum_message_bytes.to_string()),
        ]);
        if self.fifo {
            let scope = if self.deduplication_by_group { "messageGroup" } else { "queue" };
            attributes.insert("FifoQueue", "true".to_owned());
            attributes.insert("ContentBasedDeduplication", self.content_based_deduplication.to_string());
            attributes.insert("DeduplicationScope", scope.to_owned());
            let limit = match self.throughput_limit {
                ThroughputLimit::PerQueue => "perQueue",
                ThroughputLimit::PerMessageGroupId => "perMessageGroupId",
            };
            attributes.insert("FifoThroughputLimit", limit.to_owned());
        }
        if let Some((dead, count)) = &self.redrive {
            let policy = serde_json::json!({ "deadLetterTargetArn": names.arn(dead), "maxReceiveCount": count });
            attributes.insert("RedrivePolicy", policy.to_string());
        }
        attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

fn parse<T: FromStr>(name: &str, value: &str) -> Result<T, Error> {
    value.parse().map_err(|_| Error::InvalidAttributeValue(name.to_owned()))
}

/// The empty string takes the policy away.
fn parse_redrive(value: &str, names: &Names) -> Result<Option<(String, u32)>, Error> {
    if value.is_empty() {
        return Ok(None);
    }
    let invalid = |reason: &str| Error::invalid_value(value, "RedrivePolicy", reason);
    let policy: RedrivePolicy =
        serde_json::from_str(value).map_err(|_| invalid("Redrive policy is not a valid JSON map."))?;
    let count = match &policy.max_receive_count {
        serde_json::Value::String(text) => text.parse().ok(),
        number => number.as_u64().and_then(|count| u32::try_from(count).ok()),
    };
    let name = names.name_in_arn(&policy.dead_letter_target_arn);
    let name = name.ok_or_else(|| invalid("Dead letter target does not exist."))?;
    Ok(Some((name.to_owned(), count.ok_or_else(|| invalid("Invalid value for maxReceiveCount."))?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names::new("http://127.0.0.1:1".to_owned(), "000000000000".to_owned())
    }

    fn check(fifo: bool, name: &str, value: &str, expected: Option<&str>) {
        let settings = QueueSpec { fifo, ..QueueSpec::default() };
        let attributes = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        let code = settings.with(&attributes, &names()).err().map(|error| error.code());
        assert_eq!(code, expected, "{name}={value}");
    }

    #[test]
    fn attributes_are_known_and_in_range() {
        check(false, "VisibilityTimeout", "43200", None);
        check(false, "VisibilityTimeout", "43201", Some("InvalidAttributeValue"));
        check(false, "VisibilityTimeout", "-1", Some("InvalidAttributeValue"));
        check(false, "DelaySeconds", "901", Some("InvalidAttributeValue"));
        check(false, "MessageRetentionPeriod", "59", Some("InvalidAttributeValue"));
        check(false, "ReceiveMessageWaitTimeSeconds", "21", Some("InvalidAttributeValue"));
        check(false, "MaximumMessageSize", "1048577", Some("InvalidAttributeValue"));
        check(false, "ContentBasedDeduplication", "true", Some("InvalidAttributeName"));
        check(true, "ContentBasedDeduplication", "true", None);
        check(true, "DeduplicationScope", "world", Some("InvalidAttributeValue"));
        check(true, "FifoThroughputLimit", "perQueue", None);
        check(true, "FifoThroughputLimit", "perMessageGroupId", Some("InvalidAttributeValue"));
        check(false, "FifoThroughputLimit", "perQueue", Some("InvalidAttributeName"));
        check(false, "SqsManagedSseEnabled", "true", Some("AWS.SimpleQueueService.UnsupportedOperation"));
        check(false, "Colour", "red", Some("InvalidAttributeName"));
        check(false, "RedrivePolicy", "{}", Some("InvalidParameterValue"));
    }

    #[test]
    fn attributes_read_back_as_they_were_set() {
        let policy = r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:d.fifo","maxReceiveCount":"7"}"#;
        let set = BTreeMap::from([
            ("RedrivePolicy".to_owned(), policy.to_owned()),
            ("DelaySeconds".to_owned(), "3".to_owned()),
            ("DeduplicationScope".to_owned(), "messageGroup".to_owned()),
            ("FifoThroughputLimit".to_owned(), "perMessageGroupId".to_owned()),
        ]);
        let fifo = QueueSpec { fifo: true, ..QueueSpec::default() };
        let settings = fifo.with(&set, &names()).unwrap();
        let mut shown = settings.attributes(&names());
        shown.remove("FifoQueue");
        assert_eq!(fifo.with(&shown, &names()).unwrap(), settings);
        assert_eq!(settings.redrive, Some(("d.fifo".to_owned(), 7)));
    }
}
