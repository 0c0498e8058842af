//! What the operator reads: a line for each finding on standard output as it is found, or one line when there is none.

use std::io::Write as _;

use domain::ids::OrganizationId;
use domain::invariants::Finding;

use super::under_way::UnderWay;

/// So many findings are told one by one: whoever has more needs no longer list.
const MOST: u64 = 1000;

/// How much was read.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) organizations: u64,
    pub(super) contacts: u64,
    pub(super) conversations: u64,
    pub(super) messages: u64,
    pub(super) tickets: u64,
    pub(super) rows: u64,
}

/// The findings so far.
pub(super) struct Report {
    under_way: UnderWay,
    pub(super) counts: Counts,
    found: u64,
    explained: u64,
}

impl Report {
    pub(super) fn new(under_way: UnderWay) -> Self {
        Self { under_way, counts: Counts::default(), found: 0, explained: 0 }
    }

    /// Tells findings of an organization, but for those that work under way explains.
    pub(super) fn tell(&mut self, org: Option<&OrganizationId>, findings: impl IntoIterator<Item = Finding>) {
        for finding in findings {
            if org.is_some_and(|org| self.under_way.explains(org, &finding)) {
                self.explained += 1;
                continue;
            }
            self.found += 1;
            if self.found <= MOST {
                let org = org.map_or("-", OrganizationId::as_str);
                line(&format!("{} {org}: {}", finding.invariant, finding.words));
            }
        }
    }

    /// Tells what is no finding.
    pub(super) fn note(org: &OrganizationId, words: &str) {
        eprintln!("note: {org}: {words}");
    }

    /// Tells what is no finding, and of no organization alone.
    pub(super) fn note_all(words: &str) {
        eprintln!("note: {words}");
    }

    /// Tells how it ended; whether everything holds.
    pub(super) fn end(self) -> bool {
        let Counts { organizations, contacts, conversations, messages, tickets, rows } = self.counts;
        let counts = [
            counted(organizations, "organization"),
            counted(contacts, "contact"),
            counted(conversations, "conversation"),
            counted(messages, "message"),
            counted(tickets, "ticket"),
            counted(rows, "history row"),
        ];
        let read = counts.join(", ");
        let waiting = self.under_way.waiting;
        let moving = if waiting + self.explained == 0 {
            String::new()
        } else {
            format!("; under way: {waiting} on the queues, and {} half done by it", self.explained)
        };
        if self.found == 0 {
            line(&format!("all holds: {read}{moving}"));
            return true;
        }
        if self.found > MOST {
            line(&format!("and {} findings more", self.found - MOST));
        }
        eprintln!("{} in {read}{moving}", counted(self.found, "finding"));
        false
    }
}

fn counted(count: u64, of: &str) -> String {
    format!("{count} {of}{}", if count == 1 { "" } else { "s" })
}

/// Whoever has stopped reading has seen enough.
fn line(text: &str) {
    let _closed = writeln!(std::io::stdout(), "{text}");
}
