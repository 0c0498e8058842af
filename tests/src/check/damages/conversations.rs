//! Damage to conversations: what was said, who has the conversation's place, how far answers have come.

use serde_json::{Value, json};

use super::{Damage, Stored, damage, n, number, s, text, with};
use crate::check::engine::Change::Delete;

pub(super) fn messages(stored: &Stored) -> Vec<Damage> {
    let (talk, second, third) = (stored.conversation(1), stored.message(1, 2), stored.message(1, 3));
    let elsewhere = stored.conversation(3);
    let again = |to: &Value, sent: i64| {
        let (pk, sk) = (s(to, "pk"), format!("MSG#{sent:013}#{}", s(second, "mid")));
        let changes = [
            ("pk", text(pk)),
            ("sk", text(&sk)),
            ("cnv", to["id"].clone()),
            ("sent", number(sent)),
            ("seq", number(0)),
            ("tkt", Value::Null),
        ];
        with(second, &changes)
    };
    let remembered = talk["counted"]["L"].as_array().unwrap();
    let turned: Vec<&Value> = remembered.iter().rev().collect();
    let late = n(talk, "last_in") + 600_000;
    vec![
        damage("a message is gone", vec![Delete(second.clone())], [("I1", "place 2 has no message")]),
        damage(
            "a count is too high",
            vec![with(talk, &[("in_seq", number(9))])],
            [("I1", "place 4 to 9 has no message")],
        ),
        damage(
            "a message was not counted",
            vec![with(
                talk,
                &[
                    ("in_seq", number(2)),
                    ("read_seq", number(2)),
                    ("last_in", number(n(second, "sent"))),
                    ("counted", json!({ "L": remembered[1..] })),
                ],
            )],
            [("I1", "message 3 of the contact is stored and not counted")],
        ),
        damage(
            "two messages share a place",
            vec![with(third, &[("seq", number(2))])],
            [("I1", "place 2 is taken more than once and place 3 has no message")],
        ),
        damage(
            "a message is stored twice",
            vec![again(talk, n(second, "sent") + 1000)],
            [("I1", "twice, at two times")],
        ),
        damage(
            "a message is stored in two conversations",
            vec![again(elsewhere, n(second, "sent"))],
            [("I1", "connection comercial has one message in two conversations")],
        ),
        damage(
            "a message's ticket does not exist",
            vec![with(second, &[("tkt", text("tkt_none"))])],
            [("I1", "has messages of ticket tkt_none, which does not exist")],
        ),
        damage(
            "a message is another conversation's ticket's",
            vec![with(second, &[("tkt", stored.ticket(4)["id"].clone())])],
            [("I1", "which belongs to another conversation")],
        ),
        damage(
            "a conversation is gone",
            vec![Delete(stored.conversation(4).clone())],
            [("I1", "has messages and does not exist"), ("I2", "is the ticket of a conversation that does not exist")],
        ),
        damage(
            "a conversation remembers its messages in another order",
            vec![with(talk, &[("counted", json!({ "L": turned }))])],
            [("I1", "remembers other messages than it counted last")],
        ),
        damage("the window was opened", vec![with(talk, &[("last_in", number(late))])], [("I1", "wrote last at")]),
        damage(
            "more was read than written",
            vec![with(talk, &[("read_seq", number(4))])],
            [("I1", "4 messages are read of 3")],
        ),
        damage(
            "the last answer is of no time",
            vec![with(talk, &[("last_out", number(late))])],
            [("I1", "no answer was written")],
        ),
    ]
}

pub(super) fn slots(stored: &Stored) -> Vec<Damage> {
    let (second, fourth) = (stored.conversation(3), stored.conversation(4));
    let cancelled = s(stored.ticket(2), "id");
    let other = s(stored.ticket(3), "ctc");
    let alias = stored.alias(1);
    vec![
        damage(
            "a slot is empty",
            vec![with(fourth, &[("slot", Value::Null)])],
            [("I2", "is active and not in the slot")],
        ),
        damage(
            "a slot holds a cancelled ticket",
            vec![with(second, &[("slot", text(cancelled))])],
            [("I2", "in its slot, which is cancelled"), ("I2", "is active beside ticket")],
        ),
        damage(
            "a generation was skipped",
            vec![with(fourth, &[("gen", number(1)), ("prev", stored.ticket(4)["id"].clone())])],
            [("I2", "in its slot, which took it another time"), ("I2", "after it was given back 1 times")],
        ),
        damage(
            "a last ticket is forgotten",
            vec![with(second, &[("prev", Value::Null)])],
            [("I2", "does not name the last one")],
        ),
        damage("a mark is gone", vec![Delete(stored.mark().clone())], [("I2", "after it was given back 1 times")]),
        damage(
            "a mark names another ticket",
            vec![with(stored.mark(), &[("held_by", stored.ticket(4)["id"].clone())])],
            [("I2", "which never took that slot again")],
        ),
        damage(
            "an identity leads to another contact",
            vec![with(alias, &[("ctc", text(other))])],
            [("I2", "whose profile does not have it"), ("I2", "of contact")],
        ),
        damage("an identity leads nowhere", vec![Delete(alias.clone())], [("I2", "leads nowhere")]),
        damage(
            "a contact is gone",
            vec![Delete(stored.contact(5).clone())],
            [("I2", "an identity (phone) leads to"), ("I2", "is with contact"), ("I2", "is of contact")],
        ),
        damage(
            "a ticket is of another contact than its conversation",
            vec![with(stored.ticket(4), &[("ctc", text(other))]), with(stored.row(4, 2), &[("ctc", text(other))])],
            [("I2", "is of another contact than its conversation")],
        ),
    ]
}

pub(super) fn delivery(stored: &Stored) -> Vec<Damage> {
    let (answer, receipt) = (stored.answer(1), stored.receipt(1));
    let played = json!({ "L": [{ "M": { "delivery": { "S": "played" } } }] });
    vec![
        damage(
            "a rank is not its state's",
            vec![with(answer, &[("rank", number(10))])],
            [("I5", "is read and has rank 10, not 70")],
        ),
        damage(
            "a state went back",
            vec![
                with(answer, &[("delivery", text("sent")), ("rank", number(40))]),
                with(receipt, &[("reports", played.clone())]),
            ],
            [("I5", "is sent, but the provider has reported played")],
        ),
        damage(
            "a report was not joined",
            vec![with(receipt, &[("reports", played.clone())])],
            [("I5", "is read, but the provider has reported played")],
        ),
        damage(
            "a report never found its message",
            vec![with(receipt, &[("reports", played), ("msg", Value::Null)])],
            [("I5", "is read, but the provider has reported played")],
        ),
        damage(
            "a receipt names no message",
            vec![with(receipt, &[("msg", text("cnv_none.1.out_1"))])],
            [(
                "I5",
                "a receipt of connection comercial names the message of 1 in conversation cnv_none, which does not exist",
            )],
        ),
        damage(
            "an answer waits and is not on its way",
            vec![with(answer, &[("delivery", text("queued")), ("rank", number(0))])],
            [("I6", "is queued and is not on its way")],
        ),
        damage(
            "an answer is being sent by nobody",
            vec![with(answer, &[("delivery", text("sending")), ("rank", number(10))])],
            [("I6", "is sending and is not on its way")],
        ),
    ]
}
