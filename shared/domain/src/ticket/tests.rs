//! The life cycle, step by step and as properties.

use proptest::prelude::*;

use super::sample::ticket;
use super::*;
use crate::event::Happening;
use crate::sla::Metric;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

fn ana() -> AgentId {
    AgentId::new("ana").unwrap()
}

fn bruno() -> AgentId {
    AgentId::new("bruno").unwrap()
}

#[test]
fn the_first_claim_wins_and_names_the_winner_to_the_second() {
    let claimed = ticket().claimed_by(&ana(), at(5)).unwrap();
    assert_eq!(claimed.after.state, TicketState::Assigned);
    assert_eq!(claimed.after.holder(), Some(&ana()));
    assert_eq!((claimed.before.version, claimed.after.version), (1, 2));
    assert_eq!(claimed.rows.len(), 1);
    assert_eq!(claimed.after.claimed_by(&bruno(), at(6)), Err(Refusal::AlreadyClaimed { by: ana() }));
}

#[test]
fn a_finished_ticket_cannot_be_claimed() {
    for state in [TicketState::Resolved, TicketState::Closed, TicketState::Cancelled] {
        let done = Ticket { state, agent: Some(ana()), ..ticket() };
        assert_eq!(done.claimed_by(&bruno(), at(5)), Err(Refusal::NotWaiting { state }));
        assert_eq!(done.holder(), None);
    }
}

#[test]
fn create_assign_resolve_and_close_leave_three_rows_beside_the_creation() {
    let claimed = ticket().claimed_by(&ana(), at(1)).unwrap();
    let resolved = claimed.after.moved_to(TicketState::Resolved, &ana(), None, at(2)).unwrap();
    let closed = resolved.after.moved_to(TicketState::Closed, &ana(), None, at(3)).unwrap();
    assert_eq!(closed.after.version, 4); // one for each row, and one for the creation
    let steps: Vec<_> = [&claimed, &resolved, &closed].iter().flat_map(|c| &c.rows).map(|r| (r.from, r.to)).collect();
    let expected = [
        (TicketState::New, TicketState::Assigned),
        (TicketState::Assigned, TicketState::Resolved),
        (TicketState::Resolved, TicketState::Closed),
    ];
    assert_eq!(steps, expected);
}

#[test]
fn the_first_answer_stops_its_clock_and_starts_the_work_once() {
    let claimed = ticket().claimed_by(&ana(), at(1)).unwrap().after;
    let answered = claimed.answered_by(&ana(), at(60)).unwrap().unwrap();
    assert_eq!(answered.after.first_response_at, Some(at(60)));
    assert_eq!(answered.after.sla.met(Metric::FirstResponse, at(61)), Some(true));
    assert_eq!(answered.after.state, TicketState::InProgress);
    assert_eq!(answered.after.version, claimed.version + 2);
    assert_eq!(answered.after.answered_by(&ana(), at(70)), Ok(None));
}

#[test]
fn a_closed_ticket_takes_no_answer_and_a_resolved_one_only_a_last_word() {
    let check = |state: TicketState, expected: Result<Option<TicketChange>, Refusal>| {
        assert_eq!(Ticket { state, agent: Some(ana()), ..ticket() }.answered_by(&ana(), at(9)), expected);
    };
    check(TicketState::Resolved, Ok(None));
    check(TicketState::Closed, Err(Refusal::NotWaiting { state: TicketState::Closed }));
    check(TicketState::Cancelled, Err(Refusal::NotWaiting { state: TicketState::Cancelled }));
}

#[test]
fn a_message_resumes_a_waiting_ticket_and_reopens_a_finished_one() {
    let check = |state: TicketState, expected: Option<TicketState>| {
        let change = Ticket { state, agent: Some(ana()), ..ticket() }.customer_wrote(at(9), at(10));
        assert_eq!(change.as_ref().map(|c| c.after.state), expected, "{state:?}");
    };
    check(TicketState::New, None);
    check(TicketState::InProgress, None);
    check(TicketState::PendingCustomer, Some(TicketState::InProgress));
    check(TicketState::Resolved, Some(TicketState::Reopened));
    check(TicketState::Closed, Some(TicketState::Reopened));
    check(TicketState::Cancelled, None);
}

