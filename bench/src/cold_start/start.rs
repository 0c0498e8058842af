//! One cold start: from the spawn to the first answer.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command as Plain;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::process::Command;

use super::tls::TlsEndpoint;
use crate::direct::Direct;
use crate::process;

/// What one start took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    /// From the spawn to the first `GET …/next`.
    pub(super) init: Duration,
    /// From the spawn to the first answer. Between the two it was given its work at once.
    pub(super) total: Duration,
    /// The processor time until the answer.
    pub(super) cpu: Duration,
    /// The most memory until the answer.
    pub(super) rss_mb: f64,
}

/// Starts a binary, gives it its first event, and kills it.
pub(super) async fn timed(
    program: &Path,
    environment: &BTreeMap<String, String>,
    event: &Value,
) -> anyhow::Result<Start> {
    let began_at = Instant::now();
    let mut direct = Direct::function(program, environment).await?;
    direct.api.asked(1).await?;
    let init = began_at.elapsed();
    let (answer, _) = direct.api.invoke(event).await?;
    let total = began_at.elapsed();
    let (cpu, rss_mb) = (process::processor_time(direct.pid)?, process::peak_rss_mb(direct.pid)?);
    check(program, &answer)?;
    Ok(Start { init, total, cpu, rss_mb })
}

/// Until when instructions are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// It opens its first connection over TLS, or asks for work before it has opened one.
    Connection,
    /// It asks for work.
    Init,
    /// It has answered once and asks for more.
    Answer,
}

/// How many instructions a binary executes until then, by callgrind.
pub(super) async fn instructions(
    program: &Path,
    environment: &BTreeMap<String, String>,
    event: &Value,
    endpoint: &mut TlsEndpoint,
    until: Until,
) -> anyhow::Result<u64> {
    let directory = tempfile::tempdir()?;
    let output = directory.path().join("callgrind.out");
    let mut command = Command::new("valgrind");
    command.arg("--tool=callgrind").arg(format!("--callgrind-out-file={}", output.display()));
    command.arg(program);
    let before = endpoint.greetings();
    let mut direct = Direct::start(command, environment).await?;
    match until {
        Until::Connection => tokio::select! {
            greeted = endpoint.greeted(before) => greeted?,
            asked = direct.api.asked(1) => asked?,
        },
        Until::Init => direct.api.asked(1).await?,
        Until::Answer => {
            direct.api.asked(1).await?;
            check(program, &direct.api.invoke(event).await?.0)?;
            direct.api.asked(2).await?;
        }
    }
    // Valgrind writes its figures when its program ends, by a signal as well.
    let pid = i32::try_from(direct.pid).ok().and_then(Pid::from_raw).context("a process has an id")?;
    kill_process(pid, Signal::TERM)?;
    let asked_at = Instant::now();
    loop {
        let text = std::fs::read_to_string(&output).unwrap_or_default();
        if let Some(total) = total(&text) {
            return Ok(total);
        }
        if asked_at.elapsed() > Duration::from_secs(30) {
            bail!("valgrind has written no figures for {}", program.display());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The last line of callgrind's file.
fn total(text: &str) -> Option<u64> {
    text.lines().rev().find_map(|line| line.strip_prefix("totals: "))?.trim().parse().ok()
}

/// Whether instructions can be counted here.
pub(super) fn has_valgrind() -> bool {
    Plain::new("valgrind").arg("--version").output().is_ok_and(|output| output.status.success())
}

/// An answer that says that the work was not done measures nothing.
fn check(program: &Path, answer: &Value) -> anyhow::Result<()> {
    let status = answer["statusCode"].as_u64().unwrap_or(200);
    let failures = answer["batchItemFailures"].as_array().map_or(0, Vec::len);
    if status >= 400 || failures > 0 {
        bail!("{} did not do its work: {answer}", program.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_the_figure_of_callgrind_s_last_line() {
        assert_eq!(total("fn=(1)\n1 2\ntotals: 4690123\n"), Some(4_690_123));
        assert_eq!(total("fn=(1)\n"), None);
    }

    #[test]
    fn a_refusal_is_no_answer() {
        let program = Path::new("claim");
        assert!(check(program, &serde_json::json!({ "statusCode": 409 })).is_err());
        assert!(check(program, &serde_json::json!({ "batchItemFailures": [{}] })).is_err());
        assert!(check(program, &serde_json::json!({ "batchItemFailures": [] })).is_ok());
        assert!(check(program, &serde_json::json!({ "tickets": 0 })).is_ok());
    }
}
