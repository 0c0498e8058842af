//! How a connection is doing, as opposed to how it is set up.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::ConnectionId;

/// The running state of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The connection.
    #[serde(rename = "con")]
    pub connection: ConnectionId,
    /// When somebody asked last for the provider's templates.
    #[serde(
        rename = "asked",
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    pub templates_asked_at: Option<Timestamp>,
    /// When they were read last.
    #[serde(
        rename = "synced",
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    pub templates_synced_at: Option<Timestamp>,
    /// The provider's code, where reading them failed since; 0 where it gave none.
    #[serde(rename = "sync_err", default, skip_serializing_if = "Option::is_none")]
    pub templates_error: Option<i64>,
}

impl Line {
    /// Of a connection of which nothing is known yet.
    pub fn new(connection: ConnectionId) -> Self {
        Self { connection, templates_asked_at: None, templates_synced_at: None, templates_error: None }
    }
}
