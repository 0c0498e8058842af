//! Ids of connections, messages and requests, in the form that API Gateway gives them.

use base64::{Engine as _, engine::general_purpose::URL_SAFE};

/// Eleven random bytes as fifteen characters and `=`. None comes twice, not even after a restart.
pub(super) fn unique() -> String {
    let random = fastrand::u128(..).to_be_bytes();
    URL_SAFE.encode(&random[..11])
}
