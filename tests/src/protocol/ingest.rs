//! The steps of one message: `functions/ingest/src/lib.rs`, `storage/src/contacts.rs` and `storage/src/ingest.rs`, call by call.

use super::call::Call;
use super::changes::Change;
use super::count::Count;
use super::plan::{Found, Plan, TicketStep, Work};
use super::table::{ContactId, Conversation, ConversationId, Place, Table, TicketId};
use super::variant::Variant;

/// Where a worker stands with a message: what it does next, with what it has read for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum At {
    FindContact,
    PutAlias(ContactId),
    PutProfile(ContactId),
    ReadConversation,
    ReadTicket(Option<Conversation>),
    ReadPrevious(Conversation, TicketId),
    ReadProfile(Found),
    PutMissingProfile(Found),
    Store(Plan),
    Place(Plan),
    /// The conversation, read once more where a closed ticket is reopened.
    ReadSlot(Plan),
    Change(Plan, Change),
    /// All but its count is written: it may wait for the next message of its group.
    Written(Plan),
    /// The ticket is made in a block, by whichever task of the process.
    Waiting(Plan),
    /// Its own count, by itself.
    Count(Plan),
    /// Only in the variant that marks a message last.
    MarkLast(Plan),
    Done,
    /// The call failed for good: the unit comes again.
    Failed,
}

/// A message under work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Taking {
    pub(super) at: At,
    contact: Option<ContactId>,
    /// `Progress::stored`.
    stored: Option<Place>,
    /// The transaction at hand was committed and its answer lost: the client sends it again.
    pub(super) repeated: bool,
}

impl Taking {
    pub(super) fn begin() -> Self {
        Self { at: At::FindContact, contact: None, stored: None, repeated: false }
    }

    /// Begins with what the message before it has left.
    pub(super) fn with((contact, conversation): (ContactId, Conversation)) -> Self {
        Self { at: At::ReadTicket(Some(conversation)), contact: Some(contact), ..Self::begin() }
    }

    pub(super) fn done() -> Self {
        Self { at: At::Done, ..Self::begin() }
    }

    fn failed() -> Self {
        Self { at: At::Failed, ..Self::begin() }
    }

    /// The call that it makes next; none where it waits or has ended.
    pub(super) fn call(&self) -> Option<Call> {
        Some(match self.at {
            At::FindContact => Call::ReadAlias,
            At::PutAlias(_) => Call::PutAlias,
            At::PutProfile(_) | At::PutMissingProfile(_) => Call::PutProfile,
            At::ReadConversation | At::ReadSlot(_) => Call::ReadConversation,
            At::ReadTicket(_) | At::ReadPrevious(..) => Call::ReadTicket,
            At::ReadProfile(_) => Call::ReadProfile,
            At::Store(_) | At::MarkLast(_) => Call::PutMessage,
            At::Place(_) => Call::PlaceMessage,
            At::Change(..) => Call::ChangeTicket,
            At::Count(_) => Call::CountMessage,
            At::Written(_) | At::Waiting(_) | At::Done | At::Failed => return None,
        })
    }

    /// Makes the call and goes on to the next. `stale`: an eventually consistent read that misses what is there.
    pub(super) fn step(&mut self, work: Work, table: &mut Table, stale: bool) {
        let repeated = std::mem::take(&mut self.repeated);
        match self.at {
            At::FindContact => match table.aliases.get(&work.person).filter(|_| !stale) {
                Some(id) => self.knows(*id),
                None => self.at = At::PutAlias(ContactId { person: work.person, maker: work.worker + 1 }),
            },
            At::PutAlias(id) => {
                if work.variant == Variant::AliasUnconditional {
                    table.aliases.insert(work.person, id);
                }
                self.at = At::PutProfile(*table.aliases.entry(work.person).or_insert(id));
            }
            At::PutProfile(id) => {
                table.profiles.insert(id);
                self.knows(id);
            }
            At::ReadConversation => match table.conversations.get(&self.conversation(work)) {
                Some(found) if !found.named => *self = Self::failed(),
                found => self.at = At::ReadTicket(found.copied()),
            },
            At::ReadTicket(conversation) => self.read_ticket(work, table, conversation),
            At::ReadPrevious(conversation, previous) => {
                self.plan(work, table, Some(conversation), table.ticket(previous));
            }
            At::ReadProfile(ticket) => match self.contact {
                Some(id) if !table.profiles.contains(&id) => self.at = At::PutMissingProfile(ticket),
                _ => self.plan(work, table, None, ticket),
            },
            At::PutMissingProfile(ticket) => {
                table.profiles.extend(self.contact);
                self.plan(work, table, None, ticket);
            }
            At::Store(plan) => self.store(work, table, plan),
            At::Place(plan) => {
                table.messages.insert((self.conversation(work), work.message), plan.place());
                self.stored = Some(plan.place());
                if work.variant == Variant::PlaceFirst {
                    self.ticket_step(work, plan);
                } else {
                    self.ticket_written(plan);
                }
            }
            At::ReadSlot(plan) => self.read_slot(work, table, plan),
            At::Change(plan, change) => match change.commit(work.variant, table) {
                Err(_) if !(repeated && work.variant.has_token()) => self.at = At::ReadConversation,
                _ => self.ticket_written(plan),
            },
            At::Count(plan) => self.count(work, table, plan),
            At::MarkLast(plan) => {
                table.messages.entry((self.conversation(work), work.message)).or_insert(plan.place());
                *self = Self::done();
            }
            At::Written(_) | At::Waiting(_) | At::Done | At::Failed => {}
        }
    }

