//! The files of Cloud API messages: what a message says of its file, what Meta says of it when asked, and how Meta is given one.
//! Source: docs/providers.md §1.5 and §1.10.

use std::time::Duration;

use domain::media::{Media, MediaKind, MediaType};
use serde_json::Value;

use crate::cloud_api::outbound::{SendOutcome, answer};
use crate::lenient;
use crate::media::{Digest, Source};

/// The object of a message in which its file is described. A voice note has its kind's name or its own.
fn described<'a>(kind: &str, message: &'a Value) -> Option<&'a Value> {
    MediaKind::of(kind)?;
    let described = if kind == "audio" && message["audio"].is_null() { &message["voice"] } else { &message[kind] };
    described.is_object().then_some(described)
}

/// The file that a message announces; `None` for kinds without one.
pub(crate) fn announced(kind: &str, message: &Value) -> Option<Media> {
    let described = described(kind, message)?;
    Some(Media::announced(lenient::text(&described["filename"]), lenient::text(&described["mime_type"])))
}

/// Where the file of a message is.
pub(crate) fn source(kind: &str, message: &Value) -> Option<Source> {
    let described = described(kind, message)?;
    let id = lenient::short(&described["id"]).filter(|id| id.bytes().all(|b| b.is_ascii_digit()))?;
    Some(Source::Cloud { id, sha256: Digest::read(&described["sha256"]) })
}

/// What Meta answers when it is asked for a file by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// Where it is, for five minutes and with the same token.
    pub url: String,
    /// Its SHA-256.
    pub sha256: Option<Digest>,
    /// Its length in bytes.
    pub size: Option<u64>,
    /// What Meta takes it for.
    pub media_type: Option<MediaType>,
}

/// Reads Meta's answer. `None` where it is none.
pub fn located(body: &[u8]) -> Option<Located> {
    let body = lenient::read(body).ok()?;
    Some(Located {
        url: lenient::text(&body["url"])?.to_owned(),
        sha256: Digest::read(&body["sha256"]),
        size: lenient::integer(&body["file_size"]).and_then(|size| u64::try_from(size).ok()),
        media_type: lenient::text(&body["mime_type"]).and_then(MediaType::new),
    })
}

