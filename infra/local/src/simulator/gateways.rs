//! The gateways' calls to send, and to give files out: `/_gateways/baileys`, `…/evolution`, `…/waha` and `…/gowa` before the paths of their own APIs.
//!
//! As strict as they are about the call, the key and what must be in the body. Sources: as in `channels::sending`.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, Request, State};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};

use super::graph::cut;
use super::script::{Outcome, Sent};
use super::{HANGING, Simulator};
use super::{gateway_files, gateway_uploads};

/// The key of every gateway; of GOWA, the password of the user `turno`.
pub(crate) const KEY: &str = "demo-gateway-key";

/// A refusal: status and words.
pub(super) type Refusal = (StatusCode, String);

/// What a call sends: by which account, to whom, and whether it is a message at all.
struct Read {
    by: String,
    to: String,
    is_message: bool,
}

/// One call of a gateway.
pub(super) async fn call(
    State(simulator): State<Arc<Simulator>>,
    Path((gateway, path)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
    request: Request,
) -> Response {
    let given = gateway_uploads::read(&simulator.media, &gateway, &path, request).await;
    let admitted = admit(&gateway, &headers);
    let (admitted, body) = match (admitted, given) {
        (Ok(()), Ok(body)) => (Ok(()), body),
        (Err(refusal), _) | (Ok(()), Err(refusal)) => (Err(refusal), Value::Null),
    };
    let asked = gateway_files::asked(&gateway, &method, &path, query.as_deref().unwrap_or_default(), &body);
    if let (Ok(()), Some((id, given))) = (&admitted, asked) {
        return gateway_files::give(&simulator.media, &id, given).await;
    }
    let read = match admitted.and_then(|()| read(&gateway, &method, &path, &headers, &body)) {
        Ok(read) => read,
        Err((status, message)) => return (status, Json(json!({ "message": message }))).into_response(),
    };
    if !read.is_message {
        return Json(json!({ "code": "SUCCESS", "message": "done", "results": {} })).into_response();
    }
    let digits: String = read.to.chars().take_while(char::is_ascii_digit).collect();
    let outcome = simulator.outcome(&digits, false);
    match outcome {
        Outcome::Refuse { status, code } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
            return (status, Json(json!({ "message": format!("refused with {code}") }))).into_response();
        }
        Outcome::Hang { taken: false } => {
            tokio::time::sleep(HANGING).await;
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
        Outcome::Cut { taken: false } => return cut(),
        _ => {}
    }
    let id = format!("3EB0{:024X}", fastrand::u128(..) >> 32);
    let answer = answer(&gateway, &read.to, &id);
    simulator.script.remember(Sent { by: read.by, to: digits, id, body });
    match outcome {
        Outcome::Hang { .. } => tokio::time::sleep(HANGING).await,
        Outcome::Cut { .. } => return cut(),
        _ => {}
    }
    (
        StatusCode::from_u16(if gateway == "evolution" { 201 } else { 200 }).unwrap_or_default(),
        Body::from(answer.to_string()),
    )
        .into_response()
}

fn admit(gateway: &str, headers: &HeaderMap) -> Result<(), Refusal> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let is_known = match gateway {
        "baileys" | "waha" => header("x-api-key") == Some(KEY),
        "evolution" => header("apikey") == Some(KEY),
        "gowa" => header("authorization") == Some(&format!("Basic {}", STANDARD.encode(format!("turno:{KEY}")))),
        _ => return Err((StatusCode::NOT_FOUND, "there is no such gateway".to_owned())),
    };
    if is_known { Ok(()) } else { Err((StatusCode::UNAUTHORIZED, "Unauthorized".to_owned())) }
}

