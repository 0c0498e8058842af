//! Reads JSON that is almost right: text with broken emoji, numbers written as strings and the reverse.
//!
//! Strict reading comes first; repair is tried only on what strict reading refuses, so a good body pays nothing.

use domain::shown;
use serde_json::Value;

/// Reads a body. Where strict reading fails, invalid UTF-8 and lone surrogate escapes (an emoji cut in half by whoever
/// shortened a name) become U+FFFD and reading is tried once more: one broken character must not cost a whole batch.
///
/// Errors: a fixed word for why it is not JSON; never a piece of the body.
pub(crate) fn read(body: &[u8]) -> Result<Value, &'static str> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err("empty_body");
    }
    serde_json::from_slice(body)
        .or_else(|_| serde_json::from_str(&repair(&String::from_utf8_lossy(body))))
        .map_err(|_| "not_json")
}

/// Replaces each `\uD800`–`\uDFFF` escape that is not half of a pair.
fn repair(text: &str) -> String {
    let mut repaired = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        repaired.push_str(before);
        let taken = match surrogate(escape) {
            Some(0xD800..=0xDBFF) if matches!(escape.get(6..).and_then(surrogate), Some(0xDC00..=0xDFFF)) => 12,
            Some(_) => {
                repaired.push('\u{FFFD}');
                rest = &escape[6..];
                continue;
            }
            // An ordinary escape: the backslash and whatever character follows it.
            None => 1 + escape[1..].chars().next().map_or(0, char::len_utf8),
        };
        repaired.push_str(&escape[..taken]);
        rest = &escape[taken..];
    }
    repaired.push_str(rest);
    repaired
}

/// The surrogate that `text` begins with, written as a six character escape.
fn surrogate(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok().filter(|unit| (0xD800..=0xDFFF).contains(unit))
}

/// A short text, also where a number was sent. Nothing when it is empty or longer than an id or a name can be.
pub(crate) fn short(value: &Value) -> Option<String> {
    const LONGEST: usize = 256;
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (1..=LONGEST).contains(&text.len()).then_some(text)
}

/// The name that somebody shows, as one line without what nobody sees; nothing when nothing is left of it.
pub(crate) fn name(value: &Value) -> Option<String> {
    const LONGEST: usize = 256;
    let line = shown::line(head(value.as_str()?, 4 * LONGEST));
    let name = head(&line, LONGEST).trim_end();
    (!name.is_empty()).then(|| name.to_owned())
}

/// A text of any length; nothing when it is empty.
pub(crate) fn text(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.is_empty())
}

/// A whole number, also where a string was sent.
pub(crate) fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// A truth value, also where a string was sent; absent is false.
pub(crate) fn flag(value: &Value) -> bool {
    value.as_bool().unwrap_or_else(|| value.as_str() == Some("true"))
}

/// What should be a list: a single object counts as a list of one, anything else as an empty one.
pub(crate) fn list(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        Value::Null => Vec::new(),
        single => vec![single],
    }
}

/// Whether arrays and objects are nested more than `levels` deep.
pub(crate) fn is_deeper_than(value: &Value, levels: usize) -> bool {
    let is_deeper = |inner: &Value| is_deeper_than(inner, levels - 1);
    match value {
        Value::Array(items) => levels == 0 || items.iter().any(is_deeper),
        Value::Object(fields) => levels == 0 || fields.values().any(is_deeper),
        _ => false,
    }
}

/// How long the value is as JSON, without writing it anywhere.
pub(crate) fn json_len(value: &impl serde::Serialize) -> usize {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // What cannot be written has no length that would fit anywhere.
    serde_json::to_writer(&mut count, value).map_or(usize::MAX, |()| count.0)
}

/// The longest beginning of `text` that has at most `bytes` bytes and ends between characters.
pub(crate) fn head(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn half_an_emoji_does_not_cost_the_body() {
        let check =
            |body: &str, expected: &str| assert_eq!(read(body.as_bytes()), Ok(json!({ "a": expected })), "{body}");
        check(r#"{"a":"x\ud83d"}"#, "x\u{FFFD}");
        check(r#"{"a":"\ude00x"}"#, "\u{FFFD}x");
        check(r#"{"a":"\ud83d\ud83d\ude00"}"#, "\u{FFFD}😀");
        check(r#"{"a":"\\ud83d \ud83d\n"}"#, "\\ud83d \u{FFFD}\n");
        check(r#"{"a":"\ud83d\ude00"}"#, "😀");
        assert_eq!(read(b"{\"a\":\"\xff\"}"), Ok(json!({ "a": "\u{FFFD}" })));
        assert_eq!(read(b"\xef\xbb\xbf{\"a\":\"b\"}"), Ok(json!({ "a": "b" })));
    }

    #[test]
    fn a_name_is_one_line_without_what_nobody_sees() {
        let check = |value: Value, expected: Option<&str>| assert_eq!(name(&value).as_deref(), expected, "{value}");
        check(json!(" Ana\r\nMaria \u{202e}"), Some("Ana Maria"));
        check(json!("\u{202e}\u{200b}\n"), None);
        check(json!("\u{2800}"), None);
        check(json!(5), None);
        assert_eq!(name(&json!("é".repeat(5_000))).unwrap().len(), 256);
    }

    #[test]
    fn what_is_not_json_has_a_fixed_reason() {
        for (body, reason) in [("", "empty_body"), (" \n", "empty_body"), ("{", "not_json"), ("{} {}", "not_json")] {
            assert_eq!(read(body.as_bytes()), Err(reason), "{body}");
        }
        let deep = "[".repeat(100_000);
        assert_eq!(read(deep.as_bytes()), Err("not_json"));
    }

    proptest! {
        #[test]
        fn repair_leaves_readable_json_as_it_is(text in any::<String>()) {
            let written = json!({ "a": text }).to_string();
            prop_assert_eq!(repair(&written), written);
        }

        #[test]
        fn nothing_makes_reading_panic(body in proptest::collection::vec(any::<u8>(), 0..200), text in r#"(\\|\\u|\\ud83d|\\ude00|"|é|a){0,40}"#) {
            let _ = read(&body);
            let _ = repair(&text);
        }
    }
}
