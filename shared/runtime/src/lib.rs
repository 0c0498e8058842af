//! What every function shares at run time: configuration, clients, telemetry, identity, the loops over HTTP, SQS and stream
//! events, and the translation of errors into answers.
//!
//! No rule of the help desk lives here, and no function's own logic.

pub mod addresses;
pub mod body;
pub mod clients;
pub mod clock;
pub mod config;
pub mod connection_secrets;
pub mod connector;
pub mod desk;
pub mod dialects;
pub mod http;
pub mod identity;
pub mod ids;
pub mod invocation;
mod object_calls;
pub mod pages;
pub mod pairs;
pub mod parcels;
pub mod problem;
pub mod requested;
pub mod schedule;
pub mod secrets;
pub mod service;
pub mod sqs;
pub mod stream;
mod telemetry;
pub mod timing;
pub mod tls;
pub mod uploads;

pub use problem::Problem;

/// Why a function cannot start or go on at all.
pub type Fatal = Box<dyn std::error::Error + Send + Sync>;

/// Runs a function: logs first, then `main` on a single thread, as a Lambda process serves one invocation at a time.
pub fn run<F: Future<Output = Result<(), Fatal>>>(function: &'static str, main: F) -> Result<(), Fatal> {
    telemetry::start(function);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(main).inspect_err(|error| tracing::error!(error = %error, "the function cannot start"))
}
