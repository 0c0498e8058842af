//! GOWA. Source: aldinokemal/go-whatsapp-web-multidevice, `docs/openapi.yaml`.

use domain::alias::Alias;
use domain::answer::{Answer, AnswerBody, Media, MediaKind, MediaSource};
use domain::ids::ProviderMessageId;
use serde_json::{Value, json};

use super::{Call, Unsupported, bare, jid, segment};

pub(super) fn message(to: &Alias, answer: &Answer) -> Result<Call, Unsupported> {
    let (path, mut body) = match &answer.body {
        AnswerBody::Text { body, .. } => ("/send/message".to_owned(), json!({ "message": body })),
        AnswerBody::Media(media) => with_media(media)?,
        AnswerBody::Reaction { target, emoji } => {
            (format!("/message/{}/reaction", segment(bare(&target.id).0)), json!({ "emoji": emoji }))
        }
        AnswerBody::Template(_) => return Err(Unsupported("templates")),
        AnswerBody::Interactive(_) => return Err(Unsupported("buttons and lists")),
    };
    body["phone"] = jid(to).into();
    if let Some(target) = &answer.reply_to {
        body["reply_message_id"] = bare(&target.id).0.into();
    }
    Ok(Call { method: "POST", path, body })
}

fn with_media(media: &Media) -> Result<(String, Value), Unsupported> {
    let MediaSource::Link(link) = &media.source else { return Err(Unsupported("media by id")) };
    let kind = media.kind.as_str();
    let mut body = match media.kind {
        MediaKind::Image | MediaKind::Video | MediaKind::Audio => json!({ format!("{kind}_url"): link }),
        MediaKind::Document => return Err(Unsupported("documents by link")),
        MediaKind::Sticker => return Err(Unsupported("stickers")),
    };
    if let Some(caption) = &media.caption {
        body["caption"] = caption.as_str().into();
    }
    Ok((format!("/send/{kind}"), body))
}

pub(super) fn read(to: &Alias, id: &ProviderMessageId) -> Call {
    let path = format!("/message/{}/read", segment(bare(id).0));
    Call { method: "POST", path, body: json!({ "phone": jid(to) }) }
}

pub(super) fn typing(to: &Alias) -> Call {
    Call {
        method: "POST",
        path: "/send/chat-presence".to_owned(),
        body: json!({ "phone": jid(to), "action": "start" }),
    }
}