#[test]
fn a_reopened_ticket_waits_for_the_team_with_fresh_clocks() {
    let closed = Ticket { state: TicketState::Closed, agent: Some(ana()), closed_at: Some(at(5)), ..ticket() };
    let reopened = closed.customer_wrote(at(100), at(200)).unwrap().after;
    assert_eq!(reopened.agent, None);
    assert_eq!(reopened.reopen_count, 1);
    assert_eq!(reopened.sla, Sla::starting(at(100), Priority::Medium));
    assert_eq!((reopened.first_response_at, reopened.resolved_at, reopened.closed_at), (None, None, None));
}

#[test]
fn work_started_without_an_agent_makes_its_starter_the_agent() {
    let open = Ticket { state: TicketState::Open, ..ticket() };
    let started = open.moved_to(TicketState::InProgress, &ana(), None, at(1)).unwrap().after;
    assert_eq!(started.holder(), Some(&ana()));
}

#[test]
fn a_breach_is_one_row_a_metric() {
    let scanned = ticket().scanned(at(4 * 3600 + 1)).unwrap();
    assert_eq!(scanned.rows.len(), 1);
    assert_eq!(scanned.rows[0].happening, Happening::SlaBreached { metric: Metric::FirstResponse });
    assert_eq!(scanned.after.scanned(at(4 * 3600 + 60)), None);
}

#[derive(Debug, Clone)]
enum Command {
    Claim,
    Move(TicketState),
    Write,
    Answer,
    Scan,
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        Just(Command::Claim),
        proptest::sample::select(TicketState::ALL.to_vec()).prop_map(Command::Move),
        Just(Command::Write),
        Just(Command::Answer),
        Just(Command::Scan),
    ]
}

fn apply(ticket: &Ticket, command: &Command, now: Timestamp) -> Option<TicketChange> {
    match command {
        Command::Claim => ticket.claimed_by(&ana(), now).ok(),
        Command::Move(to) => ticket.moved_to(*to, &ana(), None, now).ok(),
        Command::Write => ticket.customer_wrote(now, now),
        Command::Answer => ticket.answered_by(&ana(), now).ok().flatten(),
        Command::Scan => ticket.scanned(now),
    }
}

proptest! {
    #[test]
    fn any_order_of_commands_keeps_the_ticket_whole(commands in proptest::collection::vec((command(), 1i64..100_000), 1..40)) {
        let mut current = ticket();
        let mut now = 0;
        for (command, wait) in commands {
            now += wait;
            let Some(change) = apply(&current, &command, at(now)) else { continue };
            prop_assert!(!change.rows.is_empty());
            prop_assert_eq!(change.after.version, current.version + change.rows.len() as u64);
            prop_assert_eq!(change.rows.last().map(|row| row.to), Some(change.after.state));
            prop_assert!(current.state != TicketState::Cancelled || matches!(command, Command::Scan), "cancelled is terminal");
            prop_assert_eq!((change.after.id.clone(), change.after.number), (current.id.clone(), current.number));
            let waits_for_attention = change.after.sla.next_due_at().is_some();
            let late = Metric::ALL.iter().any(|m| change.after.sla.met(*m, at(now)) == Some(false));
            prop_assert!(change.after.state.is_active() || !waits_for_attention || late);
            current = change.after;
        }
    }

    #[test]
    fn a_ticket_survives_its_storage_form(priority in proptest::sample::select(Priority::ALL.to_vec())) {
        let stored = Ticket { priority, ..ticket() };
        let text = serde_json::to_string(&stored).unwrap();
        prop_assert_eq!(serde_json::from_str::<Ticket>(&text).unwrap(), stored);
    }
}
