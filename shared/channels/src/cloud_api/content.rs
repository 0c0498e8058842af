//! What a Cloud API message is made of, by its type. Types not known here are kept whole. Source: docs/providers.md §1.5.

use domain::message::{Content, Effect};
use serde_json::Value;

use crate::cloud_api::{about, media, words};
use crate::{content, lenient};

/// Types that a message without `type` is recognised by.
const TYPES: [&str; 17] = [
    "text",
    "image",
    "video",
    "audio",
    "voice",
    "document",
    "sticker",
    "location",
    "contacts",
    "interactive",
    "button",
    "reaction",
    "order",
    "system",
    "unsupported",
    "edit",
    "revoke",
];

/// The kind of a message: its `type`, or the one whose object it holds.
pub(crate) fn kind(message: &Value) -> String {
    let held = || TYPES.into_iter().find(|name| message.get(name).is_some());
    let kind = content::kind(lenient::text(&message["type"]).or_else(held).unwrap_or("unknown"));
    if kind == "voice" { "audio".to_owned() } else { kind }
}

/// What a message says. `text` holds whatever in it is words; the message itself is kept for everything but plain text.
pub(crate) fn content(message: &Value) -> Content {
    let kind = kind(message);
    let text = words::of(&kind, message).and_then(|text| content::words(&text));
    // A text that comes from an advertisement or was written in a group says more than its words; what it answers is kept by itself.
    let plain = kind == "text"
        && text.is_some()
        && about::tells_all(&message["context"])
        && ["referral", "group_id"].iter().all(|key| message[key].is_null());
    let media = media::announced(&kind, message);
    Content { kind, text, raw: (!plain).then(|| content::raw(message)), media, context: None }
}

/// What a message of a kind may do. Whatever a person wrote opens a ticket, also when its kind is new or unsupported.
pub(crate) fn effect(kind: &str) -> Effect {
    match kind {
        "system" | "reaction" | "edit" | "revoke" | "request_welcome" | "media_placeholder" => Effect::Silent,
        _ => Effect::Opens,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_type_gives_its_kind_its_words_and_its_effect() {
        use Effect::{Opens, Silent};
        let check = |message: Value, kind: &str, text: Option<&str>, expected: Effect| {
            let content = content(&message);
            assert_eq!((content.kind.as_str(), content.text.as_deref()), (kind, text), "{message}");
            assert_eq!(effect(&content.kind), expected, "{message}");
        };
        check(json!({"type":"text","text":{"body":"Oi"}}), "text", Some("Oi"), Opens);
        check(json!({"text":{"body":"Oi"}}), "text", Some("Oi"), Opens);
        check(json!({"type":"text","text":{}}), "text", None, Opens);
        check(json!({"type":"text","text":"Oi"}), "text", None, Opens);
        check(json!({"type":"image","image":{"id":"1","caption":"Foto"}}), "image", Some("Foto"), Opens);
        check(json!({"type":"image","image":{"id":"1"}}), "image", None, Opens);
        check(json!({"type":"video","video":{"caption":"V"}}), "video", Some("V"), Opens);
        check(json!({"type":"audio","audio":{"id":"1","voice":true}}), "audio", None, Opens);
        check(json!({"type":"voice","voice":{"id":"1"}}), "audio", None, Opens);
        check(json!({"type":"sticker","sticker":{"id":"1"}}), "sticker", None, Opens);
        check(json!({"type":"document","document":{"filename":"a.pdf"}}), "document", Some("a.pdf"), Opens);
        check(json!({"type":"document","document":{"filename":"a.pdf","caption":"A"}}), "document", Some("A"), Opens);
        check(json!({"type":"location","location":{"latitude":1.5,"name":"Loja"}}), "location", Some("Loja"), Opens);
        check(json!({"type":"location","location":{"latitude":"1.5"}}), "location", None, Opens);
        let cards = json!([{"name":{"formatted_name":"Ana"}},{"name":{}},null,{"name":{"formatted_name":"Rui"}}]);
        check(json!({"type":"contacts","contacts":cards}), "contacts", Some("Ana\nRui"), Opens);
        let reply = |kind: &str, inner: Value| json!({"type":"interactive","interactive":{"type":kind,kind:inner}});
        check(reply("button_reply", json!({"id":"1","title":"Sim"})), "interactive", Some("Sim"), Opens);
        check(reply("list_reply", json!({"id":"1","title":"Um"})), "interactive", Some("Um"), Opens);
        check(reply("nfm_reply", json!({"body":"Sent","response_json":"{"})), "interactive", Some("Sent"), Opens);
        check(reply("call_permission_reply", json!({"response":"accept"})), "interactive", Some("accept"), Opens);
        check(json!({"type":"button","button":{"text":"Sim","payload":"p"}}), "button", Some("Sim"), Opens);
        check(json!({"type":"order","order":{"text":"2x","product_items":[]}}), "order", Some("2x"), Opens);
        check(json!({"type":"system","system":{"body":"User A changed"}}), "system", Some("User A changed"), Silent);
        check(json!({"type":"unsupported","errors":[{"code":131_051}]}), "unsupported", None, Opens);
        check(json!({"type":"unknown","errors":[]}), "unknown", None, Opens);
        check(json!({"type":"hologram","hologram":{"caption":"H"}}), "hologram", Some("H"), Opens);
        check(json!({}), "unknown", None, Opens);
        check(json!({"type":"reaction","reaction":{"emoji":"👍"}}), "reaction", Some("👍"), Silent);
        check(json!({"type":"reaction","reaction":{}}), "reaction", None, Silent);
        let edit = json!({"type":"edit","edit":{"message":{"type":"text","text":{"body":"Novo"}}}});
        check(edit, "edit", Some("Novo"), Silent);
        check(json!({"type":"revoke","revoke":{"original_message_id":"x"}}), "revoke", None, Silent);
        check(json!({"type":"request_welcome"}), "request_welcome", None, Silent);
    }

    #[test]
    fn only_a_plain_text_is_kept_without_its_json() {
        let raw = |message: Value| content(&message).raw;
        assert_eq!(raw(json!({"type":"text","text":{"body":"Oi"}})), None);
        let answering = json!({"type":"text","text":{"body":"Oi"},"context":{"id":"wamid.A","from":"1"}});
        assert_eq!(raw(answering), None);
        for message in [
            json!({"type":"text","text":{"body":"Oi"},"context":{"id":"wamid.A","mood":"new"}}),
            json!({"type":"text","text":{"body":"Oi"},"referral":{"source_type":"ad"}}),
            json!({"type":"text","text":{}}),
            json!({"type":"image","image":{"id":"1"}}),
        ] {
            assert_eq!(raw(message.clone()), Some(message.to_string()));
        }
    }
}
