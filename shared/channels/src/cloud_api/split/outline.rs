//! A large body read no further than to its changes: what is too long to be looked at is worth no tree of values.
//!
//! A million and a half numbers are 3 MB of text, and fifty as a tree.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{HISTORY, LISTED};
use crate::lenient;
use crate::unit::INSPECTED_BYTES;

/// A body in its ordinary shape. One of any other has to be read whole, and with more patience.
#[derive(Deserialize)]
pub(super) struct Outline<'a> {
    pub(super) object: Option<String>,
    #[serde(borrow)]
    pub(super) entry: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Entry<'a> {
    pub(super) id: Option<Value>,
    /// As they came.
    #[serde(borrow)]
    pub(super) changes: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Change<'a> {
    field: Value,
    #[serde(borrow)]
    value: &'a RawValue,
}

#[derive(Default, Deserialize)]
struct Named {
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    phone_number_id: Value,
}

/// The value of a change that only a person can judge, where it is more than anybody would look at, and the number that it concerns.
pub(super) fn too_large(change: &RawValue) -> Option<(Option<String>, &str)> {
    if change.get().len() <= INSPECTED_BYTES {
        return None;
    }
    let Change { field, value } = serde_json::from_str(change.get()).ok()?;
    let is_cut = lenient::short(&field).is_none_or(|field| field == HISTORY || LISTED.contains(&field.as_str()));
    if is_cut || value.get().len() <= INSPECTED_BYTES {
        return None;
    }
    // What is no object, or no JSON to a reader who looks closer, names nobody.
    let Named { metadata } = serde_json::from_str(value.get()).unwrap_or_default();
    Some((lenient::short(&metadata.phone_number_id), value.get()))
}
