//! S3 on one machine: the template's buckets, on disk, by the calls that the template's functions and an operator make.
//!
//! | module | does |
//! |---|---|
//! | `store` | files on disk: whole and durable, or not there |
//! | `operations` | S3's calls over them |
//! | `access` | who calls, and whether the caller's role allows it |
//! | `cors` | which pages may read answers |
//! | `expiry` | what goes by its age |
//!
//! The protocol is `s3s`'s: signatures in headers and in links, with their expiry, digests of bodies, XML. Its own file store keeps
//! an object in three files and syncs none, so this has another. Must never let a call through unjudged. See
//! docs/adr/0024-media.md.

mod access;
mod cors;
mod expiry;
mod operations;
mod store;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use s3s::service::{S3Service, S3ServiceBuilder};

use crate::aws::caller::Callers;
use crate::aws::counts::Counts;
use crate::template::Bucket;

pub(crate) use expiry::keep as keep_expiring;
pub(crate) use store::{Kept, Store, StoreError, content, kept};

/// The buckets and those who may call them.
pub(crate) struct Objects {
    service: S3Service,
    buckets: Vec<Bucket>,
    callers: Callers,
}

impl Objects {
    pub(crate) fn new(store: Store, buckets: &[Bucket], callers: &Callers, counts: &Arc<Counts>) -> Self {
        let mut builder = S3ServiceBuilder::new(operations::Operations::new(store));
        builder.set_auth(access::Keys(callers.clone()));
        builder.set_access(access::Access { callers: callers.clone(), counts: Arc::clone(counts) });
        Self { service: builder.build(), buckets: buckets.to_vec(), callers: callers.clone() }
    }

    /// Whether a request is for S3: its path begins with a bucket, or it is signed for S3.
    pub(crate) fn is_asked(&self, parts: &Parts) -> bool {
        let signed_for = parts.headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_link = parts.uri.query().is_some_and(|query| query.contains("X-Amz-Signature="));
        signed_for.contains("/s3/aws4_request") || is_link || self.bucket(parts).is_some()
    }

    /// The function that calls, if one does, by the key of the signature; whether the signature is right is not known yet.
    pub(crate) fn function(&self, parts: &Parts) -> Option<&str> {
        self.callers.find(&access::key_of(parts)?)?.function()
    }

    /// Answers a request.
    pub(crate) async fn handle(&self, parts: Parts, body: Body) -> Response<Body> {
        let rules = self.bucket(&parts).map_or(&[][..], |bucket| &bucket.cors);
        let origin = parts.headers.get("origin").and_then(|value| value.to_str().ok()).map(str::to_owned);
        if parts.method == Method::OPTIONS {
            return cors::preflight(rules, origin.as_deref(), &parts.headers);
        }
        let method = parts.method.clone();
        let request = Request::from_parts(parts, s3s::Body::http_body_unsync(body));
        let mut response = match self.service.call(request).await {
            Ok(response) => response.map(Body::new),
            Err(error) => {
                tracing::error!(?error, "the object store gave no answer");
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                response
            }
        };
        cors::allow(rules, origin.as_deref(), &method, response.headers_mut());
        response
    }

    fn bucket(&self, parts: &Parts) -> Option<&Bucket> {
        let first = parts.uri.path().split('/').nth(1)?;
        self.buckets.iter().find(|bucket| bucket.name == first)
    }
}

/// What S3 calls what a request does; near enough to decide which faults may strike it.
pub(crate) fn operation(method: &Method) -> &'static str {
    match *method {
        Method::PUT => "PutObject",
        Method::HEAD => "HeadObject",
        Method::DELETE => "DeleteObject",
        _ => "GetObject",
    }
}

/// Makes the directories of the buckets. `None` keeps everything in a directory that goes with the process.
pub(crate) fn open(dir: Option<&Path>, buckets: &[Bucket]) -> Result<Store, StoreError> {
    let names: Vec<&str> = buckets.iter().map(|bucket| bucket.name.as_str()).collect();
    Store::open(dir, &names)
}
