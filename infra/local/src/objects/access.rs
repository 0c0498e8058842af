//! Who calls, proven by the signature, and whether the caller's role allows it.

use std::sync::Arc;

use http::request::Parts;
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};
use s3s::path::S3Path;
use s3s::{S3Result, s3_error};

use crate::aws::caller::Callers;
use crate::aws::counts::Counts;
use crate::aws::permissions::Call;

/// The secrets by which signatures are verified.
pub(super) struct Keys(pub(super) Callers);

#[async_trait::async_trait]
impl S3Auth for Keys {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        self.0.secret(access_key).map(SecretKey::from).ok_or_else(|| s3_error!(InvalidAccessKeyId))
    }
}

/// The judge of calls whose signature is right.
pub(super) struct Access {
    pub(super) callers: Callers,
    pub(super) counts: Arc<Counts>,
}

#[async_trait::async_trait]
impl S3Access for Access {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        let denied = || s3_error!(AccessDenied, "Access Denied");
        let credentials = context.credentials().ok_or_else(denied)?;
        let caller = self.callers.find(&credentials.access_key).ok_or_else(denied)?;
        let operation = context.s3_op().name();
        let source = context.headers().get("x-amz-copy-source").and_then(|source| source.to_str().ok());
        let needs = || std::iter::once(needed(operation, context.s3_path())).chain(source.map(copied)).collect();
        if let Err(refusal) = caller.check(needs) {
            tracing::warn!(denied = %refusal, "a call was refused");
            return Err(s3_error!(AccessDenied, "{refusal}"));
        }
        self.counts.add_operation(caller, "s3", operation);
        Ok(())
    }
}

/// What a call needs. One that is not known needs an action that no role has. Source: the Service Authorization Reference of S3.
fn needed(operation: &str, path: &S3Path) -> Call {
    let action = match operation {
        "GetObject" | "HeadObject" => "s3:GetObject",
        "PutObject" | "CopyObject" => "s3:PutObject",
        "DeleteObject" => "s3:DeleteObject",
        "ListObjectsV2" | "HeadBucket" => "s3:ListBucket",
        "ListBuckets" => "s3:ListAllMyBuckets",
        other => other,
    };
    let resource = match path {
        S3Path::Object { bucket, key } => format!("arn:aws:s3:::{bucket}/{key}"),
        S3Path::Bucket { bucket } => format!("arn:aws:s3:::{bucket}"),
        S3Path::Root => "*".to_owned(),
    };
    Call::new(action, resource)
}

/// What reading the source of a copy needs.
fn copied(source: &str) -> Call {
    let source = percent_encoding::percent_decode_str(source).decode_utf8_lossy();
    Call::new("s3:GetObject", format!("arn:aws:s3:::{}", source.trim_start_matches('/')))
}

/// The access key that a request names, in its header or in its link.
pub(super) fn key_of(parts: &Parts) -> Option<String> {
    let header = parts.headers.get("authorization").and_then(|value| value.to_str().ok());
    if let Some((_, rest)) = header.and_then(|header| header.split_once("Credential=")) {
        return rest.split('/').next().map(str::to_owned);
    }
    let query = parts.uri.query().unwrap_or_default();
    let (_, credential) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "X-Amz-Credential")?;
    credential.split('/').next().map(str::to_owned)
}
