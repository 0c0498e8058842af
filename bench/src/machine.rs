//! The machine that a figure was measured on, and what else it did at that moment.

use std::fmt;
use std::io::Write as _;
use std::time::Instant;

use anyhow::Context as _;
use runtime::clock;

use crate::figures::Samples;

/// Processors, kernel and load.
#[derive(Debug)]
pub(crate) struct Machine {
    cores: usize,
    cpu: String,
    kernel: String,
    memory_mb: u64,
    load_before: String,
    sync_before: f64,
}

impl Machine {
    /// Reads what the system says of itself, and the load before the measurements begin.
    pub(crate) fn look() -> anyhow::Result<Self> {
        let read = |path: &str| std::fs::read_to_string(path).with_context(|| format!("cannot read {path}"));
        let cpu_info = read("/proc/cpuinfo")?;
        let memory = read("/proc/meminfo")?;
        Ok(Self {
            cores: std::thread::available_parallelism()?.get(),
            cpu: value(&cpu_info, "model name").unwrap_or("unknown processor").to_owned(),
            kernel: read("/proc/sys/kernel/osrelease")?.trim().to_owned(),
            memory_mb: value(&memory, "MemTotal").and_then(kilobytes).unwrap_or_default() / 1024,
            load_before: load()?,
            sync_before: sync_ms()?,
        })
    }
}

/// Two lines for below a table, written when the measurements are over.
impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cores, cpu, kernel, memory_mb, load_before, sync_before } = self;
        let now = clock::now().strftime("%Y-%m-%d %H:%M UTC");
        let load_after = load().unwrap_or_else(|_| "unknown".to_owned());
        let sync_after = sync_ms().unwrap_or(f64::NAN);
        writeln!(f, "{now}; {cores} cores, {cpu}, {memory_mb} MB; Linux {kernel}")?;
        write!(f, "before: load average {load_before}, fdatasync of 4 KB {sync_before:.2} ms at p50; ")?;
        write!(f, "after: {load_after}, {sync_after:.2} ms")
    }
}

/// The value of a line `name : value`.
pub(crate) fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, value) = text.lines().filter_map(|line| line.split_once(':')).find(|(key, _)| key.trim() == name)?;
    Some(value.trim())
}

/// The number before `kB`.
pub(crate) fn kilobytes(value: &str) -> Option<u64> {
    value.strip_suffix("kB")?.trim().parse().ok()
}

/// What it takes to have 4 KB on the disk, where temporary files lie: everything durable waits for this.
fn sync_ms() -> anyhow::Result<f64> {
    let mut file = tempfile::tempfile()?;
    let mut samples = Samples::default();
    for _ in 0..50 {
        file.write_all(&[0; 4096])?;
        let began_at = Instant::now();
        file.sync_data()?;
        samples.add(began_at.elapsed());
    }
    Ok(samples.median())
}

fn load() -> anyhow::Result<String> {
    let text = std::fs::read_to_string("/proc/loadavg").context("cannot read /proc/loadavg")?;
    Ok(text.split_whitespace().take(3).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_by_its_whole_name() {
        let text = "Pss_Dirty:         12 kB\nPss:              3456 kB\n";
        assert_eq!(value(text, "Pss").and_then(kilobytes), Some(3456));
        assert_eq!(value(text, "Swap"), None);
    }
}
