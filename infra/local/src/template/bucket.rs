//! Buckets of S3: what their properties mean here.

use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::intrinsics::Problem;
use super::loose::{Count, read as read_properties};
use super::resources::Declared;
use super::{Bucket, CorsRule};

const DAY: Duration = Duration::from_hours(24);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    #[serde(default, rename = "BucketName")]
    _bucket_name: IgnoredAny,
    cors_configuration: Option<CorsConfiguration>,
    lifecycle_configuration: Option<Lifecycle>,
    /// The disk's owner decides on encryption here.
    #[serde(default, rename = "BucketEncryption")]
    _bucket_encryption: IgnoredAny,
    #[serde(default, rename = "PublicAccessBlockConfiguration")]
    _public_access_block_configuration: IgnoredAny,
    #[serde(default, rename = "OwnershipControls")]
    _ownership_controls: IgnoredAny,
    /// Nothing here reads an older version; a backup of the directory is what undoes a mistake on one machine.
    #[serde(default, rename = "VersioningConfiguration")]
    _versioning_configuration: IgnoredAny,
    /// The host's own log says which function asked for what.
    #[serde(default, rename = "LoggingConfiguration")]
    _logging_configuration: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CorsConfiguration {
    cors_rules: Vec<CorsRule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Lifecycle {
    rules: Vec<Rule>,
}

/// A rule for a whole bucket. One for a part of it is refused, because it would be served for all of it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Rule {
    #[serde(default, rename = "Id")]
    _id: IgnoredAny,
    status: Status,
    expiration_in_days: Option<Count>,
    /// No part of an upload outlives its request here.
    #[serde(default, rename = "AbortIncompleteMultipartUpload")]
    _abort_incomplete_multipart_upload: IgnoredAny,
    /// There are no older versions here.
    #[serde(default, rename = "NoncurrentVersionExpiration")]
    _noncurrent_version_expiration: IgnoredAny,
    #[serde(default, rename = "ExpiredObjectDeleteMarker")]
    _expired_object_delete_marker: IgnoredAny,
}

#[derive(Deserialize, PartialEq)]
enum Status {
    Enabled,
    Disabled,
}

/// Reads a bucket.
pub(super) fn read(here: &Declared<'_>) -> Result<Bucket, Problem> {
    let properties: Properties = read_properties(here.properties()?)?;
    let cors = properties.cors_configuration.map(|cors| cors.cors_rules).unwrap_or_default();
    let rules = properties.lifecycle_configuration.map(|lifecycle| lifecycle.rules).unwrap_or_default();
    let enabled = rules.into_iter().filter(|rule| rule.status == Status::Enabled);
    let days = enabled.filter_map(|rule| rule.expiration_in_days).map(|Count(days)| days).min();
    let expires = days.map(|days| DAY.saturating_mul(u32::try_from(days).unwrap_or(u32::MAX)));
    Ok(Bucket { name: here.name()?, cors, expires })
}
