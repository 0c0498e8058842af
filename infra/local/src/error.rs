//! What can keep a command from doing its work. Each is one clear line on standard error; `main` writes it.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a command ended early. `Display` is for the person at the terminal and leaves the cause to `source`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HostError {
    #[error("port {} is in use, so nothing can listen on {address}; choose another with {flag} ADDR", address.port())]
    PortInUse { address: SocketAddr, flag: &'static str },
    #[error("cannot listen on {address} ({flag})")]
    Listen { address: SocketAddr, flag: &'static str, source: std::io::Error },
    #[error("{0}")]
    Refused(String),
    #[error("data directory {path}: in use by another host; stop it, or choose another with --data DIR", path = .0.display())]
    DataInUse(PathBuf),
    #[error("data directory: {action} {path}", path = path.display())]
    Data { action: &'static str, path: PathBuf, source: std::io::Error },
    #[error("{path} is not what the host wrote there", path = path.display())]
    Damaged { path: PathBuf, source: serde_json::Error },
    #[error("no host is running on the data directory {path}; start one with `cargo run`", path = .0.display())]
    NotRunning(PathBuf),
    #[error("no answer from the host at {url}; is it still running?")]
    NoAnswer { url: String, source: crate::client::ClientError },
    #[error("table {path}", path = path.display())]
    Table { path: PathBuf, source: dynoxide::DynoxideError },
    #[error("files")]
    Files(#[source] crate::objects::StoreError),
    #[error("queues")]
    Queues(#[source] crate::sqs::Error),
    #[error("queue {queue}")]
    Queue { queue: String, source: crate::sqs::Error },
    #[error("{path}", path = path.display())]
    Template { path: PathBuf, source: crate::template::TemplateError },
    #[error(transparent)]
    Issuer(#[from] crate::gateway::issuer::IssuerError),
    #[error(transparent)]
    Backup(#[from] crate::backup::BackupError),
    #[error("the demo organization was not added")]
    Demo(#[source] crate::demo::DemoError),
    #[error("the functions were not built")]
    Build(#[source] crate::compile::BuildError),
}

/// A failure and its causes on one line.
pub(crate) fn on_one_line(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !line.ends_with(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        cause = error.source();
    }
    line.replace('\n', " ")
}
