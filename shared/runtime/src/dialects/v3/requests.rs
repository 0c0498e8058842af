//! What `/v3` takes. Unknown fields are refused.

use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::shapes::{CategoryName, PriorityName};

pub mod messages;

/// A command that only needs a reason.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reasoned {
    /// Why; kept in the history.
    #[schema(max_length = 2000)]
    pub reason: Option<String>,
}

/// How a ticket was resolved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Resolve {
    /// How it was resolved; kept on the ticket.
    #[schema(max_length = 2000)]
    pub resolution: Option<String>,
    /// Why; kept in the history.
    #[schema(max_length = 2000)]
    pub reason: Option<String>,
}

/// How urgent a ticket is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Prioritize {
    /// How urgent.
    pub priority: PriorityName,
    /// Why; kept in the history.
    #[schema(max_length = 2000)]
    pub reason: Option<String>,
}

/// What is written on a contact.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditContact {
    /// The name to show instead of its own; `null` takes it back.
    #[schema(min_length = 1, max_length = 100)]
    #[serde(default, deserialize_with = "given")]
    pub name: Option<Option<String>>,
}

/// The contact that is the same person, or was taken for it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OtherContact {
    /// Its id.
    pub contact: String,
}

/// What becomes a contact of its own.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SplitContact {
    /// Some of the contact's identities, as it shows them, and not all.
    #[schema(min_items = 1, max_items = 90)]
    pub identities: Vec<IdentityRequest>,
}

/// An identity of a contact.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentityRequest {
    /// `phone`, `bsuid`, `lid`, `group` or `username`.
    pub kind: String,
    /// Its value.
    pub value: String,
}

/// To whom a ticket is to be given.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Assign {
    /// The agent.
    pub agent_id: String,
    /// Why; kept in the history.
    #[schema(max_length = 2000)]
    pub reason: Option<String>,
}

/// To which team a ticket is to be handed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// The queue of that team.
    pub queue_id: String,
    /// An agent of that team; absent to let it wait.
    pub agent_id: Option<String>,
    /// Why; kept in the history.
    #[schema(max_length = 2000)]
    pub reason: Option<String>,
}

/// What a ticket becomes a part of.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Merge {
    /// The other ticket, by any of its names.
    pub into: String,
    /// Why; kept in the history of both.
    #[schema(max_length = 2000)]
    pub reason: Option<String>,
}

/// Another ticket.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Relate {
    /// The other ticket, by any of its names.
    pub ticket: String,
}

/// A note to write.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNote {
    /// What it says.
    #[schema(min_length = 1, max_length = 5000)]
    pub text: String,
    /// Whether the contact may see it.
    #[serde(default)]
    pub is_visible: bool,
    /// A file that was put, which becomes an attachment of the ticket: the id that `POST /v3/uploads` gave.
    #[schema(max_length = 64)]
    pub upload: Option<String>,
}

/// A file to put.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUpload {
    /// What it is called; as a name, whatever path or hidden mark is in it.
    #[schema(max_length = 255)]
    pub name: String,
    /// What it is, such as `image/jpeg`.
    #[schema(max_length = 255, pattern = r"^[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}$")]
    pub media_type: String,
    /// Its length in bytes.
    #[schema(minimum = 1, maximum = 104_857_600)]
    pub size: u64,
}

/// A request that says everything in its path.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// A ticket to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTicket {
    /// Whom it is for: the contact's id or phone number.
    pub contact_id: String,
    /// One line.
    #[schema(min_length = 5, max_length = 200)]
    pub title: String,
    /// More words.
    #[schema(min_length = 10, max_length = 5000)]
    pub description: String,
    /// A conversation of the contact that it belongs to.
    pub conversation_id: Option<String>,
    /// What it is about.
    pub category: Option<CategoryName>,
    /// A finer word.
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    pub subcategory: Option<String>,
    /// How urgent.
    pub priority: Option<PriorityName>,
    /// Words to find it by.
    #[schema(max_items = 20)]
    pub tags: Option<Vec<String>>,
    /// Whether it waits for the team; otherwise it is the caller's own, if the caller has room for it.
    #[serde(default)]
    pub is_waiting: bool,
}

/// What is to be changed on a ticket; what is absent stays, `null` removes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditTicket {
    /// One line.
    #[schema(min_length = 5, max_length = 200)]
    pub title: Option<String>,
    /// More words.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 10, max_length = 5000)]
    pub description: Option<Option<String>>,
    /// What it is about.
    pub category: Option<CategoryName>,
    /// A finer word.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, pattern = r"\S")]
    pub subcategory: Option<Option<String>>,
    /// All its tags.
    #[schema(max_items = 20)]
    pub tags: Option<Vec<String>>,
}

/// What is to be changed in the settings; what is absent stays, `null` is the default.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditSettings {
    /// How new tickets' numbers are written: letters, digits and `- _ . #` around `{seq}` or `{seq:06}`, and `{year}` before it to count
    /// within the year.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 40, example = "TKT-{seq:03}")]
    pub number_pattern: Option<Option<String>>,
    /// Whether agents may give their tickets, and waiting ones, to others.
    pub agents_may_assign_others: Option<bool>,
    /// The language of what the system itself tells contacts, where their connection has none of its own; `null` for `es`.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "pt-BR")]
    pub locale: Option<Option<String>>,
    /// Hours after a contact's last message in which it is reminded once, if a ticket has waited for it for an hour or longer.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u8>, minimum = 1, maximum = 23, example = 23)]
    pub remind_after_hours: Option<Option<u8>>,
    /// Hours after which a ticket that waits for its contact is resolved.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u16>, minimum = 1, maximum = 720, example = 72)]
    pub resolve_after_hours: Option<Option<u16>>,
}

/// Tells `null` from absent.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// One thing to do to several tickets.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// The tickets, by any of their names.
    #[schema(min_items = 1, max_items = 50)]
    pub tickets: Vec<String>,
    /// What to do.
    pub action: Action,
    /// For `prioritize`.
    pub priority: Option<PriorityName>,
    /// For `tag`: the tags that are added.
    #[schema(max_items = 20)]
    pub tags: Option<Vec<String>>,
    /// For `resolve`.
    #[schema(max_length = 2000)]
    pub resolution: Option<String>,
    /// Why; kept in the history.
    #[schema(max_length = 2000)]
    pub reason: Option<String>,
}

/// What a batch does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the commands of the same names")]
pub enum Action {
    Start,
    Wait,
    Resolve,
    Close,
    Cancel,
    Reopen,
    Escalate,
    Prioritize,
    Tag,
}
