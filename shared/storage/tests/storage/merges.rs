//! Two contacts that turn out to be one: whatever the order, whoever dies in the middle, both ids and all identities lead to one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_smithy_runtime_api::client::http::{HttpConnector as _, HttpConnectorFuture, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use domain::alias::{Alias, AliasKind};
use domain::contact::Contact;
use domain::ids::ContactId;
use storage::{Error, NewContact, Person, Storage};

use crate::table::{Table, between, fresh};
use crate::world::{at, org};

fn phone(number: u64) -> Alias {
    Alias::new(AliasKind::Phone, format!("7701555{number:04}"))
}

fn lid(number: u64) -> Alias {
    Alias::new(AliasKind::Lid, format!("2110{number}"))
}

/// What `ingest` does with the identities of a message, `n` seconds after the first.
async fn observe(storage: &Storage, n: i64, aliases: &[Alias]) -> Result<Person, Error> {
    let Some(known) = storage.contact_by_alias(&org(), aliases).await? else {
        let id = ContactId::generate(at(n), fastrand::u128(..) >> 48);
        let contact = Contact { aliases: aliases.to_vec(), ..Contact::new(id, at(n)) };
        let id = storage.contact_or_new(&org(), &NewContact { contact }, None).await?;
        return Ok(Person { id, absorbed: Vec::new() });
    };
    let mut person = known.person();
    if !known.others.is_empty() {
        let ids: Vec<ContactId> = std::iter::once(known.id.clone()).chain(known.others.iter().cloned()).collect();
        person = storage.merge_contacts(&org(), &ids, aliases).await?;
    }
    storage.learn_aliases(&org(), &person, &known.new_aliases, None).await?;
    Ok(person)
}

