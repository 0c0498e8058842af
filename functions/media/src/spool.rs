//! A file on its way, on this machine's disk: as long as 100 MB in a function that has 256 MB of memory, and gone with the process.

use std::borrow::Cow;
use std::time::Duration;

use channels::media::Digest;
use domain::media::MediaFailure;
use sha2::{Digest as _, Sha256};
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

use crate::base64_field::{Base64Field, NoBase64};
use crate::missed::Missed;

/// The longest that a whole file may take. Within the function's own timeout there is time left to keep it.
const LONGEST: Duration = Duration::from_secs(45);

/// A file of which every byte has come.
pub(crate) struct Spool {
    /// The file; it has no name.
    pub(crate) file: File,
    /// Its length in bytes.
    pub(crate) size: u64,
    /// Its SHA-256 in lower-case hex.
    pub(crate) sha256: String,
}

impl Spool {
    /// Reads an answer's body to its end, and no further than `limit`.
    ///
    /// Errors: `TooLarge`; `Damaged` when it is not what one of `announced` says; for now when it breaks off or takes too long.
    pub(crate) async fn of(
        answer: reqwest::Response,
        limit: u64,
        announced: impl IntoIterator<Item = Digest>,
    ) -> Result<Self, Missed> {
        if answer.content_length().is_some_and(|length| length > limit) {
            return Err(Missed::ForGood(MediaFailure::TooLarge));
        }
        let spool = in_time(read(answer, limit, Content::Bytes)).await?;
        if announced.into_iter().any(|digest| digest.hex() != spool.sha256) {
            return Err(Missed::ForGood(MediaFailure::Damaged));
        }
        Ok(spool)
    }

    /// As [`Spool::of`], the file that stands in an answer's JSON as Base64.
    pub(crate) async fn of_base64(answer: reqwest::Response, limit: u64) -> Result<Self, Missed> {
        if answer.content_length().is_some_and(|length| length > as_base64(limit)) {
            return Err(Missed::ForGood(MediaFailure::TooLarge));
        }
        in_time(read(answer, limit, Content::Base64(Base64Field::default()))).await
    }
}

/// How an answer holds a file.
enum Content {
    Bytes,
    Base64(Base64Field),
}

impl Content {
    /// What a piece of the answer has of the file.
    fn of<'a>(&mut self, piece: &'a [u8]) -> Result<Cow<'a, [u8]>, NoBase64> {
        match self {
            Self::Bytes => Ok(piece.into()),
            Self::Base64(field) => field.decode(piece).map(Cow::from),
        }
    }

    fn is_whole(&self) -> bool {
        match self {
            Self::Bytes => true,
            Self::Base64(field) => field.is_whole(),
        }
    }
}

async fn in_time(read: impl Future<Output = Result<Spool, Missed>>) -> Result<Spool, Missed> {
    tokio::time::timeout(LONGEST, read).await.map_err(|_| Missed::now("the file came too slowly"))?
}

/// How many more bytes a file is as Base64 within JSON: a third, and what else the answer says.
fn as_base64(limit: u64) -> u64 {
    limit / 3 * 4 + 1024 * 1024
}

async fn read(mut answer: reqwest::Response, limit: u64, mut content: Content) -> Result<Spool, Missed> {
    let on_disk = |error: std::io::Error| Missed::now(format!("the disk: {error}"));
    let mut file = File::from_std(tempfile::tempfile().map_err(on_disk)?);
    let (mut size, mut sha256) = (0, Sha256::new());
    while let Some(piece) = answer.chunk().await.map_err(|error| Missed::now(crate::bearer::broken(&error)))? {
        let piece = content.of(&piece).map_err(|_| Missed::ForGood(MediaFailure::Damaged))?;
        size += piece.len() as u64;
        if size > limit {
            return Err(Missed::ForGood(MediaFailure::TooLarge));
        }
        sha256.update(&piece);
        file.write_all(&piece).await.map_err(on_disk)?;
    }
    if !content.is_whole() {
        return Err(Missed::now("the provider's answer holds no file"));
    }
    file.flush().await.map_err(on_disk)?;
    Ok(Spool { file, size, sha256: hex::encode(sha256.finalize()) })
}
