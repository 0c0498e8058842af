//! What the Cloud API's answer means for the message that was sent. Source: docs/providers.md §2.
//!
//! The Cloud API knows no idempotency key, so the question of every answer is whether the message may have been taken. Only
//! where it surely was not may it be sent again.

use std::time::Duration;

use domain::delivery::DeliveryError;
use domain::ids::ProviderMessageId;
use serde_json::Value;

use crate::cloud_api::parse;
use crate::lenient;

/// What an answer means for the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOutcome {
    /// The provider took it. That is not yet sent.
    Accepted {
        /// What statuses will call it.
        provider_id: ProviderMessageId,
        /// The provider's own spelling of whom it went to, to be learned as an alias.
        wa_id: Option<String>,
    },
    /// It was refused and will be refused again.
    Refused {
        /// Why.
        error: DeliveryError,
    },
    /// It was not taken now and may be later.
    RetryLater {
        /// How long to wait before the first new try; double it with each further one.
        after: Duration,
        /// The provider's code, 0 when it gave none.
        code: i64,
    },
    /// It may or may not have been taken. Never send it again before a status has been waited for.
    Unclear,
}

/// Reads an answer. Decides by the code of the error alone: titles and messages change.
pub fn answer(status: u16, body: &[u8]) -> SendOutcome {
    let body = lenient::read(body).unwrap_or_default();
    if (200..300).contains(&status) {
        return accepted(&body);
    }
    let mut error = parse::error(&body["error"]);
    if body["error"]["code"].is_null() {
        return match status {
            429 => SendOutcome::RetryLater { after: THROTTLED, code: 0 },
            // A time-out, or a proxy between us that lost the answer.
            408 | 500.. => SendOutcome::Unclear,
            _ => {
                error.code = i64::from(status);
                SendOutcome::Refused { error }
            }
        };
    }
    let may_pass = status >= 500 || lenient::flag(&body["error"]["is_transient"]);
    match retry_after(error.code).or(may_pass.then_some(BRIEF)) {
        Some(after) if !is_final(error.code) => SendOutcome::RetryLater { after, code: error.code },
        _ => SendOutcome::Refused { error },
    }
}

fn accepted(body: &Value) -> SendOutcome {
    match lenient::text(&body["messages"][0]["id"]) {
        Some(id) => SendOutcome::Accepted {
            provider_id: ProviderMessageId::new(id),
            wa_id: lenient::short(&body["contacts"][0]["wa_id"]),
        },
        None => SendOutcome::Unclear,
    }
}

const BRIEF: Duration = Duration::from_secs(5);
const THROTTLED: Duration = Duration::from_secs(30);

/// The codes after which the same message may be tried again, with how long to wait first.
fn retry_after(code: i64) -> Option<Duration> {
    match code {
        // Meta's own trouble, media that it could not fetch this time, or the number's throughput.
        1 | 2 | 131_000 | 131_016 | 133_004 | 131_052 | 131_053 | 130_429 => Some(BRIEF),
        // One message in six seconds to one person.
        131_056 => Some(Duration::from_secs(6)),
        // The number is being raised to a higher throughput, which takes about a minute.
        131_057 => Some(Duration::from_mins(1)),
        // The application's or account's rate.
        4 | 80_007 | 131_064 | 133_016 => Some(THROTTLED),
        // Too many people blocked or reported this number.
        131_048 => Some(Duration::from_hours(1)),
        _ => None,
    }
}

/// The codes that another try cannot change, whatever the status beside them: token and permission, parameters, the window,
/// the recipient, policy, registration, templates.
fn is_final(code: i64) -> bool {
    matches!(
        code,
        0 | 3 | 10 | 100 | 190 | 200..=299 | 368 | 470
            | 130_472 | 130_497
            | 131_008 | 131_009 | 131_021 | 131_026 | 131_030 | 131_031 | 131_042 | 131_045 | 131_047 | 131_049..=131_051
            | 132_000..=132_999
            | 133_005..=133_015
            | 135_000
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_accepted_message_has_its_id_and_the_spelling_that_meta_prefers() {
        let body = br#"{"messaging_product":"whatsapp","contacts":[{"input":"+7 707 986 1373","wa_id":"77079861373"}],
            "messages":[{"id":"wamid.A","message_status":"held_for_quality_assessment"}]}"#;
        let provider_id = ProviderMessageId::new("wamid.A");
        assert_eq!(answer(200, body), SendOutcome::Accepted { provider_id, wa_id: Some("77079861373".to_owned()) });
    }

    #[test]
    fn an_answer_that_does_not_say_leaves_it_open() {
        for (status, body) in [
            (200, "{}"),
            (200, ""),
            (200, "<html>"),
            (200, r#"{"messages":[]}"#),
            (502, "<html>"),
            (504, ""),
            (500, "{}"),
            (408, ""),
        ] {
            assert_eq!(answer(status, body.as_bytes()), SendOutcome::Unclear, "{status} {body}");
        }
    }

    #[test]
    fn codes_decide_whether_it_may_be_tried_again() {
        #[derive(Debug, PartialEq)]
        enum Expected {
            Refused,
            After(u64),
        }
        use Expected::{After, Refused};
        let check = |status: u16, code: i64, expected: Expected| {
            let body =
                json!({ "error": { "code": code, "message": "m", "error_data": { "details": "d" } } }).to_string();
            let outcome = match answer(status, body.as_bytes()) {
                SendOutcome::Refused { error } => {
                    assert_eq!(error, DeliveryError { code, details: Some("d".to_owned()) });
                    Refused
                }
                SendOutcome::RetryLater { after, code: given } => {
                    assert_eq!(given, code);
                    After(after.as_secs())
                }
                other => panic!("{code}: {other:?}"),
            };
            assert_eq!(outcome, expected, "{status} {code}");
        };
        for code in [0, 3, 10, 190, 200, 299, 100, 131_008, 131_009, 131_051, 135_000, 131_047, 470, 131_026, 131_021] {
            check(400, code, Refused);
            check(500, code, Refused);
        }
        for code in
            [131_030, 131_050, 130_472, 131_049, 368, 131_031, 130_497, 131_042, 131_045, 133_010, 132_000, 132_069]
        {
            check(400, code, Refused);
        }
        for code in [1, 2, 131_000, 131_016, 133_004, 131_052, 131_053, 130_429] {
            check(400, code, After(5));
            check(500, code, After(5));
        }
        check(400, 131_056, After(6));
        check(400, 131_057, After(60));
        for code in [4, 80_007, 131_064, 133_016] {
            check(400, code, After(30));
        }
        check(400, 131_048, After(3600));
        check(400, 999_999, Refused);
        check(503, 999_999, After(5));
    }

    #[test]
    fn without_a_code_the_status_decides() {
        assert_eq!(answer(429, b""), SendOutcome::RetryLater { after: Duration::from_secs(30), code: 0 });
        let error = DeliveryError { code: 404, details: None };
        assert_eq!(answer(404, b"not found"), SendOutcome::Refused { error });
        let transient = br#"{"error":{"code":"999999","is_transient":true}}"#;
        assert_eq!(answer(400, transient), SendOutcome::RetryLater { after: Duration::from_secs(5), code: 999_999 });
    }
}
