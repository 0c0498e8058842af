//! What a function finds in its environment.

use std::path::Path;

use serde_json::json;

use crate::lambda::{AwsAccess, FunctionSpec};

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
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_NAME": "turno-relay",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_REGION": "us-east-1",
        "AWS_SECRET_ACCESS_KEY": "relay-secret",
        "LOG_LEVEL": "info",
        "OUTBOUND_QUEUE_URL": "http://127.0.0.1:4566/000000000000/turno-outbound.fifo",
        "PUSH_QUEUE_URL": "http://127.0.0.1:4566/000000000000/turno-push",
        "_HANDLER": "bootstrap",
    });
    assert_eq!(json!(FunctionSpec::new(relay, "relay".into(), 8, &access).environment), expected);
}
