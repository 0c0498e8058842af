//! Evolution API, version 2. Source: its documentation of `/message/send…/{instance}` and `/chat/…/{instance}`.

use domain::alias::{Alias, AliasKind};
use domain::answer::{Answer, AnswerBody, Media, MediaKind, MediaSource, Target};
use domain::ids::ProviderMessageId;
use serde_json::{Value, json};

use super::{Attached, Call, Place, Unsupported, bare, jid, key, segment};

pub(super) fn message(
    session: &str,
    to: &Alias,
    answer: &Answer,
    file: Option<Attached<'_>>,
) -> Result<Call, Unsupported> {
    let (what, mut body, place) = match &answer.body {
        AnswerBody::Text { body, preview_url } => {
            ("sendText", json!({ "number": number(to), "text": body, "linkPreview": preview_url }), None)
        }
        AnswerBody::Media(media) => with_media(to, media, file)?,
        AnswerBody::Reaction { target, emoji } => {
            ("sendReaction", json!({ "key": key(to, target), "reaction": emoji }), None)
        }
        AnswerBody::Template(_) => return Err(Unsupported("templates")),
        AnswerBody::Interactive(_) => return Err(Unsupported("buttons and lists")),
    };
    if let Some(target) = &answer.reply_to {
        body["quoted"] = json!({ "key": { "id": bare(&target.id).0 } });
    }
    Ok(Call { file: place, ..call(session, "message", what, body) })
}

/// It takes a URL or pure Base64 in the same place; the latter with its type, since no name or answer tells it.
fn with_media(
    to: &Alias,
    media: &Media,
    file: Option<Attached<'_>>,
) -> Result<(&'static str, Value, Option<Place>), Unsupported> {
    let (link, file) = match (&media.source, file) {
        (MediaSource::Link(link), _) => (link.as_str(), None),
        (MediaSource::Upload(_), Some(file)) => ("", Some(file)),
        _ => return Err(Unsupported("media by id")),
    };
    let at = |place: &'static str| file.map(|_| Place::Base64(place));
    Ok(match media.kind {
        MediaKind::Audio => ("sendWhatsAppAudio", json!({ "number": number(to), "audio": link }), at("/audio")),
        MediaKind::Sticker => ("sendSticker", json!({ "number": number(to), "sticker": link }), at("/sticker")),
        kind @ (MediaKind::Image | MediaKind::Video | MediaKind::Document) => {
            let mut body = json!({ "number": number(to), "mediatype": kind.as_str(), "media": link });
            if let Some(caption) = &media.caption {
                body["caption"] = caption.as_str().into();
            }
            if let Some(file) = file {
                body["mimetype"] = file.media_type.into();
                body["fileName"] = file.name.into();
            }
            if let Some(filename) = &media.filename {
                body["fileName"] = filename.as_str().into();
            }
            ("sendMedia", body, at("/media"))
        }
    })
}

pub(super) fn read(session: &str, to: &Alias, id: &ProviderMessageId) -> Call {
    let key = key(to, &Target { id: id.clone(), is_ours: false });
    call(session, "chat", "markMessageAsRead", json!({ "readMessages": [key] }))
}

pub(super) fn typing(session: &str, to: &Alias) -> Call {
    // It answers when the time is over, so the time is short.
    let body = json!({ "number": number(to), "presence": "composing", "delay": 3000 });
    call(session, "chat", "sendPresence", body)
}

/// It takes digits for a person, and the whole identity for anything else.
fn number(to: &Alias) -> String {
    if to.kind == AliasKind::Phone { to.value.clone() } else { jid(to) }
}

fn call(session: &str, area: &str, what: &str, body: Value) -> Call {
    Call { method: "POST", path: format!("/{area}/{what}/{}", segment(session)), body, file: None }
}
