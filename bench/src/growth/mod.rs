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
    let mut measured: BTreeMap<(&str, u64), (Cost, Rounds)> = BTreeMap::new();
    // A first round warms processes, connections and the pages of the files, and is not counted.
    for round in 0..=options.rounds {
        for (tickets, host) in &hosts {
            for (path, cost, milliseconds) in paths::measure(host, *tickets, round.into()).await? {
                let (costs, times) = measured.entry((path, *tickets)).or_default();
                if round > 0 {
                    costs.raise(&cost);
                    times.add(milliseconds);
                }
            }
        }
    }
    let mut table = Table::new(&["path", "tickets", "write units", "read units", "ms", "times the smallest"]);
    for path in PATHS {
        let rows: Vec<_> =
            options.tickets.iter().filter_map(|size| Some((size, measured.get(&(path, *size))?))).collect();
        let smallest = rows.first().map_or(1.0, |(_, (_, times))| times.median());
        for (size, (cost, times)) in rows {
            table.row([
                path.to_owned(),
                size.to_string(),
                format!("{:.1}", cost.write),
                format!("{:.1}", cost.read),
                format!("{times:.2}"),
                format!("{:.2}", times.median() / smallest),
            ]);
        }
    }
    println!("\nGrowth (goals: units flat, time within 1.3 of the smallest)\n\n{table}\n{machine}");
    Ok(())
}
