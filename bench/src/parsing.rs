//! `bench parsing`: how long the largest bodies take that `webhook` reads, from bytes to what they mean, beside reading them as JSON.

use std::time::Instant;

use channels::{Unit, baileys, cloud_api, parse, without_connection};
use domain::connection::{Connection, GroupPolicy, Provider, ReopenPolicy};
use domain::ids::{ConnectionId, OrganizationId, QueueId};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cli::ParsingOptions;
use crate::figures::{Rounds, milliseconds};
use crate::machine::Machine;
use crate::table::Table;

/// Meta's largest body. Source: docs/providers.md §1.3.
const LARGEST: usize = 3_000_000;

/// Cuts a body into its parts.
type Cut = fn(&Connection, &[u8]) -> Vec<Unit>;

/// Prints, for bodies of every shape, the time to cut them into parts, and to understand each part as it comes out of the queue.
pub(crate) fn run(options: &ParsingOptions) -> anyhow::Result<()> {
    let machine = Machine::look()?;
    let connection = connection()?;
    let mut table = Table::new(&["body of 3 MB", "parts", "as JSON, ms", "cut, ms", "cut and understood, ms"]);
    for (name, cut, body) in bodies() {
        let (mut json, mut split, mut all) = (Rounds::default(), Rounds::default(), Rounds::default());
        let mut parts = 0;
        for round in 0..=options.rounds {
            let started = Instant::now();
            // What nests too deeply is no JSON to this reader; how long it takes to say so counts all the same.
            let _read = serde_json::from_slice::<Value>(&body);
            let read = started.elapsed();
            let started = Instant::now();
            let units = cut(&connection, &body);
            let was_cut = started.elapsed();
            for unit in &units {
                let received = Unit::from_json(&unit.to_json()?)?;
                std::hint::black_box((parse(&received, &connection), without_connection(&received)));
            }
            // A first round warms the allocator, and is not counted.
            if round > 0 {
                json.add(milliseconds(read));
                split.add(milliseconds(was_cut));
                all.add(milliseconds(started.elapsed()));
            }
            parts = units.len();
        }
        table.row([
            name.to_owned(),
            parts.to_string(),
            format!("{json:.1}"),
            format!("{split:.1}"),
            format!("{all:.1}"),
        ]);
    }
    println!("\nParsing (goal: bodies of 3 MB in 50 ms)\n\n{table}\n{machine}");
    Ok(())
}

/// Bodies of every shape, filled up to the largest size: as providers send them, and as somebody would to keep us busy.
fn bodies() -> Vec<(&'static str, Cut, Vec<u8>)> {
    let cloud: Cut = |_, body| cloud_api::split("default", body, Timestamp::UNIX_EPOCH);
    let gateway: Cut =
        |connection, body| baileys::split(&connection.org, &connection.id, body, Timestamp::UNIX_EPOCH).units;
    let metadata = json!({ "display_phone_number": "10000000000", "phone_number_id": "100000000000001" });
    let value = |name: &str, items: Vec<Value>| {
        let change = json!({ "field": "messages", "value": { "metadata": metadata, name: items } });
        json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": [change] }] }).to_string()
    };
    let text = |n: usize, words: &str| json!({ "id": format!("wamid.{n}"), "from": "77015550001", "timestamp": "1790000000", "type": "text", "text": { "body": words } });
    let status = |n: usize| json!({ "id": format!("wamid.{n}"), "recipient_id": "77015550001", "timestamp": "1790000000", "status": "delivered" });
    let upsert = |n: usize| {
        json!({ "key": { "id": format!("A{n}"), "remoteJid": "77015550001@s.whatsapp.net", "fromMe": false }, "messageTimestamp": 1_790_000_000,
                "message": { "conversation": "Meu pedido não chegou" } })
    };
    let many = |item: &dyn Fn(usize) -> Value| -> Vec<Value> {
        let each = item(1_000).to_string().len() + 1;
        (0..LARGEST / each).map(item).collect()
    };
    let field = |value: String| {
        format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","changes":[{{"field":"invented","value":{value}}}]}}]}}"#
        )
    };
    let upserts = json!({ "event": "messages.upsert", "data": { "type": "append", "messages": many(&upsert) } });
    vec![
        ("many messages", cloud, value("messages", many(&|n| text(n, "Meu pedido não chegou"))).into_bytes()),
        ("many statuses", cloud, value("statuses", many(&status)).into_bytes()),
        ("many messages of a gateway", gateway, upserts.to_string().into_bytes()),
        ("one endless text", cloud, value("messages", vec![text(1, &"a ".repeat(LARGEST / 2))]).into_bytes()),
        ("one text of escapes", cloud, value("messages", vec![text(1, &"\u{1}".repeat(LARGEST / 6))]).into_bytes()),
        ("a message with a list of numbers", cloud, {
            let numbers = vec![1; LARGEST / 2];
            let message = json!({ "id": "wamid.1", "from": "77015550001", "type": "invented", "invented": numbers });
            value("messages", vec![message]).into_bytes()
        }),
        ("an unknown field of numbers", cloud, field(format!("[{}1]", "1,".repeat(LARGEST / 2))).into_bytes()),
        ("an unknown field that nests", cloud, field("[".repeat(LARGEST)).into_bytes()),
        ("brackets alone", cloud, vec![b'['; LARGEST]),
        ("bytes that are no text", cloud, vec![0xff; LARGEST]),
    ]
}

fn connection() -> anyhow::Result<Connection> {
    Ok(Connection {
        id: ConnectionId::new("comercial")?,
        org: OrganizationId::new("demo")?,
        provider: Provider::CloudApi {
            phone_number_id: "100000000000001".to_owned(),
            app: "default".to_owned(),
            waba_id: None,
        },
        own: Vec::new(),
        queue: QueueId::new("sales")?,
        reopen: ReopenPolicy::default(),
        groups: GroupPolicy::All,
        calls: domain::connection::CallPolicy::default(),
        locale: None,
    })
}
