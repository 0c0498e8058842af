//! What is shown beside tickets: whom they are about, where that was written, who works on them. One call reads it all: a call
//! costs a function more than what it reads.

use std::collections::HashMap;

use domain::agent::Agent;
use domain::contact::Contact;
use domain::conversation::Conversation;
use domain::ids::{AgentId, ContactId, ConversationId};
use domain::ticket::Ticket;

use crate::item::{read, text_of};
use crate::keys::{self, Key};
use crate::merges::Profile;
use crate::{Error, Storage, conversations};

/// What belongs to some tickets. What does not exist is not there.
#[derive(Debug, Default)]
pub struct Surroundings {
    contacts: HashMap<ContactId, Contact>,
    conversations: HashMap<ConversationId, Conversation>,
    agent_names: HashMap<AgentId, String>,
}

impl Surroundings {
    /// Whom the ticket is about: of a contact that went into another, that one.
    pub fn contact(&self, ticket: &Ticket) -> Option<&Contact> {
        self.contacts.get(&ticket.contact)
    }

    /// The ticket's conversation.
    pub fn conversation(&self, ticket: &Ticket) -> Option<&Conversation> {
        self.conversations.get(ticket.conversation.as_ref()?)
    }

    /// The name of the agent who works on it.
    pub fn agent_name(&self, ticket: &Ticket) -> Option<&str> {
        self.agent_names.get(ticket.agent.as_ref()?).map(String::as_str)
    }
}

impl Storage {
    /// What belongs to a ticket, as it is now. An agent who is `known` is not read.
    pub async fn surroundings_of(&self, ticket: &Ticket, known: Option<&Agent>) -> Result<Surroundings, Error> {
        self.around(std::slice::from_ref(ticket), known, true).await
    }

    /// What belongs to tickets of one page, all of one organization, as it was a moment ago.
    pub async fn surroundings(&self, tickets: &[Ticket]) -> Result<Surroundings, Error> {
        self.around(tickets, None, false).await
    }

    async fn around(&self, tickets: &[Ticket], known: Option<&Agent>, consistent: bool) -> Result<Surroundings, Error> {
        let mut around = Surroundings::default();
        let Some(org) = tickets.first().map(|ticket| &ticket.org) else { return Ok(around) };
        around.agent_names.extend(known.map(|agent| (agent.id.clone(), agent.name.clone())));
        let keys = |ticket: &Ticket| -> [Option<Key>; 3] {
            let unknown = ticket.agent.as_ref().filter(|id| !around.agent_names.contains_key(*id));
            [
                Some(keys::contact(org, &ticket.contact)),
                ticket.conversation.as_ref().map(|id| keys::conversation(org, id)),
                unknown.map(|id| keys::agent(org, id)),
            ]
        };
        let wanted = tickets.iter().flat_map(keys).flatten().collect();
        for item in self.batch_get(wanted, consistent).await? {
            match text_of(&item, "sk").unwrap_or_default() {
                keys::PROFILE => {
                    let Profile { contact, merged_into, .. } = read(item)?;
                    let id = contact.id.clone();
                    let contact = match merged_into {
                        Some(next) => self.contact(org, &next).await?,
                        None => Some(contact),
                    };
                    around.contacts.extend(contact.map(|contact| (id, contact)));
                }
                keys::CONVERSATION => {
                    let conversation = conversations::from_item(item)?;
                    around.conversations.insert(conversation.id.clone(), conversation);
                }
                _ => {
                    let agent: Agent = read(item)?;
                    around.agent_names.insert(agent.id, agent.name);
                }
            }
        }
        Ok(around)
    }
}
