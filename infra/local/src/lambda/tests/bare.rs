//! A runtime that knows no more than AWS's page on the Runtime API says: a host, a port, the paths. Every language has one.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use serde_json::{Value, json};

use super::{invoke, spec, this_binary};
use crate::lambda::{FunctionSpec, InvokeError, Lambda};

#[test]
#[ignore = "not a test: the function process that tests start"]
fn bare_process() {
    let (_, api) = std::env::vars().find(|(name, _)| name == "AWS_LAMBDA_RUNTIME_API").unwrap();
    loop {
        let (head, event) = exchange(&api, "GET", "invocation/next", "");
        let id = head.lines().find_map(|line| line.strip_prefix("lambda-runtime-aws-request-id: ")).unwrap();
        let event: Value = serde_json::from_str(&event).unwrap();
        match event["do"].as_str() {
            Some("fail") => post(&api, &format!("invocation/{id}/error"), &event["error"].to_string()),
            Some("give up") => post(&api, "init/error", r#"{"errorType":"Runtime.Gone","errorMessage":"no more"}"#),
            _ => {
                let stranger = exchange(&api, "POST", "invocation/a-stranger/response", "{}").0;
                let answer = json!({ "event": event, "stranger": stranger.lines().next() });
                post(&api, &format!("invocation/{id}/response"), &answer.to_string());
            }
        }
    }
}

/// Head and body of the answer.
fn exchange(api: &str, method: &str, path: &str, body: &str) -> (String, String) {
    let mut connection = TcpStream::connect(api).unwrap();
    let length = body.len();
    let head = format!("{method} /2018-06-01/runtime/{path} HTTP/1.1\r\nHost: {api}\r\nConnection: close\r\n");
    connection.write_all(format!("{head}Content-Length: {length}\r\n\r\n{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

fn post(api: &str, path: &str, body: &str) {
    let (head, _) = exchange(api, "POST", path, body);
    assert!(head.starts_with("HTTP/1.1 202"), "{path}: {head}");
}

fn bare() -> FunctionSpec {
    FunctionSpec { arguments: this_binary("bare::bare_process"), concurrency: 1, ..spec() }
}

#[tokio::test]
async fn a_runtime_needs_a_host_and_a_port_and_nothing_else() {
    let lambda = Lambda::start(vec![bare()]);
    for n in 0..3 {
        let answer = invoke(&lambda, json!({ "n": n })).await.unwrap();
        assert_eq!(answer, json!({ "event": { "n": n }, "stranger": "HTTP/1.1 400 Bad Request" }));
    }
}

#[tokio::test]
async fn a_caller_gets_the_error_that_the_runtime_wrote_and_all_of_it() {
    let lambda = Lambda::start(vec![bare()]);
    let written = json!({ "errorType": "Missing", "errorMessage": "no order 7", "stackTrace": ["shop.py:3"], "n": 1 });
    let error = invoke(&lambda, json!({ "do": "fail", "error": written })).await.unwrap_err();
    assert_eq!(error.to_string(), "Missing: no order 7");
    let told: Value = serde_json::from_slice(&error.function_error("r1").unwrap()).unwrap();
    assert_eq!(told, written);

    let error = invoke(&lambda, json!({ "do": "fail", "error": "text alone" })).await.unwrap_err();
    let told: Value = serde_json::from_slice(&error.function_error("r1").unwrap()).unwrap();
    assert_eq!(told, json!({ "errorType": "Unhandled", "errorMessage": "" }), "no object: nothing can be said of it");
}

#[tokio::test]
async fn a_process_that_gives_up_in_the_middle_is_replaced() {
    let lambda = Lambda::start(vec![bare()]);
    let error = invoke(&lambda, json!({ "do": "give up" })).await.unwrap_err();
    assert!(matches!(error, InvokeError::Crashed(_)), "{error:?}");
    invoke(&lambda, json!({})).await.unwrap();
}