/// Where an identity leads, and what it says of those that went into that contact.
async fn leads(storage: &Storage, alias: &Alias) -> Person {
    storage.contact_by_alias(&org(), std::slice::from_ref(alias)).await.unwrap().unwrap().person()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_ids_and_all_identities_lead_to_the_older_contact() {
    let storage = fresh().await;
    let older = observe(&storage, 0, &[phone(1)]).await.unwrap().id;
    let younger = observe(&storage, 1, &[lid(1), Alias::new(AliasKind::Bsuid, "KZ.1")]).await.unwrap().id;
    let person = observe(&storage, 2, &[phone(1), lid(1)]).await.unwrap();
    assert_eq!(person, Person { id: older.clone(), absorbed: vec![younger.clone()] });
    for alias in [phone(1), lid(1), Alias::new(AliasKind::Bsuid, "KZ.1")] {
        assert_eq!(leads(&storage, &alias).await, person, "{alias:?}");
    }
    let seen = storage.contact(&org(), &younger).await.unwrap().unwrap();
    assert_eq!((seen.id, seen.aliases.len()), (older.clone(), 3));
    // Again, nothing changes; a third goes into the same.
    assert_eq!(observe(&storage, 3, &[lid(1), phone(1)]).await.unwrap(), person);
    let third = observe(&storage, 4, &[phone(2)]).await.unwrap().id;
    let all = observe(&storage, 5, &[lid(1), phone(2)]).await.unwrap();
    assert_eq!((all.id, all.absorbed), (older, vec![younger, third]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_number_is_answered_whichever_was_known_first() {
    for order in [[1, 2], [2, 1]] {
        let storage = fresh().await;
        for (n, number) in (0..).zip(order) {
            observe(&storage, n, &[phone(number)]).await.unwrap();
        }
        let person = observe(&storage, 5, &[phone(1), phone(2)]).await.unwrap();
        let contact = storage.contact(&org(), &person.id).await.unwrap().unwrap();
        assert_eq!(contact.address(), Some(&phone(2)), "{order:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_order_of_observations_ends_in_the_same_contact() {
    // Each person has five identities, of which messages show one to three; the last one ties what is left together.
    let mut random = fastrand::Rng::with_seed(7);
    for round in 0..25 {
        let table = Table::fresh().await;
        let storage = table.through(|client| client);
        let people: Vec<Vec<Alias>> = (0..2)
            .map(|person| {
                let bsuid = |n: u64| Alias::new(AliasKind::Bsuid, format!("KZ.{person}{n}"));
                vec![phone(person * 10), phone(person * 10 + 1), lid(person), bsuid(1), bsuid(2)]
            })
            .collect();
        let mut observations: Vec<Vec<Alias>> = Vec::new();
        for identities in &people {
            for _ in 0..6 {
                let count = random.usize(1..=3);
                observations.push(random.choose_multiple(identities, count).into_iter().cloned().collect());
            }
            observations.extend(identities.windows(2).map(<[Alias]>::to_vec));
        }
        random.shuffle(&mut observations);
        for (n, aliases) in (0..).zip(&observations) {
            observe(&storage, n, aliases).await.unwrap();
        }
        let mut contacts = BTreeSet::new();
        for identities in &people {
            let person = leads(&storage, &identities[0]).await;
            for alias in identities {
                assert_eq!(leads(&storage, alias).await, person, "round {round}: {alias:?} of {observations:?}");
            }
            let contact = storage.contact(&org(), &person.id).await.unwrap().unwrap();
            assert_eq!(contact.aliases.iter().collect::<BTreeSet<_>>(), identities.iter().collect(), "round {round}");
            for id in &person.absorbed {
                assert_eq!(storage.contact(&org(), id).await.unwrap().unwrap().id, person.id, "round {round}");
            }
            contacts.insert(person.id);
        }
        assert_eq!(contacts.len(), people.len(), "round {round}");
    }
}

/// A storage that lets so many writes through and then none: a worker that died.
fn dying(table: &Table, left: &Arc<AtomicU32>) -> Storage {
    let left = Arc::clone(left);
    let call = move |engine: &SharedHttpConnector, request: HttpRequest| {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let writes = !target.ends_with("GetItem") && !target.ends_with("Query");
        let lives = || left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        if writes && !lives() {
            return HttpConnectorFuture::ready(Err(ConnectorError::user("the worker died".into())));
        }
        engine.call(request)
    };
    table.through(|inner| between(inner, call))
}

/// Every item, without the ids that differ from run to run: of each contact its identities, and where each identity leads.
async fn picture(table: &Table) -> BTreeMap<String, String> {
    let items = table.items().await;
    let text = |item: &std::collections::HashMap<String, aws_sdk_dynamodb::types::AttributeValue>, name: &str| {
        item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default()
    };
    let born: BTreeMap<String, String> = items
        .iter()
        .filter(|item| text(item, "sk") == "PROFILE")
        .map(|item| (text(item, "id"), text(item, "created_at")))
        .collect();
    let mut picture = BTreeMap::new();
    for item in &items {
        let ids = |name: &str| -> Vec<String> {
            let list = item.get(name).and_then(|value| value.as_l().ok()).cloned().unwrap_or_default();
            list.iter().map(|id| born[id.as_s().unwrap()].clone()).collect()
        };
        match text(item, "sk").as_str() {
            "PROFILE" => {
                let aliases = item["aliases"].as_l().unwrap().len();
                let into = item.get("merged_into").map(|id| born[id.as_s().unwrap()].clone());
                picture.insert(text(item, "created_at"), format!("{aliases} {into:?} {:?}", ids("absorbed")));
            }
            "CTC" => {
                let way = format!("{} {:?}", born[&text(item, "ctc")], ids("absorbed"));
                picture.insert(text(item, "pk"), way);
            }
            other => panic!("{other}"),
        }
    }
    picture
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_that_stops_after_any_write_is_finished_by_the_next_delivery() {
    let before: [&[Alias]; 3] = [&[phone(1)], &[lid(1), phone(2)], &[Alias::new(AliasKind::Bsuid, "KZ.1")]];
    // Joins three contacts, of which one has an identity that the message does not show.
    let joining = [phone(1), Alias::new(AliasKind::Bsuid, "KZ.1"), lid(1), lid(2)];
    let mut expected = None;
    for writes in (0..40).rev() {
        let table = Table::fresh().await;
        let healthy = table.through(|client| client);
        for (n, aliases) in (0..).zip(before) {
            observe(&healthy, n, aliases).await.unwrap();
        }
        let left = Arc::new(AtomicU32::new(writes));
        let dying = dying(&table, &left);
        let ended = observe(&dying, 5, &joining).await;
        observe(&healthy, 5, &joining).await.unwrap();
        let picture = picture(&table).await;
        if expected.is_none() {
            // Forty writes are more than it takes.
            assert!(ended.is_ok() && left.load(Ordering::SeqCst) > 0, "{ended:?}");
            println!("a merge of three contacts takes {} writes", writes - left.load(Ordering::SeqCst));
        }
        assert_eq!(*expected.get_or_insert_with(|| picture.clone()), picture, "stopped after {writes} writes");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn merges_of_the_same_contacts_at_once_end_in_one() {
    for round in 0..10 {
        let table = Table::fresh().await;
        let storage = table.through(|client| client);
        for n in 0..6 {
            observe(&storage, n, &[phone(u64::try_from(n).unwrap())]).await.unwrap();
        }
        let join = |a: u64, b: u64| {
            let storage = storage.clone();
            async move {
                // What the queue does: a message whose work failed comes again.
                for _ in 0..20 {
                    if observe(&storage, 9, &[phone(a), phone(b)]).await.is_ok() {
                        return;
                    }
                }
                panic!("never done");
            }
        };
        tokio::join!(join(0, 1), join(2, 3), join(4, 5), join(1, 2), join(3, 4));
        // Whatever the five left, the next messages end it.
        for n in 0..5 {
            observe(&storage, 10, &[phone(n), phone(n + 1)]).await.unwrap();
        }
        let person = leads(&storage, &phone(0)).await;
        for n in 0..6 {
            let seen = leads(&storage, &phone(n)).await;
            assert_eq!(seen.id, person.id, "round {round}, {n}");
        }
        let contact = storage.contact(&org(), &person.id).await.unwrap().unwrap();
        assert_eq!(contact.aliases.len(), 6, "round {round}: {contact:?}");
    }
}
