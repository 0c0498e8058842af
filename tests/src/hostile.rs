//! Whatever stands in a path, a parameter, a header or a body, the answer is the caller's fault or none's, and never ours.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::cloud_api::{self, COMERCIAL};
use crate::world::{Host, Session, binaries, people, routes};

/// What no client of good will sends.
fn values() -> Vec<String> {
    let conversation = "cnv_01ARZ3NDEKTSV4RRFFQ69G5FAV";
    let mut values: Vec<String> = [
        "..", ".", "%", "a/b", "a\\b", "a#b?c", "\u{0}", "ação", "😀", " ", "-1", "0", "1.5", "1e999", "true", "null",
        "[]", "{}", "'\";--",
    ]
    .map(str::to_owned)
    .to_vec();
    values.extend(
        ["99999999999999999999", "9223372036854775807", "18446744073709551615", "-9999-01-01", "9999-12-31"]
            .map(str::to_owned),
    );
    values.extend(
        ["-009999-01-01T00:00:00Z", "9999-12-30T23:59:59.999999999Z", "+999999-01-01T00:00:00Z"].map(str::to_owned),
    );
    values.extend(["x".repeat(65), "x".repeat(3_000), "é".repeat(1_500), "7".repeat(2_000)]);
    for id in ["x".repeat(1_000), "é".repeat(2_000), "\u{0}".to_owned(), "#".to_owned()] {
        values.push(format!("{conversation}.1763694120000.{id}"));
    }
    values.push(format!("{conversation}.253402207200000.x"));
    values.push(format!("{conversation}.9223372036854775807.x"));
    values.push(format!("tkt_{}", "x".repeat(2_000)));
    values.push(format!("not_{}", "Z".repeat(26)));
    // Cursors that are well made, for places that no list has.
    values
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_paths_parameters_and_headers_are_never_our_fault() {
    let host = Host::fresh().await;
    let ana = host.claimed(1).await;
    let carla = host.agent("carla");
    let bot = host.signed_in(host.command(&["key", "create", "--name", "bot"]));
    let parameters = parameters();
    for (method, template) in routes::all() {
        let holes = template.matches('{').count();
        let caller = if template.starts_with("/mcp") || template.starts_with("/v3/assistant") { &bot } else { &carla };
        let names: Vec<String> = if template.starts_with("/v3/") {
            parameters.iter().filter(|(of, _)| *of == template).map(|(_, name)| name.clone()).collect()
        } else {
            QUERIES.map(str::to_owned).to_vec()
        };
        let mut asked = Vec::new();
        for (place, value) in values().into_iter().enumerate() {
            if holes > 0 {
                asked.push((filled(&template, |_| encoded(&value)), None));
            }
            let path = filled(&template, |_| "1".to_owned());
            if method == Method::GET {
                // Each parameter meets each kind of value; those of `/v3`, which are few, meet all.
                let some =
                    names.iter().enumerate().filter(|(at, _)| template.starts_with("/v3/") || (at + place) % 4 == 0);
                asked.extend(some.map(|(_, name)| (path.clone(), Some((name.clone(), value.clone())))));
            }
        }
        for some in asked.chunks(8) {
            join_all(some.iter().map(|(path, query)| ask(caller, &method, path, query.as_slice()))).await;
        }
    }
    // The cursors of each list, forged.
    for path in [
        "/v3/tickets?queue=sales&",
        "/v3/tickets?agent=me&",
        "/v3/tickets?",
        "/v3/tickets/1/messages?",
        "/v3/tickets/1/notes?",
        "/v3/tickets/1/history?",
    ] {
        let page = ana.get(&format!("{path}limit=1")).await.body;
        let of = page["next_cursor"].as_str().map(|cursor| {
            let told: Value = serde_json::from_slice(&base64(cursor)).unwrap();
            told["of"].clone()
        });
        for value in values() {
            let forged = json!({ "at": value, "of": of.clone().unwrap_or_default() }).to_string();
            ask(&ana, &Method::GET, &format!("{path}cursor={}", to_base64(forged.as_bytes())), &[]).await;
        }
    }
    no_error_is_logged(&host);
}

/// Parameters that some dialect reads.
const QUERIES: [&str; 20] = [
    "page",
    "limit",
    "before",
    "after",
    "status",
    "priority",
    "category",
    "assignedAgent",
    "pageNumber",
    "queueIds",
    "users",
    "tags",
    "date",
    "searchParam",
    "historyBefore",
    "notesBefore",
    "cursor",
    "created_after",
    "created_before",
    "phone",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_bodies_headers_and_webhooks_are_never_our_fault() {
    let host = Host::fresh().await;
    let ana = host.claimed(1).await;
    for value in values() {
        let text = json!({ "body": people::words(2) });
        let with = |field: &str, given: Value| {
            let mut body = text.clone();
            body[field] = given;
            body
        };
        let bodies = [
            with("reply_to", json!(value)),
            json!({ "type": "reaction", "reaction": { "message_id": value, "emoji": "👍" } }),
            json!({ "type": "image", "image": { "upload": value } }),
            json!({ "type": "image", "image": { "link": value } }),
            json!({ "type": "image", "image": { "id": value } }),
            json!({ "type": "template", "template": { "name": value, "language": value } }),
            with("type", json!(value)),
        ];
        for path in ["/v3/tickets/1/messages", "/api/tickets/1/messages", "/messages/1"] {
            for body in &bodies {
                fault_of_the_caller(&value, path, ana.post(path, body.clone()).await.status);
            }
        }
        let creations = [
            ("/v3/tickets", json!({ "contact_id": value, "title": value, "description": value })),
            (
                "/api/v2/tickets",
                json!({ "customerId": value, "conversationId": value, "title": "Pedido", "description": "Meu pedido não chegou" }),
            ),
            ("/tickets", json!({ "contactId": value, "userId": value, "whatsappId": value, "queueId": value })),
            ("/v3/tickets/1/merge", json!({ "into": value })),
            ("/v3/tickets/1/relate", json!({ "ticket": value })),
            ("/v3/tickets/1/assign", json!({ "agent_id": value })),
            ("/v3/tickets/1/transfer", json!({ "queue_id": value })),
            ("/v3/tickets/batch", json!({ "tickets": [value], "action": "start" })),
            ("/v3/tickets/1/notes", json!({ "text": "x", "upload": value })),
            ("/v3/uploads", json!({ "name": value, "media_type": value, "size": 1 })),
        ];
        for (path, body) in creations {
            fault_of_the_caller(&value, path, ana.post(path, body).await.status);
        }
        if let Ok(header) = reqwest::header::HeaderValue::from_bytes(value.as_bytes()) {
            for name in ["Idempotency-Key", "If-Match", "X-Api-Dialect"] {
                let request = ana.request(Method::POST, "/v3/tickets/1/notes").header(name, header.clone());
                let status = request.json(&json!({ "text": "x" })).send().await.unwrap().status().as_u16();
                // The host refuses headers that are longer than API Gateway takes.
                fault_of_the_caller(&value, name, status);
            }
        }
        for path in ["/webhook/whatsapp/", "/webhook/waha/", "/webhook/gowa/"] {
            let path = format!("{path}{}", encoded(&value));
            let body = json!({ "event": "message", "session": value, "payload": {} }).to_string().into_bytes();
            fault_of_the_caller(&value, &path, host.post_signed(&path, "x", body).await.status);
        }
        provider_ids(&host, &value).await;
    }
    host.settled().await;
    assert_eq!(host.depth("inbound-dead.fifo").await, (0, 0));
    no_error_is_logged(&host);
}

/// Everything that a provider chooses, in signed bodies.
async fn provider_ids(host: &Host, value: &str) {
    let mut message = cloud_api::text(&people::phone(2), value, &people::words(2));
    let plain = cloud_api::messages(COMERCIAL, &[message.clone()]);
    message["context"] = json!({ "id": value, "from": value });
    message["id"] = people::message_id().into();
    let quoting = cloud_api::messages(COMERCIAL, &[message.clone()]);
    message["id"] = people::message_id().into();
    message["from"] = value.into();
    message["timestamp"] = value.into();
    let from = cloud_api::messages(COMERCIAL, &[message.clone()]);
    let mut reaction = cloud_api::text(&people::phone(2), &people::message_id(), "");
    reaction["type"] = "reaction".into();
    reaction["reaction"] = json!({ "message_id": value, "emoji": "👍" });
    let reacting = cloud_api::messages(COMERCIAL, &[reaction]);
    let mut status = cloud_api::status(COMERCIAL, &json!(value), "sent", &people::phone(2));
    status["value"]["statuses"][0]["biz_opaque_callback_data"] = value.into();
    let template = json!({ "field": "message_template_status_update", "value": {
        "event": "APPROVED", "message_template_id": 1, "message_template_name": value, "message_template_language": value,
    } });
    let elsewhere = cloud_api::messages(value, &[cloud_api::text(&people::phone(2), &people::message_id(), "x")]);
    for change in [plain, quoting, from, reacting, status, template, elsewhere] {
        host.post_whatsapp(&cloud_api::body(&[change])).await.expect(200);
    }
}

async fn ask(caller: &Session, method: &Method, path: &str, query: &[(String, String)]) {
    let mut request = caller.request(method.clone(), path).query(query);
    if *method != Method::GET {
        request = request.json(&json!({}));
    }
    let status = request.send().await.unwrap().status().as_u16();
    fault_of_the_caller(&format!("{query:?}"), &format!("{method} {path}"), status);
}

#[track_caller]
fn fault_of_the_caller(value: &str, place: &str, status: u16) {
    let value: String = value.chars().take(120).collect();
    let place: String = place.chars().take(300).collect();
    assert!(status < 500, "{place}: {status} for {value:?}");
}

fn no_error_is_logged(host: &Host) {
    let is_error = |line: &String| serde_json::from_str::<Value>(line).is_ok_and(|line| line["level"] == "ERROR");
    let errors: Vec<String> = host.output.lines().into_iter().filter(is_error).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

/// Path and name of every query parameter that `/v3` describes.
fn parameters() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(binaries::repository().join("docs/openapi.json")).unwrap();
    let description: Value = serde_json::from_str(&text).unwrap();
    let mut all = Vec::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        for operation in methods.as_object().unwrap().values() {
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                if parameter["in"] == "query" {
                    all.push((path.clone(), parameter["name"].as_str().unwrap().to_owned()));
                }
            }
        }
    }
    assert!(all.len() > 10, "{all:?}");
    all
}

fn filled(template: &str, value: impl Fn(&str) -> String) -> String {
    let segment = |segment: &str| match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        Some(name) => value(name),
        None => segment.to_owned(),
    };
    template.split('/').map(segment).collect::<Vec<_>>().join("/")
}

fn encoded(value: &str) -> String {
    value.bytes().fold(String::new(), |text, byte| format!("{text}%{byte:02X}"))
}

fn base64(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn to_base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}
