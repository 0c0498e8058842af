//! Files of the Cloud API: Meta is asked where a file is, and gives it there for five minutes.

use std::time::Duration;

use channels::cloud_api::media::{Located, is_gone, is_refused, located};
use channels::media::Digest;
use domain::media::{MediaFailure, MediaKind, MediaType};
use reqwest::Response;

use crate::Fetched;
use crate::bearer::{Web, asked, broken};
use crate::missed::Missed;
use crate::spool::Spool;

/// How long Meta may take to say where a file is.
const ASKING: Duration = Duration::from_secs(5);
/// More than any answer about a file has.
const LONGEST_ANSWER: usize = 64 * 1024;

/// Fetches a file. A token that is refused gives way to the next.
pub(crate) async fn fetch(
    web: &Web,
    graph_url: &str,
    tokens: &[String],
    kind: MediaKind,
    id: &str,
    announced: Option<&Digest>,
) -> Result<Fetched, Missed> {
    let mut missed = Missed::ForGood(MediaFailure::NoCredentials);
    for token in tokens {
        missed = match with(web, graph_url, token, kind, id, announced).await {
            Err(refused @ Missed::ForNow { reason: MediaFailure::Refused, .. }) => refused,
            other => return other,
        };
    }
    Err(missed)
}

async fn with(
    web: &Web,
    graph_url: &str,
    token: &str,
    kind: MediaKind,
    id: &str,
    announced: Option<&Digest>,
) -> Result<Fetched, Missed> {
    let url = format!("{graph_url}/{id}");
    let locating = locate(web, &url, token);
    let located = tokio::time::timeout(ASKING, locating).await.map_err(|_| Missed::now("Meta did not answer"))??;
    if located.size.is_some_and(|size| size > kind.limit()) {
        return Err(Missed::ForGood(MediaFailure::TooLarge));
    }
    let answer = web.ask(&located.url, token).await?;
    let answer = taken(answer).await?;
    let told = told_type(&answer);
    if [&told, &located.media_type].into_iter().flatten().any(|media_type| !kind.may_be(media_type)) {
        return Err(Missed::ForGood(MediaFailure::WrongType));
    }
    let digests = announced.copied().into_iter().chain(located.sha256);
    let spool = Spool::of(answer, kind.limit(), digests).await?;
    Ok(Fetched { spool, media_type: located.media_type.or(told) })
}

async fn locate(web: &Web, url: &str, token: &str) -> Result<Located, Missed> {
    let answer = taken(web.ask(url, token).await?).await?;
    located(&head(answer).await?).ok_or_else(|| Missed::now("Meta did not say where the file is"))
}

/// An answer that gives what was asked for. Errors: what any other says.
async fn taken(answer: Response) -> Result<Response, Missed> {
    let status = answer.status().as_u16();
    if answer.status().is_success() {
        return Ok(answer);
    }
    let after = asked(&answer);
    let body = head(answer).await.unwrap_or_default();
    if is_gone(status, &body) {
        return Err(Missed::ForGood(MediaFailure::Gone));
    }
    let cause = format!("Meta answered {status}");
    if is_refused(status, &body) {
        return Err(Missed::refused(cause));
    }
    Err(Missed::ForNow { reason: MediaFailure::Unavailable, cause, after })
}

/// What an answer says that its body is.
pub(crate) fn told_type(answer: &Response) -> Option<MediaType> {
    MediaType::new(answer.headers().get("content-type")?.to_str().ok()?)
}

/// A short answer, whole.
pub(crate) async fn head(mut answer: Response) -> Result<Vec<u8>, Missed> {
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(|error| Missed::now(broken(&error)))? {
        body.extend(piece);
        if body.len() > LONGEST_ANSWER {
            return Err(Missed::now("the provider's answer does not end"));
        }
    }
    Ok(body)
}
