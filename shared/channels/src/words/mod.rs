//! What an agent reads of a place, a shared contact, a basket, an appointment, a poll: the same words whichever provider told it.
//!
//! No language is chosen here: names, numbers, amounts and times stand for themselves, as the other side would see them.

mod answers;
mod appointment;
mod basket;
mod cards;
mod place;
mod poll;

use serde_json::Value;

use crate::lenient;

pub(crate) use answers::answers;
pub(crate) use appointment::appointment;
pub(crate) use basket::{amount, order, product};
pub(crate) use cards::{card, cards};
pub(crate) use place::place;
pub(crate) use poll::{counted, poll};

/// How many elements of a list are told: more than a person sends, fewer than a stranger could make us write.
pub(crate) const LONGEST_LIST: usize = 200;

/// The first of these that is a text.
pub(crate) fn first(values: &[&Value]) -> Option<String> {
    values.iter().find_map(|value| lenient::text(value)).map(str::to_owned)
}

/// The parts that there are, with this between them.
pub(crate) fn joined(separator: &str, parts: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(separator))
}

/// One line for each element that has words.
pub(crate) fn lines(list: &Value, line: impl Fn(&Value) -> Option<String>) -> Option<String> {
    joined("\n", list.as_array()?.iter().take(LONGEST_LIST).map(line))
}

/// A number in any spelling of a gateway: as it is, as a text, or protobuf's `{low, high}`.
pub(crate) fn whole(value: &Value) -> Option<i64> {
    let halves = || {
        let low = value.get("low")?.as_i64()? & 0xFFFF_FFFF;
        let high = value.get("high").and_then(Value::as_i64).unwrap_or(0);
        high.checked_mul(1 << 32)?.checked_add(low)
    };
    lenient::integer(value).or_else(halves)
}
