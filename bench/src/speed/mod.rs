//! `bench host`: what the local host adds to a call, how soon a queue's message reaches its function, how fast the queue server
//! is, and how much memory all of it takes.

mod calls;
mod memory;
mod queue;

use std::collections::BTreeMap;

use crate::binaries::{Binaries, function_names};
use crate::cli::HostOptions;
use crate::direct::environment_of;
use crate::events;
use crate::host::Host;
use crate::machine::Machine;
use crate::provider::{COMERCIAL, phone, text};

/// The environment of each function, by its name.
pub(crate) type Environments = BTreeMap<String, BTreeMap<String, String>>;

/// Measures and prints.
pub(crate) async fn run(options: &HostOptions) -> anyhow::Result<()> {
    let binaries = options.binaries.find()?;
    let machine = Machine::look()?;
    let host = Host::start(&binaries).await?;
    let environments = wake(&host, 4).await?;
    println!("\nMemory with all functions idle (goal: the whole below 150 MB)\n");
    println!("{}", memory::measure(&host).await?);
    println!("HTTP request, function, answer, one after the other (goal: the host adds at most 1 ms at p50)\n");
    println!("{}", calls::measure(&host, &binaries, &environments, options).await?);
    println!("SQS (goals: p50 at most 5 ms from the send to the function, at least 2,000 messages/s)\n");
    println!("{}", queue::measure(&host, options).await?);
    println!("{machine}");
    Ok(())
}

/// Fills a host with the messages, and so the tickets, of this many people, and starts one process of every function.
pub(crate) async fn wake(host: &Host, people: u64) -> anyhow::Result<Environments> {
    for n in 1..=people {
        host.post(text(COMERCIAL, &phone(n))).await?;
    }
    host.settled().await?;
    let mut environments = Environments::new();
    for function in function_names()? {
        let Some(event) = events::first(host, &function, people).await? else {
            println!("{function}: not measured, because events.rs has no event for it");
            continue;
        };
        host.invoke(&function, &event).await?;
        environments.insert(function.clone(), environment_of(host, &function).await?);
    }
    host.settled().await?;
    Ok(environments)
}

/// The binary of a function.
pub(crate) fn program(binaries: &Binaries, function: &str) -> std::path::PathBuf {
    binaries.functions.join(function)
}
