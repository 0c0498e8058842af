//! Keeps what a message says within what one item of the table can hold (400 KB), whatever a provider sends.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::lenient;

/// WhatsApp's own limit is 65,536 characters; four bytes each would be 262 KB, but such a text does not occur, and the raw
/// JSON beside it needs room too.
const TEXT_BYTES: usize = 200_000;
const RAW_BYTES: usize = 100_000;

/// What is kept of each text, and of each list, of a message whose JSON is too long: no id and no address is longer.
const LONGEST_PIECE: usize = 4_096;
const LONGEST_LIST: usize = 20;

/// The words of a message, cut to what can be stored; nothing when there are none.
pub(crate) fn words(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| lenient::head(text, TEXT_BYTES).to_owned())
}

/// The provider's JSON as it is stored. One that is too long loses the ends of its long texts and lists, and what is too long even
/// so is replaced by its beginning; beside it stand its length and digest.
pub(crate) fn raw(value: &Value) -> String {
    let text = value.to_string();
    if text.len() <= RAW_BYTES {
        return text;
    }
    let mut truncated = json!({ "bytes": text.len(), "sha256": hex::encode(Sha256::digest(text.as_bytes())) });
    let mut kept = shortened(value);
    if kept.is_object() && lenient::json_len(&kept) < RAW_BYTES {
        kept["truncated"] = truncated;
        return kept.to_string();
    }
    truncated["head"] = lenient::head(&text, RAW_BYTES / 8).into();
    json!({ "truncated": truncated }).to_string()
}

fn shortened(value: &Value) -> Value {
    match value {
        Value::String(text) => lenient::head(text, LONGEST_PIECE).into(),
        Value::Array(items) => items.iter().take(LONGEST_LIST).map(shortened).collect(),
        Value::Object(fields) => fields.iter().map(|(name, field)| (name.clone(), shortened(field))).collect(),
        other => other.clone(),
    }
}

/// A kind as it is stored: the provider's name of it where that is a plain word, `unknown` otherwise.
pub(crate) fn kind(name: &str) -> String {
    let plain = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if (1..=40).contains(&name.len()) && plain(name) { name.to_ascii_lowercase() } else { "unknown".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_message_fits_an_item() {
        let words = words(&"é".repeat(1_000_000)).unwrap();
        let raw = raw(&json!("\u{1}\"".repeat(1_000_000)));
        assert!(words.len() + raw.len() < 350_000, "{} {}", words.len(), raw.len());
        assert!(serde_json::from_str::<Value>(&raw).is_ok());
    }

    #[test]
    fn a_long_message_keeps_what_its_file_is_found_by() {
        let message = json!({ "type": "image", "image": { "id": "17", "caption": "x".repeat(2_000_000) },
            "list": vec![json!({ "x": "y".repeat(100) }); 10_000] });
        let kept: Value = serde_json::from_str(&raw(&message)).unwrap();
        assert_eq!(
            (&kept["image"]["id"], &kept["truncated"]["bytes"]),
            (&json!("17"), &json!(message.to_string().len()))
        );
        assert!(kept.to_string().len() < 10_000);
        // Too many fields for any of them.
        let fields: serde_json::Map<String, Value> = (0..50_000).map(|n| (format!("field{n}"), json!(n))).collect();
        let kept: Value = serde_json::from_str(&raw(&Value::Object(fields))).unwrap();
        assert!(kept["truncated"]["head"].is_string());
    }

    #[test]
    fn a_kind_is_a_plain_word() {
        for (name, expected) in [("IMAGE", "image"), ("x y", "unknown"), ("", "unknown"), ("a#b", "unknown")] {
            assert_eq!(kind(name), expected);
        }
        assert_eq!(kind(&"k".repeat(41)), "unknown");
    }
}
