//! What a WAHA message refers to: WAHA's own fields first, then the engine's message (`_data`). Source:
//! waha.devlike.pro/docs/how-to/receive-messages and `…/events`; for WEBJS the fields of whatsapp-web.js' `Message._data`.

use domain::context::{Choice, ChoiceKind, Context, Forwarded, Referral, Referred, Side};
use serde_json::Value;

use super::identity;
use crate::about::{Parties, excerpt, first, piece};
use crate::baileys::{self, jid};
use crate::lenient;

/// What an event refers to.
pub(crate) fn of(event: &str, payload: &Value, parties: &Parties<'_>) -> Context {
    let data = &payload["_data"];
    let inner = if data["message"].is_object() { &data["message"] } else { &data["Message"] };
    let mut context = baileys::about::of(inner, &[data, payload], parties);
    of_browser(data, &mut context, parties);
    if let Some(quoted) = quoted(&payload["replyTo"], parties) {
        context.reply_to = Some(joined(quoted, context.reply_to.take()));
    }
    let named = match event {
        "message.reaction" => (&payload["reaction"]["messageId"], None),
        "message.edited" => (&payload["editedMessageId"], Some(parties.writer())),
        "message.revoked" => {
            let before = if payload["before"].is_object() { &payload["before"]["id"] } else { &payload["after"]["id"] };
            let named = &payload["revokedMessageId"];
            (if named.is_null() { before } else { named }, Some(parties.writer()))
        }
        "poll.vote" => (&payload["poll"]["id"], None),
        "event.response" => (&payload["eventCreationKey"]["id"], None),
        _ => (&Value::Null, None),
    };
    if let Some(about) = by_id(named.0, None, parties) {
        context.about = Some(Referred { side: about.side.or(named.1), ..about });
    }
    if event == "poll.vote"
        && let Some(title) = baileys::about::options(&payload["vote"])
    {
        context.choice = Some(Choice { kind: ChoiceKind::Poll, id: None, title: Some(title), description: None });
    }
    context
}

fn quoted(reply: &Value, parties: &Parties<'_>) -> Option<Referred> {
    let text = excerpt(first(reply, &["body"]));
    let referred = by_id(&reply["id"], first(reply, &["participant"]), parties);
    match (referred, text) {
        (None, None) => None,
        (referred, text) => Some(Referred { text, ..referred.unwrap_or_default() }),
    }
}

/// What WAHA tells, and of the rest what its engine does.
fn joined(told: Referred, engine: Option<Referred>) -> Referred {
    let engine = engine.unwrap_or_default();
    Referred {
        id: told.id.or(engine.id),
        writer: told.writer.or(engine.writer),
        side: told.side.or(engine.side),
        kind: told.kind.or(engine.kind),
        text: told.text.or(engine.text),
    }
}

/// Another message by its id: bare, with its side and chat, or an object of these.
fn by_id(id: &Value, writer: Option<&str>, parties: &Parties<'_>) -> Option<Referred> {
    let text = lenient::text(id).or_else(|| first(id, &["_serialized", "id"]))?;
    let Some(parts) = identity::message_id(text) else {
        return Some(parties.referred(Some(text), writer.and_then(jid::alias).as_ref()));
    };
    let writer = writer.or(parts.participant).and_then(jid::alias);
    let side = if parts.from_me { Side::Out } else { Side::In };
    Some(Referred { side: Some(side), ..parties.referred(Some(parts.id), writer.as_ref()) })
}

/// What the engine of a browser calls the same.
fn of_browser(data: &Value, context: &mut Context, parties: &Parties<'_>) {
    if let Some(id) = first(data, &["quotedStanzaID"]) {
        let writer = &data["quotedParticipant"];
        let writer = lenient::text(writer).or_else(|| first(writer, &["_serialized"])).and_then(jid::alias);
        let repeated = &data["quotedMsg"];
        let kind = first(repeated, &["type"]).map(|kind| if kind == "chat" { "text" } else { kind }.to_owned());
        let text = excerpt(first(repeated, &["caption", "body"]));
        context.reply_to.get_or_insert(Referred { kind, text, ..parties.referred(Some(id), writer.as_ref()) });
    }
    let card = &data["ctwaContext"];
    if card.is_object() && context.referral.is_none() {
        let referral = Referral {
            source_url: piece(card, &["sourceUrl"]),
            source_id: piece(card, &["sourceId"]),
            source_type: piece(card, &["sourceType", "conversionSource"]),
            headline: piece(card, &["title"]),
            body: piece(card, &["description", "body"]),
            thumbnail_url: piece(card, &["thumbnailUrl"]),
            ctwa_clid: piece(card, &["ctwaClid"]),
            ..Referral::default()
        };
        context.referral = (referral != Referral::default()).then_some(referral);
    }
    if lenient::flag(&data["isForwarded"]) && context.forwarded.is_none() {
        let often = lenient::integer(&data["forwardingScore"]).is_some_and(|score| score >= 5);
        context.forwarded = Some(if often { Forwarded::Often } else { Forwarded::Yes });
    }
    let list = &data["listResponse"];
    let row = piece(&list["singleSelectReply"], &["selectedRowId"]).or_else(|| piece(data, &["selectedRowId"]));
    let button = piece(data, &["selectedButtonId", "selectedId"]);
    if context.choice.is_none() && (row.is_some() || button.is_some()) {
        let kind = if row.is_some() { ChoiceKind::Row } else { ChoiceKind::Button };
        let title = piece(list, &["title"]).or_else(|| piece(data, &["body"]));
        let description = piece(list, &["description"]);
        context.choice = Some(Choice { kind, id: row.or(button), title, description });
    }
}
