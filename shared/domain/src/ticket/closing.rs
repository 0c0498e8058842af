//! How a resolved ticket becomes a closed one without anybody doing it (docs/requirements.md C9), and how a ticket is finished at once.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Patience, Refusal, Ticket, TicketChange, TicketState};
use crate::event::{Actor, Happening};
use crate::ids::AgentId;

/// A queue's two rules for closing what is resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosingPolicy {
    /// Hours after the resolution, if the contact writes nothing.
    #[serde(default = "default_quiet_hours")]
    pub quiet_hours: u16,
    /// Days after the resolution, whatever is written.
    #[serde(default = "default_hard_days")]
    pub hard_days: u16,
}

fn default_quiet_hours() -> u16 {
    24
}

fn default_hard_days() -> u16 {
    7
}

impl Default for ClosingPolicy {
    fn default() -> Self {
        Self { quiet_hours: default_quiet_hours(), hard_days: default_hard_days() }
    }
}

/// When a resolved ticket closes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutoClose {
    /// After the quiet hours; absent once the contact wrote.
    #[serde(
        rename = "quiet",
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    pub quiet_at: Option<Timestamp>,
    /// At the hard limit.
    #[serde(rename = "hard", with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub hard_at: Timestamp,
}

impl AutoClose {
    fn after(resolved_at: Timestamp, policy: ClosingPolicy) -> Self {
        let later =
            |hours: i64| resolved_at.saturating_add(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MAX);
        let hard_at = later(24 * i64::from(policy.hard_days));
        Self { quiet_at: Some(later(i64::from(policy.quiet_hours)).min(hard_at)), hard_at }
    }

    /// When that is.
    pub fn at(self) -> Timestamp {
        self.quiet_at.unwrap_or(self.hard_at)
    }
}

impl TicketChange {
    /// The same change; where it resolves the ticket, it closes by this policy and not by the default one.
    #[must_use]
    pub fn closing_by(mut self, policy: ClosingPolicy) -> Self {
        if let (TicketState::Resolved, Some(resolved_at)) = (self.after.state, self.after.resolved_at)
            && self.before.state != TicketState::Resolved
        {
            self.after.details.auto_close = Some(AutoClose::after(resolved_at, policy));
        }
        self
    }
}

impl Ticket {
    /// When somebody must look next: a deadline may be missed, the ticket closes, or its contact was waited for long enough.
    pub fn next_due_at(&self) -> Option<Timestamp> {
        let closes = self.details.auto_close.map(AutoClose::at);
        let waits = self.details.patience.and_then(Patience::at);
        [self.sla.next_due_at(), closes, waits].into_iter().flatten().min()
    }

    /// What entering a state means for closing by itself: a resolved ticket will, any other will not.
    pub(super) fn set_auto_close(&mut self) {
        let resolved_at = self.resolved_at.filter(|_| self.state == TicketState::Resolved);
        self.details.auto_close = resolved_at.map(|at| AutoClose::after(at, ClosingPolicy::default()));
    }

    /// The contact wrote to a resolved ticket that its connection does not reopen: it no longer closes for silence. `None` when it
    /// wrote before, or the ticket is not resolved.
    pub fn kept_by_customer(&self, now: Timestamp) -> Option<TicketChange> {
        let closes = self.details.auto_close.filter(|closes| closes.quiet_at.is_some())?;
        Some(self.change(now, &Actor::Customer, None, |after| {
            after.details.auto_close = Some(AutoClose { quiet_at: None, ..closes });
            vec![Happening::ClosingPostponed]
        }))
    }

    /// A resolved ticket whose time has come is closed. `None` when it has not.
    pub(super) fn closed_by_time(&self, now: Timestamp) -> Option<TicketChange> {
        let closes = self.details.auto_close.filter(|closes| closes.at() <= now)?;
        let reason = if closes.quiet_at.is_some() { "no answer after the resolution" } else { "resolved long ago" };
        Some(self.change(now, &Actor::System, Some(reason), |after| {
            after.enter(TicketState::Closed, now, now);
            vec![Happening::TicketStateChanged]
        }))
    }

    /// An agent ends it as no work, from whatever state it is in: it is cancelled, or closed where it was resolved already.
    ///
    /// Errors: `IllegalTransition` when it is closed or cancelled.
    pub fn abandoned_by(&self, by: &AgentId, reason: Option<&str>, now: Timestamp) -> Result<TicketChange, Refusal> {
        match self.state {
            TicketState::Resolved => self.moved_to(TicketState::Closed, by, reason, now),
            // The life cycle leads from here to nothing but work.
            TicketState::Reopened => {
                let work = self.moved_to(TicketState::InProgress, by, reason, now)?;
                let ended = work.after.moved_to(TicketState::Cancelled, by, reason, now)?;
                Ok(work.then(ended))
            }
            _ => self.moved_to(TicketState::Cancelled, by, reason, now),
        }
    }

