//! Every way in which a connection ends is told to `$disconnect`, once, with its code and reason.

use super::*;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

#[tokio::test]
async fn a_client_that_closes_says_why() {
    let host = Host::start().await;
    let frame =
        |code: u16, reason: &'static str| Some(CloseFrame { code: CloseCode::from(code), reason: reason.into() });
    for (frame, expected) in [
        (frame(1000, "done"), (1000, "done")),
        (frame(1001, ""), (1001, "")),
        (frame(4001, "signed out"), (4001, "signed out")),
        (None, (1005, "Client-side close frame status not set")),
    ] {
        let (mut client, id) = host.connect().await;
        client.close(frame).await.unwrap();
        // The host answers with the client's own code and the connection ends.
        assert_eq!(farewell(&mut client).await.map(|(code, _)| code), Some(expected.0).filter(|code| *code != 1005));
        assert_eq!(host.disconnected(&id).await, (u64::from(expected.0), expected.1.to_owned()));
    }
}

#[tokio::test]
async fn the_last_event_has_the_shape_of_aws() {
    let host = Host::start().await;
    let (mut client, id) = host.connect().await;
    client.close(None).await.unwrap();
    host.disconnected(&id).await;
    let event = host.told("DISCONNECT", &id).remove(0);
    let context = &event["requestContext"];
    let authority = host.address.to_string();
    let expected = json!({
        "headers": { "Host": authority, "x-api-key": "", "X-Forwarded-For": "", "x-restapi": "" },
        "multiValueHeaders":
            { "Host": [authority], "x-api-key": [""], "X-Forwarded-For": [""], "x-restapi": [""] },
        "requestContext": {
            "routeKey": "$disconnect", "disconnectStatusCode": 1005, "eventType": "DISCONNECT",
            "disconnectReason": "Client-side close frame status not set", "messageDirection": "IN",
            "extendedRequestId": context["requestId"], "requestId": context["requestId"],
            "requestTime": context["requestTime"], "requestTimeEpoch": context["requestTimeEpoch"],
            "connectedAt": context["connectedAt"], "stage": "live", "apiId": "Sockets", "connectionId": id,
            "domainName": host.aws_url.trim_start_matches("http://"), "identity": { "sourceIp": "127.0.0.1" },
            "authorizer": { "principalId": "ana", "org": "demo", "level": "3" },
        },
        "isBase64Encoded": false,
    });
    assert_eq!(event, expected);
}

#[tokio::test]
async fn a_client_that_breaks_off_is_noticed() {
    let host = Host::start().await;
    let (client, id) = host.connect().await;
    drop(client);
    assert_eq!(host.disconnected(&id).await.0, 1006, "the connection was closed without a word");

    let (client, id) = host.connect().await;
    client.get_ref().set_zero_linger().unwrap();
    drop(client);
    assert_eq!(host.disconnected(&id).await.0, 1006, "the connection was reset");
}

#[tokio::test]
async fn a_connection_ends_when_it_is_idle_and_lives_while_frames_come_or_go() {
    let host = Host::with(TEMPLATE, Limits { idle: Duration::from_secs(4), ..Limits::default() }).await;
    let (mut client, id) = host.connect().await;
    let (mut silent, silent_id) = host.connect().await;
    let lively = async {
        for n in 0..10 {
            tokio::time::sleep(Duration::from_millis(800)).await;
            if n % 2 == 0 {
                client.send(Message::Ping("".into())).await.unwrap();
            } else {
                host.manager("operator")
                    .post_to_connection()
                    .connection_id(&id)
                    .data("x".to_owned().into_bytes().into())
                    .send()
                    .await
                    .unwrap();
            }
        }
    };
    let (goodbye, ()) = tokio::join!(farewell(&mut silent), lively);
    assert_eq!(goodbye, Some((1001, "Going away".to_owned())));
    assert_eq!(host.disconnected(&silent_id).await, (1001, "Going away".to_owned()));
    assert!(host.sockets.connections().status(&id).is_some(), "twice the limit has passed with frames in between");
    assert_eq!(farewell(&mut client).await, Some((1001, "Going away".to_owned())));
    assert_eq!(host.disconnected(&id).await.0, 1001);
}

#[tokio::test]
async fn a_connection_ends_after_its_time_however_lively() {
    let host = Host::with(TEMPLATE, Limits { duration: Duration::from_millis(700), ..Limits::default() }).await;
    let (mut client, id) = host.connect().await;
    let goodbye = loop {
        tokio::select! {
            goodbye = farewell(&mut client) => break goodbye,
            () = tokio::time::sleep(Duration::from_millis(50)) => {}
        }
        // It may have ended between the two.
        let _ = client.send(Message::Ping("".into())).await;
    };
    assert_eq!(goodbye, Some((1001, "Going away".to_owned())));
    assert_eq!(host.disconnected(&id).await, (1001, "Going away".to_owned()));
}

#[tokio::test]
async fn a_host_that_stops_takes_leave_of_everybody_and_tells_the_functions() {
    let host = Host::start().await;
    let mut clients = [host.connect().await, host.connect().await, host.connect().await];
    host.stop.send_replace(true);
    let closed = tokio::time::timeout(Duration::from_secs(20), Arc::clone(&host.sockets).closed());
    let goodbyes = async {
        for (client, _) in &mut clients {
            assert_eq!(farewell(client).await, Some((1001, "Going away".to_owned())));
        }
    };
    let (closed, ()) = tokio::join!(closed, goodbyes);
    closed.expect("the last connection comes to its end");
    for (_, id) in &clients {
        assert_eq!(host.told("DISCONNECT", id).len(), 1, "told before the host says that it is done");
    }
    let late = host.try_connect("?token=good", None).await;
    assert!(matches!(&late, Err(Error::Http(response)) if response.status().as_u16() == 503), "{late:?}");
}

#[tokio::test]
async fn a_client_that_does_not_take_its_leave_is_cut_off() {
    let host = Host::with(TEMPLATE, Limits { farewell: Duration::from_millis(200), ..Limits::default() }).await;
    let (client, id) = host.connect().await;
    // Not read any more: the close frame is not answered.
    assert!(host.sockets.connections().delete(&id));
    assert_eq!(host.disconnected(&id).await, (1000, "Connection Closed Normally".to_owned()));
    drop(client);
}
