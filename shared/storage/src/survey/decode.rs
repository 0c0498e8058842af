//! From an item to what it is: its key says what it must be, and its attributes must be of that and of that place.

use domain::agent::Agent;
use domain::alias::AliasKind;
use domain::connection::Connection;
use domain::conversation::Conversation;
use domain::figures::Figures;
use domain::ids::{ConnectionId, ContactId, OrganizationId, ProviderMessageId, TicketId};
use domain::invariants::delivery;
use domain::invariants::history::Row;
use domain::invariants::numbers::Counter;
use domain::invariants::statistics::Counts;
use domain::line::Line;
use domain::message::MessageRef;
use domain::note::Note;
use domain::once::OnceKey;
use domain::organization::{Organization, Queue};
use domain::quota::Made;
use domain::service_key::ServiceKey;
use domain::template::Template;
use domain::ticket::{Priority, Ticket, TicketState};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_dynamo::{AttributeValue, Item};

use super::{Entry, Fault, Place, Surveyed};
use crate::contacts::AliasPointer;
use crate::conversations::ConversationItem;
use crate::counter::YEAR_PREFIX;
use crate::handmade::ContactTicketItem;
use crate::keys::{self, Key};
use crate::merges::Profile;
use crate::messages::MessageItem;
use crate::once::OnceItem;
use crate::organizations::ProviderPointer;
use crate::receipts::Receipt;
use crate::ticket_items::RowItem;

/// An item with the key under which it belongs.
type Decoded = (Entry, Key);

#[derive(Deserialize)]
struct MarkItem {
    held_by: TicketId,
}

#[derive(Deserialize)]
struct InspectionItem {
    received_at: Timestamp,
    digest: String,
}

/// Decodes an item. Never fails: what cannot be read is an entry with its fault.
pub fn read(item: Item) -> Surveyed {
    let text = |name: &str| match item.get(name) {
        Some(AttributeValue::S(text)) => text.clone(),
        _ => String::new(),
    };
    let key = Key { pk: text("pk"), sk: text("sk") };
    let indexes = Indexes::of(&item);
    let org = organization(&key.pk);
    let outcome = match &org {
        Some(org) => of_organization(org, &key, item).map(|(entry, belongs)| (Some(org.clone()), entry, belongs)),
        None => of_nobody(&key, item),
    };
    let (org, entry, belongs) = match outcome {
        Ok(decoded) => decoded,
        Err(fault) => return Surveyed { org, entry: Entry::Unknown(shape(&key)), faults: vec![fault] },
    };
    let named = match &entry {
        Entry::Ticket(ticket) => Some(&ticket.org),
        Entry::Connection(connection) => Some(&connection.org),
        _ => None,
    };
    let faults = match (&entry, named) {
        (_, Some(named)) if Some(named) != org.as_ref() => vec![Fault::Names(named.clone())],
        _ if belongs != key => vec![Fault::Misplaced],
        (Entry::Ticket(ticket), _) => indexes.faults(ticket),
        _ => Vec::new(),
    };
    Surveyed { org, entry, faults }
}

/// The organization that a key begins with.
fn organization(pk: &str) -> Option<OrganizationId> {
    let rest = pk.strip_prefix("ORG#")?;
    OrganizationId::new(rest.split('#').next()?).ok()
}

/// An item whose key names no organization, with the one that it names itself.
fn of_nobody(key: &Key, item: Item) -> Result<(Option<OrganizationId>, Entry, Key), Fault> {
    match key.pk.split_once('#') {
        Some(("PROVIDER", _)) if key.sk == "CON" => {
            let ProviderPointer { org, con } = parse(item)?;
            // Whether it is the account of its connection shows beside the connection.
            Ok((Some(org), Entry::Account { connection: con, place: Place(key.clone()) }, key.clone()))
        }
        Some(("INSPECT", _)) => {
            let InspectionItem { received_at, digest } = parse(item)?;
            Ok((None, Entry::Inspection, keys::inspection(received_at, &digest)))
        }
        _ => Err(Fault::Unknown),
    }
}

