//! One process of a function: its start, its invocations, its end and its output.
//!
//! A process is told what to do through its mailbox, which its long poll of the Runtime API empties. When the host is
//! killed, that poll or the answer to the running invocation fails, and `lambda_runtime` ends the process.

use std::{
    io::Write,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::body::Bytes;
use jiff::Timestamp;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    sync::{Mutex as AsyncMutex, Notify, mpsc, oneshot, watch},
};

use super::{FunctionSpec, Invocation, InvokeError};
use crate::clock;
use crate::faults::{Cut, Ending};

/// How long a process may take to ask for its first invocation. Lambda's own limit.
const INIT_LIMIT: Duration = Duration::from_secs(10);

/// Where the result of an invocation goes.
type Reply = oneshot::Sender<Result<Bytes, InvokeError>>;

/// One invocation on its way to a process.
struct Delivery {
    invocation: Invocation,
    reply: Reply,
    /// Told when the process has received the invocation.
    taken: oneshot::Sender<()>,
}

/// What became of handing an invocation to a process.
pub(super) enum Outcome {
    Ran(Result<Bytes, InvokeError>),
    /// The process had ended before it saw the invocation, which may therefore go to another one.
    NeverTaken,
}

/// A running function process. It is killed when the host drops it.
pub(super) struct Process {
    pub(super) pid: u32,
    pub(super) spec: Arc<FunctionSpec>,
    mailbox: mpsc::Sender<Delivery>,
    inbox: AsyncMutex<mpsc::Receiver<Delivery>>,
    running: Mutex<Option<(String, Reply)>>,
    /// The request that it was given last; what it writes until the next one is about that.
    last_request: Mutex<Option<String>>,
    /// True once it has asked for work.
    ready: watch::Sender<bool>,
    /// How it ended, once it has.
    exit: watch::Sender<Option<String>>,
    kill: Notify,
    last_words: Mutex<String>,
}

impl Process {
    /// Starts the program with the host and port of its Runtime API.
    pub(super) fn spawn(spec: &Arc<FunctionSpec>, runtime_api: &str) -> std::io::Result<Arc<Self>> {
        let day = clock::now().strftime("%Y/%m/%d");
        let mut child = Command::new(&spec.program)
            .args(&spec.arguments)
            .env_clear()
            .envs(&spec.environment)
            .env("AWS_LAMBDA_LOG_STREAM_NAME", format!("{day}/[$LATEST]{:032x}", fastrand::u128(..)))
            .env("AWS_LAMBDA_RUNTIME_API", runtime_api)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C in the terminal is for the host, which drains before it ends its functions.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let (mailbox, inbox) = mpsc::channel(1);
        let process = Arc::new(Self {
            pid: child.id().unwrap_or_default(),
            spec: Arc::clone(spec),
            mailbox,
            inbox: AsyncMutex::new(inbox),
            running: Mutex::new(None),
            last_request: Mutex::new(None),
            ready: watch::Sender::new(false),
            exit: watch::Sender::new(None),
            kill: Notify::new(),
            last_words: Mutex::new(String::new()),
        });
        let output = child.stdout.take().map(|pipe| tokio::spawn(Arc::clone(&process).forward(pipe, false)));
        let errors = child.stderr.take().map(|pipe| tokio::spawn(Arc::clone(&process).forward(pipe, true)));
        let watched = Arc::clone(&process);
        tokio::spawn(async move {
            let status = watched.wait(&mut child).await;
            // The pipes end with the process; the bound is for a grandchild that holds them open.
            for forwarder in [output, errors].into_iter().flatten() {
                let _ = tokio::time::timeout(Duration::from_secs(1), forwarder).await;
            }
            watched.exit.send_replace(Some(status));
        });
        Ok(process)
    }

    async fn wait(&self, child: &mut Child) -> String {
        let ended = tokio::select! {
            ended = child.wait() => ended,
            () = self.kill.notified() => {
                // An error means that it has ended already, which `wait` reports.
                let _ = child.start_kill();
                child.wait().await
            }
        };
        ended.map_or_else(|error| error.to_string(), |status| status.to_string())
    }

    /// Passes each line on to the host's stdout, tagged with the function and the request.
    async fn forward(self: Arc<Self>, pipe: impl AsyncRead + Unpin, is_stderr: bool) {
        let mut lines = BufReader::new(pipe).split(b'\n');
        while let Ok(Some(line)) = lines.next_segment().await {
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end();
            if is_stderr && !line.is_empty() {
                line.clone_into(&mut lock(&self.last_words));
            }
            // A closed stdout must not stop the function, whose pipe would fill.
            let request = lock(&self.last_request).clone();
            let _ = writeln!(std::io::stdout(), "{}", tagged(&self.spec.name, request.as_deref(), clock::now(), line));
        }
    }

    /// Waits until the process asks for work. Errors: why it will not, with the last line of its stderr.
    pub(super) async fn initialized(&self) -> Result<(), String> {
        let mut ready = self.ready.subscribe();
        let asked = async move { ready.wait_for(|ready| *ready).await.is_ok() };
        let status = tokio::select! {
            biased;
            _ = asked => return Ok(()),
            status = self.ended() => status,
            () = tokio::time::sleep(INIT_LIMIT) => {
                self.kill().await;
                format!("did not ask for work within {} s", INIT_LIMIT.as_secs())
            }
        };
        let last_words = lock(&self.last_words).clone();
        Err(if last_words.is_empty() { status } else { format!("{status}: {last_words}") })
    }

