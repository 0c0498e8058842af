//! Who gets a connection, what the others get, and what functions learn of it.

use super::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

async fn refused(host: &Host, query: &str) -> (u16, Value) {
    match host.try_connect(query, None).await {
        Err(Error::Http(response)) => {
            let body = response.body().clone().unwrap_or_default();
            (response.status().as_u16(), serde_json::from_slice(&body).unwrap())
        }
        other => panic!("{query}: {other:?}"),
    }
}

#[tokio::test]
async fn the_authorizer_and_the_function_decide_who_connects() {
    let host = Host::start().await;
    for (query, status, message) in [
        ("", 401, "Unauthorized"),
        ("?token=", 401, "Unauthorized"),
        ("?token=thrown", 401, "Unauthorized"),
        ("?token=bad", 403, "User is not authorized to access this resource"),
        ("?token=broken", 500, "Internal server error"),
        ("?token=unknown", 500, "Internal server error"),
        ("?token=good&status=403", 403, "Forbidden"),
        ("?token=good&status=500", 500, "Internal Server Error"),
        ("?token=good&status=302", 302, "Found"),
        ("?token=good&do=fail", 502, "Internal server error"),
        ("?token=good&do=exit", 502, "Internal server error"),
        ("?token=good&do=mumble", 502, "Internal server error"),
    ] {
        let (got, body) = refused(&host, query).await;
        assert_eq!((got, body["message"].as_str().unwrap()), (status, message), "{query}");
        let id = body["connectionId"].as_str().unwrap();
        assert_eq!(
            host.sockets.connections().post(id, "x".into(), Duration::ZERO).await,
            Err(super::super::PostError::Gone)
        );
    }
    assert_eq!(host.sockets.connections().count(), 0);
    assert!(
        host.events().iter().all(|event| event["requestContext"]["eventType"] == "CONNECT"),
        "nobody was connected"
    );
    let asked = |event: &&Value| event["type"] == "REQUEST" && event["queryStringParameters"]["token"] == Value::Null;
    assert_eq!(host.events().iter().filter(asked).count(), 0, "without an identity the authorizer is not asked");

    let (client, response) = host.try_connect("?token=good", None).await.unwrap();
    assert_eq!(response.status().as_u16(), 101);
    drop(client);
}

#[tokio::test]
async fn a_connect_that_takes_too_long_is_504() {
    let integration = "IntegrationType: AWS_PROXY\n";
    let text = TEMPLATE.replacen(integration, &format!("{integration}      TimeoutInMillis: 200\n"), 1);
    let host = Host::with(&text, Limits::default()).await;
    // The process may need longer than that to start.
    while host.try_connect("?token=good", None).await.is_err() {}
    let (status, body) = refused(&host, "?token=good&sleep_ms=2000").await;
    assert_eq!((status, body["message"].as_str().unwrap()), (504, "Endpoint request timed out"));
}

