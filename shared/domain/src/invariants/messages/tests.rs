//! Conversations with one thing wrong each.

use super::*;
use crate::ids::{ConnectionId, ContactId};
use crate::message::MessageRef;
use crate::ticket::sample::ticket;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

fn of_contact(seq: u64) -> Said {
    Said {
        sent_at: at(i64::try_from(seq).unwrap()),
        id: format!("wamid.{seq}"),
        ticket: Some(ticket().id),
        provider_id: None,
        seq,
        side: Side::Contact,
        media: None,
    }
}

fn answer() -> Said {
    let side = Side::Own { is_answer: true, delivery: Delivery::Read, rank: Some(70) };
    Said { sent_at: at(60), id: "out_1".to_owned(), seq: 0, side, ..of_contact(0) }
}

fn state(count: u64) -> Conversation {
    Conversation {
        in_seq: count,
        counted: (1..=count).rev().take(8).map(|place| ids::digest(&format!("wamid.{place}"))).collect(),
        last_in_at: Some(at(i64::try_from(count).unwrap())),
        ..Conversation::new(ConnectionId::new("comercial").unwrap(), ContactId::new("ctc_1").unwrap())
    }
}

#[track_caller]
fn check(state: Option<&Conversation>, said: &[Said], expected: &[&str]) {
    let id = ticket().conversation.unwrap();
    let words: Vec<String> = conversation(&id, state, said).into_iter().map(|finding| finding.words).collect();
    assert_eq!(words.len(), expected.len(), "{words:#?}");
    for (words, expected) in words.iter().zip(expected) {
        assert!(words.contains(expected), "{words} does not say {expected}");
    }
}

#[test]
fn a_conversation_whose_messages_are_all_counted_is_sound() {
    check(None, &[], &[]);
    check(Some(&state(3)), &[of_contact(1), of_contact(2), of_contact(3)], &[]);
    let answered = Conversation { last_out_at: Some(at(60)), read_seq: 1, ..state(1) };
    check(Some(&answered), &[of_contact(1), answer()], &[]);
    // A reaction is stored and not counted, even where nothing else was said.
    check(None, &[Said { seq: 0, ticket: None, ..of_contact(1) }], &[]);
}

#[test]
fn a_parked_answer_that_nothing_will_send_is_found() {
    let side = Side::Own { is_answer: true, delivery: Delivery::Parked, rank: Some(-10) };
    let waiting = Said { side, ..answer() };
    let answered = Conversation { last_out_at: Some(at(60)), ..state(1) };
    let name = MessageRef { conversation: answered.id.clone(), sent_at: at(60), id: "out_1".to_owned() };
    let holding = Conversation { parked: vec![name], ..answered.clone() };
    check(Some(&holding), &[of_contact(1), waiting.clone()], &[]);
    check(Some(&answered), &[of_contact(1), waiting], &["is parked and nothing will send it"]);
    check(Some(&holding), &[of_contact(1), answer()], &["for parked, and it is not"]);
}

#[test]
fn a_message_that_is_gone_doubled_or_uncounted_is_found() {
    let all = [of_contact(1), of_contact(2), of_contact(3)];
    check(Some(&state(3)), &[all[0].clone(), all[2].clone()], &["place 2 has no message"]);
    let doubled = Said { seq: 2, id: "wamid.9".to_owned(), ..of_contact(1) };
    check(Some(&state(2)), &[doubled, of_contact(2)], &["place 2 is taken more than once and place 1 has no message"]);
    check(Some(&state(2)), &all, &["message 3 of the contact is stored and not counted"]);
    let again = Said { sent_at: at(1), seq: 0, ..of_contact(2) };
    check(Some(&state(2)), &[of_contact(1), again, of_contact(2)], &["twice, at two times"]);
    check(None, &all[..1], &["has messages and does not exist"]);
    check(Some(&state(1)), &[Said { ticket: None, ..of_contact(1) }], &["belongs to no ticket"]);
    check(Some(&state(0)), &[Said { seq: 1, ..answer() }], &["our own message", "has answers and no time"]);
}

#[test]
fn a_count_that_is_damaged_beyond_all_bounds_is_told_as_a_range() {
    let far = Conversation { in_seq: u64::MAX - 1, ..state(1) };
    check(Some(&far), &[of_contact(1)], &["place 2 to 18446744073709551614 has no message"]);
}

#[test]
fn what_a_conversation_says_of_its_last_messages_is_compared_with_them() {
    let one = [of_contact(1)];
    check(Some(&Conversation { read_seq: 2, ..state(1) }), &one, &["2 messages are read of 1"]);
    let two = [of_contact(1), of_contact(2)];
    let mut turned = state(2);
    turned.counted.reverse();
    check(Some(&turned), &two, &["remembers other messages than it counted last"]);
    let more = Conversation { counted: state(2).counted, ..state(1) };
    check(Some(&more), &one, &["remembers other messages than it counted last"]);
    // An item of before anything was remembered.
    check(Some(&Conversation { counted: Vec::new(), ..state(2) }), &two, &[]);
    check(Some(&Conversation { last_in_at: None, ..state(1) }), &one, &["no time of the last"]);
    check(Some(&Conversation { last_in_at: Some(at(9)), ..state(1) }), &one, &["wrote last at"]);
    check(Some(&Conversation { last_in_at: Some(at(-301)), ..state(1) }), &one, &["wrote last at"]);
    // A provider whose clock is a little ahead.
    check(Some(&Conversation { last_in_at: Some(at(-298)), ..state(1) }), &one, &[]);
    // A message without a time was written when it came.
    let untimed = Said { sent_at: Timestamp::UNIX_EPOCH, ..of_contact(1) };
    check(Some(&state(1)), &[untimed], &[]);
    check(Some(&Conversation { last_out_at: Some(at(5)), ..state(1) }), &one, &["no answer was written"]);
}

#[test]
fn only_what_a_waiting_message_may_put_right_is_excused() {
    let id = ticket().conversation.unwrap();
    let excuse = vec![Work::Conversation(id.clone())];
    assert_eq!(conversation(&id, Some(&state(0)), &[of_contact(1)])[0].unless, excuse);
    assert_eq!(conversation(&id, None, &[of_contact(1)])[0].unless, excuse);
    assert!(conversation(&id, Some(&state(2)), &[of_contact(2)])[0].unless.is_empty());
    let waits = Said { id: "wamid.9".to_owned(), ..of_contact(1) };
    assert_eq!(conversation(&id, Some(&state(1)), &[of_contact(1), waits])[0].unless, excuse);
}

#[test]
fn a_message_s_ticket_is_one_of_its_conversation() {
    let id = ticket().conversation.unwrap();
    let check = |found: Option<Ticket>, expected: Option<&str>| {
        let found = tickets(&id, &[of_contact(1), of_contact(2)], &BTreeMap::from([(ticket().id, found)]));
        assert_eq!(found.len(), usize::from(expected.is_some()));
        assert!(found.iter().all(|finding| finding.words.contains(expected.unwrap())), "{found:?}");
    };
    check(Some(ticket()), None);
    check(None, Some("does not exist"));
    check(Some(Ticket { conversation: None, ..ticket() }), Some("another conversation"));
}
