//! What somebody asked to be done to a ticket: the change, what is written beside it, and the answer for a repetition, together or
//! not at all.

use domain::note::Note;
use domain::ticket::{Ticket, TicketChange};

use crate::once::{Answer, Once};
use crate::ticket_changes::Changes;
use crate::{ChangeError, Storage};

/// Makes the answer of a request from the ticket as it is after it.
pub type MakeAnswer<'a> = &'a (dyn Fn(&Ticket) -> Answer + Sync);

/// A command that was decided.
#[derive(Clone, Copy, Default)]
pub struct Beside<'a> {
    /// A note to write beside the change.
    pub note: Option<&'a Note>,
    /// The request, if its caller gave it a key, and what it is answered.
    pub once: Option<(&'a Once, MakeAnswer<'a>)>,
}

impl Storage {
    /// Commits the changes of two tickets together. At most one of them changes a state, an agent or a slot. Errors: as
    /// `carry_out_command`, and nothing is written of either then.
    pub async fn carry_out_pair(
        &self,
        pair: &[TicketChange],
        once: Option<(&Once, Answer)>,
    ) -> Result<Vec<Ticket>, ChangeError> {
        let (mut changes, mut after) = (Changes::default(), Vec::with_capacity(pair.len()));
        for change in pair {
            let mut change = change.clone();
            self.stage_change(&mut change, &mut changes).await?;
            after.push(change.after);
        }
        if let (Some((once, answer)), Some(first)) = (once, after.first()) {
            changes.push_once(self.put_answer(&first.org, once, answer)?);
        }
        self.commit(changes).await?;
        Ok(after)
    }

    /// Commits a change with what belongs to it. Errors: those of `change_ticket`, and `Repeated` when the request was carried out
    /// before; nothing is written then.
    pub async fn carry_out_command(&self, change: &TicketChange, beside: Beside<'_>) -> Result<Ticket, ChangeError> {
        let mut change = change.clone();
        let mut changes = Changes::default();
        self.stage_change(&mut change, &mut changes).await?;
        if let Some(note) = beside.note {
            changes.push_certain(self.put_note(&change.after.org, note)?);
        }
        if let Some((once, answer)) = beside.once {
            changes.push_once(self.put_answer(&change.after.org, once, answer(&change.after))?);
        }
        self.commit(changes).await?;
        Ok(change.after)
    }
}
