//! The hooks where they work: on a real endpoint with a real engine and AWS's client, and on real function processes.

mod endpoint;
mod invocations;

use super::Faults;

/// Faults of this specification.
fn faults(specification: &str) -> Faults {
    let faults = Faults::default();
    faults.set(Some(specification.parse().unwrap()));
    faults
}

/// How often a kind has struck.
fn injected(faults: &Faults, kind: super::Kind) -> u64 {
    faults.plan().injected.get(&kind).copied().unwrap_or_default()
}
