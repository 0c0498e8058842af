//! What a Baileys message refers to: the `contextInfo` of whichever part it has, the keys within reactions, edits and deletions,
//! what was chosen. whatsmeow, which some gateways are built on, writes the same in other capitals. Source: `WAProto.proto` of Baileys:
//! `ContextInfo`, `ExternalAdReplyInfo`, `MessageKey`, the `…ResponseMessage`s.

use domain::context::{Choice, ChoiceKind, Context, Forwarded, Referral, Referred, Side};
use serde_json::{Value, json};

use super::{content, identity, jid};
use crate::about::{Parties, excerpt, first, piece};
use crate::lenient;

/// How many wrappers are looked through.
const DEEPEST: usize = 8;
/// From how often on WhatsApp says that something was passed on many times.
const OFTEN: i64 = 5;
/// Where a key stands, beside `key` itself.
const KEY: &str = "Key";

/// What a `WAMessage` refers to.
pub(crate) fn of_message(message: &Value, parties: &Parties<'_>) -> Context {
    let mut context = of(&message["message"], &[message, &message["message"]], parties);
    if let Some(about) = &mut context.about
        && parties.is_group
        && about.writer.is_none()
    {
        // Who edits or deletes without naming anybody does so with a message of their own.
        about.writer = identity::participant(message).map(|writer| writer.value);
    }
    context
}

/// What a change refers to that comes as an event of its own: the message under whose key it comes.
pub(crate) fn of_update(update: &Value, parties: &Parties<'_>) -> Context {
    let key = if update["key"].is_object() { &update["key"] } else { update };
    let id = first(key, &["id", "keyId"]);
    let about = id.map(|id| parties.referred(Some(id), identity::participant(update).as_ref()));
    Context { about, ..Context::default() }
}

/// What a message's content refers to. `beside` are other places in which a gateway puts its `contextInfo`.
pub(crate) fn of(message: &Value, beside: &[&Value], parties: &Parties<'_>) -> Context {
    let mut context = Context::default();
    for place in beside {
        from_info(&place["contextInfo"], &mut context, parties);
    }
    for level in levels(message) {
        for (name, part) in level.as_object().into_iter().flatten().filter(|(_, part)| part.is_object()) {
            from_info(&part["contextInfo"], &mut context, parties);
            let key = part.as_object().into_iter().flatten().find(|(name, key)| is_key(name, key));
            if context.about.is_none()
                && let Some((_, key)) = key
            {
                context.about = Some(about(name, key, parties));
            }
            if context.choice.is_none() {
                context.choice = choice(name, part);
            }
        }
    }
    context
}

/// The message, and what is within its wrappers.
fn levels(message: &Value) -> Vec<&Value> {
    let mut found = Vec::new();
    let mut at = Some(message);
    while let Some(level) = at.filter(|level| level.is_object() && found.len() <= DEEPEST) {
        found.push(level);
        at = level.as_object().into_iter().flatten().map(|(_, part)| &part["message"]).find(|inner| inner.is_object());
    }
    found
}

fn is_key(name: &str, key: &Value) -> bool {
    (name == "key" || name.ends_with(KEY)) && first(key, &["id", "ID"]).is_some()
}

/// The message that a part is about. Whose it is, is told from where its writer stands, which not all gateways turn round; an edit or a
/// deletion is its writer's own.
fn about(name: &str, key: &Value, parties: &Parties<'_>) -> Referred {
    let writer = first(key, &["participant"]).and_then(jid::alias);
    let referred = parties.referred(first(key, &["id", "ID"]), writer.as_ref());
    let is_own = name == "protocolMessage" && !parties.is_group;
    Referred { side: referred.side.or(is_own.then(|| parties.writer())), ..referred }
}

fn from_info(info: &Value, context: &mut Context, parties: &Parties<'_>) {
    if !info.is_object() {
        return;
    }
    if context.reply_to.is_none() {
        context.reply_to = quoted(info, parties);
    }
    if context.referral.is_none() {
        context.referral = referral(info);
    }
    let score = lenient::integer(&info["forwardingScore"]).unwrap_or(0);
    if context.forwarded.is_none() && (lenient::flag(&info["isForwarded"]) || score > 0) {
        context.forwarded = Some(if score >= OFTEN { Forwarded::Often } else { Forwarded::Yes });
    }
}

