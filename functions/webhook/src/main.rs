//! Starts the webhook: configuration, clients, router.

use runtime::clients::Clients;
use runtime::config::required;
use runtime::secrets::Secrets;
use runtime::{Fatal, http};
use webhook::Webhook;

fn main() -> Result<(), Fatal> {
    runtime::run("webhook", async {
        let clients = Clients::from_environment()?;
        let storage = clients.storage()?;
        let webhook = Webhook {
            storage: storage.clone(),
            inbound: clients.queue("INBOUND_QUEUE_URL")?,
            parcels: clients.parcels("PARCEL_BUCKET")?,
            secrets: Secrets::new(&clients),
            apps_secret: required("WHATSAPP_APPS_SECRET")?,
        };
        webhook.prime().await;
        http::run(webhook::router(webhook), storage).await
    })
}
