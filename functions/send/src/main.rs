//! Wires the function; what it does is in `lib.rs`.

use runtime::clients::Clients;
use runtime::connection_secrets::ConnectionSecrets;

fn main() -> Result<(), runtime::Fatal> {
    runtime::run("send", async {
        let clients = Clients::from_environment()?;
        let storage = clients.storage()?;
        if let Err(error) = storage.prime().await {
            tracing::warn!(%error, "the table did not answer during the start");
        }
        let (queue, bucket) = (clients.queue("OUTBOUND_QUEUE_URL")?, clients.bucket("MEDIA_BUCKET")?);
        let send = send::Send::new(storage.clone(), ConnectionSecrets::new(&clients)?, queue, bucket)?;
        let behind = async |failed: &_, behind: &[_]| send.put_off_behind(failed, behind).await;
        runtime::sqs::run_in_order(storage, async |record| send.take(record).await, behind).await
    })
}
