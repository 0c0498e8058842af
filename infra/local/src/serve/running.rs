//! A host that serves, and its orderly end: take nothing new, finish what runs, end the functions, close the stores.

use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::data_dir::{DataDir, Lock};
use crate::error::{HostError, on_one_line};
use crate::lambda::Lambda;

/// How long what runs may take to finish. Queues and streams deliver again what does not.
const DRAIN: Duration = Duration::from_secs(10);

/// Everything that has to be ended.
pub(super) struct Running {
    pub(super) data: DataDir,
    pub(super) _lock: Lock,
    pub(super) lambda: std::sync::Arc<Lambda>,
    /// The HTTP API, mappings and schedules: they end by themselves once `stopping` is true.
    pub(super) background: JoinSet<()>,
    /// What functions call while they finish; ends once `closing` is true.
    pub(super) services: JoinSet<()>,
    pub(super) stopping: watch::Sender<bool>,
    pub(super) closing: watch::Sender<bool>,
}

impl Running {
    pub(super) async fn stop(mut self) -> Result<(), HostError> {
        println!("Stopping: finishing what runs …");
        self.data.withdraw()?;
        self.stopping.send_replace(true);
        finish(&mut self.background).await;
        self.lambda.shutdown(DRAIN).await;
        self.closing.send_replace(true);
        finish(&mut self.services).await;
        println!("Stopped.");
        Ok(())
    }
}

async fn finish(tasks: &mut JoinSet<()>) {
    let all = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN, all).await.is_err() {
        tracing::warn!("not everything finished within {DRAIN:?}");
    }
    tasks.abort_all();
}

/// Resolves at the first Ctrl-C or SIGTERM. The second ends the process at once.
pub(super) fn stop_signal() -> Result<impl Future<Output = ()>, HostError> {
    let failed = |error| HostError::Refused(format!("signals cannot be heard: {error}"));
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let (told, mut heard) = watch::channel(0_u32);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            told.send_modify(|count| *count += 1);
            if *told.borrow() > 1 {
                std::process::exit(130);
            }
        }
    });
    Ok(async move {
        let _ = heard.wait_for(|count| *count > 0).await;
    })
}

/// Runs a server and says when it ends with an error.
pub(super) async fn reported(what: &'static str, server: impl Future<Output = std::io::Result<()>>) {
    if let Err(error) = server.await {
        tracing::error!(error = on_one_line(&error), "{what} stopped serving");
    }
}