    /// An agent ends it from whatever state it is in, as one command: what is missing between is done on the way, and recorded.
    ///
    /// Errors: `IllegalTransition` when it is closed or cancelled.
    pub fn finished_by(&self, by: &AgentId, reason: Option<&str>, now: Timestamp) -> Result<TicketChange, Refusal> {
        let mut change: Option<TicketChange> = None;
        loop {
            let ticket = change.as_ref().map_or(self, |so_far| &so_far.after);
            let step = match ticket.state {
                TicketState::New | TicketState::Open | TicketState::Reopened => match &ticket.agent {
                    Some(holder) => ticket.assigned_to(&holder.clone(), by, reason, TicketState::Assigned, now)?,
                    None => ticket.claimed_by(by, now)?,
                },
                TicketState::Resolved => ticket.moved_to(TicketState::Closed, by, reason, now)?,
                TicketState::Assigned
                | TicketState::InProgress
                | TicketState::PendingCustomer
                | TicketState::Escalated => ticket.moved_to(TicketState::Resolved, by, reason, now)?,
                state @ (TicketState::Closed | TicketState::Cancelled) => {
                    return change.ok_or(Refusal::IllegalTransition { from: state, to: TicketState::Closed });
                }
            };
            change = Some(match change {
                Some(so_far) => so_far.then(step),
                None => step,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::sample::ticket;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + hours * 3600).unwrap()
    }

    fn ana() -> AgentId {
        AgentId::new("ana").unwrap()
    }

    fn resolved() -> TicketChange {
        let held = ticket().claimed_by(&ana(), at(0)).unwrap().after;
        held.moved_to(TicketState::Resolved, &ana(), None, at(1)).unwrap()
    }

    #[test]
    fn a_resolved_ticket_closes_after_a_day_of_silence() {
        let resolved = resolved().after;
        assert_eq!(resolved.next_due_at(), Some(at(25)));
        assert_eq!(resolved.scanned(at(24)), None);
        let closed = resolved.scanned(at(25)).unwrap();
        assert_eq!((closed.after.state, closed.after.closed_at), (TicketState::Closed, Some(at(25))));
        assert_eq!((closed.rows.len(), &closed.rows[0].actor), (1, &Actor::System));
        assert_eq!(closed.after.next_due_at(), None);
    }

    #[test]
    fn a_resolved_ticket_to_which_the_contact_wrote_closes_after_a_week() {
        let resolved = resolved().after;
        let kept = resolved.kept_by_customer(at(2)).unwrap().after;
        assert_eq!(kept.kept_by_customer(at(3)), None);
        assert_eq!(kept.scanned(at(7 * 24)), None);
        assert_eq!(kept.scanned(at(7 * 24 + 1)).unwrap().after.state, TicketState::Closed);
    }

    #[test]
    fn a_queue_has_its_own_times() {
        let policy = ClosingPolicy { quiet_hours: 48, hard_days: 1 };
        assert_eq!(resolved().closing_by(policy).after.next_due_at(), Some(at(25)), "never after the hard limit");
        let policy = ClosingPolicy { quiet_hours: 2, hard_days: 1 };
        assert_eq!(resolved().closing_by(policy).after.next_due_at(), Some(at(3)));
    }

    #[test]
    fn a_ticket_is_abandoned_from_any_state_that_is_not_final() {
        for state in TicketState::ALL {
            let abandoned = Ticket { state, ..ticket() }.abandoned_by(&ana(), None, at(1));
            let expected = if state == TicketState::Resolved { TicketState::Closed } else { TicketState::Cancelled };
            match abandoned {
                Ok(change) => assert_eq!(change.after.state, expected, "{state:?}"),
                Err(_) => assert!(state.is_final(), "{state:?}"),
            }
        }
    }

    #[test]
    fn a_ticket_is_finished_from_any_state_with_every_step_recorded() {
        for state in TicketState::ALL {
            let held = !matches!(state, TicketState::New | TicketState::Open | TicketState::Reopened);
            let ticket = Ticket { state, agent: held.then(ana), assigned_at: held.then(|| at(0)), ..ticket() };
            let finished = ticket.finished_by(&ana(), Some("done"), at(1));
            if state.is_final() {
                assert_eq!(finished, Err(Refusal::IllegalTransition { from: state, to: TicketState::Closed }));
                continue;
            }
            let change = finished.unwrap();
            assert_eq!(change.after.state, TicketState::Closed, "{state:?}");
            assert_eq!(change.after.version, ticket.version + change.rows.len() as u64);
            assert_eq!((change.rows[0].from, change.rows.last().unwrap().to), (state, TicketState::Closed));
            assert!(change.rows.windows(2).all(|pair| pair[0].to == pair[1].from));
        }
    }
}
