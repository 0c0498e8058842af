//! One thing a provider told us, as it travels on the inbound queue: a message, a status, an error, or what could not be read.
//!
//! A unit holds the provider's own JSON, so that what it means is decided (and, after a bug fix, decided again) by the
//! consumer. The webhook only cuts. What does not fit one queue message of 1 MiB is a [`crate::parcel`].

use domain::alias::Alias;
use domain::credentials::blanked;
use domain::ids::{ConnectionId, OrganizationId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::gateway::Gateway;
use crate::{baileys, calls, cloud_api, gowa, lenient, unreadable, waha};

/// How much of a part is kept for inspection: less than an item of the table can hold.
pub(crate) const INSPECTED_BYTES: usize = 200_000;

/// Where a unit came from: what its connection is found by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Meta's Cloud API. The connection is looked up by `phone_number_id`.
    CloudApi {
        /// Which of our Meta apps signed it.
        app: String,
        /// The number it concerns; absent for account-level fields.
        phone_number_id: Option<String>,
        /// The `WhatsApp` business account, `entry[].id`.
        waba_id: Option<String>,
    },
    /// A gateway, known by its token or by its signature. Units that were written before there was more than one kind say so.
    #[serde(alias = "baileys")]
    Gateway {
        /// The organization that owns the connection.
        org: OrganizationId,
        /// The connection.
        connection: ConnectionId,
    },
}

/// Who the Cloud API says a message is from or to: the part of `contacts[]` that belongs to it, shortened to what is used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloudContact {
    /// Digits of the phone number, absent for people known by user name only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<String>,
    /// The business-scoped user id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The same person's id in the parent portfolio.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_user_id: Option<String>,
    /// The name that the person shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The name that the person is found by, where it has chosen one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
}

/// Whether a Baileys message came live or was replayed after a reconnect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Upsert {
    /// Live, or the gateway did not say.
    #[default]
    Notify,
    /// Replayed, or an echo of our own side. Customer messages of an offline spell come this way.
    Append,
}

/// What the provider told us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// An element of `messages[]`.
    CloudMessage {
        /// The element.
        message: Value,
        /// The contact that belongs to it.
        contact: Option<CloudContact>,
        /// `metadata.display_phone_number`: the number of our own side, in any spelling.
        own_number: Option<String>,
    },
    /// An element of `message_echoes[]`: written by our side in the phone app.
    CloudEcho {
        /// The element.
        message: Value,
        /// The contact that belongs to it.
        contact: Option<CloudContact>,
        /// As in `CloudMessage`.
        own_number: Option<String>,
    },
    /// An old message that came with the field `history`, from before the number was connected.
    CloudHistory {
        /// The element of a thread's `messages[]`.
        message: Value,
        /// The thread's id: the other side, as the Cloud API names it.
        thread: String,
        /// As in `CloudMessage`.
        own_number: Option<String>,
    },
    /// An element of `calls[]`.
    CloudCall {
        /// The element, with what went wrong beside it.
        call: Value,
        /// The contact that belongs to it.
        contact: Option<CloudContact>,
        /// As in `CloudMessage`.
        own_number: Option<String>,
    },
    /// An element of `statuses[]`.
    CloudStatus {
        /// The element.
        status: Value,
    },
    /// `errors[]` of a whole value.
    CloudErrors {
        /// The list.
        errors: Value,
    },
    /// A change of any other field.
    CloudOther {
        /// The field's name; `unknown` when there is none.
        field: String,
        /// Its value, whole.
        value: Value,
    },
    /// One `WAMessage`, without its thumbnails and inlined media.
    BaileysMessage {
        /// The message with its key.
        message: Value,
        /// How it came.
        upsert: Upsert,
        /// Identities of our own side that the body named, as JIDs.
        own: Vec<String>,
    },
    /// An element of a Baileys service's `messages.update`.
    BaileysUpdate {
        /// The element.
        update: Value,
    },
    /// A call, as a Baileys service tells of it.
    BaileysCall {
        /// The call.
        call: Value,
    },
    /// One event of another gateway, without thumbnails, inlined media and credentials.
    GatewayEvent {
        /// Whose.
        gateway: Gateway,
        /// The event's name, one that is about a message.
        event: String,
        /// What it says.
        payload: Value,
        /// As in `BaileysMessage`.
        own: Vec<String>,
    },
    /// What could not be read, or is more than anybody would look at.
    Unreadable {
        /// A fixed word.
        reason: String,
        /// The beginning of it, with credentials blanked.
        raw: String,
        /// How long the whole was.
        bytes: u64,
        /// The digest of the whole, lower-case hex.
        sha256: String,
    },
}

/// The layout of a unit on the queue. A reader refuses one that it does not know, so that a deployment in mid-roll never
/// misreads a newer unit: it goes back to the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub(crate) struct Layout;

impl Layout {
    const NUMBER: u8 = 1;
}

impl TryFrom<u8> for Layout {
    type Error = String;
    fn try_from(number: u8) -> Result<Self, String> {
        if number == Self::NUMBER { Ok(Self) } else { Err(format!("unit layout {number} is not known")) }
    }
}

impl From<Layout> for u8 {
    fn from(_: Layout) -> Self {
        Layout::NUMBER
    }
}

/// One thing a provider told us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    #[serde(rename = "v")]
    layout: Layout,
    /// Where it came from.
    pub source: Source,
    /// When the webhook had it, by our clock.
    pub received_at: Timestamp,
    /// What it is.
    pub part: Part,
}

