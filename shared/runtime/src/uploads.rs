//! Files that agents put to send them: a link to put one, and keeping it beside the files of messages once a message has it.
//!
//! Nothing of an upload is in the table: what lies in the bucket of uploads is what there is. Source: docs/adr/0032-uploads.md.

use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::ids::{OrganizationId, UploadId};
use domain::media::{FileName, KeptUpload, MediaType, Upload, upload_key};
use files::{Bucket, Copy, Invitation, Unsignable};
use http::Request;
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::connector::Connector;
use crate::object_calls::{Unanswered, sent, whole};
use crate::{Problem, clock};

/// How long a link to put a file is good: the transfer has to begin within it.
pub const VALID: Duration = Duration::from_mins(15);
/// The header that carries the name, percent-encoded: headers hold ASCII alone.
const NAME: &str = "x-amz-meta-name";
/// How long the bucket may take to say what lies there, and how long to copy 100 MB. Both end within the function's own timeout.
const ASKING: Duration = Duration::from_secs(2);
const COPYING: Duration = Duration::from_secs(7);
/// How often the store is asked within that time.
const TRIES: u32 = 3;

/// The bucket of uploads, and that of the files of messages.
#[derive(Debug, Clone)]
pub struct Uploads {
    put: Bucket,
    kept: Bucket,
    connector: Connector,
}

/// What lets somebody put a file.
#[derive(Debug, Clone)]
pub struct Link {
    /// Where to, by `PUT`.
    pub url: String,
    /// Headers that the request must have.
    pub headers: Vec<(&'static str, String)>,
    /// Until when.
    pub expires_at: Timestamp,
}

/// An upload as it lies in its bucket.
#[derive(Debug, Clone)]
pub struct Put {
    id: UploadId,
    /// What it is.
    pub upload: Upload,
    entity_tag: String,
}

/// A file that is kept beside the files of messages.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Which.
    pub upload: KeptUpload,
    /// Its SHA-256 in lower-case hex.
    pub sha256: String,
}

impl Uploads {
    /// Works on two buckets: where agents put, and where the files of messages are.
    pub fn new(put: Bucket, kept: Bucket, connector: Connector) -> Self {
        Self { put, kept, connector }
    }

    /// A link by which this file can be put, and no other.
    pub fn link(&self, org: &OrganizationId, id: &UploadId, upload: &Upload, now: Timestamp) -> Result<Link, Problem> {
        let mut headers = vec![("content-type", upload.media_type.to_string())];
        headers.extend(upload.name.as_ref().map(|name| (NAME, encoded(name))));
        let signed: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let key = upload_key(org, id);
        let invitation = Invitation { key: &key, size: upload.size, headers: &signed, valid: VALID };
        let url = self.put.invite(invitation, now).map_err(internal)?;
        let expires_at = now.saturating_add(jiff::SignedDuration::try_from(VALID).unwrap_or_default());
        Ok(Link { url, headers, expires_at: expires_at.unwrap_or(now) })
    }

    /// What lies in the bucket under an id; `None` where nothing does, or not any more. Errors: `Unavailable`.
    pub async fn find(&self, org: &OrganizationId, id: &UploadId) -> Result<Option<Put>, Problem> {
        let key = upload_key(org, id);
        let answer = self.answered(|| self.put.head(&key, clock::now()), ASKING).await?;
        match answer.status().as_u16() {
            200 => put(id, &answer).map(Some),
            // Without the permission to list, S3 answers 403 for what is not there.
            403 | 404 => Ok(None),
            status => Err(unavailable(format!("the bucket of uploads answered {status}"))),
        }
    }

    /// Keeps an upload beside the files of messages, as it was found; however often, it is the same file. `None` where it is not there
    /// any more, or other bytes are. Errors: `Unavailable`.
    pub async fn keep(&self, org: &OrganizationId, put: &Put) -> Result<Option<Kept>, Problem> {
        let upload = KeptUpload::new(put.id.clone(), &put.entity_tag);
        let (source, key) = (upload_key(org, &put.id), upload.key(org));
        let copy = Copy {
            from: &self.put,
            source: &source,
            entity_tag: &put.entity_tag,
            key: &key,
            media_type: put.upload.media_type.served(),
        };
        let answer = self.answered(|| self.kept.copy(copy, clock::now()), COPYING).await?;
        match answer.status().as_u16() {
            200 => {}
            403 | 404 | 412 => return Ok(None),
            status => return Err(unavailable(format!("the bucket of files answered {status}"))),
        }
        let body = tokio::time::timeout(COPYING, whole(answer)).await.map_err(|_| slow())?.map_err(unanswered)?;
        let sha256 = checksum(&body).ok_or_else(|| unavailable("the copy was not made".to_owned()))?;
        Ok(Some(Kept { upload, sha256 }))
    }

