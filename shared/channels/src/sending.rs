//! Answers over gateways: which call of its own HTTP API sends one, and what the answer to that call means.
//!
//! Gateways take no key against repetition that all of them know, so the same question as everywhere decides: whether the
//! message may have been taken. Sources: fazer-ai/baileys-api `src/controllers/connections`; Evolution API v2,
//! `/message/send…`; WAHA, "Send messages"; aldinokemal/go-whatsapp-web-multidevice `docs/openapi.yaml`.

mod baileys;
mod evolution;
mod gowa;
mod waha;

use std::time::Duration;

use domain::alias::{Alias, AliasKind};
use domain::answer::{Answer, Target};
use domain::delivery::DeliveryError;
use domain::ids::ProviderMessageId;
use serde_json::Value;

use crate::cloud_api::outbound::SendOutcome;
use crate::lenient;

/// Which HTTP API a gateway speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaks {
    /// baileys-api, and Baileys services that took over its calls.
    Baileys,
    /// Evolution API, version 2.
    Evolution,
    /// WAHA.
    Waha,
    /// GOWA: go-whatsapp-web-multidevice.
    Gowa,
}

/// A call, relative to the gateway's base URL.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The HTTP method.
    pub method: &'static str,
    /// The path, which begins with a slash; the session in it is escaped.
    pub path: String,
    /// The JSON body.
    pub body: Value,
    /// Where the bytes of the message's own file belong, if it has one.
    pub file: Option<Place>,
}

/// Where the bytes of a file belong in a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the JSON body as Base64, in the place of the empty text that this JSON Pointer leads to.
    Base64(&'static str),
    /// A form takes the place of the JSON body: the body's members are parts of it, and the file is that of this name.
    Part(&'static str),
}

/// What a gateway is told of a file beside its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attached<'a> {
    /// What it is.
    pub media_type: &'a str,
    /// What it is called.
    pub name: &'a str,
}

/// Why a gateway cannot send an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this gateway cannot send {0}")]
pub struct Unsupported(&'static str);

impl Speaks {
    /// By the name that a connection's secret gives it.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "baileys" | "baileys_api" => Some(Self::Baileys),
            "evolution" => Some(Self::Evolution),
            "waha" => Some(Self::Waha),
            "gowa" => Some(Self::Gowa),
            _ => None,
        }
    }

    /// The call that sends an answer. `session` is what the gateway calls the account; `reference` is our own name of the message;
    /// `file` is that of an answer that sends an upload.
    pub fn message(
        self,
        session: &str,
        to: &Alias,
        answer: &Answer,
        file: Option<Attached<'_>>,
        reference: &str,
    ) -> Result<Call, Unsupported> {
        match self {
            Self::Baileys => baileys::message(session, to, answer, file, reference),
            Self::Evolution => evolution::message(session, to, answer, file),
            Self::Waha => waha::message(session, to, answer, file),
            Self::Gowa => gowa::message(to, answer, file),
        }
    }

    /// Whether it can send such an answer at all.
    pub fn can_send(self, answer: &Answer) -> Result<(), Unsupported> {
        let file = Attached { media_type: "", name: "" };
        self.message("", &Alias::new(AliasKind::Phone, ""), answer, Some(file), "").map(drop)
    }

    /// The call that marks a message of the contact as read.
    pub fn read(self, session: &str, to: &Alias, id: &ProviderMessageId) -> Call {
        match self {
            Self::Baileys => baileys::read(session, to, id),
            Self::Evolution => evolution::read(session, to, id),
            Self::Waha => waha::read(session, to),
            Self::Gowa => gowa::read(to, id),
        }
    }

    /// The call that shows that somebody types.
    pub fn typing(self, session: &str, to: &Alias) -> Call {
        match self {
            Self::Baileys => baileys::typing(session, to),
            Self::Evolution => evolution::typing(session, to),
            Self::Waha => waha::typing(session, to),
            Self::Gowa => gowa::typing(to),
        }
    }

    /// What the answer to a call that sends means.
    pub fn outcome(self, status: u16, body: &[u8]) -> SendOutcome {
        let body = lenient::read(body).unwrap_or_default();
        if (200..300).contains(&status) {
            let id = match self {
                Self::Baileys => lenient::text(&body["data"]["key"]["id"]),
                Self::Evolution => lenient::text(&body["key"]["id"]),
                Self::Waha => waha::id(&body),
                Self::Gowa => lenient::text(&body["results"]["message_id"]),
            };
            return match id {
                Some(id) => SendOutcome::Accepted { provider_id: ProviderMessageId::new(id), wa_id: None },
                None => SendOutcome::Unclear,
            };
        }
        match status {
            429 => SendOutcome::RetryLater { after: Duration::from_secs(30), code: 429 },
            // The gateway may have handed it to WhatsApp before it failed; and baileys-api says 409 while the same message is
            // being sent, of which nobody knows yet what becomes.
            408 | 409 | 500.. => SendOutcome::Unclear,
            _ => SendOutcome::Refused { error: DeliveryError { code: i64::from(status), details: said(&body) } },
        }
    }
}

/// Whether a gateway's status says that its key or session is dead, and every further call would be refused as well.
pub fn is_dead_by(status: i64) -> bool {
    matches!(status, 401 | 403 | 404)
}

/// The gateway's words, wherever it puts them.
fn said(body: &Value) -> Option<String> {
    let places = [&body["message"], &body["error"], &body["response"]["message"], &body["exception"]["message"]];
    places.into_iter().find_map(lenient::text).map(|text| lenient::head(text, 500).to_owned())
}

/// An identity as Baileys and what is built on it write it.
fn jid(to: &Alias) -> String {
    match to.kind {
        AliasKind::Lid => format!("{}@lid", to.value),
        AliasKind::Group if to.value.contains('@') => to.value.clone(),
        AliasKind::Group => format!("{}@g.us", to.value),
        AliasKind::Phone | AliasKind::Bsuid | AliasKind::Username => format!("{}@s.whatsapp.net", to.value),
    }
}

/// The id that WhatsApp knows a message by, and who wrote it in a group: `ingest` keeps the two with a dot between.
fn bare(id: &ProviderMessageId) -> (&str, Option<&str>) {
    match id.as_str().split_once('.') {
        Some((bare, participant)) => (bare, Some(participant)),
        None => (id.as_str(), None),
    }
}

/// A message's key as Baileys writes it.
fn key(to: &Alias, target: &Target) -> Value {
    let (id, participant) = bare(&target.id);
    let mut key = serde_json::json!({ "remoteJid": jid(to), "fromMe": target.is_ours, "id": id });
    if let Some(participant) = participant {
        key["participant"] = format!("{participant}@s.whatsapp.net").into();
    }
    key
}

/// One segment of a path.
fn segment(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests;
