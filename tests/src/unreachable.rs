//! The webhook while its queue is out of reach: the real binary, under a Runtime API that hands it one request after the
//! other, with an AWS endpoint that knows the secret and refuses SQS.

use std::collections::VecDeque;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::world::cloud_api::{self, APP_SECRET, COMERCIAL};
use crate::world::{SOON, binaries, people};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_queue_is_out_of_reach_nothing_is_acknowledged() {
    let message = cloud_api::text(&people::phone(1), &people::message_id(), &people::words(1));
    let body = cloud_api::body(&[cloud_api::messages(COMERCIAL, &[message])]).to_string();
    let good = cloud_api::signature(APP_SECRET, body.as_bytes());
    let empty = json!({ "object": "whatsapp_business_account", "entry": [] }).to_string();
    let requests = [(body.clone(), good), (body, "sha256=00".to_owned()), {
        let signature = cloud_api::signature(APP_SECRET, empty.as_bytes());
        (empty, signature)
    }];
    let (mut answers, runtime) = runtime_api(requests.iter().map(|(body, signature)| event(body, signature))).await;
    let aws = serve(Router::new().fallback(aws)).await;
    let mut webhook = Command::new(binaries::directory().join("webhook"))
        .env_clear()
        .envs([
            ("AWS_LAMBDA_RUNTIME_API", runtime.as_str()),
            ("AWS_LAMBDA_FUNCTION_NAME", "webhook"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "webhook"),
            ("AWS_SECRET_ACCESS_KEY", "webhook"),
            ("AWS_ENDPOINT_URL", &format!("http://{aws}")),
            ("TABLE_NAME", "turno"),
            ("INBOUND_QUEUE_URL", &format!("http://{aws}/000000000000/turno-inbound.fifo")),
            ("PARCEL_BUCKET", "turno-parcels"),
            ("WHATSAPP_APPS_SECRET", "apps"),
            ("LOG_LEVEL", "error"),
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut statuses = Vec::new();
    for _ in &requests {
        let answer = tokio::time::timeout(SOON, answers.recv()).await.unwrap().unwrap();
        statuses.push(answer["statusCode"].as_u64().unwrap());
    }
    webhook.kill().unwrap();
    webhook.wait().unwrap();
    // The second was refused before anything was sent; the third has nothing to send.
    assert_eq!(statuses, [503, 401, 200]);
}

/// What the Runtime API still has to hand out, and where the answers go.
struct Runtime {
    events: Mutex<VecDeque<Value>>,
    answers: UnboundedSender<Value>,
}

async fn runtime_api(events: impl Iterator<Item = Value>) -> (UnboundedReceiver<Value>, String) {
    let (answers, answered) = unbounded_channel();
    let runtime = Arc::new(Runtime { events: Mutex::new(events.collect()), answers });
    let router = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(answer))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(answer))
        .with_state(runtime);
    (answered, serve(router).await)
}

async fn next(State(runtime): State<Arc<Runtime>>) -> Response {
    let event = runtime.events.lock().unwrap().pop_front();
    let Some(event) = event else { return std::future::pending().await };
    let headers = [
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
        ("lambda-runtime-deadline-ms", "4102444800000"),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:000000000000:function:webhook"),
    ];
    (headers, Json(event)).into_response()
}

async fn answer(State(runtime): State<Arc<Runtime>>, Path(_): Path<String>, answer: Bytes) -> StatusCode {
    runtime.answers.send(serde_json::from_slice(&answer).unwrap()).unwrap();
    StatusCode::ACCEPTED
}

/// Secrets Manager answers; SQS, as every other service, is out of order.
async fn aws(headers: HeaderMap) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    if target != "secretsmanager.GetSecretValue" {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "__type": "ServiceUnavailable" }))).into_response();
    }
    let apps = json!({ "apps": { "default": { "app_secrets": [APP_SECRET], "verify_tokens": [] } } });
    Json(json!({ "ARN": "arn", "Name": "apps", "VersionId": "1", "SecretString": apps.to_string() })).into_response()
}

/// Serves until the test ends; where.
async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// A POST as API Gateway hands it to a function, payload format 2.0.
fn event(body: &str, signature: &str) -> Value {
    json!({
        "version": "2.0",
        "routeKey": "POST /webhook/whatsapp",
        "rawPath": "/webhook/whatsapp",
        "rawQueryString": "",
        "headers": { "content-type": "application/json", "host": "localhost", "x-hub-signature-256": signature },
        "requestContext": {
            "accountId": "000000000000", "apiId": "local", "domainName": "localhost", "domainPrefix": "localhost",
            "requestId": "1", "routeKey": "POST /webhook/whatsapp", "stage": "$default",
            "time": "01/Jan/2026:00:00:00 +0000", "timeEpoch": 1_767_225_600_000_u64,
            "http": { "method": "POST", "path": "/webhook/whatsapp", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "test" },
        },
        "body": body,
        "isBase64Encoded": false,
    })
}
