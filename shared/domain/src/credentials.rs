//! Credentials, known by their shape and by what their fields are called. Nothing that is kept for a person to look at, and no line of a
//! log, holds one.
//!
//! It works on text, since what is looked at may be JSON that is broken, JSON within JSON, a form, a header or a URL. Linear in the text.

mod names;
mod shapes;
mod values;

pub use names::is_of_a_credential;

use values::After;

/// What stands in the place of a credential.
const REMOVED: &str = "removed";

/// The text without credentials. What customers wrote stays, but for what has the shape of one.
pub fn blanked(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let word = names::word_len(rest);
        if word == 0 {
            let plain = between(rest);
            if let Some(length) = shapes::at_a_sign(rest) {
                kept.push_str(REMOVED);
                rest = &rest[length..];
            } else if let Some((marker, credentials)) = shapes::user_info(rest) {
                kept.push_str(&rest[..marker]);
                kept.push_str(REMOVED);
                rest = &rest[marker + credentials..];
            } else {
                kept.push_str(&rest[..plain]);
                rest = &rest[plain..];
            }
            continue;
        }
        if let Some(length) = shapes::at_a_word(rest) {
            kept.push_str(REMOVED);
            rest = &rest[length..];
            continue;
        }
        if let Some((before, length)) = shapes::after_a_scheme(rest, word) {
            kept.push_str(&rest[..before]);
            kept.push_str(REMOVED);
            rest = &rest[before + length..];
            continue;
        }
        let name = &rest[..word];
        kept.push_str(name);
        rest = &rest[word..];
        if let Some(After { sign, value, in_its_place }) = values::after(name, rest) {
            kept.push_str(&rest[..sign]);
            kept.push_str(&in_its_place);
            rest = &rest[sign + value..];
        }
    }
    kept
}

/// The length of the first character.
fn between(text: &str) -> usize {
    text.chars().next().map_or(0, char::len_utf8)
}

#[cfg(test)]
mod tests;
