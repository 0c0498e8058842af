//! What a model reports of a customer's trouble: a ticket that a message made gets its words, instead of a second ticket.

use jiff::Timestamp;

use super::{Category, Priority, Source, Ticket, TicketChange};
use crate::event::{Actor, Happening, HistoryRow};

/// What a model understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// One line of 1 to 200 characters.
    pub title: String,
    /// 1 to 5,000 characters.
    pub description: String,
    /// What it is about.
    pub category: Category,
    /// How urgent it is, if the model said.
    pub priority: Option<Priority>,
}

impl Ticket {
    /// Whether it is still as a message made it, so that a report belongs on it (docs/requirements.md C11): nobody has said yet what it
    /// is about. `rows` are its history.
    pub fn is_placeholder(&self, rows: &[HistoryRow]) -> bool {
        let by_hand = |row: &HistoryRow| {
            let says = matches!(row.happening, Happening::TicketEdited { .. } | Happening::PriorityChanged { .. });
            says && row.actor != Actor::System
        };
        self.source == Source::Customer
            && self.state.is_active()
            && self.description.is_none()
            && !rows.iter().any(by_hand)
    }

    /// It gets a report's words. `by` names the key that the model used.
    pub fn reported(&self, report: &Report, by: &str, now: Timestamp) -> TicketChange {
        let priority = report.priority.unwrap_or(self.priority);
        self.change(now, &Actor::System, Some(&format!("reported by {by}")), |after| {
            after.title.clone_from(&report.title);
            after.description = Some(report.description.clone());
            after.category = report.category;
            after.source = Source::Ai;
            let fields = ["title", "description", "category", "source"].map(str::to_owned).to_vec();
            let mut happened = vec![Happening::TicketEdited { fields }];
            if priority != self.priority {
                after.priority = priority;
                after.sla.aim_at(priority);
                happened.push(Happening::PriorityChanged { old: self.priority, new: priority });
            }
            happened
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::AgentId;
    use crate::sla::Sla;
    use crate::ticket::Edit;
    use crate::ticket::sample::ticket;

    fn report() -> Report {
        Report {
            title: "Pedido".to_owned(),
            description: "Não chegou".to_owned(),
            category: Category::Complaint,
            priority: Some(Priority::High),
        }
    }

    #[test]
    fn a_report_gives_a_ticket_its_words_once() {
        let before = ticket();
        assert!(before.is_placeholder(&[]));
        let change = before.reported(&report(), "svc_1", before.created_at);
        assert_eq!((change.after.source, change.after.priority, change.rows.len()), (Source::Ai, Priority::High, 2));
        assert_eq!(change.after.sla, Sla::starting(before.sla.opened_at, Priority::High));
        assert_eq!(change.after.version, before.version + 2);
        assert!(!change.after.is_placeholder(&change.rows));
        let calm = before.reported(&Report { priority: None, ..report() }, "svc_1", before.created_at);
        assert_eq!((calm.after.priority, calm.rows.len()), (before.priority, 1));
    }

    #[test]
    fn what_an_agent_wrote_on_a_ticket_stays() {
        let ana = AgentId::new("ana").unwrap();
        let edit = Edit { category: Some(Category::Billing), ..Edit::default() };
        let edited = ticket().edited(edit, &ana, ticket().created_at).unwrap();
        assert!(!edited.after.is_placeholder(&edited.rows));
        let done = Ticket { state: crate::ticket::TicketState::Resolved, ..ticket() };
        assert!(!done.is_placeholder(&[]));
    }
}
