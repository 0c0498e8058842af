//! The bodies of `POST /{phone_number_id}/messages`. Source: docs/providers.md §2.

use domain::alias::{Alias, AliasKind};
use domain::answer::{Answer, AnswerBody, Button, Choices, Header, Interactive, Media, MediaSource, Section};
use domain::template::{ButtonValue, HeaderValue, TemplateCall, Variable};
use serde_json::{Map, Value, json};

/// An answer.
///
/// `callback` (at most 512 characters) comes back with every status of the message. A phone goes into `to`, a user id into
/// `recipient`, where only newer API versions look.
pub fn message(to: &Alias, answer: &Answer, callback: &str) -> Value {
    let (field, recipient_type) = match to.kind {
        AliasKind::Phone => ("to", "individual"),
        AliasKind::Group => ("to", "group"),
        AliasKind::Bsuid | AliasKind::Lid | AliasKind::Username => ("recipient", "individual"),
    };
    let (kind, content) = match &answer.body {
        AnswerBody::Text { body, preview_url } => ("text", json!({ "body": body, "preview_url": preview_url })),
        AnswerBody::Media(piece) => (piece.kind.as_str(), media(piece)),
        AnswerBody::Template(call) => ("template", template(call)),
        AnswerBody::Interactive(given) => ("interactive", interactive(given)),
        AnswerBody::Reaction { target, emoji } => ("reaction", json!({ "message_id": target.id, "emoji": emoji })),
    };
    let mut body = json!({
        "messaging_product": "whatsapp",
        "recipient_type": recipient_type,
        field: to.value,
        "type": kind,
        kind: content,
        "biz_opaque_callback_data": callback,
    });
    if let Some(target) = &answer.reply_to {
        body["context"] = json!({ "message_id": target.id });
    }
    body
}

/// The body that marks a message of the contact, and all before it, as read; and shows that somebody types, for 25 seconds or
/// until an answer comes.
pub fn read_mark(message_id: &str, is_typing: bool) -> Value {
    let mut body = json!({ "messaging_product": "whatsapp", "status": "read", "message_id": message_id });
    if is_typing {
        body["typing_indicator"] = json!({ "type": "text" });
    }
    body
}

fn media(media: &Media) -> Value {
    let mut body = match &media.source {
        MediaSource::Link(link) => json!({ "link": link }),
        MediaSource::Id(id) => json!({ "id": id }),
        // Whoever sends has put the provider's own id in its place; this one is refused as not known.
        MediaSource::Upload(id) => json!({ "id": id }),
    };
    if media.is_voice {
        body["voice"] = true.into();
    }
    if let Some(caption) = &media.caption {
        body["caption"] = caption.as_str().into();
    }
    if let Some(filename) = &media.filename {
        body["filename"] = filename.as_str().into();
    }
    body
}

fn interactive(interactive: &Interactive) -> Value {
    let (kind, action) = match &interactive.choices {
        Choices::Buttons(buttons) => {
            let button =
                |Button { id, title }: &Button| json!({ "type": "reply", "reply": { "id": id, "title": title } });
            ("button", json!({ "buttons": buttons.iter().map(button).collect::<Vec<_>>() }))
        }
        Choices::List { button, sections } => {
            ("list", json!({ "button": button, "sections": sections.iter().map(section).collect::<Vec<_>>() }))
        }
    };
    let mut body = json!({ "type": kind, "body": { "text": interactive.text }, "action": action });
    match &interactive.header {
        None => {}
        Some(Header::Text(text)) => body["header"] = json!({ "type": "text", "text": text }),
        Some(Header::Media(piece)) => {
            body["header"] = json!({ "type": piece.kind.as_str(), piece.kind.as_str(): media(piece) });
        }
    }
    if let Some(footer) = &interactive.footer {
        body["footer"] = json!({ "text": footer });
    }
    body
}

fn section(section: &Section) -> Value {
    let rows: Vec<Value> = section
        .rows
        .iter()
        .map(|row| {
            let mut body = json!({ "id": row.id, "title": row.title });
            if let Some(description) = &row.description {
                body["description"] = description.as_str().into();
            }
            body
        })
        .collect();
    let mut body = json!({ "rows": rows });
    if let Some(title) = &section.title {
        body["title"] = title.as_str().into();
    }
    body
}

fn template(call: &TemplateCall) -> Value {
    let mut components = Vec::new();
    match &call.header {
        None => {}
        Some(HeaderValue::Text(values)) if values.is_empty() => {}
        Some(HeaderValue::Text(values)) => {
            components.push(json!({ "type": "header", "parameters": texts(values) }));
        }
        Some(HeaderValue::Media(piece)) => {
            let kind = piece.kind.as_str();
            components.push(json!({ "type": "header", "parameters": [{ "type": kind, kind: media(piece) }] }));
        }
    }
    if !call.body.is_empty() {
        components.push(json!({ "type": "body", "parameters": texts(&call.body) }));
    }
    components.extend(call.buttons.iter().map(button));
    let mut body = json!({ "name": call.name, "language": { "code": call.language } });
    if !components.is_empty() {
        body["components"] = components.into();
    }
    body
}

fn texts(values: &[Variable]) -> Vec<Value> {
    let text = |value: &Variable| {
        let mut body = json!({ "type": "text", "text": value.text });
        if let Some(name) = &value.name {
            body["parameter_name"] = name.as_str().into();
        }
        body
    };
    values.iter().map(text).collect()
}

fn button(value: &ButtonValue) -> Value {
    let mut parameter = Map::new();
    let (kind, member) = match value.kind.as_str() {
        "quick_reply" => ("payload", "payload"),
        "copy_code" => ("coupon_code", "coupon_code"),
        _ => ("text", "text"),
    };
    parameter.insert("type".to_owned(), kind.into());
    parameter.insert(member.to_owned(), value.text.as_str().into());
    // Meta's own examples write the index as a string.
    json!({ "type": "button", "sub_type": value.kind, "index": value.index.to_string(), "parameters": [parameter] })
}

#[cfg(test)]
mod tests;