    /// Goes on after the block that it waited for: with its ticket made by this process, or by another before.
    pub(super) fn opened(&mut self, made: Option<TicketId>) {
        let At::Waiting(plan) = self.at else { return };
        match made {
            Some(_) => self.ticket_written(plan),
            None => self.at = At::ReadConversation,
        }
    }

    /// The ticket that it waits for.
    pub(super) fn wants(&self) -> Option<TicketId> {
        match self.at {
            At::Waiting(plan) => Some(plan.ticket()),
            _ => None,
        }
    }

    fn knows(&mut self, contact: ContactId) {
        self.contact = Some(contact);
        self.at = At::ReadConversation;
    }

    pub(super) fn conversation(&self, work: Work) -> ConversationId {
        let nobody = ContactId { person: work.person, maker: 0 };
        ConversationId { connection: work.connection, contact: self.contact.unwrap_or(nobody) }
    }

    fn read_ticket(&mut self, work: Work, table: &Table, conversation: Option<Conversation>) {
        let found = conversation.unwrap_or_default();
        let generation = found.generation.unwrap_or_default();
        let unlinked = TicketId { conversation: self.conversation(work), generation, salt: 0 };
        let ticket = match found.slot {
            Some(slot) => table.ticket(slot),
            None if work.variant == Variant::UnlinkedUnseen => None,
            None => table.ticket(unlinked),
        };
        match (ticket, found.slot, found.previous, conversation) {
            (None, None, Some(previous), Some(found)) => self.at = At::ReadPrevious(found, previous),
            (ticket, _, _, Some(_)) => self.plan(work, table, conversation, ticket),
            (ticket, _, _, None) if work.variant == Variant::ProfileNotRepaired => {
                self.plan(work, table, None, ticket);
            }
            (ticket, _, _, None) => self.at = At::ReadProfile(ticket),
        }
    }

    /// Plans, and begins to carry out.
    fn plan(&mut self, work: Work, table: &Table, conversation: Option<Conversation>, ticket: Found) {
        let plan = Plan::of(work, self.conversation(work), conversation, ticket);
        if self.stored.is_some() {
            if plan.counted_lately(work) && work.variant != Variant::CountedIgnored {
                *self = Self::done();
            } else {
                self.ticket_step(work, plan);
            }
        } else {
            let is_stored = table.messages.contains_key(&(self.conversation(work), work.message));
            match work.variant {
                Variant::DedupAfterWrite if is_stored => *self = Self::done(),
                Variant::DedupAfterWrite => self.stored(work, plan, plan.place()),
                _ => self.at = At::Store(plan),
            }
        }
    }

    fn store(&mut self, work: Work, table: &mut Table, plan: Plan) {
        let key = (self.conversation(work), work.message);
        match table.messages.get(&key).copied() {
            None => {
                table.messages.insert(key, plan.place());
                self.stored(work, plan, plan.place());
            }
            Some(before) if plan.has_counted(work, before.seq) => *self = Self::done(),
            Some(before) => self.stored(work, plan, before),
        }
    }

    fn stored(&mut self, work: Work, plan: Plan, place: Place) {
        self.stored = Some(place);
        if work.on_uncounted && place != plan.place() {
            self.at = At::ReadConversation;
            return;
        }
        self.ticket_step(work, plan);
    }

    fn ticket_step(&mut self, work: Work, plan: Plan) {
        if work.variant == Variant::PlaceFirst && self.stored != Some(plan.place()) {
            self.at = At::Place(plan);
            return;
        }
        self.at = match plan.step {
            TicketStep::Join(_) => return self.ticket_written(plan),
            TicketStep::Change(change) if change.takes_slot_again() => At::ReadSlot(plan),
            TicketStep::Change(change) => At::Change(plan, change),
            TicketStep::Open(_) => At::Waiting(plan),
        };
    }

    /// The ticket stands as planned. A message that was stored with another place is corrected before it is counted.
    fn ticket_written(&mut self, plan: Plan) {
        self.at = if self.stored == Some(plan.place()) { At::Written(plan) } else { At::Place(plan) };
    }

    fn read_slot(&mut self, work: Work, table: &Table, plan: Plan) {
        let (TicketStep::Change(mut change), Some(now)) =
            (plan.step, table.conversations.get(&self.conversation(work)))
        else {
            self.at = At::ReadConversation;
            return;
        };
        if !now.named {
            *self = Self::failed();
        } else if now.slot.is_some() {
            self.at = At::ReadConversation;
        } else {
            change.after.generation = now.generation.unwrap_or_default();
            self.at = At::Change(plan, change);
        }
    }

    /// `Storage::count` of one message by itself.
    fn count(&mut self, work: Work, table: &mut Table, plan: Plan) {
        if Count::of(work, self.conversation(work), plan).commit(work.variant, table) {
            if work.variant == Variant::DedupAfterWrite {
                self.at = At::MarkLast(plan);
            } else {
                *self = Self::done();
            }
        } else {
            self.at = At::ReadConversation;
        }
    }
}
