//! The file of a message in `/v3`: a link to it, and having it tried again.

use axum::Json;
use axum::extract::{Path, State};
use domain::media::{MediaState, MediaType};
use domain::message::Message;
use files::Bucket;
use http::StatusCode;
use runtime::dialects::v3::shapes::{MediaLink, MessageShape};
use runtime::dialects::v3::{Problems, Refused};
use runtime::identity::Caller;
use runtime::requested::Requested;
use runtime::{Problem, clock};
use storage::Storage;

use super::conversations::{message_of, shown};
use crate::links::{Linked, with_ending};

const NO_FILE: Problem = Problem::NotFound { entity: "File" };

/// A link to the file of a message, good for five minutes. Whoever has it gets the file, always as a download.
#[utoipa::path(get, operation_id = "read_message_media", path = "/v3/messages/{id}/media", tag = "conversations", params(("id" = String, Path)),
    responses((status = 200, description = "The link", body = MediaLink), Problems))]
pub(crate) async fn link(
    State(storage): State<Storage>,
    State(bucket): State<Bucket>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<MediaLink>, Refused> {
    let message = message_of(&storage, &caller, &id).await?;
    let media = message.content.media.as_ref().ok_or(NO_FILE)?;
    let size = match &media.state {
        MediaState::Stored { size, .. } => *size,
        MediaState::Pending => return Err(not_there("media_pending", "the file is being fetched".to_owned()).into()),
        MediaState::Failed { reason } => return Err(not_there("media_failed", reason.to_string()).into()),
    };
    let key = media.key(&caller.org, &message.reference);
    let media_type = media.media_type.clone().unwrap_or_else(MediaType::bytes);
    let name = media.name.as_ref().map_or_else(|| called(&message, &media_type), |name| name.as_str().to_owned());
    Ok(Json(Linked { key: &key, name, media_type: &media_type, size }.link(&bucket, clock::now())?))
}

/// Has the file of a message tried again that could not be fetched. One that is on its way already is left alone.
#[utoipa::path(post, operation_id = "retry_message_media", path = "/v3/messages/{id}/media/retry", tag = "conversations",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header, description = "Accepted, and not needed: asking twice is asking once.")),
    responses((status = 202, description = "The message, whose file is on its way", body = MessageShape), Problems))]
pub(crate) async fn retry(
    State(storage): State<Storage>,
    Path(id): Path<String>,
    Requested { caller, .. }: Requested,
) -> Result<(StatusCode, Json<MessageShape>), Refused> {
    let mut message = message_of(&storage, &caller, &id).await?;
    let media = message.content.media.clone().ok_or(NO_FILE)?;
    let Some(again) = media.again() else {
        return if media.is_pending() {
            Ok((StatusCode::ACCEPTED, Json(shown(&storage, &caller, &message).await?)))
        } else {
            Err(not_there("media_stored", "the file is there already".to_owned()).into())
        };
    };
    if storage.move_media(&caller.org, &message.reference, &media, &again).await? {
        message.content.media = Some(again);
    } else {
        // Somebody else asked for it at the same time.
        message = storage.message(&caller.org, &message.reference).await?.ok_or(NO_FILE)?;
    }
    Ok((StatusCode::ACCEPTED, Json(shown(&storage, &caller, &message).await?)))
}

fn not_there(code: &'static str, reason: String) -> Problem {
    Problem::Conflict { code, reason, holder: None }
}

/// What a file is called that has no name: its kind, the time of its message, and what its type usually ends in.
fn called(message: &Message, media_type: &MediaType) -> String {
    let at = message.reference.sent_at.strftime("%Y%m%d-%H%M%S");
    with_ending(&format!("{}-{at}", message.content.kind), media_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_name_is_called_by_what_it_is() {
        let check = |kind: &str, media_type: &str, expected: &str| {
            let mut message = Message {
                reference: "cnv_1.1763694120000.wamid.1".parse().unwrap(),
                ticket: None,
                direction: domain::message::Direction::In,
                content: domain::message::Content::text(""),
                provider_id: None,
                seq: 1,
            };
            message.content.kind = kind.to_owned();
            assert_eq!(called(&message, &MediaType::new(media_type).unwrap()), expected);
        };
        check("image", "image/jpeg", "image-20251121-030200.jpg");
        check("document", "text/html", "document-20251121-030200");
    }
}
