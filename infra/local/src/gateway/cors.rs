//! Cross-origin requests: what API Gateway answers and adds once CORS is configured. A function's own CORS headers give
//! way to it.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html>.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::template::Cors;

/// The rules of the template.
pub(super) struct CorsRules(Cors);

impl CorsRules {
    pub(super) fn new(cors: Cors) -> Self {
        Self(cors)
    }

    /// The answer to a preflight request, which reaches no route.
    pub(super) fn preflight(&self, method: &Method, request: &HeaderMap) -> Option<Response> {
        let is_preflight = method == Method::OPTIONS
            && request.contains_key(header::ORIGIN)
            && request.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if !is_preflight {
            return None;
        }
        let mut headers = HeaderMap::new();
        if self.mark(request, &mut headers) {
            list(&mut headers, header::ACCESS_CONTROL_ALLOW_METHODS, &self.0.allow_methods);
            list(&mut headers, header::ACCESS_CONTROL_ALLOW_HEADERS, &self.0.allow_headers);
            if let Some(secs) = self.0.max_age_secs {
                headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from(secs));
            }
        }
        Some((StatusCode::NO_CONTENT, headers).into_response())
    }

    /// Adds the headers for an allowed origin; true when it is one.
    pub(super) fn mark(&self, request: &HeaderMap, response: &mut HeaderMap) -> bool {
        let own = |name: &HeaderName| name.as_str().starts_with("access-control-");
        for name in response.keys().filter(|name| own(name)).cloned().collect::<Vec<_>>() {
            response.remove(name);
        }
        let Some(origin) = request.get(header::ORIGIN) else { return false };
        let Some(pattern) = origin.to_str().ok().and_then(|origin| self.allowing(origin)) else { return false };
        let named = if pattern == "*" { HeaderValue::from_static("*") } else { origin.clone() };
        response.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, named);
        if pattern != "*" {
            response.append(header::VARY, HeaderValue::from_static("origin"));
        }
        if self.0.allow_credentials {
            response.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        list(response, header::ACCESS_CONTROL_EXPOSE_HEADERS, &self.0.expose_headers);
        true
    }

    fn allowing(&self, origin: &str) -> Option<&str> {
        let fits = |pattern: &&String| match pattern.split_once('*') {
            None => pattern.eq_ignore_ascii_case(origin),
            Some((start, end)) => {
                origin.len() >= start.len() + end.len() && origin.starts_with(start) && origin.ends_with(end)
            }
        };
        self.0.allow_origins.iter().find(fits).map(String::as_str)
    }
}

fn list(headers: &mut HeaderMap, name: HeaderName, values: &[String]) {
    if let Some(value) = Some(values.join(",")).filter(|value| !value.is_empty())
        && let Ok(value) = HeaderValue::from_str(&value)
    {
        headers.insert(name, value);
    }
}
