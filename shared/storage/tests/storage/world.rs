//! An organization with two connections, two agents and a contact, and one inbound message after another.

use domain::agent::{Agent, Role};
use domain::alias::{Alias, AliasKind};
use domain::connection::{Connection, GroupPolicy, Provider, ReopenPolicy};
use domain::contact::Contact;
use domain::ids::{AgentId, ConnectionId, ContactId, ConversationId, OrganizationId, ProviderMessageId, QueueId};
use domain::ingest::{Known, plan};
use domain::message::{Content, Effect, InboundMessage, Sender};
use domain::ticket::Ticket;
use jiff::Timestamp;
use storage::{NewContact, Progress, Step, Storage};

pub(crate) const YEAR: i16 = 2026;

pub(crate) fn org() -> OrganizationId {
    OrganizationId::new("demo").unwrap()
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

pub(crate) fn agent_id(name: &str) -> AgentId {
    AgentId::new(name).unwrap()
}

pub(crate) fn connection(id: &str) -> Connection {
    Connection {
        id: ConnectionId::new(id).unwrap(),
        org: org(),
        provider: Provider::CloudApi {
            phone_number_id: "100000000000001".to_owned(),
            app: "default".to_owned(),
            waba_id: None,
        },
        own: Vec::new(),
        queue: QueueId::new("sales").unwrap(),
        reopen: ReopenPolicy::default(),
        groups: GroupPolicy::Mention,
        calls: domain::connection::CallPolicy::default(),
        locale: None,
    }
}

pub(crate) fn text(id: &str, from: &str, body: &str) -> InboundMessage {
    InboundMessage {
        provider_id: ProviderMessageId::new(id),
        sent_at: at(0),
        sender: Sender {
            aliases: vec![Alias::new(AliasKind::Phone, from)],
            name: Some("Maria".to_owned()),
            is_group: false,
        },
        content: Content::text(body),
        from_contact: true,
        effect: Effect::Opens,
    }
}

pub(crate) async fn add_agent(storage: &Storage, name: &str, capacity: u32) -> Agent {
    let agent = Agent {
        id: agent_id(name),
        name: name.to_owned(),
        role: Role::Agent,
        queues: vec![QueueId::new("sales").unwrap()],
        capacity,
        load: 0,
        is_active: true,
    };
    storage.add_agent(&org(), &agent).await.unwrap();
    agent
}

/// The contact who wrote, made if nobody knows it.
pub(crate) async fn contact(storage: &Storage, message: &InboundMessage) -> ContactId {
    let aliases = message.sender.aliases.clone();
    if let Some(known) = storage.contact_by_alias(&org(), &aliases).await.unwrap() {
        storage.learn_aliases(&org(), &known.person(), &known.new_aliases, None).await.unwrap();
        return known.id;
    }
    let id = ContactId::generate(at(0), fastrand::u128(..) >> 48);
    let contact = Contact { name: message.sender.name.clone(), aliases, ..Contact::new(id, at(0)) };
    storage.contact_or_new(&org(), &NewContact { contact }, None).await.unwrap()
}

/// One try: what is known now, the plan from it, and what carrying it out came to.
pub(crate) async fn step(
    storage: &Storage,
    connection: &Connection,
    contact: &ContactId,
    message: &InboundMessage,
    progress: &mut Progress,
) -> Step {
    let conversation = ConversationId::of(&connection.id, contact);
    let (conversation, ticket) = storage.known(&org(), contact, &conversation).await.unwrap();
    let plan = plan(Known { connection, contact, conversation, ticket }, message, at(1));
    storage.carry_out(&org(), (YEAR, at(1)), message, &plan, progress).await.unwrap()
}

/// Takes a message as `ingest` does. The ticket that it made, if it made one.
pub(crate) async fn take(storage: &Storage, connection: &Connection, message: &InboundMessage) -> Option<Ticket> {
    let contact = contact(storage, message).await;
    let mut progress = Progress::default();
    loop {
        match step(storage, connection, &contact, message, &mut progress).await {
            Step::Done { opened } => return opened.map(|ticket| *ticket),
            Step::Duplicate => return None,
            Step::Stale => {}
        }
    }
}

/// All tickets, the newest first.
pub(crate) async fn tickets(storage: &Storage) -> Vec<Ticket> {
    storage.tickets_by_number(&org(), u64::MAX, 1000).await.unwrap().tickets
}
