//! Lambda on one machine: the deployed binaries as processes that start cold, stay warm, scale out, time out and die.
//!
//! Must never run code of a function itself, and never hand one invocation to two processes that are both alive.

mod invocation;
mod listener;
mod pool;
mod process;
mod record;
mod runtime_api;
#[cfg(test)]
pub(crate) mod tests;

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::body::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::faults::Faults;
use crate::template::{ACCOUNT_ID, Function, REGION};
pub(crate) use invocation::Invocation;
use pool::Pool;
pub(crate) use record::Record;
use runtime_api::RuntimeApi;

/// The most that Lambda accepts as the payload of a synchronous invocation.
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>.
pub(crate) const PAYLOAD_LIMIT_BYTES: usize = 6 * 1024 * 1024;
/// The most that it accepts as a response: the service's own messages name 100 bytes more than for a payload.
pub(crate) const RESPONSE_LIMIT_BYTES: usize = PAYLOAD_LIMIT_BYTES + 100;
/// Processes a function may have when the template reserves no concurrency. On AWS it would have more, so callers wait.
pub(crate) const DEFAULT_CONCURRENCY: usize = 8;
/// How long a process may be idle before it is stopped.
const IDLE_LIMIT: Duration = Duration::from_mins(5);

/// Where a function finds AWS, and who it is there.
#[derive(Debug, Clone)]
pub(crate) struct AwsAccess {
    /// Becomes `AWS_ENDPOINT_URL`.
    pub(crate) endpoint_url: String,
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
}

/// What it takes to run a function.
#[derive(Debug, Clone)]
pub(crate) struct FunctionSpec {
    pub(crate) name: String,
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) timeout: Duration,
    /// How many processes it may have at most.
    pub(crate) concurrency: usize,
    /// Whether the template reserves that many: then the next caller is throttled at once, as on AWS, and with 0 every one.
    pub(crate) is_reserved: bool,
    /// The whole environment of the process, but for the address of its Runtime API. Nothing is inherited.
    pub(crate) environment: BTreeMap<String, String>,
}

impl FunctionSpec {
    /// The function of the template as `program` with the environment that Lambda gives it.
    ///
    /// `concurrency` is for functions that reserve none; see [`DEFAULT_CONCURRENCY`].
    /// Source: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>, without what names a folder or a
    /// daemon that is not here. An operating system without a managed runtime has no `AWS_EXECUTION_ENV`.
    pub(crate) fn new(function: &Function, program: PathBuf, concurrency: usize, aws: &AwsAccess) -> Self {
        let mut environment = function.environment.clone();
        let memory = function.memory_mb.to_string();
        let log_group = format!("/aws/lambda/{}", function.name);
        let task_root = program.parent().unwrap_or(&program).display().to_string();
        for (name, value) in [
            ("AWS_LAMBDA_FUNCTION_NAME", function.name.as_str()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &memory),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", &log_group),
            ("AWS_REGION", REGION),
            ("AWS_DEFAULT_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", &aws.access_key_id),
            ("AWS_SECRET_ACCESS_KEY", &aws.secret_access_key),
            ("AWS_ENDPOINT_URL", &aws.endpoint_url),
            ("LAMBDA_TASK_ROOT", &task_root),
            ("_HANDLER", "bootstrap"),
        ] {
            environment.insert(name.to_owned(), value.to_owned());
        }
        // What a template may have otherwise.
        for (name, value) in
            [("LANG", "en_US.UTF-8"), ("PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin"), ("TZ", ":UTC")]
        {
            environment.entry(name.to_owned()).or_insert_with(|| value.to_owned());
        }
        Self {
            name: function.name.clone(),
            program,
            arguments: Vec::new(),
            timeout: function.timeout,
            concurrency: function.reserved_concurrency.unwrap_or(concurrency),
            is_reserved: function.reserved_concurrency.is_some(),
            environment,
        }
    }

    fn arn(&self) -> String {
        format!("arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{}", self.name)
    }
}

/// Why an invocation has no response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvokeError {
    /// The function answered with an error. `posted` is the object that its runtime wrote, with a stack trace or whatever
    /// else it knows.
    #[error("{error_type}: {message}")]
    Unhandled { error_type: String, message: String, posted: Option<Bytes> },
    /// The function's timeout passed; its process was killed.
    #[error("Task timed out after {:.2} seconds", .0.as_secs_f64())]
    TimedOut(Duration),
    /// The process ended in the middle of the invocation, as after SIGKILL.
    #[error("Runtime exited with error: {0}")]
    Crashed(String),
    /// No process became free in time.
    #[error("{0} has no free process: Rate Exceeded.")]
    Throttled(String),
    /// The process ended or was silent before it asked for work. The reason has the last line of its stderr.
    #[error("{function} does not start: {reason}")]
    InitFailed { function: String, reason: String },
    /// More than [`PAYLOAD_LIMIT_BYTES`].
    #[error("the payload has {0} bytes; Lambda accepts {PAYLOAD_LIMIT_BYTES}")]
    PayloadTooLarge(usize),
    /// The template has no such function.
    #[error("Function not found: {0}")]
    UnknownFunction(String),
    /// The host is shutting down.
    #[error("the host is shutting down")]
    Stopping,
}

