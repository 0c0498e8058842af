//! Where a list goes on: opaque to the caller, bound to what it asked for.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::once::fingerprint;
use domain::page::{Portion, Room, Weighs};
use runtime::dialects::v3::Refused;
use serde::{Deserialize, Serialize};

use super::conversations::Parts;

/// The most things in a part of a list.
const MOST: usize = 100;
/// How many where the caller does not say.
const DEFAULT: usize = 25;

/// What is said of a cursor that no list gave.
pub(crate) const NOT_OURS: &str = "cursor must be one that this list gave";

#[derive(Serialize, Deserialize)]
struct Cursor {
    at: String,
    of: String,
}

/// Makes a cursor. `of` is what the caller asked for, without cursor and limit.
pub(crate) fn write(at: &str, of: &str) -> String {
    let cursor = Cursor { at: at.to_owned(), of: short(of) };
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&cursor).unwrap_or_default())
}

/// Reads a cursor. Errors: `InvalidInput` for one that is not ours, or of another list.
pub(crate) fn read(cursor: Option<&str>, of: &str) -> Result<Option<String>, Refused> {
    let Some(text) = cursor.filter(|text| !text.is_empty()) else { return Ok(None) };
    let bytes = URL_SAFE_NO_PAD.decode(text).ok();
    let cursor: Option<Cursor> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    match cursor {
        Some(cursor) if cursor.of == short(of) => Ok(Some(cursor.at)),
        Some(_) => Err(Refused::field("cursor", "cursor belongs to a list with other filters")),
        None => Err(Refused::field("cursor", NOT_OURS)),
    }
}

/// As `read`, with what the place is made of. Errors: also for a place that no list has.
pub(crate) fn place<T: std::str::FromStr>(cursor: Option<&str>, of: &str) -> Result<Option<T>, Refused> {
    let at = read(cursor, of)?;
    at.map(|at| at.parse().map_err(|_| Refused::field("cursor", NOT_OURS))).transpose()
}

/// How many things a part is to have at most where a list is given whole unless the caller says otherwise. Errors: `InvalidInput`.
pub(crate) fn room(text: Option<&str>) -> Result<Room, Refused> {
    Ok(Room::of(text.map(|text| limit(Some(text))).transpose()?.unwrap_or(usize::MAX)))
}

/// A part of a list that is read whole: what comes after the cursor's place, as `named`, by which it is sorted.
pub(crate) fn part<T: Weighs>(
    mut items: Vec<T>,
    parts: &Parts,
    of: &str,
    named: impl Fn(&T) -> String,
) -> Result<(Vec<T>, Option<String>), Refused> {
    if let Some(after) = read(parts.cursor.as_deref(), of)? {
        items.retain(|item| named(item) > after);
    }
    items.sort_by_cached_key(&named);
    let part = Portion::cut(items, room(parts.limit.as_deref())?, T::weight);
    let next = part.items.last().filter(|_| part.has_more).map(|last| write(&named(last), of));
    Ok((part.items, next))
}

/// How many things a part is to have. Errors: `InvalidInput`.
pub(crate) fn limit(text: Option<&str>) -> Result<usize, Refused> {
    let Some(text) = text else { return Ok(DEFAULT) };
    let limit = text.parse().ok().filter(|limit| (1..=MOST).contains(limit));
    limit.ok_or_else(|| Refused::field("limit", format!("limit must be a whole number from 1 to {MOST}")))
}

fn short(of: &str) -> String {
    fingerprint("", "", of.as_bytes()).chars().take(12).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_good_for_the_list_that_gave_it() {
        let cursor = write("297", "state=open");
        assert_eq!(read(Some(&cursor), "state=open").unwrap().as_deref(), Some("297"));
        for (bad, of) in [(cursor.as_str(), "state=new"), ("297", ""), ("e30", ""), ("%%%", "")] {
            assert_eq!(read(Some(bad), of).unwrap_err().field.as_deref(), Some("cursor"), "{bad}");
        }
        assert!(read(None, "").unwrap().is_none());
    }

    #[test]
    fn a_limit_is_between_one_and_a_hundred() {
        assert_eq!((limit(None).unwrap(), limit(Some("100")).unwrap()), (25, 100));
        for bad in ["0", "101", "-1", "x", "1.5"] {
            assert!(limit(Some(bad)).is_err(), "{bad}");
        }
    }
}
