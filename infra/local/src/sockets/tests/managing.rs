//! `@connections` as AWS's SDK calls it: post, get, delete, and what each answers for a connection that is not there.

use super::*;
use management::error::{ProvideErrorMetadata as _, SdkError};
use management::operation::post_to_connection::{PostToConnectionError, PostToConnectionOutput};
use management::primitives::Blob;

async fn post(
    client: &management::Client,
    id: &str,
    data: impl Into<Vec<u8>>,
) -> Result<PostToConnectionOutput, PostToConnectionError> {
    let post = client.post_to_connection().connection_id(id).data(Blob::new(data));
    post.send().await.map_err(SdkError::into_service_error)
}

/// The status of the answer, its code and its words.
async fn refusal(client: &management::Client, id: &str) -> (u16, String, String) {
    let error = client.post_to_connection().connection_id(id).data(Blob::new("x")).send().await.unwrap_err();
    let status = error.raw_response().unwrap().status().as_u16();
    let service = error.into_service_error();
    (status, service.code().unwrap().to_owned(), service.message().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_function_posts_to_a_client_and_the_client_reads_it() {
    let host = Host::start().await;
    let (mut client, id) = host.connect().await;
    let manager = host.manager("turno-talk");
    post(&manager, &id, "olá").await.unwrap();
    assert_eq!(hear(&mut client).await, Message::text("olá"));
    post(&manager, &id, vec![0xff, 0x00]).await.unwrap();
    assert_eq!(hear(&mut client).await, Message::binary(vec![0xff, 0x00]));

    let largest = "x".repeat(128 * 1024);
    let (posted, heard) = tokio::join!(post(&manager, &id, largest.clone()), hear(&mut client));
    posted.unwrap();
    assert_eq!(heard, Message::text(largest));
    let error = post(&manager, &id, "x".repeat(128 * 1024 + 1)).await.unwrap_err();
    assert!(error.is_payload_too_large_exception(), "{error:?}");
}

#[tokio::test]
async fn get_tells_who_is_connected_and_since_when() {
    let host = Host::start().await;
    let mut request = format!("ws://{}/live?token=good", host.address).into_client_request().unwrap();
    request.headers_mut().insert("user-agent", "console/1".parse().unwrap());
    let tcp = TcpStream::connect(host.address).await.unwrap();
    let (mut client, _) = tokio_tungstenite::client_async(request, tcp).await.unwrap();
    let id = host.events()[0]["requestContext"]["connectionId"].as_str().unwrap().to_owned();
    let manager = host.manager("operator");
    let get = || async { manager.get_connection().connection_id(&id).send().await.unwrap() };
    let first = get().await;
    assert_eq!(first.identity.as_ref().unwrap().source_ip(), Some("127.0.0.1"));
    assert_eq!(first.identity.as_ref().unwrap().user_agent(), Some("console/1"));
    let connected_at = first.connected_at.unwrap();
    assert!(crate::clock::now().as_second() - connected_at.secs() < 20);

    until("some milliseconds to pass", || {
        host.sockets.connections().status(&id).unwrap().connected_at.duration_until(crate::clock::now()).as_millis()
            > 20
    })
    .await;
    say(&mut client, &json!({ "action": "ask" })).await;
    hear(&mut client).await;
    let second = get().await;
    assert_eq!(second.connected_at.unwrap(), connected_at);
    assert!(second.last_active_at.unwrap() > first.last_active_at.unwrap());
}

#[tokio::test]
async fn delete_closes_the_connection_and_its_id_is_gone() {
    let host = Host::start().await;
    let (mut client, id) = host.connect().await;
    let manager = host.manager("operator");
    let delete = || manager.delete_connection().connection_id(&id).send();
    let (first, goodbye) = tokio::join!(delete(), farewell(&mut client));
    first.unwrap();
    assert_eq!(goodbye, Some((1000, "Connection Closed Normally".to_owned())));
    assert_eq!(host.disconnected(&id).await, (1000, "Connection Closed Normally".to_owned()));

    assert!(delete().await.unwrap_err().into_service_error().is_gone_exception());
    assert!(post(&manager, &id, "x").await.unwrap_err().is_gone_exception());
    let get = manager.get_connection().connection_id(&id).send().await;
    assert!(get.unwrap_err().into_service_error().is_gone_exception());
    assert_eq!(refusal(&manager, "BFaT_fALIAMCKug=").await.0, 410, "an id of another host, or of this one's last run");
}

#[tokio::test]
async fn only_what_the_role_allows_is_done() {
    let host = Host::start().await;
    let (mut client, id) = host.connect().await;
    let talk = host.manager("turno-talk");
    let denied = talk.delete_connection().connection_id(&id).send().await.unwrap_err();
    assert_eq!(denied.raw_response().unwrap().status().as_u16(), 403);
    let denied = denied.into_service_error();
    assert_eq!(denied.code(), Some("AccessDeniedException"));
    let words = format!(
        "is not authorized to perform: execute-api:ManageConnections on resource: \
         arn:aws:execute-api:us-east-1:000000000000:Sockets/live/DELETE/@connections/{id}"
    );
    assert!(denied.message().unwrap().contains(&words), "{denied:?}");
    assert!(talk.get_connection().connection_id(&id).send().await.is_err());
    // Whether the connection is there is not told to who may not ask.
    let unknown = talk.delete_connection().connection_id("nobody").send().await.unwrap_err();
    assert_eq!(unknown.into_service_error().code(), Some("AccessDeniedException"));

    let (status, code, _) = refusal(&host.manager("stranger"), &id).await;
    assert_eq!((status, code.as_str()), (403, "UnrecognizedClientException"));
    let (status, code, _) = refusal(&host.manager_of("operator", "other"), &id).await;
    assert_eq!((status, code.as_str()), (403, "ForbiddenException"));
    let unsigned = crate::client::Client::new();
    let request = http::Request::post(format!("{}/live/@connections/{id}", host.aws_url)).body("x".into()).unwrap();
    assert_eq!(unsigned.send(request).await.unwrap().status.as_u16(), 403);

    post(&talk, &id, "allowed").await.unwrap();
    assert_eq!(hear(&mut client).await, Message::text("allowed"), "nothing else reached the client");

    let of_operator = |path: &str| {
        let signature = "AWS4-HMAC-SHA256 Credential=operator/local/us-east-1/any/aws4_request";
        http::Request::get(format!("{}{path}", host.aws_url))
            .header("authorization", signature)
            .body("".into())
            .unwrap()
    };
    let requests = unsigned.send(of_operator("/_turno/requests")).await.unwrap();
    let requests: Value = serde_json::from_slice(&requests.body).unwrap();
    assert_eq!(requests, json!({ "requests": { "TalkFunction execute-api:PostToConnection": 1 } }));
    let usage = unsigned.send(of_operator("/_turno/permissions")).await.unwrap();
    let usage: Value = serde_json::from_slice(&usage.body).unwrap();
    let talks = usage["permissions"].as_array().unwrap().iter().find(|one| one["function"] == "TalkFunction");
    assert_eq!(talks.unwrap()["alone"], 1, "{usage}");
}

#[tokio::test]
async fn faults_hurt_the_calls_of_functions_alone() {
    let host = Host::start().await;
    let (mut client, id) = host.connect().await;
    let (talk, operator) = (host.manager("turno-talk"), host.manager("operator"));
    host.faults.set(Some("7:throttle=1".parse().unwrap()));
    assert!(post(&talk, &id, "refused").await.unwrap_err().is_limit_exceeded_exception());
    post(&operator, &id, "first").await.unwrap();
    host.faults.set(Some("7:error=1".parse().unwrap()));
    let (status, ..) = refusal(&talk, &id).await;
    assert!([500, 503].contains(&status), "{status}");
    host.faults.set(Some("7:lost=1".parse().unwrap()));
    assert!(post(&talk, &id, "second").await.is_err());
    for expected in ["first", "second"] {
        assert_eq!(
            hear(&mut client).await,
            Message::text(expected),
            "what was lost was done, what was refused was not"
        );
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_is_disconnected_and_nothing_piles_up() {
    let limits = Limits { write: Duration::from_millis(500), queued: 2, ..Limits::default() };
    let host = Host::with(TEMPLATE, limits).await;
    let (client, id) = host.connect().await;
    let manager = host.manager("operator");
    // The system's buffers take some megabytes; then a write waits, and the others with it.
    let mut posted = 0_u32;
    let refused = loop {
        let posts = (0..8).map(|_| post(&manager, &id, "x".repeat(128 * 1024)));
        let outcomes = futures_util::future::join_all(posts).await;
        posted += u32::try_from(outcomes.iter().filter(|outcome| outcome.is_ok()).count()).unwrap();
        if let Some(error) = outcomes.into_iter().find_map(Result::err) {
            break error;
        }
        assert!(posted < 2_000, "256 MB went to a client that does not read");
    };
    assert!(refused.is_gone_exception(), "{refused:?}");
    assert_eq!(host.disconnected(&id).await.0, 1006);
    assert!(post(&manager, &id, "x").await.unwrap_err().is_gone_exception());
    drop(client);
}

#[tokio::test]
async fn a_post_whose_turn_does_not_come_is_429_and_taken_back() {
    let limits = Limits { post: Duration::from_millis(300), ..Limits::default() };
    let host = Host::with(TEMPLATE, limits).await;
    let (mut client, id) = host.connect().await;
    let manager = host.manager("operator");
    let mut posted = 0;
    let error = loop {
        match post(&manager, &id, "x".repeat(128 * 1024)).await {
            Ok(_) => posted += 1,
            Err(error) => break error,
        }
        assert!(posted < 2_000, "256 MB went to a client that does not read");
    };
    assert!(error.is_limit_exceeded_exception(), "{error:?}");
    let waiting = post(&manager, &id, "taken back").await.unwrap_err();
    assert!(waiting.is_limit_exceeded_exception(), "{waiting:?}");
    // A client that reads again gets what was written, and what is said then; what was taken back it does not get.
    let (last, heard) = tokio::join!(
        async {
            loop {
                match post(&manager, &id, "last").await {
                    Ok(_) => break,
                    Err(error) => assert!(error.is_limit_exceeded_exception(), "{error:?}"),
                }
            }
        },
        async {
            let mut large = 0;
            loop {
                match hear(&mut client).await {
                    Message::Text(text) if text.as_str() == "last" => break large,
                    Message::Text(text) => {
                        assert_ne!(text.as_str(), "taken back");
                        large += 1;
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
    );
    let () = last;
    assert!((posted..=posted + 1).contains(&heard), "{posted} posted, one in doubt, {heard} heard");
}
