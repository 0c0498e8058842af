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

/// Calls of a path in a round; an agent holds fifty tickets, so few of them may be claims.
const CALLS: u64 = 20;
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

/// Runs every path once; its name, its cost, and the milliseconds of one call or message.
pub(super) async fn measure(host: &Host, tickets: u64, round: u64) -> anyhow::Result<Vec<(&'static str, Cost, f64)>> {
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
    for (name, path) in reads {
        let meter = Meter::start(host).await?;
        let mut times = Samples::default();
        for _ in 0..CALLS {
            let asked_at = Instant::now();
            carla.get(&path).await?;
            times.add(asked_at.elapsed());
        }
        all.push((name, cost(meter, host, CALLS).await?, times.median()));
    }
    let meter = Meter::start(host).await?;
    let mut times = Samples::default();
    for number in (1..=CLAIMS).map(|n| round * CLAIMS + n) {
        let asked_at = Instant::now();
        ana.post(&format!("/api/tickets/{number}/claim"), json!({})).await?;
        times.add(asked_at.elapsed());
    }
    all.push(("claim", cost(meter, host, CLAIMS).await?, times.median()));
    // Tickets of the end, which nobody has claimed; and people whom nobody knows.
    let (known, strangers) = (tickets - MESSAGES, tickets * 2 + round * MESSAGES);
    for (name, first) in [("further message", known), ("new ticket", strangers)] {
        let meter = Meter::start(host).await?;
        let posted_at = Instant::now();
        for n in 0..MESSAGES {
            host.post(text(COMERCIAL, &phone(first + n))).await?;
        }
        while host.depth("inbound.fifo").await? > 0 {
            tokio::task::yield_now().await;
        }
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let each = milliseconds(posted_at.elapsed()) / MESSAGES as f64;
        all.push((name, cost(meter, host, MESSAGES).await?, each));
    }
    let meter = Meter::start(host).await?;
    let mut times = Samples::default();
    for _ in 0..CALLS {
        let asked_at = Instant::now();
        host.invoke("sla-scan", &json!({ "time": BEFORE_ALL })).await?;
        times.add(asked_at.elapsed());
    }
    all.push(("scan, nothing due", cost(meter, host, CALLS).await?, times.median()));
    Ok(all)
}

/// What everything since the meter's start consumed, for each of so many calls.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
async fn cost(meter: Meter, host: &Host, calls: u64) -> anyhow::Result<Cost> {
    let bill: BTreeMap<_, _> = meter.read(host).await?;
    let sum = |of: fn(&crate::meter::Consumed) -> f64| bill.values().map(of).sum::<f64>() / calls as f64;
    Ok(Cost { write: sum(|consumed| consumed.write_units), read: sum(|consumed| consumed.read_units) })
}
