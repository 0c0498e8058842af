//! The whole system: queue, table, processes of `ingest` and agents, and everything that may happen to them next.

use std::rc::Rc;

use super::call::Call;
use super::desk::{Desk, Script};
use super::explorer::Protocol;
use super::plan::Work;
use super::process::{Lane, Process};
use super::promises::{Promise, broken};
use super::state::{Action, Faults, How, State, Status, Unit};
use super::table::Table;
use super::task::Task;
use super::variant::Variant;

/// What is explored: who does what, on which table, and how much may go wrong.
#[derive(Debug, Clone)]
pub(super) struct System {
    pub(super) variant: Variant,
    /// The inbound queue, in its order.
    pub(super) units: Vec<Unit>,
    /// Processes of `ingest`.
    pub(super) processes: usize,
    pub(super) scripts: Vec<Script>,
    /// Whether the connections reopen closed tickets.
    pub(super) reopens: bool,
    pub(super) table: Table,
    pub(super) faults: Faults,
}

impl Protocol for System {
    type State = State;
    type Action = Action;
    type Promise = Promise;

    fn initial(&self) -> State {
        State {
            table: Rc::new(self.table.clone()),
            queue: vec![Status::Waiting; self.units.len()],
            processes: vec![Process::default(); self.processes],
            desks: vec![Desk::new(); self.scripts.len()],
            faults: self.faults,
        }
    }

    fn steps(&self, state: &State) -> Vec<(Action, State)> {
        let mut actions = Vec::new();
        for (place, process) in state.processes.iter().enumerate() {
            self.of_process(state, place, process, &mut actions);
        }
        if state.faults.overlaps > 0 {
            actions.extend(self.out(state).into_iter().map(|units| Action::Overlap { units }));
        }
        for (place, desk) in state.desks.iter().enumerate() {
            if let Some(call) = desk.call(&self.scripts[place], &state.table) {
                actions.extend(hows(call, state.faults).map(|how| Action::Desk { desk: place, call, how }));
            }
            if desk.is_at_work() && state.faults.crashes > 0 {
                actions.push(Action::DeskCrash { desk: place });
            }
        }
        actions.into_iter().filter_map(|action| Some((action.clone(), self.after(state, &action)?))).collect()
    }

    fn broken(&self, state: &State) -> Vec<Promise> {
        broken(self, state)
    }

    fn is_finished(&self, state: &State) -> bool {
        let is_idle = |process: &Process| process.tasks.is_empty();
        let is_done = |(desk, script): (&Desk, &Script)| desk.command(script).is_none();
        state.queue.iter().all(|status| *status == Status::Deleted)
            && state.processes.iter().all(is_idle)
            && state.desks.iter().zip(&self.scripts).all(is_done)
    }

    fn finishes(&self) -> Promise {
        Promise::Finishes
    }
}

impl System {
    fn of_process(&self, state: &State, place: usize, process: &Process, actions: &mut Vec<Action>) {
        if process.tasks.is_empty() {
            let batches = self.batches(state).into_iter();
            actions.extend(batches.map(|units| Action::Receive { process: place, units }));
            return;
        }
        for lane in process.lanes() {
            let Some(call) = call_of(process, lane) else { continue };
            let calls = hows(call, state.faults).map(|how| Action::Call { process: place, lane, call, how });
            actions.extend(calls);
        }
        if process.may_take_block() {
            actions.push(Action::TakeBlock { process: place });
        }
        if process.has_ended() {
            actions.push(Action::Finish { process: place });
        }
        if state.faults.crashes > 0 {
            actions.push(Action::Crash { process: place });
        }
    }

    /// What the queue may hand out: the first unit of a group of which none is out, alone, or everything at once.
    fn batches(&self, state: &State) -> Vec<Vec<u8>> {
        let numbered = || (0u8..).zip(self.units.iter().zip(&state.queue));
        let is_locked = |group: u8| {
            let out = numbered().any(|(_, (unit, status))| unit.group == group && matches!(status, Status::With(_)));
            out && self.variant != Variant::GroupLockMissing
        };
        let free: Vec<u8> = numbered()
            .filter(|(_, (unit, status))| **status == Status::Waiting && !is_locked(unit.group))
            .map(|(place, _)| place)
            .collect();
        if self.variant == Variant::GroupLockMissing {
            return free.into_iter().map(|unit| vec![unit]).collect();
        }
        let group = |unit: u8| self.units[usize::from(unit)].group;
        let is_first = |unit: &u8| free.iter().find(|other| group(**other) == group(*unit)) == Some(unit);
        let mut batches: Vec<Vec<u8>> = free.iter().filter(|unit| is_first(unit)).map(|unit| vec![*unit]).collect();
        if free.len() > 1 {
            batches.push(free);
        }
        batches
    }

    /// The units of each group that were handed out together.
    fn out(&self, state: &State) -> Vec<Vec<u8>> {
        let with = |process: u8| {
            let units = (0u8..).zip(&state.queue).filter(move |(_, status)| **status == Status::With(process));
            units.map(|(unit, _)| unit).collect::<Vec<_>>()
        };
        (0..u8::try_from(self.processes).unwrap()).flat_map(|process| self.groups(&with(process))).collect()
    }

