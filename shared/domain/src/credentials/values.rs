//! What stands after the name of a credential: in JSON, whole, broken or within a string, in a form, a header, a URL.

use super::REMOVED;
use super::names::{is_of_a_credential, is_of_a_key, looks_random};

/// A value after a name.
pub(super) struct After {
    /// How many bytes stand between them.
    pub(super) sign: usize,
    /// How many bytes it has.
    pub(super) value: usize,
    /// What it is replaced by.
    pub(super) in_its_place: String,
}

/// The credential after a name, if there is one. Literals such as `null` and `true` are none.
pub(super) fn after(name: &str, rest: &str) -> Option<After> {
    let (is_named, is_key) = (is_of_a_credential(name), is_of_a_key(name));
    if !is_named && !is_key {
        return None;
    }
    let (closing, sign) = sign(rest)?;
    let at = closing + sign.len();
    let is_query = sign != ":";
    let gap = rest[at..].bytes().take_while(|byte| !is_query && byte.is_ascii_whitespace()).count();
    let start = at + gap;
    let value = &rest[start..];
    let level = value.bytes().take_while(|byte| *byte == b'\\').count();
    let found = match value[level..].chars().next()? {
        quote @ ('"' | '\'') => {
            let inside = start + level + 1;
            let length = quoted_len(&rest[inside..], quote, level);
            After { sign: inside, value: length, in_its_place: REMOVED.to_owned() }
        }
        '[' | '{' if level == 0 && is_named => {
            let quote = &rest[..closing];
            let quote = if quote.trim().is_empty() { "\"" } else { quote.trim_end_matches(['\n', ' ', ']']) };
            After { sign: start, value: nested_len(value), in_its_place: format!("{quote}{REMOVED}{quote}") }
        }
        _ => {
            let length = if is_query { query_len(value) } else { bare_len(name, value) };
            let bare = &value[..length];
            if matches!(bare, "" | "null" | "true" | "false" | REMOVED) {
                return None;
            }
            // A number in JSON gives way to a string, a word elsewhere to a word.
            let quote = if is_query || closing == 0 { "" } else { rest[..closing].trim_end() };
            After { sign: start, value: length, in_its_place: format!("{quote}{REMOVED}{quote}") }
        }
    };
    let text = &rest[found.sign..found.sign + found.value];
    (is_named || looks_random(text)).then_some(found)
}

/// What closes a name, and the sign after it: `": `, `\":`, `=`, `]=`, `%3D`.
fn sign(rest: &str) -> Option<(usize, &'static str)> {
    const LONGEST: usize = 24;
    let closing = rest
        .bytes()
        .take(LONGEST)
        .take_while(|b| matches!(b, b'"' | b'\'' | b'\\' | b' ' | b'\t' | b'\n' | b'\r' | b']'))
        .count();
    let sign = [":", "=", "%3D", "%3d", "%253D"].into_iter().find(|sign| rest[closing..].starts_with(sign))?;
    // A name with a space after it and no sign of a field is a word.
    Some((closing, sign))
}

/// The length of a string whose opening quote, after `level` backslashes, was passed: up to what closes it, or to the end.
fn quoted_len(text: &str, quote: char, level: usize) -> usize {
    let mut slashes = 0;
    for (at, c) in text.char_indices() {
        if c == '\\' {
            slashes += 1;
            continue;
        }
        if c == quote {
            // In a string within a string each backslash is written twice, and one stands before each quote.
            let is_closed = slashes < level || ((slashes - level) / (level + 1)).is_multiple_of(2);
            if is_closed {
                return at - slashes.min(level);
            }
        }
        slashes = 0;
    }
    text.len()
}

/// The length of a list or an object, up to what closes it, or to the end.
fn nested_len(text: &str) -> usize {
    let (mut depth, mut is_quoted, mut is_escaped) = (0usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            b'[' | b'{' if !is_quoted => depth += 1,
            b']' | b'}' if !is_quoted => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    text.len()
}

fn query_len(text: &str) -> usize {
    let ends = |c: char| c.is_whitespace() || c.is_control() || "&\"'<>\\".contains(c);
    let end = text.find(ends).unwrap_or(text.len());
    // In a URL that is a parameter itself.
    ["%26", "%22", "%20"].into_iter().filter_map(|sign| text[..end].find(sign)).min().unwrap_or(end)
}

fn bare_len(name: &str, text: &str) -> usize {
    // A header has several words, and is alone on its line.
    let lower = name.to_ascii_lowercase();
    let is_header = ["authorization", "cookie", "signature"].iter().any(|header| lower.contains(header));
    let ends = |c: char| {
        (c.is_whitespace() && (!is_header || c == '\n' || c == '\r'))
            || c.is_control()
            || "\"'<>\\}]&".contains(c)
            || (c == ',' && !is_header)
    };
    text.find(ends).unwrap_or(text.len())
}
