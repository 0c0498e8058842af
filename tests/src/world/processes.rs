//! Processes that the tests started, by their id alone.

use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

/// Sends SIGKILL. `false` when the process had ended before.
pub(crate) fn kill(pid: u32) -> bool {
    signal(pid, Signal::KILL)
}

/// Stops a process in the midst of its work, until it may go on.
pub(crate) fn pause(pid: u32) {
    assert!(signal(pid, Signal::STOP));
}

/// Lets a process go on that was stopped.
pub(crate) fn go_on(pid: u32) {
    assert!(signal(pid, Signal::CONT));
}

/// Sends a signal. `false` when the process had ended before.
pub(super) fn signal(pid: u32, signal: Signal) -> bool {
    kill_process(raw(pid), signal).is_ok()
}

/// Whether the process runs; one that ended and that nobody has waited for does not.
pub(crate) fn is_alive(pid: u32) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok();
    match state.as_deref().and_then(|line| line.rsplit(") ").next()?.chars().next()) {
        Some(state) => state != 'Z',
        None => test_kill_process(raw(pid)).is_ok(),
    }
}

/// Asks a child to end, and makes it end where it does not within `patience`.
pub(super) fn end(child: &mut Child, patience: Duration) -> ExitStatus {
    let _gone_already = kill_process(raw(child.id()), Signal::TERM);
    let deadline = Instant::now() + patience;
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap()
}

fn raw(pid: u32) -> Pid {
    Pid::from_raw(pid.try_into().unwrap()).unwrap()
}
