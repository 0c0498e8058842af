//! `ingest`: turns inbound units into contacts, conversations, messages and tickets.
//!
//! Reads what is known, lets the domain decide, lets storage carry it out. Never answers a provider and never sends.

mod connections;

use aws_lambda_events::sqs::SqsMessage;
use channels::{Observation, Source, Unit};
use domain::connection::Connection;
use domain::contact::Contact;
use domain::ids::{ContactId, ConversationId};
use domain::ingest::{Known, plan};
use domain::message::InboundMessage;
use runtime::{Problem, clock};
use storage::{Inspection, NewContact, Progress, Step, Storage};

use connections::Connections;

/// How often a message is planned again after its conversation moved on meanwhile. Each time somebody else made progress.
const TRIES: u32 = 16;

/// The function.
pub struct Ingest {
    storage: Storage,
    connections: Connections,
}

impl Ingest {
    /// Works on one table.
    pub fn new(storage: Storage) -> Self {
        Self { connections: Connections::new(storage.clone()), storage }
    }

    /// Takes one record of the inbound queue. Errors are ours, never the message's: it comes again.
    pub async fn take(&self, record: &SqsMessage) -> Result<(), Problem> {
        let body = record.body.as_deref().unwrap_or_default();
        let unit = Unit::from_json(body).map_err(|error| Problem::Internal { source: Box::new(error) })?;
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
            (Observation::Message(message), Some(connection)) => self.message(&connection, &message).await,
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
                self.inspect(&unit, &format!("field:{}", field.name)).await
            }
            (Observation::Inspect { reason }, _) => self.inspect(&unit, &reason).await,
            (Observation::Nothing { reason }, _) => {
                tracing::info!(reason = &*reason, "unit ignored");
                Ok(())
            }
        }
    }

    async fn message(&self, connection: &Connection, inbound: &InboundMessage) -> Result<(), Problem> {
        let org = &connection.org;
        let contact = self.contact(connection, inbound).await?;
        let conversation = ConversationId::of(&connection.id, &contact);
        let mut progress = Progress::default();
        for _ in 0..TRIES {
            let now = clock::now();
            let (known, ticket) = self.storage.known(org, &contact, &conversation).await?;
            if known.is_none() {
                // The first message of a conversation: whoever made the contact may have crashed before its profile.
                self.storage.complete_contact(org, &profile(contact.clone(), inbound)).await?;
            }
            let plan = plan(Known { connection, contact: &contact, conversation: known, ticket }, inbound, now);
            let year = self.connections.year(org, now).await?;
            match self.storage.carry_out(org, (year, now), inbound, &plan, &mut progress).await? {
                Step::Done { opened } => {
                    log_stored(connection, &plan, opened.as_deref());
                    return Ok(());
                }
                Step::Duplicate => {
                    tracing::info!(org.id = %org, connection.id = %connection.id, "message was stored before");
                    return Ok(());
                }
                Step::Stale => {}
            }
        }
        Err(storage::ChangeError::Stale.into())
    }

    /// The contact who wrote, made if nobody knows it.
    async fn contact(&self, connection: &Connection, inbound: &InboundMessage) -> Result<ContactId, Problem> {
        let org = &connection.org;
        if let Some(known) = self.storage.contact_by_alias(org, &inbound.sender.aliases).await? {
            if !known.new_aliases.is_empty() {
                self.storage.learn_aliases(org, &known.id, &known.new_aliases).await?;
            }
            return Ok(known.id);
        }
        let id = ContactId::generate(clock::now(), runtime::ids::random());
        Ok(self.storage.contact_or_new(org, &NewContact { contact: profile(id, inbound) }).await?)
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
fn log_stored(connection: &Connection, plan: &domain::ingest::Plan, opened: Option<&domain::ticket::Ticket>) {
    let ticket = plan.ticket.ticket_id().map(ToString::to_string);
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
        conversation.id = %plan.conversation.id,
        ticket.id = ticket,
        kind = plan.message.content.kind,
        "message stored"
    );
}
