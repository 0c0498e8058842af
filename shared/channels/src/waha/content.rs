//! What a WAHA message is made of: the engine's own message where it gave it along, else WAHA's fields and those of WhatsApp Web.

use domain::message::Effect;
use serde_json::{Value, json};

use crate::baileys::content as baileys;
use crate::words::{appointment, cards, first, joined, order, place, poll, product};
use crate::{content, lenient};

/// The content of a message: its kind, its words, and what it may do when the contact wrote it.
pub(crate) type Said = (String, Option<String>, Effect);

/// `_data.type` of the engines that drive WhatsApp Web (WEBJS, WPP) for what nobody wrote, or what is about another message.
const NOBODY_WROTE: [&str; 24] = [
    "ciphertext",
    "e2e_notification",
    "notification",
    "notification_template",
    "gp2",
    "call_log",
    "protocol",
    "broadcast_notification",
    "newsletter_notification",
    "debug",
    "album",
    "revoked",
    "reaction",
    "reaction_enc",
    "pinned_message",
    "keep_in_chat",
    "poll_update",
    "poll_result_snapshot",
    "comment_enc",
    "event_response",
    "event_response_enc",
    "message_history_notice",
    "message_history_bundle",
    "status_notification",
];

/// Finds what a message says. Errors: the reason why it says nothing.
pub(crate) fn said(payload: &Value) -> Result<Said, &'static str> {
    let data = &payload["_data"];
    if data["message"].is_object() || !data["messageStubType"].is_null() || is_masked(data) {
        return engine(data);
    }
    if data["Message"].is_object() {
        return engine(&json!({ "message": data["Message"] }));
    }
    if data["UnavailableType"] == "view_once" {
        return Ok(("unsupported".to_owned(), Some(baileys::VIEW_ONCE.to_owned()), Effect::Opens));
    }
    let webjs = lenient::text(&data["type"]).unwrap_or_default();
    if webjs == "ciphertext" && lenient::text(&data["subtype"]).is_some_and(|subtype| subtype.contains("view_once")) {
        return Ok(("unsupported".to_owned(), Some(baileys::VIEW_ONCE.to_owned()), Effect::Opens));
    }
    if NOBODY_WROTE.contains(&webjs) {
        return Err("nobody_wrote");
    }
    let body = lenient::text(&payload["body"]);
    let (kind, text) = if let Some(media) = media(payload, webjs) {
        (media.to_owned(), body.or(lenient::text(&payload["media"]["filename"])).map(str::to_owned))
    } else if is_place(payload) {
        ("location".to_owned(), place_of(payload).or(body.map(str::to_owned)))
    } else if let Some(shared) = shared(payload) {
        ("contacts".to_owned(), Some(shared))
    } else if let Some((kind, text)) = of_web(webjs, payload) {
        (kind.to_owned(), joined("\n", [body.map(str::to_owned).filter(|body| is_more(body, text.as_deref())), text]))
    } else if let Some(body) = body {
        ("text".to_owned(), Some(body.to_owned()))
    } else if webjs.is_empty() || webjs == "chat" {
        return Err("no_content");
    } else {
        let text = told_beside(data);
        let effect = if text.is_some() { Effect::Opens } else { Effect::Silent };
        return Ok((content::kind(webjs), text.and_then(|text| content::words(&text)), effect));
    };
    Ok((kind, text.and_then(|text| content::words(&text)), Effect::Opens))
}

/// Whether NOWEB says that the message can be seen on the phone alone.
fn is_masked(data: &Value) -> bool {
    lenient::flag(&data["key"]["isViewOnce"])
}

fn engine(message: &Value) -> Result<Said, &'static str> {
    let said = baileys::said(message)?;
    Ok((said.kind, said.text, said.effect))
}

/// The kind of the file that comes along: by what WhatsApp Web calls it, else by its media type.
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
        "video" | "ptv" => Some("video"),
        "sticker" => Some("sticker"),
        "document" => Some("document"),
        _ => has.then(of_mime),
    }
}

/// Whether it is a place, by WAHA's own field or by WhatsApp Web's.
fn is_place(payload: &Value) -> bool {
    let data = &payload["_data"];
    payload["location"].is_object() || data["type"] == "location" || (!data["lat"].is_null() && !data["lng"].is_null())
}

/// The words of a place, if it has any.
fn place_of(payload: &Value) -> Option<String> {
    let data = &payload["_data"];
    if payload["location"].is_object() {
        return place(&payload["location"]);
    }
    // The name and the address stand in one text, a line each.
    let named = lenient::text(&data["loc"]).map(|named| named.lines().collect::<Vec<_>>().join(", "));
    joined(", ", [named, place(&json!({ "lat": data["lat"], "lng": data["lng"] }))])
}

