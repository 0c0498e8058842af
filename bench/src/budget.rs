//! `budget.toml`: what is deterministic, so that a change that makes a path dearer fails with the old and the new figure.
//!
//! Part of it is asserted by the test suite as well, by `tests/src/costs.rs`.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde::Deserialize;

use crate::binaries::repository;

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Budget {
    /// What each path may cost.
    paths: BTreeMap<String, PathCost>,
    /// How much more a path may read where a cache of a minute ran out, or another process took a part of it.
    cold_reads: f64,
    /// How many more calls that are.
    cold_calls: f64,
    /// What each function's start may take.
    cold_start: BTreeMap<String, ColdStart>,
    /// By what share a start may be above its figure.
    start_tolerance: f64,
}

/// What one path consumes.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PathCost {
    /// Write request units.
    pub(crate) write: f64,
    /// Read request units.
    pub(crate) read: f64,
    /// Calls of AWS by the functions, `relay` left out.
    pub(crate) calls: f64,
}

/// Millions of instructions until a function's first connection, until it asks for work, until its first answer; and the size of
/// its binary.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct ColdStart {
    connect: f64,
    init: f64,
    answer: f64,
    megabytes: f64,
}

impl Budget {
    pub(crate) fn read() -> anyhow::Result<Self> {
        let path = repository().join("bench/budget.toml");
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        toml::from_str(&text).context("bench/budget.toml")
    }

    /// Fails where a path is above its budget.
    pub(crate) fn check_paths(&self, paths: &BTreeMap<String, PathCost>) -> anyhow::Result<()> {
        let mut over = Vec::new();
        for (name, now) in paths {
            let Some(then) = self.paths.get(name) else {
                over.push(format!("{name}: no budget; now {now:?}"));
                continue;
            };
            compare(&mut over, &format!("{name}, write units"), now.write, then.write, 0.0);
            compare(&mut over, &format!("{name}, read units"), now.read, then.read, self.cold_reads);
            compare(&mut over, &format!("{name}, calls"), now.calls, then.calls, self.cold_calls);
        }
        told(&over)
    }

    /// Fails where a start is above its budget: `connect`, `init`, `answer` and the size, by function.
    pub(crate) fn check_cold_starts(&self, starts: &BTreeMap<String, [f64; 4]>) -> anyhow::Result<()> {
        let mut over = Vec::new();
        for (name, now) in starts {
            let Some(then) = self.cold_start.get(name) else {
                over.push(format!("{name}: no budget; now {now:.2?}"));
                continue;
            };
            let then = [then.connect, then.init, then.answer, then.megabytes];
            let what = ["Minstr to connect", "Minstr to init", "Minstr to answer", "MB"];
            for ((what, now), then) in what.into_iter().zip(now).zip(then) {
                compare(&mut over, &format!("{name}, {what}"), *now, then, then * self.start_tolerance);
            }
        }
        told(&over)
    }
}

fn compare(over: &mut Vec<String>, what: &str, now: f64, then: f64, tolerance: f64) {
    if now > then + tolerance + 1e-6 {
        over.push(format!("{what}: the budget is {then:.2}, it is now {now:.2}"));
    } else if now < then - tolerance - 1e-6 {
        println!("{what}: the budget of {then:.2} can be lowered to {now:.2}");
    }
}

fn told(over: &[String]) -> anyhow::Result<()> {
    anyhow::ensure!(over.is_empty(), "above bench/budget.toml:\n  {}", over.join("\n  "));
    println!("Within bench/budget.toml.");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dearer_path_is_named_with_both_figures() {
        let budget = Budget::read().unwrap();
        let (name, then) = budget.paths.iter().next().unwrap();
        let dearer = PathCost { write: then.write + 1.0, ..*then };
        let paths = |cost| BTreeMap::from([(name.clone(), cost)]);
        let refusal = budget.check_paths(&paths(dearer)).unwrap_err().to_string();
        let (old, new) = (format!("is {:.2}", then.write), format!("now {:.2}", dearer.write));
        assert!(refusal.contains(&old) && refusal.contains(&new), "{refusal}");
        assert!(budget.check_paths(&paths(*then)).is_ok());
        assert!(budget.check_paths(&BTreeMap::from([("a new path".to_owned(), *then)])).is_err());
    }

    #[test]
    fn a_function_that_starts_slower_is_named_with_both_figures() {
        let budget = Budget::read().unwrap();
        let (name, then) = budget.cold_start.iter().next().unwrap();
        let slower = BTreeMap::from([(name.clone(), [then.connect * 2.0, then.init, then.answer, then.megabytes])]);
        let refusal = budget.check_cold_starts(&slower).unwrap_err().to_string();
        assert!(refusal.contains(&format!("{name}, Minstr to connect")), "{refusal}");
    }
}
