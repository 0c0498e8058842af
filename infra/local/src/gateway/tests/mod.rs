//! The gateway on a real listener in front of a real function process, and its parts on tables of cases.

mod authorizer;
mod event;
mod parts;

use std::{
    net::SocketAddr,
    path::Path,
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde_json::{Value, json};

use super::{BODY_LIMIT_BYTES, Gateway, issuer::Issuer};
use crate::{
    clock,
    lambda::{self, FunctionSpec, Lambda},
    template::{Locals, Template},
};

const TEMPLATE: &str = r"
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: Jwt
        Authorizers:
          Jwt:
            IdentitySource: $request.header.Authorization
            JwtConfiguration: {issuer: 'http://issuer.test', audience: [console]}
      CorsConfiguration: {AllowOrigins: ['http://console.test'], AllowMethods: [GET], AllowHeaders: [authorization]}
      RouteSettings:
        GET /rare: {ThrottlingRateLimit: 0.001, ThrottlingBurstLimit: 2}
  Role:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: {}, Policies: []}
  Worker:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: worker}}
    Properties:
      FunctionName: turno-worker
      CodeUri: ..
      Handler: bootstrap
      Runtime: provided.al2023
      Role: !GetAtt Role.Arn
      Events:
        Items: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: GET, Path: '/items/{id}'}}
        Open: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: ANY, Path: /open, Auth: {Authorizer: NONE}}}
        Rare: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: GET, Path: /rare, Auth: {Authorizer: NONE}}}
";

/// One key for all tests, because making one takes a while; the issuer and its file.
fn key() -> &'static (Issuer, Vec<u8>) {
    static KEY: OnceLock<(Issuer, Vec<u8>)> = OnceLock::new();
    KEY.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("issuer.pem");
        (Issuer::load_or_create(&path).unwrap(), std::fs::read(&path).unwrap())
    })
}

pub(crate) fn issuer() -> &'static Issuer {
    &key().0
}

fn claims() -> Value {
    let now = clock::now().as_second();
    json!({
        "iss": "http://issuer.test", "aud": "console", "sub": "ana", "iat": now, "exp": now + 3600,
        "token_use": "id", "custom:org": "demo", "custom:agent": "ana", "cognito:groups": ["agents", "night shift"],
    })
}

