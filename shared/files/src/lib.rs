//! S3: requests that put and get files, and links that give them out for a while, signed.
//!
//! Pure: never sends anything, reads no clock, and decides nothing about who may have a file. Why not the SDK:
//! docs/adr/0024-media.md. Source: "Authenticating Requests (AWS Signature Version 4)" of the Amazon S3 API Reference.

mod disposition;
mod uploads;

use std::time::{Duration, SystemTime};

use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningInstructions,
    SigningSettings, UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use http::{HeaderName, HeaderValue, Method, Request};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

pub use aws_credential_types::Credentials;
pub use disposition::attachment;
pub use uploads::{Copy, Invitation};

/// What S3 leaves as it is in a path and in a query. Source: `UriEncode()` of the page named above.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Why a request cannot be signed. What was to be signed is not told.
#[derive(Debug, thiserror::Error)]
#[error("a request to the object store cannot be signed")]
pub struct Unsignable(#[source] Box<dyn std::error::Error + Send + Sync>);

impl Unsignable {
    fn new(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self(Box::new(error))
    }
}

/// A bucket, and the credentials to use it with.
#[derive(Clone)]
pub struct Bucket {
    name: String,
    base: String,
    region: String,
    credentials: Credentials,
}

impl std::fmt::Debug for Bucket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bucket({})", self.base)
    }
}

/// A file to put.
#[derive(Debug, Clone, Copy)]
pub struct Upload<'a> {
    /// Where.
    pub key: &'a str,
    /// Its length in bytes.
    pub size: u64,
    /// The SHA-256 of its bytes in lower-case hex: the store takes nothing else.
    pub sha256: &'a str,
    /// What it is taken for.
    pub media_type: &'a str,
}

/// How a file is given out.
#[derive(Debug, Clone, Copy)]
pub struct Download<'a> {
    /// Where it is.
    pub key: &'a str,
    /// What a browser is told that it is.
    pub media_type: &'a str,
    /// What it is called; as the sender said, whatever that is.
    pub name: &'a str,
    /// How long the link is good for. Credentials that end earlier end it.
    pub valid: Duration,
}

impl Bucket {
    /// The bucket of this name, at Amazon S3 or, with `endpoint`, at another store, by path.
    pub fn new(name: &str, region: &str, endpoint: Option<&str>, credentials: Credentials) -> Self {
        let base = match endpoint {
            Some(endpoint) => format!("{}/{name}", endpoint.trim_end_matches('/')),
            None => format!("https://{name}.s3.{region}.amazonaws.com"),
        };
        Self { name: name.to_owned(), base, region: region.to_owned(), credentials }
    }

    /// The request that puts a file, without its body.
    pub fn put(&self, upload: Upload<'_>, now: Timestamp) -> Result<Request<()>, Unsignable> {
        let request = Request::put(self.url(upload.key))
            .header("content-length", upload.size)
            .header("content-type", upload.media_type)
            .body(())
            .map_err(Unsignable::new)?;
        let mut settings = settings();
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        let headers = [("content-type", upload.media_type)];
        let body = SignableBody::Precomputed(upload.sha256.to_owned());
        self.signed(request, &headers, body, settings, now)
    }

    /// The request that gets a file.
    pub fn get(&self, key: &str, now: Timestamp) -> Result<Request<()>, Unsignable> {
        self.bare(Method::GET, key, now)
    }

    /// The request that asks what is known of a file.
    pub fn head(&self, key: &str, now: Timestamp) -> Result<Request<()>, Unsignable> {
        self.bare(Method::HEAD, key, now)
    }

    fn bare(&self, method: Method, key: &str, now: Timestamp) -> Result<Request<()>, Unsignable> {
        let request = Request::builder().method(method).uri(self.url(key)).body(()).map_err(Unsignable::new)?;
        let mut settings = settings();
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        self.signed(request, &[], SignableBody::Bytes(b""), settings, now)
    }

    /// A link by which whoever has it gets a file until it ends: always as a download, and never as something to run.
    pub fn link(&self, download: Download<'_>, now: Timestamp) -> Result<String, Unsignable> {
        let url = format!(
            "{}?response-content-disposition={}&response-content-type={}",
            self.url(download.key),
            utf8_percent_encode(&attachment(download.name), UNRESERVED),
            utf8_percent_encode(download.media_type, UNRESERVED),
        );
        self.linked(&Method::GET, url, &[], download.valid, now)
    }

