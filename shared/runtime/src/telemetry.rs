//! Logs: one JSON object a line, to standard output, where Lambda and the local host collect them.
//!
//! Ids of organizations, tickets and messages may stand in a line; texts, names, phone numbers and tokens never.

use std::fmt;
use std::panic::PanicHookInfo;

use domain::credentials::blanked;
use serde::ser::{SerializeMap as _, Serializer as _};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::{config, invocation};

/// Starts logging at `LOG_LEVEL` (`error`, `warn`, `info`, `debug`), or at `info`. What libraries write at `trace`, events and bodies among
/// it, is not compiled in.
pub(crate) fn start(function: &'static str) {
    let level = config::optional("LOG_LEVEL").and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    let subscriber = tracing_subscriber::fmt().with_max_level(level).event_format(Line).finish();
    // A second start, as in tests, keeps the first subscriber.
    let _first_wins = tracing::subscriber::set_global_default(subscriber);
    std::panic::set_hook(Box::new(end));
    tracing::debug!(function, "starting");
}

/// A panic is a line and the end of the process: released functions cannot unwind (docs/adr/0004-cold-start.md), and unreleased
/// ones are to do the same. Only a message that was written in the code is repeated; one that was composed may quote a customer.
fn end(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let message = panic.payload().downcast_ref::<&str>().copied().unwrap_or("a composed message, left out");
    tracing::error!(place, panic = message, "panicked; the process ends");
    std::process::exit(101);
}

/// The shortest line that can be filtered: `level` and `requestId` as Lambda's own JSON lines have them, then the event's fields.
/// Every byte is paid for a million times: CloudWatch and the local host keep the time of each line, and only warnings and errors
/// say which module they come from.
struct Line;

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let line = line(event).map_err(|_| fmt::Error)?;
        let line = String::from_utf8_lossy(&line);
        if may_hold_a_credential(&line) { writeln!(writer, "{}", blanked(&line)) } else { writeln!(writer, "{line}") }
    }
}

/// Whether a line is looked through for signed links and tokens. Libraries write URLs and headers when somebody debugs; our own lines
/// have none, and most are not worth the look.
fn may_hold_a_credential(line: &str) -> bool {
    const SIGNS: [&str; 9] = ["://", "ignature", "earer", "oken", "ecret", "eyJ", "EAA", "uthorization", "key"];
    SIGNS.iter().any(|sign| line.contains(sign))
}

fn line(event: &Event<'_>) -> serde_json::Result<Vec<u8>> {
    let (level, request_id) = (*event.metadata().level(), invocation::request_id());
    let mut line = Vec::with_capacity(256);
    let mut serializer = serde_json::Serializer::new(&mut line);
    let mut members = serializer.serialize_map(None)?;
    members.serialize_entry("level", level.as_str())?;
    if !request_id.is_empty() {
        members.serialize_entry("requestId", &request_id)?;
    }
    if level <= Level::WARN {
        members.serialize_entry("target", event.metadata().target())?;
    }
    let mut fields = tracing_serde::SerdeMapVisitor::new(members);
    event.record(&mut fields);
    fields.finish()?;
    Ok(line)
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Output};
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};
    use tracing::subscriber::with_default;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_is_a_json_object_of_what_happened() {
        let written = Written::default();
        let writer = written.clone();
        let subscriber = tracing_subscriber::fmt()
            .event_format(Line)
            .with_writer(move || writer.clone())
            .with_max_level(Level::INFO);
        with_default(subscriber.finish(), || {
            tracing::info!(org.id = %"demo", records = 3, units = 0.5, failed = false, "batch \"done\"\n");
            tracing::warn!("late");
            tracing::debug!("never seen");
        });
        let written = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<Value> = written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let info = json!({ "level": "INFO", "org.id": "demo", "records": 3, "units": 0.5, "failed": false,
                           "message": "batch \"done\"\n" });
        let warn = json!({ "level": "WARN", "target": "runtime::telemetry::tests", "message": "late" });
        assert_eq!(lines, [info, warn]);
    }

    #[test]
    fn no_line_holds_a_signed_link_or_a_token() {
        let written = Written::default();
        let writer = written.clone();
        let subscriber = tracing_subscriber::fmt()
            .event_format(Line)
            .with_writer(move || writer.clone())
            .with_max_level(Level::DEBUG);
        let link = "http://files/a?X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524&X-Amz-Signature=0f1e2d3c";
        let cause = std::io::Error::other(format!("error sending request for url ({link})"));
        with_default(subscriber.finish(), || {
            tracing::debug!("starting new connection: {link}");
            tracing::error!(cause = %cause, header = ?("authorization", "Bearer abc123DEF"), "request failed");
        });
        let written = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        for secret in ["0f1e2d3c", "AKIAIOSFODNN7EXAMPLE", "abc123DEF"] {
            assert!(!written.contains(secret), "{written}");
        }
        assert!(written.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{written}");
    }

    #[test]
    fn what_quotes_customers_is_not_compiled_in() {
        assert!(tracing::level_filters::STATIC_MAX_LEVEL <= LevelFilter::DEBUG, "lambda_runtime traces events");
    }

    /// What becomes of this test's program when it runs a function that panics with a message of that kind.
    fn panicking(message: &str) -> Output {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "--nocapture", "telemetry::tests::a_panic_ends_the_process_and_quotes_nobody"]);
        child.env("TURNO_TEST_PANIC", message).output().unwrap()
    }

    #[test]
    fn a_panic_ends_the_process_and_quotes_nobody() {
        match crate::config::optional("TURNO_TEST_PANIC").as_deref() {
            Some("written") => crate::run("test", async { panic!("no way") }).unwrap(),
            Some(word) => crate::run("test", async { panic!("no way: {word}") }).unwrap(),
            None => {}
        }
        for (message, told) in [("written", "no way"), ("Meu pedido", "a composed message, left out")] {
            let ended = panicking(message);
            let written = [ended.stdout, ended.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
            assert_eq!(ended.status.code(), Some(101), "{written}");
            assert!(!written.contains("Meu pedido"), "{written}");
            let line = written.lines().find(|line| line.starts_with('{')).expect(&written);
            let line: Value = serde_json::from_str(line).unwrap();
            assert_eq!((&line["level"], &line["panic"]), (&json!("ERROR"), &json!(told)));
            assert!(line["place"].as_str().unwrap().contains("telemetry.rs:"), "{line}");
        }
    }
}
