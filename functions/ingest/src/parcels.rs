//! Units that the queue could not hold: it carries a slip, and the bucket the unit.
//!
//! A parcel is left where it is: whoever crashes reads it again, and the bucket removes it when the queues have long forgotten it.

use channels::{Carried, Unit};
use runtime::Problem;
use runtime::parcels::ParcelError;

use crate::Ingest;

impl Ingest {
    /// The unit of a record.
    pub(crate) async fn unit(&self, body: &str) -> Result<Unit, Problem> {
        match Carried::read(body).map_err(internal)? {
            Carried::Whole(unit) => Ok(unit),
            Carried::Slip(slip) => {
                let parcel = self.parcels.get(&slip.key(), slip.bytes()).await.map_err(not_had)?;
                tracing::info!(bytes = slip.bytes(), "parcel fetched");
                slip.open(&parcel).map_err(internal)
            }
        }
    }
}

/// The record comes again; one whose parcel is not there ends in the dead-letter queue, and somebody is told.
fn not_had(error: ParcelError) -> Problem {
    match error {
        ParcelError::Unavailable { .. } => Problem::Unavailable { source: Box::new(error) },
        ParcelError::Missing | ParcelError::Malformed(_) => internal(error),
    }
}

fn internal(error: impl std::error::Error + Send + Sync + 'static) -> Problem {
    Problem::Internal { source: Box::new(error) }
}
