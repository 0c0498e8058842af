//! Messages posted as fast as they are acknowledged, until the last of them is listed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::bail;
use futures_util::future::try_join_all;

use super::listing::Listing;
use super::{Kind, Strangers};
use crate::host::Host;
use crate::provider::{COMERCIAL, text};

/// Listed messages a second.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(super) async fn rate(
    host: &Host,
    listing: &Listing,
    kind: Kind,
    contacts: u64,
    messages: u64,
    strangers: &Strangers,
) -> anyhow::Result<f64> {
    let writers = writers(host, listing, kind, contacts, strangers).await?;
    let wanted = goal(listing, kind, &writers).await? + messages;
    let (posted, began_at) = (AtomicU64::new(0), Instant::now());
    try_join_all(writers.iter().map(async |writer| {
        while posted.fetch_add(1, Ordering::Relaxed) < messages {
            let from = if kind == Kind::NewTicket { strangers.next() } else { writer.clone() };
            host.post(text(COMERCIAL, &from)).await?;
        }
        anyhow::Ok(())
    }))
    .await?;
    while goal(listing, kind, &writers).await? < wanted {
        if began_at.elapsed() > Duration::from_mins(5) {
            bail!("not all messages are listed after five minutes");
        }
        // Seldom, so that looking takes nothing from what is looked at.
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    Ok(messages as f64 / began_at.elapsed().as_secs_f64())
}

/// The people who write. For further messages each has a ticket already, which is listed.
pub(super) async fn writers(
    host: &Host,
    listing: &Listing,
    kind: Kind,
    contacts: u64,
    strangers: &Strangers,
) -> anyhow::Result<Vec<String>> {
    let writers: Vec<String> = (0..contacts).map(|_| strangers.next()).collect();
    if kind == Kind::Further {
        let wanted = listing.total().await? + contacts;
        try_join_all(writers.iter().map(|writer| host.post(text(COMERCIAL, writer)))).await?;
        while listing.total().await? < wanted {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    Ok(writers)
}

/// What rises with each message: the number of tickets, or the unread messages of the writers.
async fn goal(listing: &Listing, kind: Kind, writers: &[String]) -> anyhow::Result<u64> {
    if kind == Kind::NewTicket {
        return listing.total().await;
    }
    let unread = listing.unread().await?;
    Ok(writers.iter().filter_map(|writer| unread.get(writer)).sum())
}
