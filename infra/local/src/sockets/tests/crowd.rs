//! Many at once: a thousand connections, and callers who race.

use super::*;
use crate::sockets::PostError;

#[tokio::test]
async fn a_thousand_clients_are_connected_at_once_and_each_gets_its_own_post() {
    crate::sockets::raise_limit();
    let host = Host::start().await;
    let started = Instant::now();
    let connects = (0..1000).map(|_| host.try_connect("?token=good", None));
    let clients: Vec<_> = futures_util::stream::iter(connects).buffer_unordered(32).map(Result::unwrap).collect().await;
    let connected = started.elapsed();
    assert_eq!(host.sockets.connections().count(), 1000);
    let ids: Vec<String> = host
        .events()
        .iter()
        .filter(|event| event.get("type").is_none())
        .map(|event| event["requestContext"]["connectionId"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 1000);

    let started = Instant::now();
    let manager = host.manager("turno-talk");
    let posts =
        ids.iter().map(|id| manager.post_to_connection().connection_id(id).data(id.clone().into_bytes().into()).send());
    futures_util::stream::iter(posts).buffer_unordered(64).for_each(|posted| async { drop(posted.unwrap()) }).await;
    let posted = started.elapsed();
    let mut heard = Vec::new();
    let mut clients: Vec<Client> = clients.into_iter().map(|(client, _)| client).collect();
    for client in &mut clients {
        heard.push(hear(client).await.into_text().unwrap().to_string());
    }
    heard.sort_unstable();
    let mut expected = ids.clone();
    expected.sort_unstable();
    assert_eq!(heard, expected, "one post to each, and to each its own");
    println!("1,000 clients connected in {connected:?}, 1,000 posts in {posted:?}");

    drop(clients);
    until("all to be gone", || host.sockets.connections().count() == 0).await;
    until("all disconnect events", || host.count("DISCONNECT") == 1000).await;
}

#[tokio::test]
async fn of_a_post_and_two_deletes_at_once_each_answer_is_true() {
    let host = Host::start().await;
    for _ in 0..40 {
        let (mut client, id) = host.connect().await;
        let connections = host.sockets.connections();
        let limit = Duration::from_secs(10);
        let pause = || tokio::time::sleep(Duration::from_micros(fastrand::u64(0..300)));
        let posting = async {
            pause().await;
            connections.post(&id, "news".into(), limit).await
        };
        let deleting = || async {
            pause().await;
            connections.delete(&id)
        };
        let listening = async {
            let mut heard = Vec::new();
            loop {
                match hear(&mut client).await {
                    Message::Text(text) => heard.push(text.to_string()),
                    Message::Close(_) => break heard,
                    other => panic!("{other:?}"),
                }
            }
        };
        let (posted, first, second, heard) = tokio::join!(posting, deleting(), deleting(), listening);
        // The client answers the close frame, as its library does when it is read once more.
        farewell(&mut client).await;
        assert!(first ^ second, "one of the two deleted it");
        match posted {
            Ok(()) => assert_eq!(heard, ["news"], "200 means that the client got it"),
            Err(PostError::Gone) => assert!(heard.is_empty(), "410 means that it did not"),
            Err(PostError::Full) => panic!("nothing was in its way"),
        }
        assert_eq!(connections.post(&id, "late".into(), limit).await, Err(PostError::Gone));
        assert_eq!(host.disconnected(&id).await.0, 1000);
    }
}
