//! The protocol as it is coded keeps every promise, whatever happens in whichever order.
//!
//! `cargo test -p tests protocol::holds -- --nocapture` prints how many states each exploration visited.

use super::explorer::explore;
use super::promises::Promise;
use super::scenarios;
use super::system::System;
use super::variant::Variant;

/// Explores all of a scenario. `least`: with fewer states than this, something could no longer happen.
fn check(name: &str, system: &System, least: usize) {
    assert_eq!(broken(name, system, least), []);
}

fn broken(name: &str, system: &System, least: usize) -> Vec<Promise> {
    let found = explore(system, None);
    println!("{name}: {} states, {} steps, {} of them finished", found.states, found.steps, found.finished);
    for (promise, path) in &found.broken {
        println!("{promise:?} is broken by");
        for action in path {
            println!("    {action:?}");
        }
    }
    assert!(found.states >= least, "{name}: only {} states", found.states);
    assert!(found.finished > 0, "{name}: nothing was finished");
    found.broken.into_iter().map(|(promise, _)| promise).collect()
}

#[test]
fn a_first_message_makes_one_contact_one_ticket_and_one_message() {
    check("a first message", &scenarios::first_message(), 40_000);
}

#[test]
fn a_message_that_was_posted_twice_is_stored_and_counted_once() {
    check("posted twice", &scenarios::posted_twice(), 20_000);
}

#[test]
fn two_messages_of_one_person_are_taken_in_order_and_counted_once() {
    check("two messages", &scenarios::two_messages(), 900);
    check("two messages, handed out twice", &scenarios::two_messages_overlapping(), 13_000);
}

#[test]
fn a_burst_is_counted_at_once_whatever_happens_between() {
    check("a burst", &scenarios::burst(true), 10_000);
    check("a burst under two identities", &scenarios::burst(false), 10_000);
}

#[test]
fn two_people_get_the_numbers_one_and_two() {
    check("two people", &scenarios::two_people(), 80_000);
}

#[test]
fn blocks_of_three_tickets_leave_no_gap() {
    check("three people", &scenarios::three_people(), 45_000);
}

#[test]
fn one_person_on_two_connections_is_one_contact() {
    check("two connections", &scenarios::two_connections(), 20_000);
}

#[test]
fn one_person_under_two_identities_has_one_active_ticket() {
    check("two identities", &scenarios::two_identities(), 10_000);
}

#[test]
fn a_claim_has_one_winner_who_is_told_so() {
    check("two claims", &scenarios::two_claims(), 150);
}

#[test]
fn an_agent_with_one_place_holds_one_ticket() {
    check("two tickets, one place", &scenarios::two_tickets_one_place(), 20_000);
}

#[test]
fn closing_while_the_contact_writes_leaves_one_active_ticket() {
    check("closing, next ticket", &scenarios::closing_and_messages(false), 9_000);
    check("closing, reopening", &scenarios::closing_and_messages(true), 8_000);
    check("resolving, keeping", &scenarios::resolving_and_messages(false), 7_000);
    check("resolving, reopening", &scenarios::resolving_and_messages(true), 6_000);
}

#[test]
fn reopening_while_the_contact_writes_leaves_one_active_ticket() {
    check("reopening, next ticket", &scenarios::reopening_and_message(false), 24_000);
    check("reopening twice", &scenarios::reopening_and_message(true), 19_000);
}

#[test]
fn an_answer_never_brings_a_closed_ticket_back() {
    check("answer and closing", &scenarios::answer_and_closing(), 14_000);
}

#[test]
fn an_answer_to_a_ticket_whose_conversation_is_not_written_yet_leaves_it_readable() {
    check("answer to a first message", &scenarios::answer_to_a_first_message(), 50_000);
}

/// The known edge (docs/adr/0003-ingest-order.md): its message makes another, and the cancelled one has none.
#[test]
fn a_ticket_that_is_cancelled_before_its_first_message_is_counted_is_followed_by_another() {
    let broken = broken("cancelling a first message", &scenarios::cancelling_a_first_message(), 4_500);
    assert_eq!(broken, [Promise::OpenedOnce]);
}

/// Ingest is safe without the token: a ticket's key and the counter's condition notice a repetition.
#[test]
fn opening_tickets_needs_no_token() {
    let without = |system: System| System { variant: Variant::TokenMissing, ..system };
    check("a first message without token", &without(scenarios::first_message()), 40_000);
    check("closing without token", &without(scenarios::closing_and_messages(true)), 8_000);
}
