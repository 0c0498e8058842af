//! What a function's response says of its batch, as Lambda reads `ReportBatchItemFailures`.
//!
//! Source: the Lambda Developer Guide, "Success and failure conditions" of SQS and of DynamoDB Streams.

use std::collections::BTreeSet;

use serde::Deserialize;

/// The batch after its invocation.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Succeeded,
    /// These items failed, named as the event named them; never empty.
    Partly(BTreeSet<String>),
    /// The whole batch counts as failed, for this reason.
    Failed(&'static str),
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    #[serde(default)]
    batch_item_failures: Option<Vec<Failure>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    #[serde(default)]
    item_identifier: Option<String>,
}

/// Reads the response to a batch of these items. An item that is not of the batch, or is not named, fails the batch.
pub(super) fn of_response(response: &[u8], items: &[&str]) -> Outcome {
    let Ok(response) = serde_json::from_slice::<Option<Response>>(response) else {
        return Outcome::Failed("the response is not that of ReportBatchItemFailures");
    };
    let failures = response.unwrap_or_default().batch_item_failures.unwrap_or_default();
    let mut failed = BTreeSet::new();
    for failure in failures {
        match failure.item_identifier {
            Some(item) if items.contains(&item.as_str()) => {
                failed.insert(item);
            }
            _ => return Outcome::Failed("the response names an item that is not of the batch"),
        }
    }
    if failed.is_empty() { Outcome::Succeeded } else { Outcome::Partly(failed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(response: &str, expected: &Outcome) {
        assert_eq!(&of_response(response.as_bytes(), &["a", "b"]), expected, "{response}");
    }

    #[test]
    fn a_response_without_failures_is_a_success() {
        for response in ["null", "{}", r#"{"batchItemFailures":null}"#, r#"{"batchItemFailures":[]}"#, r#"{"other":1}"#]
        {
            check(response, &Outcome::Succeeded);
        }
    }

    #[test]
    fn named_items_failed_and_the_others_did_not() {
        let response = r#"{"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"b"}]}"#;
        check(response, &Outcome::Partly(BTreeSet::from(["b".to_owned()])));
    }

    #[test]
    fn what_cannot_be_understood_fails_the_whole_batch() {
        let foreign = Outcome::Failed("the response names an item that is not of the batch");
        check(r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#, &foreign);
        check(r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#, &foreign);
        check(r#"{"batchItemFailures":[{"itemIdentifier":"c"}]}"#, &foreign);
        check(r#"{"batchItemFailures":[{"itemId":"a"}]}"#, &foreign);
        let malformed = Outcome::Failed("the response is not that of ReportBatchItemFailures");
        check("", &malformed);
        check("\"ok\"", &malformed);
        check(r#"{"batchItemFailures":"a"}"#, &malformed);
    }
}