/// A gateway that serves; it stops with the test.
struct Served {
    gateway: Arc<Gateway>,
    address: SocketAddr,
    _lambda: Arc<Lambda>,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Served {
    async fn start(spec: FunctionSpec) -> Self {
        let template = Template::parse(TEMPLATE, &Locals::default()).unwrap();
        let lambda = Lambda::start(vec![spec]);
        let gateway = Gateway::new(&template, issuer(), Arc::clone(&lambda), None);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(Arc::clone(&gateway).serve(listener, std::future::pending()));
        Self { gateway, address, _lambda: lambda }
    }

    async fn open() -> Self {
        let served = Self::start(lambda::tests::spec()).await;
        served.gateway.open();
        served
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let (mut parts, body) = request.into_parts();
        parts.uri = format!("http://{}{}", self.address, parts.uri).parse().unwrap();
        let client = Client::builder(TokioExecutor::new()).build_http();
        let (parts, body) = client.request(Request::from_parts(parts, body)).await.unwrap().into_parts();
        Answer { status: parts.status, headers: parts.headers, body: body.collect().await.unwrap().to_bytes() }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Has the function do what `command` says.
    async fn post(&self, command: &Value) -> Answer {
        let request = Request::post("/open").header("content-type", "application/json");
        self.send(request.body(Body::from(command.to_string())).unwrap()).await
    }
}

#[tokio::test]
async fn everything_is_503_until_the_gateway_opens() {
    let served = Served::start(lambda::tests::spec()).await;
    for path in ["/open", "/nowhere", "/.well-known/jwks.json"] {
        let answer = served.get(path).await;
        assert_eq!(
            (answer.status, answer.json()),
            (StatusCode::SERVICE_UNAVAILABLE, json!({ "message": "Service Unavailable" })),
            "{path}"
        );
    }
    served.gateway.open();
    assert_eq!(served.get("/open").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_guarded_route_asks_for_a_token_and_gives_its_claims_to_the_function() {
    let served = Served::open().await;
    let answer = served.get("/items/7").await;
    assert_eq!((answer.status, answer.json()), (StatusCode::UNAUTHORIZED, json!({ "message": "Unauthorized" })));
    assert_eq!(answer.headers["www-authenticate"], "Bearer");

    let with = |token: String| {
        let request = Request::get("/items/7?a=1&b=2&a=3").header("authorization", format!("Bearer {token}"));
        served.send(request.body(Body::empty()).unwrap())
    };
    let answer = with(format!("{}x", issuer().mint(&claims()).unwrap())).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let challenge = answer.headers["www-authenticate"].to_str().unwrap();
    assert!(challenge.starts_with(r#"Bearer scope="" error="invalid_token" error_description="#), "{challenge}");

    let answer = with(issuer().mint(&claims()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK);
    let event = &answer.json()["event"];
    assert_eq!(event["routeKey"], "GET /items/{id}");
    assert_eq!(event["pathParameters"], json!({ "id": "7" }));
    assert_eq!(event["queryStringParameters"], json!({ "a": "1,3", "b": "2" }));
    let jwt = &event["requestContext"]["authorizer"]["jwt"];
    assert_eq!(jwt["claims"]["custom:org"], "demo");
    assert_eq!(jwt["claims"]["cognito:groups"], "[agents night shift]");
    assert!(jwt["claims"]["exp"].is_string());
    assert_eq!(jwt["scopes"], Value::Null);
}

#[tokio::test]
async fn a_request_without_a_route_is_404() {
    let served = Served::open().await;
    for path in ["/", "/items", "/items/7/8", "/items/7%2F8", "/items/", "/open/"] {
        let answer = served.get(path).await;
        assert_eq!(
            (answer.status, answer.json()),
            (StatusCode::NOT_FOUND, json!({ "message": "Not Found" })),
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_function_decides_status_headers_cookies_and_body() {
    let served = Served::open().await;
    let answer = served
        .post(&json!({ "do": "answer", "answer": {
            "statusCode": 201, "headers": { "X-Made": "here" }, "cookies": ["a=1; Path=/", "b=2"],
            "body": "aGVsbG8=", "isBase64Encoded": true,
        } }))
        .await;
    assert_eq!((answer.status, &answer.body[..]), (StatusCode::CREATED, &b"hello"[..]));
    assert_eq!(answer.headers["x-made"], "here");
    assert_eq!(answer.headers.get_all("set-cookie").iter().collect::<Vec<_>>(), ["a=1; Path=/", "b=2"]);
    assert!(answer.headers.contains_key("apigw-requestid"));
}

#[tokio::test]
async fn head_takes_the_route_of_any_method_and_has_no_body() {
    let served = Served::open().await;
    let head = |path: &str| served.send(Request::head(path).body(Body::empty()).unwrap());
    let answer = head("/open").await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::OK, 0));
    assert_eq!(head("/rare").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_function_without_concurrency_is_503() {
    let served = Served::start(FunctionSpec { concurrency: 0, is_reserved: true, ..lambda::tests::spec() }).await;
    served.gateway.open();
    let answer = served.get("/open").await;
    assert_eq!(
        (answer.status, answer.json()),
        (StatusCode::SERVICE_UNAVAILABLE, json!({ "message": "Service Unavailable" }))
    );
}

#[tokio::test]
async fn a_function_that_fails_dies_or_is_late_is_500() {
    let spec = FunctionSpec { timeout: Duration::from_millis(500), ..lambda::tests::spec() };
    let served = Served::start(spec).await;
    served.gateway.open();
    for command in [
        json!({ "do": "fail" }),
        json!({ "do": "exit" }),
        json!({ "sleep_ms": 60_000 }),
        json!({ "do": "answer", "answer": { "statusCode": "many" } }),
    ] {
        let answer = served.post(&command).await;
        assert_eq!(
            (answer.status, answer.json()),
            (StatusCode::INTERNAL_SERVER_ERROR, json!({ "message": "Internal Server Error" })),
            "{command}"
        );
    }
}

#[tokio::test]
async fn a_body_over_ten_megabytes_or_over_what_lambda_takes_is_413() {
    let served = Served::open().await;
    for bytes in [BODY_LIMIT_BYTES + 1, lambda::PAYLOAD_LIMIT_BYTES] {
        let answer = served.send(Request::post("/open").body(Body::from(vec![b'x'; bytes])).unwrap()).await;
        assert_eq!(
            (answer.status, answer.json()),
            (StatusCode::PAYLOAD_TOO_LARGE, json!({ "message": "Request Entity Too Large" })),
            "{bytes} bytes"
        );
    }
}

#[tokio::test]
async fn a_route_takes_no_more_than_its_throttle() {
    let served = Served::open().await;
    let statuses =
        [served.get("/rare").await.status, served.get("/rare").await.status, served.get("/rare").await.status];
    assert_eq!(statuses, [StatusCode::OK, StatusCode::OK, StatusCode::TOO_MANY_REQUESTS]);
    assert_eq!(served.get("/open").await.status, StatusCode::OK, "another route has a limit of its own");
}

#[tokio::test]
async fn browsers_of_the_allowed_origin_alone_may_call() {
    let served = Served::open().await;
    let from = |method: &str, origin: &str| {
        let request = Request::builder().method(method).uri("/open").header("origin", origin);
        let request = request.header("access-control-request-method", "GET");
        served.send(request.body(Body::empty()).unwrap())
    };
    let preflight = from("OPTIONS", "http://console.test").await;
    assert_eq!(preflight.status, StatusCode::NO_CONTENT);
    assert_eq!(preflight.headers["access-control-allow-origin"], "http://console.test");
    assert_eq!(preflight.headers["access-control-allow-methods"], "GET");
    assert_eq!(preflight.headers["access-control-allow-headers"], "authorization");
    let foreign = from("OPTIONS", "http://evil.test").await;
    assert_eq!(foreign.status, StatusCode::NO_CONTENT);
    assert!(!foreign.headers.contains_key("access-control-allow-origin"));
    let answer = from("GET", "http://console.test").await;
    assert_eq!(
        (answer.status, answer.headers["access-control-allow-origin"].to_str().unwrap()),
        (StatusCode::OK, "http://console.test")
    );
}

#[tokio::test]
async fn the_issuers_key_set_verifies_its_tokens() {
    let served = Served::open().await;
    let configuration = served.get("/.well-known/openid-configuration").await.json();
    assert_eq!(configuration["issuer"], "http://issuer.test");
    assert_eq!(configuration["jwks_uri"], "http://issuer.test/.well-known/jwks.json");
    let keys = served.get("/.well-known/jwks.json").await.json();
    let key = &keys["keys"][0];
    let token = issuer().mint(&claims()).unwrap();
    assert_eq!(jsonwebtoken::decode_header(&token).unwrap().kid.as_deref(), key["kid"].as_str());
    let verifying =
        jsonwebtoken::DecodingKey::from_rsa_components(key["n"].as_str().unwrap(), key["e"].as_str().unwrap()).unwrap();
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    validation.set_audience(&["console"]);
    assert!(jsonwebtoken::decode::<Value>(&token, &verifying, &validation).is_ok());
}

#[test]
fn the_key_file_is_made_once_and_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("issuer.pem");
    let key_ids: Vec<_> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..2).map(|_| scope.spawn(|| Issuer::load_or_create(&path).unwrap())).collect();
        starts.into_iter().map(|start| start.join().unwrap().jwks()).collect()
    });
    assert_eq!(key_ids[0], key_ids[1], "hosts that start at once agree");
    assert_eq!(Issuer::load_or_create(&path).unwrap().jwks(), key_ids[0]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");

    let mode = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    mode(0o644);
    let refused = |path: &Path| Issuer::load_or_create(path).map(|_| ()).unwrap_err().to_string();
    assert!(refused(&path).contains("others may read it"));
    mode(0o600);
    std::fs::write(&path, "not a key").unwrap();
    assert!(refused(&path).ends_with("is not a PKCS #8 RSA key"));
    assert!(refused(Path::new("/no/such/folder/issuer.pem")).contains("No such file"));
}
