//! One partition of the table at a time: its items together, each with the neighbours that it names, before the rules.

use std::collections::{BTreeMap, HashMap};

use domain::connection::{Connection, Provider};
use domain::contact::Contact;
use domain::conversation::Conversation;
use domain::ids::{ConnectionId, ContactId, ConversationId, NoteId, OrganizationId, TicketId};
use domain::invariants::delivery::{self, Receipt};
use domain::invariants::history::{self, Row};
use domain::invariants::media::{self, Kept};
use domain::invariants::messages::{self, Said};
use domain::invariants::notes;
use domain::invariants::slot::{self, Holder, Pointers};
use domain::invariants::{Finding, Invariant, clocks, identities, load};
use domain::ticket::Ticket;
use storage::survey::{Entry, Place, Surveyed};

use super::again::Suspects;
use super::books::Books;
use super::report::Report;
use super::snapshot::{Snapshot, Unreadable};

/// Reads partition after partition and keeps what is compared at the end.
pub(super) struct Reader<'a> {
    snapshot: &'a Snapshot,
    report: Report,
    books: BTreeMap<OrganizationId, Books>,
    suspects: Suspects,
    /// Whether a connection's provider names its messages uniquely.
    names_uniquely: HashMap<(OrganizationId, ConnectionId), bool>,
    /// The files that are kept, by their keys.
    files: BTreeMap<String, Kept>,
}

