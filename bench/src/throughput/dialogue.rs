//! Contacts who wait until their message is listed before they write the next.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures_util::future::try_join_all;
use tokio::sync::watch;

use super::listing::{Listing, Unread};
use super::stream::writers;
use super::{Kind, Strangers};
use crate::figures::Samples;
use crate::host::Host;
use crate::provider::{COMERCIAL, text};

/// Adds the latency of each message.
pub(super) async fn measure(
    host: &Host,
    listing: &Listing,
    kind: Kind,
    contacts: u64,
    messages: u64,
    strangers: &Strangers,
    latencies: &mut Samples,
) -> anyhow::Result<()> {
    let writers = writers(host, listing, kind, contacts, strangers).await?;
    let (shown, seen) = watch::channel(listing.unread().await?);
    let each = messages.div_ceil(contacts);
    let write = async move {
        let all = writers.iter().map(|writer| write(host, kind, writer, each, strangers, seen.clone()));
        let measured = try_join_all(all).await;
        drop(seen);
        measured
    };
    let (watched, measured) = tokio::join!(listing.watch(shown), write);
    watched?;
    measured?.into_iter().flatten().for_each(|latency| latencies.add(latency));
    Ok(())
}

async fn write(
    host: &Host,
    kind: Kind,
    writer: &str,
    messages: u64,
    strangers: &Strangers,
    mut seen: watch::Receiver<Unread>,
) -> anyhow::Result<Vec<Duration>> {
    let mut latencies = Vec::new();
    for _ in 0..messages {
        let from = if kind == Kind::NewTicket { strangers.next() } else { writer.to_owned() };
        // A new ticket is listed before its message is counted, and may have left the newest ones of the list when it is.
        let before = seen.borrow().get(&from).copied();
        let wanted = before.map_or(0, |count| count + 1);
        let posted_at = Instant::now();
        host.post(text(COMERCIAL, &from)).await?;
        let listed = seen.wait_for(|unread| unread.get(&from).is_some_and(|count| *count >= wanted));
        tokio::time::timeout(Duration::from_secs(30), listed)
            .await
            .context("a message is not listed within 30 s")??;
        latencies.push(posted_at.elapsed());
    }
    Ok(latencies)
}
