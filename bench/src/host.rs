//! A running host on a data directory of its own, with the real functions.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use reqwest::Client;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::binaries::Binaries;
use crate::log::Log;
use crate::unthrottled;

/// How long the host may take to serve, and to end.
const PATIENCE: Duration = Duration::from_mins(1);

/// A host that serves, and the files that it serves from. Dropping it ends it and deletes them.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) api_url: String,
    pub(crate) aws_url: String,
    pub(crate) http: Client,
    pub(crate) log: Log,
    binaries: Binaries,
    child: Child,
    data: Arc<TempDir>,
}

impl Host {
    /// Starts a host in file mode: whatever it acknowledges is on the disk.
    pub(crate) async fn start(binaries: &Binaries) -> anyhow::Result<Self> {
        Self::start_on(binaries, Arc::new(tempfile::tempdir()?)).await
    }

    /// Starts a host on a directory that others use before and after it.
    pub(crate) async fn start_on(binaries: &Binaries, data: Arc<TempDir>) -> anyhow::Result<Self> {
        let mut command = Command::new(&binaries.host);
        command
            .args(["--listen", "127.0.0.1:0", "--aws-listen", "127.0.0.1:0", "--functions"])
            .arg(&binaries.functions);
        let template = data.path().join("template.yaml");
        std::fs::write(&template, unthrottled::template()?)?;
        command.arg("--data").arg(data.path()).arg("--template").arg(template).env_remove("RUST_LOG");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("{} does not start", binaries.host.display()))?;
        let log = Log::default();
        if let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) {
            log.follow(stdout);
            log.follow(stderr);
        }
        let started_at = Instant::now();
        let told = loop {
            let text = std::fs::read(data.path().join("host.json")).unwrap_or_default();
            // A host that was killed has left its file behind.
            if let Some(told) = serde_json::from_slice::<Value>(&text).ok().filter(|told| told["pid"] == child.id()) {
                break told;
            }
            if child.try_wait()?.is_some() || started_at.elapsed() > PATIENCE {
                bail!("the host does not serve:\n{}", log.since(0).join("\n"));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        let url = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
        let http = Client::builder().timeout(PATIENCE).build()?;
        let (api_url, aws_url) = (url("api_url"), url("aws_url"));
        Ok(Self { api_url, aws_url, http, log, binaries: binaries.clone(), child, data })
    }

    /// The data directory.
    pub(crate) fn data(&self) -> &std::path::Path {
        self.data.path()
    }

    /// The host's own process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A bearer token of an agent of the demo organization.
    pub(crate) fn token(&self, agent: &str) -> anyhow::Result<String> {
        self.printed(&["token", "--agent", agent])
    }

    /// A new service key of the demo organization.
    pub(crate) fn service_key(&self) -> anyhow::Result<String> {
        self.printed(&["key", "create", "--name", "bench"])
    }

    /// What a command of the host's program prints.
    fn printed(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let mut command = Command::new(&self.binaries.host);
        let output = command.args(arguments).arg("--data").arg(self.data.path()).output()?;
        if !output.status.success() {
            bail!("turno {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // It may have ended by itself, which is reported where it was needed.
            let _gone_already = kill_process(pid, Signal::TERM);
        }
        let asked_at = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if asked_at.elapsed() > PATIENCE {
                let _gone_meanwhile = self.child.kill();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
