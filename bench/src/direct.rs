//! A function's process without the host around it: the same binary with the same environment, at a bare Runtime API.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use anyhow::Context as _;
use tokio::process::{Child, Command};

use crate::host::Host;
use crate::process;
use crate::runtime_api::RuntimeApi;

/// The process, which is killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Direct {
    pub(crate) api: RuntimeApi,
    pub(crate) pid: u32,
    _child: Child,
}

impl Direct {
    /// Starts `command` with nothing but `environment` and the address of its Runtime API.
    pub(crate) async fn start(mut command: Command, environment: &BTreeMap<String, String>) -> anyhow::Result<Self> {
        let api = RuntimeApi::start().await?;
        command.env_clear().envs(environment).env("AWS_LAMBDA_RUNTIME_API", &api.address);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let child =
            command.spawn().with_context(|| format!("{} does not start", command.as_std().get_program().display()))?;
        let pid = child.id().context("the process has ended at once")?;
        Ok(Self { api, pid, _child: child })
    }

    /// Starts the binary of a function.
    pub(crate) async fn function(program: &Path, environment: &BTreeMap<String, String>) -> anyhow::Result<Self> {
        Self::start(Command::new(program), environment).await
    }
}

/// The environment that the host has given a function, which must have run already.
pub(crate) async fn environment_of(host: &Host, function: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let processes = host.processes().await?;
    let pid = processes.get(function).and_then(|pids| pids.first());
    let mut environment = process::environment(*pid.with_context(|| format!("{function} does not run"))?)?;
    environment.remove("AWS_LAMBDA_RUNTIME_API");
    Ok(environment)
}
