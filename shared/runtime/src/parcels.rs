//! Puts parcels into their bucket and fetches them, through the HTTP client of the SDK: whoever meets no parcel pays for none.
//!
//! Never for files of unknown length: a parcel is held in memory. Source: docs/adr/0031-parcels.md.

use std::time::Duration;

use aws_smithy_types::body::SdkBody;
use files::{Bucket, Upload};

use crate::connector::Connector;
use crate::object_calls::{Unanswered, sent, whole};
use crate::{Fatal, clock};

/// How long one try to put some megabytes may take, so that the tries and the queue fit into the webhook's timeout.
const PUTTING: Duration = Duration::from_millis(2500);
/// How long one try to fetch them may take, so that the tries leave time in the timeout of ingest.
const GETTING: Duration = Duration::from_millis(1500);
/// How often a parcel is tried within one invocation. After that the record, or the provider's request, comes again.
const TRIES: u32 = 2;

/// Why a parcel was not put or not fetched. Neither its key nor its content is told.
#[derive(Debug, thiserror::Error)]
pub enum ParcelError {
    /// The bucket cannot be reached, or cannot take or give it now.
    #[error("the bucket of parcels is unavailable ({cause})")]
    Unavailable {
        /// A fixed word, or the status.
        cause: String,
    },
    /// It is not there, or this function may not have it: without the permission to list, S3 does not tell which.
    #[error("the parcel of an acknowledged message is not in its bucket")]
    Missing,
    /// The request cannot be made.
    #[error("the request for a parcel cannot be made")]
    Malformed(#[source] Fatal),
}

/// What is asked of the bucket.
enum Call<'a> {
    Put(Upload<'a>, &'a [u8]),
    Get { key: &'a str, longest: usize },
}

/// The bucket of parcels.
#[derive(Debug)]
pub struct Parcels {
    bucket: Bucket,
    connector: Connector,
}

impl Parcels {
    /// Works on one bucket.
    pub fn new(bucket: Bucket, connector: Connector) -> Self {
        Self { bucket, connector }
    }

    /// Puts a parcel, whose SHA-256 in lower-case hex is `sha256`: all of it is durable when this returns.
    pub async fn put(&self, key: &str, sha256: &str, bytes: &[u8]) -> Result<(), ParcelError> {
        let upload = Upload { key, size: bytes.len() as u64, sha256, media_type: "application/octet-stream" };
        self.tried(&Call::Put(upload, bytes)).await.map(drop)
    }

    /// Fetches a parcel of at most `longest` bytes.
    pub async fn get(&self, key: &str, longest: usize) -> Result<Vec<u8>, ParcelError> {
        self.tried(&Call::Get { key, longest }).await
    }

    async fn tried(&self, call: &Call<'_>) -> Result<Vec<u8>, ParcelError> {
        let longest = if matches!(call, Call::Put(..)) { PUTTING } else { GETTING };
        let mut last = unavailable("not tried");
        for attempt in 0..TRIES {
            if attempt > 0 {
                tokio::time::sleep(Duration::from_millis(fastrand::u64(20..=100))).await;
            }
            last = match tokio::time::timeout(longest, self.answered(call)).await {
                Ok(Err(error @ ParcelError::Unavailable { .. })) => error,
                Ok(answer) => return answer,
                Err(_) => unavailable("took too long"),
            };
        }
        Err(last)
    }

    /// What the bucket answers; nothing to a parcel that is put.
    async fn answered(&self, call: &Call<'_>) -> Result<Vec<u8>, ParcelError> {
        let malformed = |error: files::Unsignable| ParcelError::Malformed(error.into());
        let (request, body) = match call {
            Call::Put(upload, bytes) => {
                (self.bucket.put(*upload, clock::now()).map_err(malformed)?, SdkBody::from(*bytes))
            }
            Call::Get { key, .. } => (self.bucket.get(key, clock::now()).map_err(malformed)?, SdkBody::empty()),
        };
        let answer = sent(&self.connector, request, body).await?;
        let longest = match (answer.status().as_u16(), call) {
            (200, Call::Get { longest, .. }) => longest,
            (200, Call::Put(..)) => return Ok(Vec::new()),
            (403 | 404, Call::Get { .. }) => return Err(ParcelError::Missing),
            (status, _) => return Err(unavailable(&status.to_string())),
        };
        let told = answer.headers().get("content-length").and_then(|length| length.parse::<usize>().ok());
        if told.is_none_or(|length| length > *longest) {
            return Err(unavailable("it is longer than was said"));
        }
        Ok(whole(answer).await?)
    }
}

impl From<Unanswered> for ParcelError {
    fn from(error: Unanswered) -> Self {
        match error {
            Unanswered::Now(cause) => unavailable(cause),
            Unanswered::Malformed(error) => Self::Malformed(error),
        }
    }
}

fn unavailable(cause: &str) -> ParcelError {
    ParcelError::Unavailable { cause: cause.to_owned() }
}
