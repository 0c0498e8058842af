//! What the functions consumed between two moments, as they logged it and as the AWS endpoint counted it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::host::Host;
use crate::log::tag;

/// A moment to measure from.
pub(crate) struct Meter {
    mark: usize,
    invocations: BTreeMap<String, u64>,
    requests: BTreeMap<String, u64>,
}

/// What one function did.
#[derive(Debug, Clone, Default)]
pub(crate) struct Consumed {
    pub(crate) invocations: u64,
    /// Records of its queue or stream.
    pub(crate) records: u64,
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
    pub(crate) log_bytes: u64,
    /// Calls of AWS by service: `dynamodb`, `sqs`, `secretsmanager`.
    pub(crate) calls: BTreeMap<String, u64>,
}

/// What each function did, by its name. Functions that did nothing are left out.
pub(crate) type Bill = BTreeMap<String, Consumed>;

/// The line that a function logs at the end of an invocation, unless that was a request which did not need the table.
const LAST_LINES: [&str; 4] = ["request answered", "batch done", "stream batch done", "sla scan done"];

impl Meter {
    /// From now on. The host should be at rest.
    pub(crate) async fn start(host: &Host) -> anyhow::Result<Self> {
        Ok(Self { mark: host.log.mark(), invocations: host.invocations().await?, requests: host.requests().await? })
    }

    /// What was consumed since, once the host is at rest again.
    pub(crate) async fn read(self, host: &Host) -> anyhow::Result<Bill> {
        host.settled().await?;
        let mut bill = Bill::new();
        for (function, count) in host.invocations().await? {
            let consumed = Consumed {
                invocations: count - self.invocations.get(&function).copied().unwrap_or_default(),
                log_bytes: bytes(host, &function, self.mark),
                ..of_lines(&host.log.of_function(&function, self.mark))
            };
            if consumed.invocations > 0 {
                bill.insert(function, consumed);
            }
        }
        for (name, count) in host.requests().await? {
            let since = count - self.requests.get(&name).copied().unwrap_or_default();
            let Some((caller, operation)) = name.split_once(' ').filter(|_| since > 0) else { continue };
            if let Some(consumed) = bill.get_mut(&folder(caller)) {
                let service = operation.split(':').next().unwrap_or_default();
                *consumed.calls.entry(service.to_owned()).or_default() += since;
            }
        }
        Ok(bill)
    }
}

fn of_lines(lines: &[Value]) -> Consumed {
    let mut consumed = Consumed::default();
    for line in lines.iter().filter(|line| LAST_LINES.iter().any(|last| line["message"] == *last)) {
        consumed.records += line["records"].as_u64().unwrap_or_default();
        consumed.read_units += line["read_units"].as_f64().unwrap_or_default();
        consumed.write_units += line["write_units"].as_f64().unwrap_or_default();
    }
    consumed
}

/// The bytes that a function's lines have in CloudWatch, without the name and the time that the host puts before each.
fn bytes(host: &Host, function: &str, mark: usize) -> u64 {
    let (tag, lines) = (tag(function), host.log.since(mark));
    let untagged = lines.iter().filter_map(|line| line.strip_prefix(&tag)?.split_once("Z\""));
    untagged.map(|(_, own)| own.len() as u64).sum()
}

/// The folder of a function by its logical id in the template: `SlaScanFunction` is `sla-scan`.
fn folder(logical_id: &str) -> String {
    let mut folder = String::new();
    for letter in logical_id.strip_suffix("Function").unwrap_or(logical_id).chars() {
        if letter.is_ascii_uppercase() && !folder.is_empty() {
            folder.push('-');
        }
        folder.push(letter.to_ascii_lowercase());
    }
    folder
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_logical_id_is_the_folder_in_another_spelling() {
        assert_eq!(folder("SlaScanFunction"), "sla-scan");
        assert_eq!(folder("WebhookFunction"), "webhook");
    }

    #[test]
    fn the_last_line_of_each_invocation_counts_and_no_other() {
        let lines = [
            json!({ "message": "message stored", "write_units": 100.0 }),
            json!({ "message": "batch done", "records": 2, "read_units": 2.5, "write_units": 4.0 }),
            json!({ "message": "batch done", "records": 1, "read_units": 0.5, "write_units": 2.0 }),
        ];
        let consumed = of_lines(&lines);
        assert_eq!(consumed.records, 3);
        assert!((consumed.write_units - 6.0).abs() < f64::EPSILON && (consumed.read_units - 3.0).abs() < f64::EPSILON);
    }
}
