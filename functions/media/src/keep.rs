//! Putting a file into the bucket.

use std::io::SeekFrom;
use std::time::Duration;

use domain::media::MediaType;
use files::{Bucket, Upload};
use reqwest::Body;
use tokio::fs::File;
use tokio::io::AsyncSeekExt as _;

use crate::bearer::Web;
use crate::missed::Missed;

/// How often the bucket is tried within one invocation; after that the whole file comes again.
const TRIES: u32 = 3;
/// How long one try may take.
const LONGEST: Duration = Duration::from_secs(12);

/// A file and where it belongs.
pub(crate) struct What<'a> {
    pub(crate) key: &'a str,
    pub(crate) size: u64,
    pub(crate) sha256: &'a str,
    pub(crate) media_type: &'a MediaType,
}

/// Puts a file under its key. The bucket checks the digest, and has every byte on disk when this returns.
pub(crate) async fn put(web: &Web, bucket: &Bucket, mut file: File, what: &What<'_>) -> Result<(), Missed> {
    let mut cause = String::new();
    for attempt in 0..TRIES {
        if attempt > 0 {
            tokio::time::sleep(Duration::from_millis(fastrand::u64(50..=200 << attempt))).await;
        }
        let on_disk = |error: std::io::Error| Missed::now(format!("the disk: {error}"));
        file.seek(SeekFrom::Start(0)).await.map_err(on_disk)?;
        let body = Body::from(file.try_clone().await.map_err(on_disk)?);
        let upload =
            Upload { key: what.key, size: what.size, sha256: what.sha256, media_type: what.media_type.served() };
        let (parts, ()) = bucket
            .put(upload, runtime::clock::now())
            .map_err(|error| Missed::now(runtime::problem::causes(&error)))?
            .into_parts();
        let request = web.client.put(parts.uri.to_string()).headers(parts.headers).timeout(LONGEST).body(body);
        cause = match request.send().await {
            Ok(answer) if answer.status().is_success() => return Ok(()),
            Ok(answer) => format!("the bucket answered {}", answer.status().as_u16()),
            Err(error) => format!("the bucket: {}", crate::bearer::broken(&error)),
        };
        tracing::warn!(attempt, cause, "the file was not kept");
    }
    Err(Missed::now(cause))
}
