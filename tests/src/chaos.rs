//! Everything at once: load, repetition, disorder, conflicts, throttles, killed functions and a killed host. Nothing that was
//! acknowledged is lost or counted twice, and a claim has one winner (invariants I1, I2, I3, I4 and I6).

mod agents;
mod traffic;

use std::path::Path;
use std::sync::atomic::Ordering;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::ledger::{all_is_there, all_is_told};
use crate::world::{Host, LONG, eventually};
use traffic::Traffic;

/// A seed, and a rate for each kind.
const FAULTS: &str = "7:kill=0.02,timeout=0.005,duplicate=0.1,reorder=0.05,conflict=0.05,lost=0.01,throttle=0.05,\
                      error=0.01,slow=0.01,repeat=0.05";
/// How many deliveries are under way at once.
const PROVIDERS: usize = 16;
/// The seconds after which a queue gives out again what was not acknowledged: more than a function may take, less than in the
/// template, so that hundreds of crashes do not take an hour.
const VISIBILITY_SECS: u64 = 6;

/// How much of it.
struct Scale {
    messages: usize,
    contacts: usize,
    host_kills: usize,
    function_kills: u64,
}

/// All of it takes minutes, which CI has; without the variable less of it shows the same.
fn scale() -> Scale {
    match runtime::config::required("TURNO_CHAOS") {
        Ok(_) => Scale { messages: 10_000, contacts: 500, host_kills: 3, function_kills: 200 },
        Err(_) => Scale { messages: 800, contacts: 60, host_kills: 1, function_kills: 5 },
    }
}

/// Where the host answers now; nowhere while it is down.
type Reach = watch::Sender<Option<String>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_of_every_kind_under_load_lose_and_double_nothing() {
    let (scale, data) = (scale(), tempfile::tempdir().unwrap());
    let traffic = Traffic::plan(scale.messages, scale.contacts);
    let reach = Reach::new(None);
    let first = start(&reach, data.path()).await;
    let (ana, bruno) = (first.token("demo", "ana"), first.token("demo", "bruno"));
    let claims = agents::Claims::default();
    let (_, (kills, host), ..) = tokio::join!(
        join_all((0..PROVIDERS).map(|_| traffic.provide(reach.subscribe()))),
        outages(first, &scale, &traffic, &reach, data.path()),
        agents::work("ana", &ana, &reach, &traffic, &claims),
        agents::work("bruno", &bruno, &reach, &traffic, &claims),
    );
    println!("{} messages, {kills} functions and {} hosts killed", traffic.sent.len(), scale.host_kills);
    assert!(kills >= scale.function_kills, "{kills}");

    host.operate("PUT", "/_turno/faults", &json!({ "faults": null })).await;
    host.settled().await;
    for queue in ["inbound-dead.fifo", "outbound-dead.fifo", "relay-dead"] {
        assert_eq!(host.depth(queue).await, (0, 0), "{queue}");
    }
    all_is_there(&host, &traffic.sent).await;
    all_is_told(&host, &traffic.sent).await;
    claims.had_one_winner_each(&host).await;
}

/// Kills the host and starts it again, spread over the deliveries; gives the host that lives in the end, and how many
/// functions were killed by all of them.
async fn outages(mut host: Host, scale: &Scale, traffic: &Traffic, reach: &Reach, data: &Path) -> (u64, Host) {
    let mut kills = 0;
    for outage in 1..=scale.host_kills {
        let until = traffic.deliveries.len() * outage / (scale.host_kills + 1);
        let is_reached = async || (traffic.next.load(Ordering::Relaxed) > until).then_some(());
        eventually("the deliveries go on", LONG * 10, is_reached).await;
        kills += killed(&host).await;
        reach.send_replace(None);
        host.kill();
        host = start(reach, data).await;
    }
    let is_delivered = async || traffic.is_delivered().then_some(());
    eventually("all is delivered", LONG * 10, is_delivered).await;
    (kills + killed(&host).await, host)
}

/// Starts the host on its data, hurt as the journey wants it, and tells everybody where it is.
async fn start(reach: &Reach, data: &Path) -> Host {
    let host = Host::on(data).await;
    for queue in ["inbound.fifo", "outbound.fifo"] {
        host.set_visibility(queue, VISIBILITY_SECS).await;
    }
    host.operate("PUT", "/_turno/faults", &json!({ "faults": FAULTS })).await;
    reach.send_replace(Some(host.api_url.clone()));
    host
}

/// How many functions this host has killed in the midst of their work.
async fn killed(host: &Host) -> u64 {
    host.operate("GET", "/_turno/faults", &Value::Null).await["injected"]["kill"].as_u64().unwrap()
}
