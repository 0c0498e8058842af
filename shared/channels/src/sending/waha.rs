//! WAHA. Source: its documentation, "Send messages", "Presence" and "Chats".

use domain::alias::{Alias, AliasKind};
use domain::answer::{Answer, AnswerBody, Media, MediaKind, MediaSource, Target};
use serde_json::{Value, json};

use super::{Attached, Call, Place, Unsupported, bare, jid};
use crate::lenient;

pub(super) fn message(
    session: &str,
    to: &Alias,
    answer: &Answer,
    file: Option<Attached<'_>>,
) -> Result<Call, Unsupported> {
    let (what, mut body, place) = match &answer.body {
        AnswerBody::Text { body, preview_url } => {
            ("sendText", json!({ "text": body, "linkPreview": preview_url }), None)
        }
        AnswerBody::Media(media) => with_media(media, file)?,
        AnswerBody::Reaction { target, emoji } => {
            let body = json!({ "session": session, "messageId": message_id(to, target), "reaction": emoji });
            return Ok(Call { method: "PUT", path: "/api/reaction".to_owned(), body, file: None });
        }
        AnswerBody::Template(_) => return Err(Unsupported("templates")),
        AnswerBody::Interactive(_) => return Err(Unsupported("buttons and lists")),
    };
    body["session"] = session.into();
    body["chatId"] = chat(to).into();
    if let Some(target) = &answer.reply_to {
        body["reply_to"] = message_id(to, target).into();
    }
    Ok(Call { method: "POST", path: format!("/api/{what}"), body, file: place })
}

fn with_media(
    media: &Media,
    attached: Option<Attached<'_>>,
) -> Result<(&'static str, Value, Option<Place>), Unsupported> {
    let (mut file, place) = match (&media.source, attached) {
        (MediaSource::Link(link), _) => (json!({ "url": link }), None),
        (MediaSource::Upload(_), Some(attached)) => {
            let Attached { media_type, name } = attached;
            (json!({ "mimetype": media_type, "filename": name, "data": "" }), Some(Place::Base64("/file/data")))
        }
        _ => return Err(Unsupported("media by id")),
    };
    if let Some(filename) = &media.filename {
        file["filename"] = filename.as_str().into();
    }
    let mut body = json!({ "file": file });
    if let Some(caption) = &media.caption {
        body["caption"] = caption.as_str().into();
    }
    match media.kind {
        MediaKind::Image => Ok(("sendImage", body, place)),
        MediaKind::Video => Ok(("sendVideo", body, place)),
        MediaKind::Audio => Ok(("sendVoice", body, place)),
        MediaKind::Document => Ok(("sendFile", body, place)),
        MediaKind::Sticker => Err(Unsupported("stickers")),
    }
}

pub(super) fn read(session: &str, to: &Alias) -> Call {
    call("sendSeen", session, to)
}

pub(super) fn typing(session: &str, to: &Alias) -> Call {
    call("startTyping", session, to)
}

fn call(what: &str, session: &str, to: &Alias) -> Call {
    Call {
        method: "POST",
        path: format!("/api/{what}"),
        body: json!({ "session": session, "chatId": chat(to) }),
        file: None,
    }
}

/// The id that its engines give a sent message: a text, or an object with one; the last part is the message's own.
pub(super) fn id(body: &Value) -> Option<&str> {
    let places = [&body["key"]["id"], &body["id"]["id"], &body["id"]["_serialized"], &body["id"]];
    let id = places.into_iter().find_map(lenient::text)?;
    Some(serialized(id).unwrap_or(id))
}

/// The third part of `true_77079861373@c.us_3EB0`, behind which a group's writer may stand.
fn serialized(id: &str) -> Option<&str> {
    let mut parts = id.split('_');
    matches!(parts.next(), Some("true" | "false")).then(|| parts.nth(1))?
}

fn message_id(to: &Alias, target: &Target) -> String {
    let (id, participant) = bare(&target.id);
    let base = format!("{}_{}_{id}", target.is_ours, chat(to));
    match participant {
        Some(participant) => format!("{base}_{participant}@c.us"),
        None => base,
    }
}

/// WAHA writes a person's number with a server of its own.
fn chat(to: &Alias) -> String {
    if to.kind == AliasKind::Phone { format!("{}@c.us", to.value) } else { jid(to) }
}
