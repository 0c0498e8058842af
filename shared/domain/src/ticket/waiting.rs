//! A ticket that waits for its contact: its clocks stand, the contact is reminded once while it can be written to, and a ticket whose
//! contact never answers is resolved (docs/requirements.md C28).

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Ticket, TicketChange, TicketState};
use crate::conversation::WINDOW;
use crate::event::{Actor, Happening};

/// For how long a ticket has waited at least when its contact is reminded.
const SHORTEST_WAIT: SignedDuration = SignedDuration::from_hours(1);

/// How long before the window for free text closes nobody is reminded any more: the reminder is some time on its way.
const MARGIN: SignedDuration = SignedDuration::from_mins(5);

/// What an organization does about contacts who do not answer. Nothing unless it is set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingPolicy {
    /// Hours after the contact wrote last, in which it is reminded once: below 24, while free text may be sent.
    #[serde(rename = "remind_hours", default, skip_serializing_if = "Option::is_none")]
    pub remind_after_hours: Option<u8>,
    /// Hours of waiting after which the ticket is resolved.
    #[serde(rename = "resolve_hours", default, skip_serializing_if = "Option::is_none")]
    pub resolve_after_hours: Option<u16>,
}

impl WaitingPolicy {
    /// The latest that a contact is reminded: an hour before the window closes.
    pub const LATEST_REMINDER_HOURS: u8 = 23;
    /// The longest that a contact is waited for: thirty days.
    pub const LONGEST_WAIT_HOURS: u16 = 720;

    /// Whether it asks for anything.
    pub fn is_set(self) -> bool {
        self != Self::default()
    }
}

/// How long a contact is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patience {
    /// When the contact is reminded; absent once it was, or where it never is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reminder: Option<Reminder>,
    /// When the ticket is resolved; absent where it never is.
    #[serde(
        rename = "resolve",
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    pub resolve_at: Option<Timestamp>,
}

/// The time in which a contact is reminded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminder {
    /// From when on.
    #[serde(rename = "at", with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub at: Timestamp,
    /// Until when: later the contact can no longer be written to.
    #[serde(rename = "until", with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub until: Timestamp,
}

impl Reminder {
    /// None where the contact wrote too long ago, or would be reminded as soon as it is waited for.
    fn after(wrote_at: Timestamp, hours: u8, waits_since: Timestamp) -> Option<Self> {
        let at = later(wrote_at, SignedDuration::from_hours(hours.into()));
        (at >= later(waits_since, SHORTEST_WAIT)).then(|| Self { at, until: later(wrote_at, WINDOW - MARGIN) })
    }
}

