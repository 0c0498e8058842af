//! The 24 hours after a contact's last message in which a provider takes more than templates, and the answers that wait
//! outside them.
//!
//! An answer that is written while the window is closed is refused, or parked: a template goes out in its place, and the answer
//! itself when the contact writes. While answers are parked, later ones wait behind them, so that their order holds. Source:
//! docs/adr/0020-window.md.

use jiff::{SignedDuration, Timestamp};

use crate::answer::Answer;
use crate::connection::{Connection, Provider};
use crate::conversation::{Conversation, WINDOW};
use crate::delivery::Delivery;
use crate::ids::OutboundId;
use crate::message::{Content, Direction, Message, MessageRef};
use crate::ticket::{Source, Ticket};

/// The provider's code for a message that came when the window was closed. Source: docs/providers.md §2.
pub const CLOSED: i64 = 131_047;
/// The same, as older versions of the API spelled it.
const CLOSED_BEFORE: i64 = 470;

/// How long before its end the window counts as closed: an answer is some time on its way, and clocks differ.
const MARGIN: SignedDuration = SignedDuration::from_mins(2);

/// How many answers of a conversation may be parked: they stand in its item, which every message rewrites.
pub const MOST_PARKED: usize = 20;

/// When an answer is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// At once, whatever is parked: a template, or a provider that knows no window.
    Anyway,
    /// At once, since nothing is parked.
    Next,
    /// The contact has written, and what was parked before is on its way: after that.
    Behind,
    /// When the contact writes. A template asks for that, unless an earlier one has.
    Parked {
        /// Whether a template goes out now.
        asks: bool,
    },
}

/// Why an answer is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The contact wrote too long ago, or never.
    #[error("the contact wrote more than 24 hours ago: only a template can be sent")]
    Closed {
        /// When the window closed; absent where the contact never wrote.
        at: Option<Timestamp>,
    },
    /// Too many answers wait for the contact already.
    #[error("{MOST_PARKED} answers wait for the contact to write already")]
    Full,
}

/// Whether a provider refuses by this code because the window was closed.
pub fn is_closed_by(code: i64) -> bool {
    code == CLOSED || code == CLOSED_BEFORE
}

/// Whether a ticket's conversation has a window at all: groups have none, and gateways know none.
pub fn has_window(connection: &Connection, ticket: &Ticket) -> bool {
    matches!(connection.provider, Provider::CloudApi { .. }) && !ticket.is_group
}

/// When the window closes; `None` when it never opened. A ticket that a contact's message made, and whose conversation nobody
/// has written yet, is as good as that message.
pub fn closes_at(conversation: Option<&Conversation>, ticket: &Ticket) -> Option<Timestamp> {
    let by_ticket = || {
        let by_message =
            ticket.source == Source::Customer || (ticket.source == Source::Ai && ticket.generation.is_some());
        let at = (by_message && ticket.reopen_count == 0).then_some(ticket.sla.opened_at)?;
        Some(at.saturating_add(WINDOW).unwrap_or(Timestamp::MAX))
    };
    conversation.and_then(Conversation::window_expires_at).or_else(by_ticket)
}

/// When an answer is sent, decided from the conversation as it was read. Errors: `Closed`, `Full`.
pub fn turn(
    conversation: Option<&Conversation>,
    ticket: &Ticket,
    has_window: bool,
    answer: &Answer,
    now: Timestamp,
) -> Result<Turn, Refusal> {
    if answer.is_template() || !has_window {
        return Ok(Turn::Anyway);
    }
    let parked = conversation.map_or(0, |conversation| conversation.parked.len());
    let closes_at = closes_at(conversation, ticket);
    let is_open = closes_at.is_some_and(|at| now.saturating_add(MARGIN).is_ok_and(|soon| soon < at));
    let turn = match (is_open, parked) {
        (true, 0) => return Ok(Turn::Next),
        (true, _) => Turn::Behind,
        (false, _) if answer.on_window_closed.is_none() => return Err(Refusal::Closed { at: closes_at }),
        (false, parked) => Turn::Parked { asks: parked == 0 },
    };
    if parked < MOST_PARKED { Ok(turn) } else { Err(Refusal::Full) }
}

/// What goes on when a provider refused an answer because the window was closed after all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reparked {
    /// The same answer once more, parked. The refused one keeps what the provider called it, so that a late report on it never
    /// meets this one.
    pub answer: Message,
    /// The template that asks the contact to write.
    pub template: Message,
}

