//! What this crate writes is read back without a fault, and what it never writes is not.

use std::collections::HashMap;

use domain::contact::Contact;
use domain::delivery::Delivery;
use domain::event::{Actor, Happening, HistoryRow, Subject};
use domain::invariants::Invariant;
use domain::message::{Content, Direction, Message, MessageRef};
use domain::number::TicketNumber;
use domain::sla::Sla;
use domain::ticket::{Category, Priority, Source, TicketState};
use jiff::Timestamp;
use serde_dynamo::{AttributeValue, Item};

use super::*;
use crate::item::{Item as SdkItem, number, text, write};
use crate::ticket_items::{RowItem, ticket_item};
use crate::{keys, messages};

fn org() -> OrganizationId {
    OrganizationId::new("demo").unwrap()
}

fn at() -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap()
}

fn ticket() -> Ticket {
    Ticket {
        id: TicketId::new("tkt_1").unwrap(),
        org: org(),
        number: TicketNumber { number: 3, year: 2026, year_seq: 3 },
        state: TicketState::New,
        priority: Priority::High,
        category: Category::Sales,
        title: "Um pedido".to_owned(),
        description: None,
        source: Source::Agent,
        contact: ContactId::new("ctc_1").unwrap(),
        conversation: None,
        connection: None,
        queue: QueueId::new("sales").unwrap(),
        agent: None,
        is_group: false,
        generation: None,
        previous: None,
        created_at: at(),
        updated_at: at(),
        assigned_at: None,
        first_response_at: None,
        resolved_at: None,
        closed_at: None,
        reopen_count: 0,
        details: domain::ticket::Details::default(),
        sla: Sla::starting(at(), Priority::High),
        version: 1,
    }
}

fn message() -> SdkItem {
    let conversation = ConversationId::new("cnv_1").unwrap();
    let message = Message {
        reference: MessageRef { conversation, sent_at: at(), id: "out_1".to_owned() },
        ticket: None,
        direction: Direction::Out { agent: None, delivery: Delivery::Sent, error: None },
        content: Content::text("segredo"),
        provider_id: None,
        seq: 0,
    };
    messages::message_item(&org(), &message).unwrap()
}

fn row() -> SdkItem {
    let happening = Happening::SlaBreached { metric: domain::sla::Metric::Resolution };
    let (from, to) = (TicketState::New, TicketState::New);
    let row = HistoryRow { happening, from, to, actor: Actor::System, reason: None, stood_ms: None, at: at() };
    let row = RowItem { row, subject: Subject::from(&ticket()) };
    write(keys::history(&org(), &ticket().id, 2), &row).unwrap()
}

fn item_of(sdk: SdkItem) -> Item {
    Item::from(sdk)
}

/// The faults of an item after an attribute was set, or removed.
fn faults(sdk: SdkItem, name: &str, value: Option<aws_sdk_dynamodb::types::AttributeValue>) -> Vec<Fault> {
    let mut sdk = sdk;
    match value {
        Some(value) => sdk.insert(name.to_owned(), value),
        None => sdk.remove(name),
    };
    read(item_of(sdk)).faults
}

#[test]
fn what_is_written_is_read_back_without_a_fault() {
    let ticket = item_of(ticket_item(&ticket()).unwrap());
    let surveyed = read(ticket);
    assert!(matches!(&surveyed.entry, Entry::Ticket(ticket) if ticket.number.number == 3), "{surveyed:?}");
    assert_eq!((surveyed.org, surveyed.faults), (Some(org()), Vec::new()));
    let surveyed = read(item_of(message()));
    assert!(matches!(&surveyed.entry, Entry::Said(_, said) if said.id == "out_1"), "{surveyed:?}");
    assert_eq!(surveyed.faults, []);
    let surveyed = read(item_of(row()));
    assert!(matches!(&surveyed.entry, Entry::Row(_, row) if row.version == 2), "{surveyed:?}");
    assert_eq!(surveyed.faults, []);
}