/// The form by which Meta takes a file, beside the part `file`. Source: "Upload media" of the Cloud API's reference.
pub fn form(media_type: &str) -> [(&'static str, &str); 2] {
    [("messaging_product", "whatsapp"), ("type", media_type)]
}

/// What Meta calls a file that it was given, or what became of that. No message was sent by it, so nothing of it is unclear: it may be
/// given again.
pub fn given(status: u16, body: &[u8]) -> Result<String, SendOutcome> {
    if (200..300).contains(&status) {
        let body = lenient::read(body).unwrap_or_default();
        let id = lenient::short(&body["id"]).filter(|id| id.bytes().all(|b| b.is_ascii_digit()));
        return id.ok_or_else(try_again);
    }
    Err(match answer(status, body) {
        SendOutcome::Unclear | SendOutcome::Accepted { .. } => try_again(),
        outcome => outcome,
    })
}

/// What a file comes to that could not be handed over now.
pub fn try_again() -> SendOutcome {
    SendOutcome::RetryLater { after: Duration::from_secs(5), code: 0 }
}

/// Whether an answer says that Meta has no such file: 404 and 410, and the Graph API's way of saying it (100, subcode 33).
/// Source: "Handling errors" of the Graph API; docs/providers.md §1.10.
pub fn is_gone(status: u16, body: &[u8]) -> bool {
    let error = || lenient::read(body).map(|body| body["error"].clone()).unwrap_or_default();
    match status {
        404 | 410 => true,
        400 => {
            let error = error();
            lenient::integer(&error["code"]) == Some(100) && lenient::integer(&error["error_subcode"]) == Some(33)
        }
        _ => false,
    }
}

/// Whether an answer says that the token is not good: it may be renewed.
pub fn is_refused(status: u16, body: &[u8]) -> bool {
    let code = || lenient::read(body).ok().and_then(|body| lenient::integer(&body["error"]["code"]));
    matches!(status, 401 | 403) || (status == 400 && code() == Some(190))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_with_a_file_announces_it() {
        let check = |message: Value, name: Option<&str>, media_type: &str| {
            let kind = crate::cloud_api::content::kind(&message);
            let media = announced(&kind, &message).unwrap();
            assert_eq!(media.name.as_ref().map(domain::media::FileName::as_str), name, "{message}");
            assert_eq!(media.media_type.unwrap().as_str(), media_type, "{message}");
            let expected = Digest::read(&json!("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="));
            assert_eq!(source(&kind, &message), Some(Source::Cloud { id: "17".to_owned(), sha256: expected }));
        };
        let file = |media_type: &str| json!({ "id": "17", "mime_type": media_type, "sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" });
        check(json!({ "type": "image", "image": file("image/jpeg") }), None, "image/jpeg");
        check(json!({ "type": "video", "video": file("video/mp4") }), None, "video/mp4");
        check(json!({ "type": "audio", "audio": file("audio/ogg; codecs=opus") }), None, "audio/ogg");
        check(json!({ "type": "voice", "voice": file("audio/ogg") }), None, "audio/ogg");
        check(json!({ "type": "sticker", "sticker": file("image/webp") }), None, "image/webp");
        let mut document = file("application/pdf");
        document["filename"] = json!("../nota ção.pdf");
        check(json!({ "type": "document", "document": document }), Some("nota ção.pdf"), "application/pdf");
    }

    #[test]
    fn what_has_no_file_announces_none_and_what_is_broken_says_where_nothing_is() {
        for message in [
            json!({ "type": "text", "text": { "body": "Oi" } }),
            json!({ "type": "location", "location": {} }),
            json!({ "type": "image", "image": "17" }),
            json!({}),
        ] {
            let kind = crate::cloud_api::content::kind(&message);
            assert_eq!((announced(&kind, &message), source(&kind, &message)), (None, None), "{message}");
        }
        for broken in [json!({}), json!({ "id": "" }), json!({ "id": "../me" }), json!({ "id": "17?fields=x" })] {
            let message = json!({ "type": "image", "image": broken });
            assert!(announced("image", &message).unwrap().is_pending());
            assert_eq!(source("image", &message), None, "{message}");
        }
    }

    #[test]
    fn meta_s_answer_says_where_the_file_is() {
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let body = json!({ "url": "https://lookaside.fbsbx.com/x?mid=17", "mime_type": "image/jpeg", "sha256": hex,
                           "file_size": 5, "id": "17", "messaging_product": "whatsapp" });
        let located = located(body.to_string().as_bytes()).unwrap();
        assert_eq!((located.size, located.media_type.unwrap().as_str()), (Some(5), "image/jpeg"));
        assert_eq!(located.sha256, Digest::read(&json!("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")));
        assert_eq!(super::located(b"{}"), None);
        assert_eq!(super::located(b"<html>"), None);
    }

    #[test]
    fn a_file_that_was_not_taken_may_be_given_again_unless_it_was_refused() {
        let check = |status: u16, body: &str, expected: Result<&str, Option<i64>>| {
            let found = given(status, body.as_bytes()).map_err(|outcome| match outcome {
                SendOutcome::Refused { error } => Some(error.code),
                SendOutcome::RetryLater { .. } => None,
                other => panic!("{other:?}"),
            });
            assert_eq!(found, expected.map(str::to_owned), "{status} {body}");
        };
        check(200, r#"{"id":"4490709327384033"}"#, Ok("4490709327384033"));
        check(200, r#"{"id":4490709327384033}"#, Ok("4490709327384033"));
        for unclear in ["{}", r#"{"id":"../me"}"#, "<html>", ""] {
            check(200, unclear, Err(None));
        }
        check(502, "<html>", Err(None));
        check(429, r#"{"error":{"code":130429}}"#, Err(None));
        check(500, r#"{"error":{"code":131000}}"#, Err(None));
        check(400, r#"{"error":{"code":100}}"#, Err(Some(100)));
        check(401, r#"{"error":{"code":190}}"#, Err(Some(190)));
        check(413, "too large", Err(Some(413)));
    }

    #[test]
    fn gone_and_refused_are_told_from_each_other() {
        let check = |status: u16, body: Value, gone: bool, refused: bool| {
            let body = body.to_string();
            let found = (is_gone(status, body.as_bytes()), is_refused(status, body.as_bytes()));
            assert_eq!(found, (gone, refused), "{status} {body}");
        };
        check(404, json!({}), true, false);
        check(400, json!({ "error": { "code": 100, "error_subcode": 33 } }), true, false);
        check(400, json!({ "error": { "code": 100 } }), false, false);
        check(401, json!({ "error": { "code": 190 } }), false, true);
        check(400, json!({ "error": { "code": 190 } }), false, true);
        check(403, json!("x"), false, true);
        check(500, json!({}), false, false);
        check(429, json!({}), false, false);
    }
}
