//! What a message refers to: another message, an advertisement, what was offered to choose from, a call.
//!
//! A provider names another message by its own id and knows nothing of ours; which of ours it is, is found when it is shown. Source:
//! docs/adr/0036-what-a-message-is-about.md.

use serde::{Deserialize, Serialize};

use crate::answer::{Answer, AnswerBody, Target};
use crate::call::Call;
use crate::ids::ProviderMessageId;
use crate::message::{Content, Direction, ECHO, Message};

/// What a message refers to. Small: it is stored with the message, and most messages have none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    /// The message that it answers.
    #[serde(default, rename = "re", skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Referred>,
    /// The message that it reacts to, edits, deletes, or votes in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<Referred>,
    /// The advertisement or post that its writer came from.
    #[serde(default, rename = "ad", skip_serializing_if = "Option::is_none")]
    pub referral: Option<Referral>,
    /// What its writer chose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<Choice>,
    /// Whether somebody else's words were passed on.
    #[serde(default, rename = "fwd", skip_serializing_if = "Option::is_none")]
    pub forwarded: Option<Forwarded>,
    /// The product of a catalogue that it asks about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<Product>,
    /// The call that it tells of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Call>,
}

/// Another message, as a provider names it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referred {
    /// The provider's id of it; absent where a gateway repeats its words alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ProviderMessageId>,
    /// Who wrote it in a group, where two writers may choose the same id.
    #[serde(default, rename = "by", skip_serializing_if = "Option::is_none")]
    pub writer: Option<String>,
    /// Which side wrote it, where the provider says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<Side>,
    /// Its kind, where the provider repeats it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The beginning of its words, where the provider repeats them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Which side wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The contact.
    In,
    /// Ours.
    Out,
}

impl Side {
    /// The name in the API, as of a message's direction.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }

    /// Who wrote a message that is stored.
    pub fn of(message: &Message) -> Self {
        if matches!(message.direction, Direction::In) { Self::In } else { Self::Out }
    }
}

/// An advertisement or post with a button that leads into the conversation, in the provider's words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the provider's own: whatsapp.md §1.5")]
pub struct Referral {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headline: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnail_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ctwa_clid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub welcome_message: Option<String>,
}

/// What somebody chose of what was offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// Of what it was chosen.
    pub kind: ChoiceKind,
    /// What whoever offered it calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What stands below that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// Of what something was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChoiceKind {
    /// A button, of a message or of a template.
    Button,
    /// A row of a list.
    Row,
    /// A form that was filled in.
    Form,
    /// Options of a poll.
    Poll,
}

impl ChoiceKind {
    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Button => "button",
            Self::Row => "row",
            Self::Form => "form",
            Self::Poll => "poll",
        }
    }
}

/// How often words were passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Forwarded {
    /// A few times.
    Yes,
    /// More than five times.
    Often,
}

impl Forwarded {
    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::Often => "often",
        }
    }
}

/// A product of a catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// The catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog_id: Option<String>,
    /// The product, as its seller calls it.
    pub id: String,
}

impl Context {
    /// The same, unless it says nothing.
    pub fn unless_empty(self) -> Option<Box<Self>> {
        (self != Self::default()).then(|| Box::new(self))
    }

    /// What a message refers to. An answer of ours says it in what it is made of, and nowhere twice.
    pub fn of(message: &Message) -> Option<Box<Self>> {
        match (&message.content.context, &message.direction) {
            (Some(context), _) => Some(context.clone()),
            (None, Direction::Out { .. }) if !message.reference.id.starts_with(ECHO) => {
                Self::of_answer(&message.content)
            }
            (None, _) => None,
        }
    }

    fn of_answer(content: &Content) -> Option<Box<Self>> {
        content.raw.as_ref()?;
        let answer = Answer::of(content).ok()?;
        let about = match answer.body {
            AnswerBody::Reaction { target, .. } => Some(target.into()),
            _ => None,
        };
        Self { reply_to: answer.reply_to.map(Referred::from), about, ..Self::default() }.unless_empty()
    }

    /// The messages that it names.
    pub fn referred(&self) -> impl Iterator<Item = &Referred> {
        self.reply_to.iter().chain(&self.about)
    }
}

impl Referred {
    /// A message of which no more than its id is known.
    pub fn new(id: &str) -> Self {
        Self { id: Some(ProviderMessageId::new(id)), ..Self::default() }
    }

    /// What the provider's id of the message is where that is stored: in a group with its writer.
    pub fn names(&self) -> Vec<ProviderMessageId> {
        let Some(id) = &self.id else { return Vec::new() };
        let in_group = self.writer.as_ref().map(|writer| ProviderMessageId::new(&format!("{id}.{writer}")));
        in_group.into_iter().chain([id.clone()]).collect()
    }

    /// Whether a message that is stored is the one that is meant.
    pub fn means(&self, message: &Message) -> bool {
        let (Some(id), Some(named)) = (&message.provider_id, &self.id) else { return false };
        let of_somebody = || id.as_str().strip_prefix(named.as_str()).is_some_and(|writer| writer.starts_with('.'));
        self.names().contains(id) || (self.writer.is_none() && of_somebody())
    }
}

impl From<Target> for Referred {
    fn from(target: Target) -> Self {
        let side = if target.is_ours { Side::Out } else { Side::In };
        Self { id: Some(target.id), side: Some(side), ..Self::default() }
    }
}

#[cfg(test)]
mod tests;
