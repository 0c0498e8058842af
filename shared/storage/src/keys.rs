//! Every key template. A key is written here and nowhere else; `docs/data-model.md` explains them.

use domain::alias::Alias;
use domain::ids::{
    AgentId, ConnectionId, ContactId, ConversationId, NoteId, OrganizationId, ProviderMessageId, QueueId, TicketId,
};
use domain::message::MessageRef;
use domain::note::Note;
use domain::once::OnceKey;
use domain::ticket::Ticket;
use jiff::Timestamp;

/// The index of tickets by number.
pub(crate) const BY_NUMBER: &str = "by_number";
/// The index of tickets that wait in a queue or lie with an agent.
pub(crate) const BOARD: &str = "board";
/// The index of deadlines.
pub(crate) const DUE: &str = "due";

/// Over how many partitions the deadlines are spread. A change needs a migration: raise it only.
pub(crate) const DUE_SHARDS: u8 = 4;
/// Over how many items an organization's statistics are spread, so that changes of different tickets do not contend.
pub(crate) const STATISTICS_SHARDS: u8 = 8;

/// The primary key of an item.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Key {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

impl Key {
    fn new(pk: String, sk: impl Into<String>) -> Self {
        Self { pk, sk: sk.into() }
    }
}

fn org_partition(org: &OrganizationId) -> String {
    format!("ORG#{org}")
}

/// Where nothing is: no organization's id is empty.
pub(crate) fn nobody() -> Key {
    Key::new("ORG#".to_owned(), "META")
}

pub(crate) fn organization(org: &OrganizationId) -> Key {
    Key::new(org_partition(org), "META")
}

pub(crate) fn counter(org: &OrganizationId) -> Key {
    Key::new(org_partition(org), "COUNTER")
}

pub(crate) const CONNECTION_PREFIX: &str = "CON#";

pub(crate) fn connection(org: &OrganizationId, id: &ConnectionId) -> Key {
    Key::new(org_partition(org), format!("{CONNECTION_PREFIX}{id}"))
}

pub(crate) const QUEUE_PREFIX: &str = "QUE#";

pub(crate) fn queue(org: &OrganizationId, id: &QueueId) -> Key {
    Key::new(org_partition(org), format!("{QUEUE_PREFIX}{id}"))
}

pub(crate) const LINE_PREFIX: &str = "LINE#";

/// How a connection is doing.
pub(crate) fn line(org: &OrganizationId, id: &ConnectionId) -> Key {
    Key::new(org_partition(org), format!("{LINE_PREFIX}{id}"))
}

pub(crate) const TEMPLATE_PREFIX: &str = "TPL#";

/// A template of a provider's account; several connections may share it.
pub(crate) fn template(org: &OrganizationId, account: &str, name: &str, language: &str) -> Key {
    Key::new(org_partition(org), format!("{}{}#{}", templates_prefix(account), bounded(name), bounded(language)))
}

/// What the sort keys of an account's templates begin with.
pub(crate) fn templates_prefix(account: &str) -> String {
    format!("{TEMPLATE_PREFIX}{}#", bounded(account))
}

pub(crate) fn agent(org: &OrganizationId, id: &AgentId) -> Key {
    Key::new(org_partition(org), format!("AGT#{id}"))
}

pub(crate) const SERVICE_KEY_PREFIX: &str = "SVC#";

/// A service key. Its id takes the place of an agent's where it acts.
pub(crate) fn service_key(org: &OrganizationId, id: &AgentId) -> Key {
    Key::new(org_partition(org), format!("{SERVICE_KEY_PREFIX}{id}"))
}

/// The kind of the account that holds templates, among those of providers.
pub(crate) const TEMPLATE_ACCOUNT: &str = "waba";

/// How a webhook finds a connection before it knows the organization.
pub(crate) fn provider(kind: &str, account: &str) -> Key {
    Key::new(format!("PROVIDER#{kind}#{}", bounded(account)), "CON")
}

