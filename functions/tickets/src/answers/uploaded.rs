//! The file of an answer that an agent has put: found, measured against what the provider takes, and kept.

use domain::answer::{Answer, AnswerBody, MediaKind};
use domain::connection::Connection;
use domain::media::{self, FileName, Media, MediaState};
use runtime::Problem;
use runtime::uploads::Uploads;

/// The file of an answer, kept; `None` for an answer that names no upload. Errors: `Conflict` where nothing lies under its id in this
/// organization, `InvalidInput` where a message of the answer's kind cannot have it.
pub(super) async fn kept(
    uploads: &Uploads,
    connection: &Connection,
    answer: &Answer,
) -> Result<Option<Media>, Problem> {
    let (Some(id), AnswerBody::Media(asked)) = (answer.upload(), &answer.body) else { return Ok(None) };
    let missing = || Problem::Conflict {
        code: "upload_missing",
        reason: format!("nothing was put under {id}, or it was a day ago: put the file first"),
        holder: None,
    };
    let put = uploads.find(&connection.org, id).await?.ok_or_else(missing)?;
    if let Some(kind) = media::MediaKind::of(asked.kind.as_str()) {
        let refused = |failure: media::MediaFailure| Problem::InvalidInput {
            field: "upload",
            reason: format!("upload cannot be sent as {}: {failure}", asked.kind.as_str()),
        };
        put.upload.fits(kind).map_err(refused)?;
    }
    let kept = uploads.keep(&connection.org, &put).await?.ok_or_else(missing)?;
    Ok(Some(Media {
        connection: Some(connection.id.clone()),
        name: asked.filename.as_deref().and_then(FileName::new).or(put.upload.name),
        media_type: Some(put.upload.media_type),
        upload: Some(Box::new(kept.upload)),
        state: MediaState::Stored { size: put.upload.size, sha256: kept.sha256 },
        ..Media::announced(None, None)
    }))
}

/// The same answer, whose document has the name of its file where none was asked for.
pub(super) fn named(mut answer: Answer, file: &Media) -> Answer {
    if let AnswerBody::Media(asked) = &mut answer.body
        && asked.kind == MediaKind::Document
        && asked.filename.is_none()
    {
        asked.filename = file.name.as_ref().map(|name| name.as_str().to_owned());
    }
    answer
}
