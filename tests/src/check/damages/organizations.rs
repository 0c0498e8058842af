//! Damage to what an organization keeps beside its tickets: agents' capacity, statistics, things that are of nobody.

use serde_json::Value;

use super::{Damage, Stored, damage, number, text, with};
use crate::check::engine::Change::Delete;

pub(super) fn agents(stored: &Stored) -> Vec<Damage> {
    let (ana, fourth) = (stored.agent("ana"), stored.ticket(4));
    vec![
        damage(
            "a load is too high",
            vec![with(ana, &[("load", number(4))])],
            [("I4", "agent ana holds 3 tickets, but its load says 4")],
        ),
        damage(
            "a load is too low",
            vec![with(ana, &[("load", number(0))])],
            [("I4", "agent ana holds 3 tickets, but its load says 0")],
        ),
        damage(
            "an agent is gone",
            vec![Delete(stored.agent("bruno").clone())],
            [("I4", "agent bruno holds 1 tickets and does not exist")],
        ),
        damage(
            "a ticket waits in another queue than its own",
            vec![with(fourth, &[("b_pk", text("ORG#demo#WAITING#sales"))])],
            [("I4", "ticket 4 (")],
        ),
        damage(
            "a ticket is off the board",
            vec![with(fourth, &[("b_pk", Value::Null), ("b_sk", Value::Null)])],
            [("I4", "on the board")],
        ),
        damage(
            "a finished ticket is on the board",
            vec![with(stored.ticket(2), &[("b_pk", text("ORG#demo#AGENT#bruno")), ("b_sk", text("1#0#x"))])],
            [("I4", "ticket 2 (")],
        ),
        damage(
            "a queue is gone",
            vec![Delete(stored.one("ORG#demo", "QUE#support", |_| true).clone())],
            [("I4", "waits in queue support, which does not exist")],
        ),
        damage(
            "an assignment has no time",
            vec![with(stored.ticket(7), &[("assigned", Value::Null)])],
            [("I4", "without a time of assignment")],
        ),
    ]
}

pub(super) fn items(stored: &Stored) -> Vec<Damage> {
    let (counter, eighth) = (stored.counter(), stored.ticket(8));
    let gateway = stored.one("PROVIDER#baileys#", "CON", |_| true);
    let ghost = with(stored.one("ORG#demo", "QUE#sales", |_| true), &[("pk", text("ORG#ghost"))]);
    let message = stored.message(1, 1);
    vec![
        damage(
            "a setting is another organization's",
            vec![with(stored.one("ORG#demo", "CON#baileys", |_| true), &[("org", text("other"))])],
            [("I7", "says that it is organization other's"), ("I7", "which does not exist")],
        ),
        damage(
            "a ticket is shown to another organization",
            vec![with(eighth, &[("n_pk", text("ORG#other"))])],
            [("I7", "is shown to organization other")],
        ),
        damage(
            "an item has no known key",
            vec![with(counter, &[("pk", text("ORG#demo#NOTES")), ("n", number(1))])],
            [("I7", "an item ORG#…#NOTES / COUNTER is nothing that this program writes")],
        ),
        damage(
            "an item cannot be read",
            vec![with(stored.agent("carla"), &[("role", Value::Null)])],
            [("I7", "an item ORG#… / AGT cannot be read")],
        ),
        damage("an organization does not exist", vec![ghost], [("I7", "the organization does not exist")]),
        damage(
            "a message lies at another time",
            vec![with(message, &[("sent", number(1))])],
            [("I7", "lies under the key of something else")],
        ),
        damage(
            "an account leads to another connection",
            vec![with(gateway, &[("con", text("comercial"))])],
            [
                ("I7", "a provider account leads to connection comercial, which is another account's"),
                ("I7", "of connection baileys does not lead to it"),
            ],
        ),
        damage(
            "an account leads to nowhere",
            vec![Delete(gateway.clone())],
            [("I7", "of connection baileys does not lead to it")],
        ),
    ]
}
