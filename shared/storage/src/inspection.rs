//! Units that were signed but not understood, kept for a person to look at.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::item::{number, write};
use crate::{Error, Storage, keys};

/// How long it is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);

/// Below the table's limit of 400 KB an item, with room for the rest of it.
const LONGEST: usize = 300_000;

/// A unit to be looked at.
#[derive(Debug, Clone, Serialize)]
pub struct Inspection<'a> {
    /// When it came.
    pub received_at: Timestamp,
    /// A digest of it: the same unit is kept once.
    pub digest: &'a str,
    /// Where it came from, such as `cloud_api`.
    pub source: &'a str,
    /// Why it was not understood.
    pub reason: &'a str,
    /// The unit as it came; cut where it is too long for an item.
    pub raw: &'a str,
}

impl Storage {
    /// Keeps a unit for inspection, once, for 30 days.
    pub async fn keep_for_inspection(&self, inspection: &Inspection<'_>) -> Result<(), Error> {
        let mut end = inspection.raw.len().min(LONGEST);
        while !inspection.raw.is_char_boundary(end) {
            end -= 1;
        }
        let kept = Inspection { raw: &inspection.raw[..end], ..inspection.clone() };
        let mut item = write(keys::inspection(inspection.received_at, inspection.digest), &kept)?;
        let expiry = inspection.received_at.saturating_add(KEPT).unwrap_or(Timestamp::MAX);
        item.insert("expires_at".to_owned(), number(expiry.as_second()));
        item.insert("bytes".to_owned(), number(inspection.raw.len()));
        self.put_new(item).await.map(drop)
    }
}
