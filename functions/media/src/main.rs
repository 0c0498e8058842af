//! Wires the function; what it does is in `lib.rs`.

use runtime::clients::Clients;
use runtime::connection_secrets::ConnectionSecrets;

fn main() -> Result<(), runtime::Fatal> {
    runtime::run("media", async {
        let clients = Clients::from_environment()?;
        let storage = clients.storage()?;
        if let Err(error) = storage.prime().await {
            tracing::warn!(%error, "the table did not answer during the start");
        }
        let (queue, bucket) = (clients.queue("MEDIA_QUEUE_URL")?, clients.bucket("MEDIA_BUCKET")?);
        let parcels = clients.bucket("PARCEL_BUCKET")?;
        let media = media::Media::new(storage.clone(), ConnectionSecrets::new(&clients)?, queue, bucket, parcels)?;
        runtime::sqs::run(storage, async |record| media.take(record).await).await
    })
}