impl InvokeError {
    /// The body of an `Invoke` answer with `X-Amz-Function-Error: Unhandled`; `None` for errors of the service, which
    /// have an HTTP status of their own. What the function said is passed on as it is; what it did not say itself names the
    /// request, as Lambda does.
    pub(crate) fn function_error(&self, request_id: &str) -> Option<Bytes> {
        let of_sandbox = |what: &str| format!("RequestId: {request_id} Error: {what}");
        let (error_type, message) = match self {
            Self::Unhandled { posted: Some(posted), .. } => return Some(posted.clone()),
            Self::Unhandled { error_type, message, .. } => (error_type.as_str(), message.clone()),
            Self::TimedOut(_) => ("Sandbox.Timedout", of_sandbox(&self.to_string())),
            Self::Crashed(_) => ("Runtime.ExitError", of_sandbox(&self.to_string())),
            Self::InitFailed { reason, .. } => {
                ("Runtime.ExitError", of_sandbox(&format!("Runtime exited with error: {reason}")))
            }
            Self::Throttled(_) | Self::PayloadTooLarge(_) | Self::UnknownFunction(_) | Self::Stopping => return None,
        };
        Some(json!({ "errorType": error_type, "errorMessage": message }).to_string().into())
    }
}

/// A function's processes at one moment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FunctionStatus {
    pub(crate) name: String,
    pub(crate) concurrency: usize,
    /// Callers that wait for a free process.
    pub(crate) queued: usize,
    pub(crate) processes: Vec<ProcessStatus>,
    #[serde(flatten)]
    pub(crate) record: Record,
}

/// One process of a function.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ProcessStatus {
    pub(crate) pid: u32,
    pub(crate) busy: bool,
    /// What it holds of the machine's memory; absent where the system does not say.
    pub(crate) memory_bytes: Option<u64>,
}

/// Every function of the template, ready to be invoked.
pub(crate) struct Lambda {
    pools: BTreeMap<String, Arc<Pool>>,
    runtime: Arc<RuntimeApi>,
    faults: Faults,
    reaper: tokio::task::JoinHandle<()>,
}

impl Lambda {
    /// As `start_with_faults`, with none.
    #[cfg(test)]
    pub(crate) fn start(specs: Vec<FunctionSpec>) -> Arc<Self> {
        Self::start_with_faults(specs, Faults::default())
    }

    /// No process starts before the first invocation.
    pub(crate) fn start_with_faults(specs: Vec<FunctionSpec>, faults: Faults) -> Arc<Self> {
        let runtime = Arc::new(RuntimeApi::default());
        let pools: BTreeMap<_, _> = specs
            .into_iter()
            .map(|spec| (spec.name.clone(), Arc::new(Pool::new(spec, Arc::clone(&runtime)))))
            .collect();
        let all: Vec<_> = pools.values().cloned().collect();
        let reaper = tokio::spawn(async move {
            let mut ticks = tokio::time::interval(Duration::from_secs(10));
            loop {
                ticks.tick().await;
                for pool in &all {
                    pool.stop_idle(Instant::now().checked_sub(IDLE_LIMIT));
                }
            }
        });
        Arc::new(Self { pools, runtime, faults, reaper })
    }

    /// Runs the function once and waits for its response.
    ///
    /// Waits behind other callers while all processes are busy, unless the template reserves their number. Dropping the
    /// future while it waits gives up the place; dropping it later leaves the invocation running to its end, as on AWS.
    pub(crate) async fn invoke(&self, function: &str, payload: Bytes) -> Result<Bytes, InvokeError> {
        self.run(function, Invocation::of(payload)).await
    }

    /// The same with what a caller says beside the payload.
    pub(crate) async fn run(&self, function: &str, invocation: Invocation) -> Result<Bytes, InvokeError> {
        self.run_under(&self.faults, function, invocation, std::future::pending()).await
    }

    /// As `invoke`, but does not begin once `stop` has resolved: then the answer is [`InvokeError::Stopping`].
    pub(crate) async fn invoke_unless(
        &self,
        function: &str,
        payload: Bytes,
        stop: impl Future<Output = ()>,
    ) -> Result<Bytes, InvokeError> {
        self.run_under(&self.faults, function, Invocation::of(payload), stop).await
    }

    /// As `run`, and no fault on request comes in the way: for the operator.
    pub(crate) async fn run_unhurt(&self, function: &str, invocation: Invocation) -> Result<Bytes, InvokeError> {
        self.run_under(&Faults::default(), function, invocation, std::future::pending()).await
    }

    async fn run_under(
        &self,
        faults: &Faults,
        function: &str,
        invocation: Invocation,
        stop: impl Future<Output = ()>,
    ) -> Result<Bytes, InvokeError> {
        if invocation.payload.len() > PAYLOAD_LIMIT_BYTES {
            return Err(InvokeError::PayloadTooLarge(invocation.payload.len()));
        }
        let pool = self.pools.get(function).ok_or_else(|| InvokeError::UnknownFunction(function.to_owned()))?;
        if faults.refuses_invocation(function) {
            return Err(InvokeError::Throttled(function.to_owned()));
        }
        pool.invoke(invocation, faults.clone(), stop).await
    }

    /// What runs now, function by function.
    pub(crate) fn status(&self) -> Vec<FunctionStatus> {
        self.pools.values().map(|pool| pool.status()).collect()
    }

    /// Refuses new invocations, waits up to `drain` for those in flight, then ends every process: SIGTERM, and SIGKILL
    /// for the deaf.
    pub(crate) async fn shutdown(&self, drain: Duration) {
        self.reaper.abort();
        futures_util::future::join_all(self.pools.values().map(|pool| pool.close(drain))).await;
        self.runtime.end_all(Duration::from_secs(2)).await;
    }
}

impl Drop for Lambda {
    fn drop(&mut self) {
        self.reaper.abort();
    }
}
