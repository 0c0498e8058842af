//! What a stranger says to prove itself: nothing but the right key may be accepted.

#![no_main]

use channels::signature::{
    bearer_sha256, body_token_sha256, is_accepted_token, verify_cloud_api, verify_gowa, verify_waha,
};
use libfuzzer_sys::fuzz_target;

const KEYS: [&str; 2] = ["a key that nobody guesses", "and the one before it"];

fuzz_target!(|given: (Option<&str>, &[u8])| {
    let (header, body) = given;
    assert!(verify_cloud_api(&KEYS, header, body).is_err());
    assert!(verify_gowa(&KEYS, header, body).is_err());
    assert!(verify_waha(&KEYS, header, body).is_err());
    assert!(!is_accepted_token(&KEYS, body));
    let _ = (bearer_sha256(header), body_token_sha256(body));
});
