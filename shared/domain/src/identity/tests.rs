//! Tables of single messages, and every order of many in a small world of people, numbers and names that change hands.

mod orders;

use super::*;

fn con(id: &str) -> ConnectionId {
    ConnectionId::new(id).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn phone(number: &str) -> Alias {
    Alias::new(AliasKind::Phone, number)
}

fn user(id: &str) -> Alias {
    Alias::new(AliasKind::Bsuid, id)
}

fn name(name: &str) -> Alias {
    Alias::new(AliasKind::Username, name)
}

/// A contact with these identities, which wrote on `com` under its user ids.
fn known(id: &str, aliases: &[Alias], wrote_at: i64) -> Candidate {
    let ids: Vec<String> = aliases.iter().filter_map(Alias::user_id).map(str::to_owned).collect();
    let id = ContactId::new(id).unwrap();
    let contact = Contact {
        aliases: aliases.to_vec(),
        user_ids: if ids.is_empty() { UserIds::default() } else { UserIds::on(&con("com"), ids) },
        ..Contact::new(id.clone(), at(0))
    };
    Candidate { contact, ids: vec![id], wrote_at: Some(at(wrote_at)) }
}

fn verdict(connection: &str, aliases: &[Alias], second: i64, candidates: &[Candidate]) -> Verdict {
    let shown = Shown::new(&con(connection), aliases, at(second));
    let lead = |alias: &Alias| {
        let holds = |candidate: &&Candidate| candidate.contact.aliases.iter().any(|known| known.is_same(alias));
        candidates.iter().find(holds).map(|candidate| candidate.contact.id.clone())
    };
    let ways: Vec<Way> = shown
        .identities
        .iter()
        .map(|alias| Way { alias: alias.clone(), to: lead(alias), is_seen_here: false })
        .collect();
    decide(&shown, &ways, candidates)
}

fn ctc(id: &str) -> ContactId {
    ContactId::new(id).unwrap()
}

#[test]
fn a_user_name_leads_to_nobody_of_whom_more_is_known() {
    let named = known("ctc_1", &[name("kf")], 0);
    let strong = known("ctc_2", &[user("US.1"), name("kf")], 0);
    // Known by the name alone, on both sides.
    assert_eq!(verdict("com", &[name("kf")], 1, std::slice::from_ref(&named)).person, Some(ctc("ctc_1")));
    // More is known of whoever wrote.
    let shown = verdict("com", &[user("US.2"), name("kf")], 1, std::slice::from_ref(&named));
    assert_eq!((shown.person, shown.learns), (None, vec![user("US.2")]));
    // More is known of whoever had it.
    let shown = verdict("com", &[name("kf")], 1, std::slice::from_ref(&strong));
    assert_eq!((shown.person, shown.takes), (None, vec![(name("kf"), strong.contact.id.clone())]));
}

#[test]
fn a_number_with_another_user_id_is_another_person_and_the_number_is_theirs() {
    let first = known("ctc_1", &[phone("77079861373"), user("US.1")], 0);
    let shown = verdict("com", &[phone("77079861373"), user("US.2")], 5, std::slice::from_ref(&first));
    assert_eq!(shown.person, None);
    assert_eq!(shown.takes, [(phone("77079861373"), first.contact.id.clone())]);
    assert_eq!(shown.learns, [user("US.2")]);
    assert_eq!(shown.apart, [(first.contact.id.clone(), phone("77079861373"))]);
    // Late, it takes nothing from who wrote after it.
    let late = known("ctc_1", &[phone("77079861373"), user("US.1")], 9);
    assert_eq!(verdict("com", &[phone("77079861373"), user("US.2")], 5, std::slice::from_ref(&late)).takes, []);
    // On another connection ids may differ for one person.
    let shown = verdict("sup", &[phone("77079861373"), user("US.2")], 5, std::slice::from_ref(&first));
    assert_eq!((shown.person, shown.learns), (Some(ctc("ctc_1")), vec![user("US.2")]));
    // A message that shows no user id says nothing of it.
    assert_eq!(verdict("com", &[phone("77079861373")], 5, &[first]).person, Some(ctc("ctc_1")));
}

#[test]
fn a_user_id_says_more_than_the_number_that_comes_with_it() {
    let old = known("ctc_1", &[user("US.1")], 0);
    let new = known("ctc_2", &[phone("77079861373"), user("US.2")], 5);
    let candidates = [old, new];
    // Redelivered from before the number changed hands.
    let late = verdict("com", &[phone("77079861373"), user("US.1")], 1, &candidates);
    assert_eq!((late.person, late.same, late.takes), (Some(ctc("ctc_1")), vec![], vec![]));
    // On a third connection, where neither wrote yet.
    let elsewhere = verdict("sup", &[phone("77079861373"), user("US.1")], 9, &candidates);
    assert_eq!((elsewhere.person, elsewhere.same), (Some(ctc("ctc_1")), vec![]));
}

#[test]
fn a_user_id_that_was_taken_for_somebody_s_elsewhere_is_not_here() {
    let mut first = known("ctc_1", &[phone("77079861373"), user("US.1"), user("US.2")], 0);
    first.contact.user_ids =
        UserIds::on(&con("com"), ["US.1".to_owned()]).seen(&con("sup"), &["US.2".to_owned()].into());
    let shown = verdict("com", &[phone("77079861373"), user("US.2")], 5, std::slice::from_ref(&first));
    let id = &first.contact.id;
    assert_eq!(shown.person, None);
    assert_eq!(shown.takes, [(phone("77079861373"), id.clone()), (user("US.2"), id.clone())]);
}

#[test]
fn meta_s_notice_of_a_change_joins_whatever_came_first() {
    let old = known("ctc_1", &[phone("77079861373"), user("US.1")], 0);
    let new = known("ctc_2", &[phone("77079861374"), user("US.2")], 5);
    let both = [phone("77079861373"), phone("77079861374"), user("US.1"), user("US.2")];
    let told = verdict("com", &both, 4, &[old.clone(), new]);
    assert_eq!((told.person, told.same), (Some(ctc("ctc_1")), vec![ctc("ctc_2")]));
    // The new number was somebody's, who is not that person.
    let holder = known("ctc_9", &[phone("77079861374"), user("US.9")], 0);
    let told = verdict("com", &both, 4, &[old, holder]);
    assert_eq!((told.person, told.same), (Some(ctc("ctc_1")), vec![]));
    assert_eq!(told.takes, [(phone("77079861374"), ctc("ctc_9"))]);
}

#[test]
fn after_a_notice_without_ids_the_new_number_may_have_any_and_the_old_one_none() {
    let (old, new) = (phone("77079861373"), phone("77079861374"));
    let mut moved = known("ctc_1", &[old.clone(), new.clone(), user("US.1")], 0);
    let notice = Shown::new(&con("com"), &[old.clone(), new.clone()], at(1));
    moved.contact.user_ids = notice.known_after(&moved.contact.user_ids);
    assert_eq!(verdict("com", &[new, user("US.2")], 5, std::slice::from_ref(&moved)).person, Some(ctc("ctc_1")));
    assert_eq!(verdict("com", &[old, user("US.9")], 5, &[moved]).person, None);
}

#[test]
fn who_was_parted_by_hand_stays_apart() {
    let mut one = known("ctc_1", &[phone("77079861373")], 0);
    let other = known("ctc_2", &[Alias::new(AliasKind::Lid, "2110")], 0);
    let apart =
        crate::contact::Apart { contact: other.contact.id.clone(), cause: ApartCause::Hand, number: None, at: at(0) };
    one.contact.apart.push(apart);
    let both = [phone("77079861373"), Alias::new(AliasKind::Lid, "2110")];
    let shown = verdict("bai", &both, 5, &[one.clone(), other.clone()]);
    assert_eq!((shown.person, shown.same, shown.takes), (Some(ctc("ctc_2")), vec![], vec![]));
    one.contact.apart.clear();
    assert_eq!(verdict("bai", &both, 5, &[one, other]).same, [ctc("ctc_1")]);
}

#[test]
fn a_parent_id_is_one_person_s_whatever_the_user_id() {
    let first = known("ctc_1", &[phone("77079861373"), user("US.1"), user("US.ENT.7")], 0);
    let shown = verdict("com", &[user("US.2"), user("US.ENT.7")], 5, &[first]);
    assert_eq!((shown.person, shown.learns), (Some(ctc("ctc_1")), vec![user("US.2")]));
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
