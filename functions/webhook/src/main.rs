//! Starts the webhook: configuration, clients, router.

use futures_util::future::join;
use runtime::clients::Clients;
use runtime::config::required;
use runtime::secrets::Secrets;
use runtime::{Fatal, http};
use webhook::Webhook;

fn main() -> Result<(), Fatal> {
    runtime::run("webhook", async {
        let clients = Clients::from_environment()?;
        let (secrets, apps_secret) = (Secrets::new(&clients), required("WHATSAPP_APPS_SECRET")?);
        // The first request needs them. The other clients are made while the connection opens.
        let asked = secrets.whatsapp_apps(&apps_secret);
        let others = async {
            let (inbound, parcels) = (clients.queue("INBOUND_QUEUE_URL")?, clients.parcels("PARCEL_BUCKET")?);
            Ok::<_, Fatal>((clients.storage()?, inbound, parcels))
        };
        let (told, others) = join(asked, others).await;
        if let Err(error) = told {
            // It will fail as well, and say what is wrong.
            tracing::warn!(%error, "the app secrets could not be read at start");
        }
        let (storage, inbound, parcels) = others?;
        let webhook = Webhook { storage: storage.clone(), inbound, parcels, secrets, apps_secret };
        http::run(webhook::router(webhook), storage).await
    })
}