    /// Hands the invocation over and waits for its end, for the function's timeout at most. `cut` is asked once it is taken.
    pub(super) async fn invoke(&self, invocation: Invocation, cut: impl FnOnce() -> Option<Cut>) -> Outcome {
        let (reply, replied) = oneshot::channel();
        let (taken, mut was_taken) = oneshot::channel();
        if self.mailbox.send(Delivery { invocation, reply, taken }).await.is_err() {
            return Outcome::NeverTaken;
        }
        tokio::select! {
            biased;
            Ok(()) = &mut was_taken => {}
            _ = self.ended() => return Outcome::NeverTaken,
            () = tokio::time::sleep(INIT_LIMIT) => {
                self.kill().await;
                return Outcome::NeverTaken;
            }
        }
        let ending = self.finish(replied);
        let Some(cut) = cut() else { return Outcome::Ran(ending.await) };
        // An answer that comes before the cut is not taken: the function has done its work, and nobody hears of it.
        let _ = tokio::time::timeout(cut.after, ending).await;
        self.kill().await;
        Outcome::Ran(Err(match cut.ending {
            Ending::Killed => InvokeError::Crashed(self.ended().await),
            Ending::TimedOut => InvokeError::TimedOut(self.spec.timeout),
        }))
    }

    async fn finish(&self, mut replied: oneshot::Receiver<Result<Bytes, InvokeError>>) -> Result<Bytes, InvokeError> {
        let timeout = self.spec.timeout;
        tokio::select! {
            biased;
            Ok(reply) = &mut replied => reply,
            status = self.ended() => Err(InvokeError::Crashed(status)),
            () = tokio::time::sleep(timeout) => {
                // Only when it is gone may the caller try again: a killed function must not go on writing.
                self.kill().await;
                Err(InvokeError::TimedOut(timeout))
            }
        }
    }

    /// The next invocation for this process; waits as long as it takes. `None`: the process is no longer wanted.
    pub(super) async fn next(&self) -> Option<Invocation> {
        self.ready.send_replace(true);
        let Delivery { invocation, reply, taken } = self.inbox.lock().await.recv().await?;
        *lock(&self.running) = Some((invocation.request_id.clone(), reply));
        *lock(&self.last_request) = Some(invocation.request_id.clone());
        // A caller that has given up leaves the invocation running, as on AWS.
        let _ = taken.send(());
        Some(invocation)
    }

    /// Ends the invocation with what the process reported. False: it is not running that request.
    pub(super) fn complete(&self, request_id: &str, result: Result<Bytes, InvokeError>) -> bool {
        match lock(&self.running).take_if(|(running, _)| running == request_id) {
            Some((_, reply)) => {
                let _ = reply.send(result);
                true
            }
            None => false,
        }
    }

    /// Keeps what the process says of its failed start, in place of its last line on stderr.
    pub(super) fn note_init_error(&self, message: String) {
        *lock(&self.last_words) = message;
    }

    /// Asks the system, which knows of an end before the task that waits for it has been told.
    pub(super) fn is_alive(&self) -> bool {
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        self.raw_pid().is_some_and(|pid| matches!(waitid(WaitId::Pid(pid), look), Ok(None)))
    }

    fn raw_pid(&self) -> Option<Pid> {
        Pid::from_raw(self.pid.try_into().ok()?)
    }

    /// Whether it has an invocation, or one waits for it to ask.
    pub(super) fn is_busy(&self) -> bool {
        lock(&self.running).is_some() || self.mailbox.capacity() == 0
    }

    /// Asks the process to end.
    pub(super) fn terminate(&self) {
        // One that has ended may have left its id to a stranger.
        if let Some(pid) = self.raw_pid().filter(|_| self.is_alive()) {
            // It may have ended in between, which is what was wanted.
            let _ = kill_process(pid, Signal::TERM);
        }
    }

    /// SIGKILL, and waits until the process is gone.
    pub(super) async fn kill(&self) {
        self.kill.notify_one();
        self.ended().await;
    }

    /// Waits until the process has ended, and says how.
    pub(super) async fn ended(&self) -> String {
        let mut exit = self.exit.subscribe();
        // The sender is part of the process itself, so it is there as long as anybody waits.
        exit.wait_for(Option::is_some).await.ok().and_then(|status| status.clone()).unwrap_or_default()
    }
}

/// A panic while holding the lock leaves plain data behind, which is still good.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The line with the function's name, the time, and its request where it does not say that itself: as the first members when it is
/// a JSON object. Before it, and without the time, when it is none.
pub(super) fn tagged(function: &str, request: Option<&str>, now: Timestamp, line: &str) -> String {
    let Ok(known) = serde_json::from_str::<Line>(line) else {
        let request = request.map_or_else(String::new, |request| format!(" {request}"));
        return format!("[{function}{request}] {line}");
    };
    let members = line.trim_start().trim_start_matches('{');
    let comma = if members.trim_start() == "}" { "" } else { "," };
    let request = request.filter(|_| known.request_id.is_none());
    let request = request.map_or_else(String::new, |request| format!(",\"requestId\":\"{request}\""));
    format!("{{\"function\":\"{function}\",\"timestamp\":\"{now:.3}\"{request}{comma}{members}")
}

/// What a function's line may say already.
#[derive(Deserialize)]
struct Line {
    #[serde(rename = "requestId")]
    request_id: Option<IgnoredAny>,
}
