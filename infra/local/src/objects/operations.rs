//! S3's calls over the files. Source: the Amazon S3 API Reference.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{Stream, stream};
use hyper::body::Bytes;
use s3s::dto::{
    Bucket, ChecksumAlgorithm, CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopySource, DeleteObjectInput,
    DeleteObjectOutput, ETag, ETagCondition, GetObjectInput, GetObjectOutput, HeadBucketInput, HeadBucketOutput,
    HeadObjectInput, HeadObjectOutput, ListBucketsInput, ListBucketsOutput, ListObjectsV2Input, ListObjectsV2Output,
    MetadataDirective, Object, PutObjectInput, PutObjectOutput, Range, StreamingBlob, Timestamp,
};
use s3s::{S3, S3Error, S3Request, S3Response, S3Result, s3_error};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use super::store::{Kept, Said, Store, StoreError};

/// How much of a file is read at once.
const PIECE: u64 = 64 * 1024;
/// The most keys in one answer.
const MOST_KEYS: i32 = 1000;

/// S3.
pub(super) struct Operations(Store);

impl Operations {
    pub(super) fn new(store: Store) -> Self {
        Self(store)
    }
}

impl From<StoreError> for S3Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NoBucket => s3_error!(NoSuchBucket),
            StoreError::Missing => s3_error!(NoSuchKey),
            StoreError::TooLong => s3_error!(KeyTooLongError),
            StoreError::Body(source) => match source.downcast::<S3Error>() {
                Ok(error) => *error,
                // What does not have the announced digest or length ends so as well.
                Err(source) => S3Error::with_source(s3s::S3ErrorCode::BadDigest, source),
            },
            StoreError::Damaged | StoreError::Disk(_) => {
                tracing::error!(error = crate::error::on_one_line(&error), "the object store");
                s3_error!(InternalError)
            }
        }
    }
}

