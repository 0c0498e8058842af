//! The order in which a conversation is read: providers tell the second alone, and people write faster.

use domain::message::InboundMessage;

use crate::table::fresh;
use crate::world::*;

const PHONE: &str = "77079861373";

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_one_second_are_in_the_order_in_which_they_came_however_they_are_paged() {
    let storage = fresh().await;
    let comercial = connection("comercial");
    let said = [("d", 0), ("b", 1), ("e", 1), ("a", 1), ("c", 1), ("h", 2), ("f", 2), ("g", 3)];
    let mut conversation = None;
    for (id, second) in said {
        let message = InboundMessage { sent_at: at(second), ..text(id, PHONE, id) };
        let ticket = take(&storage, &comercial, &message).await;
        conversation = conversation.or(ticket.and_then(|ticket| ticket.conversation));
    }
    let conversation = conversation.unwrap();
    for limit in 1..=9 {
        let (mut read, mut before) = (Vec::new(), None);
        loop {
            let part = storage.messages(&org(), &conversation, before.as_ref(), limit).await.unwrap();
            assert!(part.len() <= limit as usize);
            let Some(last) = part.last() else { break };
            before = Some(last.reference.clone());
            read.extend(part.into_iter().map(|message| message.reference.id));
        }
        assert_eq!(read, ["g", "f", "h", "c", "a", "e", "b", "d"], "{limit} at a time");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_before_a_message_that_is_not_there_begins_where_it_would_be() {
    let storage = fresh().await;
    let comercial = connection("comercial");
    let first = take(&storage, &comercial, &text("a", PHONE, "a")).await.unwrap();
    take(&storage, &comercial, &InboundMessage { sent_at: at(1), ..text("c", PHONE, "c") }).await;
    let conversation = first.conversation.unwrap();
    let stored = storage.messages(&org(), &conversation, None, 9).await.unwrap();
    let own = conversation.as_str();
    // Also one of another of the person's conversations, which are read as one.
    for of in [own, "cnv_0", "cnv_z"] {
        for (id, expected) in [("b", 1), ("d", 2)] {
            let nowhere = format!("{of}.{}.{id}", stored[0].reference.sent_at_ms()).parse().unwrap();
            let part = storage.messages(&org(), &conversation, Some(&nowhere), 9).await.unwrap();
            assert_eq!(part.len(), expected, "{of} {id}");
        }
    }
}
