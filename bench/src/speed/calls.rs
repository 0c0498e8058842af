//! A call through the host beside the same event handed to the same binary by a bare Runtime API.

use std::time::Instant;

use anyhow::{Context as _, ensure};
use reqwest::Method;
use serde_json::Value;

use super::{Environments, program};
use crate::binaries::Binaries;
use crate::cli::HostOptions;
use crate::direct::Direct;
use crate::events;
use crate::figures::{Rounds, Samples};
use crate::host::Host;
use crate::table::Table;

/// A request, the function that answers it and how, and the event that the gateway makes of it.
struct Call {
    name: &'static str,
    function: &'static str,
    method: Method,
    path: &'static str,
    event: Value,
    status: u16,
}

pub(super) async fn measure(
    host: &Host,
    binaries: &Binaries,
    environments: &Environments,
    options: &HostOptions,
) -> anyhow::Result<Table> {
    let token = host.token("ana")?;
    let mut table = Table::new(&["call", "through the host p50 ms", "direct p50 ms", "added p50 ms"]);
    let calls = [
        // Its secret is kept: it checks the signature and calls nobody.
        Call {
            name: "webhook, a bad signature",
            function: "webhook",
            method: Method::POST,
            path: "/webhook/whatsapp",
            event: events::open_request("POST", "/webhook/whatsapp"),
            status: 401,
        },
        // The token is checked by the host; the function reads the table four times.
        Call {
            name: "tickets, one ticket",
            function: "tickets",
            method: Method::GET,
            path: "/api/tickets/1",
            status: 200,
            event: events::agents_request("GET", "/api/tickets/{id}", "ana", 1),
        },
    ];
    for call in calls {
        let environment = environments.get(call.function).context("the function did not run")?;
        let mut direct = Direct::function(&program(binaries, call.function), environment).await?;
        direct.api.asked(1).await?;
        let (mut through, mut bare, mut added) = (Rounds::default(), Rounds::default(), Rounds::default());
        // The first round warms both and is not counted.
        for round in 0..=options.rounds {
            let (mut by_host, mut by_hand) = (Samples::default(), Samples::default());
            // In turns, so that what else the machine does meets both alike.
            for _ in 0..options.calls {
                let request = host.http.request(call.method.clone(), format!("{}{}", host.api_url, call.path));
                let request = request.bearer_auth(&token);
                let sent_at = Instant::now();
                let response = request.send().await?;
                let status = response.status().as_u16();
                response.bytes().await?;
                by_host.add(sent_at.elapsed());
                let (answer, took) = direct.api.invoke(&call.event).await?;
                by_hand.add(took);
                let both = status == call.status && answer["statusCode"] == call.status;
                ensure!(both, "{}: {status} through the host, directly {answer}", call.path);
            }
            if round > 0 {
                through.add(by_host.median());
                bare.add(by_hand.median());
                added.add(by_host.median() - by_hand.median());
            }
        }
        table.row([call.name.to_owned(), format!("{through:.2}"), format!("{bare:.2}"), format!("{added:.2}")]);
    }
    Ok(table)
}
