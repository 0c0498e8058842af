//! The events with which Lambda invokes each function, in the form of its trigger.

use anyhow::Context as _;
use channels::cloud_api;
use runtime::clock;
use serde_json::{Value, json};

use crate::host::Host;
use crate::provider::{COMERCIAL, Signed, phone, text};

/// A request of the HTTP API, payload format 2.0, without a token.
pub(crate) fn open_request(method: &str, path: &str) -> Value {
    request(method, path, path)
}

fn request(method: &str, route: &str, path: &str) -> Value {
    let now = clock::now();
    json!({
        "version": "2.0",
        "routeKey": format!("{method} {route}"),
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            "accept": "*/*",
            "content-type": "application/json",
            "host": "127.0.0.1:4000",
            "x-amzn-trace-id": "Root=1-00000000-000000000000000000000000",
            "x-forwarded-for": "127.0.0.1",
            "x-forwarded-port": "4000",
            "x-forwarded-proto": "http",
        },
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": "127.0.0.1",
            "domainPrefix": "127",
            "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "" },
            "requestId": format!("{:016x}", fastrand::u64(..)),
            "routeKey": format!("{method} {route}"),
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": now.as_millisecond(),
        },
        "isBase64Encoded": false,
    })
}

/// A request of an agent of the demo on one ticket: `GET /api/tickets/{id}`.
pub(crate) fn agents_request(method: &str, route: &str, agent: &str, ticket: u64) -> Value {
    let mut event = request(method, route, &route.replace("{id}", &ticket.to_string()));
    event["pathParameters"] = json!({ "id": ticket.to_string() });
    let claims =
        json!({ "custom:org": "demo", "custom:agent": agent, "sub": format!("demo/{agent}"), "token_use": "id" });
    event["requestContext"]["authorizer"] = json!({ "jwt": { "claims": claims, "scopes": null } });
    event
}

/// A signed body of the Cloud API.
pub(crate) fn webhook(signed: &Signed) -> Value {
    let mut event = open_request("POST", "/webhook/whatsapp");
    event["headers"]["x-hub-signature-256"] = json!(signed.signature);
    event["body"] = json!(signed.body);
    event
}

/// One record of a queue.
pub(crate) fn record(queue: &str, body: &str, group: &str) -> Value {
    let attributes = json!({
        "ApproximateReceiveCount": "1",
        "SentTimestamp": clock::now().as_millisecond().to_string(),
        "MessageGroupId": group,
    });
    json!({ "Records": [{
        "messageId": format!("{:032x}", fastrand::u128(..)),
        "receiptHandle": "none",
        "body": body,
        "attributes": attributes,
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": format!("arn:aws:sqs:us-east-1:000000000000:turno-{queue}"),
        "awsRegion": "us-east-1",
    }] })
}

/// A message of the `n`th person as the webhook puts it on the inbound queue: body and group.
pub(crate) fn inbound(n: u64) -> anyhow::Result<(String, String)> {
    unit(text(COMERCIAL, &phone(n)).body.as_bytes())
}

/// A unit that `ingest` reads and has nothing to do with: body and group.
pub(crate) fn ignored() -> anyhow::Result<(String, String)> {
    let value = json!({ "state_sync": [{ "type": "contact", "id": format!("{:032x}", fastrand::u128(..)) }] });
    let changes = json!([{ "field": "smb_app_state_sync", "value": value }]);
    let body =
        json!({ "object": "whatsapp_business_account", "entry": [{ "id": "100000000000009", "changes": changes }] });
    unit(body.to_string().as_bytes())
}

fn unit(body: &[u8]) -> anyhow::Result<(String, String)> {
    let units = cloud_api::split("default", body, clock::now());
    let unit = units.first().context("the body has no unit")?;
    Ok((unit.to_json()?, unit.group()))
}

/// An item that was added to the table.
pub(crate) fn stream(item: &Value) -> Value {
    json!({ "Records": [{
        "eventID": format!("{:032x}", fastrand::u128(..)),
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:000000000000:table/turno-Table/stream/1",
        "dynamodb": {
            "ApproximateCreationDateTime": clock::now().as_second(),
            "Keys": { "pk": item["pk"], "sk": item["sk"] },
            "NewImage": item,
            "SequenceNumber": "1",
            "SizeBytes": 500,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    }] })
}

/// What the schedule sends.
pub(crate) fn scheduled() -> Value {
    json!({ "time": clock::now().to_string() })
}

/// The first work that a function is given when its cold start is measured, and that brings each to life on a host. `n` makes
/// it new each time. `None`: nobody has said yet what to give this function.
///
/// The host must have taken the message of person `n` before.
pub(crate) async fn first(host: &Host, function: &str, n: u64) -> anyhow::Result<Option<Value>> {
    Ok(Some(match function {
        "webhook" => webhook(&text(COMERCIAL, &phone(n))),
        "ingest" => {
            let (body, group) = inbound(n)?;
            record("inbound.fifo", &body, &group)
        }
        "tickets" => agents_request("GET", "/api/tickets/{id}", "ana", n),
        "claim" => agents_request("POST", "/api/tickets/{id}/claim", "ana", n),
        "relay" => stream(&a_message(host).await?),
        "send" => queued(host, "outbound.fifo").await?,
        // It has no file: that it is read is all there is to do.
        "media" => queued(host, "media").await?,
        "assistant" => {
            let mut event = open_request("GET", "/v3/assistant/tools");
            event["headers"]["authorization"] = json!(format!("Bearer {}", host.service_key()?));
            event
        }
        "sla-scan" => scheduled(),
        _ => return Ok(None),
    }))
}

/// A record of a queue that names any message.
async fn queued(host: &Host, queue: &str) -> anyhow::Result<Value> {
    let item = a_message(host).await?;
    let text = |name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
    let sent = item["sent"]["N"].as_str().unwrap_or_default();
    let reference = json!({ "org": "demo", "message": format!("{}.{sent}.{}", text("cnv"), text("mid")) });
    Ok(record(queue, &reference.to_string(), &text("cnv")))
}

/// Any message that the table holds.
async fn a_message(host: &Host) -> anyhow::Result<Value> {
    let tables = host.aws("DynamoDB_20120810.ListTables", &json!({})).await?;
    let mut found = host.aws("DynamoDB_20120810.Scan", &json!({ "TableName": tables["TableNames"][0] })).await?;
    let items = found["Items"].as_array_mut().map(std::mem::take).unwrap_or_default();
    items.into_iter().find(|item| !item["mid"].is_null()).context("the table has no message")
}
