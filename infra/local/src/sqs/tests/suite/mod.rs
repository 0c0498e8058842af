//! What Amazon SQS does, as named behaviours that AWS's own client sees on any endpoint: on this host, and on ministack.
//!
//! Each behaviour says how it looks on AWS and on which page AWS says so. This host must look like that. ministack is a second
//! opinion, written by others: where it looks different the list in `differences` says how, and nothing else may differ.
//! Behaviours wait for what must come. One that must look before a time is over begins anew, with more of it, when the machine was
//! too slow. What takes minutes on AWS is in the tests with a clock of their own.

mod batches;
mod dead_letters;
mod differences;
mod groups;
mod queues;
mod receiving;
mod scene;
mod sending;
mod visibility;

use std::collections::BTreeMap;
use std::pin::Pin;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::post;
use tokio::task::JoinSet;

use crate::sqs::Queues;
use differences::{DIFFERENCES, Difference};
use scene::{Scene, Seen, Time};

/// How long one behaviour may take, begun anew as often as it may be.
const PATIENCE: Duration = Duration::from_mins(5);

/// Pages of the API reference and of the developer guide.
macro_rules! page {
    (api $page:literal) => {
        concat!("https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_", $page, ".html")
    };
    (guide $page:literal) => {
        concat!("https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/", $page, ".html")
    };
}
use page;

/// One thing that Amazon SQS does.
struct Behaviour {
    name: &'static str,
    /// How it looks there.
    looks: &'static str,
    /// Where AWS says so.
    source: &'static str,
    run: Box<dyn Fn(Scene) -> Looks>,
}

/// What a behaviour will have looked like.
type Looks = Pin<Box<dyn Future<Output = Seen<String>> + Send>>;

fn behaviour<F, O>(name: &'static str, looks: &'static str, source: &'static str, run: F) -> Behaviour
where
    F: Fn(Scene) -> O + 'static,
    O: Future<Output = Seen<String>> + Send + 'static,
{
    Behaviour { name, looks, source, run: Box::new(move |scene| Box::pin(run(scene))) }
}

/// As `behaviour`, for one that must look before a time is over.
fn timed<F, O>(name: &'static str, looks: &'static str, source: &'static str, run: F) -> Behaviour
where
    F: Fn(Scene, Time) -> O + Copy + Send + Sync + 'static,
    O: Future<Output = Seen<String>> + Send + 'static,
{
    behaviour(name, looks, source, move |scene| async move {
        let mut seen = Ok("is never tried".to_owned());
        for secs in Time::TRIED {
            seen = run(scene.anew(), Time::start(secs)).await;
            if !Time::was_over(&seen) {
                break;
            }
        }
        seen
    })
}

fn all() -> Vec<Behaviour> {
    let mut all = sending::behaviours();
    all.extend(receiving::behaviours());
    all.extend(visibility::behaviours());
    all.extend(groups::behaviours());
    all.extend(batches::behaviours());
    all.extend(dead_letters::behaviours());
    all.extend(queues::behaviours());
    all
}

/// Runs every behaviour on an endpoint, all at once, each with queues of its own: what they look like there.
async fn observe(url: &str, behaviours: &[Behaviour]) -> BTreeMap<&'static str, String> {
    let mut running = JoinSet::new();
    for (number, Behaviour { name, run, .. }) in behaviours.iter().enumerate() {
        let (name, looks) = (*name, run(Scene::new(url, number)));
        running.spawn(async move {
            let looks = tokio::time::timeout(PATIENCE, looks).await;
            (name, looks.map_or("does not end".to_owned(), |looks| looks.unwrap_or_else(|refusal| refusal)))
        });
    }
    running.join_all().await.into_iter().collect()
}

/// What is wrong with an endpoint's looks, or with the list of its differences; empty when nothing is.
fn judge(
    behaviours: &[Behaviour],
    observed: &BTreeMap<&'static str, String>,
    differences: &[Difference],
) -> Vec<String> {
    let mut wrong = Vec::new();
    for Behaviour { name, looks, source, .. } in behaviours {
        let seen = observed.get(name).map_or("did not run", String::as_str);
        let listed = differences.iter().find(|difference| difference.behaviour == *name);
        match listed {
            None if seen != *looks => wrong.push(format!("{name}: `{seen}`, on AWS `{looks}` ({source})")),
            Some(listed) if seen == *looks => {
                wrong.push(format!("{name}: no longer differs ({}); take it off the list", listed.because));
            }
            Some(listed) if seen != listed.looks => {
                wrong.push(format!("{name}: `{seen}`, listed as `{}`, on AWS `{looks}` ({source})", listed.looks));
            }
            _ => {}
        }
    }
    let unknown = |difference: &&Difference| !behaviours.iter().any(|one| one.name == difference.behaviour);
    wrong.extend(differences.iter().filter(unknown).map(|one| format!("{}: is no behaviour", one.behaviour)));
    wrong
}

/// Serves queues of a memory over HTTP for as long as the test runs.
async fn serve() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let queues = Queues::open(None, url.clone(), "000000000000".to_owned()).unwrap();
    let answer = move |headers: HeaderMap, body: Bytes| async move {
        queues.handle(headers["x-amz-target"].to_str().unwrap(), &body).await.map(axum::body::Body::from)
    };
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", post(answer))).await });
    url
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn this_host_does_what_amazon_sqs_does() {
    let behaviours = all();
    let wrong = judge(&behaviours, &observe(&serve().await, &behaviours).await, &[]);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ministack_does_what_amazon_sqs_does_but_for_what_is_listed() {
    let Some(ministack) = tokio::task::spawn_blocking(engines::ministack).await.unwrap() else { return };
    let behaviours = all();
    let wrong = judge(&behaviours, &observe(&ministack.url(), &behaviours).await, &DIFFERENCES);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn behaviours_have_names_of_their_own() {
    let mut names: Vec<_> = all().iter().map(|behaviour| behaviour.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn a_difference_that_is_not_listed_or_no_longer_there_is_found() {
    let all = [behaviour("it_flies", "yes", "a page", |_| async { Ok(String::new()) })];
    let seen = |looks: &str| BTreeMap::from([("it_flies", looks.to_owned())]);
    let listed = |behaviour, looks| [Difference { behaviour, looks, because: "it is a penguin" }];
    let found = |looks: &str, differences: &[Difference]| judge(&all, &seen(looks), differences).join("; ");
    assert_eq!(judge(&all, &seen("yes"), &[]), [""; 0]);
    assert_eq!(judge(&all, &seen("no"), &[]), ["it_flies: `no`, on AWS `yes` (a page)"]);
    assert_eq!(judge(&all, &seen("no"), &listed("it_flies", "no")), [""; 0]);
    assert_eq!(
        judge(&all, &seen("yes"), &listed("it_flies", "no")),
        ["it_flies: no longer differs (it is a penguin); take it off the list"]
    );
    assert!(found("perhaps", &listed("it_flies", "no")).contains("listed as `no`"));
    assert!(found("yes", &listed("it_swims", "no")).contains("it_swims: is no behaviour"));
}
