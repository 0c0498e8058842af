//! What a GOWA message is made of: the field that it holds, and `body` for its words.

use serde_json::Value;

use crate::waha::content::names;
use crate::{content, lenient};

/// Fields by which a kind is recognised, and the kind.
const KINDS: [(&str, &str); 14] = [
    ("image", "image"),
    ("video", "video"),
    ("video_note", "video"),
    ("audio", "audio"),
    ("document", "document"),
    ("sticker", "sticker"),
    ("location", "location"),
    ("live_location", "location"),
    ("contact", "contacts"),
    ("contacts_array", "contacts"),
    ("list", "interactive"),
    ("list_response", "interactive"),
    ("order", "order"),
    ("poll", "poll"),
];

/// The kind and the words of a message. Errors: the reason why it says nothing.
pub(crate) fn said(payload: &Value) -> Result<(String, Option<String>), &'static str> {
    let body = lenient::text(&payload["body"]).map(str::to_owned);
    let (kind, text) = match KINDS.into_iter().find(|(field, _)| !payload[field].is_null()) {
        None if body.is_none() => return Err("no_content"),
        None => ("text", body),
        Some((field, kind)) => (kind, body.or_else(|| words(field, &payload[field]))),
    };
    Ok((kind.to_owned(), text.and_then(|text| content::words(&text))))
}

fn words(field: &str, held: &Value) -> Option<String> {
    match field {
        "location" | "live_location" => {
            let coordinates = match (&held["degreesLatitude"], &held["degreesLongitude"]) {
                (latitude, longitude) if latitude.is_number() && longitude.is_number() => {
                    Some(format!("{latitude},{longitude}"))
                }
                _ => None,
            };
            let named = ["name", "address"].iter().filter_map(|name| lenient::short(&held[name]));
            let parts: Vec<String> = named.chain(coordinates).collect();
            (!parts.is_empty()).then(|| parts.join(", "))
        }
        "contact" => lenient::short(&held["displayName"]),
        "contacts_array" => {
            let shown: Vec<String> =
                held.as_array()?.iter().filter_map(|card| lenient::short(&card["displayName"])).collect();
            if shown.is_empty() { names(held) } else { Some(shown.join("\n")) }
        }
        _ => ["caption", "filename", "title", "name"].iter().find_map(|name| lenient::short(&held[name])),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_gives_its_words() {
        let check = |payload: Value, kind: &str, text: Option<&str>| {
            assert_eq!(said(&payload), Ok((kind.to_owned(), text.map(str::to_owned))), "{payload}");
        };
        check(json!({ "body": "Oi" }), "text", Some("Oi"));
        check(json!({ "image": "statics/media/1.jpeg" }), "image", None);
        check(json!({ "body": "Veja", "image": { "path": "1.jpeg", "caption": "Veja" } }), "image", Some("Veja"));
        check(json!({ "video_note": "1.mp4" }), "video", None);
        check(json!({ "document": { "url": "https://x", "filename": "a.pdf" } }), "document", Some("a.pdf"));
        check(json!({ "sticker": "1.webp" }), "sticker", None);
        let place = json!({ "degreesLatitude": -6.5, "degreesLongitude": 106.5, "name": "Jakarta" });
        check(json!({ "location": place }), "location", Some("Jakarta, -6.5,106.5"));
        check(json!({ "contact": { "displayName": "Ana" } }), "contacts", Some("Ana"));
        check(
            json!({ "contacts_array": [{ "displayName": "Ana" }, { "displayName": "Rui" }] }),
            "contacts",
            Some("Ana\nRui"),
        );
        assert_eq!(said(&json!({ "image": null, "body": "" })), Err("no_content"));
    }
}
