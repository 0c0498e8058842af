//! Wires the function; what it does is in `lib.rs`.

use runtime::clients::Clients;

fn main() -> Result<(), runtime::Fatal> {
    runtime::run("ingest", async {
        let clients = Clients::from_environment()?;
        let (storage, parcels) = (clients.storage()?.sharing_calls(), clients.parcels("PARCEL_BUCKET")?);
        if let Err(error) = storage.prime().await {
            tracing::warn!(%error, "the table did not answer during the start");
        }
        let ingest = ingest::Ingest::new(storage.clone(), parcels);
        runtime::sqs::run_groups(storage, async |records: &_| ingest.take_group(records).await).await
    })
}