/// Why a queue message is not a unit. A bug or a newer layout, never a provider's doing.
#[derive(Debug, thiserror::Error)]
#[error("the queue message is not a unit")]
pub struct NotAUnit(#[from] serde_json::Error);

impl Unit {
    /// A unit; a part that only a person can judge, and that is longer than what is kept for that, becomes `Unreadable` with the
    /// beginning of its JSON and its digest.
    ///
    /// `could_be_large` spares the measuring where the whole body was small.
    pub(crate) fn new(source: Source, received_at: Timestamp, part: Part, could_be_large: bool) -> Self {
        Self::of(source, received_at, if could_be_large { inspectable(part) } else { part })
    }

    pub(crate) fn of(source: Source, received_at: Timestamp, part: Part) -> Self {
        Self { layout: Layout, source, received_at, part }
    }

    /// Reads a queue message's body.
    pub fn from_json(text: &str) -> Result<Self, NotAUnit> {
        Ok(serde_json::from_str(text)?)
    }

    /// The queue message's body, whatever its length; see [`Unit::packed`].
    pub fn to_json(&self) -> Result<String, NotAUnit> {
        Ok(for_the_queue(serde_json::to_string(self)?))
    }

    /// The FIFO group: 32 hexadecimal digits, the same for everything between one account of ours and one person or group.
    ///
    /// A digest, because group ids are seen in metrics and logs and must not show a phone number. What names nobody has a
    /// group of its own, by content, so that it waits for nothing and delays nothing.
    pub fn group(&self) -> String {
        let counterpart = match &self.part {
            Part::CloudMessage { message, contact, .. } => {
                cloud_api::identity::counterpart_of_message(message, contact.as_ref())
            }
            Part::CloudEcho { message, contact, own_number } => {
                cloud_api::identity::counterpart_of_echo(message, contact.as_ref(), own_number.as_deref())
            }
            Part::CloudCall { call, contact, own_number } => {
                calls::other_side(call, contact.as_ref(), own_number.as_deref()).into_iter().next()
            }
            Part::CloudHistory { thread, .. } => cloud_api::identity::alias(thread),
            Part::CloudStatus { status } => cloud_api::identity::counterpart_of_status(status),
            Part::BaileysMessage { message, .. } => baileys::identity::counterpart(message),
            Part::BaileysUpdate { update } => baileys::update::counterpart(update),
            Part::BaileysCall { call } => calls::chat(call).counterpart(),
            Part::GatewayEvent { event, payload, .. } if calls::is_call(event, payload) => {
                calls::chat(payload).counterpart()
            }
            Part::GatewayEvent { gateway: Gateway::Baileys, payload, .. } => baileys::event::counterpart(payload),
            Part::GatewayEvent { gateway: Gateway::Waha, payload, .. } => waha::identity::counterpart(payload),
            Part::GatewayEvent { gateway: Gateway::Gowa, payload, own, .. } => {
                gowa::identity::counterpart(payload, own)
            }
            Part::CloudErrors { .. } | Part::CloudOther { .. } | Part::Unreadable { .. } => None,
        };
        let name = counterpart
            .map_or_else(|| self.dedup(), |alias: Alias| format!("{} {}", alias.kind.as_str(), alias.match_key()));
        let mut digest = hex::encode(Sha256::digest(format!("{}\n{name}", self.account())));
        digest.truncate(32);
        digest
    }

    /// The FIFO deduplication id: a digest of the content and not of the time of receipt, so that an identical delivery within
    /// five minutes is dropped by the queue, and a message that comes again with other content (a Baileys stub that is
    /// decrypted later) is not.
    pub fn dedup(&self) -> String {
        let mut hash = Sha256::new();
        // Values read from JSON can always be written again.
        let content = serde_json::to_vec(&(&self.source, &self.part)).unwrap_or_default();
        hash.update(content);
        hex::encode(hash.finalize())
    }

    /// Where it came from and the part, as text, for storing what only a person can judge; without credentials, and cut to what an item
    /// can hold.
    pub fn for_inspection(&self) -> String {
        let text = serde_json::to_string(&(&self.source, &self.part)).unwrap_or_default();
        lenient::head(&blanked(&text), INSPECTED_BYTES).to_owned()
    }

    fn account(&self) -> String {
        match &self.source {
            Source::CloudApi { app, phone_number_id, waba_id } => match (phone_number_id, waba_id) {
                (Some(number), _) => format!("number {number}"),
                (None, Some(waba)) => format!("waba {waba}"),
                (None, None) => format!("app {app}"),
            },
            Source::Gateway { org, connection } => format!("connection {org} {connection}"),
        }
    }
}

/// JSON in the characters that SQS takes: it refuses U+FFFE and U+FFFF, which JSON allows, and a message that is refused for ever
/// would make the provider send its whole batch again for a week.
pub(crate) fn for_the_queue(json: String) -> String {
    if json.contains(['\u{FFFE}', '\u{FFFF}']) {
        return json.replace('\u{FFFE}', "\\ufffe").replace('\u{FFFF}', "\\uffff");
    }
    json
}

fn inspectable(part: Part) -> Part {
    let (name, value) = match &part {
        Part::CloudErrors { errors } => ("", errors),
        Part::CloudOther { field, value } => (field.as_str(), value),
        _ => return part,
    };
    // Written once: of what is too long, writing is most of the work. What was read from JSON can always be written.
    let text = serde_json::to_vec(value).unwrap_or_default();
    if name.len() + text.len() > INSPECTED_BYTES { unreadable::bytes("too_large", &text) } else { part }
}

#[cfg(test)]
mod tests;
