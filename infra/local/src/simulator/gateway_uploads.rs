//! Files that gateways are given with messages: taken out of the call and held, under an id that takes their place in what is remembered.
//!
//! As strict as the gateways are: Base64 without a prefix, a type where they ask for one, and the members of a form. Sources: as in
//! `channels::sending`.

use std::collections::VecDeque;

use axum::extract::{FromRequest as _, Multipart, Request};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{StatusCode, header};
use hyper::body::Bytes;
use serde_json::{Value, json};

use super::gateways::Refusal;
use super::media::Media;

/// A file of 100 MB as Base64, and more.
pub(super) const LARGEST: usize = 160 * 1024 * 1024;

/// The body of a call as JSON, whatever it was.
pub(super) async fn read(media: &Media, gateway: &str, path: &str, request: Request) -> Result<Value, Refusal> {
    let of_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if of_type.is_some_and(|of_type| of_type.starts_with("multipart/form-data")) {
        return form(media, request).await;
    }
    let bytes = Bytes::from_request(request, &()).await.map_err(|error| bad(error.to_string()))?;
    json(media, gateway, path, &bytes)
}

/// A form: texts are members, and a file is held under its id.
async fn form(media: &Media, request: Request) -> Result<Value, Refusal> {
    let mut form = Multipart::from_request(request, &()).await.map_err(|error| bad(error.to_string()))?;
    let mut body = json!({});
    while let Some(field) = form.next_field().await.map_err(|error| bad(error.to_string()))? {
        let name = field.name().unwrap_or_default().to_owned();
        let of_type = field.content_type().map(str::to_owned);
        let file_name = field.file_name().map(str::to_owned);
        let bytes = field.bytes().await.map_err(|error| bad(error.to_string()))?;
        body[&name] = match file_name {
            Some(file_name) => {
                body["file_name"] = file_name.into();
                media.hold(of_type.as_deref().unwrap_or("application/octet-stream"), bytes, VecDeque::new()).into()
            }
            None => String::from_utf8_lossy(&bytes).into_owned().into(),
        };
    }
    Ok(body)
}

fn json(media: &Media, gateway: &str, path: &str, bytes: &[u8]) -> Result<Value, Refusal> {
    let mut body: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let Some((pointer, media_type)) = place(gateway, path, &body) else { return Ok(body) };
    let Some(given) = body.pointer_mut(&pointer) else { return Ok(body) };
    let text = given.as_str().unwrap_or_default();
    if text.starts_with("http://") || text.starts_with("https://") {
        return Ok(body);
    }
    let file = STANDARD.decode(text).ok().filter(|file| !file.is_empty());
    let file = file.ok_or_else(|| bad("Owned media must be a url or base64".to_owned()))?;
    *given = media.hold(&media_type, file.into(), VecDeque::new()).into();
    if gateway == "evolution" && body["mediatype"] == "document" && !body["fileName"].is_string() {
        return Err(bad("For base64 the file name must be informed.".to_owned()));
    }
    Ok(body)
}

/// Where a call of a gateway has a file, and what that is taken for.
fn place(gateway: &str, path: &str, body: &Value) -> Option<(String, String)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let bytes = || "application/octet-stream".to_owned();
    let parts: Vec<&str> = path.split('/').collect();
    match (gateway, parts.as_slice()) {
        ("evolution", ["message", "sendMedia", _]) => {
            Some(("/media".to_owned(), text(&body["mimetype"]).unwrap_or_else(bytes)))
        }
        ("evolution", ["message", "sendWhatsAppAudio", _]) => Some(("/audio".to_owned(), "audio/ogg".to_owned())),
        ("evolution", ["message", "sendSticker", _]) => Some(("/sticker".to_owned(), "image/webp".to_owned())),
        ("waha", ["api", _]) if body["file"]["data"].is_string() => {
            Some(("/file/data".to_owned(), text(&body["file"]["mimetype"])?))
        }
        ("baileys", ["connections", _, "send-message"]) => {
            let content = &body["messageContent"];
            let kind = ["image", "video", "audio", "document"].into_iter().find(|kind| content[kind].is_string())?;
            Some((format!("/messageContent/{kind}"), text(&content["mimetype"]).unwrap_or_else(bytes)))
        }
        _ => None,
    }
}

fn bad(words: String) -> Refusal {
    (StatusCode::BAD_REQUEST, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_pure_base64_and_is_held() {
        let media = Media::default();
        let check = |gateway: &str, path: &str, body: Value, expected: Option<&str>| {
            let found = json(&media, gateway, path, body.to_string().as_bytes());
            let held = found.ok().map(|body| {
                let (pointer, _) = place(gateway, path, &body).unwrap();
                let (media_type, bytes, _) =
                    media.of_gateway(body.pointer(&pointer).unwrap().as_str().unwrap()).unwrap();
                assert_eq!(&bytes[..], b"ABC");
                media_type
            });
            assert_eq!(held.as_deref(), expected, "{gateway} {body}");
        };
        let file = |text: &str| json!({ "mediatype": "document", "media": text, "mimetype": "x/y", "fileName": "a" });
        check("evolution", "message/sendMedia/s", file("QUJD"), Some("x/y"));
        check("evolution", "message/sendMedia/s", file("data:x/y;base64,QUJD"), None);
        check("evolution", "message/sendMedia/s", file(""), None);
        check("evolution", "message/sendMedia/s", json!({ "mediatype": "document", "media": "QUJD" }), None);
        check("waha", "api/sendFile", json!({ "file": { "data": "QUJD", "mimetype": "x/y" } }), Some("x/y"));
        let content = json!({ "messageContent": { "image": "QUJD", "mimetype": "x/y" } });
        check("baileys", "connections/s/send-message", content, Some("x/y"));
        let link = json!({ "media": "https://example.org/a" });
        assert_eq!(json(&media, "evolution", "message/sendMedia/s", link.to_string().as_bytes()), Ok(link));
    }
}
