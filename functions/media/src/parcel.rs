//! Files that came with their messages: the webhook has put them among the parcels.

use channels::media::Digest;
use domain::media::{MediaFailure, MediaKind};
use files::Bucket;

use crate::Fetched;
use crate::bearer::{Web, answer};
use crate::missed::Missed;
use crate::spool::Spool;

/// Fetches a file of this length from the parcels.
pub(crate) async fn fetch(
    web: &Web,
    parcels: &Bucket,
    kind: MediaKind,
    key: &str,
    sha256: &Digest,
    size: u64,
) -> Result<Fetched, Missed> {
    if size > kind.limit() {
        return Err(Missed::ForGood(MediaFailure::TooLarge));
    }
    let signed = parcels.get(key, runtime::clock::now());
    let (parts, ()) = signed.map_err(|error| Missed::now(runtime::problem::causes(&error)))?.into_parts();
    let answer = answer(web.client.get(parts.uri.to_string()).headers(parts.headers)).await?;
    match answer.status().as_u16() {
        200 => {}
        // Without the permission to list, S3 does not tell what is not there from what is not allowed.
        403 | 404 => return Err(Missed::ForGood(MediaFailure::Gone)),
        status => return Err(Missed::now(format!("the bucket of parcels answered {status}"))),
    }
    Ok(Fetched { spool: Spool::of(answer, kind.limit(), [*sha256]).await?, media_type: None })
}