pub(crate) fn alias(org: &OrganizationId, alias: &Alias) -> Key {
    Key::new(format!("ORG#{org}#ALIAS#{}#{}", alias.kind.as_str(), bounded(&alias.match_key())), "CTC")
}

pub(crate) const PROFILE: &str = "PROFILE";

pub(crate) fn contact(org: &OrganizationId, id: &ContactId) -> Key {
    Key::new(format!("ORG#{org}#CTC#{id}"), PROFILE)
}

pub(crate) const CONVERSATION: &str = "STATE";

pub(crate) fn conversation(org: &OrganizationId, id: &ConversationId) -> Key {
    Key::new(format!("ORG#{org}#CNV#{id}"), CONVERSATION)
}

pub(crate) const MESSAGE_PREFIX: &str = "MSG#";

pub(crate) fn message(org: &OrganizationId, reference: &MessageRef) -> Key {
    let sk = format!("{MESSAGE_PREFIX}{:013}#{}", reference.sent_at_ms(), reference.id);
    Key::new(format!("ORG#{org}#CNV#{}", reference.conversation), sk)
}

/// Before every message of this millisecond, and after every earlier one.
pub(crate) fn before_messages_of(ms: i64) -> String {
    format!("{MESSAGE_PREFIX}{ms:013}#")
}

/// After every message of this millisecond, and before every later one.
pub(crate) fn after_messages_of(ms: i64) -> String {
    format!("{MESSAGE_PREFIX}{ms:013}#~")
}

pub(crate) const TICKET: &str = "TICKET";
pub(crate) const HISTORY_PREFIX: &str = "EVT#";

pub(crate) fn ticket(org: &OrganizationId, id: &TicketId) -> Key {
    Key::new(format!("ORG#{org}#TKT#{id}"), TICKET)
}

pub(crate) fn history(org: &OrganizationId, id: &TicketId, version: u64) -> Key {
    Key::new(format!("ORG#{org}#TKT#{id}"), format!("{HISTORY_PREFIX}{version:08}"))
}

pub(crate) const NOTE_PREFIX: &str = "NOTE#";

pub(crate) fn note(org: &OrganizationId, note: &Note) -> Key {
    let sk = format!("{NOTE_PREFIX}{:013}#{}", note.at.as_millisecond().max(0), note.id);
    Key::new(format!("ORG#{org}#TKT#{}", note.ticket), sk)
}

pub(crate) const CONTACT_TICKET_PREFIX: &str = "TKT#";

/// The place of a note among those of its ticket. Its id tells when it was written; one that does not stands before all.
pub(crate) fn note_bound(id: &NoteId) -> String {
    format!("{NOTE_PREFIX}{:013}#{id}", id.made_at_ms().unwrap_or_default())
}

/// The way from a contact to a ticket that was made by hand: those of conversations are found by their generations.
pub(crate) fn contact_ticket(org: &OrganizationId, contact: &ContactId, ticket: &TicketId) -> Key {
    Key::new(format!("ORG#{org}#CTC#{contact}"), format!("{CONTACT_TICKET_PREFIX}{ticket}"))
}

/// When a contact's last tickets were made by hand.
pub(crate) fn made_by_hand(org: &OrganizationId, contact: &ContactId) -> Key {
    Key::new(format!("ORG#{org}#CTC#{contact}"), "MADE")
}

/// The answer that an agent's request was given.
pub(crate) fn once(org: &OrganizationId, agent: &AgentId, key: &OnceKey) -> Key {
    Key::new(format!("ORG#{org}#ONCE#{agent}"), format!("KEY#{key}"))
}

/// What a provider said of a message, joined with which message it is.
pub(crate) fn receipt(org: &OrganizationId, connection: &ConnectionId, id: &ProviderMessageId) -> Key {
    Key::new(format!("ORG#{org}#RCP#{connection}#{id}"), "RECEIPT")
}

/// Units that could not be understood, a partition a day.
pub(crate) fn inspection(received_at: Timestamp, digest: &str) -> Key {
    let text = received_at.to_string();
    Key::new(format!("INSPECT#{}", text.get(..10).unwrap_or_default()), format!("{text}#{digest}"))
}

