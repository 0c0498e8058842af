//! Logs: one JSON object a line, to standard output, where Lambda and the local host collect them.
//!
//! Ids of organizations, tickets and messages may stand in a line; texts, names, phone numbers and tokens never.

use tracing_subscriber::EnvFilter;

use crate::config;

/// Starts logging at `LOG_LEVEL`, or at `info`.
pub(crate) fn start(function: &'static str) {
    let level = config::optional("LOG_LEVEL").unwrap_or_else(|| "info".to_owned());
    let filter = EnvFilter::try_new(&level).unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_ansi(false)
        .with_env_filter(filter)
        .finish();
    // A second start, as in tests, keeps the first subscriber.
    let _first_wins = tracing::subscriber::set_global_default(subscriber);
    tracing::debug!(function, "starting");
}