#[test]
fn an_item_under_another_s_key_or_in_another_s_name_is_found() {
    let of = |pk: &str| Some(text(pk));
    let whole = || ticket_item(&ticket()).unwrap();
    assert_eq!(faults(whole(), "pk", of("ORG#demo#TKT#tkt_2")), [Fault::Misplaced]);
    assert_eq!(faults(whole(), "pk", of("ORG#other#TKT#tkt_1")), [Fault::Names(org())]);
    assert_eq!(faults(whole(), "v", None), [Fault::Unreadable]);
    assert_eq!(faults(message(), "sent", Some(number(1))), [Fault::Misplaced]);
    assert_eq!(faults(message(), "cnv", of("cnv_2")), [Fault::Misplaced]);
    assert_eq!(faults(row(), "sk", of("EVT#00000003")), []);
    assert_eq!(faults(row(), "sk", of("EVT#3")), [Fault::Misplaced]);
    assert_eq!(faults(row(), "tkt", of("tkt_2")), [Fault::Misplaced]);
}

#[test]
fn an_index_that_disagrees_with_its_ticket_is_found() {
    let whole = || ticket_item(&ticket()).unwrap();
    let check = |name: &str, value: Option<&str>, expected: Fault, invariant: Invariant| {
        let value = value.map(|value| if name == "n_sk" { number(value) } else { text(value) });
        assert_eq!(expected.invariant(), invariant);
        assert_eq!(faults(whole(), name, value), [expected]);
    };
    check("n_sk", Some("4"), Fault::ByNumber, Invariant::I3);
    check("n_pk", None, Fault::ByNumber, Invariant::I3);
    check("n_pk", Some("ORG#other"), Fault::ShownTo(OrganizationId::new("other").unwrap()), Invariant::I7);
    check("b_pk", Some("ORG#demo#AGENT#ana"), Fault::Board, Invariant::I4);
    check("b_sk", None, Fault::Board, Invariant::I4);
    check("d_sk", Some("1790000000000#tkt_1"), Fault::Due, Invariant::I8);
    check("d_pk", None, Fault::Due, Invariant::I8);
}

#[test]
fn an_unknown_item_is_told_by_the_fixed_words_of_its_key_alone() {
    let check = |pk: &str, sk: &str, told: &str| {
        let item = HashMap::from([
            ("pk".to_owned(), AttributeValue::S(pk.to_owned())),
            ("sk".to_owned(), AttributeValue::S(sk.to_owned())),
        ]);
        let words: Vec<String> = read(Item::from(item)).findings().into_iter().map(|finding| finding.words).collect();
        assert_eq!(words, [format!("an item {told}")]);
    };
    check("ORG#demo", "NOTE#Maria", "ORG#… / NOTE is nothing that this program writes");
    check("ORG#demo#ALIAS#fax#77079861373", "CTC", "ORG#…#ALIAS / CTC is nothing that this program writes");
    check("77079861373", "Maria", "… / … is nothing that this program writes");
    check("ORG#demo#CTC#ctc_1", "PROFILE", "ORG#…#CTC / PROFILE cannot be read");
}

#[test]
fn a_counter_and_a_part_of_the_statistics_hold_known_numbers_alone() {
    let item = |pk: &str, sk: &str, name: &str| {
        SdkItem::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk)), (name.to_owned(), number(2))])
    };
    let check = |pk: &str, sk: &str, name: &str, expected: &[Fault]| {
        assert_eq!(read(item_of(item(pk, sk, name))).faults, expected, "{sk} {name}");
    };
    for name in ["n", "before_2026", "state_new", "priority_high"] {
        check("ORG#demo", "COUNTER", name, &[]);
    }
    check("ORG#demo", "COUNTER", "state_asleep", &[Fault::Unreadable]);
    check("ORG#demo#STATS", "NOW#7", "state_new", &[]);
    check("ORG#demo#STATS", "NOW#8", "state_new", &[Fault::Unknown]);
    check("ORG#demo#STATS", "NOW#07", "state_new", &[Fault::Misplaced]);
    check("ORG#demo#STATS", "NOW#1", "n", &[Fault::Unreadable]);
}

#[test]
fn an_identity_lies_where_its_spellings_meet() {
    let contact = Contact {
        aliases: vec![domain::alias::Alias::new(AliasKind::Phone, "5511987654321")],
        ..Contact::new(ContactId::new("ctc_1").unwrap(), at())
    };
    let other_spelling = domain::alias::Alias::new(AliasKind::Phone, "551187654321");
    let pointer = crate::contacts::AliasPointer { ctc: contact.id.clone(), absorbed: Vec::new(), on: Vec::new() };
    let surveyed = read(item_of(write(keys::alias(&org(), &other_spelling), &pointer).unwrap()));
    let Entry::Alias { place, .. } = surveyed.entry else { panic!("{surveyed:?}") };
    assert_eq!(place, Place::alias(&org(), &contact.aliases[0]));
}
