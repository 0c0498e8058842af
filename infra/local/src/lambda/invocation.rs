//! What a function is asked: its payload, and what Lambda tells it beside.

use axum::body::Bytes;

/// One request to a function. A repetition of an asynchronous one keeps its id.
#[derive(Debug, Clone)]
pub(crate) struct Invocation {
    /// A random UUID.
    pub(crate) request_id: String,
    pub(crate) payload: Bytes,
    /// JSON of the caller's, of a synchronous `Invoke` alone.
    pub(crate) client_context: Option<String>,
    /// `Root=1-…;Sampled=0`.
    pub(crate) trace_id: String,
}

impl Invocation {
    /// A new request without a client context.
    pub(crate) fn of(payload: Bytes) -> Self {
        let trace_id =
            format!("Root=1-{:08x}-{:024x};Sampled=0", crate::clock::now().as_second(), fastrand::u128(..) >> 32);
        Self { request_id: request_id(), payload, client_context: None, trace_id }
    }
}

fn request_id() -> String {
    let bits = (fastrand::u128(..) & !(0xf_u128 << 76) & !(0b11_u128 << 62)) | (0x4_u128 << 76) | (0b10_u128 << 62);
    let digits = format!("{bits:032x}");
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}
