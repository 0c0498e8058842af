//! A file as Base64 within a JSON body, encoded while it is read: as a text it would be larger than the function's memory.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{Stream, StreamExt as _, stream};
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE};
use reqwest::{Body, RequestBuilder};
use serde_json::Value;

/// The request with a JSON body in which the file takes the place of the empty text at `pointer`.
pub(super) fn body<B, E>(
    request: RequestBuilder,
    body: &Value,
    pointer: &str,
    bytes: impl Stream<Item = Result<B, E>> + Send + 'static,
    size: u64,
) -> RequestBuilder
where
    B: AsRef<[u8]> + Send + 'static,
    E: Into<Box<dyn std::error::Error + Send + Sync>> + Send + 'static,
{
    let (before, after) = around(body, pointer);
    let length = before.len() as u64 + size.div_ceil(3) * 4 + after.len() as u64;
    let text =
        stream::iter([Ok(before.into_bytes())]).chain(encoded(bytes)).chain(stream::iter([Ok(after.into_bytes())]));
    request.header(CONTENT_TYPE, "application/json").header(CONTENT_LENGTH, length).body(Body::wrap_stream(text))
}

/// The JSON of a body up to the place of the file, and from there on.
fn around(body: &Value, pointer: &str) -> (String, String) {
    let mut body = body.clone();
    // Nobody has written this text, since nobody can guess it.
    let mark = format!("{:032x}{:032x}", fastrand::u128(..), fastrand::u128(..));
    if let Some(place) = body.pointer_mut(pointer) {
        *place = mark.as_str().into();
    }
    let text = body.to_string();
    match text.split_once(&mark) {
        Some((before, after)) => (before.to_owned(), after.to_owned()),
        None => (text, String::new()),
    }
}

/// Base64 of pieces of any length, three bytes at a time.
fn encoded<B: AsRef<[u8]> + Send, E: Send>(
    bytes: impl Stream<Item = Result<B, E>> + Send + 'static,
) -> impl Stream<Item = Result<Vec<u8>, E>> + Send {
    let pieces = bytes.map(Some).chain(stream::iter([None]));
    pieces.scan(Vec::new(), |rest: &mut Vec<u8>, piece| {
        let text = match piece {
            Some(Ok(piece)) => {
                rest.extend_from_slice(piece.as_ref());
                let whole = rest.len() / 3 * 3;
                Ok(STANDARD.encode(rest.drain(..whole).collect::<Vec<u8>>()).into_bytes())
            }
            Some(Err(error)) => Err(error),
            None => Ok(STANDARD.encode(std::mem::take(rest)).into_bytes()),
        };
        std::future::ready(Some(text))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn a_file_is_encoded_as_one_however_it_comes() {
        let file: Vec<u8> = (0..1000u32).flat_map(u32::to_le_bytes).collect();
        for (length, piece) in [(0, 1), (1, 1), (2, 1), (3, 2), (4000, 7), (3999, 1), (3998, 10_000)] {
            let pieces: Vec<Result<Vec<u8>, std::io::Error>> =
                file[..length].chunks(piece).map(|piece| Ok(piece.to_vec())).collect();
            let text: Vec<Vec<u8>> = encoded(stream::iter(pieces)).map(Result::unwrap).collect().await;
            assert_eq!(text.concat(), STANDARD.encode(&file[..length]).into_bytes(), "{length} {piece}");
            assert_eq!(text.concat().len(), length.div_ceil(3) * 4);
        }
    }

    #[test]
    fn the_file_takes_its_place_and_no_other_text_does() {
        let body = json!({ "caption": "", "file": { "data": "", "mimetype": "x/y" }, "text": "data" });
        let (before, after) = around(&body, "/file/data");
        let whole: Value = serde_json::from_str(&format!("{before}QUJD{after}")).unwrap();
        assert_eq!(whole, json!({ "caption": "", "file": { "data": "QUJD", "mimetype": "x/y" }, "text": "data" }));
    }
}
