//! What a GOWA event refers to. Source: the project's docs/webhook-payload.md.

use domain::context::{Choice, ChoiceKind, Context, Forwarded, Referred};
use serde_json::Value;

use super::identity;
use crate::about::{Parties, excerpt, first, piece};
use crate::baileys::{self, jid};
use crate::lenient;

/// What an event refers to.
pub(crate) fn of(payload: &Value, parties: &Parties<'_>) -> Context {
    let forwarded = lenient::flag(&payload["forwarded"]).then_some(Forwarded::Yes);
    // Some versions give WhatsApp's own message along, in whatsmeow's spelling.
    let engine = baileys::about::of(&payload["message"], &[payload], parties);
    Context {
        reply_to: quoted(payload, parties).or(engine.reply_to),
        about: about(payload, parties).or(engine.about),
        referral: engine.referral,
        choice: choice(payload).or(engine.choice),
        forwarded: engine.forwarded.or(forwarded),
        ..Context::default()
    }
}

fn quoted(payload: &Value, parties: &Parties<'_>) -> Option<Referred> {
    let id = first(payload, &["replied_to_id", "replied_id", "quoted_message_id"]);
    let text = excerpt(first(payload, &["quoted_body", "quoted_message"]));
    let writer = first(payload, &["quoted_from", "quoted_participant"]).and_then(jid::alias);
    (id.is_some() || text.is_some()).then(|| Referred { text, ..parties.referred(id, writer.as_ref()) })
}

fn about(payload: &Value, parties: &Parties<'_>) -> Option<Referred> {
    if let Some(id) = first(payload, &["reacted_message_id"]) {
        return Some(parties.referred(Some(id), None));
    }
    if let Some(id) = first(payload, &["revoked_message_id", "deleted_message_id"]) {
        let told = &payload["revoked_from_me"];
        let side = baileys::about::side(told).or(baileys::about::side(&payload["was_from_me"]));
        return Some(Referred { side: side.or(Some(parties.writer())), ..parties.referred(Some(id), None) });
    }
    let id = first(payload, &["original_message_id"])?;
    let writer = identity::participant(payload);
    Some(Referred { side: Some(parties.writer()), ..parties.referred(Some(id), writer.as_ref()) })
}

fn choice(payload: &Value) -> Option<Choice> {
    let list = &payload["list_response"];
    let id = piece(&list["singleSelectReply"], &["selectedRowID", "selectedRowId"]);
    let title = piece(list, &["title"]);
    (id.is_some() || title.is_some()).then(|| Choice {
        kind: ChoiceKind::Row,
        id,
        title,
        description: piece(list, &["description"]),
    })
}
