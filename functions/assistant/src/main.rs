//! Wires the function; what it does is in `lib.rs`.

use runtime::clients::Clients;

fn main() -> Result<(), runtime::Fatal> {
    runtime::run("assistant", async {
        let storage = Clients::from_environment()?.storage()?;
        if let Err(error) = storage.prime().await {
            tracing::warn!(%error, "the table did not answer during the start");
        }
        runtime::http::run(assistant::router(storage.clone()), storage).await
    })
}
