//! What a Baileys message is made of: wrappers off, the one key that matters found, its words taken.
//! Source: docs/providers.md §3.1, docs/adr/0035-what-gateways-say.md.

mod found;
mod kinds;
mod told;

use domain::message::Effect;
use serde_json::Value;

use crate::{content, lenient};
use kinds::Decision;

pub(crate) use found::texts;

/// How many wrappers are taken off, in edits as well. What lies deeper is kept and not looked into: nesting is the sender's to choose.
const DEEPEST: usize = 8;

/// The stub of a message that this device was not given. It may come later, and often never does.
const ABSENT: &str = "Message absent from node";

/// What is told of a file that shows itself once, on the phone alone.
pub(crate) const VIEW_ONCE: &str = "View once: it can be seen on the phone only";

/// What is told of a message that did not reach this device.
const PHONE_ONLY: &str = "It can be seen on the phone only";

/// Whether a message itself came, or only the news of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// It came.
    Here,
    /// It did not reach this device. It may still come under the same id, so the news of it must not take that.
    Absent,
}

/// The content of a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said<'a> {
    /// The provider-neutral kind (`text`, `image` …).
    pub(crate) kind: String,
    /// Its words.
    pub(crate) text: Option<String>,
    /// What it may do when the contact wrote it.
    pub(crate) effect: Effect,
    /// The object in which a mention or an answered message may be named.
    pub(crate) body: &'a Value,
    /// Whether it came itself.
    pub(crate) presence: Presence,
}

/// Why a message says nothing.
pub(crate) type Unsaid = &'static str;

/// Finds what a `WAMessage` says.
///
/// Errors: the reason why it says nothing: it cannot be decrypted yet (it will come again under the same id), it is about
/// another message in a way that is not kept, or it is empty.
pub(crate) fn said(message: &Value) -> Result<Said<'_>, Unsaid> {
    match inner(&message["message"], DEEPEST) {
        Err("no_content") if lenient::flag(&message["key"]["isViewOnce"]) => Ok(absent(VIEW_ONCE, message)),
        Err("no_content") if message["messageStubParameters"][0] == ABSENT => Ok(absent(PHONE_ONLY, message)),
        Err("no_content") if !message["messageStubType"].is_null() => Err("stub"),
        found => found,
    }
}

/// Finds what the object `message` of a message says.
pub(crate) fn said_in(message: &Value) -> Result<Said<'_>, Unsaid> {
    inner(message, DEEPEST)
}

/// Finds what the object `message` says: the content of a message, of a wrapper, or of an edit.
fn inner(message: &Value, deepest: usize) -> Result<Said<'_>, Unsaid> {
    let (mut inside, mut most, mut is_edit) = (message, Effect::Opens, false);
    for left in (0..=deepest).rev() {
        let (key, body) = content_of(inside).ok_or("no_content")?;
        let decision = kinds::decision(key, body);
        if let Decision::Within(effect) = decision {
            if left == 0 {
                let kind = kinds::plain(key);
                return Ok(Said { kind, text: None, effect: most, body, presence: Presence::Here });
            }
            if key.starts_with("viewOnce") && content_of(&body["message"]).is_none() {
                return Ok(absent(VIEW_ONCE, body));
            }
            if effect == Effect::Silent {
                most = Effect::Silent;
            }
            is_edit |= key == "editedMessage";
            inside = &body["message"];
            continue;
        }
        let mut said = kinds::meaning(key, body, decision, left)?;
        if is_edit && said.effect == Effect::Opens {
            said = Said { kind: "edit".to_owned(), effect: Effect::Silent, ..said };
        } else if most == Effect::Silent {
            said.effect = Effect::Silent;
        }
        return Ok(said);
    }
    Err("no_content")
}

fn absent<'a>(words: &str, body: &'a Value) -> Said<'a> {
    let (kind, text) = ("unsupported".to_owned(), Some(words.to_owned()));
    Said { kind, text, effect: Effect::Opens, body, presence: Presence::Absent }
}

/// The field that is the content of a message, and what it holds.
fn content_of(message: &Value) -> Option<(&str, &Value)> {
    let is_content = |(key, body): &(&String, &Value)| !kinds::is_beside(key) && !body.is_null() && **body != "";
    let candidates = || message.as_object().into_iter().flatten().filter(is_content);
    // What a gateway adds has any name and may come first; what WhatsApp sends is called a message, but for plain text and a few.
    let is_whatsapp_s = |(key, _): &(&String, &Value)| *key == "conversation" || kinds::is_message(key);
    let (key, body) = candidates().find(is_whatsapp_s).or_else(|| candidates().next())?;
    Some((key, body))
}

/// The words of an object `message` within another, if it has any that a person reads.
fn words_within(message: &Value, deepest: usize) -> Option<String> {
    let deeper = deepest.checked_sub(1)?;
    inner(message, deeper).ok().and_then(|said| said.text)
}

/// A finished piece of content, its words cut to what can be stored.
fn finished<'a>(kind: &str, text: Option<String>, effect: Effect, body: &'a Value) -> Said<'a> {
    let text = text.and_then(|text| content::words(&text));
    Said { kind: kind.to_owned(), text, effect, body, presence: Presence::Here }
}

#[cfg(test)]
mod tests;
