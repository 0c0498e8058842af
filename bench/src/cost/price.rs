//! What a million inbound messages cost, by the formula of the project's performance notes.
//!
//! Prices of us-east-1, arm64. Counts and units are measured; a billed duration cannot be measured here, because one machine has
//! no network between function and table. It is reckoned from the measured number of calls.

use crate::meter::{Bill, Consumed};
use crate::table::Table;

/// Dollars for a million requests of an HTTP API.
const HTTP_API: f64 = 1.00;
/// Dollars for a million invocations.
const INVOCATION: f64 = 0.20;
/// Dollars for a million milliseconds of a gigabyte.
const MS_GB: f64 = 0.013_333_4;
/// Dollars for a million requests of a standard queue, and of a FIFO queue.
const STANDARD: f64 = 0.40;
const FIFO: f64 = 0.50;
/// Dollars for a million units written, and read.
const WRITE_UNIT: f64 = 0.625;
const READ_UNIT: f64 = 0.125;
/// Dollars for a gigabyte of logs.
const LOG_GIGABYTE: f64 = 0.50;
/// A line of the HTTP API's access log, in bytes: the template's format with `POST /webhook/whatsapp`, 200 and no error.
const ACCESS_LOG_LINE: f64 = 141.0;
/// The memory that the template gives each function.
const GIGABYTES: f64 = 0.25;
/// What a call of AWS takes from within Lambda, and what a function computes for itself: assumptions, on the high side.
const CALL_MS: f64 = 5.0;
const OWN_MS: f64 = 2.0;
/// Runs of the scan in a month, in which the million comes.
const SCANS: f64 = 30.0 * 24.0 * 60.0;

/// The parts of the price and their sum, in dollars for a million messages.
pub(super) struct Price {
    parts: Vec<(String, f64)>,
}

impl Price {
    /// Of `messages` inbound messages that consumed `bill`, and of a scan that found nothing due.
    pub(super) fn of(bill: &Bill, scan: &Consumed, messages: u64) -> Self {
        let each = |count: f64| count / float(messages);
        let sum = |of: fn(&Consumed) -> f64| each(bill.values().map(of).sum());
        let webhook = bill.get("webhook").cloned().unwrap_or_default();
        let ingest = bill.get("ingest").cloned().unwrap_or_default();
        let sent = |function: &str| bill.get(function).and_then(|consumed| consumed.calls.get("sqs")).copied();
        let parts = vec![
            ("HTTP API".to_owned(), HTTP_API * each(float(webhook.invocations))),
            ("Lambda, invocations".to_owned(), INVOCATION * sum(|consumed| float(consumed.invocations))),
            ("Lambda, time (reckoned)".to_owned(), MS_GB * GIGABYTES * sum(milliseconds)),
            (
                "inbound queue: sends; receive and delete a batch".to_owned(),
                FIFO * each(float(sent("webhook").unwrap_or_default()) + 2.0 * float(ingest.invocations)),
            ),
            ("push and automation: sends".to_owned(), STANDARD * each(float(sent("relay").unwrap_or_default()))),
            ("DynamoDB, writes".to_owned(), WRITE_UNIT * sum(|consumed| consumed.write_units)),
            ("DynamoDB, reads".to_owned(), READ_UNIT * sum(|consumed| consumed.read_units)),
            (
                "access log (reckoned)".to_owned(),
                LOG_GIGABYTE * each(float(webhook.invocations)) * ACCESS_LOG_LINE / 1000.0,
            ),
            ("logs".to_owned(), LOG_GIGABYTE * sum(|consumed| float(consumed.log_bytes)) / 1000.0),
            (
                "SLA scan of a month".to_owned(),
                SCANS / 1e6 * (INVOCATION + MS_GB * GIGABYTES * milliseconds(scan) + READ_UNIT * scan.read_units),
            ),
        ];
        Self { parts }
    }

    fn total(&self) -> f64 {
        self.parts.iter().map(|(_, dollars)| dollars).sum()
    }

    /// A column for each number of messages that were under way at a time.
    pub(super) fn table(prices: &[(u64, Self)]) -> Table {
        let columns = prices.iter().map(|(at_once, _)| format!("$, {at_once} at once"));
        let header: Vec<String> = std::iter::once("for a million inbound messages".to_owned()).chain(columns).collect();
        let mut table = Table::new(&header.iter().map(String::as_str).collect::<Vec<_>>());
        let names = prices.first().map(|(_, price)| price.parts.iter().map(|(name, _)| name.as_str()));
        for (place, name) in names.into_iter().flatten().enumerate() {
            let dollars = prices.iter().filter_map(|(_, price)| price.parts.get(place));
            let cells = dollars.map(|(_, dollars)| format!("{dollars:.3}"));
            table.row(std::iter::once(name.to_owned()).chain(cells));
        }
        let totals = prices.iter().map(|(_, price)| format!("{:.2}", price.total()));
        table.row(std::iter::once("all".to_owned()).chain(totals));
        table
    }
}

/// The billed time of a function's invocations: its calls, taken one after the other, and its own work.
fn milliseconds(consumed: &Consumed) -> f64 {
    let calls: u64 = consumed.calls.values().sum();
    CALL_MS * float(calls) + OWN_MS * float(consumed.invocations)
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_add_up_as_the_formula_says() {
        let consumed = |calls: &[(&str, u64)], write_units| Consumed {
            invocations: 100,
            records: 100,
            write_units,
            calls: calls.iter().map(|(service, count)| ((*service).to_owned(), *count)).collect(),
            ..Consumed::default()
        };
        let bill = Bill::from([
            ("webhook".to_owned(), consumed(&[("sqs", 100)], 0.0)),
            ("ingest".to_owned(), consumed(&[("dynamodb", 400)], 300.0)),
        ]);
        let price = Price::of(&bill, &Consumed::default(), 100);
        // HTTP 1 and a line of its log; two invocations; 5 + 2 and 20 + 2 ms of a quarter gigabyte; one send, one receive, one delete; three units.
        let expected = 1.0 + 0.0705 + 0.4 + 29.0 * 0.25 * 0.013_333_4 + 1.5 + 1.875 + 43_200.0 / 1e6 * 0.2;
        assert!((price.total() - expected).abs() < 1e-9, "{} is not {expected}", price.total());
    }
}
