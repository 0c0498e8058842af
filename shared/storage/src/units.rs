//! How many read and write units the calls consumed: asserted in tests, logged a request in production.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::types::ConsumedCapacity;

/// Counts in tenths of a unit, since an eventually consistent read is half a unit.
#[derive(Debug, Default)]
pub struct Units {
    read: AtomicU64,
    write: AtomicU64,
}

/// What was consumed between two looks.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Consumed {
    /// Read request units.
    pub read: f64,
    /// Write request units, indexes included.
    pub write: f64,
}

impl Units {
    pub(crate) fn add_read<'a>(&self, consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        add(&self.read, consumed);
    }

    pub(crate) fn add_write<'a>(&self, consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        add(&self.write, consumed);
    }

    /// Takes what was counted since the last time.
    pub fn take(&self) -> Consumed {
        Consumed {
            read: tenths(self.read.swap(0, Ordering::Relaxed)),
            write: tenths(self.write.swap(0, Ordering::Relaxed)),
        }
    }
}

fn add<'a>(counter: &AtomicU64, consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "units are small and never negative")]
    let tenths = consumed.into_iter().filter_map(|c| c.capacity_units).map(|units| (units * 10.0).round() as u64).sum();
    counter.fetch_add(tenths, Ordering::Relaxed);
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn tenths(count: u64) -> f64 {
    count as f64 / 10.0
}
