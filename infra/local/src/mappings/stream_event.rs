//! The event with which Lambda hands records of a table's stream to a function, and the notice that it sends about a
//! batch that was given up.
//!
//! Source: the Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB".

use dynoxide::actions::get_records::Record;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::payload::split;
use crate::aws::actions::function_arn;
use crate::lambda::PAYLOAD_LIMIT_BYTES;
use crate::template::REGION;

/// One record, in the form of Lambda's event.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct StreamRecord {
    pub(super) sequence_number: String,
    pub(super) created_at: Timestamp,
    /// As it stands in an event.
    json: String,
}

/// A record of the engine, with what Lambda adds.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(rename = "eventSourceARN")]
    event_source_arn: &'a str,
    #[serde(flatten)]
    record: &'a Record,
}

impl StreamRecord {
    /// `arn` is the stream's. The engine's region stands in its records and is not ours.
    pub(super) fn new(mut record: Record, arn: &str) -> Result<Self, serde_json::Error> {
        REGION.clone_into(&mut record.aws_region);
        let json = serde_json::to_string(&Shown { event_source_arn: arn, record: &record })?;
        #[expect(clippy::cast_possible_truncation, reason = "whole seconds since 1970")]
        let seconds = record.dynamodb.approximate_creation_date_time as i64;
        Ok(Self {
            sequence_number: record.dynamodb.sequence_number,
            created_at: Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH),
            json,
        })
    }
}

/// What stands around the records of an event.
const AROUND: [&str; 2] = ["{\"Records\":[", "]}"];

/// Splits a batch so that each part fits an invocation.
pub(super) fn parts(records: Vec<StreamRecord>) -> Vec<Vec<StreamRecord>> {
    let limit = PAYLOAD_LIMIT_BYTES - AROUND.concat().len();
    // Each with its comma.
    split(records, limit, |record| record.json.len() + 1)
}

pub(super) fn event(records: &[StreamRecord]) -> String {
    let [before, after] = AROUND;
    let records: Vec<&str> = records.iter().map(|record| record.json.as_str()).collect();
    [before, &records.join(","), after].concat()
}

/// What the on-failure destination is told: where the records lie, not what they hold.
pub(super) struct Notice<'a> {
    pub(super) function: &'a str,
    pub(super) stream_arn: &'a str,
    pub(super) shard_id: &'a str,
    pub(super) invocations: u32,
    pub(super) now: Timestamp,
}

impl Notice<'_> {
    /// `None` for no records.
    pub(super) fn about(&self, records: &[StreamRecord]) -> Option<Value> {
        let (first, last) = (records.first()?, records.last()?);
        Some(json!({
            "requestContext": {
                "requestId": ulid::Ulid::generate().to_string(),
                "functionArn": function_arn(self.function),
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": self.invocations,
            },
            "responseContext": { "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" },
            "version": "1.0",
            "timestamp": self.now.to_string(),
            "DDBStreamBatchInfo": {
                "shardId": self.shard_id,
                "startSequenceNumber": first.sequence_number,
                "endSequenceNumber": last.sequence_number,
                "approximateArrivalOfFirstRecord": first.created_at.to_string(),
                "approximateArrivalOfLastRecord": last.created_at.to_string(),
                "batchSize": records.len(),
                "streamArn": self.stream_arn,
            },
        }))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use dynoxide::AttributeValue;
    use dynoxide::actions::get_records::StreamRecord as EngineRecord;

    pub(in crate::mappings) fn record(sequence_number: &str) -> StreamRecord {
        let item = || [("pk".to_owned(), AttributeValue::S("ORG#demo".into()))].into_iter().collect();
        let record = Record {
            event_id: "e1".into(),
            event_name: "INSERT".into(),
            event_version: "1.1".into(),
            event_source: "aws:dynamodb".into(),
            aws_region: "dynoxide".into(),
            dynamodb: EngineRecord {
                keys: item(),
                new_image: Some(item()),
                old_image: None,
                sequence_number: sequence_number.into(),
                size_bytes: 26,
                stream_view_type: "NEW_AND_OLD_IMAGES".into(),
                approximate_creation_date_time: 1_767_225_600.0,
            },
            user_identity: None,
        };
        StreamRecord::new(record, "arn:aws:dynamodb:us-east-1:000000000000:table/T/stream/1").unwrap()
    }

    #[test]
    fn a_record_has_the_fields_of_lambda_s_dynamodb_event() {
        let told = |records: &[StreamRecord]| serde_json::from_str::<Value>(&event(records)).unwrap();
        assert_eq!(told(&[]), json!({ "Records": [] }));
        assert_eq!(told(&[record("1"), record("2")])["Records"][1]["dynamodb"]["SequenceNumber"], "2");
        assert_eq!(
            told(&[record("100000000000000000001")]),
            json!({ "Records": [{
                "eventID": "e1",
                "eventName": "INSERT",
                "eventVersion": "1.1",
                "eventSource": "aws:dynamodb",
                "awsRegion": "us-east-1",
                "eventSourceARN": "arn:aws:dynamodb:us-east-1:000000000000:table/T/stream/1",
                "dynamodb": {
                    "Keys": { "pk": { "S": "ORG#demo" } },
                    "NewImage": { "pk": { "S": "ORG#demo" } },
                    "SequenceNumber": "100000000000000000001",
                    "SizeBytes": 26,
                    "StreamViewType": "NEW_AND_OLD_IMAGES",
                    "ApproximateCreationDateTime": 1_767_225_600.0,
                },
            }] })
        );
    }

    #[test]
    fn a_hundred_large_records_become_parts_that_an_invocation_takes() {
        let large = |n: u32| {
            let record = record(&n.to_string());
            let json = record.json.replace("ORG#demo", &"é".repeat(100_000));
            StreamRecord { json, ..record }
        };
        let records: Vec<_> = (0..100).map(large).collect();
        let parts = parts(records.clone());
        assert_eq!(parts.concat(), records);
        assert!(parts.len() > 1);
        for part in &parts {
            assert!(event(part).len() <= PAYLOAD_LIMIT_BYTES);
        }
        assert!(super::parts(Vec::new()).is_empty());
    }

    #[test]
    fn a_notice_says_where_the_records_lie_and_nothing_that_they_hold() {
        let notice = Notice {
            function: "turno-Relay",
            stream_arn: "arn:stream",
            shard_id: "shard",
            invocations: 11,
            now: "2026-01-01T00:01:00Z".parse().unwrap(),
        };
        let told = notice.about(&[record("1"), record("2")]).unwrap();
        assert_eq!(told["requestContext"]["condition"], "RetryAttemptsExhausted");
        assert_eq!(
            told["DDBStreamBatchInfo"],
            json!({
                "shardId": "shard", "startSequenceNumber": "1", "endSequenceNumber": "2",
                "approximateArrivalOfFirstRecord": "2026-01-01T00:00:00Z",
                "approximateArrivalOfLastRecord": "2026-01-01T00:00:00Z",
                "batchSize": 2, "streamArn": "arn:stream",
            })
        );
        assert!(!told.to_string().contains("ORG#demo"));
        assert!(notice.about(&[]).is_none());
    }
}
