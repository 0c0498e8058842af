//! What a WAHA message is made of: the engine's own message where it gave it along, else WAHA's fields.

use domain::message::Effect;
use serde_json::{Value, json};

use crate::baileys;
use crate::{content, lenient};

/// The content of a message: its kind, its words, and what it may do when the contact wrote it.
pub(crate) type Said = (String, Option<String>, Effect);

/// `_data.type` of the WEBJS engine for what nobody wrote.
const NOBODY_WROTE: [&str; 9] = [
    "ciphertext",
    "e2e_notification",
    "notification",
    "notification_template",
    "gp2",
    "call_log",
    "protocol",
    "broadcast_notification",
    "debug",
];

/// Finds what a message says. Errors: the reason why it says nothing.
pub(crate) fn said(payload: &Value) -> Result<Said, &'static str> {
    let data = &payload["_data"];
    if data["message"].is_object() || !data["messageStubType"].is_null() {
        return engine(data);
    }
    if data["Message"].is_object() {
        return engine(&json!({ "message": data["Message"] }));
    }
    let webjs = lenient::text(&data["type"]).unwrap_or_default();
    if NOBODY_WROTE.contains(&webjs) {
        return Err("nobody_wrote");
    }
    let body = lenient::text(&payload["body"]);
    let place = &payload["location"];
    let (kind, text) = if let Some(media) = media(payload, webjs) {
        (media, body.or(lenient::text(&payload["media"]["filename"])).map(str::to_owned))
    } else if place.is_object() {
        ("location", of_place(place).or(body.map(str::to_owned)))
    } else if let Some(names) = names(&payload["vCards"]) {
        ("contacts", Some(names))
    } else if let Some(body) = body {
        ("text", Some(body.to_owned()))
    } else if webjs.is_empty() || webjs == "chat" {
        return Err("no_content");
    } else {
        return Ok((content::kind(webjs), None, Effect::Opens));
    };
    Ok((kind.to_owned(), text.and_then(|text| content::words(&text)), Effect::Opens))
}

fn engine(message: &Value) -> Result<Said, &'static str> {
    let said = baileys::content::said(message)?;
    Ok((said.kind, said.text, said.effect))
}

/// The kind of the file that comes along: by what WEBJS calls it, else by its media type.
fn media(payload: &Value, webjs: &str) -> Option<&'static str> {
    let mime = lenient::text(&payload["media"]["mimetype"]).unwrap_or_default();
    let has = lenient::flag(&payload["hasMedia"]) || payload["media"].is_object();
    let of_mime = || match mime.split('/').next() {
        _ if mime.starts_with("image/webp") => "sticker",
        Some("image") => "image",
        Some("video") => "video",
        Some("audio") => "audio",
        _ => "document",
    };
    match webjs {
        "ptt" | "audio" => Some("audio"),
        "image" => Some("image"),
        "video" => Some("video"),
        "sticker" => Some("sticker"),
        "document" => Some("document"),
        _ => has.then(of_mime),
    }
}

fn of_place(place: &Value) -> Option<String> {
    let coordinates = match (lenient::short(&place["latitude"]), lenient::short(&place["longitude"])) {
        (Some(latitude), Some(longitude)) => Some(format!("{latitude},{longitude}")),
        _ => None,
    };
    let name = ["title", "name", "description", "address"].iter().find_map(|field| lenient::short(&place[field]));
    let parts: Vec<String> = name.into_iter().chain(coordinates).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// The names on visiting cards (`FN:`).
pub(crate) fn names(cards: &Value) -> Option<String> {
    let cards = cards.as_array()?;
    let name = |card: &Value| {
        let line = card.as_str()?.lines().find_map(|line| line.trim().strip_prefix("FN:"))?;
        Some(line.trim().to_owned())
    };
    let names: Vec<String> = cards.iter().filter_map(name).collect();
    (!names.is_empty()).then(|| names.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_engine_gives_kind_and_words() {
        let check = |payload: Value, kind: &str, text: Option<&str>| {
            let (seen, words, effect) = said(&payload).unwrap_or_else(|reason| panic!("{reason}: {payload}"));
            assert_eq!((seen.as_str(), words.as_deref()), (kind, text), "{payload}");
            assert_eq!(effect, if kind == "reaction" { Effect::Silent } else { Effect::Opens });
        };
        check(json!({ "body": "Oi" }), "text", Some("Oi"));
        check(json!({ "body": "Oi", "_data": { "type": "chat" } }), "text", Some("Oi"));
        let file = |mime: &str| json!({ "body": "Veja", "hasMedia": true, "media": { "mimetype": mime } });
        check(file("image/jpeg"), "image", Some("Veja"));
        check(file("image/webp"), "sticker", Some("Veja"));
        check(file("video/mp4"), "video", Some("Veja"));
        check(file("audio/ogg; codecs=opus"), "audio", Some("Veja"));
        check(file("application/pdf"), "document", Some("Veja"));
        check(json!({ "hasMedia": true, "media": null }), "document", None);
        check(json!({ "media": { "mimetype": "application/pdf", "filename": "a.pdf" } }), "document", Some("a.pdf"));
        check(json!({ "hasMedia": true, "_data": { "type": "ptt" } }), "audio", None);
        let place = json!({ "latitude": "1.5", "longitude": 2.5, "description": "Loja" });
        check(json!({ "location": place }), "location", Some("Loja, 1.5,2.5"));
        check(json!({ "vCards": ["BEGIN:VCARD\nFN:Ana\nEND:VCARD"] }), "contacts", Some("Ana"));
        check(json!({ "_data": { "message": { "conversation": "Oi" } } }), "text", Some("Oi"));
        check(json!({ "_data": { "Message": { "imageMessage": { "caption": "A" } } } }), "image", Some("A"));
        check(json!({ "_data": { "message": { "reactionMessage": { "text": "👍" } } } }), "reaction", Some("👍"));
        check(json!({ "_data": { "type": "poll_creation" } }), "poll_creation", None);
    }

    #[test]
    fn what_says_nothing_says_why() {
        for (payload, reason) in [
            (json!({}), "no_content"),
            (json!({ "vCards": [], "body": "" }), "no_content"),
            (json!({ "_data": { "type": "e2e_notification" } }), "nobody_wrote"),
            (json!({ "_data": { "messageStubType": 2 } }), "stub"),
        ] {
            assert_eq!(said(&payload), Err(reason), "{payload}");
        }
    }
}
