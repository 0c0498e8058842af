//! Links to files, good for some minutes: whoever has one gets the file, always as a download.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::ids::{NoteId, OrganizationId};
use domain::media::MediaType;
use domain::note::Note;
use files::{Bucket, Download};
use jiff::{SignedDuration, Timestamp};
use runtime::Problem;
use runtime::dialects::v3::shapes::MediaLink;

/// How long a link is good for: long enough to begin a download, short enough that a link passed on is worth little.
const VALID: Duration = Duration::from_mins(5);

/// A file to link to.
pub(crate) struct Linked<'a> {
    /// Where it is kept.
    pub(crate) key: &'a str,
    /// What the download is called.
    pub(crate) name: String,
    /// What it is.
    pub(crate) media_type: &'a MediaType,
    /// Its length in bytes.
    pub(crate) size: u64,
}

impl Linked<'_> {
    /// The link, from `now` on.
    pub(crate) fn link(self, bucket: &Bucket, now: Timestamp) -> Result<MediaLink, Problem> {
        let media_type = self.media_type.served();
        let download = Download { key: self.key, media_type, name: &self.name, valid: VALID };
        let url = bucket.link(download, now).map_err(|error| Problem::Internal { source: Box::new(error) })?;
        let valid = SignedDuration::try_from(VALID).unwrap_or(SignedDuration::ZERO);
        let expires_at = now.checked_add(valid).unwrap_or(now);
        Ok(MediaLink { url, expires_at, name: self.name, media_type: media_type.to_owned(), size: self.size })
    }
}

/// Links to the files of notes.
pub(crate) fn of_notes(
    bucket: &Bucket,
    org: &OrganizationId,
    notes: &[Note],
    now: Timestamp,
) -> Result<BTreeMap<NoteId, MediaLink>, Problem> {
    let mut links = BTreeMap::new();
    for note in notes {
        let Some(file) = &note.attachment else { continue };
        let name =
            file.name.as_ref().map_or_else(|| with_ending("file", &file.media_type), |name| name.as_str().to_owned());
        let linked = Linked { key: &file.key(org), name, media_type: &file.media_type, size: file.size };
        links.insert(note.id.clone(), linked.link(bucket, now)?);
    }
    Ok(links)
}

/// Where the files of notes are, for now.
pub(crate) fn urls(
    bucket: &Bucket,
    org: &OrganizationId,
    notes: &[Note],
    now: Timestamp,
) -> Result<BTreeMap<NoteId, String>, Problem> {
    let links = of_notes(bucket, org, notes, now)?;
    Ok(links.into_iter().map(|(note, link)| (note, link.url)).collect())
}

/// A name with what files of the type usually end in.
pub(crate) fn with_ending(name: &str, media_type: &MediaType) -> String {
    match ending(media_type) {
        Some(ending) => format!("{name}.{ending}"),
        None => name.to_owned(),
    }
}

fn ending(media_type: &MediaType) -> Option<&'static str> {
    Some(match media_type.served() {
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "image/webp" => "webp",
        "image/gif" => "gif",
        "video/mp4" => "mp4",
        "video/3gpp" => "3gp",
        "audio/ogg" | "audio/opus" => "ogg",
        "audio/mpeg" => "mp3",
        "audio/mp4" => "m4a",
        "audio/aac" => "aac",
        "audio/amr" => "amr",
        "application/pdf" => "pdf",
        "text/plain" => "txt",
        _ => return None,
    })
}