impl Patience {
    /// When something happens next.
    pub fn at(self) -> Option<Timestamp> {
        [self.reminder.map(|reminder| reminder.at), self.resolve_at].into_iter().flatten().min()
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

impl TicketChange {
    /// Whether the ticket waits for its contact after this, and did not before.
    pub fn begins_to_wait(&self) -> bool {
        self.before.state != TicketState::PendingCustomer && self.after.state == TicketState::PendingCustomer
    }

    /// The same change; where the ticket begins to wait, it waits by this policy. `wrote_at` is when the contact wrote last.
    #[must_use]
    pub fn waiting_by(mut self, policy: WaitingPolicy, wrote_at: Option<Timestamp>) -> Self {
        if !self.begins_to_wait() {
            return self;
        }
        let since = self.after.updated_at;
        // A group is not asked whether it needs help.
        let wrote_at = wrote_at.filter(|_| !self.after.is_group);
        let reminder =
            wrote_at.zip(policy.remind_after_hours).and_then(|(at, hours)| Reminder::after(at, hours, since));
        let resolve_at = policy.resolve_after_hours.map(|hours| later(since, SignedDuration::from_hours(hours.into())));
        let patience = Patience { reminder, resolve_at };
        self.after.details.patience = patience.at().map(|_| patience);
        self
    }

    /// Whether the contact is to be reminded with it.
    pub fn reminds(&self) -> bool {
        self.rows.iter().any(|row| row.happening == Happening::ContactReminded)
    }
}

impl Ticket {
    /// Clocks stand while it waits for its contact, and nobody waits for a contact who wrote. For how long they stood where they run
    /// again, in milliseconds.
    pub(super) fn turn_clocks(&mut self, before: &Self, now: Timestamp) -> Option<i64> {
        let (waited, waits) =
            (before.state == TicketState::PendingCustomer, self.state == TicketState::PendingCustomer);
        if waits && !waited {
            self.sla.pause(now);
        }
        if waits || !waited {
            return None;
        }
        self.details.patience = None;
        self.sla.resume(now);
        before.sla.paused_at.map(|_| self.sla.stood_ms - before.sla.stood_ms)
    }

    /// What a contact's silence asks for by now. `None` when that is nothing.
    pub(super) fn waited_long(&self, now: Timestamp) -> Option<TicketChange> {
        let patience = self.details.patience?;
        if patience.resolve_at.is_some_and(|at| at <= now) {
            return Some(self.change(now, &Actor::System, Some("no answer from the contact"), |after| {
                after.enter(TicketState::Resolved, now, now);
                vec![Happening::TicketStateChanged]
            }));
        }
        let reminder = patience.reminder.filter(|reminder| reminder.at <= now)?;
        Some(self.change(now, &Actor::System, None, |after| {
            let left = Patience { reminder: None, ..patience };
            after.details.patience = left.at().map(|_| left);
            vec![if now <= reminder.until { Happening::ContactReminded } else { Happening::ReminderLapsed }]
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::AgentId;
    use crate::sla::Metric;
    use crate::ticket::sample::ticket;

    const BOTH: WaitingPolicy = WaitingPolicy { remind_after_hours: Some(23), resolve_after_hours: Some(72) };

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + hours * 3600).unwrap()
    }

    fn ana() -> AgentId {
        AgentId::new("ana").unwrap()
    }

    /// It waits since hour 2 for a contact who wrote at hour 0.
    fn waiting(policy: WaitingPolicy) -> Ticket {
        let held = ticket().claimed_by(&ana(), at(1)).unwrap().after;
        let answered = held.answered_by(&ana(), at(1)).unwrap().unwrap().after;
        let waits = answered.moved_to(TicketState::PendingCustomer, &ana(), None, at(2)).unwrap();
        waits.waiting_by(policy, Some(at(0))).after
    }

    #[test]
    fn a_ticket_that_waits_for_its_contact_asks_for_no_attention_unless_somebody_set_so() {
        let waiting = waiting(WaitingPolicy::default());
        assert_eq!((waiting.next_due_at(), &waiting.details.patience), (None, &None));
        assert_eq!(waiting.scanned(at(24 * 365)), None);
    }

    #[test]
    fn the_contact_s_answer_makes_the_clocks_go_on_from_when_it_was_written() {
        let waiting = waiting(BOTH);
        let answered = waiting.customer_wrote(at(12), at(15)).unwrap();
        assert_eq!((answered.rows[0].stood_ms, answered.rows[0].at), (Some(10 * 3_600_000), at(15)));
        let goes_on = answered.after;
        assert_eq!(goes_on.sla.resolution.due_at, at(3 * 24 + 10));
        assert_eq!((goes_on.next_due_at(), &goes_on.details.patience), (Some(at(3 * 24 + 10)), &None));
        // A message from before it waited is no answer, but it is work.
        assert_eq!(waiting.customer_wrote(at(1), at(3)).unwrap().rows[0].stood_ms, Some(0));
        // Whoever takes it back does so now.
        let back = waiting.moved_to(TicketState::InProgress, &ana(), None, at(5)).unwrap();
        assert_eq!(back.rows[0].stood_ms, Some(3 * 3_600_000));
        let unassigned = waiting.unassigned(&ana(), None, at(5)).unwrap();
        assert_eq!((unassigned.rows[0].stood_ms, unassigned.after.sla.paused_at), (Some(3 * 3_600_000), None));
    }

    #[test]
    fn who_has_it_may_change_while_the_clocks_stand() {
        let waiting = waiting(BOTH);
        let bruno = AgentId::new("bruno").unwrap();
        let given = waiting.assigned_to(&bruno, &ana(), None, TicketState::Assigned, at(4)).unwrap();
        assert_eq!((given.after.sla, given.after.details.patience), (waiting.sla, waiting.details.patience));
        assert_eq!(given.rows[0].stood_ms, None);
    }

    #[test]
    fn the_contact_is_reminded_once_and_then_the_ticket_is_resolved() {
        let waiting = waiting(BOTH);
        assert_eq!(waiting.next_due_at(), Some(at(23)));
        assert_eq!(waiting.scanned(at(22)), None);
        let reminded = waiting.scanned(at(23)).unwrap();
        assert!(reminded.reminds() && reminded.after.state == TicketState::PendingCustomer);
        assert_eq!(reminded.after.next_due_at(), Some(at(74)));
        assert_eq!(reminded.after.scanned(at(73)), None);
        let resolved = reminded.after.scanned(at(74)).unwrap();
        assert_eq!((resolved.rows.len(), &resolved.rows[0].actor), (1, &Actor::System));
        assert_eq!((resolved.rows[0].to, resolved.rows[0].stood_ms), (TicketState::Resolved, Some(72 * 3_600_000)));
        let resolved = resolved.after;
        assert_eq!((resolved.resolved_at, resolved.sla.met(Metric::Resolution, at(75))), (Some(at(74)), Some(true)));
        assert_eq!(resolved.next_due_at(), Some(at(98)), "it closes as any resolved ticket does");
    }

    #[test]
    fn nobody_is_reminded_who_cannot_be_written_to_or_was_just_written_to() {
        let lapsed = waiting(BOTH).scanned(at(24)).unwrap();
        assert_eq!(lapsed.rows[0].happening, Happening::ReminderLapsed);
        assert!(!lapsed.reminds() && lapsed.after.next_due_at() == Some(at(74)));
        let late = waiting(BOTH).scanned(at(80)).unwrap();
        assert!(!late.reminds() && late.rows.len() == 1 && late.after.state == TicketState::Resolved);
        let held = ticket().claimed_by(&ana(), at(1)).unwrap().after;
        let reminder = |since: i64, wrote_at: Option<Timestamp>, is_group: bool| {
            let held = Ticket { is_group, ..held.clone() };
            let waits = held.moved_to(TicketState::PendingCustomer, &ana(), None, at(since)).unwrap();
            waits.waiting_by(BOTH, wrote_at).after.details.patience.unwrap().reminder.map(|reminder| reminder.at)
        };
        assert_eq!(reminder(22, Some(at(0)), false), Some(at(23)));
        assert_eq!(reminder(23, Some(at(0)), false), None);
        assert_eq!(reminder(2, None, false), None);
        assert_eq!(reminder(2, Some(at(0)), true), None);
    }

    #[test]
    fn a_deadline_that_was_missed_before_the_clocks_stood_is_alerted_while_they_stand() {
        let held = ticket().claimed_by(&ana(), at(1)).unwrap().after;
        let waits = held.moved_to(TicketState::PendingCustomer, &ana(), None, at(5)).unwrap().waiting_by(BOTH, None);
        assert_eq!(waits.after.next_due_at(), Some(at(4)));
        let late = waits.after.scanned(at(80)).unwrap();
        let happened: Vec<_> = late.rows.iter().map(|row| &row.happening).collect();
        let expected = [&Happening::SlaBreached { metric: Metric::FirstResponse }, &Happening::TicketStateChanged];
        assert_eq!(happened, expected);
    }
}
