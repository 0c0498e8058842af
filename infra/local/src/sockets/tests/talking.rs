//! Messages: which function hears them, what comes back, and what a client may not send.

use super::*;
use tokio_tungstenite::tungstenite::protocol::frame::{Frame, coding::Data, coding::OpCode};

/// The template with a `$default` route that answers.
fn with_default() -> String {
    TEMPLATE.replacen("  Talk:\n", &format!("{DEFAULT_ROUTE}  Talk:\n"), 1).replacen(
        "DependsOn: [",
        "DependsOn: [DefaultRoute, ",
        1,
    )
}

/// One of API Gateway's own frames.
fn is_error(frame: &Value, message: &str, id: &str) {
    let object = frame.as_object().unwrap();
    assert_eq!(object.keys().collect::<Vec<_>>(), ["connectionId", "message", "requestId"], "{frame}");
    assert_eq!((frame["message"].as_str(), frame["connectionId"].as_str()), (Some(message), Some(id)));
}

#[tokio::test]
async fn a_message_goes_to_the_route_that_it_names_and_the_answer_comes_back() {
    let host = Host::start().await;
    let (mut client, id) = host.connect().await;
    say(&mut client, &json!({ "action": "ask", "question": "olá" })).await;
    let answer = hear_json(&mut client).await;
    assert_eq!(answer["route"], "ask");
    assert_eq!(answer["heard"]["question"], "olá");

    let events = host.told("MESSAGE", &id);
    let context = &events[0]["requestContext"];
    let expected = json!({
        "requestContext": {
            "routeKey": "ask", "messageId": context["messageId"], "eventType": "MESSAGE",
            "extendedRequestId": context["requestId"], "requestTime": context["requestTime"],
            "messageDirection": "IN", "stage": "live", "connectedAt": context["connectedAt"],
            "requestTimeEpoch": context["requestTimeEpoch"], "identity": { "sourceIp": "127.0.0.1" },
            "requestId": context["requestId"], "domainName": host.aws_url.trim_start_matches("http://"),
            "connectionId": id, "apiId": "Sockets",
            "authorizer": { "principalId": "ana", "org": "demo", "level": "3" },
        },
        "body": r#"{"action":"ask","question":"olá"}"#,
        "isBase64Encoded": false,
    });
    assert_eq!(events[0], expected);
}

#[tokio::test]
async fn without_a_route_response_nothing_comes_back() {
    let host = Host::start().await;
    let (mut client, id) = host.connect().await;
    say(&mut client, &json!({ "action": "say", "status": 500 })).await;
    until("the function to hear it", || host.told("MESSAGE", &id).len() == 1).await;
    // What comes next is the answer to what is asked next.
    say(&mut client, &json!({ "action": "ask" })).await;
    assert_eq!(hear_json(&mut client).await["route"], "ask");
}

