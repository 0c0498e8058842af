//! Which of the contacts that somebody's identities lead to are that somebody.
//!
//! Phone numbers, user ids and hidden ids belong to one person, so whoever shares one is the same. A user name is given up and
//! taken by others: it joins what nothing else keeps apart, and never two people who have phone numbers of their own.

use crate::alias::{Alias, AliasKind};
use crate::contact::Contact;

/// Whether a contact that only a user name leads to is the person who is known under `identities`.
pub fn is_same_person(identities: &[Alias], contact: &Contact) -> bool {
    let phones = |aliases: &[Alias]| -> Vec<String> {
        aliases.iter().filter(|alias| alias.kind == AliasKind::Phone).map(Alias::match_key).collect()
    };
    let (mine, theirs) = (phones(identities), phones(&contact.aliases));
    mine.is_empty() || theirs.is_empty() || mine.iter().any(|phone| theirs.contains(phone))
}

/// The identities of two contacts that are one: those of the first, then what the second adds. Phone numbers that were named
/// together last stand at the end, in their order, since answers go to the last one: so a changed number is answered.
pub fn joined(first: &[Alias], second: &[Alias], named: &[Alias]) -> Vec<Alias> {
    let same = |a: &Alias, b: &Alias| a.kind == b.kind && a.match_key() == b.match_key();
    let mut all = first.to_vec();
    for alias in second {
        if !all.iter().any(|known| same(known, alias)) {
            all.push(alias.clone());
        }
    }
    let phones: Vec<&Alias> = named.iter().filter(|alias| alias.kind == AliasKind::Phone).collect();
    if phones.len() > 1 {
        for phone in phones {
            if let Some(at) = all.iter().position(|known| same(known, phone)) {
                let phone = all.remove(at);
                all.push(phone);
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::ids::ContactId;

    fn phone(number: &str) -> Alias {
        Alias::new(AliasKind::Phone, number)
    }

    #[test]
    fn a_user_name_joins_nobody_who_has_another_phone_number() {
        let contact = |aliases: Vec<Alias>| Contact {
            id: ContactId::new("ctc_1").unwrap(),
            name: None,
            aliases,
            is_group: false,
            created_at: Timestamp::UNIX_EPOCH,
        };
        let name = Alias::new(AliasKind::Username, "ana");
        let check = |identities: &[Alias], aliases: Vec<Alias>, expected: bool| {
            assert_eq!(is_same_person(identities, &contact(aliases)), expected, "{identities:?}");
        };
        check(std::slice::from_ref(&name), vec![name.clone(), phone("77079861373")], true);
        check(&[phone("77079861373"), name.clone()], vec![name.clone()], true);
        check(&[phone("5511987654321")], vec![name.clone(), phone("551187654321")], true);
        check(&[phone("77079861373")], vec![name, phone("77079861374")], false);
    }

    #[test]
    fn a_changed_number_stands_last_and_none_is_lost() {
        let lid = Alias::new(AliasKind::Lid, "2110");
        let (old, new) = (phone("77079861373"), phone("77079861374"));
        let both = [old.clone(), new.clone()];
        assert_eq!(
            joined(std::slice::from_ref(&new), &[old.clone(), lid.clone()], &both),
            [lid.clone(), old.clone(), new.clone()]
        );
        assert_eq!(joined(&[old.clone(), new.clone()], &[new.clone(), lid.clone()], &[]), [old, new, lid]);
    }
}
