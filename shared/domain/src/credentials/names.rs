//! What the fields of credentials are called.

/// A name that holds one of these is a credential's, however its words are put together.
const PARTS: [&str; 25] = [
    "token",
    "secret",
    "passw",
    "pwd",
    "passphrase",
    "senha",
    "apikey",
    "authorization",
    "bearer",
    "credential",
    "privatekey",
    "signature",
    "hmac",
    "cookie",
    "jwt",
    "accesskey",
    "sessionkey",
    "signingkey",
    "encryptionkey",
    "masterkey",
    "authkey",
    "servicekey",
    "webhookverify",
    "xhubsign",
    "pairingcode",
];
/// A name that is one of these.
const WHOLE: [&str; 9] = ["hash", "sig", "auth", "pass", "oh", "otp", "pin", "sid", "key"];
/// A name that ends in one of these.
const ENDS: [&str; 3] = ["hash", "auth", "sig"];

/// The longest name that is looked at.
const LONGEST: usize = 120;

/// How many bytes of what a text begins with may be a name.
pub(super) fn word_len(text: &str) -> usize {
    text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')).count()
}

/// A name without what its spellings differ by.
fn folded(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether a field of this name holds a credential. Of a plain `key` only what looks like one is, see `is_of_a_key`.
pub fn is_of_a_credential(name: &str) -> bool {
    let name = folded(&name[name.len().saturating_sub(LONGEST)..]);
    PARTS.iter().any(|part| name.contains(part))
        || WHOLE.iter().any(|whole| name == *whole && *whole != "key")
        || ENDS.iter().any(|end| name.ends_with(end))
}

/// Whether a long random text under this name is a credential.
pub(super) fn is_of_a_key(name: &str) -> bool {
    let name = folded(&name[name.len().saturating_sub(LONGEST)..]);
    name.contains("key") || name.ends_with("code") || name.ends_with("nonce")
}

/// Whether a text is long, and of letters and digits as nobody speaks.
pub(super) fn looks_random(text: &str) -> bool {
    const LEAST: usize = 16;
    text.len() >= LEAST
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=_-.~:".contains(&b))
        && text.bytes().any(|b| b.is_ascii_digit())
        && text.bytes().any(|b| b.is_ascii_alphabetic())
}