#[async_trait::async_trait]
impl S3 for Operations {
    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let input = request.input;
        if input.if_match.is_some() || input.if_none_match.is_some() {
            return Err(s3_error!(NotImplemented, "conditional writes are not served here"));
        }
        let body = input.body.ok_or_else(|| s3_error!(IncompleteBody))?;
        let metadata = input.metadata.unwrap_or_default().into_iter().collect();
        let said = Said { media_type: input.content_type, metadata };
        let kept = self.0.put(&input.bucket, &input.key, said, body).await?;
        Ok(S3Response::new(PutObjectOutput { e_tag: Some(ETag::Strong(kept.md5)), ..Default::default() }))
    }

    async fn copy_object(&self, request: S3Request<CopyObjectInput>) -> S3Result<S3Response<CopyObjectOutput>> {
        let input = request.input;
        let CopySource::Bucket { bucket, key, version_id: None } = &input.copy_source else {
            return Err(s3_error!(NotImplemented, "only objects of a bucket are copied here"));
        };
        if input.metadata_directive.as_ref().map(MetadataDirective::as_str) != Some(MetadataDirective::REPLACE) {
            return Err(s3_error!(NotImplemented, "what is said of an object is not copied here"));
        }
        let (found, file) = self.0.get(bucket, key)?;
        let tag = ETag::Strong(found.md5.clone());
        if let Some(ETagCondition::ETag(wanted)) = &input.copy_source_if_match
            && *wanted != tag
        {
            return Err(s3_error!(PreconditionFailed));
        }
        let metadata = input.metadata.unwrap_or_default().into_iter().collect();
        let said = Said { media_type: input.content_type, metadata };
        let kept = self.0.put(&input.bucket, &input.key, said, pieces(file.into(), found.size)).await?;
        let is_asked =
            input.checksum_algorithm.as_ref().map(ChecksumAlgorithm::as_str) == Some(ChecksumAlgorithm::SHA256);
        let sha256 = hex::decode(&kept.sha256).map(|digest| STANDARD.encode(digest)).ok().filter(|_| is_asked);
        let result = CopyObjectResult {
            checksum_sha256: sha256,
            last_modified: Some(modified(&kept)),
            e_tag: Some(ETag::Strong(kept.md5)),
            ..Default::default()
        };
        Ok(S3Response::new(CopyObjectOutput { copy_object_result: Some(result), ..Default::default() }))
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let input = request.input;
        let (kept, file) = self.0.get(&input.bucket, &input.key)?;
        let (first, length, content_range) = part(input.range, kept.size)?;
        let mut file = tokio::fs::File::from_std(file);
        let offset = i64::try_from(first).map_err(|_| s3_error!(InvalidRange))?;
        file.seek(std::io::SeekFrom::Current(offset)).await.map_err(StoreError::from)?;
        let body = pieces(file, length);
        Ok(S3Response::new(GetObjectOutput {
            body: Some(StreamingBlob::wrap(body)),
            content_length: i64::try_from(length).ok(),
            content_range,
            accept_ranges: Some("bytes".to_owned()),
            content_type: input.response_content_type.or_else(|| kept.media_type.clone()),
            content_disposition: input.response_content_disposition,
            cache_control: input.response_cache_control,
            e_tag: Some(ETag::Strong(kept.md5.clone())),
            last_modified: Some(modified(&kept)),
            ..Default::default()
        }))
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let input = request.input;
        let (kept, _) = self.0.get(&input.bucket, &input.key)?;
        Ok(S3Response::new(HeadObjectOutput {
            content_length: i64::try_from(kept.size).ok(),
            accept_ranges: Some("bytes".to_owned()),
            last_modified: Some(modified(&kept)),
            content_type: kept.media_type,
            metadata: Some(kept.metadata.into_iter().collect()),
            e_tag: Some(ETag::Strong(kept.md5)),
            ..Default::default()
        }))
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.0.delete(&request.input.bucket, &request.input.key)?;
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn head_bucket(&self, request: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        self.0.bucket(&request.input.bucket)?;
        Ok(S3Response::new(HeadBucketOutput::default()))
    }

    async fn list_buckets(&self, _: S3Request<ListBucketsInput>) -> S3Result<S3Response<ListBucketsOutput>> {
        let named = |name| Bucket { name: Some(name), ..Default::default() };
        let buckets = self.0.buckets()?.into_iter().map(named).collect();
        Ok(S3Response::new(ListBucketsOutput { buckets: Some(buckets), ..Default::default() }))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        if input.delimiter.as_ref().is_some_and(|delimiter| !delimiter.is_empty()) {
            return Err(s3_error!(NotImplemented, "lists are not folded here: list without a delimiter"));
        }
        let mut keys = self.0.keys(&input.bucket, input.prefix.as_deref().unwrap_or_default())?;
        if let Some(after) = input.continuation_token.as_ref().or(input.start_after.as_ref()) {
            keys.retain(|key| key > after);
        }
        let most = input.max_keys.unwrap_or(MOST_KEYS).clamp(0, MOST_KEYS);
        let is_truncated = keys.len() > usize::try_from(most).unwrap_or_default();
        keys.truncate(usize::try_from(most).unwrap_or_default());
        let mut contents = Vec::new();
        for key in &keys {
            // One may go while the list is made.
            let Ok((kept, _)) = self.0.get(&input.bucket, key) else { continue };
            contents.push(Object {
                key: Some(key.clone()),
                size: i64::try_from(kept.size).ok(),
                last_modified: Some(modified(&kept)),
                e_tag: Some(ETag::Strong(kept.md5)),
                ..Default::default()
            });
        }
        Ok(S3Response::new(ListObjectsV2Output {
            name: Some(input.bucket),
            prefix: input.prefix,
            max_keys: Some(most),
            key_count: i32::try_from(contents.len()).ok(),
            next_continuation_token: keys.last().filter(|_| is_truncated).cloned(),
            is_truncated: Some(is_truncated),
            contents: Some(contents),
            ..Default::default()
        }))
    }
}

/// The next bytes of a file.
fn pieces(file: tokio::fs::File, length: u64) -> impl Stream<Item = std::io::Result<Bytes>> + Send + Sync + Unpin {
    Box::pin(stream::unfold((file, length), async |(mut file, left)| {
        if left == 0 {
            return None;
        }
        let mut piece = vec![0; usize::try_from(left.min(PIECE)).unwrap_or_default()];
        match file.read_exact(&mut piece).await {
            Ok(_) => {
                let left = left - piece.len() as u64;
                Some((Ok(Bytes::from(piece)), (file, left)))
            }
            Err(error) => Some((Err(error), (file, 0))),
        }
    }))
}

/// From where, how much, and what is told of it.
fn part(range: Option<Range>, size: u64) -> S3Result<(u64, u64, Option<String>)> {
    let Some(range) = range else { return Ok((0, size, None)) };
    let wanted = range.check(size)?;
    let told = format!("bytes {}-{}/{size}", wanted.start, wanted.end.saturating_sub(1));
    Ok((wanted.start, wanted.end - wanted.start, Some(told)))
}

fn modified(kept: &Kept) -> Timestamp {
    Timestamp::from(SystemTime::from(kept.at))
}
