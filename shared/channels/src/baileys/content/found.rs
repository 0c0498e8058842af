//! The texts that people read in an object of a kind that has no words of its own here: other businesses' templates and lists, and
//! what WhatsApp invents next.
//!
//! A text is left out where its name or its look says that it is machinery: an id, an address of a person or a file, a digest, a
//! key, a word of a program. In doubt it is kept: an agent overlooks a needless word, and never finds a missing one.

use domain::shown;
use serde_json::Value;

use crate::lenient;
use crate::words;

const DEEPEST: usize = 16;
const MOST_TEXTS: usize = 60;
const MOST_VALUES: usize = 4_000;
const LONGEST_TEXT: usize = 4_096;

/// JSON within a text is read up to this length.
const LONGEST_JSON: usize = 16_384;

/// Objects that are about another message or for machines, whatever is in them.
const CLOSED: [&str; 9] = [
    "contextInfo",
    "messageContextInfo",
    "quotedMessage",
    "key",
    "urlTrackingMap",
    "disappearingMode",
    "linkPreviewMetadata",
    "unifiedResponse",
    "turno_file",
];

/// Ends of names whose texts are machinery. Lower case.
const MACHINERY: [&str; 31] = [
    "id",
    "ids",
    "jid",
    "lid",
    "key",
    "hash",
    "sha256",
    "path",
    "token",
    "mimetype",
    "type",
    "version",
    "namespace",
    "iv",
    "elementname",
    "fallbacklg",
    "fallbacklc",
    "deterministiclg",
    "deterministiclc",
    "currency",
    "currencycode",
    "currencycodeiso4217",
    "status",
    "surface",
    "sidecar",
    "thumbnail",
    "base64",
    "waveform",
    "url",
    "timestamp",
    "payload",
];

/// The texts in `value`, a line each: headings first, then what stands under them, then the rest, and what can be pressed last.
pub(crate) fn texts(value: &Value) -> Option<String> {
    let mut found = Found::default();
    found.value("", value, DEEPEST);
    words::joined("\n", found.texts.into_iter().map(Some))
}

#[derive(Debug, Default)]
struct Found {
    texts: Vec<String>,
    seen: usize,
}

