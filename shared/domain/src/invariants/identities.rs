//! I2: a contact's identities lead to it, and to nobody else.

use super::{Finding, Invariant, Work};
use crate::alias::{Alias, AliasKind};
use crate::contact::Contact;
use crate::ids::ContactId;

/// A contact's profile, and where each of its identities leads.
pub fn contact(contact: &Contact, leads: impl Fn(&Alias) -> Option<ContactId>) -> Vec<Finding> {
    let id = &contact.id;
    let finding = |alias: &Alias| {
        let kind = alias.kind.as_str();
        match leads(alias) {
            Some(other) if other == *id => None,
            Some(other) => {
                let words = format!("an identity ({kind}) of contact {id} leads to contact {other}");
                Some(Finding::new(Invariant::I2, words))
            }
            // The profile learns an identity before the way to it exists.
            None => {
                let words = format!("an identity ({kind}) of contact {id} leads nowhere");
                Some(Finding::new(Invariant::I2, words).unless(Work::Contact(id.clone())))
            }
        }
    };
    contact.aliases.iter().filter_map(finding).collect()
}

/// The way from an identity of this kind to a contact; `lists` says whether the contact's profile, where there is one, has it.
pub fn alias(kind: AliasKind, leads: &ContactId, lists: Option<bool>) -> Option<Finding> {
    let kind = kind.as_str();
    match lists {
        Some(true) => None,
        Some(false) => {
            let words = format!("an identity ({kind}) leads to contact {leads}, whose profile does not have it");
            Some(Finding::new(Invariant::I2, words))
        }
        // A new contact's first identity is written before its profile.
        None => {
            let words = format!("an identity ({kind}) leads to contact {leads}, which does not exist");
            Some(Finding::new(Invariant::I2, words).unless(Work::Contact(leads.clone())))
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn id(text: &str) -> ContactId {
        ContactId::new(text).unwrap()
    }

    #[test]
    fn an_identity_leads_to_its_contact_and_is_told_without_its_value() {
        let aliases = vec![Alias::new(AliasKind::Phone, "77079861373")];
        let maria = Contact { aliases, ..Contact::new(id("ctc_1"), Timestamp::UNIX_EPOCH) };
        let check = |leads: Option<&str>, expected: Option<&str>| {
            let found = contact(&maria, |_| leads.map(id));
            assert_eq!(found.first().map(|finding| &*finding.words), expected);
        };
        check(Some("ctc_1"), None);
        check(Some("ctc_2"), Some("an identity (phone) of contact ctc_1 leads to contact ctc_2"));
        check(None, Some("an identity (phone) of contact ctc_1 leads nowhere"));
    }

    #[test]
    fn a_contact_knows_the_identities_that_lead_to_it() {
        assert_eq!(alias(AliasKind::Lid, &id("ctc_1"), Some(true)), None);
        assert!(alias(AliasKind::Lid, &id("ctc_1"), Some(false)).unwrap().unless.is_empty());
        let half_made = alias(AliasKind::Lid, &id("ctc_1"), None).unwrap();
        assert_eq!(half_made.unless, [Work::Contact(id("ctc_1"))]);
    }
}
