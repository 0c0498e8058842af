//! I5 and the outbox of I6: an answer's state is as far as any report on it, and an answer that waits is on its way.

use super::messages::{Said, Side};
use super::{Finding, Invariant, Work};
use crate::delivery::Delivery;
use crate::ids::{ConnectionId, ConversationId, ProviderMessageId};
use crate::message::MessageRef;

/// What one message of ours says of itself.
pub fn message(conversation: &ConversationId, said: &Said) -> Vec<Finding> {
    let Side::Own { is_answer, delivery, rank } = said.side else { return Vec::new() };
    let name = format!("the message of {} in conversation {conversation}", said.sent_at.as_millisecond());
    let mut findings = Vec::new();
    if rank != Some(delivery.rank()) {
        let rank = rank.map_or("none".to_owned(), |rank| rank.to_string());
        let words = format!("{name} is {} and has rank {rank}, not {}", delivery.as_str(), delivery.rank());
        findings.push(Finding::new(Invariant::I5, words));
    }
    if is_answer && matches!(delivery, Delivery::Queued | Delivery::Sending) {
        let words = format!("{name} is {} and is not on its way: it will never be sent", delivery.as_str());
        let reference = MessageRef { conversation: conversation.clone(), sent_at: said.sent_at, id: said.id.clone() };
        findings.push(Finding::new(Invariant::I6, words).unless(Work::Answer(reference)));
    }
    findings
}

/// A receipt: what a provider reported of a message that it names by an id of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The connection that the provider speaks for.
    pub connection: ConnectionId,
    /// The provider's id of the message.
    pub id: ProviderMessageId,
    /// The message that it is, once that is known.
    pub message: Option<MessageRef>,
    /// The furthest state that was reported.
    pub furthest: Option<Delivery>,
}

/// A receipt against its message, which is `None` where it does not exist.
pub fn receipt(receipt: &Receipt, message: Option<&Said>) -> Option<Finding> {
    let connection = &receipt.connection;
    let name = receipt.message.as_ref().map_or_else(
        || format!("a message of connection {connection}"),
        |of| format!("the message of {} in conversation {}", of.sent_at_ms(), of.conversation),
    );
    let Some(message) = message else {
        let words = format!("a receipt of connection {connection} names {name}, which does not exist");
        return receipt.message.is_some().then(|| Finding::new(Invariant::I5, words));
    };
    let furthest = receipt.furthest?;
    let is = match message.side {
        Side::Contact => {
            return Some(Finding::new(Invariant::I5, format!("{name} is the contact's and has a receipt")));
        }
        Side::Own { delivery, .. } => delivery,
    };
    if is >= furthest {
        return None;
    }
    let words = format!("{name} is {}, but the provider has reported {}", is.as_str(), furthest.as_str());
    let finding = Finding::new(Invariant::I5, words).unless(Work::Report(connection.clone(), receipt.id.clone()));
    Some(match &receipt.message {
        Some(reference) => finding.unless(Work::Answer(reference.clone())),
        None => finding,
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn answer(delivery: Delivery, rank: i8) -> Said {
        Said {
            sent_at: Timestamp::from_second(1_790_000_000).unwrap(),
            id: "out_1".to_owned(),
            ticket: None,
            provider_id: Some(ProviderMessageId::new("wamid.1")),
            seq: 0,
            side: Side::Own { is_answer: true, delivery, rank: Some(rank) },
            media: None,
        }
    }

    fn conversation() -> ConversationId {
        ConversationId::new("cnv_1").unwrap()
    }

    fn reported(furthest: Delivery) -> Receipt {
        let sent = answer(furthest, 0);
        Receipt {
            connection: ConnectionId::new("comercial").unwrap(),
            id: ProviderMessageId::new("wamid.1"),
            message: Some(MessageRef { conversation: conversation(), sent_at: sent.sent_at, id: sent.id }),
            furthest: Some(furthest),
        }
    }

    #[test]
    fn a_state_and_its_rank_are_one() {
        for delivery in [Delivery::Accepted, Delivery::Failed, Delivery::Read] {
            assert_eq!(message(&conversation(), &answer(delivery, delivery.rank())), []);
            assert_eq!(message(&conversation(), &answer(delivery, 1))[0].invariant, Invariant::I5);
        }
    }

    #[test]
    fn an_answer_that_waits_is_excused_while_it_is_on_its_way() {
        let found = message(&conversation(), &answer(Delivery::Queued, 0));
        assert_eq!(found[0].invariant, Invariant::I6);
        assert_eq!(found[0].unless, [Work::Answer(reported(Delivery::Sent).message.unwrap())]);
        let echo = Side::Own { is_answer: false, delivery: Delivery::Sent, rank: Some(40) };
        assert_eq!(message(&conversation(), &Said { side: echo, ..answer(Delivery::Sent, 40) }), []);
    }

    #[test]
    fn a_report_that_never_reached_its_message_is_found() {
        let read = answer(Delivery::Read, 70);
        assert_eq!(receipt(&reported(Delivery::Delivered), Some(&read)), None);
        assert_eq!(receipt(&reported(Delivery::Read), Some(&read)), None);
        let found = receipt(&reported(Delivery::Played), Some(&read)).unwrap();
        assert!(found.words.ends_with("is read, but the provider has reported played"), "{}", found.words);
        assert_eq!(found.unless.len(), 2);
        assert!(receipt(&reported(Delivery::Read), None).unwrap().words.ends_with("which does not exist"));
        // A report on a message that nobody here sent.
        assert_eq!(receipt(&Receipt { message: None, ..reported(Delivery::Read) }, None), None);
        assert_eq!(receipt(&Receipt { furthest: None, ..reported(Delivery::Read) }, Some(&read)), None);
    }
}
