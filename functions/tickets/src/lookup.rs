//! What most reads need: the ticket that a request is about, the pictures of tickets, and how many of them a list gives.

use std::collections::HashMap;

use runtime::Problem;

pub(crate) use runtime::desk::{view, views, visible};

/// The most tickets that a list gives at once, whatever a client asks for.
pub(crate) const LONGEST_LIST: u64 = 500;

/// Reads a page or limit from a query: a whole number from 1; a limit above `most` counts as `most`. Errors name the field.
pub(crate) fn counted(
    query: &HashMap<String, String>,
    field: &'static str,
    default: u64,
    most: u64,
) -> Result<u64, Problem> {
    let Some(text) = query.get(field).filter(|text| !text.is_empty()) else { return Ok(default) };
    let invalid = || Problem::InvalidInput { field, reason: format!("{field} must be a whole number from 1") };
    text.parse::<u64>().ok().filter(|value| *value >= 1).map(|value| value.min(most)).ok_or_else(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_cut_to_the_longest_list_and_nonsense_is_refused() {
        let check = |text: &str, expected: Option<u64>| {
            let query = HashMap::from([("limit".to_owned(), text.to_owned())]);
            assert_eq!(counted(&query, "limit", 10, LONGEST_LIST).ok(), expected, "{text}");
        };
        check("20", Some(20));
        check("", Some(10));
        check("100000", Some(500));
        for nonsense in ["0", "-1", "ten", "1.5", "99999999999999999999"] {
            check(nonsense, None);
        }
    }
}
