//! Finding the ticket that a request is about, if the caller may see it, and what is shown beside tickets.

use std::collections::HashMap;

use domain::ids::OrganizationId;
use domain::ticket::Ticket;
use runtime::Problem;
use runtime::dialects::TicketView;
use storage::Storage;

pub(crate) use runtime::desk::{view, visible};

/// The pictures of tickets.
pub(crate) async fn views(
    storage: &Storage,
    org: &OrganizationId,
    tickets: Vec<Ticket>,
) -> Result<Vec<TicketView>, Problem> {
    let contacts: Vec<_> = tickets.iter().map(|ticket| ticket.contact.clone()).collect();
    let conversations: Vec<_> = tickets.iter().filter_map(|ticket| ticket.conversation.clone()).collect();
    let agents: Vec<_> = tickets.iter().filter_map(|ticket| ticket.agent.clone()).collect();
    let (contacts, conversations, agents) = tokio::try_join!(
        storage.contacts(org, &contacts),
        storage.conversations(org, &conversations),
        storage.agents(org, &agents),
    )?;
    let names: HashMap<_, _> = agents.into_iter().map(|agent| (agent.id, agent.name)).collect();
    let view = |ticket: Ticket| TicketView {
        contact: contacts.get(&ticket.contact).cloned(),
        conversation: ticket.conversation.as_ref().and_then(|id| conversations.get(id)).cloned(),
        agent_name: ticket.agent.as_ref().and_then(|id| names.get(id)).cloned(),
        ticket,
    };
    Ok(tickets.into_iter().map(view).collect())
}

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
