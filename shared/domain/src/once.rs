//! Requests that are carried out once however often they are sent: the caller's key, and what tells two requests apart.

use std::fmt;

use sha2::{Digest, Sha256};

/// The longest key, in characters.
const LONGEST_KEY: usize = 255;

/// What a caller names a request by (`Idempotency-Key`). Unique for its agent, for a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnceKey(String);

/// Why a text is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Idempotency-Key must have 1 to {LONGEST_KEY} visible ASCII characters")]
pub struct InvalidKey;

impl OnceKey {
    /// Takes a key as it came. Errors: `InvalidKey`.
    pub fn new(text: &str) -> Result<Self, InvalidKey> {
        let is_key = (1..=LONGEST_KEY).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if is_key { Ok(Self(text.to_owned())) } else { Err(InvalidKey) }
    }
}

impl fmt::Display for OnceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A request in 64 characters: the same for the same method, path and body, another for any other.
pub fn fingerprint(method: &str, path: &str, body: &[u8]) -> String {
    let mut digest = Sha256::new();
    for part in [method.as_bytes(), path.as_bytes(), body] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    hex::encode(digest.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_visible_ascii_of_bounded_length() {
        assert!(OnceKey::new("9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d").is_ok());
        for bad in ["", "a b", "ação", "a\n", &"x".repeat(256)] {
            assert_eq!(OnceKey::new(bad), Err(InvalidKey), "{bad}");
        }
    }

    #[test]
    fn no_two_requests_share_a_fingerprint() {
        assert_eq!(fingerprint("POST", "/a", b"{}"), fingerprint("POST", "/a", b"{}"));
        assert_ne!(fingerprint("POST", "/a", b"{}"), fingerprint("POST", "/a{", b"}"));
        assert_eq!(fingerprint("POST", "/a", b"{}").len(), 64);
    }
}
