//! A simulator of Meta's Graph API, and of the gateways' send calls ([`gateways`]): takes messages as strictly as they do, and
//! tells the delivery of Meta's by signed webhooks.
//!
//! It listens on a loopback port of its own and keeps nothing: statuses that were not told when the host stops are lost.
//!
//! What happens with a message was asked for ([`script`]), or else the last four digits of its recipient choose:
//!
//! | ends in | the send is | then |
//! |---|---|---|
//! | `0000` | accepted | `failed` with 131026, undeliverable |
//! | `0047` | accepted | `failed` with 131047, the 24-hour window is closed; templates are read |
//! | `0429` | refused, HTTP 429 with 130429, too many messages | |
//! | `0500` | refused, HTTP 500 with 131000, something went wrong | |
//! | `1047` | refused, HTTP 400 with 131047; templates are read | |
//! | else | accepted | `sent`, `delivered`, `read` |

mod content;
mod errors;
mod gateway_files;
mod gateway_uploads;
pub(crate) mod gateways;
mod graph;
mod media;
mod message;
mod script;
mod statuses;
mod templates;
mod uploads;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{any, get, post};
use http::{HeaderMap, header};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::client::Client;
use crate::door::{self, Limits};
use crate::secrets::Secrets;
use errors::GraphError;
use media::Media;
use script::{Outcome, Script};
use statuses::Reporter;
use templates::Templates;

/// The version that the simulator is addressed by; it answers to every other one as well.
pub(crate) const VERSION: &str = "v25.0";

/// Functions keep their connections for a minute and a half, and let go of them first.
const DOOR: Limits = Limits { head: Duration::from_mins(2), connections: 1024, of_one_peer: 1024 };

/// How long a message hangs that is to hang: longer than any client waits.
const HANGING: Duration = Duration::from_mins(1);

/// Pages whose name leads to this machine are told nothing.
async fn own_name(request: axum::extract::Request, next: axum::middleware::Next) -> axum::response::Response {
    use axum::response::IntoResponse as _;
    if door::names_this_machine(request.headers()) {
        next.run(request).await
    } else {
        http::StatusCode::FORBIDDEN.into_response()
    }
}

/// The providers.
pub(crate) struct Simulator {
    secrets: Secrets,
    reporter: Reporter,
    templates: Templates,
    script: Script,
    media: Media,
}

impl Simulator {
    /// `api_url` is where the webhook is. Nothing is told after `stopping`.
    pub(crate) fn new(secrets: Secrets, api_url: String, client: Client, stopping: watch::Receiver<bool>) -> Self {
        let reporter = Reporter::new(secrets.clone(), api_url, client, stopping);
        Self { secrets, reporter, templates: Templates::new(), script: Script::default(), media: Media::default() }
    }

    /// Serves until the host stops.
    pub(crate) async fn serve(self, listener: TcpListener, mut stopping: watch::Receiver<bool>) -> std::io::Result<()> {
        let router = Router::new()
            .route("/{version}/{phone_number_id}/messages", post(graph::send))
            .route(
                "/{version}/{phone_number_id}/media",
                post(uploads::take).layer(DefaultBodyLimit::max(media::LARGEST)),
            )
            .route("/{version}/{account}/message_templates", get(graph::list_templates))
            .route("/{version}/{media_id}", get(media::locate))
            .route("/_media/{media_id}", get(media::download))
            .route("/_simulator/media", post(media::add).layer(DefaultBodyLimit::max(media::LARGEST)))
            .route(
                "/_gateways/{gateway}/{*path}",
                any(gateways::call).layer(DefaultBodyLimit::max(gateway_uploads::LARGEST)),
            )
            .route("/_simulator/script", post(graph::script))
            .route("/_simulator/sent", get(graph::sent))
            .layer(DefaultBodyLimit::max(64 * 1024))
            .layer(axum::middleware::from_fn(own_name))
            .with_state(Arc::new(self));
        let stopped = async move {
            let _ = stopping.wait_for(|stopping| *stopping).await;
        };
        door::serve(listener, router, DOOR, stopped).await
    }

    /// Whether the request has the token of some connection.
    fn admit(&self, headers: &HeaderMap) -> Result<(), GraphError> {
        let token = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "));
        let known = self.secrets.read().is_ok_and(|file| token.is_some_and(|token| file.knows_access_token(token)));
        if known { Ok(()) } else { Err(GraphError::token("Error validating access token: the token is not known")) }
    }

    /// What happens with a message to somebody.
    fn outcome(&self, to: &str, is_template: bool) -> Outcome {
        if let Some(asked) = self.script.next(to) {
            return asked;
        }
        match to.get(to.len().saturating_sub(4)..) {
            Some("0429") => Outcome::Refuse { status: 429, code: 130_429 },
            Some("0500") => Outcome::Refuse { status: 500, code: 131_000 },
            Some("0000") => Outcome::Fail { code: 131_026 },
            Some("0047") if !is_template => Outcome::Fail { code: 131_047 },
            Some("1047") if !is_template => Outcome::Refuse { status: 400, code: 131_047 },
            _ => Outcome::Accept,
        }
    }
}
