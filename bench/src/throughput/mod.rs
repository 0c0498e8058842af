//! `bench throughput`: from the webhook to the listed ticket, at several numbers of contacts that write at once, beside the same
//! storage calls issued bare.
//!
//! Two ways of writing. A *stream*: each contact's next message is posted as soon as the last was acknowledged, as providers do;
//! the rate is over the time until the last of all is listed. A *dialogue*: each contact waits until its message is listed; the
//! latency is from the post to the list that shows it, looked at without a pause.

mod bare;
mod dialogue;
mod listing;
mod stream;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::cli::ThroughputOptions;
use crate::figures::{Rounds, Samples, milliseconds};
use crate::host::Host;
use crate::machine::Machine;
use crate::process::processor_time;
use crate::provider::phone;
use crate::table::Table;

/// What the messages do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Each is of a person who never wrote before.
    NewTicket,
    /// Each joins its writer's ticket.
    Further,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::NewTicket => "new ticket",
            Self::Further => "further message",
        }
    }
}

/// People who have not written yet.
#[derive(Debug, Default)]
struct Strangers(std::sync::atomic::AtomicU64);

impl Strangers {
    fn next(&self) -> String {
        phone(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
    }
}

/// Measures and prints.
pub(crate) async fn run(options: &ThroughputOptions) -> anyhow::Result<()> {
    let binaries = options.binaries.find()?;
    let machine = Machine::look()?;
    let strangers = Strangers::default();
    let mut table = Table::new(&[
        "messages",
        "at once",
        "listed /s",
        "bare calls /s",
        "ratio",
        "dialogue p50 ms",
        "dialogue p99 ms",
        "CPU ms each",
    ]);
    let mut times = Table::new(&["messages", "at once", "CPU ms of each message, by process"]);
    for kind in [Kind::NewTicket, Kind::Further] {
        for &contacts in &options.contacts {
            let (mut rates, mut bares) = (Rounds::default(), Rounds::default());
            let mut spent: BTreeMap<String, Rounds> = BTreeMap::new();
            let mut latencies = Samples::default();
            // A fresh host for each, and bare calls and whole path in turns, so that other work on the machine meets both.
            let data = Arc::new(tempfile::tempdir()?);
            drop(Host::start_on(&binaries, Arc::clone(&data)).await?);
            for _ in 0..options.rounds {
                bares.add(bare::rate(data.path(), kind, contacts, options.messages, &strangers).await?);
                let host = Host::start_on(&binaries, Arc::clone(&data)).await?;
                let listing = listing::Listing::new(&host)?;
                // A first few start every process.
                stream::rate(&host, &listing, kind, contacts, contacts * 4, &strangers).await?;
                let before = cpu(&host).await?;
                rates.add(stream::rate(&host, &listing, kind, contacts, options.messages, &strangers).await?);
                host.settled().await?;
                let after = cpu(&host).await?;
                for (name, after) in after {
                    let since = after - before.get(&name).copied().unwrap_or_default();
                    spent.entry(name).or_default().add(since / messages(options));
                }
                dialogue::measure(&host, &listing, kind, contacts, options.messages / 4, &strangers, &mut latencies)
                    .await?;
            }
            table.row([
                kind.name().to_owned(),
                contacts.to_string(),
                format!("{rates:.0}"),
                format!("{bares:.0}"),
                format!("{:.2}", rates.median() / bares.median()),
                format!("{:.1}", latencies.median()),
                format!("{:.1} (of {})", latencies.quantile(0.99), latencies.len()),
                format!("{:.2}", spent.values().map(Rounds::median).sum::<f64>()),
            ]);
            let of = |(name, spent): (&String, &Rounds)| format!("{name} {spent:.2}");
            let parts: Vec<String> = spent.iter().filter(|(_, spent)| spent.median() >= 0.005).map(of).collect();
            times.row([kind.name().to_owned(), contacts.to_string(), parts.join(", ")]);
            // Each row as it is known: the whole takes minutes.
            println!("{}, {contacts} at once: {rates:.0}/s listed, {bares:.0}/s bare", kind.name());
        }
    }
    println!(
        "\nGoals: ratio at least 0.6; at least 1,200 further messages and 700 new tickets a second; p99 at most 250 ms at 8 at once\n"
    );
    println!("{table}\n{times}\n{machine}");
    Ok(())
}

/// The processor time of the host and of all processes of each function, in milliseconds.
async fn cpu(host: &Host) -> anyhow::Result<BTreeMap<String, f64>> {
    let mut spent = BTreeMap::from([("turno".to_owned(), milliseconds(processor_time(host.pid())?))]);
    for (function, pids) in host.processes().await? {
        for pid in pids {
            *spent.entry(function.clone()).or_default() += milliseconds(processor_time(pid)?);
        }
    }
    Ok(spent)
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn messages(options: &ThroughputOptions) -> f64 {
    options.messages as f64
}
