//! Why a file was not fetched: for now, or for good.

use std::time::Duration;

use domain::media::MediaFailure;
use runtime::Problem;

/// A try that did not give the file.
#[derive(Debug)]
pub(crate) enum Missed {
    /// Another try would end as this one.
    ForGood(MediaFailure),
    /// Another try may give it.
    ForNow {
        /// What the message says once it was tried often enough.
        reason: MediaFailure,
        /// For the log: never an address or a token.
        cause: String,
        /// How long the provider asks to wait.
        after: Option<Duration>,
    },
}

impl Missed {
    /// It may be had later.
    pub(crate) fn now(cause: impl Into<String>) -> Self {
        Self::ForNow { reason: MediaFailure::Unavailable, cause: cause.into(), after: None }
    }

    /// The credentials are not good; somebody may renew them.
    pub(crate) fn refused(cause: impl Into<String>) -> Self {
        Self::ForNow { reason: MediaFailure::Refused, cause: cause.into(), after: None }
    }
}

impl From<storage::Error> for Missed {
    fn from(error: storage::Error) -> Self {
        Self::now(runtime::problem::causes(&error))
    }
}

pub(crate) fn internal(error: impl std::error::Error + Send + Sync + 'static) -> Problem {
    Problem::Internal { source: Box::new(error) }
}
