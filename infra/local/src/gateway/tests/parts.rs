//! Routes, responses, CORS and throttles, each on a table of cases.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use axum::http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::{
    gateway::{cors::CorsRules, response::from_function, routes::Routes, throttle::Throttles},
    template::{Cors, Function, Route, Throttle},
};

fn routes(keys: &[(&str, &str)]) -> Routes {
    let template = super::Template::parse(super::TEMPLATE, &super::Locals::default()).unwrap();
    let routes = keys.iter().map(|(method, path)| Route {
        method: (*method).to_owned(),
        path: (*path).to_owned(),
        authorizer: false,
    });
    Routes::new(&[Function { routes: routes.collect(), ..template.functions[0].clone() }])
}

#[test]
fn the_most_specific_route_wins() {
    let routes = routes(&[
        ("ANY", "$default"),
        ("ANY", "/{all+}"),
        ("GET", "/api/tickets/{id}"),
        ("GET", "/api/tickets/stats"),
        ("ANY", "/api/tickets/{id}/claim"),
        ("POST", "/api/tickets/{id}/claim"),
        ("GET", "/files/{path+}"),
        ("GET", "/files/{name}"),
        ("GET", "/{kind}/tickets/stats"),
        ("GET", "/pets/dog/1"),
        ("GET", "/pets/dog/{id}"),
        ("GET", "/pets/{proxy+}"),
        ("ANY", "/{one}/bird"),
    ]);
    for (method, path, key, parameters) in [
        ("GET", "/api/tickets/stats", "GET /api/tickets/stats", json!({})),
        ("GET", "/api/tickets/7", "GET /api/tickets/{id}", json!({ "id": "7" })),
        ("GET", "/old/tickets/stats", "GET /{kind}/tickets/stats", json!({ "kind": "old" })),
        ("POST", "/api/tickets/7/claim", "POST /api/tickets/{id}/claim", json!({ "id": "7" })),
        ("PUT", "/api/tickets/7/claim", "ANY /api/tickets/{id}/claim", json!({ "id": "7" })),
        ("GET", "/files/a", "GET /files/{name}", json!({ "name": "a" })),
        ("GET", "/files/a/b", "GET /files/{path+}", json!({ "path": "a/b" })),
        ("POST", "/api/tickets/stats", "ANY /{all+}", json!({ "all": "api/tickets/stats" })),
        ("GET", "/api/tickets/", "ANY /{all+}", json!({ "all": "api/tickets/" })),
        ("GET", "/", "$default", json!({})),
        // Without a greedy variable before with one, whichever is more literal at first.
        ("GET", "/pets/dog/1", "GET /pets/dog/1", json!({})),
        ("GET", "/pets/dog/2", "GET /pets/dog/{id}", json!({ "id": "2" })),
        ("GET", "/pets/cat/1", "GET /pets/{proxy+}", json!({ "proxy": "cat/1" })),
        ("GET", "/pets/bird", "ANY /{one}/bird", json!({ "one": "pets" })),
        ("POST", "/test/5", "ANY /{all+}", json!({ "all": "test/5" })),
        // A method that no route names is ANY's; an empty segment is no variable's.
        ("HEAD", "/api/tickets/7/claim", "ANY /api/tickets/{id}/claim", json!({ "id": "7" })),
        ("HEAD", "/api/tickets/7", "ANY /{all+}", json!({ "all": "api/tickets/7" })),
        ("GET", "/api/tickets//claim", "ANY /{all+}", json!({ "all": "api/tickets//claim" })),
    ] {
        let matched = routes.find(method, path).unwrap();
        let found: BTreeMap<_, _> = matched.parameters.into_iter().collect();
        assert_eq!((matched.route.key.as_str(), json!(found)), (key, parameters), "{method} {path}");
    }
}

#[test]
fn without_a_fitting_route_there_is_none() {
    let routes = routes(&[("GET", "/api/tickets/{id}")]);
    // A method without a route is 404 as well: an HTTP API never answers with 405.
    for (method, path) in [
        ("POST", "/api/tickets/7"),
        ("HEAD", "/api/tickets/7"),
        ("GET", "/api/tickets"),
        ("GET", "/api/tickets/"),
        ("GET", "/api/tickets/7/"),
        ("GET", "/API/tickets/7"),
        ("GET", "/x"),
    ] {
        assert!(routes.find(method, path).is_none(), "{method} {path}");
    }
}