    /// What the store answers, once it does not say that it cannot now. Errors: `Unavailable` after some tries, or when it took too long.
    async fn answered(
        &self,
        request: impl Fn() -> Result<Request<()>, Unsignable>,
        longest: Duration,
    ) -> Result<HttpResponse, Problem> {
        let tries = async {
            let mut last = slow();
            for attempt in 0..TRIES {
                if attempt > 0 {
                    tokio::time::sleep(Duration::from_millis(fastrand::u64(20..=100 << attempt))).await;
                }
                last = match sent(&self.connector, request().map_err(internal)?, SdkBody::empty()).await {
                    Ok(answer) if answer.status().as_u16() < 500 => return Ok(answer),
                    Ok(answer) => unavailable(format!("the object store answered {}", answer.status().as_u16())),
                    Err(error @ Unanswered::Now(_)) => unanswered(error),
                    Err(error @ Unanswered::Malformed(_)) => return Err(unanswered(error)),
                };
            }
            Err(last)
        };
        tokio::time::timeout(longest, tries).await.map_err(|_| slow())?
    }
}

/// What the bucket says of a file. Errors: `Unavailable` where it leaves out what it always tells.
fn put(id: &UploadId, answer: &HttpResponse) -> Result<Put, Problem> {
    let header = |name: &str| answer.headers().get(name);
    let size = header("content-length").and_then(|size| size.parse().ok());
    let (Some(size), Some(entity_tag)) = (size, header("etag")) else {
        return Err(unavailable("the bucket of uploads does not say what lies there".to_owned()));
    };
    let upload = Upload {
        name: header(NAME).and_then(decoded),
        media_type: header("content-type").and_then(MediaType::new).unwrap_or_else(MediaType::bytes),
        size,
    };
    Ok(Put { id: id.clone(), upload, entity_tag: entity_tag.to_owned() })
}

fn encoded(name: &FileName) -> String {
    utf8_percent_encode(name.as_str(), NON_ALPHANUMERIC).to_string()
}

fn decoded(header: &str) -> Option<FileName> {
    FileName::new(&percent_decode_str(header).decode_utf8_lossy())
}

/// The SHA-256 that the answer to a copy tells, in lower-case hex; `None` where the copy failed after all, which is told in the body
/// under the status 200.
fn checksum(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, rest) = text.split_once("<ChecksumSHA256>")?;
    let (digest, _) = rest.split_once("</ChecksumSHA256>")?;
    let digest = STANDARD.decode(digest.trim()).ok().filter(|digest| digest.len() == 32)?;
    Some(hex::encode(digest))
}

fn slow() -> Problem {
    unavailable("the object store took too long".to_owned())
}

fn unanswered(error: Unanswered) -> Problem {
    match error {
        Unanswered::Now(cause) => unavailable(format!("the object store: {cause}")),
        Unanswered::Malformed(source) => Problem::Internal { source },
    }
}

fn unavailable(cause: String) -> Problem {
    Problem::Unavailable { source: cause.into() }
}

fn internal(error: Unsignable) -> Problem {
    Problem::Internal { source: Box::new(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_back_as_it_was_given() {
        for name in ["nota fiscal ção.pdf", "100%.txt", "a\"b\\'c"] {
            let name = FileName::new(name).unwrap();
            assert!(encoded(&name).is_ascii());
            assert_eq!(decoded(&encoded(&name)), Some(name));
        }
        assert_eq!(decoded("..%2F..%2Fetc%2Fpasswd").unwrap().as_str(), "passwd");
        assert_eq!(decoded("%FF%00"), FileName::new("\u{fffd}"));
    }

    #[test]
    fn a_copy_that_failed_late_is_no_copy() {
        let copied = "<CopyObjectResult><ETag>x</ETag><ChecksumSHA256>47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=</ChecksumSHA256></CopyObjectResult>";
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(checksum(copied.as_bytes()).as_deref(), Some(empty));
        for failed in ["<Error><Code>InternalError</Code></Error>", "", "<ChecksumSHA256>x</ChecksumSHA256>"] {
            assert_eq!(checksum(failed.as_bytes()), None);
        }
    }
}
