//! One connection from the upgrade to `$disconnect`: reads and writes at once, notices every way in which it may end, and
//! ends it in one place, so that `$disconnect` comes once.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{
    SinkExt as _, StreamExt as _,
    stream::{SplitSink, SplitStream},
};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        error::ProtocolError,
        protocol::{Role, WebSocketConfig},
    },
};

use super::{
    Alive, Sockets,
    connection::{Connection, Ending, Outgoing},
    event::Events,
    integration,
    limits::Limits,
};
use crate::clock;

/// How long the answer to the handshake may take to reach the client.
const UPGRADE_LIMIT: Duration = Duration::from_secs(10);
/// What a connection reads at once. The library would keep 128 KiB for each.
const READ_BUFFER_BYTES: usize = 4096;

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// Holds the connection until it has ended and `$disconnect` has run.
pub(super) async fn run(
    sockets: Arc<Sockets>,
    connection: Arc<Connection>,
    upgrade: OnUpgrade,
    queue: mpsc::Receiver<Outgoing>,
    alive: Alive,
) {
    let ending = if let Ok(Ok(upgraded)) = timeout(UPGRADE_LIMIT, upgrade).await {
        converse(&sockets, &connection, upgraded, queue).await
    } else {
        sockets.connections.remove(&connection.client.connection_id);
        Ending::abnormal()
    };
    if let Some(route) = sockets.route("$disconnect") {
        let events = Events { api: &sockets.api, domain: &sockets.domain, now: clock::now() };
        let event = events.disconnect(&connection.client, &ending);
        // The log has a failure; there is nobody else to tell.
        let _ = integration::invoke(&sockets.lambda, route, &event).await;
    }
    drop(alive);
}

async fn converse(
    sockets: &Arc<Sockets>,
    connection: &Arc<Connection>,
    upgraded: Upgraded,
    queue: mpsc::Receiver<Outgoing>,
) -> Ending {
    let limits = &sockets.limits;
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_message_size(Some(limits.message_bytes))
        .max_frame_size(Some(limits.frame_bytes));
    let socket = Socket::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
    let (mut sink, mut stream) = socket.split();
    let ending = {
        let listening = std::pin::pin!(listen(sockets, connection, &mut stream));
        let speaking = std::pin::pin!(speak(sockets, connection, &mut sink, queue));
        // In turns: a client that never stops sending must not keep the host from speaking, or from ending it.
        tokio::select! {
            ending = listening => ending,
            ending = speaking => ending,
        }
    };
    // Gone before the client can know it: a post from now on is 410.
    sockets.connections.remove(&connection.client.connection_id);
    if let Ok(socket) = sink.reunite(stream) {
        // A client that does not take its leave in time is cut off.
        let _ = timeout(limits.farewell, part(socket, &ending)).await;
    }
    ending
}

/// Reads until the client ends the connection, by its will or by a fault of its own.
///
/// Functions of one connection's messages run beside each other, as on AWS, which promises no order; so many at once and no
/// more, then the client waits.
async fn listen(sockets: &Arc<Sockets>, connection: &Arc<Connection>, stream: &mut SplitStream<Socket>) -> Ending {
    let in_flight = Arc::new(Semaphore::new(sockets.limits.in_flight));
    loop {
        let Ok(place) = Arc::clone(&in_flight).acquire_owned().await else { return Ending::going_away() };
        let received = stream.next().await;
        connection.touch();
        match received {
            Some(Ok(Message::Text(text))) => {
                let (sockets, connection) = (Arc::clone(sockets), Arc::clone(connection));
                tokio::spawn(async move {
                    if let Some(answer) = sockets.answer(&connection.client, &text).await {
                        // A client that is gone needs no answer.
                        connection.say(answer).await;
                    }
                    drop(place);
                });
            }
            // API Gateway takes no binary frames:
            // https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-binary-media-types.html
            Some(Ok(Message::Binary(_))) => return Ending::new(1003, "Binary frames are not supported"),
            // The library has answered a ping already.
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            Some(Ok(Message::Close(frame))) => return Ending::by_client(frame),
            Some(Err(Error::Capacity(_))) => return Ending::new(1009, "Message or frame too large"),
            Some(Err(Error::Utf8(_))) => return Ending::new(1007, "Not UTF-8"),
            // The library's word for a client that is gone without a close frame.
            Some(Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake))) => return Ending::abnormal(),
            Some(Err(Error::Protocol(_))) => return Ending::new(1002, "Protocol error"),
            Some(Err(_)) | None => return Ending::abnormal(),
        }
    }
}

/// Writes what is in the queue, one message after the other, until the host ends the connection or the client does not
/// read.
async fn speak(
    sockets: &Sockets,
    connection: &Connection,
    sink: &mut SplitSink<Socket, Message>,
    mut queue: mpsc::Receiver<Outgoing>,
) -> Ending {
    let Limits { idle, duration, write, .. } = sockets.limits;
    let mut stopping = sockets.stopping.clone();
    let mut stopped = std::pin::pin!(stopping.wait_for(|stopping| *stopping));
    let mut ended = std::pin::pin!(connection.ended());
    let mut time_is_up = std::pin::pin!(connection.time_is_up(idle, duration));
    loop {
        let next = tokio::select! {
            biased;
            ending = &mut ended => return ending,
            _ = &mut stopped => return Ending::going_away(),
            () = &mut time_is_up => return Ending::going_away(),
            next = queue.recv() => next,
        };
        // The connection keeps the other end of the queue.
        let Some(Outgoing { message, written }) = next else { return Ending::abnormal() };
        // Whoever wanted to send it has given up.
        if written.is_closed() {
            continue;
        }
        match timeout(write, sink.send(message)).await {
            Ok(Ok(())) => {
                connection.touch();
                // The sender may have given up while it was written.
                let _ = written.send(());
            }
            Ok(Err(_)) => return Ending::abnormal(),
            Err(_) => {
                let id = connection.client.connection_id.as_str();
                tracing::warn!(connection.id = id, "a client that does not read was disconnected");
                return Ending::abnormal();
            }
        }
    }
}

/// Says goodbye: the close frame, or the answer to the client's. Both have said it then, and the socket may be closed.
async fn part(mut socket: Socket, ending: &Ending) -> Result<(), Error> {
    if ending.code == 1006 {
        return Ok(());
    }
    let client_began = match socket.close(ending.frame()).await {
        Ok(()) => false,
        // The library has the answer to the client's frame, and sends it with the next read.
        Err(Error::Protocol(ProtocolError::SendAfterClosing)) => true,
        Err(error) => return Err(error),
    };
    while let Some(Ok(message)) = socket.next().await {
        if message.is_close() {
            return Ok(());
        }
    }
    if client_began {
        return Ok(());
    }
    // The library reads no more after a fault of the client's. What still comes is thrown away, because a socket that is
    // closed on unread bytes resets the connection, and the close frame would be lost.
    let raw = socket.get_mut();
    raw.shutdown().await?;
    let mut rest = [0; READ_BUFFER_BYTES];
    while raw.read(&mut rest).await? > 0 {}
    Ok(())
}