fn of_organization(org: &OrganizationId, key: &Key, item: Item) -> Result<Decoded, Fault> {
    let mut parts = key.pk.splitn(4, '#').skip(2);
    let kind = (parts.next(), parts.next());
    let (sort, _) = key.sk.split_once('#').unwrap_or((&key.sk, ""));
    match (kind, sort) {
        ((None, None), _) => settings(org, key, sort, item),
        ((Some("STATS"), None), "NOW") => {
            let shard = key.sk.strip_prefix("NOW#").and_then(|shard| shard.parse::<u8>().ok());
            let known = shard.filter(|shard| *shard < keys::STATISTICS_SHARDS).ok_or(Fault::Unknown)?;
            let (Counter { last: 0, before }, counts) = counts(&item)? else { return Err(Fault::Unreadable) };
            let belongs = Key { pk: keys::statistics_partition(org), sk: format!("NOW#{known}") };
            if before.is_empty() { Ok((Entry::Statistics(counts), belongs)) } else { Err(Fault::Unreadable) }
        }
        ((Some("ALIAS"), Some(identity)), "CTC") => {
            let (kind, _) = identity.split_once('#').ok_or(Fault::Unknown)?;
            let kind = AliasKind::named(kind).ok_or(Fault::Unknown)?;
            let contact = parse::<AliasPointer>(item)?.ctc;
            // Whether it is an identity of its contact shows beside the contact.
            Ok((Entry::Alias { kind, contact, place: Place(key.clone()) }, key.clone()))
        }
        ((Some("CTC"), Some(_)), "PROFILE") => {
            let Profile { contact, merged_into, .. } = parse(item)?;
            let belongs = keys::contact(org, &contact.id);
            Ok((Entry::Contact(Box::new(contact), merged_into), belongs))
        }
        ((Some("CTC"), Some(_)), "TKT") => {
            let ContactTicketItem { ctc: contact, tkt: ticket } = parse(item)?;
            let belongs = keys::contact_ticket(org, &contact, &ticket);
            Ok((Entry::Handmade { contact, ticket }, belongs))
        }
        ((Some("CTC"), Some(contact)), "MADE") => {
            let contact = ContactId::new(contact).map_err(|_| Fault::Unknown)?;
            parse::<Made>(item)?;
            let belongs = keys::made_by_hand(org, &contact);
            Ok((Entry::Quota(contact), belongs))
        }
        ((Some("ONCE"), Some(_)), "KEY") => {
            let OnceItem { key, agt, .. } = parse(item)?;
            let key = OnceKey::new(&key).map_err(|_| Fault::Unreadable)?;
            Ok((Entry::Once, keys::once(org, &agt, &key)))
        }
        ((Some("CNV"), Some(_)), "STATE") => {
            let conversation = Conversation::from(parse::<ConversationItem>(item)?);
            let belongs = keys::conversation(org, &conversation.id);
            Ok((Entry::Conversation(Box::new(conversation)), belongs))
        }
        ((Some("CNV"), Some(_)), "MSG") => {
            let (conversation, said) = parse::<MessageItem>(item)?.said();
            let (id, sent_at) = (said.id.clone(), said.sent_at);
            let belongs = keys::message(org, &MessageRef { conversation: conversation.clone(), sent_at, id });
            Ok((Entry::Said(conversation, Box::new(said)), belongs))
        }
        ((Some("TKT"), Some(at)), keys::TICKET) => ticket(org, at, item),
        ((Some("TKT"), Some(_)), "NOTE") => {
            let note: Note = parse(item)?;
            let belongs = keys::note(org, &note);
            Ok((Entry::Note(Box::new(note)), belongs))
        }
        ((Some("TKT"), Some(_)), "EVT") => {
            let version = key.sk.strip_prefix(keys::HISTORY_PREFIX).and_then(|version| version.parse().ok());
            let version = version.ok_or(Fault::Unknown)?;
            let RowItem { row, subject } = parse(item)?;
            let belongs = keys::history(org, &subject.id, version);
            Ok((Entry::Row(subject.id.clone(), Box::new(Row { version, row, subject })), belongs))
        }
        ((Some("RCP"), Some(of)), "RECEIPT") => receipt(org, of, item),
        _ => Err(Fault::Unknown),
    }
}

/// The items beside the organization itself.
fn settings(org: &OrganizationId, key: &Key, sort: &str, item: Item) -> Result<Decoded, Fault> {
    Ok(match sort {
        "META" => (Entry::Organization, keys::organization(&parse::<Organization>(item)?.id)),
        "COUNTER" => {
            let (counter, counts) = counts(&item)?;
            (Entry::Counter(counter, counts), keys::counter(org))
        }
        "LINE" => {
            let line: Line = parse(item)?;
            (Entry::Line, keys::line(org, &line.connection))
        }
        "TPL" => {
            let template: Template = parse(item)?;
            // Which account it is of stands in the key alone.
            let rest = key.sk.strip_prefix(keys::TEMPLATE_PREFIX).unwrap_or_default();
            let account = rest.split('#').next().unwrap_or_default();
            (Entry::Template, keys::template(org, account, &template.name, &template.language))
        }
        "CON" => {
            let connection: Connection = parse(item)?;
            let belongs = keys::connection(org, &connection.id);
            (Entry::Connection(Box::new(connection)), belongs)
        }
        "QUE" => {
            let Queue { id, .. } = parse(item)?;
            let belongs = keys::queue(org, &id);
            (Entry::Queue(id), belongs)
        }
        "AGT" => {
            let agent: Agent = parse(item)?;
            let belongs = keys::agent(org, &agent.id);
            (Entry::Agent(Box::new(agent)), belongs)
        }
        "SVC" => {
            let key: ServiceKey = parse(item)?;
            let belongs = keys::service_key(&key.org, &key.id);
            (Entry::ServiceKey(key.id), belongs)
        }
        _ => return Err(Fault::Unknown),
    })
}

