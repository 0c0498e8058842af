//! Media in an answer.

#![expect(dead_code, reason = "shapes for the description, and to refuse what none of them has")]

use serde::Deserialize;
use utoipa::ToSchema;

/// Media with words under it: exactly one of `upload`, `link` and `id`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Captioned {
    /// The id of a file that was put here.
    #[schema(max_length = 64, pattern = "^[A-Za-z0-9_-]{1,64}$")]
    upload: Option<String>,
    /// An `https` URL that the provider fetches.
    #[schema(max_length = 2048, pattern = "^https://[^/]+")]
    link: Option<String>,
    /// What the provider calls bytes that were uploaded to it: digits.
    #[schema(max_length = 64, pattern = "^[0-9]+$")]
    id: Option<String>,
    /// The words under it.
    #[schema(max_length = 1024)]
    caption: Option<String>,
}

/// Media alone: exactly one of `upload`, `link` and `id`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Bare {
    /// The id of a file that was put here.
    #[schema(max_length = 64, pattern = "^[A-Za-z0-9_-]{1,64}$")]
    upload: Option<String>,
    /// An `https` URL that the provider fetches.
    #[schema(max_length = 2048, pattern = "^https://[^/]+")]
    link: Option<String>,
    /// What the provider calls bytes that were uploaded to it: digits.
    #[schema(max_length = 64, pattern = "^[0-9]+$")]
    id: Option<String>,
}

/// A file: exactly one of `upload`, `link` and `id`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The id of a file that was put here.
    #[schema(max_length = 64, pattern = "^[A-Za-z0-9_-]{1,64}$")]
    upload: Option<String>,
    /// An `https` URL that the provider fetches.
    #[schema(max_length = 2048, pattern = "^https://[^/]+")]
    link: Option<String>,
    /// What the provider calls bytes that were uploaded to it: digits.
    #[schema(max_length = 64, pattern = "^[0-9]+$")]
    id: Option<String>,
    /// The words under it.
    #[schema(max_length = 1024)]
    caption: Option<String>,
    /// The name that it is shown with.
    #[schema(max_length = 240)]
    filename: Option<String>,
}
