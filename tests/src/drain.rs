//! The orderly end of a host: who was let in gets an answer, nobody else is let in, and who insists is obeyed at once.

use crate::world::{Host, SOON, eventually, go_on, is_alive, pause};

/// The process that works on a request which is held up in it, and the request's answer: its status, or none.
async fn held_up(host: &Host) -> (u32, tokio::task::JoinHandle<Option<u16>>) {
    host.agent("ana").get("/api/tickets").await.expect(200);
    let (pid, _) = host.processes("tickets").await[0];
    pause(pid);
    let request = host.http.get(format!("{}/api/tickets", host.api_url)).bearer_auth(host.token("demo", "ana"));
    let request = tokio::spawn(async move { request.send().await.ok().map(|answer| answer.status().as_u16()) });
    eventually("the request is being worked on", SOON, async || {
        host.processes("tickets").await.contains(&(pid, true)).then_some(())
    })
    .await;
    (pid, request)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_in_flight_is_answered_and_no_new_one_is_let_in() {
    let host = Host::fresh().await;
    let (pid, request) = held_up(&host).await;
    host.interrupt();
    let health = format!("{}/healthz", host.api_url);
    eventually("the door is closed", SOON, async || {
        let stranger = reqwest::Client::new();
        stranger.get(&health).send().await.err().filter(reqwest::Error::is_connect).map(drop)
    })
    .await;
    assert!(!request.is_finished());
    go_on(pid);
    assert_eq!(request.await.unwrap(), Some(200));
    assert!(host.ended().await.success());
    eventually("the function has ended with its host", SOON, async || (!is_alive(pid)).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_ends_the_host_at_once() {
    let host = Host::fresh().await;
    let (pid, request) = held_up(&host).await;
    host.interrupt();
    eventually("it has heard the first", SOON, async || {
        host.output.lines().iter().any(|line| line.starts_with("Stopping")).then_some(())
    })
    .await;
    host.interrupt();
    assert_eq!(host.ended().await.code(), Some(130));
    go_on(pid);
    eventually("the function has ended with its host", SOON, async || (!is_alive(pid)).then_some(())).await;
    assert_eq!(request.await.unwrap(), None, "its connection is gone");
}
