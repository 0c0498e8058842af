//! The paths that a growing organization must not make dearer.

use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::json;

use crate::agent::Agent;
use crate::figures::{Samples, milliseconds};
use crate::host::Host;
use crate::meter::Meter;
use crate::provider::{COMERCIAL, phone, text};

/// In the order of the table.
pub(super) const PATHS: [&str; 9] = [
    "newest tickets",
    "tickets from the middle",
    "one ticket",
    "statistics",
    "waiting tickets",
    "claim",
    "further message",
    "new ticket",
    "scan, nothing due",
];

/// Calls of a path in a round: of reads so many that the 99th percentile has some above it; an agent holds fifty tickets, so few may
/// be claims.
const READS: u64 = 300;
const SCANS: u64 = 20;
const CLAIMS: u64 = 6;
const MESSAGES: u64 = 40;
/// Long before everything that is laid down.
const BEFORE_ALL: &str = "2026-01-01T00:00:00Z";

/// What one call or message consumed.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Cost {
    pub(super) write: f64,
    pub(super) read: f64,
}

impl Cost {
    /// The dearest round counts.
    pub(super) fn raise(&mut self, other: &Self) {
        self.write = self.write.max(other.write);
        self.read = self.read.max(other.read);
    }
}

/// A path in one round: what a call or message consumed, and the milliseconds it took.
pub(super) struct Measured {
    pub(super) path: &'static str,
    pub(super) cost: Cost,
    pub(super) median: f64,
    /// The 99th percentile, where there are enough calls for one.
    pub(super) p99: Option<f64>,
}

/// Runs every path once.
pub(super) async fn measure(host: &Host, tickets: u64, round: u64) -> anyhow::Result<Vec<Measured>> {
    let (carla, ana) = (Agent::new(host, "carla")?, Agent::new(host, "ana")?);
    let middle = tickets / 50 / 2 + 1;
    let list = |page: u64| format!("/api/tickets?limit=50&page={page}");
    let reads = [
        ("newest tickets", list(1)),
        ("tickets from the middle", list(middle)),
        ("one ticket", format!("/api/tickets/{}", tickets / 2)),
        ("statistics", "/api/tickets/stats".to_owned()),
        ("waiting tickets", "/api/tickets/queue?limit=50".to_owned()),
    ];
    let mut all = Vec::new();
    for (path, url) in reads {
        let meter = Meter::start(host).await?;
        let mut times = Samples::default();
        for _ in 0..READS {
            let asked_at = Instant::now();
            carla.get(&url).await?;
            times.add(asked_at.elapsed());
        }
        let p99 = Some(times.quantile(0.99));
        all.push(Measured { path, cost: cost(meter, host, READS).await?, median: times.median(), p99 });
    }
    let meter = Meter::start(host).await?;
    let mut times = Samples::default();
    for number in (1..=CLAIMS).map(|n| round * CLAIMS + n) {
        let asked_at = Instant::now();
        ana.post(&format!("/api/tickets/{number}/claim"), json!({})).await?;
        times.add(asked_at.elapsed());
    }
    let claims = cost(meter, host, CLAIMS).await?;
    all.push(Measured { path: "claim", cost: claims, median: times.median(), p99: None });
    // Tickets of the end, which nobody has claimed; and people whom nobody knows.
    let (known, strangers) = (tickets - MESSAGES, tickets * 2 + round * MESSAGES);
    for (path, first) in [("further message", known), ("new ticket", strangers)] {
        let meter = Meter::start(host).await?;
        let posted_at = Instant::now();
        for n in 0..MESSAGES {
            host.post(text(COMERCIAL, &phone(first + n))).await?;
        }
        while host.depth("inbound.fifo").await? > 0 {
            tokio::task::yield_now().await;
        }
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let median = milliseconds(posted_at.elapsed()) / MESSAGES as f64;
        all.push(Measured { path, cost: cost(meter, host, MESSAGES).await?, median, p99: None });
    }
    let meter = Meter::start(host).await?;
    let mut times = Samples::default();
    for _ in 0..SCANS {
        let asked_at = Instant::now();
        host.invoke("sla-scan", &json!({ "time": BEFORE_ALL })).await?;
        times.add(asked_at.elapsed());
    }
    let scans = cost(meter, host, SCANS).await?;
    all.push(Measured { path: "scan, nothing due", cost: scans, median: times.median(), p99: None });
    Ok(all)
}

/// What everything since the meter's start consumed, for each of so many calls.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
async fn cost(meter: Meter, host: &Host, calls: u64) -> anyhow::Result<Cost> {
    let bill: BTreeMap<_, _> = meter.read(host).await?;
    let sum = |of: fn(&crate::meter::Consumed) -> f64| bill.values().map(of).sum::<f64>() / calls as f64;
    Ok(Cost { write: sum(|consumed| consumed.write_units), read: sum(|consumed| consumed.read_units) })
}
