//! What is kept of a body, or a piece of one, that could not be read or is too long to look at.

use domain::credentials::blanked;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::lenient;
use crate::unit::Part;

/// How much of the text is kept. Written as JSON it can grow sixfold (each control character is `\u00XX`), and must then
/// still fit a queue message of 1 MiB; in the table it must fit an item of 400 KB.
const KEPT_BYTES: usize = 160_000;

/// How much beyond it is looked at, so that no credential is cut before it is known to be one.
const BEYOND: usize = 4_096;

/// The unit part for bytes that are not what they should be. `reason` is a fixed word.
pub(crate) fn bytes(reason: &str, body: &[u8]) -> Part {
    // Lossy decoding makes at most three bytes of one, so a cut before it keeps the work bounded.
    let text = String::from_utf8_lossy(&body[..body.len().min(KEPT_BYTES + BEYOND)]);
    let raw = lenient::head(&blanked(&text), KEPT_BYTES).to_owned();
    let sha256 = hex::encode(Sha256::digest(body));
    Part::Unreadable { reason: reason.to_owned(), raw, bytes: u64::try_from(body.len()).unwrap_or(u64::MAX), sha256 }
}

/// The unit part for a JSON value that is not what it should be.
pub(crate) fn value(reason: &str, value: &Value) -> Part {
    bytes(reason, value.to_string().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_in_a_broken_body_are_not_kept() {
        let kept = |body: &str| match bytes("not_json", body.as_bytes()) {
            Part::Unreadable { raw, .. } => raw,
            other => panic!("{other:?}"),
        };
        assert_eq!(kept(r#"{"apikey": "s3cret","text":"Olá""#), r#"{"apikey": "removed","text":"Olá""#);
        // One that the cut goes through is blanked as a whole.
        let long = format!("{} Bearer {}", "a ".repeat(KEPT_BYTES / 2 - 10), "x1".repeat(100));
        assert!(!kept(&long).contains("x1"));
    }

    #[test]
    fn a_long_body_is_cut_and_says_how_long_it_was() {
        let Part::Unreadable { raw, bytes, .. } = bytes("not_json", "é\u{1}".repeat(1_000_000).as_bytes()) else {
            unreachable!("`bytes` makes nothing else");
        };
        assert!(raw.len() <= KEPT_BYTES, "{}", raw.len());
        assert_eq!(bytes, 3_000_000);
    }
}
