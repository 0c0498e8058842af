//! What an agent has put: found, measured against what may have it, and kept, as the file of an answer or beside a note.

use domain::answer::{Answer, AnswerBody, MediaKind};
use domain::connection::{Connection, Provider};
use domain::ids::{OrganizationId, UploadId};
use domain::media::{self, FileName, Media, MediaState};
use domain::note::Attachment;
use runtime::Problem;
use runtime::uploads::{Kept, Put, Uploads};

/// The file of an answer, kept; `None` for an answer that names no upload. Errors: `Conflict` where nothing lies under its id in this
/// organization, `InvalidInput` where a message of the answer's kind cannot have it.
pub(crate) async fn of_answer(
    uploads: &Uploads,
    connection: &Connection,
    answer: &Answer,
) -> Result<Option<Media>, Problem> {
    let (Some(id), AnswerBody::Media(asked)) = (answer.upload(), &answer.body) else { return Ok(None) };
    let put = found(uploads, &connection.org, id).await?;
    if let Some(kind) = media::MediaKind::of(asked.kind.as_str()) {
        let refused = |failure: media::MediaFailure| Problem::InvalidInput {
            field: "upload",
            reason: format!("upload cannot be sent as {}: {failure}", asked.kind.as_str()),
        };
        put.upload.fits(kind).map_err(refused)?;
        if kind == media::MediaKind::Audio && matches!(connection.provider, Provider::CloudApi { .. }) {
            put.upload.media_type.is_heard().map_err(|taken| Problem::InvalidInput {
                field: "upload",
                reason: format!("upload cannot be sent as audio: {} is none of {taken}", put.upload.media_type),
            })?;
        }
    }
    let kept = kept(uploads, &connection.org, id, &put).await?;
    Ok(Some(Media {
        connection: Some(connection.id.clone()),
        name: asked.filename.as_deref().and_then(FileName::new).or(put.upload.name),
        media_type: Some(put.upload.media_type),
        upload: Some(Box::new(kept.upload)),
        state: MediaState::Stored { size: put.upload.size, sha256: kept.sha256 },
        ..Media::announced(None, None)
    }))
}

/// The file beside a note, kept; any that can be put. Errors: `Conflict` where nothing lies under the id in this organization,
/// `InvalidInput` for what is no id.
pub(crate) async fn beside_note(uploads: &Uploads, org: &OrganizationId, id: &str) -> Result<Attachment, Problem> {
    let invalid =
        |_| Problem::InvalidInput { field: "upload", reason: "upload must be the id of an upload".to_owned() };
    let id = UploadId::new(id).map_err(invalid)?;
    let put = found(uploads, org, &id).await?;
    let Kept { upload, sha256 } = kept(uploads, org, &id, &put).await?;
    let media::Upload { name, media_type, size } = put.upload;
    Ok(Attachment { upload, name, media_type, size, sha256 })
}

/// The same answer, whose document has the name of its file where none was asked for.
pub(crate) fn named(mut answer: Answer, file: &Media) -> Answer {
    if let AnswerBody::Media(asked) = &mut answer.body
        && asked.kind == MediaKind::Document
        && asked.filename.is_none()
    {
        asked.filename = file.name.as_ref().map(|name| name.as_str().to_owned());
    }
    answer
}

async fn found(uploads: &Uploads, org: &OrganizationId, id: &UploadId) -> Result<Put, Problem> {
    uploads.find(org, id).await?.ok_or_else(|| missing(id))
}

async fn kept(uploads: &Uploads, org: &OrganizationId, id: &UploadId, put: &Put) -> Result<Kept, Problem> {
    uploads.keep(org, put).await?.ok_or_else(|| missing(id))
}

fn missing(id: &UploadId) -> Problem {
    let reason = format!("nothing was put under {id}, or it was a day ago: put the file first");
    Problem::Conflict { code: "upload_missing", reason, holder: None }
}
