//! Everybody who is connected, by id: what `@connections` reads and does.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html>.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use jiff::{Timestamp, Unit};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::connection::{Connection, Ending};

/// The open connections. An id is here from the moment `$connect` has agreed to the moment the connection ends.
#[derive(Debug, Default)]
pub(crate) struct Connections(Mutex<HashMap<String, Arc<Connection>>>);

/// Why a message was not handed to its client's socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PostError {
    /// There is no such connection, or it ended before the message was written.
    Gone,
    /// The client reads more slowly than messages come, and its turn did not come in time.
    Full,
}

/// What `GetConnection` tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConnectionStatus {
    pub(crate) connected_at: Timestamp,
    pub(crate) last_active_at: Timestamp,
    pub(crate) source_ip: String,
    pub(crate) user_agent: String,
}

impl Connections {
    /// Sends data to a client: a text frame, or a binary one for what is not text. Returns once the socket has all of it.
    pub(crate) async fn post(&self, id: &str, data: Bytes, limit: Duration) -> Result<(), PostError> {
        let connection = self.get(id).ok_or(PostError::Gone)?;
        let message = match Utf8Bytes::try_from(data.clone()) {
            Ok(text) => Message::Text(text),
            Err(_) => Message::Binary(data),
        };
        match tokio::time::timeout(limit, connection.say(message)).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(PostError::Gone),
            Err(_) => Err(PostError::Full),
        }
    }

    pub(crate) fn status(&self, id: &str) -> Option<ConnectionStatus> {
        let connection = self.get(id)?;
        let client = &connection.client;
        let last_active_at = client.connected_at + connection.last_active();
        Some(ConnectionStatus {
            connected_at: client.connected_at.round(Unit::Millisecond).unwrap_or(client.connected_at),
            last_active_at: last_active_at.round(Unit::Millisecond).unwrap_or(last_active_at),
            source_ip: client.source_ip.clone(),
            user_agent: client.user_agent.clone().unwrap_or_default(),
        })
    }

    /// Closes the connection. `false` when there is none; of two who delete at once, one gets `true`.
    pub(crate) fn delete(&self, id: &str) -> bool {
        let Some(connection) = self.all().remove(id) else { return false };
        connection.end(Ending::normal());
        true
    }

    pub(super) fn add(&self, connection: &Arc<Connection>) {
        self.all().insert(connection.client.connection_id.clone(), Arc::clone(connection));
    }

    pub(super) fn remove(&self, id: &str) {
        self.all().remove(id);
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.all().len()
    }

    fn get(&self, id: &str) -> Option<Arc<Connection>> {
        self.all().get(id).cloned()
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Arc<Connection>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
