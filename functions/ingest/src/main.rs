//! Wires the function; what it does is in `lib.rs`.

use runtime::clients::Clients;

fn main() -> Result<(), runtime::Fatal> {
    runtime::run("ingest", async {
        let storage = Clients::from_environment()?.storage()?;
        if let Err(error) = storage.prime().await {
            tracing::warn!(%error, "the table did not answer during the start");
        }
        let ingest = ingest::Ingest::new(storage.clone());
        runtime::sqs::run(storage, async |record| ingest.take(record).await).await
    })
}
