//! Wires the function; what it does is in `lib.rs`.

#![recursion_limit = "256"] // four queues, each with lanes of calls, are futures nested deeper than the default

use runtime::clients::Clients;

fn main() -> Result<(), runtime::Fatal> {
    runtime::run("relay", async {
        let clients = Clients::from_environment()?;
        let relay = relay::Relay::new(
            clients.queue("PUSH_QUEUE_URL")?,
            clients.queue("AUTOMATION_QUEUE_URL")?,
            clients.queue("OUTBOUND_QUEUE_URL")?,
            clients.queue("MEDIA_QUEUE_URL")?,
        );
        runtime::stream::run(async |records| relay.take(records).await).await
    })
}
