//! How a list is asked for: `pageNumber`, `status`, `showAll`, `queueIds`, `users`, `tags`, `date`, `withUnreadMessages`, `searchParam`.
//! What the family's forks add beside is ignored.

use std::collections::HashMap;

use domain::ids::{AgentId, QueueId};
use domain::ticket::Ticket;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use runtime::Problem;
use runtime::dialects::{spoken, status_names};
use serde_json::Value;

use crate::lookup::counted;

/// A list that is asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) page: u64,
    pub(super) status: Option<String>,
    /// Everybody's, for who supervises.
    pub(super) show_all: bool,
    pub(super) unread: bool,
    /// Of any of these; empty for all.
    pub(super) queues: Vec<QueueId>,
    pub(super) users: Vec<AgentId>,
    pub(super) tags: Vec<String>,
    pub(super) date: Option<Date>,
    pub(super) search: Option<String>,
}

/// Reads a query. Errors name the parameter.
pub(super) fn read(query: &HashMap<String, String>) -> Result<Wanted, Problem> {
    let given = |name: &str| query.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
    let invalid = |field, reason: String| Problem::InvalidInput { field, reason };
    let is_set = |name: &str| given(name) == Some("true");
    let status = given("status").map(str::to_owned);
    if status.as_ref().is_some_and(|status| !spoken().statuses().contains(&status.as_str())) {
        return Err(invalid("status", format!("status must be one of {}", status_names(spoken()))));
    }
    let date = given("date").map(|text| {
        text.parse().map_err(|_| invalid("date", format!("date must be a day such as 2026-11-21, not {text}")))
    });
    let ids = |field: &'static str| {
        given(field)
            .map_or(Ok(Vec::new()), list)
            .map_err(|()| invalid(field, format!("{field} must be a JSON array of ids")))
    };
    Ok(Wanted {
        page: counted(query, "pageNumber", 1, u64::from(u32::MAX))?,
        status,
        show_all: is_set("showAll"),
        unread: is_set("withUnreadMessages"),
        queues: ids("queueIds")?.into_iter().filter_map(|id| QueueId::new(id).ok()).collect(),
        users: ids("users")?.into_iter().filter_map(|id| AgentId::new(id).ok()).collect(),
        tags: ids("tags")?.into_iter().map(|tag| tag.to_lowercase()).collect(),
        date: date.transpose()?,
        search: given("searchParam").map(str::to_owned),
    })
}

/// A JSON array of strings and numbers, as the front ends write it, or words between commas.
fn list(text: &str) -> Result<Vec<String>, ()> {
    if !text.starts_with('[') {
        return Ok(text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect());
    }
    let values: Vec<Value> = serde_json::from_str(text).map_err(|_| ())?;
    let word = |value: Value| match value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(()),
    };
    values.into_iter().map(word).collect()
}

impl Wanted {
    /// Whether nothing is asked for but a page and whose tickets.
    pub(super) fn takes_all(&self) -> bool {
        let plain = Self { page: self.page, show_all: self.show_all, ..Self::default() };
        *self == plain
    }

    /// Whether nothing is asked for but a page, whose tickets, and a status.
    pub(super) fn takes_a_status(&self) -> bool {
        let plain = Self { page: self.page, show_all: self.show_all, status: self.status.clone(), ..Self::default() };
        self.status.is_some() && *self == plain
    }

    /// Whether the list has a ticket, as far as the ticket itself says.
    pub(super) fn has(&self, ticket: &Ticket) -> bool {
        self.status.as_ref().is_none_or(|status| spoken().status(ticket) == status)
            && (self.queues.is_empty() || self.queues.contains(&ticket.queue))
            && (self.users.is_empty() || ticket.agent.as_ref().is_some_and(|agent| self.users.contains(agent)))
            && (self.tags.is_empty() || self.tags.iter().all(|tag| ticket.details.tags.contains(tag)))
    }

    /// The times between which the tickets of the day were made, the first included. The day is the organization's.
    pub(super) fn day(&self, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
        let date = self.date?;
        let start = |date: Date| date.to_zoned(zone.clone()).map(|zoned| zoned.timestamp()).ok();
        Some((start(date)?, start(date.tomorrow().ok()?)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_query_is_read_as_the_front_ends_write_it() {
        let wanted = read(&query(&[
            ("searchParam", ""),
            ("pageNumber", "2"),
            ("showAll", "true"),
            ("queueIds", r#"[3,"sales"]"#),
            ("withUnreadMessages", "false"),
            ("updatedAt", "whenever"),
        ]))
        .unwrap();
        let queues = ["3", "sales"].map(|id| QueueId::new(id).unwrap()).to_vec();
        assert_eq!(wanted, Wanted { page: 2, show_all: true, queues, ..Wanted::default() });
        assert!(!wanted.takes_all());
        assert!(read(&query(&[("queueIds", "[]")])).unwrap().takes_all());
        assert_eq!(read(&query(&[("tags", "VIP, novo")])).unwrap().tags, ["vip", "novo"]);
    }

    #[test]
    fn what_cannot_be_read_is_refused_by_its_name() {
        let check = |name: &str, value: &str| match read(&query(&[(name, value)])) {
            Err(Problem::InvalidInput { field, reason }) => assert!(field == name && reason.contains(name), "{reason}"),
            other => panic!("{name}={value}: {other:?}"),
        };
        check("pageNumber", "0");
        check("pageNumber", "-1");
        check("status", "lost");
        check("queueIds", "[1");
        check("users", "[{}]");
        check("date", "yesterday");
    }

    #[test]
    fn a_day_is_the_organizations() {
        let wanted = Wanted { date: Some("2026-11-21".parse().unwrap()), ..Wanted::default() };
        let (from, to) = wanted.day(&TimeZone::get("America/Sao_Paulo").unwrap()).unwrap();
        assert_eq!((from.to_string(), to.to_string()), ("2026-11-21T03:00:00Z".into(), "2026-11-22T03:00:00Z".into()));
    }
}
