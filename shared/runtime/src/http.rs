//! The loop over HTTP requests: one axum router a function.

use std::convert::Infallible;

use axum::Router;
use axum::response::Response;
use http::{HeaderName, Uri};
use lambda_http::request::RequestContext;
use lambda_http::{Error, Request, RequestExt, service_fn};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use storage::{Consumed, Storage};
use tower::ServiceExt;

use crate::{dialects, invocation};

/// The dialect of the answer, where the caller wants another than the route's own; `/v3` has one shape.
const DIALECT: HeaderName = HeaderName::from_static("x-api-dialect");

/// Serves a router until the environment ends the process. Each request logs one line with its status and the units it consumed; one
/// that succeeded without the table logs it for who debugs: a webhook has a line in the API's access log already.
pub async fn run(router: Router, storage: Storage) -> Result<(), Error> {
    let storage = &storage;
    lambda_http::run(service_fn(move |request: Request| {
        let request = routed(request);
        let router = router.clone();
        let id = request.lambda_context_ref().map(|context| context.request_id.clone()).unwrap_or_default();
        invocation::within(id, async move {
            let method = request.method().clone();
            let response = answer(router, request).await?;
            let consumed = storage.units().take();
            let (status, read_units, write_units) = (response.status().as_u16(), consumed.read, consumed.write);
            if response.status().is_success() && consumed == Consumed::default() {
                tracing::debug!(%method, status, "request answered");
            } else {
                tracing::info!(%method, status, read_units, write_units, "request answered");
            }
            Ok::<_, Error>(response)
        })
    }))
    .await
}

/// A router's answer to a request, in the dialect of its route or in the one that it asks for.
pub async fn answer(router: Router, request: Request) -> Result<Response, Infallible> {
    let path = request.uri().path().to_owned();
    let asked = request.headers().get(DIALECT).map(|value| value.to_str().unwrap_or("?"));
    match dialects::chosen(&path, asked.filter(|_| !path.starts_with("/v3/"))) {
        Ok(dialect) => invocation::answering(dialect, router.oneshot(request)).await,
        Err(problem) => {
            let dialect = dialects::of_route(&path);
            Ok(invocation::answering(dialect, async { dialects::render(&path, problem) }).await)
        }
    }
}

/// The request with the path that its route and path parameters make.
///
/// API Gateway gives the path decoded, and a decoded `#` or `?` in it would end it (`/api/tickets/%231`). What the gateway
/// matched is certain: the route's template and the parameters.
fn routed(mut request: Request) -> Request {
    let Some(RequestContext::ApiGatewayV2(context)) = request.request_context_ref() else { return request };
    let Some((_, template)) = context.route_key.as_deref().and_then(|key| key.split_once(' ')) else { return request };
    if !template.contains('{') {
        return request;
    }
    let parameters = request.path_parameters();
    let path = fill(template, |name| parameters.first(name).map(str::to_owned));
    let is_cut = request.raw_http_path().contains(['?', '#']);
    let query = if is_cut {
        Some(request.query_string_parameters().to_query_string())
    } else {
        request.uri().query().map(str::to_owned)
    };
    let uri = match query.filter(|query| !query.is_empty()) {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    if let Ok(uri) = uri.parse::<Uri>() {
        *request.uri_mut() = uri;
    }
    request
}

/// A route's template with its parameters, each encoded as one segment.
fn fill(template: &str, parameter: impl Fn(&str) -> Option<String>) -> String {
    let segment = |segment: &str| match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        Some(name) => {
            let value = parameter(name.trim_end_matches('+')).unwrap_or_default();
            utf8_percent_encode(&value, NON_ALPHANUMERIC).to_string()
        }
        None => segment.to_owned(),
    };
    template.split('/').map(segment).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_one_segment_whatever_it_holds() {
        let check = |value: &str, expected: &str| {
            assert_eq!(fill("/api/tickets/{id}/claim", |name| (name == "id").then(|| value.to_owned())), expected);
        };
        check("297", "/api/tickets/297/claim");
        check("#297", "/api/tickets/%23297/claim");
        check("a/b?c", "/api/tickets/a%2Fb%3Fc/claim");
        check("ação", "/api/tickets/a%C3%A7%C3%A3o/claim");
    }
}
