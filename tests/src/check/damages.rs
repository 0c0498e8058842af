//! One kind of damage each, planted on the life of `life`, with exactly the findings that it must lead to.

use serde_json::{Value, json};

use super::engine::Change::{self, Delete, Put};
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
    [messages(stored), slots(stored), numbers(stored), agents(stored), delivery(stored), history(stored)]
        .into_iter()
        .chain([organizations(stored), clocks(stored)])
        .flatten()
        .collect()
}

fn damage<const N: usize>(name: &'static str, changes: Vec<Change>, expected: [(&'static str, &str); N]) -> Damage {
    let expected = expected.map(|(invariant, words)| (invariant, words.to_owned())).to_vec();
    Damage { name, changes, expected }
}

fn messages(stored: &Stored) -> Vec<Damage> {
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

fn slots(stored: &Stored) -> Vec<Damage> {
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

fn numbers(stored: &Stored) -> Vec<Damage> {
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

fn agents(stored: &Stored) -> Vec<Damage> {
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

fn delivery(stored: &Stored) -> Vec<Damage> {
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

fn history(stored: &Stored) -> Vec<Damage> {
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

fn organizations(stored: &Stored) -> Vec<Damage> {
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

fn clocks(stored: &Stored) -> Vec<Damage> {
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