impl Found {
    fn value(&mut self, name: &str, value: &Value, deepest: usize) {
        self.seen += 1;
        if deepest == 0 || self.seen > MOST_VALUES || self.texts.len() >= MOST_TEXTS {
            return;
        }
        match value {
            Value::String(text) => self.text(name, text, deepest),
            Value::Array(items) => items.iter().for_each(|item| self.value(name, item, deepest - 1)),
            Value::Object(fields) => {
                let mut fields: Vec<_> = fields.iter().filter(|(name, _)| !CLOSED.contains(&name.as_str())).collect();
                fields.sort_by_key(|(name, _)| rank(name));
                for (name, field) in fields {
                    if !is_beside_the_point(name, value) {
                        self.value(name, field, deepest - 1);
                    }
                }
                self.texts.extend(price(value));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn text(&mut self, name: &str, text: &str, deepest: usize) {
        if name.to_ascii_lowercase().ends_with("json") {
            if text.len() <= LONGEST_JSON
                && let Ok(inside) = serde_json::from_str::<Value>(text)
                && !inside.is_string()
            {
                self.value("", &inside, deepest - 1);
            }
        } else if !is_machinery(name)
            && !is_of_a_program(text)
            && !shown::line(lenient::head(text, LONGEST_TEXT)).is_empty()
        {
            let text = lenient::head(text.trim(), LONGEST_TEXT);
            if self.texts.last().is_none_or(|last| last != text) {
                self.texts.push(text.to_owned());
            }
        }
    }
}

/// Whether a field is machinery by what stands beside it: the name of a native button, the address of a file or of a button.
fn is_beside_the_point(name: &str, object: &Value) -> bool {
    let has = |names: &[&str]| names.iter().any(|name| !object[name].is_null());
    match name {
        "name" => has(&["buttonParamsJson"]),
        "url" => has(&["mediaKey", "directPath", "mimetype", "fileSha256", "displayText", "display_text"]),
        _ => false,
    }
}

/// What a thing that is shown costs.
fn price(value: &Value) -> Option<String> {
    let of = |amount: &str, currency: &str| words::amount(&value[amount], &value[currency]);
    of("salePriceAmount1000", "currencyCode")
        .or_else(|| of("priceAmount1000", "currencyCode"))
        .or_else(|| of("totalAmount1000", "totalCurrencyCode"))
        .or_else(|| of("amount1000", "currencyCodeIso4217"))
        .or_else(|| of("amount1000", "currencyCode"))
}

/// Where a text stands among those of its object.
fn rank(name: &str) -> u8 {
    let name = name.to_ascii_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    if has(&["footer"]) {
        3
    } else if has(&["button", "option", "section", "row", "action", "cards", "link", "native", "carousel"]) {
        4
    } else if has(&["title", "header", "name", "subject", "question"]) {
        0
    } else if has(&["body", "content", "text", "caption", "description", "message", "note", "comment"]) {
        1
    } else {
        2
    }
}

fn is_machinery(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    if lower == "url" {
        // It may be all that a person sent; see `is_beside_the_point`.
        return false;
    }
    MACHINERY.iter().any(|end| {
        // `id` ends `paid` too: a name's last word is told by its capital, or by what stands before it.
        let Some(start) = lower.strip_suffix(end) else { return false };
        let first = name.as_bytes()[start.len()];
        start.is_empty() || first.is_ascii_uppercase() || start.ends_with(['_', '-']) || end.len() > 4
    })
}

/// Words that programs write for each other: `quick_reply`, `SINGLE_SELECT`, digests, keys, addresses of people and of files.
fn is_of_a_program(text: &str) -> bool {
    let text = text.trim();
    if text.contains(char::is_whitespace) || text.is_empty() {
        return false;
    }
    let is = |allowed: fn(u8) -> bool| text.bytes().all(allowed);
    let is_name = text.contains('_')
        && (is(|b| b.is_ascii_lowercase() || b == b'_') || is(|b| b.is_ascii_uppercase() || b == b'_'));
    let is_encoded = text.len() >= 24
        && is(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'-' | b'_'))
        && text.bytes().any(|b| b.is_ascii_digit());
    let is_jid = text.rsplit_once('@').is_some_and(|(_, server)| {
        matches!(server, "s.whatsapp.net" | "c.us" | "lid" | "g.us" | "broadcast" | "newsletter" | "bot" | "hosted")
    });
    let is_file_s =
        text.contains("://") && ["whatsapp.net/", "fbcdn.net/", "fbsbx.com/"].iter().any(|host| text.contains(host));
    is_name || is_encoded || is_jid || is_file_s
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::samples::any_json;

    #[test]
    fn what_people_read_is_found_and_machinery_is_not() {
        let check = |value: Value, expected: &[&str]| {
            let expected = (!expected.is_empty()).then(|| expected.join("\n"));
            assert_eq!(texts(&value), expected, "{value}");
        };
        check(
            json!({ "zeta": "Depois", "footer": "Fim", "buttons": [{ "buttonId": "b1", "buttonText": { "displayText": "Sim" } }],
                "title": "Loja", "body": { "text": "Olá" } }),
            &["Loja", "Olá", "Depois", "Fim", "Sim"],
        );
        check(
            json!({ "mediaKey": "k8Qh", "fileSha256": "abc", "url": "https://mmg.whatsapp.net/x", "directPath": "/v/t62",
                "mimetype": "image/jpeg", "caption": "Foto", "jpegThumbnail": { "type": "Buffer", "data": [1, 2] } }),
            &["Foto"],
        );
        check(
            json!({ "contextInfo": { "quotedMessage": { "conversation": "alheio" } }, "key": { "id": "x" }, "a": "meu" }),
            &["meu"],
        );
        check(
            json!({ "businessOwnerJid": "551@s.whatsapp.net", "other": "551@s.whatsapp.net", "paid": "pago", "Paid": "x" }),
            &["x", "pago"],
        );
        check(
            json!({ "name": "quick_reply", "buttonParamsJson": "{\"display_text\":\"Pagar\",\"id\":\"p1\"}" }),
            &["Pagar"],
        );
        check(json!({ "paramsJson": "{broken", "messageJson": "\"texto\"" }), &[]);
        check(
            json!({ "listType": "SINGLE_SELECT", "any": "SINGLE_SELECT", "any2": "3EB0A1B2C3D4E5F60718293A4B5C6D7E" }),
            &[],
        );
        check(json!({ "text": "\u{200b}\u{2800}" }), &[]);
        check(json!({ "title": "Caneca", "priceAmount1000": 39_900, "currencyCode": "BRL" }), &["Caneca", "39.90 BRL"]);
        check(json!({ "title": "Oferta", "url": "https://loja.example/x" }), &["Oferta", "https://loja.example/x"]);
        check(json!({ "urlButton": { "displayText": "Rastrear", "url": "https://loja.example/x" } }), &["Rastrear"]);
        check(json!("só isto"), &["só isto"]);
        check(json!({ "a": 5, "b": true, "c": null }), &[]);
    }

    #[test]
    fn however_much_there_is_little_is_told() {
        let deep = (0..500).fold(json!("fundo"), |inner, _| json!({ "a": inner }));
        assert_eq!(texts(&deep), None);
        let wide: Vec<Value> = (0..100_000).map(|n| json!({ "a": format!("texto {n}") })).collect();
        assert_eq!(texts(&json!(wide)).unwrap().lines().count(), MOST_TEXTS);
        let long = texts(&json!({ "a": "é".repeat(100_000) })).unwrap();
        assert!(long.len() <= LONGEST_TEXT, "{}", long.len());
    }

    proptest! {
        #[test]
        fn no_object_breaks_it(value in any_json()) {
            texts(&value);
        }
    }
}
