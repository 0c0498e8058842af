//! What a Baileys message is made of: wrappers off, the one key that matters found, its words taken.
//! Source: whatsapp.md §3.1.

use domain::message::Effect;
use serde_json::Value;

use crate::{content, lenient};

/// Wrappers around a message, each `{message: {…}}`.
const WRAPPERS: [&str; 11] = [
    "ephemeralMessage",
    "viewOnceMessage",
    "viewOnceMessageV2",
    "viewOnceMessageV2Extension",
    "documentWithCaptionMessage",
    "editedMessage",
    "associatedChildMessage",
    "groupStatusMessage",
    "groupStatusMessageV2",
    "botInvokeMessage",
    "deviceSentMessage",
];
const DEEPEST: usize = 5;

/// Keys that stand beside the content and are none. The last are Evolution's.
const NOT_CONTENT: [&str; 6] = [
    "messageContextInfo",
    "senderKeyDistributionMessage",
    "fastRatchetKeySenderKeyDistributionMessage",
    "base64",
    "mediaUrl",
    "speechToText",
];

/// The content of a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said<'a> {
    /// The provider-neutral kind (`text`, `image` …).
    pub(crate) kind: String,
    /// Its words.
    pub(crate) text: Option<String>,
    /// What it may do when the contact wrote it.
    pub(crate) effect: Effect,
    /// The object in which a mention or an answered message may be named.
    pub(crate) body: &'a Value,
}

/// Why a message says nothing.
pub(crate) type Unsaid = &'static str;

/// Finds what a `WAMessage` says.
///
/// Errors: the reason why it says nothing: it cannot be decrypted yet (it will come again under the same id), it is about
/// another message in a way that is not kept, or it is empty.
pub(crate) fn said(message: &Value) -> Result<Said<'_>, Unsaid> {
    let mut inner = &message["message"];
    let mut edited = false;
    for _ in 0..DEEPEST {
        let Some(wrapper) = WRAPPERS.into_iter().find(|name| inner[name]["message"].is_object()) else { break };
        edited |= wrapper == "editedMessage";
        inner = &inner[wrapper]["message"];
    }
    let no_content = || if message["messageStubType"].is_null() { "no_content" } else { "stub" };
    let is_content =
        |(key, body): &(&String, &Value)| !NOT_CONTENT.contains(&key.as_str()) && !body.is_null() && **body != "";
    let candidates = || inner.as_object().into_iter().flatten().filter(is_content);
    // What a gateway adds has any name and may come first; what WhatsApp sends is called a message, but for plain text.
    let is_whatsapp_s = |(key, _): &(&String, &Value)| *key == "conversation" || key.contains("Message");
    let (key, body) = candidates().find(is_whatsapp_s).or_else(|| candidates().next()).ok_or_else(no_content)?;
    let (mut kind, text, mut effect) = meaning(key, body)?;
    if edited && effect == Effect::Opens {
        (kind, effect) = ("edit".to_owned(), Effect::Silent);
    }
    Ok(Said { kind, text: text.and_then(|text| content::words(&text)), effect, body })
}

fn meaning(key: &str, body: &Value) -> Result<(String, Option<String>, Effect), Unsaid> {
    use Effect::{Opens, Silent};
    let first = |values: &[&Value]| values.iter().find_map(|value| lenient::text(value)).map(str::to_owned);
    let (kind, text, effect) = match key {
        "conversation" => ("text", first(&[body]), Opens),
        "extendedTextMessage" => ("text", first(&[&body["text"]]), Opens),
        "imageMessage" => ("image", first(&[&body["caption"]]), Opens),
        "videoMessage" | "ptvMessage" => ("video", first(&[&body["caption"]]), Opens),
        "audioMessage" => ("audio", None, Opens),
        "stickerMessage" | "lottieStickerMessage" => ("sticker", None, Opens),
        "documentMessage" => ("document", first(&[&body["caption"], &body["fileName"], &body["title"]]), Opens),
        "locationMessage" | "liveLocationMessage" => {
            ("location", first(&[&body["caption"], &body["name"], &body["address"]]), Opens)
        }
        "contactMessage" => ("contacts", first(&[&body["displayName"]]), Opens),
        "contactsArrayMessage" => ("contacts", names(body), Opens),
        "buttonsResponseMessage" => {
            ("interactive", first(&[&body["selectedDisplayText"], &body["selectedButtonId"]]), Opens)
        }
        "templateButtonReplyMessage" => ("button", first(&[&body["selectedDisplayText"], &body["selectedId"]]), Opens),
        "listResponseMessage" => {
            ("interactive", first(&[&body["title"], &body["singleSelectReply"]["selectedRowId"]]), Opens)
        }
        "interactiveResponseMessage" => {
            ("interactive", first(&[&body["body"]["text"], &body["nativeFlowResponseMessage"]["paramsJson"]]), Opens)
        }
        "orderMessage" => ("order", first(&[&body["message"], &body["orderTitle"]]), Opens),
        "pollCreationMessage" | "pollCreationMessageV2" | "pollCreationMessageV3" => {
            ("poll", first(&[&body["name"]]), Opens)
        }
        "reactionMessage" => ("reaction", first(&[&body["text"]]), Silent),
        "protocolMessage" => return protocol(body),
        "pollUpdateMessage" | "encReactionMessage" | "encCommentMessage" | "encEventResponseMessage" => {
            return Err("about_another_message");
        }
        "keepInChatMessage" | "pinInChatMessage" => return Err("about_another_message"),
        other => {
            let text = first(&[body, &body["text"], &body["caption"]]);
            return Ok((content::kind(other.strip_suffix("Message").unwrap_or(other)), text, Opens));
        }
    };
    Ok((kind.to_owned(), text, effect))
}

