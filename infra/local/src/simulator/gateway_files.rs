//! Files that the gateways give out, each in its own way: those that were put here by request ([`super::media`]), by their ids.
//!
//! | gateway | call |
//! |---|---|
//! | baileys-api | `GET /media/{message}` |
//! | Evolution | `POST /chat/getBase64FromMediaMessage/{instance}` with the key of the message |
//! | WAHA | `GET /api/files/{session}/{message}.{extension}` |
//! | GOWA | `GET /statics/media/{message}.{extension}`, and `GET /message/{message}/download?phone=…`, which names that path |
//!
//! Sources: as in `channels::media`.

use axum::Json;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, StatusCode, header};
use hyper::body::Bytes;
use serde_json::{Value, json};

use super::HANGING;
use super::media::{Media, Outcome, endless};

/// How a file is given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    /// As it is, with its type or without.
    Bytes { typed: bool },
    /// As Base64 within JSON.
    Base64,
    /// At a path that is told.
    Told,
}

/// The message whose file a call is about, and how it is given out; `None` for calls about something else.
pub(super) fn asked(gateway: &str, method: &Method, path: &str, query: &str, body: &Value) -> Option<(String, Given)> {
    let parts: Vec<&str> = path.split('/').collect();
    // WAHA puts chat and message into the name.
    let of_name =
        |name: &str| name.rsplit('_').next().and_then(|name| name.split('.').next()).unwrap_or_default().to_owned();
    Some(match (gateway, method, parts.as_slice()) {
        ("baileys", &Method::GET, ["media", id]) => ((*id).to_owned(), Given::Bytes { typed: false }),
        ("evolution", &Method::POST, ["chat", "getBase64FromMediaMessage", _]) => {
            (body["message"]["key"]["id"].as_str()?.to_owned(), Given::Base64)
        }
        ("waha", &Method::GET, ["api", "files", _, name]) | ("gowa", &Method::GET, ["statics", "media", name]) => {
            (of_name(name), Given::Bytes { typed: true })
        }
        ("gowa", &Method::GET, ["message", id, "download"]) => {
            form_urlencoded::parse(query.as_bytes()).find(|(name, phone)| name == "phone" && phone.contains('@'))?;
            ((*id).to_owned(), Given::Told)
        }
        _ => return None,
    })
}

/// Gives a file out, or does what was asked for instead.
pub(super) async fn give(media: &Media, id: &str, given: Given) -> Response {
    let Some((media_type, bytes, outcome)) = media.of_gateway(id) else { return missing() };
    match outcome {
        Outcome::Gone => return missing(),
        Outcome::Error => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Outcome::Throttle => return (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "1")]).into_response(),
        Outcome::Token => return StatusCode::UNAUTHORIZED.into_response(),
        Outcome::Hang => {
            tokio::time::sleep(HANGING).await;
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
        Outcome::Redirect | Outcome::Elsewhere => {
            return (StatusCode::FOUND, [(header::LOCATION, "http://169.254.169.254/latest/")]).into_response();
        }
        Outcome::Page => return ([(header::CONTENT_TYPE, "text/html")], "<script>alert(1)</script>").into_response(),
        _ => {}
    }
    match given {
        Given::Base64 => {
            let mut text =
                json!({ "mediaType": "imageMessage", "fileName": "file", "size": { "fileLength": bytes.len() },
                "mimetype": media_type, "base64": STANDARD.encode(&bytes), "buffer": null })
                .to_string();
            if outcome == Outcome::Cut {
                text.truncate(text.len() / 2);
            }
            (StatusCode::CREATED, [(header::CONTENT_TYPE, "application/json")], text).into_response()
        }
        Given::Told => Json(json!({ "code": "SUCCESS", "message": "done", "results": {
            "message_id": id, "status": "done", "media_type": "image", "filename": "file",
            "file_path": format!("statics/media/{id}.bin"), "file_size": bytes.len() } }))
        .into_response(),
        Given::Bytes { typed } => {
            let body = match outcome {
                Outcome::More => Body::from_stream(endless()),
                Outcome::Cut => broken_off(&bytes),
                _ => Body::from(bytes),
            };
            let of_type = if typed { media_type } else { "application/octet-stream".to_owned() };
            ([(header::CONTENT_TYPE, of_type)], body).into_response()
        }
    }
}

fn broken_off(bytes: &Bytes) -> Body {
    let half = bytes.slice(..bytes.len() / 2);
    let reset = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    Body::from_stream(futures_util::stream::iter([Ok(half), Err(reset)]))
}

fn missing() -> Response {
    (StatusCode::NOT_FOUND, "File not found").into_response()
}
