//! Files: Meta's two calls to fetch one, as strict as they are, over files of customers that were put here by request and files that were
//! given to be sent (`super::uploads`).
//!
//! `POST /_simulator/media?type=image/jpeg` with the bytes gives `{id, sha256, mime_type}`, as a webhook has them. `outcomes`, names with
//! commas between, says what happens with the next calls about it, one each:
//!
//! | outcome | what happens |
//! |---|---|
//! | `ok` | what is asked for |
//! | `gone` | Meta does not have it |
//! | `error` | HTTP 500 |
//! | `throttle` | HTTP 429, and a second to wait |
//! | `token` | the token is refused |
//! | `hang` | no answer for a minute |
//! | `cut` | the file breaks off |
//! | `other` | another file of the same length |
//! | `more` | a file without an end |
//! | `page` | a page of HTML |
//! | `elsewhere` | an address that is not Meta's |
//! | `redirect` | a redirect to an address that is not Meta's |
//!
//! Under the same id a gateway has the file (`super::gateway_files`).
//!
//! The link that the first call gives is good for five minutes, and needs the token as well. Source: docs/providers.md §1.10.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use hyper::body::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{GraphError, HANGING, Simulator};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The largest file that is taken: more than WhatsApp's own limit, so that one above it can be had.
pub(super) const LARGEST: usize = 128 * 1024 * 1024;
/// How long a link is good for.
const VALID: SignedDuration = SignedDuration::from_mins(5);
/// The most files that are held at once.
const MOST: usize = 100;

/// What happens with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    Ok,
    Gone,
    Error,
    Throttle,
    Token,
    Hang,
    Cut,
    Other,
    More,
    Page,
    Elsewhere,
    Redirect,
}

/// A file that somebody sent.
#[derive(Clone, Debug)]
struct Sent {
    media_type: String,
    bytes: Bytes,
    outcomes: VecDeque<Outcome>,
}

/// The files.
#[derive(Debug, Default)]
pub(super) struct Media(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    files: HashMap<String, Sent>,
    order: VecDeque<String>,
    links: HashMap<String, (String, Timestamp)>,
}

impl Media {
    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds a file, in the place of the oldest where there are too many; its id.
    pub(super) fn hold(&self, media_type: &str, bytes: Bytes, outcomes: VecDeque<Outcome>) -> String {
        let id = format!("{}", fastrand::u64(1_000_000_000_000_000..9_000_000_000_000_000));
        let mut held = self.held();
        if held.order.len() == MOST
            && let Some(oldest) = held.order.pop_front()
        {
            held.files.remove(&oldest);
        }
        held.order.push_back(id.clone());
        held.files.insert(id.clone(), Sent { media_type: media_type.to_owned(), bytes, outcomes });
        id
    }

    /// The file and what is to happen with this call about it.
    fn next(&self, id: &str) -> Option<(Sent, Outcome)> {
        let mut held = self.held();
        let sent = held.files.get_mut(id)?;
        let outcome = sent.outcomes.pop_front().unwrap_or(Outcome::Ok);
        Some((sent.clone(), outcome))
    }

    /// What a file was taken for.
    pub(super) fn type_of(&self, id: &str) -> Option<String> {
        self.held().files.get(id).map(|sent| sent.media_type.clone())
    }

    /// The file of a gateway's message, by its id; what is to happen with this call.
    pub(super) fn of_gateway(&self, id: &str) -> Option<(String, Bytes, Outcome)> {
        self.next(id).map(|(sent, outcome)| (sent.media_type, sent.bytes, outcome))
    }

    /// The file that a link leads to, while it is good.
    fn behind(&self, link: &str, now: Timestamp) -> Option<String> {
        let held = self.held();
        let (id, made_at) = held.links.get(link)?;
        (now.duration_since(*made_at) <= VALID).then(|| id.clone())
    }
}

/// How a file is put here.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Adding {
    #[serde(rename = "type")]
    media_type: String,
    #[serde(default)]
    outcomes: String,
}

/// `POST /_simulator/media`.
pub(super) async fn add(
    State(simulator): State<Arc<Simulator>>,
    Query(adding): Query<Adding>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    let outcomes = adding.outcomes.split(',').filter(|name| !name.is_empty());
    let outcomes = outcomes.map(|name| serde_json::from_value(json!(name))).collect::<Result<VecDeque<_>, _>>();
    let outcomes = outcomes.map_err(|error| GraphError::parameter(100, format!("outcomes: {error}")));
    let outcomes = match simulator.admit(&headers).and(outcomes) {
        Ok(outcomes) => outcomes,
        Err(error) => return error.into_response(),
    };
    let sha256 = STANDARD.encode(Sha256::digest(&bytes));
    let id = simulator.media.hold(&adding.media_type, bytes, outcomes);
    Json(json!({ "id": id, "sha256": sha256, "mime_type": adding.media_type })).into_response()
}

