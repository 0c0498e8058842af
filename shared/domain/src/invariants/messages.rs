//! I1: every message of a contact is stored once, counted once, and belongs to its conversation and ticket.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use super::{Finding, Invariant, Work, listed};
use crate::conversation::Conversation;
use crate::delivery::Delivery;
use crate::ids::{self, ConversationId, ProviderMessageId, TicketId};
use crate::media::Media;
use crate::ticket::Ticket;

/// How far a provider's clock may be ahead of ours.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// A stored message without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// By the clock of who sent it; the epoch where the provider did not say.
    pub sent_at: Timestamp,
    /// Its id within the conversation.
    pub id: String,
    /// The ticket that it belongs to.
    pub ticket: Option<TicketId>,
    /// The provider's id, where it is known.
    pub provider_id: Option<ProviderMessageId>,
    /// Its place among the contact's messages; 0 for one that is not counted.
    pub seq: u64,
    /// Who said it.
    pub side: Side,
    /// Its file, if it has one.
    pub media: Option<Media>,
}

/// Who said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The contact.
    Contact,
    /// Our side: an agent's answer, or an echo of the phone app.
    Own {
        /// Whether it is an answer that was written here.
        is_answer: bool,
        /// How far it is.
        delivery: Delivery,
        /// The rank that is stored beside it.
        rank: Option<i8>,
    },
}

impl Said {
    fn is_answer(&self) -> bool {
        matches!(self.side, Side::Own { is_answer: true, .. })
    }

    fn when(&self) -> i64 {
        self.sent_at.as_millisecond()
    }
}

/// What one conversation's messages and its state say of each other.
pub fn conversation(id: &ConversationId, state: Option<&Conversation>, said: &[Said]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut found = |words: String| findings.push(Finding::new(Invariant::I1, words));
    let mut ids = HashSet::new();
    for message in said.iter().filter(|message| !ids.insert(&*message.id)) {
        found(format!("conversation {id} has the message of {} twice, at two times", message.when()));
    }
    for message in said.iter().filter(|message| message.seq > 0 && message.side != Side::Contact) {
        found(format!("conversation {id} counts our own message of {} as the contact's", message.when()));
    }
    let counted: Vec<&Said> = said.iter().filter(|said| said.seq > 0 && said.side == Side::Contact).collect();
    for message in counted.iter().filter(|message| message.ticket.is_none()) {
        found(format!("conversation {id}: message {} of the contact belongs to no ticket", message.seq));
    }
    let Some(state) = state else {
        if !counted.is_empty() || said.iter().any(Said::is_answer) {
            let words = format!("conversation {id} has messages and does not exist");
            findings.push(Finding::new(Invariant::I1, words).unless(Work::Conversation(id.clone())));
        }
        return findings;
    };
    findings.extend(places(id, state.in_seq, &counted));
    let mut found = |words: String| findings.push(Finding::new(Invariant::I1, words));
    if state.read_seq > state.in_seq {
        found(format!("conversation {id}: {} messages are read of {}", state.read_seq, state.in_seq));
    }
    if !remembers(state, &counted) {
        found(format!("conversation {id} remembers other messages than it counted last"));
    }
    if let Some(words) = last_in(state, &counted) {
        found(format!("conversation {id} {words}"));
    }
    findings.extend(parked(id, state, said));
    let mut found = |words: String| findings.push(Finding::new(Invariant::I1, words));
    let mut answers = said.iter().filter(|message| message.is_answer()).peekable();
    match state.last_out_at {
        None if answers.peek().is_some() => found(format!("conversation {id} has answers and no time of the last")),
        Some(at) if !answers.any(|message| message.sent_at == at) => {
            found(format!("conversation {id}: no answer was written at the time of the last, {}", at.as_millisecond()));
        }
        _ => {}
    }
    findings
}

/// The places of the contact's messages are 1, 2, 3 … up to the count.
fn places(id: &ConversationId, count: u64, counted: &[&Said]) -> Vec<Finding> {
    let mut taken: BTreeMap<u64, u32> = BTreeMap::new();
    for message in counted {
        *taken.entry(message.seq).or_default() += 1;
    }
    let mut findings = Vec::new();
    let mut wrong = Vec::new();
    let doubled = listed(taken.iter().filter(|(_, times)| **times > 1).map(|(place, _)| *place));
    if !doubled.is_empty() {
        wrong.push(format!("place {doubled} is taken more than once"));
    }
    if taken.range(..=count).count() as u64 != count {
        wrong.push(format!("place {} has no message", missing(&taken, count)));
    }
    if !wrong.is_empty() {
        let words = format!("conversation {id} counts {count} messages of its contact, but {}", wrong.join(" and "));
        let finding = Finding::new(Invariant::I1, words);
        // One that was stored and not counted gets another place when it comes again; a place without a message gets none.
        let may_move = !doubled.is_empty() && wrong.len() == 1;
        findings.push(if may_move { finding.unless(Work::Conversation(id.clone())) } else { finding });
    }
    for place in taken.range(count.saturating_add(1)..).map(|(place, _)| place) {
        let words = format!("conversation {id}: message {place} of the contact is stored and not counted");
        findings.push(Finding::new(Invariant::I1, words).unless(Work::Conversation(id.clone())));
    }
    findings
}