fn read(gateway: &str, method: &Method, path: &str, headers: &HeaderMap, body: &Value) -> Result<Read, Refusal> {
    let text = |name: &str| {
        let found = body[name].as_str().filter(|text| !text.is_empty());
        found.map(str::to_owned).ok_or_else(|| (StatusCode::BAD_REQUEST, format!("{name} is required")))
    };
    let parts: Vec<&str> = path.split('/').collect();
    let read = |by: &str, to: String, is_message| Ok(Read { by: by.to_owned(), to, is_message });
    match (gateway, method.as_str(), parts.as_slice()) {
        ("baileys", "POST", ["connections", by, "send-message"]) => {
            let content = &body["messageContent"];
            let has_file = ["image", "video", "audio", "document"].iter().any(|kind| content[kind].is_string());
            let is_known = content["text"].is_string() || content["react"]["key"]["id"].is_string() || has_file;
            if !is_known || !text("jid")?.contains('@') {
                return Err((StatusCode::UNPROCESSABLE_ENTITY, "messageContent: Expected union value".to_owned()));
            }
            read(by, text("jid")?, true)
        }
        ("baileys", "POST", ["connections", by, "read-messages"]) if body["keys"][0]["id"].is_string() => {
            read(by, String::new(), false)
        }
        ("baileys", "PATCH", ["connections", by, "presence"]) if body["type"] == "composing" => {
            read(by, text("toJid")?, false)
        }
        ("evolution", "POST", ["message", what, by]) => {
            let to = match *what {
                "sendText" => text("text").and_then(|_| text("number"))?,
                "sendMedia" => text("media").and_then(|_| text("mediatype")).and_then(|_| text("number"))?,
                "sendWhatsAppAudio" => text("audio").and_then(|_| text("number"))?,
                "sendSticker" => text("sticker").and_then(|_| text("number"))?,
                "sendReaction" if body["reaction"].is_string() && body["key"]["id"].is_string() => {
                    body["key"]["remoteJid"].as_str().unwrap_or_default().to_owned()
                }
                _ => return Err((StatusCode::NOT_FOUND, format!("Cannot POST /{path}"))),
            };
            read(by, to, true)
        }
        ("evolution", "POST", ["chat", "markMessageAsRead" | "sendPresence", by]) => read(by, String::new(), false),
        ("waha", "POST", ["api", "sendSeen" | "startTyping"]) => read(&text("session")?, text("chatId")?, false),
        ("waha", "POST", ["api", what @ ("sendText" | "sendImage" | "sendVideo" | "sendVoice" | "sendFile")]) => {
            let has_content = if *what == "sendText" { body["text"].is_string() } else { has_file(&body["file"]) };
            if !has_content || !text("chatId")?.contains('@') {
                return Err((StatusCode::UNPROCESSABLE_ENTITY, format!("{what}: the body is not complete")));
            }
            read(&text("session")?, text("chatId")?, true)
        }
        ("waha", "PUT", ["api", "reaction"]) if body["reaction"].is_string() => {
            let id = text("messageId")?;
            read(&text("session")?, id.split('_').nth(1).unwrap_or_default().to_owned(), true)
        }
        ("gowa", "POST", rest) => {
            let by = headers.get("x-device-id").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
            match rest {
                ["send", "message"] => read(&by, text("message").and_then(|_| text("phone"))?, true),
                ["send", kind @ ("image" | "video" | "audio")] => {
                    read(&by, text(&format!("{kind}_url")).or_else(|_| text(kind)).and_then(|_| text("phone"))?, true)
                }
                ["send", "file"] => read(&by, text("file").and_then(|_| text("phone"))?, true),
                ["message", _, "reaction"] if body["emoji"].is_string() => read(&by, text("phone")?, true),
                ["message", _, "read"] => read(&by, text("phone")?, false),
                ["send", "chat-presence"] => read(&by, text("action").and_then(|_| text("phone"))?, false),
                _ => Err((StatusCode::NOT_FOUND, format!("Cannot POST /{path}"))),
            }
        }
        _ => Err((StatusCode::NOT_FOUND, format!("Cannot {method} /{path}"))),
    }
}

/// Whether WAHA is told where a file is, or given it with what it is.
fn has_file(file: &Value) -> bool {
    file["url"].is_string() || (file["data"].is_string() && file["mimetype"].is_string())
}

/// The answer in the gateway's own shape.
fn answer(gateway: &str, to: &str, id: &str) -> Value {
    let key = json!({ "remoteJid": to, "fromMe": true, "id": id });
    match gateway {
        "baileys" => json!({ "data": { "key": key, "messageTimestamp": "1790000000" } }),
        "evolution" => json!({ "key": key, "status": "PENDING" }),
        "waha" => json!({ "id": format!("true_{to}_{id}"), "timestamp": 1_790_000_000 }),
        _ => json!({ "code": "SUCCESS", "message": "Success", "results": { "message_id": id, "status": "sent" } }),
    }
}