/// `GET /{media_id}`.
pub(super) async fn locate(
    State(simulator): State<Arc<Simulator>>,
    Path((_version, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    if let Err(error) = simulator.admit(&headers) {
        return error.into_response();
    }
    let Some((sent, outcome)) = simulator.media.next(&id) else { return unknown(&id) };
    if let Some(answer) = refused(outcome, &id).await {
        return answer;
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let link = ulid::Ulid::generate().to_string();
    let url = match outcome {
        Outcome::Elsewhere => format!("http://169.254.169.254/latest/meta-data/{link}"),
        _ => format!("http://{host}/_media/{link}"),
    };
    simulator.media.held().links.insert(link, (id.clone(), crate::clock::now()));
    Json(json!({
        "url": url,
        "mime_type": sent.media_type,
        "sha256": hex::encode(Sha256::digest(&sent.bytes)),
        "file_size": sent.bytes.len(),
        "id": id,
        "messaging_product": "whatsapp",
    }))
    .into_response()
}

/// `GET` of a link.
pub(super) async fn download(
    State(simulator): State<Arc<Simulator>>,
    Path(link): Path<String>,
    headers: HeaderMap,
) -> Response {
    if let Err(error) = simulator.admit(&headers) {
        return error.into_response();
    }
    let Some(id) = simulator.media.behind(&link, crate::clock::now()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Some((sent, outcome)) = simulator.media.next(&id) else { return StatusCode::NOT_FOUND.into_response() };
    if let Some(answer) = refused(outcome, &id).await {
        return answer;
    }
    let of_type = [(header::CONTENT_TYPE, sent.media_type.clone())];
    match outcome {
        Outcome::Other => {
            let other: Vec<u8> = sent.bytes.iter().map(|byte| byte ^ 1).collect();
            (of_type, other).into_response()
        }
        Outcome::More => (of_type, Body::from_stream(endless())).into_response(),
        Outcome::Cut => {
            let half = sent.bytes.slice(..sent.bytes.len() / 2);
            let pieces =
                futures_util::stream::iter([Ok(half), Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))]);
            (of_type, Body::from_stream(pieces)).into_response()
        }
        Outcome::Page => {
            ([(header::CONTENT_TYPE, "text/html")], "<html><script>alert(1)</script></html>").into_response()
        }
        Outcome::Redirect => {
            (StatusCode::FOUND, [(header::LOCATION, "http://169.254.169.254/latest/")]).into_response()
        }
        _ => (of_type, sent.bytes).into_response(),
    }
}

/// Zeroes until nobody reads any more.
pub(super) fn endless() -> impl futures_util::Stream<Item = Result<Bytes, std::io::Error>> {
    futures_util::stream::repeat_with(|| Ok(Bytes::from_static(&[0; 16 * 1024])))
}

/// The answer of a call that does not give what is asked for.
async fn refused(outcome: Outcome, id: &str) -> Option<Response> {
    Some(match outcome {
        Outcome::Gone => unknown(id),
        Outcome::Error => GraphError::any(500, 131_000).into_response(),
        Outcome::Throttle => {
            let mut response = GraphError::any(429, 130_429).into_response();
            response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
            response
        }
        Outcome::Token => GraphError::token("the token was withdrawn").into_response(),
        Outcome::Hang => {
            tokio::time::sleep(HANGING).await;
            GraphError::any(500, 131_000).into_response()
        }
        _ => return None,
    })
}

/// What the Graph API says of an object that is not there.
fn unknown(id: &str) -> Response {
    let message = format!(
        "Unsupported get request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, or does not \
         support this operation."
    );
    let error =
        json!({ "error": { "message": message, "type": "GraphMethodException", "code": 100, "error_subcode": 33 } });
    (StatusCode::BAD_REQUEST, Json(error)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_good_for_five_minutes() {
        let media = Media::default();
        let made_at: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        media.held().links.insert("L".to_owned(), ("17".to_owned(), made_at));
        assert_eq!(media.behind("L", made_at + VALID).as_deref(), Some("17"));
        assert_eq!(media.behind("L", made_at + VALID + SignedDuration::from_millis(1)), None);
        assert_eq!(media.behind("M", made_at), None);
    }
}
