//! S3 as a function with a role, a browser with a link and somebody without either meet it. Requests are signed by the crate that the
//! functions sign with.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use files::{Bucket as Client, Copy, Credentials, Download, Invitation, Upload};
use http::{HeaderMap, Method, Request, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Objects, Store, open};
use crate::aws::caller::{Caller, Callers};
use crate::aws::counts::Counts;
use crate::aws::permissions::Role;
use crate::template::{Bucket, CorsRule, Effect, Statement};

const NAME: &str = "turno-mediabucket";
const AT: &str = "http://127.0.0.1:4566";

fn buckets() -> Vec<Bucket> {
    let cors = CorsRule {
        origins: vec!["https://console.example.org".to_owned()],
        methods: vec!["GET".to_owned(), "PUT".to_owned()],
        headers: vec!["content-type".to_owned()],
        exposed: vec!["content-disposition".to_owned()],
    };
    vec![Bucket { name: NAME.to_owned(), cors: vec![cors], expires: Some(Duration::from_hours(24)) }]
}

/// The store of a directory, to which `media` may put, from which `tickets` may get, and in which the operator may do anything.
fn objects(store: Store) -> (Objects, Arc<Counts>) {
    let role = |function: &str, action: &str| {
        let resources = vec![format!("arn:aws:s3:::{NAME}/*")];
        let actions = vec![action.to_owned()];
        let statement = Statement { sid: None, effect: Effect::Allow, actions, resources, conditions: Value::Null };
        Caller::Function(Role::new(function, &[statement]).unwrap())
    };
    let mut callers = Callers::default();
    callers.add("operator".to_owned(), "operator".to_owned(), Caller::Operator);
    callers.add("media".to_owned(), "media-secret".to_owned(), role("MediaFunction", "s3:PutObject"));
    callers.add("tickets".to_owned(), "tickets-secret".to_owned(), role("TicketsFunction", "s3:GetObject"));
    let counts = Arc::new(Counts::default());
    (Objects::new(store, &buckets(), &callers, &counts), counts)
}

fn in_memory() -> Objects {
    objects(open(None, &buckets()).unwrap()).0
}

fn client(key: &str) -> Client {
    let secret = if key == "operator" { "operator".to_owned() } else { format!("{key}-secret") };
    Client::new(NAME, "us-east-1", Some(AT), Credentials::new(key, secret, None, None, "test"))
}

fn put(key: &str, object: &str, bytes: &[u8], media_type: &str) -> Request<Body> {
    let sha256 = hex::encode(Sha256::digest(bytes));
    let upload = Upload { key: object, size: bytes.len() as u64, sha256: &sha256, media_type };
    client(key).put(upload, crate::clock::now()).unwrap().map(|()| Body::from(bytes.to_vec()))
}

fn link(key: &str, object: &str, at: Timestamp) -> String {
    let download =
        Download { key: object, media_type: "image/png", name: "a ção.png", valid: Duration::from_mins(5) };
    client(key).link(download, at).unwrap()
}

fn get(url: &str) -> Request<Body> {
    Request::get(url).body(Body::empty()).unwrap()
}

async fn ask(objects: &Objects, mut request: Request<Body>) -> (StatusCode, HeaderMap, Vec<u8>) {
    request.headers_mut().insert("host", http::HeaderValue::from_static("127.0.0.1:4566"));
    let (mut parts, body) = request.into_parts();
    // A server sees the path and the query alone.
    parts.uri = parts.uri.path_and_query().unwrap().as_str().parse().unwrap();
    assert!(objects.is_asked(&parts));
    let response = objects.handle(parts, body).await;
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.map(|bytes| bytes.to_vec()).unwrap_or_default();
    (parts.status, parts.headers, body)
}

async fn check(objects: &Objects, request: Request<Body>, status: u16, code: &str) {
    let (found, _, body) = ask(objects, request).await;
    let body = String::from_utf8_lossy(&body).into_owned();
    assert!(
        found.as_u16() == status && (code.is_empty() || body.contains(&format!("<Code>{code}</Code>"))),
        "{found} {body}"
    );
}

