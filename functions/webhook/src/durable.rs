//! Puts units on the inbound queue and says so only when all of them are there; first into the bucket what the queue cannot hold.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use channels::gateway::Batch;
use channels::unit::NotAUnit;
use channels::{Parcel, Unit};
use domain::ids::{ConnectionId, OrganizationId};
use futures_util::future::try_join_all;
use messaging::Entry;
use runtime::parcels::{ParcelError, Parcels};

use crate::Webhook;

/// How many parcels are put at the same time. More share the same line.
const AT_ONCE: usize = 4;

/// Answers 200 when every unit is on the queue, at once where there is none; 503 otherwise. Units that made it on the queue
/// before a failure come again with the provider's next try, and are dropped there or found stored.
pub(crate) async fn accept(webhook: &Webhook, units: &[Unit], files: Vec<Parcel>) -> Response {
    let (entries, mut parcels) = match packed(units) {
        Ok(packed) => packed,
        Err(error) => return unavailable(&error),
    };
    parcels.extend(files);
    if let Err(error) = put(&webhook.parcels, &parcels).await {
        return unavailable(&error);
    }
    match webhook.inbound.send(&entries).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(error) => unavailable(&error),
    }
}

/// Every parcel is durable before the queue names it.
async fn put(parcels: &Parcels, all: &[Parcel]) -> Result<(), ParcelError> {
    for some in all.chunks(AT_ONCE) {
        let put = some.iter().map(|parcel| parcels.put(&parcel.key, &parcel.sha256, &parcel.bytes));
        try_join_all(put).await?;
    }
    Ok(())
}

/// As [`accept`], for what a gateway of this connection posted.
pub(crate) async fn accept_batch(
    webhook: &Webhook,
    kind: &str,
    (org, connection): (&OrganizationId, &ConnectionId),
    bytes: usize,
    batch: Batch,
) -> Response {
    // One line a request is enough, but what is left out is counted by its name.
    if let Some(event) = &batch.ignored_event {
        tracing::info!(org.id = %org, connection.id = %connection, kind, event, "event ignored");
    }
    tracing::debug!(org.id = %org, connection.id = %connection, kind, bytes, units = batch.units.len(), "webhook cut");
    accept(webhook, &batch.units, batch.files).await
}

/// The answer to a gateway that is proven and that no connection belongs to.
pub(crate) fn not_connected(kind: &str) -> Response {
    tracing::error!(kind, "a gateway signs with a key of ours and has no connection");
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "60")]).into_response()
}

/// The answer where our own side fails. 503 and never 4xx: gateways do not repeat what they are told is their fault.
pub(crate) fn unavailable(error: &dyn std::error::Error) -> Response {
    let cause = error.source().map(ToString::to_string);
    tracing::error!(error = %error, cause, "webhook not accepted");
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")]).into_response()
}

fn packed(units: &[Unit]) -> Result<(Vec<Entry>, Vec<Parcel>), NotAUnit> {
    let (mut entries, mut parcels) = (Vec::with_capacity(units.len()), Vec::new());
    for unit in units {
        let (body, parcel) = unit.packed()?;
        entries.push(Entry { body, fifo: Some((unit.group(), unit.dedup())) });
        parcels.extend(parcel);
    }
    Ok((entries, parcels))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_keeps_its_order_and_each_person_one_group() {
        let body =
            br#"{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{
            "metadata":{"phone_number_id":"100000000000001"},"messages":[
            {"from":"77079861373","id":"wamid.A","type":"text","text":{"body":"a"}},
            {"from":"551187654321","id":"wamid.B","type":"text","text":{"body":"b"}},
            {"from":"77079861373","id":"wamid.C","type":"text","text":{"body":"c"}}]}}]}]}"#;
        let units = channels::cloud_api::split("default", body, jiff::Timestamp::UNIX_EPOCH);
        let (entries, parcels) = packed(&units).unwrap();
        assert_eq!(parcels, []);
        let ids: Vec<_> =
            entries.iter().map(|entry| entry.body.split("wamid.").nth(1).unwrap().chars().next().unwrap()).collect();
        assert_eq!(ids, ['A', 'B', 'C']);
        let group = |at: usize| entries[at].fifo.clone().unwrap().0;
        assert_eq!(group(0), group(2));
        assert_ne!(group(0), group(1));
    }
}
