//! Faults on request: `--faults 7:kill=0.02,duplicate=0.1`, or `PUT /_turno/faults` while the host serves.
//!
//! | module | does |
//! |---|---|
//! | `kind`, `specification` | what can be asked for |
//! | `plan` | decides, from the seed |
//! | `invocations`, `calls`, `deliveries` | the hooks: functions' processes, functions' calls of AWS, queues and streams |
//! | `answers` | errors in AWS's words |
//! | `control` | reads and sets the specification |
//!
//! Hurts functions and what they call, never a call of the operator's. A seed promises that the nth decision of a kind at
//! a place (a function and an operation, or a queue) is always the same. It does not promise what that decision meets:
//! which message or process comes nth is up to the system's scheduler, as on AWS.
//!
//! Where nothing is asked for, a hook is one relaxed load of an atomic.

mod answers;
mod calls;
mod control;
mod deliveries;
mod invocations;
mod kind;
mod plan;
mod specification;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fastrand::Rng;

pub(crate) use calls::{Service, Target};
pub(crate) use control::PATH;
pub(crate) use invocations::{Cut, Ending};
pub(crate) use kind::Kind;
pub(crate) use specification::Specification;

use plan::Plan;

/// The faults of one host; clones share them. `Default` never strikes until it is set.
#[derive(Clone, Default)]
pub(crate) struct Faults(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// The bits of the kinds that may strike, so that all others cost no lock.
    kinds: AtomicU32,
    plan: Mutex<Plan>,
}

impl Faults {
    /// Begins anew: every sequence at its start and every count at 0. `None` ends all faults.
    pub(crate) fn set(&self, specification: Option<Specification>) {
        let rates = specification.iter().flat_map(|specification| &specification.rates);
        let kinds = rates.filter(|(_, rate)| **rate > 0.0).fold(0, |bits, (kind, _)| bits | kind.bit());
        let mut plan = self.plan();
        *plan = Plan::new(specification);
        self.0.kinds.store(kinds, Ordering::Relaxed);
    }

    /// Whether the kind may strike at all.
    fn may(&self, kind: Kind) -> bool {
        self.0.kinds.load(Ordering::Relaxed) & kind.bit() != 0
    }

    /// Whether it strikes now, here: then it has to be carried out, in the details that are drawn from the answer. `place`
    /// is who and what.
    fn strike(&self, kind: Kind, place: [&str; 2]) -> Option<Rng> {
        if !self.may(kind) {
            return None;
        }
        self.plan().decide(kind, place)
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        // A panic while holding the lock leaves plain data behind, which is still good.
        self.0.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
