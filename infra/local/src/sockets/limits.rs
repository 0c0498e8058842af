//! What API Gateway allows a connection, and what keeps one connection from taking the host's memory.

use std::time::Duration;

/// Limits of one connection. `Default` is what is served; tests do not wait for hours.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html>.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    /// Of a message, in both directions.
    pub(crate) message_bytes: usize,
    /// Of a frame that a client sends.
    pub(crate) frame_bytes: usize,
    /// Without a frame in either direction.
    pub(crate) idle: Duration,
    /// From connecting to the end, however lively.
    pub(crate) duration: Duration,
    /// For one frame to reach the client's socket. One that does not read is given up after it.
    pub(crate) write: Duration,
    /// For a post to reach the socket behind those that came before it.
    pub(crate) post: Duration,
    /// For a client to close after it was told to.
    pub(crate) farewell: Duration,
    /// Messages of one connection whose functions run at once. AWS names no number; further ones wait in the socket.
    pub(crate) in_flight: usize,
    /// Messages to one client that wait for their turn.
    pub(crate) queued: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: 128 * 1024,
            frame_bytes: 32 * 1024,
            idle: Duration::from_mins(10),
            duration: Duration::from_hours(2),
            write: Duration::from_secs(5),
            post: Duration::from_secs(10),
            farewell: Duration::from_secs(2),
            in_flight: 16,
            queued: 16,
        }
    }
}
