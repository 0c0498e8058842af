//! The list of tickets, as a supervisor sees it.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use reqwest::Client;
use serde_json::Value;
use tokio::sync::watch;

use crate::host::Host;

/// The most tickets that a list shows.
const LONGEST: u64 = 100;

/// Messages that each phone number's ticket shows as unread.
pub(super) type Unread = HashMap<String, u64>;

/// The list, asked for over HTTP.
pub(super) struct Listing {
    http: Client,
    url: String,
    token: String,
}

impl Listing {
    pub(super) fn new(host: &Host) -> anyhow::Result<Self> {
        let url = format!("{}/api/tickets", host.api_url);
        Ok(Self { http: host.http.clone(), url, token: host.token("carla")? })
    }

    async fn get(&self, limit: u64) -> anyhow::Result<Value> {
        let request = self.http.get(format!("{}?limit={limit}", self.url)).bearer_auth(&self.token);
        let response = request.send().await?;
        let (status, text) = (response.status(), response.text().await?);
        ensure!(status.is_success(), "the list answered {status}: {text}");
        Ok(serde_json::from_str(&text)?)
    }

    /// How many tickets there are.
    pub(super) async fn total(&self) -> anyhow::Result<u64> {
        self.get(1).await?["pagination"]["total"].as_u64().context("the list has no total")
    }

    /// What the newest tickets show.
    pub(super) async fn unread(&self) -> anyhow::Result<Unread> {
        let list = self.get(LONGEST).await?;
        let tickets = list["tickets"].as_array().context("the list has no tickets")?;
        let of = |ticket: &Value| {
            let phone = ticket["contactPhone"].as_str()?.trim_start_matches('+').to_owned();
            Some((phone, ticket["unreadCount"].as_u64()?))
        };
        Ok(tickets.iter().filter_map(of).collect())
    }

    /// Looks without a pause and shows each look, until nobody watches any more.
    pub(super) async fn watch(&self, shown: watch::Sender<Unread>) -> anyhow::Result<()> {
        while !shown.is_closed() {
            shown.send_replace(self.unread().await?);
            // The other tasks of this thread have their turn.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }
}
