//! What the system says of a process: its memory, its processor time, its environment.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;

use crate::machine::{kilobytes, value};

/// Resident memory in megabytes. Pages that several processes share, such as the C library's, count for each of them in `rss`
/// and in parts that add up to one in `pss`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Memory {
    pub(crate) rss_mb: f64,
    pub(crate) pss_mb: f64,
}

/// The memory that a process holds now.
pub(crate) fn memory(pid: u32) -> anyhow::Result<Memory> {
    let path = format!("/proc/{pid}/smaps_rollup");
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let megabytes = |name| value(&text, name).and_then(kilobytes).map(in_megabytes).unwrap_or_default();
    Ok(Memory { rss_mb: megabytes("Rss"), pss_mb: megabytes("Pss") })
}

/// The most memory that a process has held, in megabytes.
pub(crate) fn peak_rss_mb(pid: u32) -> anyhow::Result<f64> {
    let path = format!("/proc/{pid}/status");
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    Ok(value(&text, "VmHWM").and_then(kilobytes).map(in_megabytes).unwrap_or_default())
}

/// The processor time of a process's living threads, to the nanosecond.
pub(crate) fn processor_time(pid: u32) -> anyhow::Result<Duration> {
    let mut total = Duration::ZERO;
    let path = format!("/proc/{pid}/task");
    for thread in std::fs::read_dir(&path).with_context(|| format!("cannot read {path}"))? {
        // A thread that ends in between is gone with its time.
        let text = std::fs::read_to_string(thread?.path().join("schedstat")).unwrap_or_default();
        let nanoseconds = text.split_whitespace().next().and_then(|first| first.parse().ok()).unwrap_or_default();
        total += Duration::from_nanos(nanoseconds);
    }
    Ok(total)
}

/// The environment that a process was started with.
pub(crate) fn environment(pid: u32) -> anyhow::Result<BTreeMap<String, String>> {
    let path = format!("/proc/{pid}/environ");
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {path}"))?;
    let text = String::from_utf8_lossy(&bytes);
    let pairs = text.split('\0').filter_map(|pair| pair.split_once('='));
    Ok(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn in_megabytes(kilobytes: u64) -> f64 {
    kilobytes as f64 / 1024.0
}