#[tokio::test]
async fn functions_learn_who_connects_and_as_whom() {
    let host = Host::start().await;
    let mut request = format!("ws://{}/live/?token=good&tag=a%20b&tag=c", host.address).into_client_request().unwrap();
    request.headers_mut().insert("user-agent", "console/1".parse().unwrap());
    request.headers_mut().insert("x-forwarded-for", "203.0.113.9".parse().unwrap());
    let tcp = TcpStream::connect(host.address).await.unwrap();
    let (client, _) = tokio_tungstenite::client_async(request, tcp).await.unwrap();

    let events = host.events();
    let [asked, connect] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(asked["type"], "REQUEST");
    assert_eq!(asked["methodArn"], "arn:aws:execute-api:us-east-1:000000000000:Sockets/live/$connect");
    assert_eq!(asked["headers"]["Upgrade"], "websocket");
    assert_eq!(asked["queryStringParameters"], json!({ "token": "good", "tag": "c" }));
    assert_eq!(asked["requestContext"]["authorizer"], Value::Null);

    let context = &connect["requestContext"];
    let headers = &connect["headers"];
    let id = context["connectionId"].as_str().unwrap();
    assert_eq!((id.len(), id.ends_with('=')), (16, true), "{id}");
    assert_eq!(asked["requestContext"]["connectionId"], id);
    let (key, trace) = (&headers["Sec-WebSocket-Key"], &headers["X-Amzn-Trace-Id"]);
    assert!(key.is_string() && trace.as_str().unwrap().starts_with("Root=1-"));
    let (now, port) = (crate::clock::now().as_millisecond(), host.address.port().to_string());
    assert!((now - 20_000..=now).contains(&context["connectedAt"].as_i64().unwrap()));
    let authority = host.address.to_string();
    let expected = json!({
        "headers": {
            "Host": authority, "Sec-WebSocket-Key": key, "Sec-WebSocket-Version": "13", "User-Agent": "console/1",
            "X-Amzn-Trace-Id": trace, "X-Forwarded-For": "203.0.113.9, 127.0.0.1", "X-Forwarded-Port": port,
            "X-Forwarded-Proto": "http",
        },
        "multiValueHeaders": {
            "Host": [authority], "Sec-WebSocket-Key": [key], "Sec-WebSocket-Version": ["13"],
            "User-Agent": ["console/1"], "X-Amzn-Trace-Id": [trace],
            "X-Forwarded-For": ["203.0.113.9, 127.0.0.1"], "X-Forwarded-Port": [port], "X-Forwarded-Proto": ["http"],
        },
        "queryStringParameters": { "token": "good", "tag": "c" },
        "multiValueQueryStringParameters": { "token": ["good"], "tag": ["a b", "c"] },
        "requestContext": {
            "routeKey": "$connect", "eventType": "CONNECT", "messageDirection": "IN", "stage": "live",
            "apiId": "Sockets", "domainName": host.aws_url.trim_start_matches("http://"), "connectionId": id,
            "connectedAt": context["connectedAt"], "requestTimeEpoch": context["connectedAt"],
            "requestTime": context["requestTime"], "requestId": context["requestId"],
            "extendedRequestId": context["requestId"],
            "identity": { "sourceIp": "127.0.0.1", "userAgent": "console/1" },
            "authorizer": { "principalId": "ana", "org": "demo", "level": "3" },
        },
        "isBase64Encoded": false,
    });
    assert_eq!(connect, &expected);
    // AWS's own types read it.
    serde_json::from_value::<aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest>(connect.clone()).unwrap();
    drop(client);
}

#[tokio::test]
async fn the_function_chooses_the_subprotocol() {
    let host = Host::start().await;
    let (_client, response) = host.try_connect("?token=good&protocol=turno.1", Some("turno.1, other")).await.unwrap();
    assert_eq!(response.headers()["sec-websocket-protocol"], "turno.1");
    // The client's library refuses the connection, as browsers do.
    let silent = host.try_connect("?token=good", Some("turno.1")).await;
    assert!(matches!(silent, Err(Error::Protocol(_))), "{silent:?}");
}

#[tokio::test]
async fn only_a_websocket_handshake_on_the_stage_is_taken() {
    let host = Host::start().await;
    for (path, headers, status) in [
        ("/live?token=good", "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n", "400"),
        (
            "/live?token=good",
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
            "400",
        ),
        ("/live?token=good", "", "404"),
        ("/lives", "Upgrade: websocket\r\nConnection: Upgrade\r\n", "404"),
        ("/live/x", "Upgrade: websocket\r\nConnection: Upgrade\r\n", "404"),
        ("/", "Upgrade: websocket\r\nConnection: Upgrade\r\n", "404"),
    ] {
        let mut tcp = TcpStream::connect(host.address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n");
        tcp.write_all(request.as_bytes()).await.unwrap();
        let mut start = [0; 12];
        tcp.read_exact(&mut start).await.unwrap();
        assert_eq!(std::str::from_utf8(&start).unwrap(), format!("HTTP/1.1 {status}"), "{path} {headers}");
    }
    assert!(host.events().is_empty());
}

#[tokio::test]
async fn connecting_has_the_throttle_of_its_route() {
    let text = TEMPLATE.replacen("        rare: {Thr", "        $connect: {Thr", 1);
    let host = Host::with(&text, Limits::default()).await;
    let _clients = [host.connect().await, host.connect().await];
    let (status, body) = refused(&host, "?token=good").await;
    assert_eq!((status, body["message"].as_str().unwrap()), (429, "Too Many Requests"));
}