    /// A URL with the signature in it.
    fn linked(
        &self,
        method: &Method,
        url: String,
        headers: &[(&str, &str)],
        valid: Duration,
        now: Timestamp,
    ) -> Result<String, Unsignable> {
        let mut settings = settings();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(valid);
        let signed = self.sign(method, &url, headers, SignableBody::UnsignedPayload, settings, now)?;
        let mut link = url;
        for (name, value) in signed.params() {
            if !link.ends_with('?') {
                link.push('&');
            }
            link.extend([name, "="]);
            link.extend(utf8_percent_encode(value, UNRESERVED));
        }
        Ok(link)
    }

    /// The request with its signature.
    fn signed(
        &self,
        mut request: Request<()>,
        headers: &[(&str, &str)],
        body: SignableBody<'_>,
        settings: SigningSettings,
        now: Timestamp,
    ) -> Result<Request<()>, Unsignable> {
        let (method, url) = (request.method().clone(), request.uri().to_string());
        let signed = self.sign(&method, &url, headers, body, settings, now)?;
        for (name, value) in signed.headers() {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(Unsignable::new)?;
            request.headers_mut().insert(name, HeaderValue::from_str(value).map_err(Unsignable::new)?);
        }
        Ok(request)
    }

    fn url(&self, key: &str) -> String {
        format!("{}/{}", self.base, escaped(key))
    }

    fn sign(
        &self,
        method: &Method,
        url: &str,
        headers: &[(&str, &str)],
        body: SignableBody<'_>,
        settings: SigningSettings,
        now: Timestamp,
    ) -> Result<SigningInstructions, Unsignable> {
        let identity = self.credentials.clone().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("s3")
            .time(SystemTime::from(now))
            .settings(settings)
            .build()
            .map_err(Unsignable::new)?;
        let request =
            SignableRequest::new(method.as_str(), url, headers.iter().copied(), body).map_err(Unsignable::new)?;
        let signed = sign(request, &parameters.into()).map_err(Unsignable::new)?;
        Ok(signed.into_parts().0)
    }
}

/// A key as it stands in a path.
fn escaped(key: &str) -> String {
    let segments: Vec<String> =
        key.split('/').map(|segment| utf8_percent_encode(segment, UNRESERVED).to_string()).collect();
    segments.join("/")
}

/// S3 alone signs paths as they are sent.
fn settings() -> SigningSettings {
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    settings
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn bucket(endpoint: Option<&str>) -> Bucket {
        let (key, secret) = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
        Bucket::new("examplebucket", "us-east-1", endpoint, Credentials::new(key, secret, None, None, "test"))
    }

    pub(crate) fn at() -> Timestamp {
        "2013-05-24T00:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_link_is_for_its_bucket_and_file_and_ends() {
        let download =
            Download { key: "demo/cnv_1/5/A", media_type: "image/png", name: "a b.png", valid: Duration::from_mins(5) };
        let link = bucket(None).link(download, at()).unwrap();
        for part in [
            "https://examplebucket.s3.us-east-1.amazonaws.com/demo/cnv_1/5/A?",
            "response-content-disposition=attachment%3B%20filename%3D%22a%20b.png%22",
            "response-content-type=image%2Fpng",
            "X-Amz-Expires=300",
            "X-Amz-Date=20130524T000000Z",
            "X-Amz-SignedHeaders=host",
            "X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request",
        ] {
            assert!(link.contains(part), "{part} is not in {link}");
        }
        let local = bucket(Some("http://127.0.0.1:4566/")).link(download, at()).unwrap();
        assert!(local.starts_with("http://127.0.0.1:4566/examplebucket/demo/cnv_1/5/A?"), "{local}");
    }

    #[test]
    fn a_put_says_what_its_body_will_be() {
        let sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let upload = Upload { key: "demo/a/5/A", size: 0, sha256, media_type: "image/jpeg" };
        let request = bucket(None).put(upload, at()).unwrap();
        let header = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("x-amz-content-sha256"), sha256);
        assert_eq!((header("content-length"), header("content-type")), ("0".to_owned(), "image/jpeg".to_owned()));
        assert!(header("authorization").contains("SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date"));
    }

    #[test]
    fn a_get_is_signed_for_an_empty_body() {
        let request = bucket(None).get("units/a b", at()).unwrap();
        assert_eq!(request.uri().path(), "/units/a%20b");
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(request.headers()["x-amz-content-sha256"], empty);
        let authorization = request.headers()["authorization"].to_str().unwrap();
        assert!(authorization.contains("SignedHeaders=host;x-amz-content-sha256;x-amz-date"), "{authorization}");
    }

    #[test]
    fn a_bucket_does_not_show_its_secret() {
        assert!(!format!("{:?}", bucket(None)).contains("wJalr"));
    }
}