/// The answer parked after all; `None` when its writer did not ask for that. `ids` are of the answer and of the template.
pub fn reparked(refused: &Message, ids: [&OutboundId; 2], now: Timestamp) -> Option<Reparked> {
    let Direction::Out { agent, .. } = &refused.direction else { return None };
    let call = Answer::of(&refused.content).ok()?.on_window_closed?;
    let message = |sent_at, id: &OutboundId, delivery, content: Content| Message {
        reference: MessageRef::outbound(refused.reference.conversation.clone(), sent_at, id),
        ticket: refused.ticket.clone(),
        direction: Direction::Out { agent: agent.clone(), delivery, error: None },
        content,
        provider_id: None,
        seq: 0,
    };
    Some(Reparked {
        // It keeps its time, and so its place before whatever was parked after it was written.
        answer: message(refused.reference.sent_at, ids[0], Delivery::Parked, refused.content.clone()),
        template: message(
            now,
            ids[1],
            Delivery::Queued,
            Answer::from(crate::answer::AnswerBody::Template(call)).content(),
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::AnswerBody;
    use crate::delivery::DeliveryError;
    use crate::ids::{ConnectionId, ContactId, ProviderMessageId};
    use crate::template::TemplateCall;
    use crate::ticket::sample::ticket;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + 60 * minutes).unwrap()
    }

    fn conversation(last_in: Option<i64>, parked: usize) -> Conversation {
        let new = Conversation::new(ConnectionId::new("comercial").unwrap(), ContactId::new("ctc_1").unwrap());
        let name = |n: usize| MessageRef { conversation: new.id.clone(), sent_at: at(0), id: format!("out_{n}") };
        let parked = (0..parked).map(name).collect();
        Conversation { last_in_at: last_in.map(at), parked, ..new }
    }

    fn text() -> Answer {
        Answer::text("Olá")
    }

    fn parkable() -> Answer {
        Answer { on_window_closed: Some(TemplateCall::plain("continue", "pt_BR")), ..text() }
    }

    #[track_caller]
    fn check(last_in: Option<i64>, parked: usize, answer: &Answer, minute: i64, expected: Result<Turn, Refusal>) {
        let outcome = turn(Some(&conversation(last_in, parked)), &agents_ticket(), true, answer, at(minute));
        assert_eq!(outcome, expected, "{last_in:?} {parked} {minute}");
    }

    fn agents_ticket() -> Ticket {
        Ticket { source: Source::Agent, ..ticket() }
    }

    const DAY: i64 = 24 * 60;

    #[test]
    fn free_text_is_sent_within_the_window_and_refused_outside() {
        check(Some(0), 0, &text(), 1, Ok(Turn::Next));
        check(Some(0), 0, &text(), DAY - 3, Ok(Turn::Next));
        check(Some(0), 0, &text(), DAY - 2, Err(Refusal::Closed { at: Some(at(DAY)) }));
        check(Some(0), 0, &text(), DAY + 1, Err(Refusal::Closed { at: Some(at(DAY)) }));
        check(None, 0, &text(), 1, Err(Refusal::Closed { at: None }));
    }

    #[test]
    fn what_may_wait_is_parked_and_one_template_asks_for_all() {
        check(Some(0), 0, &parkable(), 1, Ok(Turn::Next));
        check(Some(0), 0, &parkable(), DAY, Ok(Turn::Parked { asks: true }));
        check(Some(0), 1, &parkable(), DAY, Ok(Turn::Parked { asks: false }));
        check(Some(0), 1, &text(), DAY, Err(Refusal::Closed { at: Some(at(DAY)) }));
        check(Some(0), 1, &text(), 1, Ok(Turn::Behind));
        check(Some(0), MOST_PARKED, &parkable(), DAY, Err(Refusal::Full));
        check(Some(0), MOST_PARKED, &text(), 1, Err(Refusal::Full));
    }

    #[test]
    fn templates_groups_and_gateways_know_no_window() {
        let template = AnswerBody::Template(TemplateCall::plain("continue", "pt_BR")).into();
        check(Some(0), 3, &template, 2 * DAY, Ok(Turn::Anyway));
        let old = conversation(Some(0), 0);
        assert_eq!(turn(Some(&old), &agents_ticket(), false, &text(), at(2 * DAY)), Ok(Turn::Anyway));
    }

    #[test]
    fn a_ticket_whose_conversation_is_not_written_yet_has_its_message_s_window() {
        assert_eq!(turn(None, &ticket(), true, &text(), at(1)), Ok(Turn::Next));
        assert_eq!(turn(None, &ticket(), true, &text(), at(DAY)), Err(Refusal::Closed { at: Some(at(DAY)) }));
        assert_eq!(turn(None, &agents_ticket(), true, &text(), at(1)), Err(Refusal::Closed { at: None }));
    }

    #[test]
    fn a_refused_answer_is_parked_again_under_another_id_and_at_its_own_time() {
        let id = |n| OutboundId::generate(at(0), n);
        let refused = |answer: &Answer| Message {
            reference: MessageRef::outbound(conversation(None, 0).id, at(5), &id(1)),
            ticket: Some(ticket().id),
            direction: Direction::Out {
                agent: None,
                delivery: Delivery::Failed,
                error: Some(DeliveryError { code: CLOSED, details: None }),
            },
            content: answer.content(),
            provider_id: Some(ProviderMessageId::new("wamid.1")),
            seq: 0,
        };
        let again = reparked(&refused(&parkable()), [&id(2), &id(3)], at(9)).unwrap();
        assert_eq!((again.answer.reference.sent_at, again.answer.reference.id.as_str()), (at(5), id(2).as_str()));
        assert!(matches!(again.answer.direction, Direction::Out { delivery: Delivery::Parked, error: None, .. }));
        assert_eq!((again.answer.content, again.answer.provider_id), (parkable().content(), None));
        assert_eq!((again.template.reference.sent_at, again.template.content.kind.as_str()), (at(9), "template"));
        assert_eq!(reparked(&refused(&text()), [&id(2), &id(3)], at(9)), None);
    }
}
