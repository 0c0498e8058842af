//! Proof that a webhook body comes from who it says: Meta's HMAC, gateways' bearer tokens, verify tokens.
//!
//! Works on the bytes as they came, before anything is parsed, and compares in constant time. Never on JSON written again:
//! another serialiser escapes otherwise. Source: docs/providers.md §1.2.

mod gateways;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

pub use gateways::{body_token_sha256, token_sha256, verify_gowa, verify_waha};

/// Why a signature is not accepted. All of them are answered alike; the difference is for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// No secret is configured, or an empty one: nothing can be accepted.
    #[error("no usable secret is configured")]
    NoSecret,
    /// There is no header. A missing signature is a failure, never "nothing to check".
    #[error("the signature header is missing")]
    Missing,
    /// The header is not the lower-case hexadecimal digits that it should be.
    #[error("the signature header is malformed")]
    Malformed,
    /// No accepted secret gives this signature.
    #[error("the signature does not match")]
    Mismatch,
}

/// Which text the accepted signature was made over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedOver {
    /// The bytes of the body.
    Body,
    /// The body with every character above `~` written as `\uXXXX`, which Meta documents. Bodies usually come escaped
    /// already, so this should not be seen; count it.
    EscapedUnicode,
}

/// Verifies `X-Hub-Signature-256` with any of the accepted app secrets (two during a rotation).
///
/// Errors: `NoSecret` also when only one of several secrets is empty: a configuration with a hole accepts nothing.
pub fn verify_cloud_api(
    secrets: &[impl AsRef<[u8]>],
    header: Option<&str>,
    body: &[u8],
) -> Result<SignedOver, SignatureError> {
    usable(secrets)?;
    let signature = decode(header.ok_or(SignatureError::Missing)?).ok_or(SignatureError::Malformed)?;
    if signed_by_any(secrets, body, &signature) {
        return Ok(SignedOver::Body);
    }
    let escaped = (!body.is_ascii()).then(|| std::str::from_utf8(body).ok().map(escape_unicode)).flatten();
    match escaped {
        Some(escaped) if signed_by_any(secrets, escaped.as_bytes(), &signature) => Ok(SignedOver::EscapedUnicode),
        _ => Err(SignatureError::Mismatch),
    }
}

/// The SHA-256 of a bearer token in lower-case hex: what a gateway's connection is found by. Nothing without such a header.
pub fn bearer_sha256(header: Option<&str>) -> Option<String> {
    let (scheme, token) = header?.trim().split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") { token_sha256(token) } else { None }
}

/// Whether a verify token is one of the accepted ones. Takes the same time whichever it is and however much of it agrees.
pub fn is_accepted_token(accepted: &[impl AsRef<[u8]>], given: &[u8]) -> bool {
    let given = Sha256::digest(given);
    let matches = |token: &[u8]| Sha256::digest(token).ct_eq(&given) & Choice::from(u8::from(!token.is_empty()));
    accepted.iter().fold(Choice::from(0), |any, token| any | matches(token.as_ref())).into()
}

/// A configuration with a hole accepts nothing.
fn usable(secrets: &[impl AsRef<[u8]>]) -> Result<(), SignatureError> {
    let has_hole = secrets.is_empty() || secrets.iter().any(|secret| secret.as_ref().is_empty());
    if has_hole { Err(SignatureError::NoSecret) } else { Ok(()) }
}

fn decode(header: &str) -> Option<[u8; 32]> {
    hex_digits(header.strip_prefix("sha256=")?)
}

/// Exactly as many lower-case hexadecimal digits as `N` bytes have.
fn hex_digits<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let strict = digits.len() == 2 * N && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let mut bytes = [0; N];
    (strict && hex::decode_to_slice(digits, &mut bytes).is_ok()).then_some(bytes)
}

fn signed_by_any(secrets: &[impl AsRef<[u8]>], text: &[u8], signature: &[u8; 32]) -> bool {
    secrets.iter().any(|secret| {
        Hmac::<Sha256>::new_from_slice(secret.as_ref())
            .is_ok_and(|hmac| hmac.chain_update(text).verify_slice(signature).is_ok())
    })
}

