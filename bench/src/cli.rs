//! The commands of the benchmarks and their options. Parsing alone.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::binaries::Binaries;

/// Measures Turno through its real binaries. Without --functions it builds them for release first.
#[derive(Debug, Parser)]
#[command(name = "bench", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The local host: added latency, queue, memory.
    Host(HostOptions),
    /// Every function's cold start, beside a naive twin.
    ColdStart(ColdStartOptions),
    /// Units and requests of every path, and the price of a million messages.
    Cost(CostOptions),
    /// From webhook to listed ticket at 1, 8 and 64 contacts at once, beside the bare storage calls.
    Throughput(ThroughputOptions),
    /// Units and times of every path at a thousand, ten thousand and a hundred thousand tickets.
    Growth(GrowthOptions),
    /// The largest bodies of every shape, from bytes to what they mean.
    Parsing(ParsingOptions),
}

#[derive(Debug, Args)]
pub(crate) struct BinaryOptions {
    /// The directory of the functions' binaries [default: a release build of now].
    #[arg(long, value_name = "DIR")]
    functions: Option<PathBuf>,
    /// The host's binary [default: built now with the profile `host`].
    #[arg(long, value_name = "PATH")]
    host: Option<PathBuf>,
}

impl BinaryOptions {
    pub(crate) fn find(&self) -> anyhow::Result<Binaries> {
        Binaries::find(self.functions.as_deref(), self.host.as_deref())
    }
}

#[derive(Debug, Args)]
pub(crate) struct HostOptions {
    #[command(flatten)]
    pub(crate) binaries: BinaryOptions,
    /// Rounds of each measurement, after one that is not counted.
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,
    /// HTTP calls a round.
    #[arg(long, default_value_t = 400)]
    pub(crate) calls: usize,
    /// Messages of the idle queue a round.
    #[arg(long, default_value_t = 40)]
    pub(crate) messages: usize,
    /// Batches sent a round.
    #[arg(long, default_value_t = 400)]
    pub(crate) batches: usize,
}

#[derive(Debug, Args)]
pub(crate) struct ColdStartOptions {
    #[command(flatten)]
    pub(crate) binaries: BinaryOptions,
    /// The naive twin's binary [default: a release build of bench/naive].
    #[arg(long, value_name = "PATH")]
    pub(crate) naive: Option<PathBuf>,
    /// The floor's binary [default: a release build of bench/floor].
    #[arg(long, value_name = "PATH")]
    pub(crate) floor: Option<PathBuf>,
    /// Rounds of each measurement, after one that is not counted.
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,
    /// Starts of each binary a round.
    #[arg(long, default_value_t = 5)]
    pub(crate) starts: usize,
    /// Leave the instructions uncounted, for which valgrind is needed.
    #[arg(long)]
    pub(crate) without_instructions: bool,
    /// Only what bench/budget.toml holds: no times, and no naive twin.
    #[arg(long, conflicts_with_all = ["without_instructions", "naive"])]
    pub(crate) only_budget: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CostOptions {
    #[command(flatten)]
    pub(crate) binaries: BinaryOptions,
}

#[derive(Debug, Args)]
pub(crate) struct ThroughputOptions {
    #[command(flatten)]
    pub(crate) binaries: BinaryOptions,
    /// Rounds of each measurement.
    #[arg(long, default_value_t = 3)]
    pub(crate) rounds: usize,
    /// Messages a round.
    #[arg(long, default_value_t = 1500)]
    pub(crate) messages: u64,
    /// Contacts that write at once.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8, 64])]
    pub(crate) contacts: Vec<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct GrowthOptions {
    #[command(flatten)]
    pub(crate) binaries: BinaryOptions,
    /// Rounds of each measurement, after one that is not counted; an agent can claim six rounds of tickets.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=6))]
    pub(crate) rounds: u8,
    /// How many tickets the organization has: at least a hundred. A million takes minutes and gigabytes.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 10_000, 100_000])]
    pub(crate) tickets: Vec<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct ParsingOptions {
    /// Rounds of each body, after one that is not counted.
    #[arg(long, default_value_t = 10)]
    pub(crate) rounds: usize,
}