/// An answer is parked exactly where the conversation will find it when the contact writes.
fn parked(id: &ConversationId, state: &Conversation, said: &[Said]) -> Vec<Finding> {
    let is_parked = |said: &Said| matches!(said.side, Side::Own { delivery: Delivery::Parked, .. });
    let is_listed =
        |said: &Said| state.parked.iter().any(|parked| parked.id == said.id && parked.sent_at == said.sent_at);
    let mut findings = Vec::new();
    for message in said.iter().filter(|said| is_parked(said) && !is_listed(said)) {
        let words = format!("conversation {id}: the answer of {} is parked and nothing will send it", message.when());
        findings.push(Finding::new(Invariant::I6, words));
    }
    for parked in &state.parked {
        if !said.iter().any(|said| said.id == parked.id && is_parked(said)) {
            let words =
                format!("conversation {id} holds the answer of {} for parked, and it is not", parked.sent_at_ms());
            findings.push(Finding::new(Invariant::I6, words));
        }
    }
    findings
}

/// The digests that a conversation remembers are those of its last messages, the newest first.
fn remembers(state: &Conversation, counted: &[&Said]) -> bool {
    (0..).zip(&state.counted).all(|(back, digest)| {
        let Some(place @ 1..) = state.in_seq.checked_sub(back) else { return false };
        let mut there = counted.iter().filter(|message| message.seq == place).peekable();
        there.peek().is_none() || there.any(|message| ids::digest(&message.id) == *digest)
    })
}

/// The places up to `count` that nobody has, as ranges: a damaged count may be any number.
fn missing(taken: &BTreeMap<u64, u32>, count: u64) -> String {
    let mut gaps = Vec::new();
    let mut gap = |first: u64, last: u64| match last.cmp(&first) {
        Ordering::Less => {}
        Ordering::Equal => gaps.push(first.to_string()),
        Ordering::Greater => gaps.push(format!("{first} to {last}")),
    };
    let mut next = 1;
    for place in taken.range(..=count).map(|(place, _)| *place) {
        gap(next, place - 1);
        next = place.saturating_add(1);
    }
    gap(next, count);
    gaps.truncate(super::MOST_RANGES);
    gaps.join(", ")
}

/// The time of the contact's last message is that of its newest, which opens the window for answers.
fn last_in(state: &Conversation, counted: &[&Said]) -> Option<String> {
    let Some(at) = state.last_in_at else {
        return (state.in_seq > 0).then(|| "counts messages and has no time of the last".to_owned());
    };
    // A message without a time counts as written when it came, which nobody wrote down.
    let is_timed = counted.iter().all(|message| message.sent_at != Timestamp::UNIX_EPOCH);
    let newest = counted.iter().filter(|message| message.seq <= state.in_seq).map(|message| message.sent_at).max()?;
    let is_early = at.saturating_add(SKEW).is_ok_and(|at| at < newest);
    (is_timed && (at > newest || is_early)).then(|| {
        let (at, newest) = (at.as_millisecond(), newest.as_millisecond());
        format!("says that the contact wrote last at {at}, but the newest message is of {newest}")
    })
}

/// Each message's ticket exists and is one of the conversation's.
pub fn tickets(id: &ConversationId, said: &[Said], tickets: &BTreeMap<TicketId, Option<Ticket>>) -> Vec<Finding> {
    let mut named: Vec<&TicketId> = said.iter().filter_map(|message| message.ticket.as_ref()).collect();
    named.sort_unstable();
    named.dedup();
    let finding = |ticket: &TicketId| {
        let wrong = match tickets.get(ticket)? {
            None => "does not exist",
            Some(ticket) if ticket.conversation.as_ref() != Some(id) => "belongs to another conversation",
            Some(_) => return None,
        };
        let words = format!("conversation {id} has messages of ticket {ticket}, which {wrong}");
        Some(Finding::new(Invariant::I1, words).unless(Work::Conversation(id.clone())))
    };
    named.into_iter().filter_map(finding).collect()
}

#[cfg(test)]
mod tests;
