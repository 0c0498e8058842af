//! Every safeguard is needed: without it, the exploration finds a path that breaks a promise.
//!
//! `cargo test -p tests protocol::weakened -- --nocapture` prints the shortest path for each.

use super::explorer::explore;
use super::promises::Promise;
use super::scenarios;
use super::state::Faults;
use super::system::System;
use super::variant::Variant;

/// Finds the promise that the variant breaks, which the scenario keeps as coded.
fn check(variant: Variant, scenario: System, promise: Promise) {
    let found = explore(&System { variant, ..scenario }, Some(promise));
    let path = found.broken.iter().find(|(broken, _)| *broken == promise).map(|(_, path)| path);
    let path = path.unwrap_or_else(|| panic!("{variant:?} breaks no {promise:?} in {} states", found.states));
    println!("{variant:?} breaks {promise:?} in {} steps, after {} states:", path.len(), found.states);
    for action in path {
        println!("    {action:?}");
    }
}

#[test]
fn a_counter_outside_the_transaction_leaves_a_gap() {
    check(Variant::CounterOutside, scenarios::two_people(), Promise::NumbersGapless);
}

#[test]
fn a_mark_that_is_written_after_the_work_counts_a_message_twice() {
    check(Variant::DedupAfterWrite, scenarios::two_messages(), Promise::CountedOnce);
}

#[test]
fn a_claim_without_condition_has_two_winners() {
    check(Variant::ClaimUnconditional, scenarios::two_claims(), Promise::OneWinner);
}

#[test]
fn a_ticket_whose_id_is_random_stands_beside_another() {
    check(Variant::RandomTicketId, scenarios::first_message(), Promise::OneActiveTicket);
    check(Variant::RandomTicketId, scenarios::two_identities(), Promise::OneActiveTicket);
}

#[test]
fn a_ticket_written_over_another_leaves_a_gap() {
    check(Variant::TicketPutUnconditional, scenarios::first_message(), Promise::NumbersGapless);
}

#[test]
fn a_transaction_repeated_blindly_after_a_lost_answer_leaves_a_gap() {
    let only_lost = Faults { lost_answers: 1, ..Faults::default() };
    let scenario = || System { processes: 1, faults: only_lost, ..scenarios::first_message() };
    check(Variant::BlindRetry, scenario(), Promise::NumbersGapless);
    for half in [Variant::TicketPutUnconditional, Variant::TokenMissing] {
        assert!(explore(&System { variant: half, ..scenario() }, None).broken.is_empty(), "{half:?}");
    }
}

#[test]
fn a_claim_repeated_without_its_token_tells_its_winner_no() {
    check(Variant::TokenMissing, scenarios::two_claims(), Promise::WinnerTold);
}

#[test]
fn a_block_that_keeps_its_numbers_when_a_ticket_falls_out_leaves_a_gap() {
    check(Variant::BlockKeepsNumbers, scenarios::two_people(), Promise::NumbersGapless);
}

#[test]
fn a_count_without_condition_counts_a_repetition() {
    check(Variant::CountUnguarded, scenarios::first_message(), Promise::CountedOnce);
}

#[test]
fn a_count_that_does_not_check_the_generation_points_to_a_closed_ticket() {
    check(Variant::GenerationUnchecked, scenarios::closing_and_messages(false), Promise::SlotIsTrue);
}

#[test]
fn a_worker_that_does_not_look_whether_its_message_is_counted_counts_it_twice() {
    check(Variant::CountedIgnored, scenarios::first_message(), Promise::CountedOnce);
}

#[test]
fn a_conversation_that_is_read_while_messages_wait_for_their_count_loses_one() {
    check(Variant::ReadWhileUncounted, scenarios::resolving_and_messages(true), Promise::CountedOnce);
}

#[test]
fn a_burst_that_is_done_when_its_count_is_refused_is_not_counted() {
    check(Variant::RefusedIsDone, scenarios::burst(false), Promise::CountedOnce);
}

#[test]
fn a_conversation_that_remembers_one_message_counts_another_twice_or_never() {
    check(Variant::RemembersOne, scenarios::two_messages_overlapping(), Promise::CountedOnce);
    check(Variant::RemembersOne, scenarios::two_identities(), Promise::CountedOnce);
    // As does one that remembers fewer than are counted at once.
    check(Variant::RemembersOne, scenarios::burst(true), Promise::CountedOnce);
}

#[test]
fn a_message_placed_before_its_ticket_is_made_may_name_one_that_never_is() {
    check(Variant::PlaceFirst, scenarios::reopening_and_message(false), Promise::Stored);
}

#[test]
fn a_stored_message_that_counts_as_done_is_left_without_a_ticket() {
    check(Variant::AnyStoredIsDone, scenarios::two_messages(), Promise::Stored);
}

#[test]
fn a_ticket_that_was_not_linked_and_is_not_looked_for_stops_its_conversation_for_ever() {
    check(Variant::UnlinkedUnseen, scenarios::two_messages(), Promise::Finishes);
}

#[test]
fn an_alias_written_over_another_makes_one_person_two_contacts() {
    check(Variant::AliasUnconditional, scenarios::two_connections(), Promise::OneContact);
    check(Variant::AliasUnconditional, scenarios::first_message(), Promise::StoredOnce);
}

#[test]
fn a_profile_that_is_not_made_up_for_stays_missing() {
    check(Variant::ProfileNotRepaired, scenarios::first_message(), Promise::ProfileThere);
}

#[test]
fn a_reopening_without_a_mark_leaves_two_active_tickets() {
    check(Variant::ReopenWithoutMark, scenarios::reopening_and_message(false), Promise::OneActiveTicket);
}

#[test]
fn an_answer_that_does_not_check_the_version_brings_a_closed_ticket_back() {
    check(Variant::ReplyUnchecked, scenarios::answer_and_closing(), Promise::OneActiveTicket);
}

#[test]
fn an_answer_that_does_not_name_the_conversation_makes_it_unreadable() {
    check(Variant::ReplyUnnamed, scenarios::answer_to_a_first_message(), Promise::Readable);
    check(Variant::ReplyUnnamed, scenarios::answer_to_a_first_message(), Promise::Finishes);
}

#[test]
fn a_place_taken_without_condition_overloads_an_agent() {
    check(Variant::CapacityUnchecked, scenarios::two_tickets_one_place(), Promise::WithinCapacity);
}

#[test]
fn a_unit_deleted_when_it_is_received_is_lost_in_a_crash() {
    check(Variant::AckFirst, scenarios::two_messages(), Promise::Stored);
}

#[test]
fn a_queue_without_group_lock_lets_messages_overtake_each_other() {
    check(Variant::GroupLockMissing, scenarios::two_messages(), Promise::InOrder);
}
