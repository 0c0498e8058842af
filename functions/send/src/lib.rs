//! `send`: sends agents' answers through the `WhatsApp` providers.
//!
//! No provider takes an idempotency key, so the rule is: mark before the call, and after a call whose outcome is not known wait
//! for the provider's own report. Nothing is ever sent twice on a guess; what stays unknown is marked so. Source:
//! docs/adr/0006-sending.md.

mod breaker;
mod files;
mod graph;
mod marks;
mod provider;
mod retry;
mod sync;

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use ::files::Bucket;
use aws_lambda_events::sqs::SqsMessage;
use channels::cloud_api::outbound::SendOutcome;
use domain::alias::Alias;
use domain::answer::Answer;
use domain::connection::Connection;
use domain::delivery::{Delivery, DeliveryError};
use domain::ids::{ConversationId, OrganizationId};
use domain::message::{Direction, Message, MessageRef};
use messaging::SqsQueue;
use messaging::outbound::Outbound;
use runtime::config::required;
use runtime::connection_secrets::ConnectionSecrets;
use runtime::sqs::received;
use runtime::{Fatal, Problem, clock, invocation};
use storage::Storage;

use crate::files::File;
use breaker::Gate;
use graph::Graph;
use provider::Line;

/// How often a message whose call was interrupted is looked at again before it is called unknown. The queue's visibility lies
/// between two looks, in which the provider's report may come.
const LOOKS: u32 = 2;

/// How much time an invocation must have left for a message: that of its call, and of recording what became of it.
const ENOUGH: Duration = Duration::from_secs(9);

/// At which delivery of its record a message that the provider keeps putting off is given up: an agent who sees `failed` can
/// act, one who sees `queued` for ever cannot. Below the queue's own limit, so that no record is left over.
const GIVEN_UP: u32 = 9;

/// The function.
pub struct Send {
    storage: Storage,
    secrets: ConnectionSecrets,
    graph: Graph,
    queue: SqsQueue,
    /// The files of messages.
    bucket: Bucket,
    /// How many seconds the records wait that failed in the batch that is being worked on.
    waits: Mutex<HashMap<String, u32>>,
}

impl Send {
    /// Works on one table. `queue` is where its records come from, `bucket` has the files that agents send. Errors name what the
    /// environment lacks.
    pub fn new(storage: Storage, secrets: ConnectionSecrets, queue: SqsQueue, bucket: Bucket) -> Result<Self, Fatal> {
        let graph = Graph::new(required("GRAPH_API_URL")?)?;
        Ok(Self { storage, secrets, graph, queue, bucket, waits: Mutex::default() })
    }

    /// Takes one record of the outbound queue. After an error the message waits, and the conversation's later ones behind it.
    pub async fn take(&self, record: &SqsMessage) -> Result<(), Problem> {
        let outbound: Outbound = serde_json::from_str(record.body.as_deref().unwrap_or_default()).map_err(internal)?;
        let (org, message) = match &outbound {
            Outbound::Send { org, message } => (org, message),
            Outbound::Release { org, release } => return self.release(org, release).await,
            Outbound::Mark { org, mark, is_typing, at } => return self.mark(org, mark, *is_typing, *at).await,
            Outbound::Sync { org, sync } => return self.sync(org, sync, received(record)).await,
        };
        let reference: MessageRef = message.parse().map_err(internal)?;
        let Some(message) = self.storage.message(org, &reference).await? else {
            tracing::warn!(org.id = %org, "the message to send is gone");
            return Ok(());
        };
        match message.direction {
            Direction::Out { delivery: Delivery::Queued, .. } => self.send(org, &message, record).await,
            Direction::Out { delivery: Delivery::Sending, .. } => self.look(org, &message, received(record)).await,
            // It was sent, or refused, before this delivery of the record.
            Direction::Out { .. } | Direction::In => Ok(()),
        }
    }

    /// Sends what is parked, if the contact has written since.
    async fn release(&self, org: &OrganizationId, conversation: &ConversationId) -> Result<(), Problem> {
        let released = self.storage.release_parked(org, conversation, clock::now()).await?;
        if released > 0 {
            tracing::info!(org.id = %org, conversation.id = %conversation, released, "parked answers released");
        }
        Ok(())
    }

    async fn send(&self, org: &OrganizationId, message: &Message, record: &SqsMessage) -> Result<(), Problem> {
        if invocation::time_left().is_some_and(|left| left < ENOUGH) {
            // Whoever is ended in the midst of a call does not know what became of it.
            return Err(self.wait(record, Duration::from_secs(1), "the invocation ends soon".to_owned()).await);
        }
        let Some((connection, to)) = self.destination(org, message).await? else {
            return self.refuse(org, message, 0, "the conversation's connection or contact is gone").await;
        };
        let stop = match self.gate(&connection).await? {
            Gate::Open { stop } => stop,
            Gate::Stopped { code } => return self.refuse(org, message, code, "the connection is stopped").await,
            Gate::Paused { code, .. } if received(record) >= GIVEN_UP => {
                return self.refuse(org, message, code, "the provider asked to try later, too often").await;
            }
            Gate::Paused { wait, code } => {
                let wait = retry::backoff(wait, code, record);
                return Err(self.wait(record, wait, "the connection is paused".to_owned()).await);
            }
        };
        let answer = Answer::of(&message.content).map_err(internal)?;
        let Some(line) = self.line(&connection).await? else {
            return self.refuse(org, message, 190, "the connection has no credentials to send with").await;
        };
        let reference = &message.reference;
        let outcome = match self.with_file(&connection, &line, message, answer).await? {
            Ok((answer, file)) => {
                if !self.storage.begin_sending(org, reference, &attempt(record)).await? {
                    return Err(later("another attempt is at it".to_owned()));
                }
                self.hand_over(&connection, line, &to, &answer, file, message).await?
            }
            // Nothing was sent yet, and the message is as it was.
            Err(outcome) => outcome,
        };
        let recorded = self.record(message, &connection, &outcome, record).await;
        // The message first: what became of it is known now and must not be forgotten for the sake of anything else.
        if let Err(problem) = self.learn(&connection, stop.as_ref(), &outcome).await {
            problem.log();
        }
        recorded
    }

