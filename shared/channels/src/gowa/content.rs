//! What a GOWA message is made of: the field that it holds, and `body` for its words.

use domain::message::Effect;
use serde_json::Value;

use crate::baileys::content::{self as baileys, VIEW_ONCE};
use crate::waha::content::Said;
use crate::words::{card, cards, joined, order, place, poll};
use crate::{content, lenient};

/// Fields by which a kind is recognised, and the kind.
const KINDS: [(&str, &str); 20] = [
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
    ("list_response", "interactive"),
    ("list", "list"),
    ("order", "order"),
    ("product", "product"),
    ("poll", "poll"),
    ("event", "event"),
    ("interactive", "interactive"),
    ("buttons", "buttons"),
    ("template", "template"),
    ("invite", "invite"),
];

/// What stands beside the content of a message.
const BESIDE: [&str; 24] = [
    "id",
    "chat_id",
    "chat_lid",
    "from",
    "from_lid",
    "from_name",
    "sender_display_name",
    "timestamp",
    "is_from_me",
    "body",
    "replied_to_id",
    "quoted_body",
    "quoted_from",
    "view_once",
    "forwarded",
    "referral",
    "device_id",
    "session_id",
    "interactive_media",
    "original_message_id",
    "edited_message_id",
    "revoked_message_id",
    "turno_file",
    "reaction",
];

/// The kind and the words of a message, and what it may do. Errors: the reason why it says nothing.
pub(crate) fn said(payload: &Value) -> Result<Said, &'static str> {
    let body = lenient::text(&payload["body"]).map(str::to_owned);
    let (kind, text) = match KINDS.into_iter().find(|(field, _)| !payload[field].is_null()) {
        None if body.is_some() => ("text".to_owned(), body),
        None if lenient::flag(&payload["view_once"]) => ("unsupported".to_owned(), Some(VIEW_ONCE.to_owned())),
        None => return unknown(payload),
        Some((field, kind)) => {
            let own = words(field, &payload[field]);
            // A caption is the body too.
            let text = if own.as_ref().zip(body.as_ref()).is_some_and(|(own, body)| own.contains(body.as_str())) {
                own
            } else if matches!(kind, "image" | "video" | "audio" | "document" | "sticker") {
                body.or(own)
            } else {
                joined("\n", [body, own])
            };
            (kind.to_owned(), text)
        }
    };
    Ok((kind, text.and_then(|text| content::words(&text)), Effect::Opens))
}

/// A message of a kind that nobody knows yet: the words in it.
fn unknown(payload: &Value) -> Result<Said, &'static str> {
    let is_new = |(name, value): &(&String, &Value)| !BESIDE.contains(&name.as_str()) && !value.is_null();
    let mut fields = payload.as_object().into_iter().flatten().filter(is_new);
    let found = fields.find_map(|(name, value)| Some((name, baileys::texts(value)?)));
    let (name, text) = found.ok_or("no_content")?;
    Ok((content::kind(name), content::words(&text), Effect::Opens))
}

fn words(field: &str, held: &Value) -> Option<String> {
    match field {
        "location" | "live_location" => place(held),
        "contact" => card(held),
        "contacts_array" => cards(held),
        "order" => order(held),
        "poll" => poll(held),
        "event" => crate::words::appointment(held),
        "image" | "video" | "video_note" | "audio" | "document" | "sticker" => {
            ["caption", "filename", "title", "name"].iter().find_map(|name| lenient::short(&held[name]))
        }
        _ => baileys::texts(held),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_gives_its_words() {
        let check = |payload: Value, kind: &str, text: Option<&str>| {
            assert_eq!(said(&payload), Ok((kind.to_owned(), text.map(str::to_owned), Effect::Opens)), "{payload}");
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
        let basket = json!({ "orderTitle": "Cesta Natal", "itemCount": 3, "totalAmount1000": 120_000, "totalCurrencyCode": "BRL" });
        check(json!({ "order": basket }), "order", Some("Cesta Natal, 3 ×, 120.00 BRL"));
        let card = json!({ "displayName": "3Care", "vcard": "BEGIN:VCARD\nFN:3Care\nTEL;type=Mobile:+62 132\nEND:VCARD", "phone_number": "+62 132" });
        check(json!({ "contact": card }), "contacts", Some("3Care: +62 132"));
        let list = json!({ "title": "Planos", "sections": [{ "rows": [{ "title": "Básico", "rowID": "r1" }] }] });
        check(json!({ "list": list }), "list", Some("Planos\nBásico"));
        check(json!({ "hologram": { "caption": "Novo" } }), "hologram", Some("Novo"));
        let once = said(&json!({ "view_once": true })).unwrap();
        assert_eq!(once.0, "unsupported");
        assert_eq!(said(&json!({ "image": null, "body": "" })), Err("no_content"));
    }
}