/// Writes each UTF-16 unit above `~` as `\uXXXX` with lower-case digits.
fn escape_unicode(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut escaped = String::with_capacity(text.len() * 2);
    let mut units = [0; 2];
    for character in text.chars() {
        if character <= '~' {
            escaped.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut units) {
            escaped.push_str("\\u");
            for shift in [12, 8, 4, 0] {
                escaped.push(char::from(HEX[usize::from((*unit >> shift) & 0xF)]));
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // Vectors of courier's TestSigning, docs/providers.md §1.2.
    const HELLO_WORLD: &str = "sha256=f39034b29165ec6a5104d9aef27266484ab26c8caa7bca8bcb2dd02e8be61b17";
    const HELLO_WORLD2: &str = "sha256=60905fdf409d0b4f721e99f6f25b31567a68a6b45e933d814e17a246be4c5a53";

    fn sign(secret: &str, text: &[u8]) -> String {
        let hmac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(text);
        format!("sha256={}", hex::encode(hmac.finalize().into_bytes()))
    }

    #[test]
    fn known_signatures_are_accepted() {
        assert_eq!(verify_cloud_api(&["sesame"], Some(HELLO_WORLD), b"hello world"), Ok(SignedOver::Body));
        assert_eq!(verify_cloud_api(&["sesame"], Some(HELLO_WORLD2), b"hello world2"), Ok(SignedOver::Body));
    }

    #[test]
    fn either_secret_of_a_rotation_is_accepted() {
        for secrets in [["sesame", "next"], ["next", "sesame"]] {
            assert_eq!(verify_cloud_api(&secrets, Some(HELLO_WORLD), b"hello world"), Ok(SignedOver::Body));
        }
    }

    #[test]
    fn everything_else_is_refused() {
        use SignatureError::{Malformed, Mismatch, Missing, NoSecret};
        let check = |secrets: &[&str], header: Option<&str>, body: &[u8], expected: SignatureError| {
            assert_eq!(verify_cloud_api(secrets, header, body), Err(expected), "{secrets:?} {header:?}");
        };
        check(&["sesame"], None, b"hello world", Missing);
        check(&["sesame"], Some(HELLO_WORLD2), b"hello world", Mismatch);
        check(&["other"], Some(HELLO_WORLD), b"hello world", Mismatch);
        check(&["sesame"], Some(HELLO_WORLD), b"hello world ", Mismatch);
        check(&["sesame"], Some(HELLO_WORLD), "hellö".as_bytes(), Mismatch);
        check(&["sesame"], Some(HELLO_WORLD), b"\xff", Mismatch);
        check(&["sesame"], Some(""), b"hello world", Malformed);
        check(&["sesame"], Some(&HELLO_WORLD.to_uppercase()), b"hello world", Malformed);
        check(&["sesame"], Some(&HELLO_WORLD.replace('f', "F")), b"hello world", Malformed);
        check(&["sesame"], Some(&HELLO_WORLD["sha256=".len()..]), b"hello world", Malformed);
        check(&["sesame"], Some(&format!("{HELLO_WORLD}0")), b"hello world", Malformed);
        check(&["sesame"], Some(&format!(" {HELLO_WORLD}")), b"hello world", Malformed);
        check(&["sesame"], Some(&format!("sha256={}", "é".repeat(32))), b"hello world", Malformed);
        check(&[], Some(HELLO_WORLD), b"hello world", NoSecret);
        check(&[""], Some(&sign("", b"hello world")), b"hello world", NoSecret);
        check(&["sesame", ""], Some(HELLO_WORLD), b"hello world", NoSecret);
    }

    #[test]
    fn a_signature_over_escaped_unicode_is_accepted_and_told_apart() {
        let body = "{\"body\":\"äöå 😀\u{7f}\"}";
        let header = sign("sesame", br#"{"body":"\u00e4\u00f6\u00e5 \ud83d\ude00\u007f"}"#);
        assert_eq!(verify_cloud_api(&["sesame"], Some(&header), body.as_bytes()), Ok(SignedOver::EscapedUnicode));
        let raw = sign("sesame", body.as_bytes());
        assert_eq!(verify_cloud_api(&["sesame"], Some(&raw), body.as_bytes()), Ok(SignedOver::Body));
    }

    #[test]
    fn a_bearer_token_is_known_by_its_digest() {
        let digest = hex::encode(Sha256::digest(b"demo-gateway-token"));
        for header in ["Bearer demo-gateway-token", "bearer  demo-gateway-token ", "BEARER demo-gateway-token"] {
            assert_eq!(bearer_sha256(Some(header)).as_deref(), Some(digest.as_str()), "{header}");
        }
        for header in [None, Some(""), Some("Bearer"), Some("Bearer  "), Some("Basic abc"), Some("demo-gateway-token")]
        {
            assert_eq!(bearer_sha256(header), None, "{header:?}");
        }
    }

    #[test]
    fn only_an_accepted_token_is_accepted() {
        let check = |accepted: &[&str], given: &str, expected: bool| {
            assert_eq!(is_accepted_token(accepted, given.as_bytes()), expected, "{accepted:?} {given}");
        };
        check(&["one", "two"], "one", true);
        check(&["one", "two"], "two", true);
        check(&["one", "two"], "three", false);
        check(&["one"], "on", false);
        check(&[""], "", false);
        check(&[], "", false);
    }

    proptest! {
        #[test]
        fn a_changed_body_is_never_accepted(body in proptest::collection::vec(any::<u8>(), 1..100), at in any::<usize>()) {
            let header = sign("sesame", &body);
            prop_assert_eq!(verify_cloud_api(&["sesame"], Some(&header), &body), Ok(SignedOver::Body));
            let mut changed = body.clone();
            let at = at % body.len();
            changed[at] ^= 1;
            prop_assert_eq!(verify_cloud_api(&["sesame"], Some(&header), &changed), Err(SignatureError::Mismatch));
        }
    }
}
