//! The Runtime API and the pools against the real `lambda_runtime`: the function is this test binary, started again with
//! the name of [`function_process`], so that no other crate has to be built first.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    path::PathBuf,
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::body::Bytes;
use lambda_runtime::{LambdaEvent, service_fn};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};

use super::{FunctionSpec, InvokeError, Lambda, PAYLOAD_LIMIT_BYTES, RESPONSE_LIMIT_BYTES, process::tagged};

mod bare;
mod environment;

/// The function of these tests and of the gateway's: does what its event asks for.
#[test]
#[ignore = "not a test: the function process that tests start"]
fn function_process() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // An error is the host that has gone, which some tests are about.
    let _ = runtime.block_on(lambda_runtime::run(service_fn(handle)));
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, lambda_runtime::Error> {
    let (mut event, context) = event.into_parts();
    if event.get("requestContext").is_some() {
        // From the gateway: the body of the HTTP request says what to do; without one, the event is the answer.
        let command = event["body"].as_str().and_then(|body| serde_json::from_str(body).ok());
        event = command.unwrap_or_else(|| json!({ "do": "answer", "answer": { "event": event } }));
    }
    if let Some(ms) = event["sleep_ms"].as_u64() {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
    if let Some(bytes) = event["answer_bytes"].as_u64() {
        return Ok("x".repeat(usize::try_from(bytes)?).into());
    }
    match event["do"].as_str() {
        Some("exit") => std::process::exit(3),
        Some("fail") => Err("as told".into()),
        Some("environment") => Ok(json!(std::env::vars().collect::<BTreeMap<_, _>>())),
        Some("context") => Ok(json!({
            "request_id": context.request_id, "deadline": context.deadline,
            "arn": context.invoked_function_arn, "trace": context.xray_trace_id,
            "client_context": context.client_context,
        })),
        Some("answer") => Ok(event["answer"].clone()),
        _ => Ok(json!({ "pid": std::process::id(), "event": event })),
    }
}

/// A host for the test that kills it: prints the process id of its function, then waits in an invocation.
#[test]
#[ignore = "not a test: the host process that a test starts and kills"]
fn host_process() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let lambda = Lambda::start(vec![spec()]);
        let mut pids = Vec::new();
        for answer in futures_util::future::join_all([
            invoke(&lambda, json!({ "sleep_ms": 100 })),
            invoke(&lambda, json!({ "sleep_ms": 100 })),
        ])
        .await
        {
            pids.push(answer.unwrap()["pid"].to_string());
        }
        println!("pids {}", pids.join(" "));
        // One of the two functions is idle and one is busy when the host dies.
        let _ = invoke(&lambda, json!({ "sleep_ms": 500 })).await;
        std::future::pending::<()>().await;
    });
}

pub(crate) fn spec() -> FunctionSpec {
    FunctionSpec {
        name: "turno-worker".to_owned(),
        program: std::env::current_exe().unwrap(),
        arguments: this_binary("function_process"),
        timeout: Duration::from_secs(20),
        concurrency: 4,
        is_reserved: false,
        environment: [
            ("AWS_LAMBDA_FUNCTION_NAME", "turno-worker"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("TABLE_NAME", "turno-Table"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into(),
    }
}

fn this_binary(role: &str) -> Vec<OsString> {
    [&format!("lambda::tests::{role}"), "--exact", "--ignored", "--nocapture", "-q"].map(OsString::from).into()
}

async fn invoke(lambda: &Lambda, event: Value) -> Result<Value, InvokeError> {
    let response = lambda.invoke("turno-worker", Bytes::from(event.to_string())).await?;
    Ok(serde_json::from_slice(&response).unwrap())
}

async fn pid_of(lambda: &Lambda) -> u64 {
    invoke(lambda, json!({})).await.unwrap()["pid"].as_u64().unwrap()
}

fn send(pid: u64, signal: Signal) {
    kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), signal).unwrap();
}

/// Whether the process has ended; nobody may have waited for it yet.
fn has_ended(pid: u64) -> bool {
    match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => stat.rsplit(')').next().unwrap().trim_start().starts_with('Z'),
        Err(_) => true,
    }
}

