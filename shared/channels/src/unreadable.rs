//! What is kept of a body, or a piece of one, that could not be read or is too long to look at.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::lenient;
use crate::unit::Part;

/// How much of the text is kept. Written as JSON it can grow sixfold (each control character is `\u00XX`), and must then
/// still fit a queue message of 1 MiB; in the table it must fit an item of 400 KB.
const KEPT_BYTES: usize = 160_000;

/// Fields in which gateways put their own credentials. Source: whatsapp.md §0.10.
const SECRETS: [&str; 5] = ["apikey", "webhookverifytoken", "token", "access_token", "jwt_key"];

/// The unit part for bytes that are not what they should be. `reason` is a fixed word.
pub(crate) fn bytes(reason: &str, body: &[u8]) -> Part {
    // Lossy decoding makes at most three bytes of one, so a cut before it keeps the work bounded.
    let text = String::from_utf8_lossy(&body[..body.len().min(KEPT_BYTES)]);
    let raw = without_secrets(lenient::head(&text, KEPT_BYTES));
    let sha256 = hex::encode(Sha256::digest(body));
    Part::Unreadable { reason: reason.to_owned(), raw, bytes: u64::try_from(body.len()).unwrap_or(u64::MAX), sha256 }
}

/// The unit part for a JSON value that is not what it should be.
pub(crate) fn value(reason: &str, value: &Value) -> Part {
    bytes(reason, value.to_string().as_bytes())
}

/// Blanks the string after each name in `SECRETS`. Works on text because the text may not be JSON.
fn without_secrets(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    let mut after_secret_name = false;
    while let Some(open) = rest.find('"') {
        let (before, quoted) = rest.split_at(open);
        let inside = string_len(&quoted[1..]);
        let word = &quoted[1..=inside];
        let is_value = after_secret_name && before.trim() == ":";
        kept.push_str(before);
        kept.push('"');
        kept.push_str(if is_value { "removed" } else { word });
        after_secret_name = !is_value && SECRETS.iter().any(|name| name.eq_ignore_ascii_case(word));
        rest = &quoted[1 + inside..];
        if let Some(closed) = rest.strip_prefix('"') {
            kept.push('"');
            rest = closed;
        }
    }
    kept.push_str(rest);
    kept
}

/// The length of a JSON string whose opening quote has been passed, up to its closing quote or the end of the text.
fn string_len(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn credentials_in_a_broken_body_are_not_kept() {
        let check = |text: &str, expected: &str| assert_eq!(without_secrets(text), expected);
        check(r#"{"apikey": "s3cret","a":1"#, r#"{"apikey": "removed","a":1"#);
        check(r#"{"webhookVerifyToken":"a\"b","data":"token"}"#, r#"{"webhookVerifyToken":"removed","data":"token"}"#);
        check(r#"{"apiKey":"cut off"#, r#"{"apiKey":"removed"#);
        check(r#"["token","x"]"#, r#"["token","x"]"#);
        check(r#"{"a":"b"#, r#"{"a":"b"#);
    }

    #[test]
    fn a_long_body_is_cut_and_says_how_long_it_was() {
        let Part::Unreadable { raw, bytes, .. } = bytes("not_json", "é\u{1}".repeat(1_000_000).as_bytes()) else {
            unreachable!("`bytes` makes nothing else");
        };
        assert!(raw.len() <= KEPT_BYTES, "{}", raw.len());
        assert_eq!(bytes, 3_000_000);
    }

    proptest! {
        #[test]
        fn text_without_secret_names_is_kept_as_it_is(text in r#"([a-z:,{}\[\] ]|"|\\|é){0,60}"#) {
            prop_assume!(!SECRETS.iter().any(|name| text.contains(name)));
            prop_assert_eq!(without_secrets(&text), text);
        }
    }
}
