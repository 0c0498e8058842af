//! What is known of one connection, and the way to its client: a short queue that its session empties.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};

/// Who is connected: what does not change after the handshake.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) connection_id: String,
    pub(super) connected_at: Timestamp,
    pub(super) source_ip: String,
    pub(super) user_agent: Option<String>,
    /// The `Host` header of the handshake.
    pub(super) host: String,
    /// What the authorizer said; `None` without one.
    pub(super) authorizer: Option<Map<String, Value>>,
}

/// A connection as everybody but its session sees it.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(super) client: Client,
    outgoing: mpsc::Sender<Outgoing>,
    end: watch::Sender<Option<Ending>>,
    opened: Instant,
    last_active_ms: AtomicU64,
}

/// A message on its way to the client.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) message: Message,
    /// Told once the socket has all of it. Whoever stops listening takes the message back.
    pub(super) written: oneshot::Sender<()>,
}

/// Why and how a connection ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) code: u16,
    pub(super) reason: String,
}

impl Ending {
    /// `@connections` closed it.
    pub(super) fn normal() -> Self {
        Self::new(1000, "Connection Closed Normally")
    }

    /// It was idle for too long, or open for too long, or the host stops.
    pub(super) fn going_away() -> Self {
        Self::new(1001, "Going away")
    }

    /// The client is gone without a word.
    pub(super) fn abnormal() -> Self {
        Self::new(1006, "")
    }

    pub(super) fn new(code: u16, reason: &str) -> Self {
        Self { code, reason: reason.to_owned() }
    }

    /// What a client said when it closed.
    pub(super) fn by_client(frame: Option<CloseFrame>) -> Self {
        match frame {
            Some(frame) => Self::new(frame.code.into(), &frame.reason),
            None => Self::new(1005, "Client-side close frame status not set"),
        }
    }

    /// The frame that tells the client; `None` for what no frame may say.
    pub(super) fn frame(&self) -> Option<CloseFrame> {
        let code = CloseCode::from(self.code);
        code.is_allowed().then(|| CloseFrame { code, reason: self.reason.clone().into() })
    }
}

impl Connection {
    /// The connection, and what its session reads of it.
    pub(super) fn new(client: Client, queued: usize) -> (Self, mpsc::Receiver<Outgoing>) {
        let (outgoing, queue) = mpsc::channel(queued);
        let end = watch::Sender::new(None);
        (Self { client, outgoing, end, opened: Instant::now(), last_active_ms: AtomicU64::new(0) }, queue)
    }

    /// Hands the message to the socket, behind those that came before it. `false` when the connection ended before that.
    ///
    /// Dropping the future takes the message back, unless it is being written.
    pub(super) async fn say(&self, message: Message) -> bool {
        let (written, told) = oneshot::channel();
        self.outgoing.send(Outgoing { message, written }).await.is_ok() && told.await.is_ok()
    }

    /// Has the session close the connection.
    pub(super) fn end(&self, ending: Ending) {
        self.end.send_replace(Some(ending));
    }

    /// Resolves when somebody has called `end`.
    pub(super) async fn ended(&self) -> Ending {
        match self.end.subscribe().wait_for(Option::is_some).await.map(|ending| ending.clone()) {
            Ok(Some(ending)) => ending,
            // The sender lives as long as `self`, and `wait_for` has seen a value.
            Ok(None) | Err(_) => Ending::abnormal(),
        }
    }

    /// Notes that a frame came or went.
    pub(super) fn touch(&self) {
        let now_ms = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_active_ms.store(now_ms, Ordering::Relaxed);
    }

    /// How long the connection was open when the last frame came or went.
    pub(super) fn last_active(&self) -> Duration {
        Duration::from_millis(self.last_active_ms.load(Ordering::Relaxed))
    }

    /// Resolves when the connection has been idle for `idle` or open for `duration`.
    pub(super) async fn time_is_up(&self, idle: Duration, duration: Duration) {
        loop {
            let until = (self.last_active() + idle).min(duration);
            let Some(left) = until.checked_sub(self.opened.elapsed()).filter(|left| !left.is_zero()) else { return };
            tokio::time::sleep(left).await;
        }
    }
}