#[tokio::test]
async fn what_was_put_comes_back_by_a_link_as_a_download_of_the_type_that_was_signed() {
    let objects = in_memory();
    let bytes: Vec<u8> = (0..200_000u32).flat_map(u32::to_le_bytes).collect();
    check(&objects, put("media", "demo/cnv_1/5/A", &bytes, "text/html"), 200, "").await;
    let (status, headers, body) = ask(&objects, get(&link("tickets", "demo/cnv_1/5/A", crate::clock::now()))).await;
    assert_eq!((status.as_u16(), body == bytes), (200, true));
    assert_eq!(headers["content-type"], "image/png");
    let disposition = headers["content-disposition"].to_str().unwrap();
    assert_eq!(
        disposition,
        "attachment; filename=\"a ___o.png\"; filename*=UTF-8''a%20%C3%A7%C3%A3o.png".replace("___", "__")
    );
    let mut part = get(&link("tickets", "demo/cnv_1/5/A", crate::clock::now()));
    part.headers_mut().insert("range", http::HeaderValue::from_static("bytes=4-7"));
    let (status, headers, body) = ask(&objects, part).await;
    assert_eq!((status.as_u16(), &body[..]), (206, &bytes[4..8]));
    assert_eq!(headers["content-range"], format!("bytes 4-7/{}", bytes.len()).as_str());
}

#[tokio::test]
async fn a_link_ends_and_cannot_be_turned_into_another() {
    let objects = in_memory();
    for object in ["a", "b"] {
        check(&objects, put("media", object, b"x", "image/png"), 200, "").await;
    }
    let now = crate::clock::now();
    let good = link("tickets", "a", now);
    check(&objects, get(&good), 200, "").await;
    check(&objects, get(&link("tickets", "a", now - SignedDuration::from_secs(299))), 200, "").await;
    check(&objects, get(&link("tickets", "a", now - SignedDuration::from_secs(302))), 403, "AccessDenied").await;
    for (from, to) in [
        ("/a?", "/b?"),
        ("image%2Fpng", "text%2Fhtml"),
        ("attachment", "inline"),
        ("X-Amz-Expires=300", "X-Amz-Expires=3000"),
        ("&response-content-type=image%2Fpng", ""),
    ] {
        let forged = good.replace(from, to);
        assert_ne!(forged, good);
        check(&objects, get(&forged), 403, "SignatureDoesNotMatch").await;
    }
    let mut deleting = get(&good);
    *deleting.method_mut() = Method::DELETE;
    check(&objects, deleting, 403, "SignatureDoesNotMatch").await;
    check(&objects, get(&good.replace("=tickets", "=operator")), 403, "SignatureDoesNotMatch").await;
    check(&objects, get(&good.replace("=tickets", "=nobody")), 403, "InvalidAccessKeyId").await;
    check(&objects, get(&format!("{AT}/{NAME}/a")), 403, "AccessDenied").await;
}

#[tokio::test]
async fn each_function_does_what_its_role_allows_and_the_calls_are_counted() {
    let (objects, counts) = objects(open(None, &buckets()).unwrap());
    check(&objects, put("media", "a", b"x", "image/png"), 200, "").await;
    check(&objects, put("tickets", "a", b"y", "image/png"), 403, "AccessDenied").await;
    check(&objects, get(&link("media", "a", crate::clock::now())), 403, "AccessDenied").await;
    check(&objects, get(&link("operator", "a", crate::clock::now())), 200, "").await;
    check(&objects, get(&link("tickets", "a", crate::clock::now())), 200, "").await;
    check(&objects, get(&link("tickets", "missing", crate::clock::now())), 404, "NoSuchKey").await;
    let elsewhere = link("tickets", "a", crate::clock::now()).replace(NAME, "other");
    check(&objects, get(&elsewhere), 403, "SignatureDoesNotMatch").await;
    let counted = json!(counts.all());
    assert_eq!(counted["MediaFunction s3:PutObject"], 1);
    assert_eq!(counted["TicketsFunction s3:GetObject"], 2);
}

