//! What most reads need: the ticket that a request is about, the pictures of tickets, and how many of them a list gives.

use std::collections::HashMap;

use domain::page::{Portion, Room, Weighs};
use domain::ticket::Ticket;
use http::Uri;
use runtime::Problem;
use runtime::pages::{End, Next, again};

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

/// Reads the number of a ticket that a list is to go on before.
pub(crate) fn before(query: &HashMap<String, String>) -> Result<Option<u64>, Problem> {
    let Some(text) = query.get("before").filter(|text| !text.is_empty()) else { return Ok(None) };
    let reason = "before must be the number of a ticket".to_owned();
    text.parse().map(Some).map_err(|_| Problem::InvalidInput { field: "before", reason })
}

/// Reads the place on the board that a list is to go on after.
pub(crate) fn after(query: &HashMap<String, String>) -> Result<Option<&str>, Problem> {
    let Some(text) = query.get("after").filter(|text| !text.is_empty()) else { return Ok(None) };
    let reason = "after must be where a part of this list ended".to_owned();
    let place = Some(text.as_str()).filter(|text| storage::is_place_on_board(text));
    place.map(Some).ok_or(Problem::InvalidInput { field: "after", reason })
}

/// As many of a list's tickets as an answer takes, and whether those were too many bytes.
pub(crate) fn fitting(tickets: Vec<Ticket>) -> Portion<Ticket> {
    Portion::cut(tickets, Room::of(usize::MAX), Ticket::weight)
}

/// Where a list goes on that is sorted by number, the newest first.
pub(crate) fn below(uri: &Uri, last: Option<&Ticket>, end: End) -> Option<Next> {
    let number = last?.number.number.to_string();
    Some(Next { link: again(uri, "before", &number, &["page"]), end })
}

/// Where a list goes on that is sorted as the board is.
pub(crate) fn beyond(uri: &Uri, place: Option<String>, end: End) -> Option<Next> {
    Some(Next { link: again(uri, "after", &place?, &[]), end })
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