/// Deletions and edits are kept with the conversation; the rest (disappearing-message settings, key exchange, history sync) is
/// between devices. The type comes as a number or by name.
fn protocol(body: &Value) -> Result<(String, Option<String>, Effect), Unsaid> {
    let kind = &body["type"];
    let is = |number: i64, name: &str| lenient::integer(kind) == Some(number) || kind == name;
    // The default value of a protobuf enumeration is left out: no type is type 0.
    if is(0, "REVOKE") || (kind.is_null() && body["key"].is_object()) {
        return Ok(("revoke".to_owned(), None, Effect::Silent));
    }
    if is(14, "MESSAGE_EDIT") {
        let edited = &body["editedMessage"];
        let text =
            [&edited["conversation"], &edited["extendedTextMessage"]["text"], &edited["imageMessage"]["caption"]];
        let text = text.into_iter().find_map(lenient::text).map(str::to_owned);
        return Ok(("edit".to_owned(), text, Effect::Silent));
    }
    Err("protocol")
}

fn names(body: &Value) -> Option<String> {
    let cards = body["contacts"].as_array()?;
    let names: Vec<&str> = cards.iter().filter_map(|card| lenient::text(&card["displayName"])).collect();
    if names.is_empty() { lenient::text(&body["displayName"]).map(str::to_owned) } else { Some(names.join(", ")) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_gives_its_words_and_its_effect() {
        use Effect::{Opens, Silent};
        let check = |message: Value, kind: &str, text: Option<&str>, effect: Effect| {
            let message = json!({ "message": message });
            let said = said(&message).unwrap_or_else(|reason| panic!("{reason}: {message}"));
            assert_eq!((said.kind.as_str(), said.text.as_deref(), said.effect), (kind, text, effect), "{message}");
        };
        check(json!({"conversation":"Oi"}), "text", Some("Oi"), Opens);
        check(json!({"extendedTextMessage":{"text":"Oi"}}), "text", Some("Oi"), Opens);
        check(json!({"messageContextInfo":{},"conversation":"Oi"}), "text", Some("Oi"), Opens);
        check(json!({"senderKeyDistributionMessage":{},"conversation":"Oi"}), "text", Some("Oi"), Opens);
        check(json!({"conversation":"Oi","aMessage":null}), "text", Some("Oi"), Opens);
        check(json!({"imageMessage":{"caption":"Foto"}}), "image", Some("Foto"), Opens);
        check(json!({"videoMessage":{"caption":"V"}}), "video", Some("V"), Opens);
        check(json!({"audioMessage":{"ptt":true}}), "audio", None, Opens);
        check(json!({"stickerMessage":{}}), "sticker", None, Opens);
        // Evolution puts the address of the file beside it, which comes before some kinds and after others.
        for (name, kind) in [("audio", "audio"), ("image", "image"), ("sticker", "sticker"), ("video", "video")] {
            let message =
                json!({ (format!("{name}Message")): {}, "mediaUrl": "https://x", "speechToText": "[audio] x" });
            check(message, kind, None, Opens);
        }
        check(json!({"aField":{"caption":"A"},"videoMessage":{"caption":"V"}}), "video", Some("V"), Opens);
        check(json!({"documentMessage":{"fileName":"a.pdf"}}), "document", Some("a.pdf"), Opens);
        check(json!({"locationMessage":{"name":"Loja"}}), "location", Some("Loja"), Opens);
        check(json!({"contactMessage":{"displayName":"Ana"}}), "contacts", Some("Ana"), Opens);
        let cards = json!([{"displayName":"Ana"},{"displayName":"Rui"}]);
        check(json!({"contactsArrayMessage":{"contacts":cards}}), "contacts", Some("Ana, Rui"), Opens);
        check(json!({"buttonsResponseMessage":{"selectedButtonId":"1"}}), "interactive", Some("1"), Opens);
        check(
            json!({"buttonsResponseMessage":{"selectedButtonId":"1","selectedDisplayText":"Sim"}}),
            "interactive",
            Some("Sim"),
            Opens,
        );
        check(json!({"templateButtonReplyMessage":{"selectedDisplayText":"Sim"}}), "button", Some("Sim"), Opens);
        check(
            json!({"listResponseMessage":{"singleSelectReply":{"selectedRowId":"r"}}}),
            "interactive",
            Some("r"),
            Opens,
        );
        let flow = json!({"interactiveResponseMessage":{"nativeFlowResponseMessage":{"paramsJson":"{\"id\":1}"}}});
        check(flow, "interactive", Some("{\"id\":1}"), Opens);
        check(json!({"pollCreationMessageV3":{"name":"Qual?"}}), "poll", Some("Qual?"), Opens);
        check(json!({"hologramMessage":{"caption":"H"}}), "hologram", Some("H"), Opens);
        check(json!({"unsupported":"message"}), "unsupported", Some("message"), Opens);
        check(json!({"reactionMessage":{"text":"👍"}}), "reaction", Some("👍"), Silent);
        check(json!({"reactionMessage":{"text":""}}), "reaction", None, Silent);
        check(json!({"protocolMessage":{"type":0,"key":{"id":"A"}}}), "revoke", None, Silent);
        check(json!({"protocolMessage":{"type":"REVOKE","key":{"id":"A"}}}), "revoke", None, Silent);
        check(json!({"protocolMessage":{"key":{"id":"A"}}}), "revoke", None, Silent);
        let edit = json!({"protocolMessage":{"type":14,"editedMessage":{"conversation":"Novo"}}});
        check(edit.clone(), "edit", Some("Novo"), Silent);
        check(json!({"editedMessage":{"message":edit}}), "edit", Some("Novo"), Silent);
        check(json!({"editedMessage":{"message":{"conversation":"Novo"}}}), "edit", Some("Novo"), Silent);
    }

    #[test]
    fn wrappers_come_off_up_to_five_deep() {
        let wrap = |depth: usize| {
            (0..depth).fold(
                json!({ "conversation": "Oi" }),
                |inner, at| json!({ "messageContextInfo": {}, (WRAPPERS[at % 4]): { "message": inner } }),
            )
        };
        for depth in 0..=5 {
            let message = json!({ "message": wrap(depth) });
            assert_eq!(said(&message).unwrap().text.as_deref(), Some("Oi"), "{depth}");
        }
        let message = json!({ "message": wrap(6) });
        assert_eq!(said(&message).unwrap().text, None, "kept whole, not looked into");
    }

    #[test]
    fn what_says_nothing_says_why() {
        let check = |message: Value, reason: &str| assert_eq!(said(&message), Err(reason), "{message}");
        check(json!({}), "no_content");
        check(json!({"message":null}), "no_content");
        check(json!({"message":{}}), "no_content");
        check(json!({"message":"x"}), "no_content");
        check(json!({"message":{"conversation":""}}), "no_content");
        check(json!({"message":{"messageContextInfo":{}}}), "no_content");
        check(json!({"message":{"senderKeyDistributionMessage":{}}}), "no_content");
        check(json!({"messageStubType":2,"messageStubParameters":["No session record"]}), "stub");
        check(json!({"message":{"protocolMessage":{"type":3}}}), "protocol");
        check(json!({"message":{"protocolMessage":{"type":"EPHEMERAL_SETTING"}}}), "protocol");
        check(json!({"message":{"pollUpdateMessage":{}}}), "about_another_message");
        check(json!({"message":{"pinInChatMessage":{}}}), "about_another_message");
    }
}
