//! A process of `ingest` with a batch: the groups of the batch side by side, the messages of a group one after the other
//! (`runtime/src/sqs.rs`), and the tickets of all groups made in blocks.

use super::opening::Block;
use super::plan::Work;
use super::table::{Table, TicketId};
use super::task::Task;
use super::variant::Variant;

/// A process; idle when it has no tasks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Process {
    pub(super) tasks: Vec<Task>,
    /// Who makes tickets, for itself and all others, until none waits.
    leader: Option<Leader>,
    pub(super) block: Option<Block>,
}

/// The task that came first. It goes on with its message only when no other waits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Leader {
    task: u8,
    /// Its own block is over.
    is_answered: bool,
    /// The ticket that it made there, if it made one.
    made: Option<TicketId>,
}

/// Who of a process makes a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    Task(usize),
    Block,
}

impl Process {
    /// Takes a batch, parted into groups.
    pub(super) fn take(groups: Vec<Vec<u8>>) -> Self {
        Self { tasks: groups.into_iter().map(Task::begin).collect(), leader: None, block: None }
    }

    /// Whether every group has come to its end.
    pub(super) fn has_ended(&self) -> bool {
        !self.tasks.is_empty() && self.tasks.iter().all(|task| task.end().is_some())
    }

    /// Those who could make a call now.
    pub(super) fn lanes(&self) -> Vec<Lane> {
        let calls = |(place, task): (usize, &Task)| task.call().map(|_| Lane::Task(place));
        let tasks = self.tasks.iter().enumerate().filter_map(calls);
        tasks.chain(self.block.as_ref().map(|_| Lane::Block)).collect()
    }

    /// Whether a leader has yet to take its first block.
    pub(super) fn may_take_block(&self) -> bool {
        self.leader.is_some() && self.block.is_none()
    }

    /// The leader puts all who wait into a block.
    pub(super) fn take_block(&mut self) {
        let (members, wanted) = self.waiting().into_iter().unzip();
        self.block = Some(Block::of(members, wanted));
    }

    /// The tasks that wait for a block, the leader only for its first, with the tickets that they want.
    fn waiting(&self) -> Vec<(u8, TicketId)> {
        let answered = self.leader.as_ref().filter(|leader| leader.is_answered).map(|leader| leader.task);
        let all = (0u8..).zip(&self.tasks).filter_map(|(place, task)| Some((place, task.wants()?)));
        all.filter(|(place, _)| Some(*place) != answered).collect()
    }

    /// Makes a task's call.
    pub(super) fn step(&mut self, place: usize, work: Work, table: &mut Table, stale: bool) {
        let task = &mut self.tasks[place];
        task.step(work, table, stale);
        if task.wants().is_some() && self.leader.is_none() {
            self.leader = Some(Leader { task: u8::try_from(place).unwrap(), is_answered: false, made: None });
        }
    }

    /// Makes the block's call. When that was its last, its members go on, and the leader takes the next block or goes on too. `work` is
    /// of a unit.
    pub(super) fn step_block(&mut self, variant: Variant, work: impl Fn(u8) -> Work, table: &mut Table) {
        let (Some(block), Some(leader)) = (&mut self.block, &mut self.leader) else { return };
        let Some(mut made) = block.step(variant, table) else { return };
        for member in std::mem::take(&mut block.members) {
            let task = &mut self.tasks[usize::from(member)];
            let own = task.wants().and_then(|wanted| made.iter().position(|made| *made == wanted));
            let own = own.map(|place| made.remove(place));
            if member == leader.task {
                (leader.is_answered, leader.made) = (true, own);
            } else {
                task.opened(work(task.unit()), own);
            }
        }
        self.block = None;
        if !self.waiting().is_empty() {
            self.take_block();
        } else if let Some(Leader { task, made, .. }) = self.leader.take() {
            let task = &mut self.tasks[usize::from(task)];
            task.opened(work(task.unit()), made);
        }
    }
}