fn quoted(info: &Value, parties: &Parties<'_>) -> Option<Referred> {
    let id = first(info, &["stanzaId", "stanzaID", "stanza_id"])?;
    let writer = first(info, &["participant"]).and_then(jid::alias);
    let repeated = json!({ "message": info["quotedMessage"] });
    let (kind, text) = match content::said(&repeated) {
        Ok(said) => (Some(said.kind), excerpt(said.text.as_deref())),
        Err(_) => (None, None),
    };
    Some(Referred { kind, text, ..parties.referred(Some(id), writer.as_ref()) })
}

/// The advertisement: its card, or nothing but where the conversation came from.
fn referral(info: &Value) -> Option<Referral> {
    let card = &info["externalAdReply"];
    let media_type = piece(card, &["mediaType"]).and_then(|kind| match kind.to_ascii_lowercase().as_str() {
        "1" | "image" => Some("image".to_owned()),
        "2" | "video" => Some("video".to_owned()),
        _ => None,
    });
    let from_ad = piece(info, &["conversionSource", "entryPointConversionSource"])
        .filter(|source| ["ctwa_ad", "fb_ads", "ads", "ad"].contains(&source.to_ascii_lowercase().as_str()));
    let media_url = piece(card, &["mediaUrl", "mediaURL"]);
    let (image_url, video_url) = match media_type.as_deref() {
        Some("video") => (None, media_url),
        _ => (piece(card, &["originalImageUrl", "originalImageURL"]).or(media_url), None),
    };
    let referral = Referral {
        source_url: piece(card, &["sourceUrl", "sourceURL"]),
        source_id: piece(card, &["sourceId", "sourceID"]),
        source_type: piece(card, &["sourceType"]).or(from_ad),
        headline: piece(card, &["title"]),
        body: piece(card, &["body"]),
        media_type,
        image_url,
        video_url,
        thumbnail_url: piece(card, &["thumbnailUrl", "thumbnailURL"]),
        ctwa_clid: piece(card, &["ctwaClid"]).or_else(|| piece(info, &["ctwaClid"])),
        welcome_message: piece(card, &["greetingMessageBody"]),
    };
    (referral != Referral::default()).then_some(referral)
}

fn choice(name: &str, part: &Value) -> Option<Choice> {
    use ChoiceKind::{Button, Form, Poll, Row};
    let title = |names: &[&str]| piece(part, names);
    let (kind, id, title, description) = match name {
        "buttonsResponseMessage" => (
            Button,
            piece(part, &["selectedButtonId", "selectedButtonID"]),
            title(&["selectedDisplayText"]).or_else(|| piece(&part["Response"], &["SelectedDisplayText"])),
            None,
        ),
        "templateButtonReplyMessage" => {
            (Button, piece(part, &["selectedId", "selectedID"]), title(&["selectedDisplayText"]), None)
        }
        "listResponseMessage" => {
            let row = piece(&part["singleSelectReply"], &["selectedRowId", "selectedRowID"]);
            (Row, row, title(&["title"]), piece(part, &["description"]))
        }
        "interactiveResponseMessage" => {
            let flow =
                [&part["nativeFlowResponseMessage"], &part["InteractiveResponseMessage"]["NativeFlowResponseMessage"]];
            let flow = flow.into_iter().find(|flow| flow.is_object()).unwrap_or(&Value::Null);
            let kind = match first(flow, &["name"]).unwrap_or_default() {
                "single_select" | "menu_options" => Row,
                "quick_reply" | "cta_reply" | "" => Button,
                _ => Form,
            };
            let given = first(flow, &["paramsJson", "paramsJSON"]).and_then(|text| serde_json::from_str(text).ok());
            let given: Value = given.unwrap_or_default();
            let words = piece(&part["body"], &["text"]);
            let id = piece(&given, &["id", "selectedId", "selected_id"]);
            (kind, id, words.or_else(|| piece(&given, &["title", "display_text"])), piece(&given, &["description"]))
        }
        "pollUpdateMessage" => (Poll, None, options(&part["vote"]), None),
        _ => return None,
    };
    (id.is_some() || title.is_some()).then_some(Choice { kind, id, title, description })
}

/// What was voted for, where a gateway opens the vote.
pub(crate) fn options(vote: &Value) -> Option<String> {
    let options = vote["selectedOptions"].as_array()?;
    let names = options.iter().filter_map(|option| lenient::text(option).or_else(|| first(option, &["name"])));
    let names: Vec<&str> = names.collect();
    excerpt(Some(&names.join("\n")))
}

/// Which side a flag of a key means where it is told from our side.
pub(crate) fn side(from_me: &Value) -> Option<Side> {
    from_me.as_bool().map(|from_me| if from_me { Side::Out } else { Side::In })
}
