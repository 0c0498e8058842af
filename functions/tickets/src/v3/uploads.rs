//! `POST /v3/uploads`: a link by which an agent puts a file, to send it.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use domain::ids::{OrganizationId, UploadId};
use domain::media::{FileName, MediaType, Upload};
use runtime::dialects::v3::requests::NewUpload;
use runtime::dialects::v3::shapes::UploadShape;
use runtime::dialects::v3::{Problems, Refused, parse};
use runtime::requested::{Requested, respond};
use runtime::uploads::Uploads;
use runtime::{Problem, clock, desk};
use serde_json::json;
use storage::{Answer, ChangeError, Storage};

/// A link to put a file that is to be sent: the request must have the method, the headers and exactly as many bytes as said here. What no
/// message has within a day is removed. A repetition of the request gets the same id and a new link.
#[utoipa::path(post, operation_id = "create_upload", path = "/v3/uploads", tag = "conversations", request_body = NewUpload,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, description = "The link", body = UploadShape), Problems))]
pub(crate) async fn create(
    State(storage): State<Storage>,
    State(uploads): State<Uploads>,
    request: Requested,
) -> Result<Response, Refused> {
    let caller = &request.caller;
    caller.agent(&storage).await?;
    let before = desk::before(&storage, caller, request.once.as_ref()).await?;
    let upload = wanted(&request)?;
    let told = |answer, is_repeated| linked(&uploads, &caller.org, &upload, answer, is_repeated);
    if let Some(answer) = before {
        return told(answer, true);
    }
    let id = UploadId::generate(clock::now(), runtime::ids::random());
    // What is kept for a repetition is which upload it was: a link is good for minutes, and no secret to keep.
    let answer = Answer { status: 201, body: id.to_string(), version: None };
    if let Some(once) = &request.once
        && !storage.keep_answer(&caller.org, once, answer.clone()).await?
    {
        let first = desk::before(&storage, caller, Some(once)).await?;
        return told(first.ok_or(Problem::from(ChangeError::Repeated))?, true);
    }
    told(answer, false)
}

/// The answer with a link to the upload that it is about.
fn linked(
    uploads: &Uploads,
    org: &OrganizationId,
    upload: &Upload,
    answer: Answer,
    is_repeated: bool,
) -> Result<Response, Refused> {
    let id = UploadId::new(answer.body).map_err(|error| Problem::Internal { source: Box::new(error) })?;
    let link = uploads.link(org, &id, upload, clock::now())?;
    let shape = UploadShape {
        id: id.to_string(),
        method: "PUT".to_owned(),
        url: link.url,
        headers: link.headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<BTreeMap<_, _>>(),
        expires_at: link.expires_at,
    };
    Ok(respond(Answer { status: 201, body: json!(shape).to_string(), version: None }, is_repeated))
}

/// What is to be put. Errors name the field.
fn wanted(request: &Requested) -> Result<Upload, Refused> {
    let NewUpload { name, media_type, size } = parse(request.body.clone())?;
    let media_type = MediaType::new(&media_type)
        .ok_or_else(|| Refused::field("media_type", "media_type must be a media type, such as image/jpeg"))?;
    if !(1..=Upload::LARGEST).contains(&size) {
        return Err(Refused::field("size", format!("size must be 1 to {} bytes", Upload::LARGEST)));
    }
    if name.chars().count() > LONGEST_NAME {
        return Err(Refused::field("name", format!("name must have at most {LONGEST_NAME} characters")));
    }
    Ok(Upload { name: FileName::new(&name), media_type, size })
}

/// The longest name, in characters: what file systems take.
const LONGEST_NAME: usize = 255;
