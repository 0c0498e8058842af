//! One provider account that sends and receives, with the policies of its line.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::alias::Alias;
use crate::ids::{ConnectionId, OrganizationId, QueueId};
use crate::locale::Locale;

/// Which provider a connection speaks to, with the id by which the provider names the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Provider {
    /// Meta's Cloud API.
    CloudApi {
        /// Stable digits, the only id to route by.
        phone_number_id: String,
        /// The Meta app that posts for this number, by its name in the webhook's path: no other app's word is taken for it.
        #[serde(default = "default_app")]
        app: String,
        /// The business account that the number belongs to, and its templates: stable digits. Without it none are known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        waba_id: Option<String>,
    },
    /// A Baileys service of the customer's own, or baileys-api, which posts to us with a token.
    Baileys {
        /// SHA-256 of the token in lower-case hex. The token itself is kept nowhere.
        token_sha256: String,
    },
    /// An Evolution API server, which posts to us with a token.
    Evolution {
        /// As in `Baileys`.
        token_sha256: String,
    },
    /// A WAHA server, which signs what it posts.
    Waha {
        /// Its name in the webhook's path, under which the keys are kept.
        account: String,
    },
    /// A GOWA server, which signs what it posts.
    Gowa {
        /// As in `Waha`.
        account: String,
    },
}

/// The account of a signing gateway without a name in the webhook's path.
pub const DEFAULT_ACCOUNT: &str = "default";

/// The Meta app without a name in the webhook's path.
pub const DEFAULT_APP: &str = "default";

fn default_app() -> String {
    DEFAULT_APP.to_owned()
}

impl Provider {
    /// The name of the kind, in keys and logs.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::CloudApi { .. } => "cloud_api",
            Self::Baileys { .. } => "baileys",
            Self::Evolution { .. } => "evolution",
            Self::Waha { .. } => "waha",
            Self::Gowa { .. } => "gowa",
        }
    }

    /// The Meta app that posts for the connection; `None` where none does.
    pub fn app(&self) -> Option<&String> {
        match self {
            Self::CloudApi { app, .. } => Some(app),
            Self::Baileys { .. } | Self::Evolution { .. } | Self::Waha { .. } | Self::Gowa { .. } => None,
        }
    }

    /// The account that holds the templates; `None` where there are none.
    pub fn template_account(&self) -> Option<&str> {
        match self {
            Self::CloudApi { waba_id, .. } => waba_id.as_deref(),
            _ => None,
        }
    }

    /// Whether a gateway of the customer's own speaks for the connection. Gateways echo everything that our side writes.
    pub fn is_gateway(&self) -> bool {
        !matches!(self, Self::CloudApi { .. })
    }

    /// The id by which a webhook finds the connection.
    pub fn account(&self) -> &str {
        match self {
            Self::CloudApi { phone_number_id, .. } => phone_number_id,
            Self::Baileys { token_sha256 } | Self::Evolution { token_sha256 } => token_sha256,
            Self::Waha { account } | Self::Gowa { account } => account,
        }
    }
}

/// What a message does to a closed ticket (docs/requirements.md C12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReopenPolicy {
    /// Reopens a ticket closed less than this many days ago; later, a new ticket that points to the old one.
    Window {
        /// Days after closing.
        days: u16,
    },
    /// Always reopens.
    Always,
    /// Always a new ticket.
    Never,
}

impl Default for ReopenPolicy {
    fn default() -> Self {
        Self::Window { days: 7 }
    }
}

impl ReopenPolicy {
    /// Whether a ticket closed `ago` is reopened by a message.
    pub fn reopens(self, ago: SignedDuration) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Window { days } => ago < SignedDuration::from_hours(24 * i64::from(days)),
        }
    }
}

/// Which messages of a group are taken (docs/requirements.md C16).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupPolicy {
    /// Only those that mention or answer the connection.
    #[default]
    Mention,
    /// All.
    All,
    /// None.
    Ignore,
}

/// What a call of the contact does (docs/adr/0036-what-a-message-is-about.md).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallPolicy {
    /// It leaves a line in the conversation.
    #[default]
    Line,
    /// It opens, joins or reopens a ticket, as a message would.
    Opens,
}

/// A connection of an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// The connection's id.
    pub id: ConnectionId,
    /// The organization that owns it.
    pub org: OrganizationId,
    /// The provider account behind it.
    pub provider: Provider,
    /// The connection's own identities, for mentions and own echoes; empty while unknown.
    #[serde(default)]
    pub own: Vec<Alias>,
    /// The queue in which its tickets wait.
    pub queue: QueueId,
    /// What a message does to a closed ticket.
    #[serde(default)]
    pub reopen: ReopenPolicy,
    /// Which group messages are taken.
    #[serde(default)]
    pub groups: GroupPolicy,
    /// What a call of the contact does.
    #[serde(default)]
    pub calls: CallPolicy,
    /// In which language the system speaks to its contacts; absent for the organization's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<Locale>,
}
