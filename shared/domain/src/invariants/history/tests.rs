//! Lives that the commands can lead to, and histories with one thing wrong each.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::ids::{AgentId, QueueId};
use crate::invariants::{clocks, load};
use crate::ticket::sample::ticket as sample;
use crate::ticket::{Edit, Priority, TicketChange, WaitingPolicy};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

fn ana() -> AgentId {
    AgentId::new("ana").unwrap()
}

/// A ticket with its history.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct Life {
    pub(in crate::invariants) ticket: Ticket,
    pub(in crate::invariants) rows: Vec<Row>,
}

impl Life {
    pub(in crate::invariants) fn new(ticket: Ticket) -> Self {
        Self { ticket, rows: Vec::new() }
    }

    pub(in crate::invariants) fn then(mut self, change: TicketChange) -> Self {
        let first = change.after.version + 1 - change.rows.len() as u64;
        let subject = Subject::from(&change.after);
        let rows = (first..).zip(change.rows).map(|(version, row)| Row { version, row, subject: subject.clone() });
        self.rows.extend(rows);
        self.ticket = change.after;
        self
    }

    /// Claimed at 1, answered at 2, resolved at 3, closed at 4, reopened at 5 by a message.
    pub(in crate::invariants) fn long() -> Self {
        let life = Self::new(sample());
        let change = life.ticket.claimed_by(&ana(), at(1)).unwrap();
        let life = life.then(change);
        let change = life.ticket.answered_by(&ana(), at(2)).unwrap().unwrap();
        let life = life.then(change);
        let change = life.ticket.moved_to(TicketState::Resolved, &ana(), None, at(3)).unwrap();
        let life = life.then(change);
        let change = life.ticket.moved_to(TicketState::Closed, &ana(), None, at(4)).unwrap();
        let life = life.then(change);
        let change = life.ticket.customer_wrote(at(5), at(5)).unwrap();
        life.then(change)
    }
}

#[track_caller]
fn check(ticket: &Ticket, rows: &[Row], expected: Option<&str>) {
    let found = history(ticket, rows).map(|finding| finding.words);
    match expected {
        None => assert_eq!(found, None),
        Some(expected) => assert!(found.as_ref().is_some_and(|words| words.ends_with(expected)), "{found:?}"),
    }
}

#[test]
fn a_history_that_lacks_a_row_or_has_one_too_many_is_found() {
    let Life { ticket, rows } = Life::long();
    check(&ticket, &rows, None);
    check(&ticket, &rows[1..], Some("must have the rows 2 to 7 and has 3 to 7"));
    check(&ticket, &rows[..2], Some("must have the rows 2 to 7 and has 2 to 3"));
    check(&ticket, &[], Some("must have the rows 2 to 7 and has none"));
    check(&sample(), &rows[..1], Some("has the rows 2, but it never changed"));
    check(&sample(), &[], None);
    assert!(without_ticket(&ticket.id, &rows, 0).is_some());
    assert_eq!(without_ticket(&ticket.id, &[], 0), None);
    assert!(without_ticket(&ticket.id, &[], 1).is_some());
}

#[test]
fn a_step_that_the_life_cycle_does_not_have_is_found() {
    let Life { ticket, rows } = Life::long();
    let changed = |place: usize, edit: &dyn Fn(&mut Row)| {
        let mut rows = rows.clone();
        edit(&mut rows[place]);
        rows
    };
    let jumped = changed(0, &|row| row.row.to = TicketState::Resolved);
    check(&ticket, &jumped, Some("row 2 of its history goes from new to resolved, which cannot happen so"));
    let apart = changed(1, &|row| row.row.from = TicketState::Open);
    check(&ticket, &apart, Some("row 3 of its history begins at open, but the ticket was assigned"));
    let by_another = changed(5, &|row| row.row.actor = Actor::System);
    check(&ticket, &by_another, Some("row 7 of its history goes from closed to reopened, which cannot happen so"));
    let foreign = changed(2, &|row| row.subject.number.number = 9);
    check(&ticket, &foreign, Some("row 4 of its history is about another ticket"));
    let new = Ticket { state: TicketState::New, ..ticket };
    check(&new, &rows, Some("it is new, but its history ends at reopened"));
}

#[test]
fn what_a_ticket_says_of_its_past_is_compared_with_its_history() {
    let Life { ticket, rows } = Life::long();
    let says = |edit: &dyn Fn(&mut Ticket), expected: &str| {
        let mut ticket = ticket.clone();
        edit(&mut ticket);
        check(&ticket, &rows, Some(expected));
    };
    says(&|ticket| ticket.reopen_count = 0, "it was reopened 1 times, but says 0");
    says(&|ticket| ticket.first_response_at = Some(at(2)), "answered first never, and the ticket 1790000002000");
    says(&|ticket| ticket.resolved_at = Some(at(3)), "resolved never, and the ticket 1790000003000");
    says(&|ticket| ticket.closed_at = Some(at(4)), "closed never, and the ticket 1790000004000");
    says(&|ticket| ticket.updated_at = at(9), "changed last 1790000005000, and the ticket 1790000009000");
    says(&|ticket| ticket.agent = Some(ana()), "its last row names another agent than the ticket");
}

