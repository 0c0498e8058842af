//! The functions of these tests: this test binary, started again. They write down every event and do what it asks for.

use std::io::Write as _;
use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

/// Where the functions find the name of the file that they write events to.
pub(super) const EVENTS: &str = "EVENTS";

#[test]
#[ignore = "not a test: the function process that tests start"]
fn function_process() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // An error is the host that has gone.
    let _ = runtime.block_on(lambda_runtime::run(service_fn(handle)));
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let event = event.payload;
    record(&event)?;
    if event["type"] == "REQUEST" {
        return guard(&event);
    }
    let context = &event["requestContext"];
    let command = match context["eventType"].as_str() {
        Some("CONNECT") => event["queryStringParameters"].clone(),
        Some("MESSAGE") => event["body"].as_str().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default(),
        _ => Value::Null,
    };
    let number = |name: &str| command[name].as_u64().or_else(|| command[name].as_str()?.parse().ok());
    if let Some(ms) = number("sleep_ms") {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
    match command["do"].as_str() {
        Some("fail") => return Err("as told".into()),
        Some("exit") => std::process::exit(3),
        Some("mumble") => return Ok(json!("neither status nor body")),
        _ => {}
    }
    let body = json!({ "route": context["routeKey"], "heard": command, "pid": std::process::id() });
    let mut answer = json!({ "statusCode": number("status").unwrap_or(200), "body": body.to_string() });
    if let Some(protocol) = command["protocol"].as_str() {
        answer["headers"] = json!({ "Sec-WebSocket-Protocol": protocol });
    }
    Ok(answer)
}

/// One event a line. A line is written at once, so lines of several processes do not mix.
fn record(event: &Value) -> Result<(), Error> {
    let Some((_, path)) = std::env::vars().find(|(name, _)| name == EVENTS) else { return Ok(()) };
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(format!("{event}\n").as_bytes())?;
    Ok(())
}

fn guard(event: &Value) -> Result<Value, Error> {
    let verdict = |effect: &str| {
        let statement = json!({ "Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"] });
        json!({
            "principalId": "ana",
            "policyDocument": { "Version": "2012-10-17", "Statement": [statement] },
            "context": { "org": "demo", "level": 3 },
        })
    };
    match event["queryStringParameters"]["token"].as_str() {
        Some("good") => Ok(verdict("Allow")),
        Some("bad") => Ok(verdict("Deny")),
        Some("thrown") => Err("Unauthorized".into()),
        Some("broken") => Ok(Value::Null),
        _ => Err("as told".into()),
    }
}
