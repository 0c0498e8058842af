//! What Turno costs and how fast it is, measured through the real host and the real functions.
//!
//! | module | is |
//! |---|---|
//! | `speed` | `bench host`: what the local host adds to a call, its queue, its memory |
//! | `cold_start` | `bench cold-start`: instructions, time and memory until a function's first answer, beside a naive twin |
//! | `cost` | `bench cost`: units and requests of every path, and their price |
//! | `throughput` | `bench throughput`: from webhook to listed ticket, beside the bare storage calls |
//! | `growth` | `bench growth`: the same paths with many tickets |
//! | `parsing` | `bench parsing`: the largest bodies, beside reading them as JSON |
//! | `budget` | `budget.toml`: what is deterministic, and must not grow unnoticed |
//! | `host`, `operator`, `agent`, `meter`, `log`, `provider`, `events`, `unthrottled` | a host to measure, and the hands and eyes of who measures |
//! | `direct`, `runtime_api`, `process` | a function's process without a host |
//! | `figures`, `table`, `machine`, `binaries`, `cli` | how figures are made, shown, and what they are of |
//!
//! Nothing here is used by the product. Nothing that is timed is asserted.

mod agent;
mod binaries;
mod budget;
mod cli;
mod cold_start;
mod cost;
mod direct;
mod events;
mod figures;
mod growth;
mod host;
mod log;
mod machine;
mod meter;
mod operator;
mod parsing;
mod process;
mod provider;
mod runtime_api;
mod speed;
mod table;
mod throughput;
mod unthrottled;

use std::process::ExitCode;

use clap::Parser as _;

use cli::{Cli, Command};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    // A second installation finds the provider of the first, which is the same.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let outcome = match &cli.command {
        Command::Host(options) => speed::run(options).await,
        Command::ColdStart(options) => cold_start::run(options).await,
        Command::Cost(options) => cost::run(options).await,
        Command::Throughput(options) => throughput::run(options).await,
        Command::Growth(options) => growth::run(options).await,
        Command::Parsing(options) => parsing::run(options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
