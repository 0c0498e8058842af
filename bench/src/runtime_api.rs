//! A bare Lambda Runtime API for one process: what the host's is compared with, and what a cold start is measured against.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt as _;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::JoinHandle;

/// How long a process may take to ask, and to answer. Valgrind makes it a hundred times slower.
const PATIENCE: Duration = Duration::from_mins(2);

/// The Runtime API of one process. It ends when it is dropped.
#[derive(Debug)]
pub(crate) struct RuntimeApi {
    /// What `AWS_LAMBDA_RUNTIME_API` has to be.
    pub(crate) address: String,
    events: mpsc::Sender<Bytes>,
    answers: mpsc::Receiver<(bool, Bytes)>,
    asked: watch::Receiver<u32>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    events: Mutex<mpsc::Receiver<Bytes>>,
    answers: mpsc::Sender<(bool, Bytes)>,
    asked: watch::Sender<u32>,
}

impl RuntimeApi {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let ((events, inbox), (outbox, answers)) = (mpsc::channel(1), mpsc::channel(1));
        let (asks, asked) = watch::channel(0);
        let shared = Arc::new(Shared { events: Mutex::new(inbox), answers: outbox, asked: asks });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{request}/{outcome}", post(outcome))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .with_state(shared);
        let listener = listener.tap_io(|connection| {
            // Only a delay is lost when the system refuses.
            let _ = connection.set_nodelay(true);
        });
        let server = tokio::spawn(async move {
            // It serves until it is dropped.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, events, answers, asked, server })
    }

    /// Waits until the process has asked for work this often.
    pub(crate) async fn asked(&mut self, times: u32) -> anyhow::Result<()> {
        let asked = self.asked.wait_for(|asked| *asked >= times);
        tokio::time::timeout(PATIENCE, asked).await.context("the process does not ask for work")??;
        Ok(())
    }

    /// Hands an event to the process and waits for its answer; how long that took.
    pub(crate) async fn invoke(&mut self, event: &Value) -> anyhow::Result<(Value, Duration)> {
        let payload = Bytes::from(event.to_string());
        let handed_at = Instant::now();
        self.events.send(payload).await.context("the Runtime API has ended")?;
        let answer =
            tokio::time::timeout(PATIENCE, self.answers.recv()).await.context("the function does not answer")?;
        let took = handed_at.elapsed();
        let (ok, body) = answer.context("the Runtime API has ended")?;
        let text = String::from_utf8_lossy(&body);
        anyhow::ensure!(ok, "the function failed: {text}");
        Ok((serde_json::from_str(&text)?, took))
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    shared.asked.send_modify(|asked| *asked += 1);
    let Some(payload) = shared.events.lock().await.recv().await else { return StatusCode::GONE.into_response() };
    let deadline_ms = runtime::clock::now().as_millisecond().saturating_add(60_000);
    let id = fastrand::u128(..);
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", format!("{:08x}-0000-4000-8000-{:012x}", id >> 96, id & 0xffff_ffff_ffff)),
        ("lambda-runtime-deadline-ms", deadline_ms.to_string()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:000000000000:function:bench".to_owned()),
    ];
    (headers, payload).into_response()
}

async fn outcome(
    State(shared): State<Arc<Shared>>,
    Path((_, outcome)): Path<(String, String)>,
    body: Bytes,
) -> StatusCode {
    // Who no longer waits needs no answer.
    let _ = shared.answers.send((outcome == "response", body)).await;
    StatusCode::ACCEPTED
}

async fn init_error(State(shared): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    let _ = shared.answers.send((false, body)).await;
    StatusCode::ACCEPTED
}
