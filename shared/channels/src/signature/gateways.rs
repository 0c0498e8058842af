//! Proof of the gateways: WAHA's HMAC-SHA512, GOWA's HMAC-SHA256, and tokens that a gateway sends with every body.

use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::{Digest, Sha256, Sha512};

use super::{SignatureError, hex_digits, signed_by_any, usable};

/// The longest token that is looked at.
const LONGEST_TOKEN: usize = 4096;

/// The key with which GOWA signs until somebody configures one. Everybody knows it. Source: GOWA's docs/webhook-payload.md.
const GOWA_DEFAULT_KEY: &str = "secret";

/// Verifies `X-Webhook-Hmac`, the HMAC-SHA512 that WAHA makes over the raw bytes, with any of the accepted keys.
///
/// Source: waha.devlike.pro/docs/how-to/events, "HMAC authentication".
pub fn verify_waha(keys: &[impl AsRef<[u8]>], header: Option<&str>, body: &[u8]) -> Result<(), SignatureError> {
    usable(keys)?;
    let signature: [u8; 64] = hex_digits(header.ok_or(SignatureError::Missing)?).ok_or(SignatureError::Malformed)?;
    let signed = keys.iter().any(|key| {
        Hmac::<Sha512>::new_from_slice(key.as_ref())
            .is_ok_and(|hmac| hmac.chain_update(body).verify_slice(&signature).is_ok())
    });
    if signed { Ok(()) } else { Err(SignatureError::Mismatch) }
}

/// Verifies `X-Hub-Signature-256` as GOWA makes it: like Meta, over the raw bytes alone.
///
/// Errors: `NoSecret` also when a key is the one that GOWA has before somebody configures it.
pub fn verify_gowa(keys: &[impl AsRef<[u8]>], header: Option<&str>, body: &[u8]) -> Result<(), SignatureError> {
    usable(keys)?;
    if keys.iter().any(|key| key.as_ref() == GOWA_DEFAULT_KEY.as_bytes()) {
        return Err(SignatureError::NoSecret);
    }
    let digits = header.ok_or(SignatureError::Missing)?.strip_prefix("sha256=").ok_or(SignatureError::Malformed)?;
    let signature = hex_digits(digits).ok_or(SignatureError::Malformed)?;
    if signed_by_any(keys, body, &signature) { Ok(()) } else { Err(SignatureError::Mismatch) }
}

/// The SHA-256 of a token in lower-case hex: what a gateway's connection is found by. Nothing for an empty or overlong one.
pub fn token_sha256(token: &str) -> Option<String> {
    let token = token.trim();
    (1..=LONGEST_TOKEN).contains(&token.len()).then(|| hex::encode(Sha256::digest(token.as_bytes())))
}

/// The SHA-256 of the token that a gateway without a header of its own puts into its body: Evolution's `apikey`, baileys-api's
/// `webhookVerifyToken`. Nothing else of the body is looked at, and whoever knows the token has proven itself with it.
pub fn body_token_sha256(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Tokens<'a> {
        #[serde(borrow, default, rename = "webhookVerifyToken")]
        verify: Option<std::borrow::Cow<'a, str>>,
        #[serde(borrow, default, alias = "apiKey")]
        apikey: Option<std::borrow::Cow<'a, str>>,
    }
    let tokens: Tokens<'_> = serde_json::from_slice(body).ok()?;
    tokens.verify.or(tokens.apikey).as_deref().and_then(token_sha256)
}

#[cfg(test)]
mod tests {
    use super::super::SignatureError::{Malformed, Mismatch, Missing, NoSecret};
    use super::*;

    // The vector of WAHA's documentation.
    const BODY: &[u8] = br#"{"event":"message","session":"default","engine":"WEBJS"}"#;
    const KEY: &str = "my-secret-key";
    const HMAC: &str = "208f8a55dde9e05519e898b10b89bf0d0b3b0fdf11fdbf09b6b90476301b98d8097c462b2b17a6ce93b6b47a136cf2e78a33a63f6752c2c1631777076153fa89";

    #[test]
    fn waha_s_own_vector_is_accepted_and_all_else_refused() {
        for keys in [[KEY, "next"], ["next", KEY]] {
            assert_eq!(verify_waha(&keys, Some(HMAC), BODY), Ok(()));
        }
        let check = |keys: &[&str], header: Option<&str>, body: &[u8], expected: SignatureError| {
            assert_eq!(verify_waha(keys, header, body), Err(expected), "{keys:?} {header:?}");
        };
        check(&[KEY], None, BODY, Missing);
        check(&["other"], Some(HMAC), BODY, Mismatch);
        check(&[KEY], Some(HMAC), b"{}", Mismatch);
        check(&[KEY], Some(&HMAC[..64]), BODY, Malformed);
        check(&[KEY], Some(&HMAC.to_uppercase()), BODY, Malformed);
        check(&[KEY], Some(""), BODY, Malformed);
        check(&[], Some(HMAC), BODY, NoSecret);
        check(&[KEY, ""], Some(HMAC), BODY, NoSecret);
    }

    #[test]
    fn gowa_s_key_must_not_be_the_one_that_everybody_knows() {
        let sign = |key: &str| {
            let hmac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap().chain_update(BODY);
            format!("sha256={}", hex::encode(hmac.finalize().into_bytes()))
        };
        assert_eq!(verify_gowa(&["one", "two"], Some(&sign("two")), BODY), Ok(()));
        assert_eq!(verify_gowa(&["secret"], Some(&sign("secret")), BODY), Err(NoSecret));
        assert_eq!(verify_gowa(&["one"], Some(&sign("two")), BODY), Err(Mismatch));
        assert_eq!(verify_gowa(&["one"], Some(&sign("one")[7..]), BODY), Err(Malformed));
        assert_eq!(verify_gowa(&["one"], None, BODY), Err(Missing));
    }

    #[test]
    fn a_token_in_the_body_is_known_by_its_digest() {
        let digest = token_sha256("demo-gateway-token");
        assert!(digest.is_some());
        let check = |body: &str, expected: Option<String>| {
            assert_eq!(body_token_sha256(body.as_bytes()), expected, "{body}");
        };
        check(r#"{"webhookVerifyToken":"demo-gateway-token","event":"x"}"#, digest.clone());
        check(r#"{"event":"x","apikey":"demo-gateway-token","data":{"apikey":"other"}}"#, digest.clone());
        check(r#"{"apiKey":"demo-gateway-t\u006fken"}"#, digest);
        for body in
            ["", "{", "[]", r#"{"apikey":""}"#, r#"{"apikey":5}"#, r#"{"data":{"apikey":"demo-gateway-token"}}"#]
        {
            check(body, None);
        }
        assert_eq!(token_sha256(&"x".repeat(5000)), None);
    }
}
