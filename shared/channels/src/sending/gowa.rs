//! GOWA. Source: aldinokemal/go-whatsapp-web-multidevice, `docs/openapi.yaml`.

use domain::alias::Alias;
use domain::answer::{Answer, AnswerBody, Media, MediaKind, MediaSource};
use domain::ids::ProviderMessageId;
use serde_json::{Value, json};

use super::{Attached, Call, Place, Unsupported, bare, jid, segment};

pub(super) fn message(to: &Alias, answer: &Answer, file: Option<Attached<'_>>) -> Result<Call, Unsupported> {
    let (path, mut body, place) = match &answer.body {
        AnswerBody::Text { body, .. } => ("/send/message".to_owned(), json!({ "message": body }), None),
        AnswerBody::Media(media) => with_media(media, file)?,
        AnswerBody::Reaction { target, emoji } => {
            (format!("/message/{}/reaction", segment(bare(&target.id).0)), json!({ "emoji": emoji }), None)
        }
        AnswerBody::Template(_) => return Err(Unsupported("templates")),
        AnswerBody::Interactive(_) => return Err(Unsupported("buttons and lists")),
    };
    body["phone"] = jid(to).into();
    if let Some(target) = &answer.reply_to {
        body["reply_message_id"] = bare(&target.id).0.into();
    }
    Ok(Call { method: "POST", path, body, file: place })
}

fn with_media(media: &Media, file: Option<Attached<'_>>) -> Result<(String, Value, Option<Place>), Unsupported> {
    // What a document is called at GOWA.
    let kind = if media.kind == MediaKind::Document { "file" } else { media.kind.as_str() };
    let (mut body, place) = match (&media.source, media.kind, file) {
        (_, MediaKind::Sticker, _) => return Err(Unsupported("stickers")),
        (MediaSource::Upload(_), _, Some(_)) => (json!({}), Some(Place::Part(kind))),
        (MediaSource::Link(_), MediaKind::Document, _) => return Err(Unsupported("documents by link")),
        (MediaSource::Link(link), ..) => (json!({ format!("{kind}_url"): link }), None),
        _ => return Err(Unsupported("media by id")),
    };
    if let Some(caption) = &media.caption {
        body["caption"] = caption.as_str().into();
    }
    Ok((format!("/send/{kind}"), body, place))
}

pub(super) fn read(to: &Alias, id: &ProviderMessageId) -> Call {
    let path = format!("/message/{}/read", segment(bare(id).0));
    Call { method: "POST", path, body: json!({ "phone": jid(to) }), file: None }
}

pub(super) fn typing(to: &Alias) -> Call {
    Call {
        method: "POST",
        path: "/send/chat-presence".to_owned(),
        body: json!({ "phone": jid(to), "action": "start" }),
        file: None,
    }
}
