//! What can be wrong with a request, independent of the dialect that tells it. The one place where the crates' errors meet.

use std::error::Error;

use domain::ids::AgentId;
use domain::quota::TooMany;
use http::StatusCode;
use storage::ChangeError;

use crate::secrets::SecretError;

/// Why a request was not carried out. `Display` is what the caller may read; causes are logged and never answered.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// A field is wrong.
    #[error("{reason}")]
    InvalidInput {
        /// The field, as the caller spells it.
        field: &'static str,
        /// What is wrong with it: a sentence that names the field.
        reason: String,
    },
    /// The request has no usable token.
    #[error("a valid bearer token is required")]
    Unauthenticated,
    /// The caller may not do this.
    #[error("{reason}")]
    Forbidden {
        /// Why not.
        reason: String,
    },
    /// There is no such thing, or none that the caller may see.
    #[error("{entity} not found")]
    NotFound {
        /// What was looked for: `Ticket`, `Customer`.
        entity: &'static str,
    },
    /// The thing is not in a state that allows this, or somebody else was faster.
    #[error("{reason}")]
    Conflict {
        /// A stable code, such as `already_claimed`.
        code: &'static str,
        /// What is in the way, in words.
        reason: String,
        /// Who holds the ticket, for those who may know.
        holder: Option<AgentId>,
    },
    /// The ticket is not at the version that the caller asked to change.
    #[error("the ticket is at version {current} by now")]
    VersionMismatch {
        /// Its version.
        current: u64,
    },
    /// The caller's key was used for another request.
    #[error("the Idempotency-Key was used for another request")]
    KeyReused,
    /// Too many of these; later it may be allowed.
    #[error("{reason}")]
    RateLimited {
        /// What there is too much of.
        reason: String,
        /// When to try again.
        retry_after_secs: u64,
    },
    /// The same request may succeed in a moment.
    #[error("temporarily unavailable, please try again")]
    Unavailable {
        /// The cause.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// Our fault.
    #[error("internal error")]
    Internal {
        /// The cause.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

impl Problem {
    /// A stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidInput { .. } => "invalid_input",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden { .. } => "forbidden",
            Self::NotFound { .. } => "not_found",
            Self::Conflict { code, .. } => code,
            Self::VersionMismatch { .. } => "version_mismatch",
            Self::KeyReused => "idempotency_key_reused",
            Self::RateLimited { .. } => "rate_limited",
            Self::Unavailable { .. } => "unavailable",
            Self::Internal { .. } => "internal",
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::InvalidInput { .. } => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden { .. } => StatusCode::FORBIDDEN,
            Self::NotFound { .. } => StatusCode::NOT_FOUND,
            Self::Conflict { .. } => StatusCode::CONFLICT,
            Self::VersionMismatch { .. } => StatusCode::PRECONDITION_FAILED,
            Self::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Logs it, once, with its causes, at the level that its kind deserves.
    pub fn log(&self) {
        let (code, status) = (self.code(), self.status().as_u16());
        match self {
            Self::InvalidInput { field, .. } => tracing::info!(code, status, field, "request refused"),
            Self::NotFound { .. }
            | Self::Conflict { .. }
            | Self::VersionMismatch { .. }
            | Self::KeyReused
            | Self::RateLimited { .. } => tracing::info!(code, status, "request refused"),
            Self::Unauthenticated | Self::Forbidden { .. } => tracing::warn!(code, status, "request refused"),
            Self::Unavailable { source } => {
                tracing::warn!(code, status, cause = causes(source.as_ref()), "request failed");
            }
            Self::Internal { source } => {
                tracing::error!(code, status, cause = causes(source.as_ref()), "request failed");
            }
        }
    }
}

/// An error and its causes on one line.
pub fn causes(error: &(dyn Error + 'static)) -> String {
    std::iter::successors(Some(error), |&error| error.source()).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

impl From<storage::Error> for Problem {
    fn from(error: storage::Error) -> Self {
        match error {
            storage::Error::Unavailable { .. } => Self::Unavailable { source: Box::new(error) },
            storage::Error::Corrupt { .. } | storage::Error::Refused { .. } => {
                Self::Internal { source: Box::new(error) }
            }
        }
    }
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Table(error) => error.into(),
            // Callers read again and decide again on `Stale`; who still meets it was unlucky several times in a row.
            ChangeError::Stale => Self::Conflict {
                code: "changed_meanwhile",
                reason: "the ticket was changed at the same time".to_owned(),
                holder: None,
            },
            ChangeError::AtCapacity { agent } => Self::Conflict {
                code: "at_capacity",
                reason: format!("agent {agent} is inactive or holds as many tickets as it may"),
                holder: None,
            },
            // Who repeats a request is told the answer of the first; here the first was still under way.
            ChangeError::Repeated => Self::Conflict {
                code: "request_in_progress",
                reason: "the same request is being carried out".to_owned(),
                holder: None,
            },
            ChangeError::TooMany(TooMany::AnHour { seconds }) => {
                Self::RateLimited { reason: error.to_string(), retry_after_secs: seconds }
            }
            ChangeError::TooMany(TooMany::Open) => {
                Self::Conflict { code: "too_many_open_tickets", reason: error.to_string(), holder: None }
            }
            ChangeError::OtherTicketActive { .. } => Self::Conflict {
                code: "other_ticket_active",
                reason: "the conversation has another active ticket".to_owned(),
                holder: None,
            },
        }
    }
}

impl From<messaging::Error> for Problem {
    fn from(error: messaging::Error) -> Self {
        match error {
            messaging::Error::Unavailable { .. } => Self::Unavailable { source: Box::new(error) },
            messaging::Error::Refused { .. } => Self::Internal { source: Box::new(error) },
        }
    }
}

impl From<SecretError> for Problem {
    fn from(error: SecretError) -> Self {
        match error {
            SecretError::Unavailable { .. } => Self::Unavailable { source: Box::new(error) },
            SecretError::Malformed { .. } => Self::Internal { source: Box::new(error) },
        }
    }
}
