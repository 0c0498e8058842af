//! Which pages may read a bucket's answers: its `CorsConfiguration`. Source: "Using cross-origin resource sharing" of the Amazon
//! S3 User Guide.

use axum::body::Body;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

use crate::aws::pattern::matches;
use crate::template::CorsRule;

/// Adds to an answer what lets a page of an origin read it, where a rule does.
pub(super) fn allow(rules: &[CorsRule], origin: Option<&str>, method: &Method, headers: &mut HeaderMap) {
    let Some((origin, rule)) = origin.and_then(|origin| Some((origin, find(rules, origin, method.as_str())?))) else {
        return;
    };
    insert(headers, header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    insert(headers, header::VARY, "Origin");
    if !rule.exposed.is_empty() {
        insert(headers, header::ACCESS_CONTROL_EXPOSE_HEADERS, &rule.exposed.join(", "));
    }
}

/// The answer to a browser's question ahead of a request.
pub(super) fn preflight(rules: &[CorsRule], origin: Option<&str>, asked: &HeaderMap) -> Response<Body> {
    let method = asked.get(header::ACCESS_CONTROL_REQUEST_METHOD).and_then(|value| value.to_str().ok());
    let rule = origin.zip(method).and_then(|(origin, method)| Some((origin, method, find(rules, origin, method)?)));
    let names = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS).and_then(|value| value.to_str().ok());
    let names = names.unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty());
    let rule = rule.filter(|(_, _, rule)| names.clone().all(|name| allows_header(rule, name)));
    let mut response = Response::new(Body::empty());
    let Some((origin, method, rule)) = rule else {
        *response.status_mut() = StatusCode::FORBIDDEN;
        return response;
    };
    insert(response.headers_mut(), header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    insert(response.headers_mut(), header::ACCESS_CONTROL_ALLOW_METHODS, method);
    if !rule.headers.is_empty() {
        insert(response.headers_mut(), header::ACCESS_CONTROL_ALLOW_HEADERS, &rule.headers.join(", "));
    }
    response
}

fn allows_header(rule: &CorsRule, name: &str) -> bool {
    rule.headers.iter().any(|allowed| matches(&allowed.to_ascii_lowercase(), &name.to_ascii_lowercase()))
}

fn find<'a>(rules: &'a [CorsRule], origin: &str, method: &str) -> Option<&'a CorsRule> {
    let allows = |rule: &&CorsRule| {
        rule.origins.iter().any(|allowed| matches(allowed, origin))
            && rule.methods.iter().any(|allowed| allowed == method)
    };
    rules.iter().find(allows)
}

fn insert(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
