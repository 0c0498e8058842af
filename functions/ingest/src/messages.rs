//! A message: who wrote it, what it does, and doing it as far as its count.

use domain::connection::Connection;
use domain::conversation::Conversation;
use domain::ids::ConversationId;
use domain::ingest::{Known, Plan, TicketStep, plan};
use domain::message::{InboundMessage, MessageRef};
use domain::ticket::Ticket;
use jiff::Timestamp;
use runtime::{Problem, clock};
use storage::{Basis, ChangeError, Progress, Step};

use crate::Ingest;
use crate::bursts::{Burst, Origin, Uncounted};
use crate::people::profile;

/// How often a message is planned again after its conversation moved on meanwhile. Each time somebody else made progress.
pub(crate) const TRIES: u32 = 16;

/// What a message does.
pub(crate) struct Planned {
    pub(crate) plan: Plan,
    /// The year in which its ticket would be numbered, and the time.
    pub(crate) times: (i16, Timestamp),
    names: Names,
}

/// Whether the contact's profile has the names that the message shows.
#[derive(PartialEq, Eq)]
enum Names {
    /// It was read for the first message of a conversation.
    Followed,
    /// The conversation remembers which it showed last.
    Unread,
}

impl Ingest {
    /// Takes a message: stores it and lets its ticket become what it makes of it. It waits in the burst for its count.
    pub(crate) async fn message(
        &self,
        connection: Connection,
        inbound: InboundMessage,
        at: usize,
        burst: &mut Burst,
    ) -> Result<(), Problem> {
        let org = &connection.org;
        let (person, left) = if let Some((person, conversation)) = burst.take(&connection, &inbound) {
            (person, Some(conversation))
        } else {
            // A conversation is read only when nothing waits for its count: here, and after a try that came to nothing.
            self.count(burst).await?;
            (self.person_who_wrote(&connection, &inbound).await?, None)
        };
        let contact = self.thread(&connection, &person, &inbound).await?;
        let conversation = ConversationId::of(&connection.id, &contact);
        if self.is_echo_of_an_answer(&connection, &inbound, &conversation).await? {
            tracing::info!(org.id = %org, connection.id = %connection.id, "a gateway's echo of an answer");
            return Ok(());
        }
        if self.is_told_of_call(org, &conversation, &inbound).await? {
            return Ok(());
        }
        self.take_in(Origin { connection, person, contact }, inbound, left, at, burst).await
    }

    /// Stores a message where it belongs. `left` is the conversation as another message of the batch has left it.
    pub(crate) async fn take_in(
        &self,
        origin: Origin,
        inbound: InboundMessage,
        mut left: Option<Conversation>,
        at: usize,
        burst: &mut Burst,
    ) -> Result<(), Problem> {
        let mut progress = Progress::default();
        for _ in 0..TRIES {
            let Planned { plan, times: (year, now), names } = self.planned(&origin, &inbound, left.take()).await?;
            let connection = &origin.connection;
            if let Some(place) = plan.may_be_known_by_another_time(&inbound)
                && self.storage.is_said_at_another_time(&connection.org, &plan.message, place).await?
            {
                tracing::info!(org.id = %connection.org, connection.id = %connection.id, "message was stored before, with another time");
                return Ok(());
            }
            let basis = if burst.uncounted.is_empty() { Basis::Written } else { Basis::Uncounted };
            let step = self.storage.write_out(&connection.org, year, &plan, basis, &mut progress).await?;
            if step != Some(Step::Stale) {
                self.join_reports(connection, &inbound, &plan).await?;
            }
            match step {
                None => {
                    if names == Names::Unread {
                        self.follow_names(&origin, &inbound, &plan, now).await?;
                    }
                    let may_wait = burst.add(Uncounted { at, origin, inbound, plan, progress }, now);
                    return if may_wait { Ok(()) } else { self.count(burst).await };
                }
                Some(Step::Done { opened }) => {
                    log_stored(connection, &plan, opened.as_deref());
                    return Ok(());
                }
                Some(Step::Duplicate) => {
                    tracing::info!(org.id = %connection.org, connection.id = %connection.id, "message was stored before");
                    return Ok(());
                }
                Some(Step::Stale) => self.count(burst).await?,
            }
        }
        Err(ChangeError::Stale.into())
    }