/// What of a partition is judged together.
#[derive(Default)]
struct Together {
    said: Vec<Said>,
    conversation: Option<(ConversationId, Option<Box<Conversation>>)>,
    rows: Vec<Row>,
    notes: Vec<NoteId>,
    history_of: Option<TicketId>,
    ticket: Option<Box<Ticket>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, mut report: Report) -> Result<Self, Unreadable> {
        let (books, suspects, names_uniquely) = (BTreeMap::new(), Suspects::default(), HashMap::new());
        let mut files = BTreeMap::new();
        for (name, kept) in snapshot.files()? {
            match kept {
                Some(kept) => {
                    files.insert(kept.key, Kept { size: kept.size, sha256: kept.sha256, is_named: false });
                }
                None => report.tell(None, [Finding::new(Invariant::I1, format!("the file {name} is damaged"))]),
            }
        }
        Ok(Self { snapshot, report, books, suspects, names_uniquely, files })
    }

    /// Takes the items of one partition.
    pub(super) fn read(&mut self, items: Vec<Surveyed>) -> Result<(), Unreadable> {
        let Some(org) = items.first().map(|item| item.org.clone()) else { return Ok(()) };
        let mut together = Together::default();
        let mut is_whole = true;
        for item in items {
            self.report.tell(item.org.as_ref(), item.findings());
            if item.is_unusable() {
                is_whole = false;
            } else if let Some(org) = &item.org {
                self.take(org, item.entry, &mut together)?;
            }
        }
        // From a partition with a part that cannot be read nothing else follows.
        if let (Some(org), true) = (org, is_whole) {
            self.judge(&org, together)?;
        }
        Ok(())
    }

    /// Compares what was counted over each organization.
    pub(super) fn close(mut self) -> (Report, Suspects) {
        for (org, books) in std::mem::take(&mut self.books) {
            let (findings, notes) = books.close();
            self.report.tell(Some(&org), findings);
            for note in &notes {
                Report::note(&org, note);
            }
        }
        if let Some(strays) = media::strays(&self.files) {
            Report::note_all(&strays);
        }
        (self.report, self.suspects)
    }

    fn take(&mut self, org: &OrganizationId, entry: Entry, together: &mut Together) -> Result<(), Unreadable> {
        let books = self.books.entry(org.clone()).or_default();
        match entry {
            Entry::Organization => {
                books.exists = true;
                self.report.counts.organizations += 1;
            }
            Entry::Counter(counter, counts) => books.counter(counter, &counts),
            Entry::Statistics(counts) => books.statistics(&counts),
            Entry::Queue(id) => books.queue(id),
            Entry::Agent(agent) => books.agent(*agent),
            Entry::Connection(connection) => self.connection(org, &connection)?,
            Entry::Account { connection, place } => self.account(org, &connection, &place)?,
            Entry::Alias { kind, contact, place } => {
                let lists = |profile: Contact| profile.aliases.iter().any(|alias| Place::alias(org, alias) == place);
                let lists = self.contact(org, &contact)?.map(lists);
                self.report.tell(Some(org), identities::alias(kind, &contact, lists));
            }
            Entry::Contact(contact, None) => self.profile(org, &contact)?,
            // What led to it leads on to the one that it went into.
            Entry::Contact(_, Some(_)) => self.report.counts.contacts += 1,
            Entry::Receipt(receipt) => self.receipt(org, *receipt)?,
            Entry::Mark { at, held_by } => {
                let holder = self.holder(org, &held_by)?;
                self.report.tell(Some(org), slot::mark(&at, &held_by, &holder));
            }
            Entry::Conversation(conversation) => {
                together.conversation = Some((conversation.id.clone(), Some(conversation)));
            }
            Entry::Said(conversation, said) => {
                self.report.counts.messages += 1;
                together.said.push(*said);
                together.conversation.get_or_insert((conversation, None));
            }
            Entry::Row(ticket, row) => {
                self.report.counts.rows += 1;
                together.history_of = Some(ticket);
                together.rows.push(*row);
            }
            Entry::Ticket(ticket) => {
                books.ticket(&ticket);
                self.report.counts.tickets += 1;
                together.ticket = Some(ticket);
            }
            Entry::Note(note) => {
                self.report.tell(Some(org), media::attachment(org, &note, &mut self.files));
                together.history_of = Some(note.ticket);
                together.notes.push(note.id);
            }
            Entry::Handmade { contact, ticket } => {
                let holder = self.holder(org, &ticket)?;
                self.report.tell(Some(org), notes::handmade(&contact, &ticket, &holder));
            }
            Entry::Line
            | Entry::ServiceKey(_)
            | Entry::Template
            | Entry::Inspection
            | Entry::Once
            | Entry::Quota(_)
            | Entry::Unknown(_) => {}
        }
        Ok(())
    }

    fn judge(&mut self, org: &OrganizationId, together: Together) -> Result<(), Unreadable> {
        let Together { said, conversation, rows, notes, history_of, ticket } = together;
        if let Some((id, state)) = conversation {
            self.conversation(org, &id, state.as_deref(), &said)?;
        }
        match (ticket, history_of) {
            (Some(ticket), _) => {
                self.ticket(org, &ticket, &rows)?;
                self.report.tell(Some(org), notes::notes(&ticket, &rows, &notes));
            }
            (None, Some(of)) => self.report.tell(Some(org), history::without_ticket(&of, &rows, notes.len())),
            (None, None) => {}
        }
        Ok(())
    }

    fn conversation(
        &mut self,
        org: &OrganizationId,
        id: &ConversationId,
        state: Option<&Conversation>,
        said: &[Said],
    ) -> Result<(), Unreadable> {
        let mut findings = messages::conversation(id, state, said);
        findings.extend(said.iter().flat_map(|said| delivery::message(id, said)));
        let mut tickets = BTreeMap::new();
        for named in said.iter().filter_map(|said| said.ticket.as_ref()) {
            if !tickets.contains_key(named) {
                tickets.insert(named.clone(), self.ticket_at(org, named)?);
            }
        }
        findings.extend(messages::tickets(id, said, &tickets));
        let files = &mut self.files;
        findings.extend(said.iter().filter_map(|said| media::file(org, id, said, files)));
        if let Some(state) = state {
            self.report.counts.conversations += 1;
            findings.extend(slot::conversation(state, &self.pointers(org, state)?));
            if self.names_uniquely(org, &state.connection)? {
                self.suspects.messages(org, &state.connection, said);
            }
        }
        self.report.tell(Some(org), findings);
        Ok(())
    }

    fn pointers(&self, org: &OrganizationId, state: &Conversation) -> Result<Pointers, Unreadable> {
        let holder = |ticket: &Option<TicketId>| match ticket {
            Some(ticket) => self.holder(org, ticket),
            None => Ok(Holder::Nobody),
        };
        let mut unheld = None;
        for generation in 0..state.generation.saturating_add(u32::from(state.slot.is_some())) {
            if self.holder(org, &TicketId::of(&state.id, generation))? == Holder::Nobody {
                unheld = Some(generation);
                break;
            }
        }
        let (slot, previous) = (holder(&state.slot)?, holder(&state.previous)?);
        Ok(Pointers { slot, previous, unheld, contact_exists: self.contact(org, &state.contact)?.is_some() })
    }

    fn ticket(&mut self, org: &OrganizationId, ticket: &Ticket, rows: &[Row]) -> Result<(), Unreadable> {
        let conversation = match &ticket.conversation {
            Some(id) => self.state(org, id)?,
            None => None,
        };
        let mut findings = slot::ticket(ticket, conversation.as_ref());
        if self.contact(org, &ticket.contact)?.is_none() {
            let words =
                format!("{} is of contact {}, which does not exist", domain::invariants::named(ticket), ticket.contact);
            let unless = domain::invariants::Work::Contact(ticket.contact.clone());
            findings.push(Finding::new(Invariant::I2, words).unless(unless));
        }
        findings.extend(load::ticket(ticket));
        findings.extend(history::history(ticket, rows));
        findings.extend(clocks::clocks(ticket, rows));
        self.report.tell(Some(org), findings);
        Ok(())
    }

    fn profile(&mut self, org: &OrganizationId, contact: &Contact) -> Result<(), Unreadable> {
        self.report.counts.contacts += 1;
        let mut leads = HashMap::new();
        let id = &contact.id;
        for alias in &contact.aliases {
            if let Some(Entry::Alias { contact, .. }) = self.entry(&Place::alias(org, alias))? {
                // A way that is about to be turned leads to one that went into this contact.
                let gone = matches!(self.entry(&Place::contact(org, &contact))?, Some(Entry::Contact(_, Some(to))) if to == *id);
                leads.insert(alias.clone(), if gone { id.clone() } else { contact });
            }
        }
        self.report.tell(Some(org), identities::contact(contact, |alias| leads.get(alias).cloned()));
        Ok(())
    }

    fn receipt(&mut self, org: &OrganizationId, receipt: Receipt) -> Result<(), Unreadable> {
        let Some(reference) = &receipt.message else {
            self.suspects.receipt(org, receipt);
            return Ok(());
        };
        let message = match self.entry(&Place::message(org, reference))? {
            Some(Entry::Said(_, said)) => Some(*said),
            _ => None,
        };
        self.report.tell(Some(org), delivery::receipt(&receipt, message.as_ref()));
        Ok(())
    }

    /// A connection's provider account leads to it.
    fn connection(&mut self, org: &OrganizationId, connection: &Connection) -> Result<(), Unreadable> {
        let item = self.snapshot.item(&Place::account(&connection.provider))?;
        let leads = item.is_some_and(|item| {
            let is_its = matches!(&item.entry, Entry::Account { connection: id, .. } if *id == connection.id);
            is_its && item.org.as_ref() == Some(org)
        });
        let words = format!(
            "the provider account of connection {} does not lead to it: what comes by it is not stored",
            connection.id
        );
        self.report.tell(Some(org), (!leads).then(|| Finding::new(Invariant::I7, words)));
        Ok(())
    }

    /// A provider account leads to a connection that is this account's.
    fn account(&mut self, org: &OrganizationId, id: &ConnectionId, place: &Place) -> Result<(), Unreadable> {
        let wrong = match self.entry(&Place::connection(org, id))? {
            Some(Entry::Connection(connection)) if leads_to(&connection, place) => return Ok(()),
            Some(_) => "is another account's",
            None => "does not exist",
        };
        let words = format!("a provider account leads to connection {id}, which {wrong}");
        self.report.tell(Some(org), [Finding::new(Invariant::I7, words)]);
        Ok(())
    }

    fn names_uniquely(&mut self, org: &OrganizationId, id: &ConnectionId) -> Result<bool, Unreadable> {
        let key = (org.clone(), id.clone());
        if let Some(known) = self.names_uniquely.get(&key) {
            return Ok(*known);
        }
        let connection = self.entry(&Place::connection(org, id))?;
        // A gateway names messages within a conversation alone.
        let is = matches!(connection, Some(Entry::Connection(connection)) if matches!(connection.provider, Provider::CloudApi { .. }));
        self.names_uniquely.insert(key, is);
        Ok(is)
    }

    fn entry(&self, place: &Place) -> Result<Option<Entry>, Unreadable> {
        Ok(self.snapshot.item(place)?.map(|item| item.entry))
    }

    fn contact(&self, org: &OrganizationId, id: &ContactId) -> Result<Option<Contact>, Unreadable> {
        Ok(match self.entry(&Place::contact(org, id))? {
            Some(Entry::Contact(contact, _)) => Some(*contact),
            _ => None,
        })
    }

    fn state(&self, org: &OrganizationId, id: &ConversationId) -> Result<Option<Conversation>, Unreadable> {
        Ok(match self.entry(&Place::conversation(org, id))? {
            Some(Entry::Conversation(conversation)) => Some(*conversation),
            _ => None,
        })
    }

    fn ticket_at(&self, org: &OrganizationId, id: &TicketId) -> Result<Option<Ticket>, Unreadable> {
        Ok(match self.holder(org, id)? {
            Holder::Ticket(ticket) => Some(*ticket),
            Holder::Mark(_) | Holder::Nobody => None,
        })
    }

    fn holder(&self, org: &OrganizationId, id: &TicketId) -> Result<Holder, Unreadable> {
        Ok(match self.entry(&Place::ticket(org, id))? {
            Some(Entry::Ticket(ticket)) => Holder::Ticket(ticket),
            Some(Entry::Mark { held_by, .. }) => Holder::Mark(held_by),
            _ => Holder::Nobody,
        })
    }
}

/// Whether the way from an account is one of a connection's: to it, or to its templates.
fn leads_to(connection: &Connection, place: &Place) -> bool {
    Place::account(&connection.provider) == *place
        || Place::template_account(&connection.provider).as_ref() == Some(place)
}