#[tokio::test]
async fn a_body_that_is_not_the_announced_one_is_not_kept() {
    let objects = in_memory();
    check(&objects, put("media", "a", b"first", "image/png"), 200, "").await;
    let mut other = put("media", "a", b"third", "image/png");
    *other.body_mut() = Body::from("other");
    let (status, _, body) = ask(&objects, other).await;
    assert!(status.is_client_error(), "{status} {}", String::from_utf8_lossy(&body));
    let broken = put("media", "a", b"fifth", "image/png").map(|_| {
        Body::from_stream(futures_util::stream::iter([
            Ok(hyper::body::Bytes::from_static(b"fi")),
            Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
        ]))
    });
    assert!(!ask(&objects, broken).await.0.is_success());
    let mut altered = put("media", "a", b"sixth", "image/png");
    altered.headers_mut().insert("content-type", http::HeaderValue::from_static("text/html"));
    check(&objects, altered, 403, "SignatureDoesNotMatch").await;
    let (_, _, body) = ask(&objects, get(&link("tickets", "a", crate::clock::now()))).await;
    assert_eq!(body, b"first");
}

#[tokio::test]
async fn what_was_answered_is_there_for_the_next_host_and_what_was_on_its_way_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().join("files");
    let first = objects(open(Some(&at), &buckets()).unwrap()).0;
    for object in ["a", "b"] {
        check(&first, put("media", object, object.as_bytes(), "image/png"), 200, "").await;
    }
    std::fs::write(at.join(NAME).join("left.new"), "half").unwrap();
    let second = objects(open(Some(&at), &buckets()).unwrap()).0;
    assert!(!at.join(NAME).join("left.new").exists());
    let (_, _, body) = ask(&second, get(&link("tickets", "b", crate::clock::now()))).await;
    assert_eq!(body, b"b");
    let kept = super::kept(&at.join(NAME)).unwrap();
    let mut keys: Vec<String> = kept.iter().map(|(_, kept)| kept.as_ref().unwrap().key.clone()).collect();
    keys.sort();
    assert_eq!(keys, ["a", "b"]);
    // One that lost its end is told, and not given out as if it were whole.
    let (name, _) = kept.iter().find(|(_, kept)| kept.as_ref().unwrap().key == "a").unwrap();
    let file = at.join(NAME).join(name);
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, &bytes[..bytes.len() - 1]).unwrap();
    check(&second, get(&link("tickets", "a", crate::clock::now())), 500, "InternalError").await;
    assert!(super::kept(&at.join(NAME)).unwrap().iter().any(|(_, kept)| kept.is_none()));
}

#[tokio::test]
async fn a_page_of_the_console_may_read_and_no_other_page() {
    let objects = in_memory();
    check(&objects, put("media", "a", b"x", "image/png"), 200, "").await;
    for (origin, allowed) in [("https://console.example.org", true), ("https://evil.example.org", false)] {
        let mut request = get(&link("tickets", "a", crate::clock::now()));
        request.headers_mut().insert("origin", origin.parse().unwrap());
        let (status, headers, _) = ask(&objects, request).await;
        let told = headers.get("access-control-allow-origin").map(|value| value.to_str().unwrap());
        assert_eq!((status.as_u16(), told), (200, allowed.then_some(origin)));
    }
}

#[tokio::test]
async fn what_is_older_than_its_bucket_keeps_it_goes_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(Some(dir.path()), &buckets()).unwrap();
    let objects = objects(store.clone()).0;
    for object in ["old", "again", "new"] {
        check(&objects, put("media", object, b"x", "image/png"), 200, "").await;
    }
    let day = SignedDuration::from_hours(24);
    let made_old = |object: &str| {
        let file = std::fs::File::options().write(true).open(store.path(NAME, object).unwrap().1).unwrap();
        file.set_modified((crate::clock::now() - day - SignedDuration::from_secs(1)).into()).unwrap();
    };
    made_old("old");
    made_old("again");
    check(&objects, put("media", "again", b"x", "image/png"), 200, "").await;
    assert_eq!(super::expiry::remove(&store, &buckets(), crate::clock::now()), 1);
    assert_eq!(store.keys(NAME, "").unwrap(), ["again", "new"]);
}