#[tokio::test]
async fn a_message_without_a_route_goes_to_the_default_or_is_forbidden() {
    let messages = ["hello", r#"{"action":"nothing"}"#, r#"{"action":"$disconnect"}"#, "{}"];
    let host = Host::start().await;
    let (mut client, id) = host.connect().await;
    for text in messages {
        client.send(Message::text(text)).await.unwrap();
        is_error(&hear_json(&mut client).await, "Forbidden", &id);
    }
    assert!(host.told("MESSAGE", &id).is_empty());

    let host = Host::with(&with_default(), Limits::default()).await;
    let (mut client, id) = host.connect().await;
    for text in messages {
        client.send(Message::text(text)).await.unwrap();
        assert_eq!(hear_json(&mut client).await["route"], "$default", "{text}");
    }
    let heard: Vec<_> = host.told("MESSAGE", &id).into_iter().map(|event| event["body"].clone()).collect();
    assert_eq!(heard, messages);
}

#[tokio::test]
async fn a_function_that_fails_is_an_error_frame_and_the_connection_goes_on() {
    let host = Host::start().await;
    let (mut client, id) = host.connect().await;
    for (message, expected) in [
        (json!({ "action": "say", "do": "fail" }), "Internal server error"),
        (json!({ "action": "ask", "do": "exit" }), "Internal server error"),
        (json!({ "action": "say", "do": "mumble" }), "Internal server error"),
        (json!({ "action": "hasty", "sleep_ms": 1500 }), "Endpoint request timed out"),
    ] {
        say(&mut client, &message).await;
        is_error(&hear_json(&mut client).await, expected, &id);
    }
    say(&mut client, &json!({ "action": "ask" })).await;
    assert_eq!(hear_json(&mut client).await["route"], "ask");
}

#[tokio::test]
async fn a_route_takes_no_more_messages_than_its_throttle() {
    let host = Host::start().await;
    let (mut client, id) = host.connect().await;
    for _ in 0..3 {
        say(&mut client, &json!({ "action": "rare" })).await;
    }
    is_error(&hear_json(&mut client).await, "Too Many Requests", &id);
    until("both to be heard", || host.told("MESSAGE", &id).len() == 2).await;
}

#[tokio::test]
async fn messages_of_one_connection_run_beside_each_other_and_so_many_at_once() {
    let host = Host::with(TEMPLATE, Limits { in_flight: 2, ..Limits::default() }).await;
    let (mut client, id) = host.connect().await;
    // Warm, so that both processes are there.
    for _ in 0..2 {
        say(&mut client, &json!({ "action": "ask", "sleep_ms": 100 })).await;
    }
    let pids = [hear_json(&mut client).await["pid"].clone(), hear_json(&mut client).await["pid"].clone()];
    assert_ne!(pids[0], pids[1], "two at once need two processes");

    say(&mut client, &json!({ "action": "ask", "n": 1, "sleep_ms": 1000 })).await;
    say(&mut client, &json!({ "action": "ask", "n": 2 })).await;
    assert_eq!(hear_json(&mut client).await["heard"]["n"], 2, "the second does not wait for the first");
    assert_eq!(hear_json(&mut client).await["heard"]["n"], 1);

    for n in 0..3 {
        say(&mut client, &json!({ "action": "ask", "n": n, "sleep_ms": 1500 })).await;
    }
    until("two messages to run", || host.told("MESSAGE", &id).len() == 6).await;
    let talk = host.lambda.status().into_iter().find(|function| function.name == "turno-talk").unwrap();
    assert_eq!(talk.processes.iter().filter(|process| process.busy).count(), 2);
    assert_eq!(talk.queued, 0, "the third waits in the client's socket");
    let mut heard = Vec::new();
    for _ in 0..3 {
        heard.push(hear_json(&mut client).await["heard"]["n"].as_u64().unwrap());
    }
    heard.sort_unstable();
    assert_eq!(heard, [0, 1, 2]);
}

#[tokio::test]
async fn a_message_may_have_128_kb_in_frames_of_32() {
    let host = Host::start().await;
    let (mut client, _) = host.connect().await;
    let text = |bytes: usize| {
        let empty = json!({ "action": "ask", "text": "" }).to_string();
        json!({ "action": "ask", "text": "x".repeat(bytes - empty.len()) }).to_string()
    };
    let frames = |text: &str, size: usize| {
        let parts: Vec<_> = text.as_bytes().chunks(size).map(<[u8]>::to_vec).collect();
        let last = parts.len() - 1;
        parts.into_iter().enumerate().map(move |(n, part)| {
            let code = if n == 0 { Data::Text } else { Data::Continue };
            Message::Frame(Frame::message(part, OpCode::Data(code), n == last))
        })
    };
    let largest = text(128 * 1024);
    for frame in frames(&largest, 32 * 1024) {
        client.send(frame).await.unwrap();
    }
    let answer = hear_json(&mut client).await;
    assert_eq!(answer["heard"]["text"].as_str().unwrap().len(), largest.len() - r#"{"action":"ask","text":""}"#.len());

    let too_large = text(128 * 1024 + 1);
    for (frames, what) in [
        (frames(&too_large, 32 * 1024).collect::<Vec<_>>(), "a message of a byte more"),
        (frames(&text(32 * 1024 + 1), 64 * 1024).collect(), "a frame of a byte more"),
    ] {
        let (mut client, id) = host.connect().await;
        for frame in frames {
            client.send(frame).await.unwrap();
        }
        assert_eq!(farewell(&mut client).await.map(|(code, _)| code), Some(1009), "{what}");
        assert_eq!(host.disconnected(&id).await.0, 1009);
    }
}

#[tokio::test]
async fn what_clients_may_not_send_ends_their_connection() {
    let host = Host::start().await;
    let not_utf8 = || Message::Frame(Frame::message(vec![0xff, 0xfe], OpCode::Data(Data::Text), true));
    let lone_continuation = || Message::Frame(Frame::message(b"x".to_vec(), OpCode::Data(Data::Continue), true));
    for (message, code) in [(Message::binary(b"hello".to_vec()), 1003), (not_utf8(), 1007), (lone_continuation(), 1002)]
    {
        let (mut client, id) = host.connect().await;
        client.send(message).await.unwrap();
        assert_eq!(farewell(&mut client).await.map(|(code, _)| code), Some(code));
        assert_eq!(host.disconnected(&id).await.0, u64::from(code));
    }
}

#[tokio::test]
async fn a_ping_is_answered_without_a_function() {
    let host = Host::start().await;
    let (mut client, id) = host.connect().await;
    client.send(Message::Ping("are you there".into())).await.unwrap();
    assert_eq!(hear(&mut client).await, Message::Pong("are you there".into()));
    assert!(host.told("MESSAGE", &id).is_empty());
}