pub(crate) fn statistics_partition(org: &OrganizationId) -> String {
    format!("ORG#{org}#STATS")
}

pub(crate) fn statistics(org: &OrganizationId, ticket: &TicketId) -> Key {
    Key::new(statistics_partition(org), format!("NOW#{}", shard(ticket, STATISTICS_SHARDS)))
}

/// The partition of `by_number`.
pub(crate) fn numbers_partition(org: &OrganizationId) -> String {
    org_partition(org)
}

/// The partition of `board` where a queue's tickets wait.
pub(crate) fn waiting_partition(org: &OrganizationId, queue: &QueueId) -> String {
    format!("ORG#{org}#WAITING#{queue}")
}

/// The partition of `board` where an agent's tickets lie.
pub(crate) fn agent_partition(org: &OrganizationId, agent: &AgentId) -> String {
    format!("ORG#{org}#AGENT#{agent}")
}

/// The place of a ticket on the board: the most urgent first, then the oldest (docs/requirements.md C15). `None` takes it off.
pub(crate) fn board(ticket: &Ticket) -> Option<(String, String)> {
    let partition = match &ticket.agent {
        Some(agent) if !ticket.state.is_final() => agent_partition(&ticket.org, agent),
        None if ticket.state.is_active() => waiting_partition(&ticket.org, &ticket.queue),
        _ => return None,
    };
    let rank = 3 - ticket.priority as u8;
    Some((partition, format!("{rank}#{:013}#{}", ticket.created_at.as_millisecond(), ticket.id)))
}

/// The partition of `due` of a shard.
pub(crate) fn due_partition(shard: u8) -> String {
    format!("DUE#{shard}")
}

/// The deadline that must be looked at next. `None` when nothing can fall due.
pub(crate) fn due(ticket: &Ticket) -> Option<(String, String)> {
    let at = ticket.next_due_at()?;
    Some((due_partition(shard(&ticket.id, DUE_SHARDS)), format!("{}#{}", due_bound(at), ticket.id)))
}

/// A deadline as it stands in the sort key of `due`.
pub(crate) fn due_bound(at: Timestamp) -> String {
    format!("{:013}", at.as_millisecond().max(0))
}

fn shard(ticket: &TicketId, shards: u8) -> u8 {
    // Ticket ids are digests or random: their last bytes are spread evenly.
    ticket.as_str().bytes().rev().take(4).fold(0u8, u8::wrapping_add) % shards
}

/// Provider-given values stand in keys as they came unless they are too long for one.
fn bounded(value: &str) -> String {
    ProviderMessageId::new(value).to_string()
}

#[cfg(test)]
mod tests {
    use domain::alias::AliasKind;

    use super::*;

    fn org() -> OrganizationId {
        OrganizationId::new("demo").unwrap()
    }

    #[test]
    fn two_spellings_of_a_phone_share_an_alias_item() {
        let key = |phone: &str| alias(&org(), &Alias::new(AliasKind::Phone, phone));
        assert_eq!(key("5511987654321"), key("551187654321"));
        assert_eq!(key("77079861373").pk, "ORG#demo#ALIAS#phone#77079861373");
    }

    #[test]
    fn messages_sort_by_time() {
        let conversation = ConversationId::new("cnv_1").unwrap();
        let at = |ms: i64| MessageRef {
            conversation: conversation.clone(),
            sent_at: Timestamp::from_millisecond(ms).unwrap(),
            id: "wamid.1".to_owned(),
        };
        assert!(message(&org(), &at(999_999_999_999)).sk < message(&org(), &at(1_000_000_000_000)).sk);
    }

    #[test]
    fn a_provider_cannot_make_a_key_that_the_table_refuses() {
        let long = "x".repeat(5000);
        assert!(provider("cloud_api", &long).pk.len() < 2048);
        assert!(alias(&org(), &Alias::new(AliasKind::Lid, long)).pk.len() < 2048);
    }
}
