//! The request rates that the template allows, a token bucket for each route.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
    time::Instant,
};

use crate::template::Throttle;

/// How much each route may still take.
pub(crate) struct Throttles {
    default: Option<Throttle>,
    by_route: BTreeMap<String, Throttle>,
    buckets: Mutex<HashMap<String, Bucket>>,
}

struct Bucket {
    tokens: f64,
    filled_at: Instant,
}

impl Throttles {
    pub(crate) fn new(default: Option<Throttle>, by_route: BTreeMap<String, Throttle>) -> Self {
        Self { default, by_route, buckets: Mutex::default() }
    }

    /// Whether the route may serve one more request at `now`.
    pub(crate) fn admit(&self, route_key: &str, now: Instant) -> bool {
        let Some(limit) = self.by_route.get(route_key).copied().or(self.default) else { return true };
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(route_key.to_owned()).or_insert(Bucket { tokens: limit.burst, filled_at: now });
        let waited = now.saturating_duration_since(bucket.filled_at).as_secs_f64();
        bucket.tokens = (bucket.tokens + waited * limit.requests_per_second).min(limit.burst);
        bucket.filled_at = now;
        let admitted = bucket.tokens >= 1.0;
        if admitted {
            bucket.tokens -= 1.0;
        }
        admitted
    }
}
