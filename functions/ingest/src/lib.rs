//! `ingest`: turns inbound units into contacts, conversations, messages and tickets.
//!
//! Reads what is known, lets the domain decide, lets storage carry it out. Never answers a provider and never sends.

mod amendments;
mod bursts;
mod calls;
mod connections;
mod counting;
mod messages;
mod names;
mod parcels;
mod people;
mod templates;
mod threads;

use aws_lambda_events::sqs::SqsMessage;
use channels::{Observation, Source, Unit};
use runtime::parcels::Parcels;
use runtime::sqs::Stopped;
use runtime::{Problem, clock};
use storage::{Inspection, Storage};

pub use bursts::Burst;
use connections::Connections;

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

    /// Takes the records of a group of a batch of the inbound queue, in their order. Errors are ours, never the messages': they come
    /// again.
    pub async fn take_group(&self, records: &[SqsMessage]) -> Result<(), Stopped> {
        let mut burst = Burst::default();
        for (at, record) in records.iter().enumerate() {
            if let Err(problem) = self.take(record, at, &mut burst).await {
                // What is stored does not wait for what fails behind it.
                if let Err(uncounted) = self.count(&mut burst).await {
                    uncounted.log();
                }
                return Err(Stopped { at: burst.failed_at().unwrap_or(at), problem });
            }
        }
        let counted = self.count(&mut burst).await;
        counted.map_err(|problem| Stopped { at: burst.failed_at().unwrap_or_default(), problem })
    }

    /// Takes the record at a place of its group. Its message is done when the burst is counted.
    pub async fn take(&self, record: &SqsMessage, at: usize, burst: &mut Burst) -> Result<(), Problem> {
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
            (Observation::Message(message), Some(connection)) => self.message(connection, message, at, burst).await,
            (Observation::Amendment(amendment), Some(connection)) => {
                self.amendment(connection, amendment, &unit, at, burst).await
            }
            (Observation::Delivery(report), Some(connection)) => {
                self.storage.report_delivery(&connection.org, &connection.id, &report, clock::now()).await?;
                tracing::info!(org.id = %connection.org, connection.id = %connection.id, delivery = report.delivery.as_str(), "status taken");
                Ok(())
            }
            (Observation::Message(_) | Observation::Amendment(_) | Observation::Delivery(_), None) => {
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

    pub(crate) async fn inspect(&self, unit: &Unit, reason: &str) -> Result<(), Problem> {
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
