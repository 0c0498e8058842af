//! Where the neighbours of an item lie: for who reads the table from where no call of this crate reaches.

use domain::alias::Alias;
use domain::connection::Provider;
use domain::ids::{ConnectionId, ContactId, ConversationId, OrganizationId, TicketId};
use domain::message::MessageRef;

use crate::keys::{self, Key};

/// The place of an item: two items of a table never share one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(pub(super) Key);

impl Place {
    /// The partition.
    pub fn partition(&self) -> &str {
        &self.0.pk
    }

    /// The place within the partition.
    pub fn sort(&self) -> &str {
        &self.0.sk
    }

    /// Of a connection.
    pub fn connection(org: &OrganizationId, id: &ConnectionId) -> Self {
        Self(keys::connection(org, id))
    }

    /// Of the way from a provider account.
    pub fn account(provider: &Provider) -> Self {
        Self(keys::provider(provider.kind(), provider.account()))
    }

    /// Of the way from the account that holds a provider's templates.
    pub fn template_account(provider: &Provider) -> Option<Self> {
        provider.template_account().map(|account| Self(keys::provider(keys::TEMPLATE_ACCOUNT, account)))
    }

    /// Of the way from an account of the Cloud API.
    pub fn cloud_api_account(phone_number_id: &str) -> Self {
        Self(keys::provider("cloud_api", phone_number_id))
    }

    /// Of the way from an identity.
    pub fn alias(org: &OrganizationId, alias: &Alias) -> Self {
        Self(keys::alias(org, alias))
    }

    /// Of a contact's profile.
    pub fn contact(org: &OrganizationId, id: &ContactId) -> Self {
        Self(keys::contact(org, id))
    }

    /// Of a conversation's state.
    pub fn conversation(org: &OrganizationId, id: &ConversationId) -> Self {
        Self(keys::conversation(org, id))
    }

    /// Of a message.
    pub fn message(org: &OrganizationId, reference: &MessageRef) -> Self {
        Self(keys::message(org, reference))
    }

    /// Of a ticket, or of a slot's mark.
    pub fn ticket(org: &OrganizationId, id: &TicketId) -> Self {
        Self(keys::ticket(org, id))
    }
}