/// What somebody puts by a link for five bytes of a type.
fn invited(key: &str, object: &str, bytes: &'static [u8]) -> Request<Body> {
    let headers = [("content-type", "image/png"), ("x-amz-meta-name", "a%20b.png")];
    let invitation = Invitation { key: object, size: 5, headers: &headers, valid: Duration::from_mins(5) };
    let link = client(key).invite(invitation, crate::clock::now()).unwrap();
    let mut request = Request::put(link).header("content-length", bytes.len());
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.body(Body::from(bytes)).unwrap()
}

#[tokio::test]
async fn an_invitation_lets_put_what_it_is_for_and_nothing_else() {
    let objects = in_memory();
    check(&objects, invited("media", "a", b"12345"), 200, "").await;
    for (header, value) in [("content-type", "text/html"), ("x-amz-meta-name", "c")] {
        let mut other = invited("media", "a", b"other");
        other.headers_mut().insert(header, value.parse().unwrap());
        check(&objects, other, 403, "SignatureDoesNotMatch").await;
    }
    check(&objects, invited("media", "a", b"longer"), 403, "SignatureDoesNotMatch").await;
    let mut elsewhere = invited("media", "a", b"other");
    *elsewhere.uri_mut() = elsewhere.uri().to_string().replace("/a?", "/b?").parse().unwrap();
    check(&objects, elsewhere, 403, "SignatureDoesNotMatch").await;
    // A link may do what its signer may.
    check(&objects, invited("tickets", "a", b"other"), 403, "AccessDenied").await;
    let head = client("tickets").head("a", crate::clock::now()).unwrap().map(|()| Body::empty());
    let (status, headers, _) = ask(&objects, head).await;
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    assert_eq!(
        (status.as_u16(), header("content-length"), header("x-amz-meta-name")),
        (200, "5".to_owned(), "a%20b.png".to_owned())
    );
    let missing = client("tickets").head("b", crate::clock::now()).unwrap().map(|()| Body::empty());
    assert_eq!(ask(&objects, missing).await.0.as_u16(), 404);
}

#[tokio::test]
async fn a_copy_is_of_the_bytes_that_it_names_and_needs_both_permissions() {
    let objects = in_memory();
    check(&objects, put("media", "a b", b"12345", "image/png"), 200, "").await;
    let copy = |by: &str, entity_tag: &str| {
        let from = client(by);
        let copy = Copy { from: &from, source: "a b", entity_tag, key: "c/d", media_type: "image/png" };
        client(by).copy(copy, crate::clock::now()).unwrap().map(|()| Body::empty())
    };
    let tag = "\"827ccb0eea8a706c4c34a16891f84e7b\"";
    for by in ["media", "tickets"] {
        check(&objects, copy(by, tag), 403, "AccessDenied").await;
    }
    check(&objects, copy("operator", "\"827ccb0eea8a706c4c34a16891f84e7c\""), 412, "PreconditionFailed").await;
    let (status, _, body) = ask(&objects, copy("operator", tag)).await;
    let body = String::from_utf8(body).unwrap();
    assert_eq!(status.as_u16(), 200, "{body}");
    assert!(body.contains("<ChecksumSHA256>WZRHGrsBESr8wYFZ9sx0tPURuZgG2lmzyvWpwXPKz8U=</ChecksumSHA256>"), "{body}");
    let (_, _, bytes) = ask(&objects, get(&link("tickets", "c/d", crate::clock::now()))).await;
    assert_eq!(bytes, b"12345");
}

#[tokio::test]
async fn a_page_asks_before_it_puts() {
    let objects = in_memory();
    let ask_for = async |headers: &str| {
        let request = Request::options(format!("{AT}/{NAME}/a"))
            .header("origin", "https://console.example.org")
            .header("access-control-request-method", "PUT")
            .header("access-control-request-headers", headers);
        ask(&objects, request.body(Body::empty()).unwrap()).await
    };
    let (status, headers, _) = ask_for("Content-Type").await;
    assert_eq!((status.as_u16(), headers["access-control-allow-headers"].to_str().unwrap()), (200, "content-type"));
    assert_eq!(ask_for("content-type, x-other").await.0.as_u16(), 403);
}
