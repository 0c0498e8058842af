//! `ingest`: turns inbound units into contacts, conversations, messages and tickets.
//!
//! Reads what is known, lets the domain decide, lets storage carry it out. Never answers a provider and never sends.

mod bursts;
mod connections;
mod parcels;
mod people;
mod templates;
mod threads;

use aws_lambda_events::sqs::SqsMessage;
use channels::{Observation, Source, Unit};
use domain::connection::Connection;
use domain::contact::Contact;
use domain::ids::{ContactId, ConversationId};
use domain::ingest::{Known, Plan, TicketStep, plan};
use domain::message::{InboundMessage, MessageRef};
use runtime::parcels::Parcels;
use runtime::{Problem, clock};
use storage::{Inspection, Progress, Step, Storage};

pub use bursts::Burst;
use connections::Connections;

/// How often a message is planned again after its conversation moved on meanwhile. Each time somebody else made progress.
const TRIES: u32 = 16;

/// The function.
pub struct Ingest {
    storage: Storage,
    parcels: Parcels,
    connections: Connections,
}

impl Ingest {
    /// Works on one table; `parcels` is where units lie that the queue could not hold.
    pub fn new(storage: Storage, parcels: Parcels) -> Self {
        Self { connections: Connections::new(storage.clone()), storage, parcels }
    }

    /// Takes one record of the inbound queue; `burst` is of its group in this batch. Errors are ours, never the message's: it comes
    /// again.
    pub async fn take(&self, record: &SqsMessage, burst: &mut Burst) -> Result<(), Problem> {
        let body = record.body.as_deref().unwrap_or_default();
        let unit = self.unit(body).await?;
        let connection = match &unit.source {
            Source::CloudApi { phone_number_id: Some(account), app, .. } => {
                let found = self.connections.by_account(account).await?;
                // The signature proves the app alone: it may not speak for a number that is connected through another.
                found.filter(|connection| connection.provider.app() == Some(app))
            }
            Source::CloudApi { phone_number_id: None, .. } => None,
            Source::Gateway { org, connection } => self.connections.get(org, connection).await?,
        };
        let observation = match &connection {
            Some(connection) => channels::parse(&unit, connection),
            None => channels::without_connection(&unit),
        };
        match (observation, connection) {
            (Observation::Message(message), Some(connection)) => self.message(&connection, &message, burst).await,
            (Observation::Delivery(report), Some(connection)) => {
                self.storage.report_delivery(&connection.org, &connection.id, &report, clock::now()).await?;
                tracing::info!(org.id = %connection.org, connection.id = %connection.id, delivery = report.delivery.as_str(), "status taken");
                Ok(())
            }
            (Observation::Message(_) | Observation::Delivery(_), None) => {
                self.inspect(&unit, "unknown_connection").await
            }
            (Observation::Field(field), _) => {
                // One line for each, by which fields are counted; an unknown one is a reason to look what Meta has added.
                if field.is_known {
                    tracing::info!(field = field.name, "provider field kept");
                } else {
                    tracing::warn!(field = field.name, "unknown provider field kept");
                }
                self.templates(&unit).await?;
                self.inspect(&unit, &format!("field:{}", field.name)).await
            }
            (Observation::Inspect { reason }, _) => self.inspect(&unit, &reason).await,
            (Observation::Nothing { reason }, _) => {
                tracing::info!(reason = &*reason, "unit ignored");
                Ok(())
            }
        }
    }

    async fn message(
        &self,
        connection: &Connection,
        inbound: &InboundMessage,
        burst: &mut Burst,
    ) -> Result<(), Problem> {
        let org = &connection.org;
        let (person, mut left) = match burst.take(connection, inbound) {
            Some((person, conversation)) => (person, Some(conversation)),
            None => (self.person_who_wrote(connection, inbound).await?, None),
        };
        let contact = self.thread(connection, &person, inbound).await?;
        let conversation = ConversationId::of(&connection.id, &contact);
        if self.is_echo_of_an_answer(connection, inbound, &conversation).await? {
            tracing::info!(org.id = %org, connection.id = %connection.id, "a gateway's echo of an answer");
            return Ok(());
        }
        let mut progress = Progress::default();
        for _ in 0..TRIES {
            let now = clock::now();
            let (known, ticket) = match left.take() {
                Some(left) => {
                    let ticket = self.storage.ticket_of(org, &conversation, Some(&left)).await?;
                    (Some(left), ticket)
                }
                None => self.storage.known(org, &contact, &conversation).await?,
            };
            if known.is_none() {
                // The first message of a conversation: whoever made the contact may have crashed before its profile.
                let is_itself = self.storage.complete_contact(org, &profile(contact.clone(), inbound)).await?;
                if !is_itself && contact == person.id {
                    // It has just gone into another: the message comes again and finds that one.
                    return Err(storage::ChangeError::Stale.into());
                }
            }
            let mut plan = plan(Known { connection, contact: &contact, conversation: known, ticket }, inbound, now);
            let (year, pattern) = self.connections.numbering(org, now).await?;
            if let TicketStep::Open(new) = &mut plan.ticket {
                new.ticket.details.pattern = pattern;
            }
            match self.storage.carry_out(org, (year, now), inbound, &plan, &mut progress).await? {
                Step::Done { opened } => {
                    self.join_reports(connection, inbound, &plan).await?;
                    log_stored(connection, &plan, opened.as_deref());
                    burst.keep(&person, inbound, &plan, now);
                    return Ok(());
                }
                Step::Duplicate => {
                    self.join_reports(connection, inbound, &plan).await?;
                    tracing::info!(org.id = %org, connection.id = %connection.id, "message was stored before");
                    return Ok(());
                }
                Step::Stale => {}
            }
        }
        Err(storage::ChangeError::Stale.into())
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

    async fn inspect(&self, unit: &Unit, reason: &str) -> Result<(), Problem> {
        let source = match &unit.source {
            Source::CloudApi { .. } => "cloud_api",
            Source::Gateway { .. } => "gateway",
        };
        let (digest, raw) = (unit.dedup(), unit.for_inspection());
        let inspection = Inspection { received_at: unit.received_at, digest: &digest, source, reason, raw: &raw };
        self.storage.keep_for_inspection(&inspection).await?;
        tracing::warn!(source, reason, "unit kept for inspection");
        Ok(())
    }
}

/// The contact as its message shows it.
fn profile(id: ContactId, inbound: &InboundMessage) -> Contact {
    Contact {
        id,
        name: inbound.sender.name.clone(),
        aliases: inbound.sender.aliases.clone(),
        is_group: inbound.sender.is_group,
        created_at: clock::now(),
    }
}

/// The lines that operators of the seeds' systems look for (requirements.md §1.5), as fields and without the sender.
fn log_stored(connection: &Connection, plan: &Plan, opened: Option<&domain::ticket::Ticket>) {
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
