//! The processes of one function: which one runs an invocation, when another one starts, and who waits.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::body::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use super::{
    FunctionSpec, FunctionStatus, Invocation, InvokeError, ProcessStatus, Record,
    process::{Outcome, Process, lock},
    runtime_api::RuntimeApi,
};
use crate::faults::Faults;

/// How long a caller waits for a process to become free before it is told to slow down.
const QUEUE_LIMIT: Duration = Duration::from_secs(30);
/// How often an invocation may meet a process that has just died before it is given up.
const ATTEMPTS: usize = 3;
/// Starts that fail one after the other before the next one has to wait.
const FREE_FAILURES: u32 = 2;

pub(super) struct Pool {
    spec: Arc<FunctionSpec>,
    runtime: Arc<RuntimeApi>,
    slots: Arc<Semaphore>,
    /// The one that was used last is last, and is used next: the others grow old and are stopped.
    idle: Mutex<Vec<(Arc<Process>, Instant)>>,
    failed_starts: Mutex<FailedStarts>,
    queued: AtomicUsize,
    /// How long the last invocation took, in microseconds: where faults find the middle of one.
    usual_us: AtomicU64,
    record: Mutex<Record>,
}

#[derive(Default)]
struct FailedStarts {
    in_a_row: u32,
    not_before: Option<Instant>,
    reason: String,
}

impl Pool {
    pub(super) fn new(spec: FunctionSpec, runtime: Arc<RuntimeApi>) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(spec.concurrency)),
            spec: Arc::new(spec),
            runtime,
            idle: Mutex::default(),
            failed_starts: Mutex::default(),
            queued: AtomicUsize::new(0),
            usual_us: AtomicU64::new(0),
            record: Mutex::default(),
        }
    }

    /// Runs the invocation in a free process, unless `stop` resolves while there is none.
    pub(super) async fn invoke(
        self: &Arc<Self>,
        invocation: Invocation,
        faults: Faults,
        stop: impl Future<Output = ()>,
    ) -> Result<Bytes, InvokeError> {
        let slot = tokio::select! {
            biased;
            () = stop => return Err(InvokeError::Stopping),
            slot = self.slot() => slot?,
        };
        let pool = Arc::clone(self);
        // A task of its own: a caller that goes away must not leave a process half in use.
        let run = tokio::spawn(async move {
            let result = pool.run(&invocation, &faults).await;
            lock(&pool.record).note(&result, crate::clock::now());
            drop(slot);
            result
        });
        run.await.unwrap_or_else(|error| Err(InvokeError::Crashed(error.to_string())))
    }

    /// The right to have one process busy. What is reserved is all there is; what is not is this machine's limit alone.
    async fn slot(&self) -> Result<OwnedSemaphorePermit, InvokeError> {
        let throttled = || InvokeError::Throttled(self.spec.name.clone());
        if self.spec.is_reserved {
            return Arc::clone(&self.slots).try_acquire_owned().map_err(|error| match error {
                TryAcquireError::NoPermits => throttled(),
                TryAcquireError::Closed => InvokeError::Stopping,
            });
        }
        let _queued = Queued::new(&self.queued);
        tokio::time::timeout(QUEUE_LIMIT, Arc::clone(&self.slots).acquire_owned())
            .await
            .map_err(|_| throttled())?
            .map_err(|_| InvokeError::Stopping)
    }

    async fn run(&self, invocation: &Invocation, faults: &Faults) -> Result<Bytes, InvokeError> {
        for _ in 0..ATTEMPTS {
            let process = match self.take_idle() {
                Some(process) => process,
                None => self.start().await?,
            };
            let usual = Duration::from_micros(self.usual_us.load(Ordering::Relaxed));
            let cut = || faults.cut(&self.spec.name, usual);
            let handed_over_at = Instant::now();
            match process.invoke(invocation.clone(), cut).await {
                Outcome::Ran(result) => {
                    if result.is_ok() {
                        let took_us = handed_over_at.elapsed().as_micros();
                        self.usual_us.store(u64::try_from(took_us).unwrap_or(u64::MAX), Ordering::Relaxed);
                    }
                    if process.is_alive() {
                        lock(&self.idle).push((process, Instant::now()));
                    }
                    return result;
                }
                Outcome::NeverTaken => {}
            }
        }
        Err(InvokeError::Crashed("its processes end before they take the invocation".to_owned()))
    }

    fn take_idle(&self) -> Option<Arc<Process>> {
        let mut idle = lock(&self.idle);
        std::iter::from_fn(|| idle.pop()).map(|(process, _)| process).find(|process| process.is_alive())
    }

    /// A new process that has asked for work. A failed start is tried once more, as Lambda does.
    async fn start(&self) -> Result<Arc<Process>, InvokeError> {
        self.back_off()?;
        match self.start_once().await {
            Ok(process) => Ok(process),
            Err(_) => self.start_once().await,
        }
    }

    async fn start_once(&self) -> Result<Arc<Process>, InvokeError> {
        lock(&self.record).starts += 1;
        let started = match self.runtime.spawn(&self.spec) {
            Ok(process) => process.initialized().await.map(|()| process),
            Err(error) => Err(format!("{}: {error}", self.spec.program.display())),
        };
        let mut failed = lock(&self.failed_starts);
        match started {
            Ok(process) => {
                *failed = FailedStarts::default();
                Ok(process)
            }
            Err(reason) => {
                failed.in_a_row += 1;
                if failed.in_a_row >= FREE_FAILURES {
                    let wait = Duration::from_millis(250) * 2_u32.pow((failed.in_a_row - FREE_FAILURES).min(7));
                    failed.not_before = Some(Instant::now() + wait);
                }
                failed.reason.clone_from(&reason);
                Err(InvokeError::InitFailed { function: self.spec.name.clone(), reason })
            }
        }
    }

    /// Answers at once for a function that keeps failing to start, instead of starting it in a loop.
    fn back_off(&self) -> Result<(), InvokeError> {
        let failed = lock(&self.failed_starts);
        match failed.not_before {
            Some(not_before) if Instant::now() < not_before => {
                Err(InvokeError::InitFailed { function: self.spec.name.clone(), reason: failed.reason.clone() })
            }
            _ => Ok(()),
        }
    }

    /// Stops the processes that have been idle since `since` or longer.
    pub(super) fn stop_idle(&self, since: Option<Instant>) {
        let Some(since) = since else { return };
        let stopped: Vec<_> = lock(&self.idle).extract_if(.., |(_, last_used)| *last_used <= since).collect();
        for (process, _) in stopped {
            process.terminate();
        }
    }

    /// Takes no more invocations, and waits up to `drain` for those that run.
    pub(super) async fn close(&self, drain: Duration) {
        let all = u32::try_from(self.spec.concurrency).unwrap_or(u32::MAX);
        let _ = tokio::time::timeout(drain, self.slots.acquire_many(all)).await;
        self.slots.close();
    }

    pub(super) fn status(&self) -> FunctionStatus {
        let processes = self.runtime.processes_of(&self.spec.name);
        FunctionStatus {
            name: self.spec.name.clone(),
            concurrency: self.spec.concurrency,
            queued: self.queued.load(Ordering::Relaxed),
            processes: processes
                .iter()
                .map(|process| ProcessStatus {
                    pid: process.pid,
                    busy: process.is_busy(),
                    memory_bytes: crate::memory::resident_bytes(process.pid),
                })
                .collect(),
            record: lock(&self.record).clone(),
        }
    }
}

/// Counts a caller for as long as it waits, also when it gives up.
struct Queued<'a>(&'a AtomicUsize);

impl<'a> Queued<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
