//! Reads what an agent asks to send. Every error names the field and the provider's limit. Source: docs/providers.md §2.

mod fields;
mod interactive;
mod media;
mod template;

use domain::answer::{AnswerBody, MediaKind};
use domain::message::MessageRef;
use domain::template::TemplateCall;
use runtime::Problem;
use runtime::addresses::outside;
use serde_json::Value;

use fields::{at_most, invalid, text_of};

/// The longest text, in characters.
const LONGEST_TEXT: usize = 4096;
/// An emoji of several people of several colours is 35 bytes long; nothing that is longer is one.
const LONGEST_EMOJI: usize = 64;

/// What is asked for, before anything that it names is looked up.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asked {
    pub(super) wanted: Wanted,
    /// The message of the conversation that it quotes, or that a reaction is on.
    pub(super) about: Option<MessageRef>,
    pub(super) on_window_closed: Option<Fallback>,
}

/// What to send.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Wanted {
    /// Something that names nothing else.
    Ready(AnswerBody),
    /// A template; without a language, the only one that it has.
    Template(TemplateCall),
    /// An emoji on the message that it is about.
    Reaction { emoji: String },
}

/// What to send in the place of an answer when the window is closed.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Fallback {
    /// This template.
    Template(Box<TemplateCall>),
    /// Whichever fits.
    Any,
}

/// Reads the body of a request. Without `type` it is a text, in `body`, `text`, `message` or `content`.
pub(super) fn read(body: &Value) -> Result<Asked, Problem> {
    let kind = match &body["type"] {
        Value::Null => "text",
        Value::String(kind) => kind.as_str(),
        _ => return Err(invalid("type", "type must be a string")),
    };
    let (wanted, about) = match kind {
        "text" => (Wanted::Ready(text(body)?), None),
        "template" => (Wanted::Template(template::read(&body["template"])?), None),
        "interactive" => (Wanted::Ready(AnswerBody::Interactive(interactive::read(&body["interactive"])?)), None),
        "reaction" => {
            let reaction = &body["reaction"];
            let about = reference("reaction.message_id", &reaction["message_id"])?.ok_or_else(|| {
                invalid("reaction.message_id", "reaction.message_id is required: the id of a message")
            })?;
            (Wanted::Reaction { emoji: emoji(&reaction["emoji"])? }, Some(about))
        }
        other => {
            let known = "text, image, audio, video, document, sticker, template, interactive or reaction";
            let kind = MediaKind::parse(other)
                .ok_or_else(|| invalid("type", format!("type {other} is not known: it must be {known}")))?;
            (Wanted::Ready(AnswerBody::Media(media::message(kind, &body[other])?)), None)
        }
    };
    let quoted = reference("reply_to", &body["reply_to"])?;
    if quoted.is_some() && about.is_some() {
        return Err(invalid("reply_to", "reply_to has no meaning for a reaction: it is on its message"));
    }
    Ok(Asked { on_window_closed: fallback(body, &wanted)?, about: about.or(quoted), wanted })
}

fn fallback(body: &Value, wanted: &Wanted) -> Result<Option<Fallback>, Problem> {
    let field = "on_window_closed";
    match (&body[field], wanted) {
        (Value::Null, _) => Ok(None),
        (Value::String(word), _) if word == "refuse" => Ok(None),
        (Value::String(word), Wanted::Template(_)) if word == "template" => {
            Err(invalid(field, "on_window_closed has no meaning for a template: it is sent at any time"))
        }
        (Value::String(word), Wanted::Reaction { .. }) if word == "template" => {
            Err(invalid(field, "on_window_closed: template has no meaning for a reaction"))
        }
        (Value::String(word), Wanted::Ready(_)) if word == "template" => Ok(Some(match &body["template"] {
            Value::Null => Fallback::Any,
            named => Fallback::Template(Box::new(template::read(named)?)),
        })),
        _ => Err(invalid(field, "on_window_closed must be refuse or template")),
    }
}

fn text(body: &Value) -> Result<AnswerBody, Problem> {
    let given = ["body", "text", "message", "content"].into_iter().find_map(|field| match body.get(field)? {
        Value::String(text) => Some(text.trim()),
        nested => nested.get("body")?.as_str().map(str::trim),
    });
    let text =
        given.filter(|text| !text.is_empty()).ok_or_else(|| invalid("body", "body is required: the text to send"))?;
    at_most("body", text, LONGEST_TEXT)?;
    let preview = if body["preview_url"].is_null() { &body["text"]["preview_url"] } else { &body["preview_url"] };
    let preview_url = match preview {
        Value::Null => false,
        Value::Bool(preview) => *preview,
        _ => return Err(invalid("preview_url", "preview_url must be true or false")),
    };
    // A preview is fetched by whoever makes it, which over a gateway may stand within our own network.
    if preview_url && !text.split_whitespace().filter_map(linked).all(|link| outside(&link).is_some()) {
        return Err(invalid(
            "preview_url",
            "preview_url is for links to public addresses, without a port and credentials",
        ));
    }
    Ok(AnswerBody::Text { body: text.to_owned(), preview_url })
}

/// The link in a word, if it has one.
fn linked(word: &str) -> Option<String> {
    let lower = word.to_ascii_lowercase();
    let at = lower.find("http://").map(|at| at + "http://".len());
    let at = at.or_else(|| lower.find("https://").map(|at| at + "https://".len()))?;
    Some(format!("https://{}", &word[at..]))
}

fn reference(field: &'static str, value: &Value) -> Result<Option<MessageRef>, Problem> {
    let wrong = || invalid(field, format!("{field} must be the id of a message of this conversation"));
    match value {
        Value::Null => Ok(None),
        Value::String(text) => text.parse().map(Some).map_err(|_| wrong()),
        _ => Err(wrong()),
    }
}

fn emoji(value: &Value) -> Result<String, Problem> {
    let field = "reaction.emoji";
    let emoji = text_of(field, value)?
        .ok_or_else(|| invalid(field, "reaction.emoji is required; an empty one takes the reaction back"))?;
    let is_emoji = emoji.len() <= LONGEST_EMOJI && !emoji.chars().any(|c| c.is_alphabetic() || c.is_whitespace());
    if is_emoji { Ok(emoji.to_owned()) } else { Err(invalid(field, "reaction.emoji must be one emoji")) }
}

#[cfg(test)]
mod tests;