#[derive(Debug, Clone)]
enum Command {
    Claim,
    Move(TicketState),
    Write(i64),
    Answer,
    Scan,
    View,
    Assign(bool),
    Unassign,
    Transfer(bool, bool),
    Prioritize(Priority),
    Escalate,
    Edit(bool),
    Finish,
    Keep,
    Merge,
    Unmerge,
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        Just(Command::Claim),
        proptest::sample::select(TicketState::ALL.to_vec()).prop_map(Command::Move),
        (0i64..200_000).prop_map(Command::Write),
        Just(Command::Answer),
        Just(Command::Scan),
        Just(Command::View),
        any::<bool>().prop_map(Command::Assign),
        Just(Command::Unassign),
        any::<(bool, bool)>().prop_map(|(there, given)| Command::Transfer(there, given)),
        proptest::sample::select(Priority::ALL.to_vec()).prop_map(Command::Prioritize),
        Just(Command::Escalate),
        any::<bool>().prop_map(Command::Edit),
        Just(Command::Finish),
        Just(Command::Keep),
        Just(Command::Merge),
        Just(Command::Unmerge),
    ]
}

/// What another ticket is merged into.
fn other() -> Ticket {
    Ticket { id: TicketId::new("tkt_other").unwrap(), generation: None, conversation: None, ..sample() }
}

/// Contacts are reminded, and given up, sooner than the longest wait between two commands.
const IMPATIENT: WaitingPolicy = WaitingPolicy { remind_after_hours: Some(20), resolve_after_hours: Some(24) };

fn further(command: &Command, ticket: &Ticket, now: Timestamp) -> Option<TicketChange> {
    let (ana, bruno) = (ana(), AgentId::new("bruno").unwrap());
    let queue = |there: bool| QueueId::new(if there { "sales" } else { "support" }).unwrap();
    match command {
        Command::View => ticket.viewed_by(&ana, now),
        Command::Assign(work) => {
            let to = if *work { TicketState::InProgress } else { TicketState::Assigned };
            ticket.assigned_to(&bruno, &ana, Some("because"), to, now).ok()
        }
        Command::Unassign => ticket.unassigned(&ana, None, now).ok(),
        Command::Transfer(there, given) => {
            ticket.transferred(&queue(*there), given.then_some(&bruno), &ana, None, now).ok()
        }
        Command::Prioritize(priority) => ticket.prioritized(*priority, &ana, None, now).ok().flatten(),
        Command::Escalate => ticket.escalated_by(&ana, None, now).ok(),
        Command::Edit(tagged) => {
            let tags = tagged.then(|| "vip".to_owned()).into_iter().collect();
            ticket.edited(Edit { tags: Some(tags), ..Edit::default() }, &ana, now)
        }
        Command::Finish => ticket.finished_by(&ana, None, now).ok(),
        Command::Keep => ticket.kept_by_customer(now),
        Command::Merge => ticket.merged_by(&other(), &ana, None, now).ok().map(|[goes, _]| goes),
        Command::Unmerge => ticket.unmerged_by(&other(), &ana, None, now).ok().map(|[comes, _]| comes),
        _ => None,
    }
}

proptest! {
    #[test]
    fn whatever_the_commands_lead_to_is_sound(commands in proptest::collection::vec((command(), 1i64..100_000), 1..60)) {
        let made = Ticket { source: Source::Agent, state: TicketState::Open, generation: None, ..sample() };
        for mut life in [Life::new(sample()), Life::new(made)] {
            let mut now = 0;
            for (command, wait) in &commands {
                now += wait;
                let (ticket, now) = (&life.ticket, at(now));
                let change = match command {
                    Command::Claim => ticket.claimed_by(&ana(), now).ok(),
                    Command::Move(to) => {
                        let moved = ticket.moved_to(*to, &ana(), None, now).ok();
                        moved.map(|change| change.waiting_by(IMPATIENT, Some(now)))
                    }
                    Command::Write(earlier) => {
                        ticket.customer_wrote(now.saturating_sub(SignedDuration::from_secs(*earlier)).unwrap(), now)
                    }
                    // Only who has the ticket may answer.
                    Command::Answer => ticket.agent.is_some().then(|| ticket.answered_by(&ana(), now).ok().flatten()).flatten(),
                    Command::Scan => ticket.scanned(now),
                    other => further(other, ticket, now),
                };
                life = match change {
                    Some(change) => life.then(change),
                    None => life,
                };
                prop_assert_eq!(history(&life.ticket, &life.rows), None);
                prop_assert_eq!(clocks::clocks(&life.ticket, &life.rows), None);
                prop_assert_eq!(load::ticket(&life.ticket), Vec::new());
            }
        }
    }
}
