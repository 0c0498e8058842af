//! Wires the function; what it does is in `lib.rs`.

use runtime::clients::Clients;

fn main() -> Result<(), runtime::Fatal> {
    runtime::run("tickets", async {
        let clients = Clients::from_environment()?;
        let storage = clients.storage()?;
        if let Err(error) = storage.prime().await {
            tracing::warn!(%error, "the table did not answer during the start");
        }
        let uploads = clients.uploads("UPLOAD_BUCKET", "MEDIA_BUCKET")?;
        let router = tickets::router(storage.clone(), clients.bucket("MEDIA_BUCKET")?, uploads);
        runtime::http::run(router, storage).await
    })
}
