//! A running host on a data directory, on ports of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::Client;
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::output::Output;
use super::{SOON, binaries, discretion, eventually, processes};

/// More hosts at once than this only wait for each other's processors.
static ROOM: Semaphore = Semaphore::const_new(3);

/// How long a host may take to end in order: it gives its functions ten seconds.
const PATIENCE: Duration = Duration::from_mins(1);

/// A host that serves. Dropping it ends it with all its functions, and fails the test if it logged what it must not, or if what
/// it leaves behind breaks an invariant.
pub(crate) struct Host {
    pub(crate) api_url: String,
    pub(crate) aws_url: String,
    pub(crate) graph_url: String,
    pub(crate) http: Client,
    pub(crate) output: Output,
    /// Whether the test changed the table past the product.
    pub(super) tampered: AtomicBool,
    /// What `check` is to find in what the host leaves behind: a part of each line.
    findings: Vec<&'static str>,
    data: PathBuf,
    child: Child,
    own_data: Option<TempDir>,
    refusals_are_expected: bool,
    _room: SemaphorePermit<'static>,
}

impl Host {
    /// A host with a data directory of its own.
    pub(crate) async fn fresh() -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut host = Self::on(data.path()).await;
        host.own_data = Some(data);
        host.templates_are_read().await;
        host
    }

    /// A host on a data directory that may have been another host's.
    pub(crate) async fn on(data: &Path) -> Self {
        Self::started(data, command(data)).await
    }

    /// A host whose template lacks permissions, so that its log tells of refused calls.
    pub(crate) async fn crippled(data: &Path, template: &Path) -> Self {
        let mut command = command(data);
        command.arg("--template").arg(template);
        let mut host = Self::started(data, command).await;
        host.refusals_are_expected = true;
        host
    }

    /// A new host reads its templates from the provider as soon as it serves, or learns that it may not, and a test should not
    /// meet it at that.
    pub(crate) async fn templates_are_read(&self) {
        eventually("the demo's templates are read", SOON, async || {
            let lines = self.items_at("ORG#demo", "LINE#").await;
            (lines.len() == 2 && lines.iter().all(|line| line["synced"].is_object() || line["sync_err"].is_object()))
                .then_some(())
        })
        .await;
        self.settled().await;
    }

    async fn started(data: &Path, mut command: Command) -> Self {
        let room = ROOM.acquire().await.unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let output = Output::of([Box::new(stdout), Box::new(stderr)]);
        let pid = child.id();
        let told = eventually("the host serves", Duration::from_mins(1), async || {
            if let Some(status) = child.try_wait().unwrap() {
                panic!("the host ended with {status}:\n{}", output.lines().join("\n"));
            }
            let text = std::fs::read(data.join("host.json")).ok()?;
            // A host that was killed has left its file behind.
            serde_json::from_slice::<Value>(&text).ok().filter(|told| told["pid"] == pid)
        })
        .await;
        let url = |name: &str| told[name].as_str().unwrap().to_owned();
        // A second installation finds the provider of the first, which is the same.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder().timeout(Duration::from_mins(1)).build().unwrap();
        let host = Self {
            api_url: url("api_url"),
            aws_url: url("aws_url"),
            graph_url: url("graph_url"),
            http,
            output,
            tampered: AtomicBool::new(false),
            findings: Vec::new(),
            data: data.to_path_buf(),
            child,
            own_data: None,
            refusals_are_expected: false,
            _room: room,
        };
        let health = host.http.get(format!("{}/healthz", host.api_url)).send().await.unwrap();
        assert_eq!(health.status(), 200);
        host
    }

    /// The test does what breaks an invariant: `check` must find each of these when the host has ended, and nothing else.
    pub(crate) fn will_break(&mut self, findings: &[&'static str]) {
        self.findings.extend(findings);
    }

    /// The data directory.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// The host's own process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A command of the host's program on its data directory.
    pub(crate) fn program(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        command.args(arguments).arg("--data").arg(&self.data);
        command
    }

    /// Runs a command of the host's program on its data directory; what it printed. Fails where the command does.
    pub(crate) fn command(&self, arguments: &[&str]) -> String {
        let output = self.program(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// Ends the host as Ctrl-C does; how it ended.
    pub(crate) fn stop(mut self) -> ExitStatus {
        processes::end(&mut self.child, PATIENCE)
    }

    /// Asks the host to end, as Ctrl-C does.
    pub(crate) fn interrupt(&self) {
        assert!(processes::signal(self.child.id(), Signal::INT));
    }

    /// Waits until a host that was asked to end has ended; how it did.
    pub(crate) async fn ended(mut self) -> ExitStatus {
        eventually("the host has ended", PATIENCE, async || self.child.try_wait().unwrap()).await
    }

    /// Ends the host as a power failure does.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if self.child.try_wait().unwrap().is_none() {
            processes::end(&mut self.child, PATIENCE);
        }
        let lines = self.output.rest();
        if std::thread::panicking() {
            let last = &lines[lines.len().saturating_sub(40)..];
            println!("the host's last lines:\n{}", last.join("\n"));
            return;
        }
        if !self.tampered.load(Ordering::Relaxed) {
            let check = program().args(["check", "--data"]).arg(&self.data).output().unwrap();
            let told = String::from_utf8_lossy(&check.stdout);
            let found: Vec<_> = if check.status.success() { Vec::new() } else { told.lines().collect() };
            let is_expected = |line: &&str| self.findings.iter().any(|finding| line.contains(finding));
            let is_found = |finding: &&str| found.iter().any(|line| line.contains(finding));
            let is_right = found.iter().all(is_expected) && self.findings.iter().all(is_found);
            assert!(is_right && !told.is_empty(), "what the host leaves behind: {check:?}");
        }
        let (indiscreet, mut alarming) = (discretion::indiscreet(&lines), discretion::alarming(&lines));
        if self.refusals_are_expected {
            alarming.retain(|line| !discretion::is_refusal(line));
        }
        assert!(indiscreet.is_empty(), "the log tells what it must not: {indiscreet:#?}");
        assert!(alarming.is_empty(), "the log tells of what must not happen: {alarming:#?}");
    }
}

/// The host's program, without anything of the tests' own environment that it could listen to.
pub(crate) fn program() -> Command {
    let mut command = Command::new(binaries::directory().join("turno"));
    command.env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

/// The program as it serves a data directory, on any free ports.
pub(crate) fn command(data: &Path) -> Command {
    let mut command = program();
    command.args(["--listen", "127.0.0.1:0", "--aws-listen", "127.0.0.1:0", "--data"]).arg(data);
    command.arg("--functions").arg(binaries::directory());
    command
}
