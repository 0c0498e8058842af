//! What a state is made of, and what may happen to it.

use std::rc::Rc;

use super::call::Call;
use super::desk::Desk;
use super::process::{Lane, Process};
use super::table::Table;

/// What a provider delivered, once or twice.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unit {
    /// The provider's id of the message.
    pub(super) message: u8,
    pub(super) person: u8,
    pub(super) connection: u8,
    /// The message group of the queue.
    pub(super) group: u8,
}

/// How often each thing may go wrong on one path, at any step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct Faults {
    /// A process dies; what it had received comes again. An agent asks again.
    pub(super) crashes: u8,
    /// A call that wrote is not answered, and the client repeats it.
    pub(super) lost_answers: u8,
    /// The units of a group are handed out again while their first receiver still works on them: they are out of sight for as long.
    pub(super) overlaps: u8,
    /// An eventually consistent read misses what is there.
    pub(super) stale_reads: u8,
}

/// Where a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Status {
    Waiting,
    With(u8),
    Deleted,
}

/// A state of everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) table: Rc<Table>,
    pub(super) queue: Vec<Status>,
    pub(super) processes: Vec<Process>,
    pub(super) desks: Vec<Desk>,
    pub(super) faults: Faults,
}

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Answered,
    /// It has its effect; the client does not learn of it and repeats the call.
    AnswerLost,
    /// It reads what was there before the last write.
    Stale,
}

/// What happens next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    /// A process receives units.
    Receive { process: usize, units: Vec<u8> },
    /// A process makes a call.
    Call { process: usize, lane: Lane, call: Call, how: How },
    /// A process puts the tickets that wait into a block.
    TakeBlock { process: usize },
    /// A process answers; the queue deletes what was done.
    Finish { process: usize },
    /// A process dies.
    Crash { process: usize },
    /// The queue hands units of a group out again although somebody works on them.
    Overlap { units: Vec<u8> },
    /// An agent's request makes a call.
    Desk { desk: usize, call: Call, how: How },
    /// An agent's request dies.
    DeskCrash { desk: usize },
}