async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(20), "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_warm_process_is_used_again() {
    let lambda = Lambda::start(vec![spec()]);
    let answer = invoke(&lambda, json!({ "text": "olá" })).await.unwrap();
    assert_eq!(answer["event"], json!({ "text": "olá" }));
    assert_eq!(pid_of(&lambda).await, answer["pid"]);
    assert_eq!(lambda.status()[0].processes.len(), 1);
    assert!(!lambda.status()[0].processes[0].busy);
}

#[tokio::test]
async fn a_function_scales_out_to_its_limit_and_further_callers_wait() {
    let lambda = Lambda::start(vec![FunctionSpec { concurrency: 2, ..spec() }]);
    let calls = (0..6).map(|_| invoke(&lambda, json!({ "sleep_ms": 150 })));
    let watch = async {
        until("two busy processes and four callers that wait", || {
            let status = &lambda.status()[0];
            status.queued == 4 && status.processes.iter().filter(|process| process.busy).count() == 2
        })
        .await;
    };
    let (answers, ()) = tokio::join!(futures_util::future::join_all(calls), watch);
    let pids: BTreeSet<_> = answers.into_iter().map(|answer| answer.unwrap()["pid"].as_u64()).collect();
    assert_eq!(pids.len(), 2);
}

#[tokio::test]
async fn a_function_with_reserved_concurrency_throttles_the_next_caller_at_once() {
    let reserved = |concurrency| FunctionSpec { concurrency, is_reserved: true, ..spec() };
    let lambda = Lambda::start(vec![reserved(1)]);
    let throttled = Err(InvokeError::Throttled("turno-worker".to_owned()));
    let (first, second) = tokio::join!(invoke(&lambda, json!({ "sleep_ms": 200 })), async {
        until("the function to run", || lambda.status()[0].processes.iter().any(|process| process.busy)).await;
        invoke(&lambda, json!({})).await
    });
    assert_eq!((first.is_ok(), second), (true, throttled.clone()));
    assert!(invoke(&lambda, json!({})).await.is_ok());
    let none = Lambda::start(vec![reserved(0)]);
    assert_eq!(invoke(&none, json!({})).await, throttled);
    none.shutdown(Duration::ZERO).await;
    assert_eq!(invoke(&none, json!({})).await, Err(InvokeError::Stopping));
}

#[tokio::test]
async fn the_function_learns_deadline_request_and_arn() {
    let lambda = Lambda::start(vec![spec()]);
    let before = crate::clock::now().as_millisecond();
    let context = invoke(&lambda, json!({ "do": "context" })).await.unwrap();
    let deadline = context["deadline"].as_i64().unwrap();
    assert!((before + 20_000..before + 40_000).contains(&deadline), "{deadline} is 20 s after {before}");
    assert_eq!(context["arn"], "arn:aws:lambda:us-east-1:000000000000:function:turno-worker");
    assert_eq!(context["request_id"].as_str().unwrap().len(), 36);
    assert!(context["trace"].as_str().unwrap().starts_with("Root=1-"));
}

#[tokio::test]
async fn an_error_of_the_handler_is_the_callers_and_leaves_the_process_warm() {
    let lambda = Lambda::start(vec![spec()]);
    let pid = pid_of(&lambda).await;
    let error = invoke(&lambda, json!({ "do": "fail" })).await.unwrap_err();
    assert!(matches!(&error, InvokeError::Unhandled { message, .. } if message == "as told"), "{error:?}");
    assert_eq!(pid_of(&lambda).await, pid);
}

#[tokio::test]
async fn a_function_that_takes_too_long_is_killed_before_its_caller_hears_of_it() {
    let lambda = Lambda::start(vec![FunctionSpec { timeout: Duration::from_secs(2), ..spec() }]);
    let pid = pid_of(&lambda).await;
    let error = invoke(&lambda, json!({ "sleep_ms": 60_000 })).await.unwrap_err();
    assert_eq!(error, InvokeError::TimedOut(Duration::from_secs(2)));
    assert!(has_ended(pid));
    let body: Value = serde_json::from_slice(&error.function_error("r1").unwrap()).unwrap();
    let message = "RequestId: r1 Error: Task timed out after 2.00 seconds";
    assert_eq!(body, json!({ "errorType": "Sandbox.Timedout", "errorMessage": message }));
    assert_ne!(pid_of(&lambda).await, pid);
}

