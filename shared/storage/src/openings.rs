//! Making tickets: each takes its number in the transaction that writes it, and those that are made at the same time share one.
//!
//! All new tickets of an organization write its counter, so they contend. A process lets those that come while a transaction
//! is under way wait for the next one, which then makes all of them with one block of numbers and one write of the counter.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};

use domain::ids::{OrganizationId, TicketId};
use domain::ticket::Ticket;
use tokio::sync::oneshot;

use crate::counter::Counter;
use crate::transaction::{Outcome, backoff};
use crate::{ChangeError, Error, Storage};

/// How often a block is tried: each try loses only to other tickets that were made, so progress is certain.
const TRIES: u32 = 64;
/// How many tickets a transaction makes at most. The service takes 100 items.
const BLOCK: usize = 40;

type Answer = Result<Option<Ticket>, Arc<Error>>;

/// A ticket that waits for the next block.
#[derive(Debug)]
struct Waiting {
    ticket: Ticket,
    year: i16,
    answer: oneshot::Sender<Answer>,
}

/// The tickets that wait, by organization. An entry means that somebody is at work for that organization.
#[derive(Debug, Default)]
pub(crate) struct Openings(Mutex<HashMap<OrganizationId, Vec<Waiting>>>);

impl Openings {
    /// Lets a ticket wait; `true` for the one who must do the work.
    fn join(&self, waiting: Waiting) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match all.entry(waiting.ticket.org.clone()) {
            Entry::Occupied(mut others) => {
                others.get_mut().push(waiting);
                false
            }
            Entry::Vacant(none) => {
                none.insert(vec![waiting]);
                true
            }
        }
    }

    /// The next block; empty when the work is done, and somebody else may begin anew.
    fn next(&self, org: &OrganizationId) -> Vec<Waiting> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(waiting) = all.get_mut(org) else { return Vec::new() };
        let block: Vec<Waiting> = waiting.drain(..waiting.len().min(BLOCK)).collect();
        if block.is_empty() {
            all.remove(org);
        }
        block
    }
}

/// Removes what is left of an organization's work if the worker is dropped in the middle: those who wait then see it fail.
struct Work<'a> {
    openings: &'a Openings,
    org: &'a OrganizationId,
}

impl Drop for Work<'_> {
    fn drop(&mut self) {
        self.openings.0.lock().unwrap_or_else(PoisonError::into_inner).remove(self.org);
    }
}

impl Storage {
    /// Makes a ticket with the organization's next number. `None` when the ticket exists already, by whomever made.
    ///
    /// `year` is the year in the organization's time zone. Errors: `AtCapacity` for a ticket that starts with an agent.
    pub async fn open_ticket(&self, ticket: &Ticket, year: i16) -> Result<Option<Ticket>, ChangeError> {
        if ticket.holder().is_some() {
            return self.open_held(ticket, year).await;
        }
        let (sender, answer) = oneshot::channel();
        if self.openings.join(Waiting { ticket: ticket.clone(), year, answer: sender }) {
            self.work_for(&ticket.org).await;
        }
        match answer.await {
            Ok(Ok(opened)) => Ok(opened),
            Ok(Err(error)) => {
                Err(Error::Unavailable { code: "BlockFailed".to_owned(), source: Some(Box::new(error)) }.into())
            }
            Err(_) => Err(Error::contended().into()),
        }
    }

    /// Makes the tickets that wait for an organization, block after block, until none waits.
    async fn work_for(&self, org: &OrganizationId) {
        let work = Work { openings: &self.openings, org };
        // Tickets of the same batch are about to join.
        tokio::task::yield_now().await;
        loop {
            let block = self.openings.next(org);
            let Some(year) = block.iter().map(|waiting| waiting.year).max() else { break };
            let tickets: Vec<Ticket> = block.iter().map(|waiting| waiting.ticket.clone()).collect();
            let mut outcome = self.open_block(tickets, year).await.map_err(Arc::new);
            for waiting in block {
                // Of two that wanted the same ticket one has made it, and the other finds it there.
                let answer = match &mut outcome {
                    Ok(made) => Ok(made.remove(&waiting.ticket.id)),
                    Err(error) => Err(Arc::clone(error)),
                };
                // Who no longer waits has lost interest in the answer, not in the ticket.
                let _gone = waiting.answer.send(answer);
            }
        }
        // `next` removed the entry together with seeing it empty: a new one may be another worker's.
        std::mem::forget(work);
    }

    /// Makes tickets of one organization in one transaction; those that exist already are left out of the answer.
    async fn open_block(&self, mut tickets: Vec<Ticket>, year: i16) -> Result<HashMap<TicketId, Ticket>, Error> {
        let Some(org) = tickets.first().map(|ticket| ticket.org.clone()) else { return Ok(HashMap::new()) };
        tickets.sort_by(|a, b| a.id.cmp(&b.id));
        tickets.dedup_by(|a, b| a.id == b.id);
        tickets.sort_by_key(|ticket| ticket.created_at);
        let mut counter = self.counter(&org).await?;
        for attempt in 0..TRIES {
            let numbers = counter.next(year, tickets.len());
            let numbered: Vec<Ticket> =
                tickets.iter().zip(numbers).map(|(ticket, number)| Ticket { number, ..ticket.clone() }).collect();
            let Some(numbers) = self.take_numbers(&numbered)? else { return Ok(HashMap::new()) };
            let mut items = vec![numbers];
            for ticket in &numbered {
                items.push(self.put_new_ticket(ticket)?);
            }
            match self.transact(items).await? {
                Outcome::Committed => {
                    return Ok(numbered.into_iter().map(|ticket| (ticket.id.clone(), ticket)).collect());
                }
                Outcome::Refused { place: 0, found } => {
                    counter = self.counter_after_losing(&org, found, attempt).await?;
                }
                Outcome::Refused { place, .. } => drop(tickets.remove(place - 1)),
            }
        }
        Err(Error::contended())
    }

    /// Makes a ticket that starts with an agent, whose load rises in the same transaction.
    async fn open_held(&self, ticket: &Ticket, year: i16) -> Result<Option<Ticket>, ChangeError> {
        let mut counter = self.counter(&ticket.org).await?;
        for attempt in 0..TRIES {
            let Some(number) = counter.next(year, 1).next() else { break };
            let ticket = Ticket { number, ..ticket.clone() };
            let Some(agent) = ticket.holder() else { return Ok(None) };
            let mut items = vec![self.put_new_ticket(&ticket)?, self.take_place(&ticket.org, agent)?];
            items.extend(self.take_numbers(std::slice::from_ref(&ticket))?);
            match self.transact(items).await? {
                Outcome::Committed => return Ok(Some(ticket)),
                Outcome::Refused { place: 0, .. } => return Ok(None),
                Outcome::Refused { place: 1, .. } => return Err(ChangeError::AtCapacity { agent: agent.clone() }),
                Outcome::Refused { found, .. } => {
                    counter = self.counter_after_losing(&ticket.org, found, attempt).await?;
                }
            }
        }
        Err(Error::contended().into())
    }

    /// The counter after somebody else moved it: as the refusal showed it, or read again after a pause once that failed a few times.
    pub(crate) async fn counter_after_losing(
        &self,
        org: &OrganizationId,
        found: Option<crate::item::Item>,
        attempt: u32,
    ) -> Result<Counter, Error> {
        match found {
            Some(item) if attempt < 3 => Ok(Counter::from_item(&item)),
            _ => {
                tokio::time::sleep(backoff(attempt.min(4))).await;
                self.counter(org).await
            }
        }
    }
}
