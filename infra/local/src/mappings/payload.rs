//! How much of a batch an invocation takes: a batch also ends at the payload's limit.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html#invocation-eventsourcemapping-batching>.

/// Splits a batch, in order, into parts of at most `limit` bytes. What is larger by itself is a part of its own.
pub(super) fn split<R>(batch: Vec<R>, limit: usize, bytes: impl Fn(&R) -> usize) -> Vec<Vec<R>> {
    let mut parts: Vec<Vec<R>> = Vec::new();
    let mut left = 0;
    for record in batch {
        let bytes = bytes(&record);
        match parts.last_mut() {
            Some(part) if bytes <= left => part.push(record),
            _ => {
                parts.push(vec![record]);
                left = limit;
            }
        }
        left = left.saturating_sub(bytes);
    }
    parts
}
