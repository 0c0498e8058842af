//! The person or group outside who writes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::alias::{Alias, AliasKind};
use crate::ids::ContactId;
use crate::user_ids::UserIds;

/// A contact with every identity seen of it. A phone number is optional.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The contact's id.
    pub id: ContactId,
    /// The name that the contact gave itself, as last seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The name that an agent gave it by hand, which is shown before its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// The user name that it had when it was last seen. It changes hands, so it is shown and leads to nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Identities, in the order in which they became known.
    pub aliases: Vec<Alias>,
    /// Under which of Meta's user ids it wrote.
    #[serde(default, skip_serializing_if = "UserIds::is_empty")]
    pub user_ids: UserIds,
    /// Whom it was taken for, or could be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apart: Vec<Apart>,
    /// Whether this is a group.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_group: bool,
    /// When the contact was first seen.
    pub created_at: Timestamp,
}

/// Somebody else with whom a contact has something in common, and who is not joined with it by what messages show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Apart {
    /// The other contact.
    #[serde(rename = "ctc")]
    pub contact: ContactId,
    /// Why.
    #[serde(rename = "why")]
    pub cause: ApartCause,
    /// The phone number that was the one's and then the other's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Since when.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub at: Timestamp,
}

/// Why two contacts are kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApartCause {
    /// One phone number came with two user ids on one connection. Meta's notice of a change joins them.
    Number,
    /// Somebody parted them. Only somebody joins them again.
    Hand,
}

impl Contact {
    /// A contact of which nothing is known yet.
    pub fn new(id: ContactId, created_at: Timestamp) -> Self {
        Self {
            id,
            name: None,
            given_name: None,
            username: None,
            aliases: Vec::new(),
            user_ids: UserIds::default(),
            apart: Vec::new(),
            is_group: false,
            created_at,
        }
    }

    /// The name to show: the one given by hand, its own, or its user name.
    pub fn shown_name(&self) -> Option<&str> {
        self.given_name.as_deref().or(self.name.as_deref()).or(self.username.as_deref())
    }

    /// Whether it is known by more than a user name.
    pub fn has_strong_identity(&self) -> bool {
        self.aliases.iter().any(|alias| alias.kind.is_strong())
    }

    /// Whether it is kept apart from one of these.
    pub fn is_apart_from<'a>(&self, mut others: impl Iterator<Item = &'a ContactId>, causes: &[ApartCause]) -> bool {
        let relevant: Vec<&ContactId> =
            self.apart.iter().filter(|apart| causes.contains(&apart.cause)).map(|apart| &apart.contact).collect();
        !relevant.is_empty() && others.any(|other| relevant.contains(&other))
    }

    /// Where to answer: a group as such, otherwise the phone number, and where none is known the next best identity. Of several
    /// phone numbers the one that became known last: people change theirs.
    pub fn address(&self) -> Option<&Alias> {
        [AliasKind::Group, AliasKind::Phone, AliasKind::Bsuid, AliasKind::Lid]
            .into_iter()
            .find_map(|kind| self.last(kind))
    }

    /// The phone number that became known last.
    pub fn phone(&self) -> Option<&Alias> {
        self.last(AliasKind::Phone)
    }

    fn last(&self, kind: AliasKind) -> Option<&Alias> {
        self.aliases.iter().rev().find(|alias| alias.kind == kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_go_to_the_phone_number_as_soon_as_one_is_known() {
        let alias = |kind| Alias::new(kind, "1");
        let contact = |aliases: &[AliasKind]| Contact {
            aliases: aliases.iter().copied().map(alias).collect(),
            ..Contact::new(ContactId::new("ctc_1").unwrap(), Timestamp::UNIX_EPOCH)
        };
        let check = |aliases: &[AliasKind], expected: Option<AliasKind>| {
            assert_eq!(contact(aliases).address().map(|alias| alias.kind), expected, "{aliases:?}");
        };
        check(&[AliasKind::Lid, AliasKind::Bsuid, AliasKind::Phone], Some(AliasKind::Phone));
        check(&[AliasKind::Lid, AliasKind::Bsuid], Some(AliasKind::Bsuid));
        check(&[AliasKind::Username], None);
        check(&[], None);
        let mut moved = contact(&[AliasKind::Phone, AliasKind::Phone]);
        moved.aliases[1].value = "2".to_owned();
        assert_eq!(moved.address().map(|alias| alias.value.as_str()), Some("2"));
    }
}