#[tokio::test]
async fn responses_are_read_as_format_2() {
    for (returned, status, content_type, body) in [
        (json!({ "statusCode": 204 }), 204, "text/plain;charset=UTF-8", ""),
        (
            json!({ "statusCode": 200, "body": "hi", "headers": { "Content-Type": "text/html" } }),
            200,
            "text/html",
            "hi",
        ),
        (
            json!({ "statusCode": 200, "body": null, "headers": null, "cookies": null }),
            200,
            "text/plain;charset=UTF-8",
            "",
        ),
        (
            json!({ "statusCode": 200, "headers": { "content-length": 99, "connection": "close" }, "body": "x" }),
            200,
            "text/plain;charset=UTF-8",
            "x",
        ),
        (json!({ "tickets": [] }), 200, "application/json", r#"{"tickets":[]}"#),
        (json!("hello"), 200, "application/json", r#""hello""#),
        (Value::Null, 200, "application/json", "null"),
        (json!([{ "statusCode": 404 }]), 200, "application/json", r#"[{"statusCode":404}]"#),
    ] {
        let response = from_function(returned.to_string().as_bytes()).unwrap();
        assert_eq!(response.status(), StatusCode::from_u16(status).unwrap(), "{returned}");
        assert_eq!(response.headers()["content-type"], content_type, "{returned}");
        assert!(!response.headers().contains_key("connection"));
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), body, "{returned}");
    }
}

/// The documentation speaks of valid JSON; the service does not look.
#[tokio::test]
async fn what_is_no_json_is_the_body_as_well() {
    for returned in ["", "not json", r#"{"name": "Maria","#] {
        let response = from_function(returned.as_bytes()).unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{returned}");
        assert_eq!(response.headers()["content-type"], "application/json", "{returned}");
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), returned);
    }
}

#[test]
fn a_malformed_response_is_an_error() {
    for returned in [
        r#"{"statusCode":"200 OK"}"#,
        r#"{"statusCode":null}"#,
        r#"{"statusCode":99}"#,
        r#"{"statusCode":200,"body":{}}"#,
        r#"{"statusCode":200,"body":"?","isBase64Encoded":true}"#,
        r#"{"statusCode":200,"headers":{"a b":"c"}}"#,
        r#"{"statusCode":200,"headers":{"a":"line\nbreak"}}"#,
    ] {
        assert!(from_function(returned.as_bytes()).is_err(), "{returned}");
    }
}

#[test]
fn a_functions_own_cors_headers_give_way() {
    let rules = |origins: &[&str]| {
        let allow_origins = origins.iter().map(|origin| (*origin).to_owned()).collect();
        CorsRules::new(Cors { allow_origins, ..Cors::default() })
    };
    for (origins, origin, expected) in [
        (&["https://a.test"][..], Some("https://a.test"), Some("https://a.test")),
        (&["https://a.test"], Some("https://b.test"), None),
        (&["https://*"], Some("https://b.test"), Some("https://b.test")),
        (&["https://*"], Some("http://b.test"), None),
        (&["*"], Some("https://b.test"), Some("*")),
        (&["*"], None, None),
    ] {
        let mut request = HeaderMap::new();
        if let Some(origin) = origin {
            request.insert("origin", origin.parse().unwrap());
        }
        let mut response = HeaderMap::new();
        response.insert("access-control-allow-origin", "https://function.test".parse().unwrap());
        rules(origins).mark(&request, &mut response);
        let allowed = response.get("access-control-allow-origin").map(|value| value.to_str().unwrap());
        assert_eq!(allowed, expected, "{origins:?} {origin:?}");
    }
}

#[test]
fn a_bucket_empties_at_its_burst_and_fills_at_its_rate() {
    let throttles = Throttles::new(Some(Throttle { requests_per_second: 10.0, burst: 3.0 }), BTreeMap::new());
    let start = Instant::now();
    let admitted = |at: Duration| (0..10).filter(|_| throttles.admit("GET /a", start + at)).count();
    assert_eq!(admitted(Duration::ZERO), 3);
    assert_eq!(admitted(Duration::from_millis(50)), 0);
    assert_eq!(admitted(Duration::from_millis(250)), 2);
    assert_eq!(admitted(Duration::from_hours(1)), 3, "no more than the burst is saved up");
}
