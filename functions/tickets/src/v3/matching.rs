//! Which tickets a list wants, and along which index it is read. What no index serves is refused, not searched for.

use std::collections::BTreeSet;

use domain::ids::{AgentId, ContactId, QueueId};
use domain::ticket::details::tags;
use domain::ticket::{Category, Priority, Ticket, TicketState};
use jiff::Timestamp;
use runtime::dialects::v3::Refused;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

/// How a list is asked for.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListParams {
    /// States, separated by commas.
    pub(crate) state: Option<String>,
    /// A queue: what waits in it, the most urgent first. Serves the states `new`, `open` and `reopened`.
    pub(crate) queue: Option<String>,
    /// An agent, or `me`: what it holds until it is closed, the most urgent first.
    pub(crate) agent: Option<String>,
    /// Priorities, separated by commas.
    pub(crate) priority: Option<String>,
    /// A category.
    pub(crate) category: Option<String>,
    /// A tag.
    pub(crate) tag: Option<String>,
    /// A contact: all its tickets, newest first.
    pub(crate) contact: Option<String>,
    /// Made at this time or later (RFC 3339).
    pub(crate) created_after: Option<String>,
    /// Made before this time (RFC 3339).
    pub(crate) created_before: Option<String>,
    /// `-number` (newest first, the default) or `number`; lists of a queue or an agent have `urgency` alone.
    pub(crate) sort: Option<String>,
    /// Only these members of each ticket, separated by commas.
    pub(crate) fields: Option<String>,
    /// Where the list goes on: the last answer's `next_cursor`.
    pub(crate) cursor: Option<String>,
    /// How many tickets at most, 1 to 100.
    pub(crate) limit: Option<String>,
}

/// Along what a list is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Along {
    /// All tickets, by number.
    Numbers {
        /// Newest first.
        falling: bool,
    },
    /// What waits in a queue.
    Queue(QueueId),
    /// What lies with an agent.
    Agent(AgentId),
    /// A contact's.
    Contact(ContactId),
}

/// What a list lets through of what it reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Matching {
    states: BTreeSet<TicketState>,
    priorities: BTreeSet<Priority>,
    category: Option<Category>,
    tag: Option<String>,
    queue: Option<QueueId>,
    agent: Option<AgentId>,
    pub(crate) after: Option<Timestamp>,
    pub(crate) before: Option<Timestamp>,
}

