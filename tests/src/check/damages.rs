//! One kind of damage each, planted on the life of `life`, with exactly the findings that it must lead to.

mod conversations;
mod organizations;
mod tickets;

use serde_json::{Value, json};

use super::engine::Change::{self, Put};
use super::engine::Engine;

/// Changes, and the findings that follow.
pub(super) struct Damage {
    pub(super) name: &'static str,
    pub(super) changes: Vec<Change>,
    pub(super) expected: Vec<(&'static str, String)>,
}

/// The items of the table, found by what they are.
pub(super) struct Stored(Vec<Value>);

impl Stored {
    pub(super) fn read(engine: &Engine) -> Self {
        Self(engine.items())
    }

    /// The one item whose keys begin so and of which something holds.
    #[track_caller]
    fn one(&self, pk: &str, sk: &str, is: impl Fn(&Value) -> bool) -> &Value {
        let found: Vec<&Value> = self.all(pk, sk).into_iter().filter(|item| is(item)).collect();
        assert_eq!(found.len(), 1, "{pk} {sk}: {found:#?}");
        found[0]
    }

    fn all(&self, pk: &str, sk: &str) -> Vec<&Value> {
        let begins = |item: &Value, name: &str, with: &str| s(item, name).starts_with(with);
        self.0.iter().filter(|item| begins(item, "pk", pk) && begins(item, "sk", sk)).collect()
    }

    fn ticket(&self, number: i64) -> &Value {
        self.one("ORG#demo#TKT#", "TICKET", |item| item.get("held_by").is_none() && n(item, "number") == number)
    }

    /// The row of a ticket's history after which it had this version.
    fn row(&self, number: i64, version: u64) -> &Value {
        self.one(s(self.ticket(number), "pk"), &format!("EVT#{version:08}"), |_| true)
    }

    /// The conversation of a ticket.
    pub(super) fn conversation(&self, ticket: i64) -> &Value {
        self.one(&format!("ORG#demo#CNV#{}", s(self.ticket(ticket), "cnv")), "STATE", |_| true)
    }

    /// The contact's message at this place of a ticket's conversation.
    fn message(&self, ticket: i64, seq: i64) -> &Value {
        let is = |item: &Value| n(item, "seq") == seq;
        self.one(s(self.conversation(ticket), "pk"), "MSG#", is)
    }

    /// An answer on a ticket.
    fn answer(&self, ticket: i64) -> &Value {
        let of = self.all(s(self.conversation(ticket), "pk"), "MSG#");
        of.into_iter().find(|item| s(item, "mid").starts_with("out_")).unwrap()
    }

    fn receipt(&self, ticket: i64) -> &Value {
        let pid = s(self.answer(ticket), "pid");
        self.one("ORG#demo#RCP#", "RECEIPT", |item| s(item, "pk").ends_with(pid))
    }

    fn contact(&self, ticket: i64) -> &Value {
        self.one(&format!("ORG#demo#CTC#{}", s(self.ticket(ticket), "ctc")), "PROFILE", |_| true)
    }

    fn alias(&self, ticket: i64) -> &Value {
        let contact = s(self.ticket(ticket), "ctc").to_owned();
        self.one("ORG#demo#ALIAS#", "CTC", |item| s(item, "ctc") == contact)
    }

    pub(super) fn agent(&self, id: &str) -> &Value {
        self.one("ORG#demo", &format!("AGT#{id}"), |_| true)
    }

    fn counter(&self) -> &Value {
        self.one("ORG#demo", "COUNTER", |_| true)
    }

    fn mark(&self) -> &Value {
        self.one("ORG#demo#TKT#", "TICKET", |item| item.get("held_by").is_some())
    }
}

fn s<'a>(item: &'a Value, name: &str) -> &'a str {
    item[name]["S"].as_str().unwrap_or_default()
}

fn n(item: &Value, name: &str) -> i64 {
    item[name]["N"].as_str().unwrap().parse().unwrap()
}

/// The item with this in the place of what it had.
fn with(item: &Value, changes: &[(&str, Value)]) -> Change {
    let mut item = item.clone();
    for (name, value) in changes {
        let path: Vec<&str> = name.split('.').collect();
        let (last, parents) = path.split_last().unwrap();
        let parent = parents.iter().fold(&mut item, |item, name| &mut item[*name]["M"]);
        if value.is_null() {
            parent.as_object_mut().unwrap().remove(*last);
        } else {
            parent[*last] = value.clone();
        }
    }
    Put(item)
}

fn text(value: &str) -> Value {
    json!({ "S": value })
}

fn number(value: i64) -> Value {
    json!({ "N": value.to_string() })
}

/// All kinds, by promise.
pub(super) fn all(stored: &Stored) -> Vec<Damage> {
    let of_conversations = [conversations::messages, conversations::slots, conversations::delivery];
    let of_tickets = [tickets::numbers, tickets::history, tickets::clocks];
    let of_organizations = [organizations::agents, organizations::items];
    let kinds = of_conversations.into_iter().chain(of_tickets).chain(of_organizations);
    kinds.flat_map(|damages: fn(&Stored) -> Vec<Damage>| damages(stored)).collect()
}

fn damage<const N: usize>(name: &'static str, changes: Vec<Change>, expected: [(&'static str, &str); N]) -> Damage {
    let expected = expected.map(|(invariant, words)| (invariant, words.to_owned())).to_vec();
    Damage { name, changes, expected }
}
