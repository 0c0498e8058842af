//! I3: numbers 1, 2, 3 … without a gap, and every way to find a ticket by one.

use domain::number::TicketRef;
use domain::ticket::{Priority, TicketState};
use tokio::task::JoinSet;

use crate::table::fresh;
use crate::world::*;

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_contacts_at_once_get_the_numbers_one_to_sixty_four() {
    let storage = fresh().await;
    let mut workers = JoinSet::new();
    for n in 0..64 {
        let storage = storage.clone();
        workers.spawn(async move {
            take(&storage, &connection("comercial"), &text("wamid.1", &format!("770798613{n:02}"), "Oi")).await
        });
    }
    let mut numbers: Vec<u64> =
        workers.join_all().await.into_iter().map(|ticket| ticket.unwrap().number.number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=64).collect::<Vec<u64>>());
    assert_eq!(storage.ticket_count(&org()).await.unwrap(), 64);
    let statistics = storage.statistics(&org()).await.unwrap();
    assert_eq!((statistics.total, statistics.by_state[&TicketState::New]), (64, 64));
    assert_eq!(statistics.by_priority[&Priority::Medium], 64);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_found_by_each_of_its_names() {
    let storage = fresh().await;
    let connection = connection("comercial");
    let mut tickets = Vec::new();
    for n in 0..3 {
        tickets.push(take(&storage, &connection, &text("wamid.1", &format!("7707986137{n}"), "Oi")).await.unwrap());
    }
    for ticket in &tickets {
        let number = ticket.number.number;
        for name in
            [number.to_string(), format!("#{number}"), format!("TICKET-2026-{number:06}"), ticket.id.to_string()]
        {
            let found = storage.find_ticket(&org(), &TicketRef::parse(&name).unwrap()).await.unwrap();
            assert_eq!(found.as_ref(), Some(ticket), "{name}");
        }
    }
    for name in
        ["4", "0", "TICKET-2026-000004", "TICKET-2025-000001", "18446744073709551615", "01ARZ3NDEKTSV4RRFFQ69G5FAV"]
    {
        let found = storage.find_ticket(&org(), &TicketRef::parse(name).unwrap()).await.unwrap();
        assert_eq!(found, None, "{name}");
    }
    let other = domain::ids::OrganizationId::new("other").unwrap();
    assert_eq!(storage.find_ticket(&other, &TicketRef::Number(1)).await.unwrap(), None);
    assert_eq!(storage.find_ticket(&other, &TicketRef::Id(tickets[0].id.clone())).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_sequence_begins_anew_each_year() {
    let storage = fresh().await;
    let connection = connection("comercial");
    let first = take(&storage, &connection, &text("wamid.1", "77079861371", "Oi")).await.unwrap();
    let mut next = first.clone();
    next.id = domain::ids::TicketId::new("tkt_2").unwrap();
    let next = storage.open_ticket(&next, 2027).await.unwrap().unwrap();
    assert_eq!((next.number.number, next.number.year, next.number.year_seq), (2, 2027, 1));
    let name = TicketRef::parse("TICKET-2027-000001").unwrap();
    assert_eq!(storage.find_ticket(&org(), &name).await.unwrap(), Some(next));
}