#[tokio::test]
async fn a_process_killed_in_the_middle_is_noticed_at_once_and_replaced() {
    let lambda = Lambda::start(vec![spec()]);
    let pid = pid_of(&lambda).await;
    let kill = async {
        until("the function to run", || lambda.status()[0].processes.iter().any(|process| process.busy)).await;
        send(pid, Signal::KILL);
        Instant::now()
    };
    let (answer, killed_at) = tokio::join!(invoke(&lambda, json!({ "sleep_ms": 60_000 })), kill);
    assert_eq!(answer, Err(InvokeError::Crashed("signal: 9 (SIGKILL)".to_owned())));
    assert!(killed_at.elapsed() < Duration::from_secs(30));
    assert_ne!(pid_of(&lambda).await, pid);
}

#[tokio::test]
async fn a_process_that_exits_in_the_middle_is_an_error_of_its_caller() {
    let lambda = Lambda::start(vec![spec()]);
    let answer = invoke(&lambda, json!({ "do": "exit" })).await;
    assert_eq!(answer, Err(InvokeError::Crashed("exit status: 3".to_owned())));
}

#[tokio::test]
async fn a_process_that_died_while_idle_costs_nobody_an_error() {
    let lambda = Lambda::start(vec![spec()]);
    let pid = pid_of(&lambda).await;
    send(pid, Signal::KILL);
    until("the process to end", || has_ended(pid)).await;
    assert_ne!(pid_of(&lambda).await, pid);
}

#[tokio::test]
async fn a_function_that_does_not_start_says_why_and_is_not_started_in_a_loop() {
    let folder = tempfile::tempdir().unwrap();
    let starts = folder.path().join("starts");
    let script = "echo start >> \"$STARTS\"; echo one >&2; echo TABLE_NAME is not set >&2; exit 3";
    let broken = FunctionSpec {
        program: PathBuf::from("/bin/sh"),
        arguments: vec!["-c".into(), script.into()],
        environment: [("STARTS".to_owned(), starts.display().to_string())].into(),
        ..spec()
    };
    let lambda = Lambda::start(vec![broken]);
    let expected = Err(InvokeError::InitFailed {
        function: "turno-worker".to_owned(),
        reason: "exit status: 3: TABLE_NAME is not set".to_owned(),
    });
    for _ in 0..5 {
        assert_eq!(invoke(&lambda, json!({})).await, expected);
    }
    // Twice for the first caller; the others come too early for another try, unless the machine is very slow.
    let started = std::fs::read_to_string(&starts).unwrap().lines().count();
    assert!((2..5).contains(&started), "{started} starts");
}

#[tokio::test]
async fn a_missing_binary_is_named() {
    let lambda = Lambda::start(vec![FunctionSpec { program: "no/such/binary".into(), ..spec() }]);
    let error = invoke(&lambda, json!({})).await.unwrap_err().to_string();
    assert!(error.starts_with("turno-worker does not start: no/such/binary: No such file"), "{error}");
}