    /// The units of a batch, parted into its groups. Without groups each unit is one of its own.
    pub(super) fn groups(&self, units: &[u8]) -> Vec<Vec<u8>> {
        let group = |unit: u8| self.units[usize::from(unit)].group;
        let mut groups: Vec<Vec<u8>> = Vec::new();
        for unit in units {
            match groups.iter_mut().find(|members| group(members[0]) == group(*unit)) {
                Some(members) => members.push(*unit),
                None => groups.push(vec![*unit]),
            }
        }
        groups
    }

    /// The state after an action; none where the action would be no different from another.
    pub(super) fn after(&self, state: &State, action: &Action) -> Option<State> {
        let mut next = state.clone();
        match action {
            Action::Receive { process, units } => {
                let with = Status::With(u8::try_from(*process).unwrap());
                let taken = if self.variant == Variant::AckFirst { Status::Deleted } else { with };
                for unit in units {
                    next.queue[usize::from(*unit)] = taken;
                }
                next.processes[*process] = Process::take(self.groups(units));
            }
            Action::Call { process, lane, how, .. } => self.call(state, &mut next, (*process, *lane), *how)?,
            Action::TakeBlock { process } => next.processes[*process].take_block(),
            Action::Finish { process } => {
                let ended = std::mem::take(&mut next.processes[*process]).tasks;
                let undone: Vec<u8> = ended.iter().flat_map(Task::undone).copied().collect();
                give_back(&mut next, *process, |unit| undone.contains(&unit));
            }
            Action::Crash { process } => {
                next.processes[*process] = Process::default();
                give_back(&mut next, *process, |_| true);
                next.faults.crashes -= 1;
            }
            Action::Overlap { units } => {
                for unit in units {
                    next.queue[usize::from(*unit)] = Status::Waiting;
                }
                next.faults.overlaps -= 1;
            }
            Action::Desk { desk, how, .. } => {
                next.desks[*desk].step(&self.scripts[*desk], self.variant, Rc::make_mut(&mut next.table));
                if *how == How::AnswerLost {
                    next.desks[*desk].clone_from(&state.desks[*desk]);
                    next.desks[*desk].repeated = true;
                    lost(state, &mut next)?;
                }
            }
            Action::DeskCrash { desk } => {
                next.desks[*desk].ask_again();
                next.faults.crashes -= 1;
            }
        }
        if *next.table == *state.table {
            next.table = Rc::clone(&state.table);
        }
        Some(next)
    }

    fn call(&self, state: &State, next: &mut State, (place, lane): (usize, Lane), how: How) -> Option<()> {
        let table = Rc::make_mut(&mut next.table);
        let process = &mut next.processes[place];
        match lane {
            Lane::Task(task) => {
                let work = self.work(place, process.tasks[task].unit());
                if how == How::Stale && !table.aliases.contains_key(&work.person) {
                    return None;
                }
                process.step(task, work, table, how == How::Stale);
            }
            Lane::Block => process.step_block(self.variant, |unit| self.work(place, unit), table),
        }
        match how {
            How::Answered => {}
            How::Stale => next.faults.stale_reads -= 1,
            How::AnswerLost => {
                *process = state.processes[place].clone();
                match lane {
                    Lane::Task(task) => process.tasks[task].repeats(),
                    Lane::Block => process.block.iter_mut().for_each(|block| block.repeated = true),
                }
                lost(state, next)?;
            }
        }
        Some(())
    }

    fn work(&self, process: usize, unit: u8) -> Work {
        let Unit { message, person, connection, .. } = self.units[usize::from(unit)];
        let worker = u8::try_from(process).unwrap();
        Work { variant: self.variant, reopens: self.reopens, worker, message, person, connection, on_uncounted: false }
    }
}

/// The call that one of a process makes next.
pub(super) fn call_of(process: &Process, lane: Lane) -> Option<Call> {
    match lane {
        Lane::Task(task) => process.tasks[task].call(),
        Lane::Block => process.block.as_ref().map(super::opening::Block::call),
    }
}

/// What may happen to a call. Only what is read eventually consistent can be stale.
fn hows(call: Call, faults: Faults) -> impl Iterator<Item = How> {
    let stale = (call == Call::ReadAlias && faults.stale_reads > 0).then_some(How::Stale);
    let lost = (faults.lost_answers > 0).then_some(How::AnswerLost);
    [Some(How::Answered), stale, lost].into_iter().flatten()
}

/// A lost answer. Of a call that wrote nothing it is as if it had not been made.
fn lost(state: &State, next: &mut State) -> Option<()> {
    next.faults.lost_answers -= 1;
    (next.table != state.table).then_some(())
}

/// What a process had received becomes visible again, or is deleted. What was handed out to others meanwhile is theirs.
fn give_back(next: &mut State, process: usize, again: impl Fn(u8) -> bool) {
    let own = Status::With(u8::try_from(process).unwrap());
    for (unit, status) in (0u8..).zip(&mut next.queue).filter(|(_, status)| **status == own) {
        *status = if again(unit) { Status::Waiting } else { Status::Deleted };
    }
}