impl Matching {
    /// Whether it lets all through.
    pub(crate) fn takes_all(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it lets a ticket through.
    pub(crate) fn lets_through(&self, ticket: &Ticket) -> bool {
        (self.states.is_empty() || self.states.contains(&ticket.state))
            && (self.priorities.is_empty() || self.priorities.contains(&ticket.priority))
            && self.category.is_none_or(|category| category == ticket.category)
            && self.tag.as_ref().is_none_or(|tag| ticket.details.tags.contains(tag))
            && self.queue.as_ref().is_none_or(|queue| *queue == ticket.queue)
            && self.agent.as_ref().is_none_or(|agent| ticket.agent.as_ref() == Some(agent))
            && self.after.is_none_or(|after| ticket.created_at >= after)
            && self.before.is_none_or(|before| ticket.created_at < before)
    }
}

/// Reads what a list is asked for. `me` is who asks. Errors name the parameter.
pub(crate) fn plan(params: &ListParams, me: &AgentId) -> Result<(Along, Matching), Refused> {
    let mut matching = Matching {
        states: names("state", params.state.as_deref(), TicketState::parse)?,
        priorities: names("priority", params.priority.as_deref(), Priority::parse)?,
        after: moment("created_after", params.created_after.as_deref())?,
        before: moment("created_before", params.created_before.as_deref())?,
        ..Matching::default()
    };
    if let Some(name) = &params.category {
        let category = Category::parse(name);
        matching.category = Some(category.ok_or_else(|| Refused::field("category", format!("{name} is no category")))?);
    }
    if let Some(tag) = &params.tag {
        let mut tags = tags(&[tag]).map_err(|reason| Refused::field("tag", reason))?;
        matching.tag = Some(tags.pop().ok_or_else(|| Refused::field("tag", "tag must not be empty"))?);
    }
    let id = |field: &'static str| move |_| Refused::field(field, format!("{field} must be an id"));
    let queue = params.queue.as_deref().map(QueueId::new).transpose().map_err(id("queue"))?;
    let agent = match params.agent.as_deref() {
        Some("me") => Some(me.clone()),
        named => named.map(AgentId::new).transpose().map_err(id("agent"))?,
    };
    let contact = params.contact.as_deref().map(ContactId::new).transpose().map_err(id("contact"))?;
    let along = match (contact, agent, queue) {
        (Some(contact), agent, queue) => {
            (matching.agent, matching.queue) = (agent, queue);
            Along::Contact(contact)
        }
        (None, Some(agent), queue) => {
            matching.queue = queue;
            let served = |state: &TicketState| !state.is_final() && *state != TicketState::New;
            only("agent", &matching.states, served)?;
            Along::Agent(agent)
        }
        (None, None, Some(queue)) => {
            let waiting = [TicketState::New, TicketState::Open, TicketState::Reopened];
            only("queue", &matching.states, |state| waiting.contains(state))?;
            Along::Queue(queue)
        }
        (None, None, None) => Along::Numbers { falling: true },
    };
    Ok((sorted(along, params.sort.as_deref())?, matching))
}

/// The order that is asked for, where the index has it.
fn sorted(along: Along, sort: Option<&str>) -> Result<Along, Refused> {
    let served = match &along {
        Along::Numbers { .. } => ["-number", "number"].as_slice(),
        Along::Contact(_) => &["-number"],
        Along::Queue(_) | Along::Agent(_) => &["urgency"],
    };
    match sort {
        Some(sort) if !served.contains(&sort) => {
            let served = served.join(" or ");
            Err(Refused::field("sort", format!("no index serves sort={sort} here; this list has {served}")))
        }
        Some("number") => Ok(Along::Numbers { falling: false }),
        _ => Ok(along),
    }
}

/// Errors: a state that the index of this filter does not hold.
fn only(
    filter: &'static str,
    states: &BTreeSet<TicketState>,
    served: impl Fn(&TicketState) -> bool,
) -> Result<(), Refused> {
    match states.iter().find(|state| !served(state)) {
        Some(state) => {
            let reason = format!("no index serves state={} together with {filter}", state.as_str());
            Err(Refused::field("state", reason))
        }
        None => Ok(()),
    }
}

fn names<T: Ord>(
    field: &'static str,
    text: Option<&str>,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<BTreeSet<T>, Refused> {
    let parts = text.into_iter().flat_map(|text| text.split(','));
    parts.map(|name| parse(name).ok_or_else(|| Refused::field(field, format!("{name:?} is no {field}")))).collect()
}

fn moment(field: &'static str, text: Option<&str>) -> Result<Option<Timestamp>, Refused> {
    let parsed = text.map(str::parse::<Timestamp>).transpose();
    parsed.map_err(|_| Refused::field(field, format!("{field} must be a time such as 2026-11-21T09:00:00Z")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(pairs: &[(&str, &str)]) -> ListParams {
        let object = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        serde_json::from_value(serde_json::Value::Object(object)).unwrap()
    }

    fn me() -> AgentId {
        AgentId::new("ana").unwrap()
    }

    #[test]
    fn a_list_is_read_along_the_index_that_serves_it() {
        let check =
            |pairs: &[(&str, &str)], expected: Along| assert_eq!(plan(&params(pairs), &me()).unwrap().0, expected);
        check(&[], Along::Numbers { falling: true });
        check(&[("state", "open,closed"), ("tag", "VIP")], Along::Numbers { falling: true });
        check(&[("sort", "number")], Along::Numbers { falling: false });
        check(&[("queue", "sales"), ("state", "new,open")], Along::Queue(QueueId::new("sales").unwrap()));
        check(&[("agent", "me"), ("queue", "sales"), ("sort", "urgency")], Along::Agent(me()));
        check(&[("contact", "ctc_1"), ("agent", "ana")], Along::Contact(ContactId::new("ctc_1").unwrap()));
    }

    #[test]
    fn what_no_index_serves_is_refused_with_its_field() {
        let check = |pairs: &[(&str, &str)], field: &str| {
            assert_eq!(plan(&params(pairs), &me()).unwrap_err().field.as_deref(), Some(field), "{pairs:?}");
        };
        check(&[("sort", "title")], "sort");
        check(&[("queue", "sales"), ("sort", "-number")], "sort");
        check(&[("queue", "sales"), ("state", "closed")], "state");
        check(&[("agent", "ana"), ("state", "closed")], "state");
        check(&[("state", "pending")], "state");
        check(&[("state", "")], "state");
        check(&[("priority", "now")], "priority");
        check(&[("category", "x")], "category");
        check(&[("tag", " ")], "tag");
        check(&[("queue", "a#b")], "queue");
        check(&[("created_after", "yesterday")], "created_after");
    }
}
