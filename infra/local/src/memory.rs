//! How much of the machine's memory a process holds, as the system counts it.

/// The resident set; `None` where there is no `/proc`, and for a process that has ended.
pub(crate) fn resident_bytes(pid: u32) -> Option<u64> {
    resident(&std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?)
}

/// Source: `proc_pid_status(5)`, the line `VmRSS: 12345 kB`.
fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resident_set_is_read_from_the_status_of_the_process() {
        assert_eq!(resident("Name:\tturno\nVmPeak:\t  99 kB\nVmRSS:\t   12 kB\n"), Some(12_288));
        assert_eq!(resident("Name:\tkthreadd\n"), None);
        assert!(resident_bytes(std::process::id()).is_none_or(|bytes| bytes > 100_000));
    }
}
