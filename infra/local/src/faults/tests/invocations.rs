//! Invocations that are cut, on real processes.

use std::time::{Duration, Instant};

use axum::body::Bytes;
use serde_json::{Value, json};

use super::super::Kind;
use super::*;
use crate::lambda::{Invocation, InvokeError, Lambda, tests::spec};

async fn invoke(lambda: &Lambda, event: &Value) -> Result<Value, InvokeError> {
    let response = lambda.invoke("turno-worker", Bytes::from(event.to_string())).await?;
    Ok(serde_json::from_slice(&response).unwrap())
}

#[tokio::test]
async fn a_killed_function_is_gone_before_its_caller_hears_of_it_and_the_next_one_is_another_process() {
    let faults = faults("7:kill=1");
    let lambda = Lambda::start_with_faults(vec![spec()], faults.clone());
    for n in 1..=8 {
        let error = invoke(&lambda, &json!({ "sleep_ms": 5 })).await.unwrap_err();
        assert!(matches!(&error, InvokeError::Crashed(how) if how.contains("signal: 9")), "{error}");
        let told: Value = serde_json::from_slice(&error.function_error("1").unwrap()).unwrap();
        assert_eq!(told["errorType"], "Runtime.ExitError");
        assert_eq!(injected(&faults, Kind::Kill), n);
        assert!(lambda.status()[0].processes.iter().all(|process| !process.busy));
    }
    faults.set(None);
    let pid = invoke(&lambda, &json!({})).await.unwrap()["pid"].clone();
    assert_eq!(invoke(&lambda, &json!({})).await.unwrap()["pid"], pid);
}

#[tokio::test]
async fn a_timeout_is_reported_as_one_without_waiting_for_it() {
    let lambda = Lambda::start_with_faults(vec![spec()], faults("7:timeout=1"));
    let started_at = Instant::now();
    let error = invoke(&lambda, &json!({ "sleep_ms": 5 })).await.unwrap_err();
    assert_eq!(error, InvokeError::TimedOut(spec().timeout));
    assert!(started_at.elapsed() < Duration::from_secs(10), "{:?}", started_at.elapsed());
}

#[tokio::test]
async fn a_throttled_function_does_not_run() {
    let faults = faults("7:throttle=1");
    let lambda = Lambda::start_with_faults(vec![spec()], faults.clone());
    assert!(matches!(invoke(&lambda, &json!({})).await, Err(InvokeError::Throttled(_))));
    assert!(lambda.status()[0].processes.is_empty());
    assert_eq!(injected(&faults, Kind::Throttle), 1);
}

#[tokio::test]
async fn the_operator_s_invocations_and_those_at_rate_0_are_spared() {
    let hurt = faults("7:kill=1,timeout=1,throttle=1");
    let lambda = Lambda::start_with_faults(vec![spec()], hurt.clone());
    lambda.run_unhurt("turno-worker", Invocation::of(Bytes::from_static(b"{}"))).await.unwrap();
    hurt.set(Some("7:kill=0,timeout=0,throttle=0".parse().unwrap()));
    for _ in 0..20 {
        invoke(&lambda, &json!({})).await.unwrap();
    }
    assert_eq!(Kind::ALL.map(|kind| injected(&hurt, kind)).iter().sum::<u64>(), 0);
}
