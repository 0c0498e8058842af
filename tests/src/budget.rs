//! `bench/budget.toml`: what each path may cost. The benchmarks assert the same figures, and those of the functions' starts.

use serde::Deserialize;

use crate::world::binaries::repository;

/// The part of the file that a journey can assert.
#[derive(Debug, Deserialize)]
pub(crate) struct Budget {
    paths: std::collections::BTreeMap<String, Cost>,
    /// What a cache of a minute, or a second process of a function, may add to the reads and to the calls.
    cold_reads: f64,
    cold_calls: f64,
}

/// What one path consumes, summed over the functions.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub(crate) struct Cost {
    pub(crate) write: f64,
    pub(crate) read: f64,
    /// Calls of AWS, `relay` left out: how many batches the stream makes of the same records is chance.
    pub(crate) calls: f64,
}

impl Budget {
    pub(crate) fn read() -> Self {
        let text = std::fs::read_to_string(repository().join("bench/budget.toml")).unwrap();
        toml::from_str(&text).unwrap()
    }

    /// Fails with the old and the new figure where the path has become dearer. Writes are exact.
    pub(crate) fn check(&self, path: &str, now: Cost) {
        let then = self.paths.get(path).unwrap_or_else(|| panic!("bench/budget.toml has no path {path:?}"));
        let told = format!("{path}: bench/budget.toml has {then:?}, it is now {now:?}");
        println!("{told}");
        assert!(now.write > 0.0 || then.write == 0.0, "not measured at all: {told}");
        assert!(now.write <= then.write + 1e-6, "{told}");
        assert!(now.read <= then.read + self.cold_reads + 1e-6, "{told}");
        assert!(now.calls <= then.calls + self.cold_calls + 1e-6, "{told}");
    }
}
