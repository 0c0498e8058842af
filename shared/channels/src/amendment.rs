//! An edit or a deletion that is told by an event of its own, not by a message.
//!
//! Who tells it gets wrong who did it and where: in a private chat the event may name our own number and our own side though the contact
//! edited. Only the id of the message that it is about is sure. Sources: EvolutionAPI/evolution-api#1367, #1647, where
//! `messages.edited` carries the key as its writer's phone sees it.

use domain::alias::Alias;
use domain::context::{Context, Referred};
use domain::ids::ProviderMessageId;
use domain::message::{Content, Effect, InboundMessage, Sender};
use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::baileys::identity::Chat;
use crate::observation::Observation;
use crate::{content as limits, gateway, lenient, moment};

/// How far the person and the side can be believed that an event names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// Where nobody knows the message, they are taken as they are named.
    Sure,
    /// Some versions fill them wrongly: nobody is made a contact by them.
    Doubtful,
}

/// An edit or a deletion told by an event of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amendment {
    /// The message that it is about, as its provider names it. It decides whose conversation it belongs to, and whose side.
    pub original: ProviderMessageId,
    /// What the event says of it, as it is stored. Its sender may have no alias, and then nobody is named who could be meant.
    pub message: InboundMessage,
    /// Whether whoever it names is to be believed where nobody knows the message.
    pub naming: Naming,
}

/// What an event tells of a message.
#[derive(Debug)]
pub(crate) struct Told<'a> {
    /// `edit` or `revoke`.
    pub(crate) kind: &'static str,
    /// The message's new words.
    pub(crate) text: Option<String>,
    /// The message's id, as its provider names it.
    pub(crate) original: &'a str,
    /// The event's own id, where it has one.
    pub(crate) id: Option<&'a str>,
    /// The chat that the event names.
    pub(crate) chat: Chat,
    /// Whether the event says that our own side wrote the message.
    pub(crate) from_me: bool,
    /// When, by the provider's clock.
    pub(crate) at: Option<Timestamp>,
    /// The whole event.
    pub(crate) whole: &'a Value,
}

impl Told<'_> {
    /// What is to be done with it. `own` are the identities of our own side: an event in whose chat they alone stand names nobody.
    pub(crate) fn observation(self, own: &[Alias]) -> Observation {
        let (aliases, is_group) = match self.chat {
            Chat::Nobody => return Observation::nothing("broadcast"),
            Chat::Group(group) => (vec![group], true),
            Chat::Person(aliases) => {
                let others = aliases.into_iter().filter(|alias| !gateway::is_one_of(alias, own));
                (others.collect(), false)
            }
            Chat::Unknown => (Vec::new(), false),
        };
        // The id of its own, or else one that it has again when it comes again.
        let apart = || match (self.at, &self.text) {
            (Some(at), _) => at.as_millisecond().to_string(),
            (None, Some(text)) => hex::encode(&Sha256::digest(text)[..8]),
            (None, None) => String::new(),
        };
        let apart = self.id.map_or_else(apart, str::to_owned);
        let text = self.text.and_then(|text| limits::words(&text));
        Observation::Amendment(Amendment {
            original: ProviderMessageId::new(self.original),
            message: InboundMessage {
                provider_id: ProviderMessageId::new(&format!("{}.{}.{apart}", self.kind, self.original)),
                sent_at: self.at.unwrap_or(moment::UNKNOWN),
                sender: Sender { aliases, name: None, is_group },
                content: Content {
                    kind: self.kind.to_owned(),
                    text,
                    raw: Some(limits::raw(self.whole)),
                    media: None,
                    context: Some(Box::new(Context {
                        about: Some(Referred::new(self.original)),
                        ..Context::default()
                    })),
                },
                from_contact: !self.from_me,
                effect: Effect::Silent,
            },
            naming: Naming::Doubtful,
        })
    }
}

/// An event of a gateway that names rightly who wrote, where it says which message it is about.
pub(crate) fn sure(original: Option<&str>, observation: Observation) -> Observation {
    match (original, observation) {
        (Some(original), Observation::Message(message)) => {
            let original = ProviderMessageId::new(original);
            Observation::Amendment(Amendment { original, message, naming: Naming::Sure })
        }
        (_, other) => other,
    }
}

/// The id that an event gives a message under any of these names.
pub(crate) fn id<'a>(values: &[&'a Value]) -> Option<&'a str> {
    values.iter().find_map(|value| lenient::text(value))
}
