//! `bench growth`: whether a path costs more where an organization has more tickets.

mod paths;
mod seed;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::cli::GrowthOptions;
use crate::figures::Rounds;
use crate::host::Host;
use crate::machine::Machine;
use crate::table::Table;
use paths::{Cost, PATHS};

/// A path at one size over all rounds.
#[derive(Default)]
struct Figures {
    cost: Cost,
    median: Rounds,
    p99: Rounds,
}

/// Fills a host for each size, measures all of them in turns, and prints units and times beside each other.
pub(crate) async fn run(options: &GrowthOptions) -> anyhow::Result<()> {
    let binaries = options.binaries.find()?;
    let machine = Machine::look()?;
    let template = seed::template(&binaries).await?;
    let mut hosts = Vec::new();
    for &tickets in &options.tickets {
        let data = Arc::new(tempfile::tempdir()?);
        let took = template.grow(data.path(), tickets)?;
        println!("{tickets} tickets laid down in {:.1} s", took.as_secs_f64());
        hosts.push((tickets, Host::start_on(&binaries, data).await?));
    }
    let mut measured: BTreeMap<(&str, u64), Figures> = BTreeMap::new();
    // A first round warms processes, connections and the pages of the files, and is not counted.
    for round in 0..=options.rounds {
        for (tickets, host) in &hosts {
            for of in paths::measure(host, *tickets, round.into()).await? {
                let figures = measured.entry((of.path, *tickets)).or_default();
                if round > 0 {
                    figures.cost.raise(&of.cost);
                    figures.median.add(of.median);
                    of.p99.into_iter().for_each(|p99| figures.p99.add(p99));
                }
            }
        }
    }
    let columns =
        ["path", "tickets", "write units", "read units", "ms", "times the smallest", "p99 ms", "times the smallest"];
    let mut table = Table::new(&columns);
    for path in PATHS {
        let rows: Vec<_> =
            options.tickets.iter().filter_map(|size| Some((size, measured.get(&(path, *size))?))).collect();
        let Some((_, smallest)) = rows.first() else { continue };
        for (size, of) in &rows {
            let p99 = (!of.p99.is_empty())
                .then(|| (format!("{:.2}", of.p99), format!("{:.2}", of.p99.median() / smallest.p99.median())));
            let (p99, p99_times) = p99.unwrap_or_default();
            table.row([
                path.to_owned(),
                size.to_string(),
                format!("{:.1}", of.cost.write),
                format!("{:.1}", of.cost.read),
                format!("{:.2}", of.median),
                format!("{:.2}", of.median.median() / smallest.median.median()),
                p99,
                p99_times,
            ]);
        }
    }
    println!("\nGrowth (goals: units flat, time within 1.3 of the smallest)\n\n{table}\n{machine}");
    Ok(())
}
