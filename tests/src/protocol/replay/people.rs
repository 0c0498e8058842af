//! The persons, connections, agents and messages of the model as real ones, in an organization of each walk's own.

use std::sync::OnceLock;

use aws_lambda_events::sqs::SqsMessage;
use domain::agent::{Agent, Role};
use domain::alias::{Alias, AliasKind};
use domain::connection::{Connection, GroupPolicy, Provider, ReopenPolicy};
use domain::contact::Contact;
use domain::conversation::Conversation;
use domain::ids::{AgentId, ConnectionId, ContactId, ConversationId, OrganizationId, ProviderMessageId, QueueId};
use domain::ingest::{Known, Plan, TicketStep, plan};
use domain::message::{Content, Effect, InboundMessage, Sender};
use domain::organization::Organization;
use domain::ticket::{Ticket, TicketState};
use jiff::Timestamp;
use serde_json::json;
use storage::{NewContact, Progress, Storage};

use super::super::state::Unit;
use super::super::system::System;
use super::super::table::{self, AtKey};

/// Names what belongs to one walk.
#[derive(Debug, Clone)]
pub(super) struct People {
    pub(super) org: OrganizationId,
    walk: u32,
}

pub(super) fn at(seconds: i64) -> Timestamp {
    // An hour ago, so that every answer is within the window of its question.
    static BEGAN: OnceLock<i64> = OnceLock::new();
    let began = BEGAN.get_or_init(|| runtime::clock::now().as_second() - 3600);
    Timestamp::from_second(began + seconds).unwrap()
}

pub(super) fn message_id(message: u8) -> String {
    format!("wamid.{message}")
}

impl People {
    pub(super) fn new(walk: u32) -> Self {
        Self { org: OrganizationId::new(format!("walk{walk}")).unwrap(), walk }
    }

    pub(super) fn agent(agent: u8) -> AgentId {
        AgentId::new(format!("agent{agent}")).unwrap()
    }

    pub(super) fn alias(person: u8) -> Alias {
        Alias::new(AliasKind::Phone, format!("7701555000{person}"))
    }

    fn number(&self, connection: u8) -> String {
        format!("1{:013}{connection}", self.walk)
    }

    pub(super) fn connection(connection: u8) -> ConnectionId {
        ConnectionId::new(format!("con{connection}")).unwrap()
    }

    fn whole_connection(&self, connection: u8, reopens: bool) -> Connection {
        Connection {
            id: Self::connection(connection),
            org: self.org.clone(),
            provider: Provider::CloudApi {
                phone_number_id: self.number(connection),
                app: "default".to_owned(),
                waba_id: None,
            },
            own: Vec::new(),
            queue: QueueId::new("sales").unwrap(),
            reopen: if reopens { ReopenPolicy::Always } else { ReopenPolicy::Never },
            groups: GroupPolicy::Mention,
            calls: domain::connection::CallPolicy::default(),
            locale: None,
        }
    }

    /// A unit as `webhook` puts it on the queue.
    pub(super) fn record(&self, unit: Unit) -> SqsMessage {
        let from = Self::alias(unit.person).value;
        let (id, sent_at) = (message_id(unit.message), at(i64::from(unit.message)).as_second().to_string());
        let body = json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": [{
            "field": "messages", "value": {
                "messaging_product": "whatsapp",
                "metadata": { "display_phone_number": "15550100000", "phone_number_id": self.number(unit.connection) },
                "contacts": [{ "wa_id": from, "profile": { "name": "Zuleica Personagem" } }],
                "messages": [{ "from": from, "id": id, "timestamp": sent_at, "type": "text", "text": { "body": "Oi" } }],
            }
        }]}]});
        let units = channels::cloud_api::split("default", body.to_string().as_bytes(), at(60));
        assert_eq!(units.len(), 1);
        let mut record = SqsMessage::default();
        record.body = Some(units[0].to_json().unwrap());
        record
    }

    /// Writes what the model's table holds at the start.
    pub(super) async fn found(&self, storage: &Storage, system: &System) {
        let organization = Organization {
            id: self.org.clone(),
            name: self.org.to_string(),
            time_zone: "UTC".to_owned(),
            settings: domain::organization::Settings::default(),
        };
        storage.add_organization(&organization).await.unwrap();
        for connection in 0..2 {
            storage.add_connection(&self.whole_connection(connection, system.reopens)).await.unwrap();
        }
        for (agent, item) in (0u8..).zip(&system.table.agents) {
            let agent = Agent {
                id: Self::agent(agent),
                name: format!("Agent {agent}"),
                role: Role::Admin,
                queues: vec![QueueId::new("sales").unwrap()],
                capacity: item.capacity.into(),
                load: 0,
                is_active: true,
            };
            storage.add_agent(&self.org, &agent).await.unwrap();
        }
        for person in system.table.aliases.keys() {
            self.known(storage, *person).await;
        }
        for (id, item) in &system.table.tickets {
            let AtKey::Ticket(ticket) = item else { panic!("no scenario begins with a mark") };
            self.ticket(storage, system, *id, *ticket).await;
        }
    }

    async fn known(&self, storage: &Storage, person: u8) {
        let id = ContactId::new(format!("ctc_{person}")).unwrap();
        let name = Some(crate::world::people::NAME.to_owned());
        let contact = Contact { name, aliases: vec![Self::alias(person)], ..Contact::new(id, at(0)) };
        storage.contact_or_new(&self.org, &NewContact { contact }, None).await.unwrap();
    }

    /// A ticket with its first message and its conversation. A closed one is closed by its agent's last step.
    async fn ticket(&self, storage: &Storage, system: &System, id: table::TicketId, item: table::Ticket) {
        let connection = self.whole_connection(id.conversation.connection, system.reopens);
        let person = id.conversation.contact.person;
        let contact = storage.contact_by_alias(&self.org, &[Self::alias(person)]).await.unwrap().unwrap().id;
        let inbound = InboundMessage {
            provider_id: ProviderMessageId::new(&message_id(9)),
            sent_at: at(9),
            sender: Sender { aliases: vec![Self::alias(person)], name: None, is_group: false },
            content: Content::text("Oi"),
            from_contact: true,
            effect: Effect::Opens,
        };
        let known = Known { connection: &connection, contact: &contact, conversation: None, ticket: None };
        let first = plan(known, &inbound, at(9));
        let TicketStep::Open(new) = &first.ticket else { panic!("{first:?}") };
        let state = if item.state == TicketState::Closed { TicketState::Resolved } else { item.state };
        let ticket = Ticket { state, agent: item.agent.map(Self::agent), ..new.ticket.clone() };
        let ticket = storage.open_ticket(&ticket, 2026).await.unwrap().unwrap();
        let joins = Plan { ticket: TicketStep::Join(ticket.id.clone()), ..first.clone() };
        let mut progress = Progress::default();
        storage.carry_out(&self.org, (2026, at(9)), &inbound, &joins, &mut progress).await.unwrap();
        if state != item.state {
            let close = ticket.moved_to(item.state, &Self::agent(0), None, at(10)).unwrap();
            storage.change_ticket(&close).await.unwrap();
        }
    }

    /// A conversation, unless its item cannot be read.
    pub(super) async fn conversation(
        &self,
        storage: &Storage,
        id: &ConversationId,
    ) -> Result<Option<Conversation>, storage::Error> {
        storage.conversation(&self.org, id).await
    }
}
