//! Files that somebody else puts: a link to put one, and keeping it where nobody else puts anything.

use std::time::Duration;

use aws_sigv4::http_request::{PayloadChecksumKind, SignableBody};
use http::{Method, Request};
use jiff::Timestamp;

use crate::{Bucket, Unsignable, escaped, settings};

/// A file that somebody else is let put.
#[derive(Debug, Clone, Copy)]
pub struct Invitation<'a> {
    /// Where.
    pub key: &'a str,
    /// Its length in bytes: the store takes no other.
    pub size: u64,
    /// Headers that the request must have, by their lower-case names, with these values and no others.
    pub headers: &'a [(&'a str, &'a str)],
    /// How long the link is good for. Credentials that end earlier end it.
    pub valid: Duration,
}

/// A file to copy within the store.
#[derive(Debug, Clone, Copy)]
pub struct Copy<'a> {
    /// The bucket where it is.
    pub from: &'a Bucket,
    /// Where it is there.
    pub source: &'a str,
    /// Its entity tag: any other bytes are not copied.
    pub entity_tag: &'a str,
    /// Where it is to be.
    pub key: &'a str,
    /// What it is taken for there.
    pub media_type: &'a str,
}

impl Bucket {
    /// A link by which whoever has it puts this file, and nothing else, until it ends.
    pub fn invite(&self, invitation: Invitation<'_>, now: Timestamp) -> Result<String, Unsignable> {
        let url = self.url(invitation.key);
        let size = invitation.size.to_string();
        let headers: Vec<_> = invitation.headers.iter().copied().chain([("content-length", size.as_str())]).collect();
        self.linked(&Method::PUT, format!("{url}?"), &headers, invitation.valid, now)
    }

    /// The request that copies a file into this bucket. The answer tells its SHA-256, if it tells success: a copy that fails late is
    /// answered with 200 and an error. Source: `CopyObject` of the Amazon S3 API Reference.
    pub fn copy(&self, copy: Copy<'_>, now: Timestamp) -> Result<Request<()>, Unsignable> {
        let source = format!("/{}/{}", copy.from.name, escaped(copy.source));
        let headers = [
            ("content-type", copy.media_type),
            ("x-amz-checksum-algorithm", "SHA256"),
            ("x-amz-copy-source", &source),
            ("x-amz-copy-source-if-match", copy.entity_tag),
            ("x-amz-metadata-directive", "REPLACE"),
        ];
        let mut request = Request::put(self.url(copy.key));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(()).map_err(Unsignable::new)?;
        let mut settings = settings();
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        self.signed(request, &headers, SignableBody::Bytes(b""), settings, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{at, bucket};

    #[test]
    fn an_invitation_is_for_one_file_of_one_length_and_type() {
        let headers = [("content-type", "image/png"), ("x-amz-meta-name", "a%20b.png")];
        let invitation = Invitation { key: "demo/upl_1", size: 5, headers: &headers, valid: Duration::from_mins(15) };
        let link = bucket(None).invite(invitation, at()).unwrap();
        for part in [
            "https://examplebucket.s3.us-east-1.amazonaws.com/demo/upl_1?X-Amz-",
            "X-Amz-Expires=900",
            "X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost%3Bx-amz-meta-name",
        ] {
            assert!(link.contains(part), "{part} is not in {link}");
        }
        let signature = |link: &str| link.split("X-Amz-Signature=").nth(1).unwrap().to_owned();
        let longer = bucket(None).invite(Invitation { size: 6, ..invitation }, at()).unwrap();
        assert_ne!(signature(&link), signature(&longer));
    }

    #[test]
    fn a_copy_names_the_bytes_that_it_is_of() {
        let copy = Copy {
            from: &bucket(None),
            source: "demo/upl_1",
            entity_tag: "\"e\"",
            key: "demo/uploads/upl_1/A",
            media_type: "image/png",
        };
        let request = bucket(None).copy(copy, at()).unwrap();
        let header = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("x-amz-copy-source"), "/examplebucket/demo/upl_1");
        assert_eq!(header("x-amz-copy-source-if-match"), "\"e\"");
        let signed = "content-type;host;x-amz-checksum-algorithm;x-amz-content-sha256;x-amz-copy-source;\
                      x-amz-copy-source-if-match;x-amz-date;x-amz-metadata-directive";
        assert!(header("authorization").contains(signed), "{}", header("authorization"));
        assert_eq!(bucket(None).head("demo/upl_1", at()).unwrap().method(), Method::HEAD);
    }
}
