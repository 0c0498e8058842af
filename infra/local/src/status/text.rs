//! The report as a person at a terminal reads it.

use super::report::{Report, short};
use crate::data_dir::RunningHost;
use crate::size::Size;

/// What stands where there is nothing, or nothing known.
const NONE: &str = "-";

/// Tables of the report, and below them what somebody should look at.
pub(super) fn of(report: &Report, host: &RunningHost) -> String {
    let memory = report.memory_bytes.map_or_else(|| NONE.to_owned(), |bytes| Size(bytes).to_string());
    let data = report.data_bytes.map_or_else(|| NONE.to_owned(), |bytes| Size(bytes).to_string());
    let mut text = format!(
        "Turno {}, process {}, up for {}, {memory} of memory; {data} in {}\nHTTP API {}, AWS services {}\n\n",
        report.version,
        report.pid,
        duration(report.uptime_secs),
        report.data_dir,
        host.api_url,
        host.aws_url,
    );
    for table in [queues(report), tables(report), streams(report), functions(report)] {
        text.push_str(&columns(&table));
        text.push('\n');
    }
    let troubles = report.troubles();
    for trouble in &troubles {
        text.extend(["! ", trouble, "\n"]);
    }
    if troubles.is_empty() {
        text.push_str("All is well.\n");
    }
    text.truncate(text.trim_end().len());
    text
}

fn queues(report: &Report) -> Vec<Vec<String>> {
    let mut rows = vec![row(["queue", "waiting", "in flight", "delayed", "oldest"])];
    for queue in &report.queues {
        let mark = if queue.is_dead_letter_queue() { " (dead letters)" } else { "" };
        rows.push(vec![
            format!("{}{mark}", short(&queue.name)),
            queue.waiting.to_string(),
            queue.in_flight.to_string(),
            queue.delayed.to_string(),
            queue.oldest_age_secs.map_or_else(|| NONE.to_owned(), duration),
        ]);
    }
    rows
}

fn tables(report: &Report) -> Vec<Vec<String>> {
    let mut rows = vec![row(["table", "items"])];
    for table in &report.tables {
        let items = table.items.map_or_else(|| NONE.to_owned(), |items| items.to_string());
        rows.push(vec![table.name.clone(), items]);
    }
    rows
}

fn streams(report: &Report) -> Vec<Vec<String>> {
    let mut rows = vec![row(["stream, and its reader", "oldest unread"])];
    for stream in &report.streams {
        let age = stream.oldest_unread_age_secs.map_or_else(|| NONE.to_owned(), duration);
        rows.push(vec![format!("{}, {}", stream.table, short(&stream.function)), age]);
    }
    rows
}

fn functions(report: &Report) -> Vec<Vec<String>> {
    let heads =
        ["function", "processes", "busy", "queued", "memory", "starts", "invocations", "failures", "in a row", "died"];
    let mut rows = vec![row(heads)];
    for function in &report.functions {
        let processes = &function.processes;
        let memory: u64 = processes.iter().filter_map(|process| process.memory_bytes).sum();
        let busy = processes.iter().filter(|process| process.busy).count();
        let record = &function.record;
        rows.push(vec![
            short(&function.name).to_owned(),
            format!("{} of {}", processes.len(), function.concurrency),
            busy.to_string(),
            function.queued.to_string(),
            if memory == 0 { NONE.to_owned() } else { Size(memory).to_string() },
            record.starts.to_string(),
            record.invocations.to_string(),
            record.failures.to_string(),
            record.failures_in_a_row.to_string(),
            record.deaths.to_string(),
        ]);
    }
    rows
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

/// Rows under each other: the first column to the left, the others to the right.
fn columns(rows: &[Vec<String>]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let mut text = String::new();
    for row in rows {
        for (column, cell) in row.iter().enumerate() {
            let width = width(column);
            let part = if column == 0 { format!("{cell:<width$}") } else { format!("  {cell:>width$}") };
            text.push_str(&part);
        }
        text.push('\n');
    }
    text
}

/// The two largest units at most: `5 s`, `3 min`, `2 h 5 min`, `4 d 1 h`.
fn duration(secs: u64) -> String {
    let two = |large: u64, unit: &str, small: u64, small_unit: &str| {
        if small == 0 { format!("{large} {unit}") } else { format!("{large} {unit} {small} {small_unit}") }
    };
    match secs {
        0..60 => format!("{secs} s"),
        60..3600 => format!("{} min", secs / 60),
        3600..86_400 => two(secs / 3600, "h", secs % 3600 / 60, "min"),
        _ => two(secs / 86_400, "d", secs % 86_400 / 3600, "h"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::report;
    use super::*;

    #[test]
    fn durations_are_told_in_two_units() {
        for (secs, expected) in
            [(0, "0 s"), (59, "59 s"), (61, "1 min"), (7500, "2 h 5 min"), (7200, "2 h"), (90_000, "1 d 1 h")]
        {
            assert_eq!(duration(secs), expected);
        }
    }

    #[test]
    fn a_status_is_read_at_a_glance() {
        let mut report = report();
        report.queues[1].waiting = 2;
        report.queues[1].oldest_age_secs = Some(200);
        let url = |port: u16| format!("http://127.0.0.1:{port}");
        let host = RunningHost { api_url: url(4000), sockets_url: None, aws_url: url(4566), graph_url: url(1), pid: 7 };
        insta::assert_snapshot!(of(&report, &host));
    }
}
