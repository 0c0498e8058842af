//! The one thread that uses the database. Whatever waits when it begins is done in one transaction and answered after
//! its commit, so that many callers share one fsync. It must never answer a call whose transaction did not commit.
//!
//! A receive commits without an fsync of its own. A host that is killed keeps it; a machine that loses power may forget it, and
//! then the message is received again, as it would have been had the power gone a moment sooner.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::{Arc, mpsc};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use super::names::Names;
use super::store::Store;
use super::wakes::Wakes;
use super::{Clock, Error};

/// The most calls in one transaction: bounds what one call waits for the others.
const MAX_CALLS: usize = 256;

/// One caller's work. It is done in a transaction, or told why there is none, and gives back how to answer the caller.
type Work = Box<dyn FnOnce(Result<&mut Transaction<'_>, Error>, &Context<'_>) -> Answer + Send>;

/// Work that waits, and what its caller needs of the commit.
struct Call {
    work: Work,
    durability: Durability,
}

/// What a commit has survived when it is answered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Durability {
    /// The end of the process.
    Process,
    /// The end of the machine's power.
    Disk,
}

impl Durability {
    /// Source: <https://www.sqlite.org/pragma.html#pragma_synchronous>, in WAL mode.
    fn set(self, connection: &Connection) -> Result<(), rusqlite::Error> {
        let level = if self == Self::Disk { "FULL" } else { "NORMAL" };
        connection.pragma_update(None, "synchronous", level)
    }
}

/// Answers one caller, once it is known whether the transaction was committed.
type Answer = Box<dyn FnOnce(Result<(), Error>)>;

/// What the calls of one transaction share.
struct Context<'a> {
    names: &'a Names,
    clock: &'a Clock,
    woken: RefCell<BTreeSet<String>>,
}

/// Where calls queue for the thread. The thread ends when this drops.
pub(super) struct Writer {
    calls: mpsc::Sender<Call>,
}

impl Writer {
    pub(super) fn start(
        connection: Connection,
        names: Arc<Names>,
        wakes: Arc<Wakes>,
        clock: Clock,
    ) -> Result<Self, Error> {
        let (calls, waiting) = mpsc::channel();
        let serve = move || serve(connection, &waiting, &names, &wakes, &clock);
        std::thread::Builder::new().name("sqs-writer".to_owned()).spawn(serve).map_err(|_| Error::Stopped)?;
        Ok(Self { calls })
    }

    /// Does the work in a transaction; it is committed once this returns `Ok`, and has left no trace if `Err`.
    ///
    /// Work whose caller has gone before its turn is not done.
    pub(super) async fn run<T, W>(&self, work: W) -> Result<T, Error>
    where
        T: Send + 'static,
        W: FnOnce(&Store<'_>) -> Result<T, Error> + Send + 'static,
    {
        self.submit(Durability::Disk, work)?.await.map_err(|_| Error::Stopped)?
    }

    /// As `run`, without waiting for the disk: a loss of power may undo it.
    pub(super) async fn run_without_sync<T, W>(&self, work: W) -> Result<T, Error>
    where
        T: Send + 'static,
        W: FnOnce(&Store<'_>) -> Result<T, Error> + Send + 'static,
    {
        self.submit(Durability::Process, work)?.await.map_err(|_| Error::Stopped)?
    }

    /// As `run`, for callers that may block, inside an async runtime or out of it.
    pub(super) fn run_blocking<T, W>(&self, work: W) -> Result<T, Error>
    where
        T: Send + 'static,
        W: FnOnce(&Store<'_>) -> Result<T, Error> + Send + 'static,
    {
        let answered = self.submit(Durability::Disk, work)?;
        // Tokio refuses to block a thread of its own; another one may.
        let wait = || answered.blocking_recv().map_err(|_| Error::Stopped)?;
        std::thread::scope(|scope| scope.spawn(wait).join().unwrap_or(Err(Error::Stopped)))
    }

    fn submit<T, W>(&self, durability: Durability, work: W) -> Result<oneshot::Receiver<Result<T, Error>>, Error>
    where
        T: Send + 'static,
        W: FnOnce(&Store<'_>) -> Result<T, Error> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let work: Work = Box::new(move |transaction, context| {
            let outcome = match transaction {
                _ if answer.is_closed() => Err(Error::Stopped),
                Ok(transaction) => perform(transaction, context, work),
                Err(error) => Err(error),
            };
            Box::new(move |committed| {
                // A caller that has gone meanwhile is as one that crashed: its message becomes visible again by itself.
                drop(answer.send(committed.and(outcome)));
            })
        });
        self.calls.send(Call { work, durability }).map_err(|_| Error::Stopped)?;
        Ok(answered)
    }
}

/// A savepoint around the work: what fails undoes itself and leaves the others of the transaction alone.
fn perform<T>(
    transaction: &mut Transaction<'_>,
    context: &Context<'_>,
    work: impl FnOnce(&Store<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let savepoint = transaction.savepoint()?;
    let now = (context.clock)().as_millisecond();
    let outcome = work(&Store { connection: &savepoint, names: context.names, woken: &context.woken, now })?;
    savepoint.commit()?;
    Ok(outcome)
}

fn serve(mut connection: Connection, waiting: &mpsc::Receiver<Call>, names: &Names, wakes: &Wakes, clock: &Clock) {
    let mut held = None;
    while let Some(first) = held.take().or_else(|| waiting.recv().ok()) {
        let context = Context { names, clock, woken: RefCell::default() };
        let mut answers = Vec::new();
        let committed = commit_together(&mut connection, first, waiting, &context, &mut answers, &mut held);
        let committed = committed.map_err(Error::from);
        if committed.is_ok() {
            context.woken.take().iter().for_each(|queue| wakes.wake(queue));
        }
        for answer in answers {
            answer(committed.clone());
        }
    }
}

/// Does the first call and those that have queued up behind it, then commits. A call that needs more of a commit than this one
/// gives is held for the next.
fn commit_together(
    connection: &mut Connection,
    first: Call,
    waiting: &mpsc::Receiver<Call>,
    context: &Context<'_>,
    answers: &mut Vec<Answer>,
    held: &mut Option<Call>,
) -> Result<(), rusqlite::Error> {
    let given = first.durability;
    let begun = given.set(connection);
    let begun = begun.and_then(|()| connection.transaction_with_behavior(TransactionBehavior::Immediate));
    let mut transaction = match begun {
        Ok(transaction) => transaction,
        Err(error) => {
            answers.push((first.work)(Err(error.into()), context));
            return Ok(());
        }
    };
    let mut next = Some(first);
    while let Some(call) = next {
        answers.push((call.work)(Ok(&mut transaction), context));
        // After some errors (a full disk) SQLite has rolled back by itself: nothing more may run, and the commit fails.
        let goes_on = answers.len() < MAX_CALLS && !transaction.is_autocommit();
        next = if goes_on { waiting.try_recv().ok() } else { None };
        *held = next.take_if(|call| call.durability > given);
    }
    transaction.commit()
}
