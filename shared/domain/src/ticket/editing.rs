//! What agents write on a ticket: how urgent it is, what it is about, notes; and the first look at it.

use jiff::Timestamp;

use super::{Category, Priority, Refusal, Ticket, TicketChange, TicketState};
use crate::event::{Actor, Happening};
use crate::ids::{AgentId, TicketId};
use crate::note::Note;

/// New values for what is written on a ticket; what is absent stays. Texts are checked before they come here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edit {
    /// One line.
    pub title: Option<String>,
    /// More words.
    pub description: Option<Option<String>>,
    /// What it is about.
    pub category: Option<Category>,
    /// A finer word.
    pub subcategory: Option<Option<String>>,
    /// All its tags, as `details::tags` gives them.
    pub tags: Option<Vec<String>>,
    /// All tickets about the same thing.
    pub related: Option<Vec<TicketId>>,
}

impl Ticket {
    /// An agent looked at it for the first time. `None` when somebody did before.
    pub fn viewed_by(&self, agent: &AgentId, now: Timestamp) -> Option<TicketChange> {
        (self.state == TicketState::New).then(|| {
            self.change(now, &Actor::Agent(agent.clone()), Some("first view"), |after| {
                after.enter(TicketState::Open, now, now);
                vec![Happening::TicketStateChanged]
            })
        })
    }

    /// An agent passes it to those who supervise. One without an agent gets the agent who escalates it, so that somebody has it.
    ///
    /// Errors: `IllegalTransition` when it is done, or escalated already.
    pub fn escalated_by(&self, by: &AgentId, reason: Option<&str>, now: Timestamp) -> Result<TicketChange, Refusal> {
        if !self.state.is_active() || self.state == TicketState::Escalated {
            return Err(Refusal::IllegalTransition { from: self.state, to: TicketState::Escalated });
        }
        Ok(self.change(now, &Actor::Agent(by.clone()), reason, |after| {
            if after.agent.is_none() {
                after.agent = Some(by.clone());
                after.assigned_at = Some(now);
            }
            after.enter(TicketState::Escalated, now, now);
            vec![Happening::TicketStateChanged]
        }))
    }

    /// It becomes more urgent, or less; its running clocks get the targets of the new priority, counted from the same beginning.
    /// `None` when it is so already. Errors: `NotWaiting` when it is closed or cancelled.
    pub fn prioritized(
        &self,
        priority: Priority,
        by: &AgentId,
        reason: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<TicketChange>, Refusal> {
        if self.state.is_final() {
            return Err(Refusal::NotWaiting { state: self.state });
        }
        if self.priority == priority {
            return Ok(None);
        }
        Ok(Some(self.change(now, &Actor::Agent(by.clone()), reason, |after| {
            after.priority = priority;
            after.sla.aim_at(priority);
            vec![Happening::PriorityChanged { old: self.priority, new: priority }]
        })))
    }

    /// What is written on it changes. `None` when nothing does.
    pub fn edited(&self, edit: Edit, by: &AgentId, now: Timestamp) -> Option<TicketChange> {
        let mut edited = self.clone();
        let mut fields = Vec::new();
        let mut note = |name: &str, changed: bool| {
            if changed {
                fields.push(name.to_owned());
            }
        };
        note("title", replace(&mut edited.title, edit.title));
        note("description", replace(&mut edited.description, edit.description));
        note("category", replace(&mut edited.category, edit.category));
        note("subcategory", replace(&mut edited.details.subcategory, edit.subcategory));
        note("tags", replace(&mut edited.details.tags, edit.tags));
        note("related", replace(&mut edited.details.related, edit.related));
        (!fields.is_empty()).then(|| {
            self.change(now, &Actor::Agent(by.clone()), None, |after| {
                *after = edited;
                vec![Happening::TicketEdited { fields }]
            })
        })
    }

    /// A note is written beside it.
    pub fn noted(&self, note: &Note) -> TicketChange {
        self.change(note.at, &Actor::Agent(note.agent.clone()), None, |_| {
            vec![Happening::NoteAdded { note: note.id.clone(), visible: note.visible }]
        })
    }
}

/// Whether a new value was given and is another.
fn replace<T: PartialEq>(value: &mut T, new: Option<T>) -> bool {
    let changed = new.as_ref().is_some_and(|new| new != value);
    if let Some(new) = new {
        *value = new;
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sla::Sla;
    use crate::ticket::sample::ticket;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + seconds).unwrap()
    }

    fn ana() -> AgentId {
        AgentId::new("ana").unwrap()
    }

    #[test]
    fn the_first_view_opens_a_new_ticket_and_no_other() {
        let viewed = ticket().viewed_by(&ana(), at(1)).unwrap().after;
        assert_eq!((viewed.state, viewed.agent.as_ref()), (TicketState::Open, None));
        assert_eq!(viewed.viewed_by(&ana(), at(2)), None);
    }

    #[test]
    fn an_escalated_ticket_has_somebody() {
        let escalated = ticket().escalated_by(&ana(), Some("angry"), at(1)).unwrap().after;
        assert_eq!((escalated.state, escalated.holder()), (TicketState::Escalated, Some(&ana())));
        assert!(escalated.escalated_by(&ana(), None, at(2)).is_err());
    }

    #[test]
    fn a_new_priority_moves_the_deadlines_that_are_still_open() {
        let urgent = ticket().prioritized(Priority::Urgent, &ana(), None, at(1)).unwrap().unwrap();
        assert_eq!(urgent.after.sla, Sla::starting(at(0), Priority::Urgent));
        let happening = Happening::PriorityChanged { old: Priority::Medium, new: Priority::Urgent };
        assert_eq!(urgent.rows[0].happening, happening);
        assert_eq!(urgent.after.prioritized(Priority::Urgent, &ana(), None, at(2)), Ok(None));
        // What was answered, or is known to be late, stays as it was.
        let late = urgent.after.scanned(at(16 * 60)).unwrap().after;
        let low = late.prioritized(Priority::Low, &ana(), None, at(17 * 60)).unwrap().unwrap().after;
        assert_eq!(low.sla.first_response, late.sla.first_response);
        assert_eq!(low.sla.resolution.due_at, at(7 * 24 * 3600));
    }

    #[test]
    fn an_edit_names_the_fields_that_changed() {
        let edit = Edit { category: Some(Category::Billing), tags: Some(vec!["vip".to_owned()]), ..Edit::default() };
        let edited = ticket().edited(edit.clone(), &ana(), at(1)).unwrap();
        let fields = vec!["category".to_owned(), "tags".to_owned()];
        assert_eq!(edited.rows[0].happening, Happening::TicketEdited { fields });
        assert_eq!(edited.after.edited(edit, &ana(), at(2)), None);
    }
}