fn ticket(org: &OrganizationId, at: &str, item: Item) -> Result<Decoded, Fault> {
    if item.contains_key("held_by") {
        let at = TicketId::new(at).map_err(|_| Fault::Unknown)?;
        let MarkItem { held_by } = parse(item)?;
        let belongs = keys::ticket(org, &at);
        return Ok((Entry::Mark { at, held_by }, belongs));
    }
    let ticket: Ticket = parse(item)?;
    let belongs = keys::ticket(org, &ticket.id);
    Ok((Entry::Ticket(Box::new(ticket)), belongs))
}

fn receipt(org: &OrganizationId, of: &str, item: Item) -> Result<Decoded, Fault> {
    let (connection, id) = of.split_once('#').ok_or(Fault::Unknown)?;
    let connection = ConnectionId::new(connection).map_err(|_| Fault::Unknown)?;
    let id = ProviderMessageId::new(id);
    let Receipt { msg, reports } = parse(item)?;
    let message = msg.map(|msg| msg.parse()).transpose().map_err(|_| Fault::Unreadable)?;
    let furthest = reports.iter().map(|report| report.delivery).max();
    let belongs = keys::receipt(org, &connection, &id);
    Ok((Entry::Receipt(Box::new(delivery::Receipt { connection, id, message, furthest })), belongs))
}

/// A counter or a part of the statistics: numbers under names that are known, and nothing else.
fn counts(item: &Item) -> Result<(Counter, Counts), Fault> {
    let (mut counter, mut counts) = (Counter::default(), Counts::default());
    let mut figures = counts.figures.values();
    for (name, value) in item.inner().iter().filter(|(name, _)| !matches!(name.as_str(), "pk" | "sk")) {
        let AttributeValue::N(number) = value else { return Err(Fault::Unreadable) };
        let unreadable = |_| Fault::Unreadable;
        if name == "n" {
            counter.last = number.parse().map_err(unreadable)?;
        } else if let Some(year) = name.strip_prefix(YEAR_PREFIX) {
            counter.before.insert(year.parse().map_err(unreadable)?, number.parse().map_err(unreadable)?);
        } else if let Some(state) = name.strip_prefix("state_").and_then(TicketState::parse) {
            counts.by_state.insert(state, number.parse().map_err(unreadable)?);
        } else if let Some(priority) = name.strip_prefix("priority_").and_then(Priority::parse) {
            counts.by_priority.insert(priority, number.parse().map_err(unreadable)?);
        } else if let Some(figure) = Figures::NAMES.iter().position(|figure| figure == name) {
            figures[figure] = number.parse().map_err(unreadable)?;
        } else {
            return Err(Fault::Unreadable);
        }
    }
    counts.figures = Figures::from_values(figures);
    Ok((counter, counts))
}

/// Where an item stands in the indexes, by its own attributes: the engine keeps the indexes from these.
struct Indexes {
    by_number: Option<(String, String)>,
    board: Option<(String, String)>,
    due: Option<(String, String)>,
}

impl Indexes {
    fn of(item: &Item) -> Self {
        let place = |pk: &str, sk: &str| match (item.get(pk), item.get(sk)) {
            (None, None) => None,
            (pk, sk) => Some((text(pk), text(sk))),
        };
        Self { by_number: place("n_pk", "n_sk"), board: place("b_pk", "b_sk"), due: place("d_pk", "d_sk") }
    }

    fn faults(&self, ticket: &Ticket) -> Vec<Fault> {
        let of_another = |place: &Option<(String, String)>| {
            organization(&place.as_ref()?.0).filter(|org| *org != ticket.org).map(Fault::ShownTo)
        };
        let number = Some((keys::numbers_partition(&ticket.org), ticket.number.number.to_string()));
        let differs = |is: &Option<(String, String)>, must: Option<(String, String)>, fault: Fault| {
            (*is != must).then(|| of_another(is).unwrap_or(fault))
        };
        [
            differs(&self.by_number, number, Fault::ByNumber),
            differs(&self.board, keys::board(ticket), Fault::Board),
            differs(&self.due, keys::due(ticket), Fault::Due),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

fn text(value: Option<&AttributeValue>) -> String {
    match value {
        Some(AttributeValue::S(text) | AttributeValue::N(text)) => text.clone(),
        _ => String::new(),
    }
}

/// Why it fails is not told: the reason would quote what the item holds.
fn parse<T: DeserializeOwned>(item: Item) -> Result<T, Fault> {
    serde_dynamo::from_item(item).map_err(|_| Fault::Unreadable)
}

/// A key as far as it can be told: its fixed words, and of the rest nothing.
fn shape(key: &Key) -> String {
    let word = |part: &str| match part {
        part if !part.is_empty() && part.len() < 16 && part.bytes().all(|b| b.is_ascii_uppercase()) => part.to_owned(),
        _ => "…".to_owned(),
    };
    let pk: Vec<String> = key.pk.split('#').take(3).map(word).collect();
    format!("{} / {}", pk.join("#"), word(key.sk.split('#').next().unwrap_or_default()))
}