/// Shared contacts, by WAHA's own field or by WhatsApp Web's.
fn shared(payload: &Value) -> Option<String> {
    let data = &payload["_data"];
    let own = || matches!(lenient::text(&data["type"]), Some("vcard")).then(|| cards(&json!([data["body"]]))).flatten();
    cards(&payload["vCards"]).or_else(|| cards(&data["vcardList"])).or_else(own)
}

/// What WhatsApp Web tells in fields of its own: polls, appointments, baskets, things from a catalogue, invitations, lists.
fn of_web(webjs: &str, payload: &Value) -> Option<(&'static str, Option<String>)> {
    let data = &payload["_data"];
    match webjs {
        "poll_creation" => Some(("poll", poll(&payload["poll"]).or_else(|| poll(data)))),
        "event_creation" | "scheduled_call" | "scheduled_call_creation" => Some(("event", appointment(data))),
        "order" => Some(("order", order(data))),
        "product" => Some(("product", joined("\n", [product(data), first(&[&data["description"]])]))),
        "groups_v4_invite" | "newsletter_admin_invite" => {
            Some(("invite", first(&[&data["inviteGrpName"], &data["newsletterName"]])))
        }
        "list" => Some(("list", baileys::texts(&data["list"]))),
        "buttons" | "interactive" | "template" | "hsm" => {
            let kind = match webjs {
                "buttons" => "buttons",
                "interactive" => "interactive",
                _ => "template",
            };
            Some((kind, told_beside(data)))
        }
        _ => None,
    }
}

/// What stands beside the body of a message of WhatsApp Web.
fn told_beside(data: &Value) -> Option<String> {
    const FIELDS: [&str; 15] = [
        "title",
        "interactiveHeader",
        "body",
        "caption",
        "text",
        "description",
        "list",
        "interactivePayload",
        "nativeFlowButtons",
        "carouselCards",
        "footer",
        "buttons",
        "dynamicReplyButtons",
        "hydratedButtons",
        "replyButtons",
    ];
    joined("\n", FIELDS.map(|name| baileys::texts(&data[name])))
}

/// Whether a body says what the rest of the message does not.
fn is_more(body: &str, text: Option<&str>) -> bool {
    text.is_none_or(|text| !text.contains(body))
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
        check(json!({ "_data": { "type": "poll_creation" } }), "poll", None);
        let card = "BEGIN:VCARD\nFN:Ana\nTEL;waid=5511:+55 11\nEND:VCARD";
        check(json!({ "vCards": [card, "FN:Rui"] }), "contacts", Some("Ana: +55 11\nRui"));
        let place = json!({ "type": "location", "lat": -23.5, "lng": -46.6, "loc": "Loja Azul\nRua A 10" });
        check(json!({ "_data": place }), "location", Some("Loja Azul, Rua A 10, -23.5,-46.6"));
        let asked = json!({ "type": "poll_creation", "pollName": "Qual?", "pollOptions": [{ "name": "Sim" }] });
        check(json!({ "body": "Qual?", "_data": asked }), "poll", Some("Qual?\n- Sim"));
        let basket = json!({ "type": "order", "orderTitle": "Cesta", "itemCount": 2, "totalAmount1000": 5000, "totalCurrencyCode": "BRL" });
        check(json!({ "_data": basket }), "order", Some("Cesta, 2 ×, 5.00 BRL"));
        let visit = json!({ "type": "event_creation", "eventName": "Visita", "eventStartTime": 1_767_625_200, "eventLocation": { "name": "Rua A" } });
        check(json!({ "_data": visit }), "event", Some("Visita, 2026-01-05 15:00 UTC, Rua A"));
        let list = json!({ "type": "list", "list": { "title": "Planos", "description": "Veja", "sections": [{ "rows": [{ "title": "Um", "rowId": "1" }] }] } });
        check(json!({ "body": "Veja", "_data": list }), "list", Some("Planos\nVeja\nUm"));
        check(json!({ "_data": { "type": "hologram", "title": "Novo" } }), "hologram", Some("Novo"));
        let once = "View once: it can be seen on the phone only";
        check(
            json!({ "_data": { "type": "ciphertext", "subtype": "view_once_unavailable_fanout" } }),
            "unsupported",
            Some(once),
        );
        check(json!({ "body": null, "_data": { "key": { "isViewOnce": true } } }), "unsupported", Some(once));
        check(json!({ "_data": { "UnavailableType": "view_once" } }), "unsupported", Some(once));
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
