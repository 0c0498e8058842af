//! The person or group outside who writes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::alias::{Alias, AliasKind};
use crate::ids::ContactId;

/// A contact with every identity seen of it. A phone number is optional.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The contact's id.
    pub id: ContactId,
    /// The name that the contact gave itself, as last seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Identities, in the order in which they became known.
    pub aliases: Vec<Alias>,
    /// Whether this is a group.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_group: bool,
    /// When the contact was first seen.
    pub created_at: Timestamp,
}

impl Contact {
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
            id: ContactId::new("ctc_1").unwrap(),
            name: None,
            aliases: aliases.iter().copied().map(alias).collect(),
            is_group: false,
            created_at: Timestamp::UNIX_EPOCH,
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
