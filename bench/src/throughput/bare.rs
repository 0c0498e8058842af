//! The storage calls of `ingest` without everything around them: no webhook, no queue, no function, no host; `shared/storage`
//! on a table engine in this process, on a file, with the same number of writers.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::Context as _;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use domain::alias::{Alias, AliasKind};
use domain::connection::Connection;
use domain::contact::Contact;
use domain::ids::{ConnectionId, ContactId, ConversationId, OrganizationId, ProviderMessageId};
use domain::ingest::{Known, plan};
use domain::message::{Content, Effect, InboundMessage, Sender};
use dynoxide::Database;
use futures_util::future::try_join_all;
use runtime::clock;
use storage::{NewContact, Progress, Step, Storage};
use tokio::net::TcpListener;

use super::{Kind, Strangers};

/// Messages a second, on the table of a host that is not running.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(super) async fn rate(
    data: &Path,
    kind: Kind,
    contacts: u64,
    messages: u64,
    strangers: &Strangers,
) -> anyhow::Result<f64> {
    let database = Database::new(&data.join("table.db").to_string_lossy())?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, async {
        // A sender that is gone has stopped as well.
        let _ = stopped.await;
    }));
    let table = Table::open(&url).await?;
    let writers: Vec<String> = (0..contacts).map(|_| strangers.next()).collect();
    for writer in &writers {
        table.take(writer).await?;
    }
    let (taken, began_at) = (AtomicU64::new(0), Instant::now());
    try_join_all(writers.iter().map(async |writer| {
        while taken.fetch_add(1, Ordering::Relaxed) < messages {
            match kind {
                Kind::NewTicket => table.take(&strangers.next()).await?,
                Kind::Further => table.take(writer).await?,
            }
        }
        anyhow::Ok(())
    }))
    .await?;
    let rate = messages as f64 / began_at.elapsed().as_secs_f64();
    drop(table);
    // The server ends by itself when it is told or when nobody is left to tell it.
    let _ = stop.send(());
    server.await?.map_err(|reason| anyhow::anyhow!("the table engine: {reason}"))?;
    Ok(rate)
}

struct Table {
    storage: Storage,
    connection: Connection,
}

impl Table {
    async fn open(url: &str) -> anyhow::Result<Self> {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("bench", "bench", None, None, "bench"))
            .endpoint_url(url)
            .http_client(aws_smithy_http_client::Builder::new().build_http());
        let client = Client::from_conf(config.build());
        let tables = client.list_tables().send().await?;
        let storage = Storage::new(client, tables.table_names().first().context("the file has no table")?);
        let connection = storage.connection(&OrganizationId::new("demo")?, &ConnectionId::new("comercial")?).await?;
        Ok(Self { storage, connection: connection.context("the file has no demo organization")? })
    }

    /// Takes a message as `ingest` does.
    async fn take(&self, from: &str) -> anyhow::Result<()> {
        let Self { storage, connection } = self;
        let (org, now) = (&connection.org, clock::now());
        let inbound = InboundMessage {
            provider_id: ProviderMessageId::new(&format!("wamid.{:032X}", fastrand::u128(..))),
            sent_at: now,
            sender: Sender {
                aliases: vec![Alias::new(AliasKind::Phone, from)],
                name: Some("Pessoa Inventada".to_owned()),
                is_group: false,
            },
            content: Content::text("Olá, meu pedido ainda não chegou. Podem verificar onde está, por favor?"),
            from_contact: true,
            effect: Effect::Opens,
        };
        let profile = |id: ContactId| Contact {
            name: inbound.sender.name.clone(),
            aliases: inbound.sender.aliases.clone(),
            ..Contact::new(id, now)
        };
        let contact = if let Some(known) = storage.contact_by_alias(org, &inbound.sender.aliases).await? {
            known.id
        } else {
            let contact = profile(ContactId::generate(now, runtime::ids::random()));
            storage.contact_or_new(org, &NewContact { contact }, None).await?
        };
        let conversation = ConversationId::of(&connection.id, &contact);
        let mut progress = Progress::default();
        loop {
            let (conversation, ticket) = storage.known(org, &contact, &conversation).await?;
            if conversation.is_none() {
                storage.complete_contact(org, &profile(contact.clone())).await?;
            }
            let plan = plan(Known { connection, contact: &contact, conversation, ticket }, &inbound, now);
            let year = now.to_zoned(jiff::tz::TimeZone::UTC).year();
            match storage.carry_out(org, (year, now), &inbound, &plan, &mut progress).await? {
                Step::Done { .. } | Step::Duplicate => return Ok(()),
                Step::Stale => {}
            }
        }
    }
}
