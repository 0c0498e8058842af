//! `bench cost`: units and requests of every path as the functions consume them, and the price of a million messages.

mod paths;
mod price;

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::try_join_all;

use crate::budget::{Budget, PathCost};
use crate::cli::CostOptions;
use crate::host::Host;
use crate::machine::Machine;
use crate::meter::{Bill, Consumed, Meter};
use crate::provider::{COMERCIAL, SUPORTE, phone, text};
use crate::table::Table;
use paths::Path;
use price::Price;

/// Measures, prints, and fails where a path has become dearer than its budget.
pub(crate) async fn run(options: &CostOptions) -> anyhow::Result<()> {
    let binaries = options.binaries.find()?;
    let machine = Machine::look()?;
    let host = Host::start(&binaries).await?;
    let paths = paths::all(&host).await?;
    println!("\nEvery path, warm, with all that follows from it. Calls and units by function.\n\n{}", table(&paths));
    let scan = paths.iter().find_map(|path| path.bill.get("sla-scan")).cloned().unwrap_or_default();
    println!(
        "Mean of messages, 15 % of them new tickets: each after the last has settled, and with several under way at any time\n"
    );
    let mixes = [
        (ALONE, mix(&host, ALONE, 10_000).await?),
        (16, mix(&host, 16, 20_000).await?),
        (64, mix(&host, 64, 30_000).await?),
    ];
    for (at_once, bill) in &mixes {
        let messages = messages(*at_once);
        println!("{at_once} under way, {messages} messages\n\n{}", mean(bill, messages));
    }
    let prices = mixes.each_ref().map(|(at_once, bill)| (*at_once, Price::of(bill, &scan, messages(*at_once))));
    println!("Price (goal: at most $4.50)\n\n{}", Price::table(&prices));
    println!("{machine}");
    let [alone, ..] = &mixes;
    Budget::read()?.check_paths(&costs(&paths, &alone.1))
}

/// Messages under way where each comes after the last has settled.
const ALONE: u64 = 1;

/// How many messages the mix has: enough that the first batches, which are small, are few.
fn messages(at_once: u64) -> u64 {
    if at_once == ALONE { 200 } else { 2000 }
}

/// 85 % further messages, the rest new tickets: half of people who never wrote before, half of people who wrote to the other number,
/// spread over all of them. People are counted from `first`.
async fn mix(host: &Host, at_once: u64, first: u64) -> anyhow::Result<Bill> {
    let (writers, known) = (at_once.max(15), messages(at_once) * 3 / 40);
    for n in 0..writers.max(known) {
        host.post(text(COMERCIAL, &phone(first + n))).await?;
    }
    host.settled().await?;
    let meter = Meter::start(host).await?;
    let (mut known, mut strangers) = ((first..).map(phone), (first + 5000..).map(phone));
    let all = (0..messages(at_once)).map(|n| match n % 40 {
        6 | 19 | 26 => (COMERCIAL, strangers.next()),
        13 | 33 | 39 => (SUPORTE, known.next()),
        _ => (COMERCIAL, Some(phone(first + n % writers))),
    });
    let all: Vec<_> = all.map(|(connection, person)| (connection, person.unwrap_or_default())).collect();
    for some in all.chunks(usize::try_from(at_once)?) {
        try_join_all(some.iter().map(|(connection, person)| host.post(text(connection, person)))).await?;
        // With several under way the next come before these are done.
        while at_once == ALONE && host.depth("inbound.fifo").await? > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    let mut bill = meter.read(host).await?;
    // The schedule's own run of the minute.
    bill.remove("sla-scan");
    Ok(bill)
}

fn table(paths: &[Path]) -> Table {
    let mut table = Table::new(&["path", "write units", "read units", "invocations", "calls"]);
    for Path { name, bill } in paths {
        let by_function = |of: &dyn Fn(&Consumed) -> String| {
            bill.iter()
                .map(|(function, consumed)| format!("{function} {}", of(consumed)))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let calls = |consumed: &Consumed| {
            consumed.calls.iter().map(|(service, count)| format!("{count} {service}")).collect::<Vec<_>>().join(" + ")
        };
        table.row([
            (*name).to_owned(),
            format!("{:.1}", bill.values().map(|consumed| consumed.write_units).sum::<f64>()),
            format!("{:.1}", bill.values().map(|consumed| consumed.read_units).sum::<f64>()),
            by_function(&|consumed| consumed.invocations.to_string()),
            by_function(&calls),
        ]);
    }
    table
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn mean(bill: &Bill, messages: u64) -> Table {
    let mut table =
        Table::new(&["function", "invocations", "records", "write units", "read units", "calls", "log bytes"]);
    for (function, consumed) in bill {
        let each = |count: f64| format!("{:.2}", count / messages as f64);
        table.row([
            function.clone(),
            each(consumed.invocations as f64),
            each(consumed.records as f64),
            each(consumed.write_units),
            each(consumed.read_units),
            each(consumed.calls.values().sum::<u64>() as f64),
            each(consumed.log_bytes as f64),
        ]);
    }
    table
}

/// What the budget knows of each path; the mean of the mix stands among them.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn costs(paths: &[Path], mix: &Bill) -> BTreeMap<String, PathCost> {
    let cost = |bill: &Bill, messages: f64| PathCost {
        write: bill.values().map(|consumed| consumed.write_units).sum::<f64>() / messages,
        read: bill.values().map(|consumed| consumed.read_units).sum::<f64>() / messages,
        // How many batches the stream makes of the same records is chance, so `relay` is left out.
        calls: bill
            .iter()
            .filter(|(function, _)| *function != "relay")
            .map(|(_, consumed)| consumed.calls.values().sum::<u64>() as f64 / messages)
            .sum(),
    };
    let mut costs: BTreeMap<String, PathCost> =
        paths.iter().map(|path| (path.name.to_owned(), cost(&path.bill, 1.0))).collect();
    costs.insert("mean at 15 % new tickets".to_owned(), cost(mix, messages(ALONE) as f64));
    costs
}
