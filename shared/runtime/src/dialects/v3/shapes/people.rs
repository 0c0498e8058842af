//! Contacts as `/v3` shows them.

use domain::alias::Alias;
use domain::contact::{Apart, ApartCause, Contact};
use domain::conversation::Conversation;
use domain::ids::ContactId;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// A contact.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContactShape {
    /// Its id.
    pub id: String,
    /// The name to show: the one that an agent gave it, else its own, else its user name.
    pub name: Option<String>,
    /// The name that an agent gave it by hand.
    pub given_name: Option<String>,
    /// The name that it gave itself, as last seen.
    pub profile_name: Option<String>,
    /// Its user name, as last seen. User names change hands, so nobody is known by one.
    pub username: Option<String>,
    /// Its phone number, if one is known; of several the one that became known last.
    pub phone: Option<String>,
    /// Everything that it is known by.
    pub identities: Vec<IdentityShape>,
    /// Contacts that share or shared something with it and are somebody else. The one whose `phone` is the `number` has it now.
    pub apart: Vec<ApartShape>,
    /// The contacts that went into it. `unmerge` parts them again.
    pub merged: Vec<String>,
    /// Whether it is a group.
    pub is_group: bool,
    /// Its conversations, by id: one for each connection.
    pub conversation_ids: Vec<String>,
    /// When it was first seen.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// What a contact is known by.
#[derive(Debug, Serialize, ToSchema)]
pub struct IdentityShape {
    /// `phone`, `bsuid` (a user id of Meta's), `lid` (a hidden id of WhatsApp's), `group` or `username`.
    pub kind: &'static str,
    /// As the provider writes it.
    pub value: String,
}

/// Another contact that is somebody else.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApartShape {
    /// The other contact.
    pub contact_id: String,
    /// Its name.
    pub contact_name: Option<String>,
    /// The phone number that was the one's and then the other's.
    pub number: Option<String>,
    /// Why they are kept apart.
    pub cause: ApartCauseName,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
}

/// Why two contacts are kept apart.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApartCauseName {
    /// The number came with another user id, and nothing told of a change.
    NumberChangedHands,
    /// Somebody parted them.
    PartedByHand,
}

/// What is shown beside a contact.
#[derive(Debug)]
pub struct BesideContact<'a> {
    /// Its conversations.
    pub conversations: &'a [Conversation],
    /// The contacts that went into it.
    pub merged: &'a [ContactId],
    /// Those whom it is kept apart from, as far as they are known.
    pub others: &'a [Contact],
}

impl ContactShape {
    /// A contact with what is shown beside it.
    pub fn of(contact: &Contact, beside: &BesideContact<'_>) -> Self {
        let identity = |alias: &Alias| IdentityShape { kind: alias.kind.as_str(), value: alias.value.clone() };
        let apart = |apart: &Apart| {
            let other = beside.others.iter().find(|other| other.id == apart.contact);
            ApartShape {
                contact_id: apart.contact.to_string(),
                contact_name: other.and_then(Contact::shown_name).map(str::to_owned),
                number: apart.number.clone(),
                cause: match apart.cause {
                    ApartCause::Number => ApartCauseName::NumberChangedHands,
                    ApartCause::Hand => ApartCauseName::PartedByHand,
                },
                since: apart.at,
            }
        };
        Self {
            id: contact.id.to_string(),
            name: contact.shown_name().map(str::to_owned),
            given_name: contact.given_name.clone(),
            profile_name: contact.name.clone(),
            username: contact.username.clone(),
            phone: contact.phone().map(|alias| alias.value.clone()),
            identities: contact.aliases.iter().map(identity).collect(),
            apart: contact.apart.iter().map(apart).collect(),
            merged: beside.merged.iter().map(ToString::to_string).collect(),
            is_group: contact.is_group,
            conversation_ids: beside.conversations.iter().map(|conversation| conversation.id.to_string()).collect(),
            created_at: contact.created_at,
        }
    }
}