#[tokio::test]
async fn payloads_and_responses_have_the_limit_of_lambda() {
    let lambda = Lambda::start(vec![spec()]);
    let too_large = Bytes::from(vec![b' '; PAYLOAD_LIMIT_BYTES + 1]);
    assert_eq!(
        lambda.invoke("turno-worker", too_large).await,
        Err(InvokeError::PayloadTooLarge(PAYLOAD_LIMIT_BYTES + 1))
    );
    let error = invoke(&lambda, json!({ "answer_bytes": RESPONSE_LIMIT_BYTES })).await.unwrap_err();
    assert!(
        matches!(&error, InvokeError::Unhandled { error_type, .. } if error_type == "Function.ResponseSizeTooLarge"),
        "{error:?}"
    );
    // Two quotes around it make the limit.
    let answer = invoke(&lambda, json!({ "answer_bytes": RESPONSE_LIMIT_BYTES - 2 })).await.unwrap();
    assert_eq!(answer.as_str().unwrap().len(), RESPONSE_LIMIT_BYTES - 2);
    assert_eq!(lambda.invoke("nobody", Bytes::new()).await, Err(InvokeError::UnknownFunction("nobody".to_owned())));
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_the_process_usable() {
    let lambda = Lambda::start(vec![FunctionSpec { concurrency: 1, ..spec() }]);
    let pid = pid_of(&lambda).await;
    let impatient = tokio::time::timeout(Duration::from_millis(50), invoke(&lambda, json!({ "sleep_ms": 300 }))).await;
    assert!(impatient.is_err());
    assert_eq!(pid_of(&lambda).await, pid);
}

#[tokio::test]
async fn idle_processes_are_stopped() {
    let lambda = Lambda::start(vec![spec()]);
    let pid = pid_of(&lambda).await;
    let used_at = Instant::now();
    lambda.pools["turno-worker"].stop_idle(used_at.checked_sub(Duration::from_mins(1)));
    assert_eq!(pid_of(&lambda).await, pid, "it was used a moment ago");
    lambda.pools["turno-worker"].stop_idle(Some(Instant::now()));
    until("no process", || lambda.status()[0].processes.is_empty()).await;
    assert!(has_ended(pid));
}

#[tokio::test]
async fn shutdown_lets_running_invocations_finish_and_ends_every_process() {
    let lambda = Lambda::start(vec![spec()]);
    let pid = pid_of(&lambda).await;
    let running = {
        let lambda = Arc::clone(&lambda);
        tokio::spawn(async move { invoke(&lambda, json!({ "sleep_ms": 300 })).await })
    };
    until("the function to run", || lambda.status()[0].processes.iter().any(|process| process.busy)).await;
    lambda.shutdown(Duration::from_secs(10)).await;
    assert_eq!(running.await.unwrap().unwrap()["pid"], pid);
    assert!(has_ended(pid));
    assert_eq!(invoke(&lambda, json!({})).await, Err(InvokeError::Stopping));
}

#[tokio::test]
async fn functions_end_when_the_host_is_killed() {
    let mut host = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(this_binary("host_process"))
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(host.stdout.take().unwrap()).lines();
    let pids: Vec<u64> = loop {
        let line = lines.next_line().await.unwrap().expect("the host says which functions it runs");
        if let Some(pids) = line.split_once("pids ").map(|(_, pids)| pids) {
            break pids.split(' ').map(|pid| pid.parse().unwrap()).collect();
        }
    };
    assert!(pids.len() == 2 && pids.iter().all(|pid| !has_ended(*pid)));
    host.kill().await.unwrap();
    until("both functions to end", || pids.iter().all(|pid| has_ended(*pid))).await;
}

#[test]
fn lines_of_functions_are_tagged() {
    let now = "2026-01-01T00:00:00.2504Z".parse().unwrap();
    for (request, line, expected) in [
        (None, r#"{"level":"INFO"}"#, r#"{"function":"send","timestamp":"2026-01-01T00:00:00.250Z","level":"INFO"}"#),
        (
            Some("r1"),
            r#"{"level":"INFO"}"#,
            r#"{"function":"send","timestamp":"2026-01-01T00:00:00.250Z","requestId":"r1","level":"INFO"}"#,
        ),
        (
            Some("r1"),
            r#"{"requestId":"r2"}"#,
            r#"{"function":"send","timestamp":"2026-01-01T00:00:00.250Z","requestId":"r2"}"#,
        ),
        (None, "{}", r#"{"function":"send","timestamp":"2026-01-01T00:00:00.250Z"}"#),
        (None, "{ }", r#"{"function":"send","timestamp":"2026-01-01T00:00:00.250Z" }"#),
        (None, "7", "[send] 7"),
        (Some("r1"), "{}", r#"{"function":"send","timestamp":"2026-01-01T00:00:00.250Z","requestId":"r1"}"#),
        (None, "{ not json", "[send] { not json"),
        (Some("r1"), "thread panicked", "[send r1] thread panicked"),
    ] {
        assert_eq!(tagged("send", request, now, line), expected);
    }
}