    /// The plan for a message. `left` is the conversation as another message of the batch has left it.
    pub(crate) async fn planned(
        &self,
        origin: &Origin,
        inbound: &InboundMessage,
        left: Option<Conversation>,
    ) -> Result<Planned, Problem> {
        let Origin { connection, person, contact } = origin;
        let (org, now) = (&connection.org, clock::now());
        let id = ConversationId::of(&connection.id, contact);
        let (conversation, ticket) = match left {
            Some(left) => {
                let ticket = self.storage.ticket_of(org, &id, Some(&left)).await?;
                (Some(left), ticket)
            }
            None => self.storage.known(org, contact, &id).await?,
        };
        let mut names = Names::Unread;
        if conversation.is_none() {
            // The first message of a conversation: whoever made the contact may have crashed before its profile.
            let shown = profile(contact.clone(), connection, inbound);
            match self.storage.complete_contact(org, &shown).await? {
                Some(known) => {
                    self.name_at_first(connection, &known, inbound).await?;
                    names = Names::Followed;
                }
                // It has just gone into another: the message comes again and finds that one.
                None if *contact == person.id => return Err(ChangeError::Stale.into()),
                None => {}
            }
        }
        let mut plan = plan(Known { connection, contact, conversation, ticket }, inbound, now);
        let (year, pattern) = self.connections.numbering(org, now).await?;
        if let TicketStep::Open(new) = &mut plan.ticket {
            new.ticket.details.pattern = pattern;
        }
        Ok(Planned { plan, times: (year, now), names })
    }

    /// Whether a gateway tells us what `send` itself handed to it.
    async fn is_echo_of_an_answer(
        &self,
        connection: &Connection,
        inbound: &InboundMessage,
        conversation: &ConversationId,
    ) -> Result<bool, Problem> {
        if inbound.from_contact || !connection.provider.is_gateway() {
            return Ok(false);
        }
        let known = self.storage.known_as(&connection.org, &connection.id, &inbound.provider_id).await?;
        Ok(known.is_some_and(|known| known != MessageRef::inbound(conversation.clone(), inbound)))
    }

    /// Lets what a gateway reports of a message that our side wrote on the phone come to that message, also what came before it.
    async fn join_reports(
        &self,
        connection: &Connection,
        inbound: &InboundMessage,
        plan: &Plan,
    ) -> Result<(), Problem> {
        if inbound.from_contact || !connection.provider.is_gateway() {
            return Ok(());
        }
        let (org, id, reference) = (&connection.org, &inbound.provider_id, &plan.message.reference);
        Ok(self.storage.link_receipt(org, &connection.id, id, reference, clock::now()).await?)
    }
}

/// The lines that operators of the seeds' systems look for (docs/requirements.md §1.5), as fields and without the sender.
pub(crate) fn log_stored(connection: &Connection, plan: &Plan, opened: Option<&Ticket>) {
    let ticket = plan.ticket.ticket_id().map(ToString::to_string);
    // A ticket knows its conversation, and every byte is paid for with every message.
    let conversation = ticket.is_none().then(|| plan.conversation.id.to_string());
    if let Some(opened) = opened {
        tracing::info!(
            org.id = %connection.org,
            connection.id = %connection.id,
            ticket.id = %opened.id,
            ticket.number = opened.number.number,
            priority = opened.priority.as_str(),
            "ticket created"
        );
    }
    tracing::info!(
        org.id = %connection.org,
        connection.id = %connection.id,
        conversation.id = conversation,
        ticket.id = ticket,
        kind = plan.message.content.kind,
        "message stored"
    );
}
