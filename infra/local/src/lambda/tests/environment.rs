//! What a function finds in its environment.

use std::{net::SocketAddr, path::Path};

use serde_json::json;

use super::{invoke, spec};
use crate::lambda::{AwsAccess, FunctionSpec, Lambda};

#[test]
fn the_environment_is_the_one_of_lambda_with_the_functions_own() {
    let template = crate::template::Template::read(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml"),
        &crate::template::Locals {
            aws_url: "http://127.0.0.1:4566".to_owned(),
            parameters: [("JwtIssuer", "x"), ("JwtAudience", "y")].map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
            ..crate::template::Locals::default()
        },
    )
    .unwrap();
    let relay = template.functions.iter().find(|function| function.binary == "relay").unwrap();
    let access = AwsAccess {
        endpoint_url: "http://127.0.0.1:4566".to_owned(),
        access_key_id: "relay-key".to_owned(),
        secret_access_key: "relay-secret".to_owned(),
    };
    let expected = json!({
        "AUTOMATION_QUEUE_URL": "http://127.0.0.1:4566/000000000000/turno-automation",
        "AWS_ACCESS_KEY_ID": "relay-key",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_NAME": "turno-relay",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/turno-relay",
        "AWS_REGION": "us-east-1",
        "AWS_SECRET_ACCESS_KEY": "relay-secret",
        "LAMBDA_TASK_ROOT": "/srv/functions",
        "LANG": "en_US.UTF-8",
        "LOG_LEVEL": "info",
        "MEDIA_QUEUE_URL": "http://127.0.0.1:4566/000000000000/turno-media",
        "OUTBOUND_QUEUE_URL": "http://127.0.0.1:4566/000000000000/turno-outbound.fifo",
        "PATH": "/usr/local/bin:/usr/bin:/bin:/opt/bin",
        "PUSH_QUEUE_URL": "http://127.0.0.1:4566/000000000000/turno-push",
        "TZ": ":UTC",
        "_HANDLER": "bootstrap",
    });
    assert_eq!(json!(FunctionSpec::new(relay, "/srv/functions/relay".into(), 8, &access).environment), expected);
}

#[tokio::test]
async fn nothing_is_inherited_from_the_environment_of_the_host() {
    let lambda = Lambda::start(vec![spec()]);
    let environment = invoke(&lambda, json!({ "do": "environment" })).await.unwrap();
    let names: Vec<_> = environment.as_object().unwrap().keys().map(String::as_str).collect();
    let of_the_process = ["AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_RUNTIME_API"].map(ToOwned::to_owned);
    let mut expected: Vec<_> = spec().environment.into_keys().chain(of_the_process).collect();
    // The runtime sets this one itself, for each invocation.
    expected.push("_X_AMZN_TRACE_ID".to_owned());
    expected.sort();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn each_process_has_a_runtime_api_and_a_log_stream_of_its_own_as_lambda_writes_them() {
    let lambda = Lambda::start(vec![spec()]);
    let one = || invoke(&lambda, json!({ "do": "environment", "sleep_ms": 200 }));
    let (first, second) = tokio::join!(one(), one());
    let (first, second) = (first.unwrap(), second.unwrap());
    let address = |environment: &serde_json::Value| -> SocketAddr {
        let written = environment["AWS_LAMBDA_RUNTIME_API"].as_str().unwrap();
        written.parse().unwrap_or_else(|error| panic!("{written} is not a host and a port: {error}"))
    };
    assert_ne!(address(&first), address(&second));
    let stream = |environment: &serde_json::Value| environment["AWS_LAMBDA_LOG_STREAM_NAME"].clone();
    assert_ne!(stream(&first), stream(&second));
    let name = stream(&first);
    let (day, instance) = name.as_str().unwrap().split_once("/[$LATEST]").unwrap();
    assert_eq!((day.len(), instance.len()), ("2026/11/21".len(), 32));
}
