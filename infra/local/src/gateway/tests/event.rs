//! The event of payload format 2.0, whole.

use axum::http::Request;
use serde_json::{Map, Value, json};

use crate::gateway::{
    event::{Event, decoded_path},
    routes::Routes,
};

/// The event of a request to the routes of a small API.
fn event(request: &Request<&[u8]>, claims: Option<Map<String, Value>>) -> Value {
    let template = super::Template::parse(super::TEMPLATE, &super::Locals::default()).unwrap();
    let routes = Routes::new(&template.functions);
    let (parts, body) = request.clone().into_parts();
    let path = decoded_path(parts.uri.path());
    let matched = routes.find(parts.method.as_str(), &path).unwrap();
    Event {
        parts: &parts,
        path: &path,
        body,
        matched: &matched,
        claims,
        peer: "203.0.113.9:5000".parse().unwrap(),
        request_id: "request-1",
        now: "2020-03-12T19:03:58.390Z".parse().unwrap(),
    }
    .to_json()
}

#[test]
fn a_request_becomes_the_event_of_format_2() {
    let request = Request::get("/items/a%20b?tag=x&tag=y%26z&empty=")
        .header("host", "127.0.0.1:4000")
        .header("User-Agent", "curl/8")
        .header("X-Twice", "one")
        .header("x-twice", "two")
        .header("cookie", "a=1; b=2")
        .header("cookie", "c=3")
        .header("content-type", "application/json; charset=utf-8")
        .header("x-amzn-trace-id", "Root=1-1")
        .body(r#"{"text":"olá"}"#.as_bytes())
        .unwrap();
    let claims = json!({ "sub": "ana" }).as_object().cloned();
    assert_eq!(
        event(&request, claims),
        json!({
            "version": "2.0",
            "routeKey": "GET /items/{id}",
            "rawPath": "/items/a b",
            "rawQueryString": "tag=x&tag=y%26z&empty=",
            "cookies": ["a=1", "b=2", "c=3"],
            "headers": {
                "content-length": "15",
                "content-type": "application/json; charset=utf-8",
                "host": "127.0.0.1:4000",
                "user-agent": "curl/8",
                "x-amzn-trace-id": "Root=1-1",
                "x-forwarded-for": "203.0.113.9",
                "x-forwarded-port": "4000",
                "x-forwarded-proto": "http",
                "x-twice": "one,two",
            },
            "queryStringParameters": { "tag": "x,y&z", "empty": "" },
            "pathParameters": { "id": "a b" },
            "requestContext": {
                "accountId": "000000000000",
                "apiId": "local",
                "authorizer": { "jwt": { "claims": { "sub": "ana" }, "scopes": null } },
                "domainName": "127.0.0.1",
                "domainPrefix": "127",
                "http": {
                    "method": "GET",
                    "path": "/items/a b",
                    "protocol": "HTTP/1.1",
                    "sourceIp": "203.0.113.9",
                    "userAgent": "curl/8",
                },
                "requestId": "request-1",
                "routeKey": "GET /items/{id}",
                "stage": "$default",
                "time": "12/Mar/2020:19:03:58 +0000",
                "timeEpoch": 1_584_039_838_390_i64,
            },
            "body": r#"{"text":"olá"}"#,
            "isBase64Encoded": false,
        })
    );
}

#[test]
fn what_a_request_has_not_is_absent() {
    let event = event(&Request::get("/open").body(&b""[..]).unwrap(), None);
    for name in ["cookies", "queryStringParameters", "pathParameters", "body"] {
        assert_eq!(event.get(name), None, "{name}");
    }
    assert_eq!(event["requestContext"].get("authorizer"), None);
    assert_eq!((&event["rawQueryString"], &event["isBase64Encoded"]), (&json!(""), &json!(false)));
    assert_eq!(event["headers"]["content-length"], "0");
}

#[test]
fn the_query_is_kept_as_it_came_and_told_decoded() {
    for (query, parameters) in [
        ("a=1&b=2&a=3", json!({ "a": "1,3", "b": "2" })),
        ("a=1,2&a=3", json!({ "a": "1,2,3" })),
        ("a=%2B%2C+x", json!({ "a": "+, x" })),
        ("a&b=", json!({ "a": "", "b": "" })),
        ("S%C3%A3o=%F0%9F%8C%86", json!({ "São": "🌆" })),
        ("a=b=c&&d", json!({ "a": "b=c", "d": "" })),
    ] {
        let event = event(&Request::get(format!("/open?{query}")).body(&b""[..]).unwrap(), None);
        assert_eq!((&event["rawQueryString"], &event["queryStringParameters"]), (&json!(query), &parameters));
    }
}

#[test]
fn headers_of_the_connection_stay_with_the_gateway() {
    let request = Request::get("/open").header("connection", "keep-alive").header("transfer-encoding", "chunked");
    let event = event(&request.header("X-Kept", "yes").body(&b""[..]).unwrap(), None);
    let headers = &event["headers"];
    let seen = ["connection", "transfer-encoding", "x-kept"].map(|name| headers[name].as_str());
    assert_eq!(seen, [None, None, Some("yes")]);
}

#[test]
fn bodies_are_text_when_their_type_is_and_base64_otherwise() {
    for (kind, body, expected) in [
        ("application/json", &b"{}"[..], ("{}", false)),
        ("Application/JSON; charset=utf-8", b"{}", ("{}", false)),
        ("application/problem+json", b"{}", ("{}", false)),
        ("text/plain", b"hi", ("hi", false)),
        ("text/plain", b"\xff", ("/w==", true)),
        ("application/x-www-form-urlencoded", b"a=1", ("YT0x", true)),
        ("image/png", b"hi", ("aGk=", true)),
        ("", b"hi", ("aGk=", true)),
    ] {
        let event = event(&Request::post("/open").header("content-type", kind).body(body).unwrap(), None);
        assert_eq!(
            (event["body"].as_str(), &event["isBase64Encoded"]),
            (Some(expected.0), &json!(expected.1)),
            "{kind}"
        );
    }
}
