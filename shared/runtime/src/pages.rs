//! The rest of a list whose dialect has no cursor: told by headers, which change no body that a client knows.
//!
//! `X-Has-More` says whether the list goes on, `Link` (RFC 8288) where: the same request with another `before` or `after`. A body that is
//! an object says `hasMore` as well where bytes, and not the limit that was asked for, ended the part.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::LINK;
use http::{HeaderName, HeaderValue, Uri};
use serde_json::Value;

const HAS_MORE: HeaderName = HeaderName::from_static("x-has-more");

/// A part of a list as it is answered.
#[derive(Debug)]
pub struct Listed {
    /// The body.
    pub body: Value,
    /// Where the list goes on, if it does.
    pub next: Option<Next>,
}

/// Where a list goes on.
#[derive(Debug)]
pub struct Next {
    /// The request, as `after` makes it.
    pub link: String,
    /// Why the part ended.
    pub end: End,
}

/// Why a part of a list ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It has as many things as were asked for.
    Count,
    /// More would be too many bytes.
    Bytes,
}

/// A request again, with one parameter set and others left out.
pub fn again(uri: &Uri, parameter: &str, value: &str, without: &[&str]) -> String {
    let query = uri.query().unwrap_or_default();
    let kept = form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| name != parameter && !without.contains(&name.as_ref()));
    let query =
        form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).append_pair(parameter, value).finish();
    format!("{}?{query}", uri.path())
}

impl IntoResponse for Listed {
    fn into_response(mut self) -> Response {
        if self.next.as_ref().is_some_and(|next| next.end == End::Bytes)
            && let Some(members) = self.body.as_object_mut()
        {
            members.insert("hasMore".to_owned(), true.into());
        }
        let mut response = Json(self.body).into_response();
        let headers = response.headers_mut();
        headers.insert(HAS_MORE, HeaderValue::from_static(if self.next.is_some() { "true" } else { "false" }));
        let link = self.next.and_then(|next| HeaderValue::from_str(&format!("<{}>; rel=\"next\"", next.link)).ok());
        if let Some(link) = link {
            headers.insert(LINK, link);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_goes_on_by_the_same_request_from_another_place() {
        let uri: Uri = "/api/tickets?page=3&limit=10&before=9&x=a%26b".parse().unwrap();
        assert_eq!(again(&uri, "before", "7#8", &["page"]), "/api/tickets?limit=10&x=a%26b&before=7%238");
    }

    #[test]
    fn what_ended_a_part_is_told() {
        let next = |end| Some(Next { link: "/a?before=1".to_owned(), end });
        let listed = Listed { body: json!([]), next: next(End::Count) }.into_response();
        assert_eq!(listed.headers()[HAS_MORE], "true");
        assert_eq!(listed.headers()[LINK], "</a?before=1>; rel=\"next\"");
        let whole = Listed { body: json!([]), next: None }.into_response();
        assert!(whole.headers()[HAS_MORE] == "false" && !whole.headers().contains_key(LINK));
    }
}
