//! Invoke on real function processes.

use std::time::Duration;

use http_body_util::BodyExt as _;

use super::*;
use crate::lambda::{self, FunctionSpec};
use crate::template::{Locals, Template};

const TEMPLATE: &str = r"
Resources:
  Api: {Type: AWS::Serverless::HttpApi}
  Role:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: {}, Policies: []}
  WorkerFunction:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: worker}}
    Properties:
      FunctionName: turno-worker
      CodeUri: ..
      Handler: bootstrap
      Runtime: provided.al2023
      Role: !GetAtt Role.Arn
";

fn worker() -> Function {
    Template::parse(TEMPLATE, &Locals::default()).unwrap().functions.remove(0)
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// Invokes a worker of this specification once.
async fn call(spec: FunctionSpec, headers: &[(&'static str, &str)], payload: impl Into<Bytes>) -> Answer {
    let function = Function { reserved_concurrency: spec.is_reserved.then_some(spec.concurrency), ..worker() };
    let lambda = Lambda::start(vec![spec]);
    let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
    let (parts, body) = invoke(&lambda, &Caller::Operator, &function, &headers, payload.into()).await.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
    lambda.shutdown(Duration::from_secs(5)).await;
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}

fn spec() -> FunctionSpec {
    lambda::tests::spec()
}

#[test]
fn a_function_has_every_name_of_lambda_s() {
    let functions = [worker()];
    let found = |wanted: &str, query| resolve(&functions, wanted, query).is_some();
    for wanted in [
        "turno-worker",
        "turno-worker:$LATEST",
        "turno-worker%3A%24LATEST",
        "000000000000:function:turno-worker",
        "arn:aws:lambda:us-east-1:000000000000:function:turno-worker",
        "arn:aws:lambda:us-east-1:000000000000:function:turno-worker:$LATEST",
        "arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Aturno-worker",
        "WorkerFunction",
        "worker",
    ] {
        assert!(found(wanted, None) && found(wanted, Some("Qualifier=%24LATEST")), "{wanted}");
        assert!(!found(wanted, Some("Qualifier=live")), "{wanted}");
    }
    for wanted in ["", "turno", "turno-worker:live", "arn:aws:lambda:us-east-1:111111111111:function:turno-worker"] {
        assert!(!found(wanted, None), "{wanted}");
    }
}

#[tokio::test]
async fn the_response_is_the_function_s_and_names_its_request() {
    let answer = call(spec(), &[("x-amzn-trace-id", "Root=1-5;Sampled=1")], r#"{"do":"context"}"#).await;
    assert_eq!((answer.status, answer.header("x-amz-executed-version")), (200, Some("$LATEST")));
    assert_eq!(answer.header("x-amz-function-error"), None);
    assert_eq!(answer.header("x-amzn-requestid"), answer.body["request_id"].as_str());
    assert_eq!((&answer.body["trace"], &answer.body["client_context"]), (&json!("Root=1-5;Sampled=1"), &Value::Null));
    assert_eq!(call(spec(), &[], "").await.body["event"], json!({}));
}

#[tokio::test]
async fn a_client_context_reaches_the_function() {
    let context = json!({ "custom": { "city": "São Paulo 🌆" } });
    let encoded = STANDARD.encode(context.to_string());
    let answer = call(spec(), &[("x-amz-client-context", &encoded)], r#"{"do":"context"}"#).await;
    assert_eq!(answer.body["client_context"]["custom"], context["custom"]);
    for bad in ["?", &STANDARD.encode("[]"), &STANDARD.encode("{")] {
        let refused = call(spec(), &[("x-amz-client-context", bad)], "{}").await;
        assert_eq!(refused.status, 400);
        assert_eq!(refused.body["message"], "Client context must be a valid Base64-encoded JSON object.");
    }
    let long = STANDARD.encode(json!({ "custom": { "x": "x".repeat(3000) } }).to_string());
    assert_eq!(call(spec(), &[("x-amz-client-context", &long)], "{}").await.status, 400);
}

#[tokio::test]
async fn what_goes_wrong_in_the_function_is_an_answer_with_an_error() {
    let brief = FunctionSpec { timeout: Duration::from_millis(500), ..spec() };
    let absent = FunctionSpec { program: "no/such/binary".into(), ..spec() };
    for (spec, command, error_type, message) in [
        (spec(), json!({ "do": "fail" }), None, "as told"),
        (spec(), json!({ "do": "exit" }), Some("Runtime.ExitError"), "Runtime exited with error: exit status: 3"),
        (brief, json!({ "sleep_ms": 60_000 }), Some("Sandbox.Timedout"), "Task timed out after 0.50 seconds"),
        (absent, json!({}), Some("Runtime.ExitError"), "Runtime exited with error: no/such/binary: No such file"),
        (
            spec(),
            json!({ "answer_bytes": lambda::RESPONSE_LIMIT_BYTES }),
            Some("Function.ResponseSizeTooLarge"),
            "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
        ),
    ] {
        let answer = call(spec, &[], command.to_string()).await;
        assert_eq!((answer.status, answer.header("x-amz-function-error")), (200, Some("Unhandled")), "{command}");
        let told = answer.body["errorMessage"].as_str().unwrap();
        assert!(told.contains(message), "{told}");
        if let Some(error_type) = error_type {
            assert_eq!(answer.body["errorType"], error_type);
        }
        if error_type.is_some_and(|kind| !kind.starts_with("Function.")) {
            let request = format!("RequestId: {} Error: ", answer.header("x-amzn-requestid").unwrap());
            assert!(told.starts_with(&request), "{told}");
        }
    }
}

#[tokio::test]
async fn what_lambda_itself_refuses_has_a_status_and_a_code() {
    let large = |bytes| format!("\"{}\"", "x".repeat(bytes));
    let nothing_reserved = FunctionSpec { concurrency: 0, is_reserved: true, ..spec() };
    for (spec, headers, payload, status, code, message) in [
        (nothing_reserved, &[][..], String::new(), 429, "TooManyRequestsException", "Rate Exceeded."),
        (
            spec(),
            &[],
            large(PAYLOAD_LIMIT_BYTES),
            413,
            "RequestTooLargeException",
            "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
        ),
        (
            spec(),
            &[("x-amz-invocation-type", "Event")],
            large(EVENT_LIMIT_BYTES),
            413,
            "RequestTooLargeException",
            "Request must be smaller than 1048576 bytes for the InvokeFunction operation",
        ),
        (spec(), &[], "{".to_owned(), 400, "InvalidRequestContentException", "Could not parse request body into json"),
        (spec(), &[("x-amz-log-type", "Tail")], String::new(), 400, "InvalidParameterValueException", "LogType"),
        (
            spec(),
            &[("x-amz-invocation-type", "Later")],
            String::new(),
            400,
            "InvalidParameterValueException",
            "Later is not an invocation type",
        ),
    ] {
        let answer = call(spec, headers, payload).await;
        assert_eq!((answer.status, answer.header("x-amzn-errortype")), (status, Some(code)), "{}", answer.body);
        assert!(answer.body["message"].as_str().unwrap().contains(message), "{}", answer.body);
        assert_eq!(answer.body["Type"], "User");
        let reason = (status == 429).then_some("ReservedFunctionConcurrentInvocationLimitExceeded");
        assert_eq!(answer.body["Reason"].as_str(), reason);
    }
}

#[tokio::test]
async fn an_event_and_a_dry_run_are_answered_without_a_body() {
    for (kind, status) in [("Event", 202), ("DryRun", 204)] {
        let answer = call(spec(), &[("x-amz-invocation-type", kind)], "{}").await;
        assert_eq!((answer.status, &answer.body), (status, &Value::Null), "{kind}");
    }
}
