//! baileys-api. Source: fazer-ai/baileys-api, `src/controllers/connections/index.ts` and `types.ts`.

use domain::alias::Alias;
use domain::answer::{Answer, AnswerBody, Media, MediaKind, MediaSource, Target};
use domain::ids::ProviderMessageId;
use serde_json::{Value, json};

use super::{Attached, Call, Place, Unsupported, jid, key, segment};

/// `session` is the phone number of the connection, with its plus.
pub(super) fn message(
    session: &str,
    to: &Alias,
    answer: &Answer,
    file: Option<Attached<'_>>,
    reference: &str,
) -> Result<Call, Unsupported> {
    if answer.reply_to.is_some() {
        return Err(Unsupported("quotes"));
    }
    let (content, place) = match &answer.body {
        AnswerBody::Text { body, .. } => (json!({ "text": body }), None),
        AnswerBody::Reaction { target, emoji } => (json!({ "react": { "key": key(to, target), "text": emoji } }), None),
        AnswerBody::Media(media) => with_media(media, file)?,
        AnswerBody::Template(_) => return Err(Unsupported("templates")),
        AnswerBody::Interactive(_) => return Err(Unsupported("buttons and lists")),
    };
    // It remembers this key, and answers a repetition with what the first came to.
    let body = json!({ "jid": jid(to), "messageContent": content, "chatwootMessageId": reference });
    Ok(Call { file: place, ..call("POST", session, "send-message", body) })
}

/// It takes the bytes themselves, in the request.
fn with_media(media: &Media, file: Option<Attached<'_>>) -> Result<(Value, Option<Place>), Unsupported> {
    let (MediaSource::Upload(_), Some(file)) = (&media.source, file) else { return Err(Unsupported("media by link")) };
    let (mut content, place) = match media.kind {
        MediaKind::Image => (json!({ "image": "" }), "/messageContent/image"),
        MediaKind::Video => (json!({ "video": "" }), "/messageContent/video"),
        // What is recorded as WhatsApp records it is shown as spoken.
        MediaKind::Audio => (json!({ "audio": "", "ptt": file.media_type == "audio/ogg" }), "/messageContent/audio"),
        MediaKind::Document => (json!({ "document": "", "fileName": file.name }), "/messageContent/document"),
        MediaKind::Sticker => return Err(Unsupported("stickers")),
    };
    content["mimetype"] = file.media_type.into();
    if let Some(caption) = &media.caption {
        content["caption"] = caption.as_str().into();
    }
    Ok((content, Some(Place::Base64(place))))
}

pub(super) fn read(session: &str, to: &Alias, id: &ProviderMessageId) -> Call {
    let key = key(to, &Target { id: id.clone(), is_ours: false });
    call("POST", session, "read-messages", json!({ "keys": [key] }))
}

pub(super) fn typing(session: &str, to: &Alias) -> Call {
    call("PATCH", session, "presence", json!({ "type": "composing", "toJid": jid(to) }))
}

fn call(method: &'static str, session: &str, what: &str, body: Value) -> Call {
    Call { method, path: format!("/connections/{}/{what}", segment(session)), body, file: None }
}
