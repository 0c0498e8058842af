//! Damage to tickets: their numbers, their history, their clocks.

use serde_json::Value;

use super::{Damage, Stored, damage, n, number, s, text, with};
use crate::check::engine::Change::Delete;

pub(super) fn numbers(stored: &Stored) -> Vec<Damage> {
    let (counter, eighth) = (stored.counter(), stored.ticket(8));
    vec![
        damage("the counter ran ahead", vec![with(counter, &[("n", number(9))])], [("I3", "the counter stands at 9")]),
        damage(
            "the counter fell behind",
            vec![with(counter, &[("n", number(7))])],
            [("I3", "the counter stands at 7")],
        ),
        damage(
            "two tickets have one number",
            vec![with(eighth, &[("number", number(7)), ("n_sk", number(7)), ("year_seq", number(7))])],
            [("I3", "number 7 is on 2 tickets"), ("I3", "but the greatest ticket number is 7")],
        ),
        damage(
            "a number was left out",
            vec![
                with(eighth, &[("number", number(9)), ("n_sk", number(9)), ("year_seq", number(9))]),
                with(counter, &[("n", number(9))]),
            ],
            [("I3", "no ticket has number 8")],
        ),
        damage(
            "a year's sequence is wrong",
            vec![with(eighth, &[("year_seq", number(1))])],
            [("I3", "wrong on ticket 8")],
        ),
        damage(
            "a list shows another number",
            vec![with(eighth, &[("n_sk", number(80))])],
            [("I3", "stands under another number")],
        ),
    ]
}

pub(super) fn history(stored: &Stored) -> Vec<Damage> {
    let (second, row) = (stored.ticket(2), stored.row(2, 2));
    let shard = stored.all("ORG#demo#STATS", "NOW#")[0];
    let of_none = [("pk", text("ORG#demo#TKT#tkt_none")), ("tkt", text("tkt_none"))];
    vec![
        damage("a row of history is gone", vec![Delete(row.clone())], [("I6", "must have the rows 2 to 3 and has 3")]),
        damage(
            "a row of history is too much",
            vec![with(stored.row(2, 3), &[("sk", text("EVT#00000004"))])],
            [("I6", "must have the rows 2 to 3 and has 2 to 4")],
        ),
        damage(
            "a step is not one",
            vec![with(row, &[("to", text("resolved"))])],
            [("I6", "from new to resolved, which cannot happen so")],
        ),
        damage(
            "a row does not follow",
            vec![with(row, &[("from", text("open"))])],
            [("I6", "begins at open, but the ticket was new")],
        ),
        damage(
            "a row is about another ticket",
            vec![with(row, &[("number", number(3))])],
            [("I6", "is about another ticket")],
        ),
        damage(
            "a history has no ticket",
            vec![with(row, &of_none)],
            [("I6", "ticket tkt_none has a history and does not exist")],
        ),
        damage(
            "a reopening was not counted",
            vec![with(stored.ticket(5), &[("reopens", number(0))])],
            [("I6", "was reopened 1 times, but says 0")],
        ),
        damage("a closing has another time", vec![with(second, &[("closed", number(5))])], [("I6", "closed")]),
        damage(
            "a count of states is wrong",
            vec![with(shard, &[("state_escalated", number(1))])],
            [("I6", "0 tickets are escalated, but the statistics say 1")],
        ),
        damage(
            "a count of priorities is wrong",
            vec![with(stored.counter(), &[("priority_urgent", number(2))])],
            [("I6", "1 tickets are urgent, but the statistics say 2")],
        ),
    ]
}

pub(super) fn clocks(stored: &Stored) -> Vec<Damage> {
    let (fourth, cancelled) = (stored.ticket(4), stored.ticket(2));
    let alert = stored.row(4, 2);
    let due = n(&fourth["sla"]["M"]["res"]["M"], "due") + 1;
    let at = |due: i64| text(&format!("{due:013}#{}", s(fourth, "id")));
    let first_due = n(&fourth["sla"]["M"]["first"]["M"], "due");
    let second_alert = vec![with(alert, &[("sk", text("EVT#00000003"))]), with(fourth, &[("v", number(3))])];
    vec![
        damage(
            "a deadline was moved",
            vec![with(fourth, &[("sla.res.due", number(due)), ("d_sk", at(due))])],
            [("I8", "its resolution is due at")],
        ),
        damage(
            "a deadline is not listed",
            vec![with(fourth, &[("d_pk", Value::Null), ("d_sk", Value::Null)])],
            [("I8", "in the list of deadlines")],
        ),
        damage(
            "a deadline is listed for ever",
            vec![with(cancelled, &[("d_pk", fourth["d_pk"].clone()), ("d_sk", at(due))])],
            [("I8", "in the list of deadlines")],
        ),
        damage(
            "a breach was forgotten",
            vec![with(fourth, &[("sla.first.breach", Value::Null), ("d_sk", at(first_due))])],
            [("I8", "it would be alerted again"), ("I6", "the tickets' late is 2, but the statistics say 3")],
        ),
        damage("a breach was alerted twice", second_alert, [("I8", "was alerted twice in one cycle")]),
        damage(
            "a clock was set back",
            vec![with(cancelled, &[("sla.res.stop", Value::Null), ("d_pk", Value::Null)])],
            [("I8", "the clock of its resolution still runs"), ("I8", "in the list of deadlines")],
        ),
        damage(
            "a cycle began after its ticket",
            vec![with(
                fourth,
                &[
                    ("sla.from", number(n(fourth, "created") + 1)),
                    ("sla.first.due", number(n(fourth, "created") + 1 + 4 * 3_600_000)),
                    ("sla.res.due", number(n(fourth, "created") + 1 + 72 * 3_600_000)),
                    ("d_sk", at(n(fourth, "created") + 1 + 72 * 3_600_000)),
                ],
            )],
            [("I8", "after it was opened at")],
        ),
    ]
}
