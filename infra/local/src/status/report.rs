//! What there is to know about a host, and what of it somebody should look at.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::lambda::FunctionStatus;
use crate::template::STACK;

/// A function whose last so many invocations have all failed keeps failing.
const KEEPS_FAILING: u64 = 3;

/// A host at one moment. Ages are in seconds, sizes in bytes; what is not known is `null`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) version: String,
    pub(crate) pid: u32,
    pub(crate) started_at: Timestamp,
    pub(crate) uptime_secs: u64,
    /// Of the host alone, without the functions' processes.
    pub(crate) memory_bytes: Option<u64>,
    pub(crate) data_dir: String,
    pub(crate) data_bytes: Option<u64>,
    pub(crate) queues: Vec<QueueReport>,
    pub(crate) tables: Vec<TableReport>,
    pub(crate) streams: Vec<StreamReport>,
    pub(crate) functions: Vec<FunctionStatus>,
}

/// A queue and what it holds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct QueueReport {
    pub(crate) name: String,
    pub(crate) waiting: u64,
    pub(crate) in_flight: u64,
    pub(crate) delayed: u64,
    pub(crate) oldest_age_secs: Option<u64>,
    /// The queues whose messages it takes when they are given up: `redrive` moves them back.
    pub(crate) dead_letters_of: Vec<String>,
    /// The schedules and stream readers whose failures it is told of. There is nothing to move back.
    pub(crate) failures_of: Vec<String>,
}

/// A table with its indexes and its stream.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TableReport {
    pub(crate) name: String,
    pub(crate) items: Option<u64>,
}

/// A function's reading of a table's stream.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StreamReport {
    pub(crate) table: String,
    pub(crate) function: String,
    /// Of the oldest record that the function is not done with; `null` when there is none.
    pub(crate) oldest_unread_age_secs: Option<u64>,
}

impl QueueReport {
    /// Everything in it, wherever it stands.
    pub(crate) fn messages(&self) -> u64 {
        self.waiting + self.in_flight + self.delayed
    }

    pub(crate) fn is_dead_letter_queue(&self) -> bool {
        !self.dead_letters_of.is_empty() || !self.failures_of.is_empty()
    }
}

impl Report {
    /// One line for each thing that does not mend itself: a dead-letter queue that is not empty, and a function whose last
    /// three invocations have all failed or that does not start.
    pub(crate) fn troubles(&self) -> Vec<String> {
        let full = self.queues.iter().filter(|queue| queue.is_dead_letter_queue() && queue.messages() > 0);
        let full = full.map(|queue| {
            let (name, messages) = (short(&queue.name), queue.messages());
            let s = if messages == 1 { "" } else { "s" };
            if queue.dead_letters_of.is_empty() {
                let of = queue.failures_of.iter().map(|name| short(name)).collect::<Vec<_>>().join(", ");
                format!("{name} holds {messages} message{s} about failures of {of}")
            } else {
                format!("{name} holds {messages} message{s} that were given up; mend the cause, then `redrive {name}`")
            }
        });
        let failing = self.functions.iter().filter(|function| function.record.failures_in_a_row >= KEEPS_FAILING);
        let failing = failing.map(|function| {
            let record = &function.record;
            let reason = record.last_failure.as_ref().map_or("", |failure| &failure.reason);
            format!("{} has failed {} times in a row: {reason}", short(&function.name), record.failures_in_a_row)
        });
        full.chain(failing).collect()
    }
}

/// A name without the stack's part of it.
pub(super) fn short(name: &str) -> &str {
    name.strip_prefix(STACK).and_then(|rest| rest.strip_prefix('-')).unwrap_or(name)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::lambda::Record;

    pub(in super::super) fn report() -> Report {
        let queue = |name: &str| QueueReport { name: name.to_owned(), ..QueueReport::default() };
        Report {
            version: "0.1.0".into(),
            pid: 7,
            started_at: Timestamp::UNIX_EPOCH,
            uptime_secs: 3 * 3600 + 120,
            memory_bytes: Some(48_000_000),
            data_dir: ".turno".into(),
            data_bytes: Some(1_500_000),
            queues: vec![
                queue("turno-inbound.fifo"),
                QueueReport { dead_letters_of: vec!["turno-inbound.fifo".into()], ..queue("turno-inbound-dead.fifo") },
                QueueReport { failures_of: vec!["turno-relay".into()], ..queue("turno-relay-dead") },
            ],
            tables: vec![TableReport { name: "turno-Table".into(), items: Some(12_345) }],
            streams: vec![StreamReport {
                table: "turno-Table".into(),
                function: "turno-relay".into(),
                oldest_unread_age_secs: None,
            }],
            functions: vec![FunctionStatus {
                name: "turno-ingest".into(),
                concurrency: 8,
                queued: 0,
                processes: Vec::new(),
                record: Record::default(),
            }],
        }
    }

    #[test]
    fn a_host_at_rest_has_no_troubles_and_a_backlog_is_none() {
        let mut report = report();
        report.queues[0].waiting = 100;
        report.functions[0].record.failures_in_a_row = 2;
        assert_eq!(report.troubles(), Vec::<String>::new());
    }

    #[test]
    fn what_does_not_mend_itself_is_told_with_what_to_do() {
        let mut report = report();
        report.queues[1].in_flight = 1;
        report.queues[2].waiting = 2;
        report.functions[0].record.failures_in_a_row = 3;
        let troubles = report.troubles();
        assert_eq!(troubles.len(), 3);
        assert!(troubles[0].contains("1 message that") && troubles[0].contains("redrive inbound-dead"), "{troubles:?}");
        assert!(troubles[1].contains("2 messages about failures of relay"), "{troubles:?}");
        assert!(troubles[2].contains("ingest has failed 3 times"), "{troubles:?}");
    }

    #[test]
    fn a_report_reads_back_as_it_was_written() {
        let report = report();
        let text = serde_json::to_string(&report).unwrap();
        let read: Report = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
    }
}
