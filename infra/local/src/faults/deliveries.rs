//! Faults of deliveries: messages and stream batches that come again, messages that come out of order.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Faults, Kind};
use crate::sqs::{ReceivedMessage, Shuffle};

impl Faults {
    /// Parts what a consumer acknowledges into what is delivered once more and what is deleted, each in order.
    ///
    /// A message comes again once. On a FIFO queue the later messages of its group come again with it.
    pub(crate) fn again_and_done(
        &self,
        queue: &str,
        acknowledged: Vec<ReceivedMessage>,
    ) -> (Vec<ReceivedMessage>, Vec<ReceivedMessage>) {
        if !self.may(Kind::Duplicate) {
            return (Vec::new(), acknowledged);
        }
        let mut plan = self.plan();
        let mut groups = BTreeSet::new();
        acknowledged.into_iter().partition(|message| {
            let group = message.attributes.get("MessageGroupId").filter(|_| is_fifo(message));
            let was_again = plan.delivered_again.remove(&message.message_id);
            let follows = group.is_some_and(|group| groups.contains(group));
            let is_again =
                follows || (!was_again && plan.decide(Kind::Duplicate, [queue, "acknowledgement"]).is_some());
            if is_again {
                plan.delivered_again.insert(message.message_id.clone());
                groups.extend(group.cloned());
            }
            is_again
        })
    }

    /// How a consumer's next receive may take messages out of order; `None` where that is not asked for.
    pub(crate) fn shuffle(&self, queue: &str) -> Option<Shuffle> {
        self.may(Kind::Reorder).then(|| {
            let (faults, queue) = (self.clone(), queue.to_owned());
            Arc::new(move || faults.strike(Kind::Reorder, [&queue, "receive"])) as Shuffle
        })
    }

    /// Whether a function gets the stream batch that it has just finished once more.
    pub(crate) fn repeats(&self, function: &str) -> bool {
        self.strike(Kind::Repeat, [function, "stream"]).is_some()
    }
}

/// A standard queue numbers nothing, and may have groups all the same.
fn is_fifo(message: &ReceivedMessage) -> bool {
    message.attributes.contains_key("SequenceNumber")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: &str, group: &str) -> ReceivedMessage {
        let attributes = [("MessageGroupId", group), ("SequenceNumber", id)];
        ReceivedMessage {
            message_id: id.to_owned(),
            receipt_handle: format!("receipt of {id}"),
            body: String::new(),
            attributes: attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            message_attributes: [].into(),
            md5_of_body: String::new(),
        }
    }

    fn messages(of: &[(&str, &str)]) -> Vec<ReceivedMessage> {
        of.iter().map(|(id, group)| message(id, group)).collect()
    }

    fn ids(messages: &[ReceivedMessage]) -> Vec<&str> {
        messages.iter().map(|message| message.message_id.as_str()).collect()
    }

    #[test]
    fn each_message_comes_again_once_even_when_all_do() {
        let faults = Faults::default();
        faults.set(Some("7:duplicate=1".parse().unwrap()));
        let all = messages(&[("1", "a"), ("2", "b")]);
        let (again, done) = faults.again_and_done("work", all.clone());
        assert_eq!((again, done), (all.clone(), vec![]));
        assert_eq!(faults.again_and_done("work", all.clone()), (vec![], all));
    }

    #[test]
    fn what_follows_in_the_group_comes_again_behind_it_and_other_groups_do_not() {
        let group = |n: usize| if n.is_multiple_of(2) { "even" } else { "odd" };
        let ids_of: Vec<String> = (0..40).map(|n| n.to_string()).collect();
        let all: Vec<_> = ids_of.iter().enumerate().map(|(n, id)| message(id, group(n))).collect();
        let faults = Faults::default();
        faults.set(Some("7:duplicate=0.1".parse().unwrap()));
        let (again, done) = faults.again_and_done("work.fifo", all.clone());
        for name in ["even", "odd"] {
            let of_group = |messages: &[ReceivedMessage]| -> Vec<usize> {
                let members = messages.iter().filter(|message| message.attributes["MessageGroupId"] == name);
                members.map(|message| message.message_id.parse().unwrap()).collect()
            };
            let (again, done) = (of_group(&again), of_group(&done));
            assert!(!again.is_empty() && !done.is_empty(), "{name}: {again:?} {done:?}");
            assert!(done.last() < again.first() && again.is_sorted(), "{name}: {done:?} {again:?}");
        }
        // A standard queue promises no order, and so each of its messages is on its own.
        faults.set(Some("7:duplicate=0.1".parse().unwrap()));
        let unnumbered = all.into_iter().map(|mut message| {
            message.attributes.remove("SequenceNumber");
            message
        });
        let (again, _) = faults.again_and_done("work", unnumbered.collect());
        assert!((1..=10).contains(&again.len()), "{:?}", ids(&again));
    }

    #[test]
    fn without_a_specification_everything_is_done_and_nothing_is_drawn() {
        let faults = Faults::default();
        let all = messages(&[("1", "a")]);
        assert_eq!(faults.again_and_done("work", all.clone()), (vec![], all));
        assert!(faults.shuffle("work").is_none());
        assert!(!faults.repeats("relay"));
    }
}
