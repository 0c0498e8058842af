//! The messages to which those of a page refer, as far as they were found.

use domain::context::{Context, Referred};
use domain::message::Message;

/// Messages among which those are looked for that others refer to.
#[derive(Debug, Clone, Copy, Default)]
pub struct References<'a> {
    shown: &'a [Message],
    found: &'a [Message],
}

impl<'a> References<'a> {
    /// Those of a page, and those that were found beside it.
    pub fn among(shown: &'a [Message], found: &'a [Message]) -> Self {
        Self { shown, found }
    }

    /// The message that another refers to; nothing where it was not found.
    pub fn find(&self, message: &Message, referred: &Referred) -> Option<&'a Message> {
        let (shown, found) = (self.shown, self.found);
        let is_meant = |candidate: &&Message| {
            candidate.reference != message.reference
                && candidate.reference.conversation == message.reference.conversation
                && referred.means(candidate)
        };
        let in_its_own = shown.iter().chain(found).find(is_meant);
        // A person that was several contacts has several conversations, and may answer in one what was said in another.
        in_its_own.or_else(|| {
            shown
                .iter()
                .chain(found)
                .find(|candidate| candidate.reference != message.reference && referred.means(candidate))
        })
    }

    /// What a message answers, and what was found of that.
    pub fn answered(&self, message: &Message) -> Option<(Referred, Option<&'a Message>)> {
        let referred = Context::of(message)?.reply_to?;
        let found = self.find(message, &referred);
        Some((referred, found))
    }
}
