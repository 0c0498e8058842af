//! `POST /{phone_number_id}/media`: a file is given, to be sent by the id that it gets, and can be fetched by that id as Meta gives it out.
//!
//! As strict as Meta about the form, the types and the lengths. Source: "Upload media" and "Supported media types" of the Cloud API's
//! reference.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::Json;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use hyper::body::Bytes;
use serde_json::json;

use super::content::invalid;
use super::graph::{cut, is_object};
use super::script::Outcome;
use super::{GraphError, HANGING, Simulator};

const MB: usize = 1024 * 1024;
const KB: usize = 1024;
/// What Meta takes, and how large.
const TYPES: [(&str, usize); 22] = [
    ("audio/aac", 16 * MB),
    ("audio/amr", 16 * MB),
    ("audio/mp4", 16 * MB),
    ("audio/mpeg", 16 * MB),
    ("audio/ogg", 16 * MB),
    ("audio/opus", 16 * MB),
    ("application/msword", 100 * MB),
    ("application/pdf", 100 * MB),
    ("application/vnd.ms-excel", 100 * MB),
    ("application/vnd.ms-powerpoint", 100 * MB),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", 100 * MB),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", 100 * MB),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", 100 * MB),
    ("application/zip", 100 * MB),
    ("image/jpeg", 5 * MB),
    ("image/png", 5 * MB),
    ("image/webp", 500 * KB),
    ("text/csv", 100 * MB),
    ("text/plain", 100 * MB),
    ("video/3gp", 16 * MB),
    ("video/3gpp", 16 * MB),
    ("video/mp4", 16 * MB),
];

/// What Meta sends as a message of a kind; it takes more, and finds out when it sends. Source: "Supported media types" of the Cloud
/// API's reference, code 131053.
pub(super) fn is_sendable(kind: &str, media_type: &str) -> bool {
    let plain = media_type.split(';').next().unwrap_or_default().trim();
    match kind {
        "audio" => ["audio/aac", "audio/amr", "audio/mp4", "audio/mpeg", "audio/ogg"].contains(&plain),
        "image" => ["image/jpeg", "image/png"].contains(&plain),
        "sticker" => plain == "image/webp",
        "video" => ["video/3gp", "video/3gpp", "video/mp4"].contains(&plain),
        _ => true,
    }
}

/// Takes a file.
pub(super) async fn take(
    State(simulator): State<Arc<Simulator>>,
    Path((_version, phone_number_id)): Path<(String, String)>,
    headers: HeaderMap,
    form: Result<Multipart, MultipartRejection>,
) -> Response {
    let admitted = simulator.admit(&headers).and_then(|()| is_object(&phone_number_id));
    let given = match admitted {
        // All of it is read before it is refused, as by a proxy that buffers.
        Ok(()) => read(form).await,
        Err(error) => Err(error),
    };
    let (media_type, bytes) = match given {
        Ok(given) => given,
        Err(error) => return error.into_response(),
    };
    match simulator.script.next(&format!("{phone_number_id}/media")) {
        Some(Outcome::Refuse { status, code: 0 }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            return (status, "upstream connect error").into_response();
        }
        Some(Outcome::Refuse { status, code }) => return GraphError::any(status, code).into_response(),
        Some(Outcome::Fail { code }) => return GraphError::any(400, code).into_response(),
        Some(Outcome::Hang { .. }) => {
            tokio::time::sleep(HANGING).await;
            return GraphError::any(500, 131_000).into_response();
        }
        Some(Outcome::Cut { .. }) => return cut(),
        Some(Outcome::Accept | Outcome::Silent) | None => {}
    }
    let id = simulator.media.hold(&media_type, bytes, VecDeque::new());
    Json(json!({ "id": id })).into_response()
}

/// The type and the bytes that a form gives.
async fn read(form: Result<Multipart, MultipartRejection>) -> Result<(String, Bytes), GraphError> {
    let broken = |error: String| GraphError::parameter(100, error);
    let mut form = form.map_err(|error| broken(error.to_string()))?;
    let (mut product, mut media_type, mut file) = (None, None, None);
    while let Some(field) = form.next_field().await.map_err(|error| broken(error.to_string()))? {
        let name = field.name().unwrap_or_default().to_owned();
        match name.as_str() {
            "messaging_product" => product = Some(field.text().await.map_err(|error| broken(error.to_string()))?),
            "type" => media_type = Some(field.text().await.map_err(|error| broken(error.to_string()))?),
            "file" => {
                let of_type = field.content_type().unwrap_or_default().to_owned();
                if field.file_name().is_none_or(str::is_empty) {
                    return Err(invalid("file must have a name"));
                }
                file = Some((of_type, field.bytes().await.map_err(|error| broken(error.to_string()))?));
            }
            other => return Err(broken(format!("Unexpected key \"{other}\""))),
        }
    }
    let required = |name: &str| GraphError::parameter(131_008, format!("The parameter {name} is required"));
    if product.ok_or_else(|| required("messaging_product"))? != "whatsapp" {
        return Err(invalid("messaging_product must be whatsapp"));
    }
    let media_type = media_type.ok_or_else(|| required("type"))?;
    let (of_type, bytes) = file.ok_or_else(|| required("file"))?;
    check(&media_type, &of_type, bytes.len())?;
    Ok((media_type, bytes))
}

fn check(media_type: &str, of_type: &str, length: usize) -> Result<(), GraphError> {
    let plain = |of: &str| of.split(';').next().unwrap_or_default().trim().to_owned();
    let Some((_, most)) = TYPES.iter().find(|(known, _)| *known == plain(media_type)) else {
        return Err(GraphError::parameter(
            100,
            format!("Param file must be a file with one of the supported types, not {media_type}"),
        ));
    };
    if plain(of_type) != plain(media_type) {
        return Err(invalid("file must be of the type that is said"));
    }
    if !(1..=*most).contains(&length) {
        return Err(GraphError::parameter(
            100,
            format!("Invalid file. Media file size too big: it must have 1 to {most} bytes"),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_not_always_sent() {
        for (kind, media_type, expected) in [
            ("audio", "audio/ogg; codecs=opus", true),
            ("audio", "audio/opus", false),
            ("audio", "text/plain", false),
            ("sticker", "image/webp", true),
            ("image", "image/webp", false),
            ("document", "audio/opus", true),
        ] {
            assert_eq!(is_sendable(kind, media_type), expected, "{kind} {media_type}");
        }
    }

    #[test]
    fn a_file_is_of_a_type_that_meta_takes_and_not_too_large() {
        let check_it = |media_type: &str, of_type: &str, length: usize, expected: Result<(), u32>| {
            assert_eq!(
                check(media_type, of_type, length).map_err(|error| error.code),
                expected,
                "{media_type} {length}"
            );
        };
        check_it("image/png", "image/png", 5 * MB, Ok(()));
        check_it("audio/ogg; codecs=opus", "audio/ogg", 1, Ok(()));
        check_it("image/png", "image/png", 5 * MB + 1, Err(100));
        check_it("image/png", "image/png", 0, Err(100));
        check_it("image/png", "image/jpeg", 1, Err(131_009));
        check_it("image/gif", "image/gif", 1, Err(100));
        check_it("text/html", "text/html", 1, Err(100));
    }
}