    /// What became of a message that was handed over.
    async fn record(
        &self,
        message: &Message,
        connection: &Connection,
        outcome: &SendOutcome,
        record: &SqsMessage,
    ) -> Result<(), Problem> {
        let (org, reference) = (&connection.org, &message.reference);
        match outcome {
            SendOutcome::Accepted { provider_id, .. } => {
                self.storage.deliver(org, reference, Delivery::Accepted, Some(provider_id), None).await?;
                self.storage.link_receipt(org, &connection.id, provider_id, reference, clock::now()).await?;
                tracing::info!(org.id = %org, connection.id = %connection.id, conversation.id = %reference.conversation, "answer accepted");
                Ok(())
            }
            SendOutcome::Refused { error } => {
                tracing::warn!(org.id = %org, connection.id = %connection.id, code = error.code, "answer refused by the provider");
                let outcome = (Delivery::Failed, Some(error));
                self.storage.deliver_or_park(org, reference, outcome, None, clock::now()).await?;
                Ok(())
            }
            SendOutcome::RetryLater { code, .. } if received(record) >= GIVEN_UP => {
                self.refuse(org, message, *code, "the provider asked to try later, too often").await
            }
            SendOutcome::RetryLater { after, code } => {
                // It surely was not taken, so it may wait for its turn again.
                self.storage.requeue(org, reference).await?;
                let wait = retry::backoff(*after, *code, record);
                Err(self.wait(record, wait, format!("the provider asked to try later (code {code})")).await)
            }
            SendOutcome::Unclear => Err(later("the provider's answer was lost".to_owned())),
        }
    }

    /// The call itself. Credentials that are refused are read again: perhaps somebody has changed them since.
    async fn hand_over(
        &self,
        connection: &Connection,
        line: Line,
        to: &Alias,
        answer: &Answer,
        file: Option<File>,
        message: &Message,
    ) -> Result<SendOutcome, Problem> {
        let name = message.reference.to_string();
        let has_file = file.is_some();
        let outcome = line.post(&self.graph, to, answer, file, &name).await;
        if !matches!(&outcome, SendOutcome::Refused { error } if matches!(error.code, 190 | 401)) {
            return Ok(outcome);
        }
        self.secrets.forget(connection);
        match self.line(connection).await {
            Ok(Some(now)) if now != line => {
                let file = match &message.content.media {
                    Some(media) if has_file => match self.file(connection, message, media).await? {
                        Ok(file) => Some(file),
                        Err(outcome) => return Ok(outcome),
                    },
                    _ => None,
                };
                Ok(now.post(&self.graph, to, answer, file, &name).await)
            }
            // The refusal stands, and is no reason to leave the message where it is.
            _ => Ok(outcome),
        }
    }

    /// A message was handed to the provider, and the outcome is not known: perhaps a report came meanwhile, perhaps one will.
    async fn look(&self, org: &OrganizationId, message: &Message, received: u32) -> Result<(), Problem> {
        if received < LOOKS {
            return Err(later("waiting for the provider's report".to_owned()));
        }
        tracing::warn!(org.id = %org, conversation.id = %message.reference.conversation, "outcome of sending unknown");
        self.storage.deliver(org, &message.reference, Delivery::Unknown, None, None).await?;
        Ok(())
    }

    /// The connection to send by, and whom to address.
    async fn destination(
        &self,
        org: &OrganizationId,
        message: &Message,
    ) -> Result<Option<(Connection, Alias)>, Problem> {
        let Some(conversation) = self.storage.conversation(org, &message.reference.conversation).await? else {
            return Ok(None);
        };
        let connection = self.storage.connection(org, &conversation.connection).await?;
        let contact = self.storage.contact(org, &conversation.contact).await?;
        let to = contact.and_then(|contact| contact.address().cloned());
        Ok(connection.zip(to))
    }

    /// The provider behind a connection, with its credentials.
    async fn line(&self, connection: &Connection) -> Result<Option<Line>, Problem> {
        let secret = self.secrets.of(connection).await?;
        Ok(secret.and_then(|secret| Line::of(connection, secret)))
    }

    async fn refuse(&self, org: &OrganizationId, message: &Message, code: i64, why: &str) -> Result<(), Problem> {
        tracing::warn!(org.id = %org, code, why, "answer cannot be sent");
        let error = DeliveryError { code, details: Some(why.to_owned()) };
        self.storage.deliver(org, &message.reference, Delivery::Failed, None, Some(&error)).await?;
        Ok(())
    }
}

/// Names this attempt: the record and how often it was given out.
fn attempt(record: &SqsMessage) -> String {
    format!("{}.{}", record.message_id.as_deref().unwrap_or_default(), received(record))
}

fn later(why: String) -> Problem {
    Problem::Unavailable { source: why.into() }
}

fn internal(error: impl std::error::Error + std::marker::Send + Sync + 'static) -> Problem {
    Problem::Internal { source: Box::new(error) }
}
