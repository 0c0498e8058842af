//! One walk: a path through the model, chosen by a seed, that the real code goes along.

use std::sync::atomic::{AtomicU32, Ordering};

use fastrand::Rng;
use storage::Storage;

use super::super::call::Call;
use super::super::desk::Told;
use super::super::explorer::Protocol as _;
use super::super::process::{Lane, Process};
use super::super::state::{Action, How, State};
use super::super::system::{System, call_of};
use super::observed::Names;
use super::people::People;
use super::stage::{Actor, BLOCK, Waiting};
use super::table::Table;

/// Names the walks of this run apart: each has an organization of its own.
static WALKS: AtomicU32 = AtomicU32::new(0);

/// One step in five is something that goes wrong, as long as something may.
const FAULTS: std::ops::Range<u32> = 0..1;

/// The two sides of a walk.
struct Walk<'a> {
    system: &'a System,
    table: &'a Table,
    /// Reads the table past every gate.
    storage: Storage,
    people: People,
    names: Names,
    processes: Vec<Option<Actor>>,
    desks: Vec<Option<Actor>>,
    path: Vec<Action>,
}

impl Drop for Walk<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("The walk so far:");
            self.path.iter().for_each(|action| println!("    {action:?}"));
        }
    }
}

/// Walks until all work is done. Returns the number of calls.
pub(super) async fn walk(table: &Table, system: &System, seed: u64) -> usize {
    let people = People::new(WALKS.fetch_add(1, Ordering::SeqCst));
    let storage = table.through(|client| client);
    people.found(&storage, system).await;
    let mut walk = Walk {
        system,
        table,
        names: Names::new(people.clone(), system),
        storage,
        people,
        processes: (0..system.processes).map(|_| None).collect(),
        desks: system.scripts.iter().map(|_| None).collect(),
        path: Vec::new(),
    };
    let (mut random, mut state) = (Rng::with_seed(seed), system.initial());
    walk.compare(&state).await;
    while let Some((action, next)) = choose(&mut random, system.steps(&state)) {
        walk.path.push(action.clone());
        walk.perform(&state, &action, &next).await;
        if next.table != state.table {
            walk.compare(&next).await;
        }
        state = next;
    }
    assert!(system.is_finished(&state), "the walk stops before all is done");
    walk.path.iter().filter(|action| matches!(action, Action::Call { .. } | Action::Desk { .. })).count()
}

/// A step at random. A leader takes its block at once: nothing else of its process can come between.
fn choose(random: &mut Rng, steps: Vec<(Action, State)>) -> Option<(Action, State)> {
    let takes_block = |step: &&(Action, State)| matches!(step.0, Action::TakeBlock { .. });
    if let Some(step) = steps.iter().find(takes_block) {
        return Some(step.clone());
    }
    let (faults, others): (Vec<_>, Vec<_>) = steps.into_iter().partition(|(action, _)| is_fault(action));
    let wrong = others.is_empty() || !faults.is_empty() && FAULTS.contains(&random.u32(0..5));
    let mut steps = if wrong { faults } else { others };
    if steps.is_empty() { None } else { Some(steps.swap_remove(random.usize(0..steps.len()))) }
}

fn is_fault(action: &Action) -> bool {
    match action {
        Action::Crash { .. } | Action::DeskCrash { .. } | Action::Overlap { .. } => true,
        Action::Call { how, .. } | Action::Desk { how, .. } => *how != How::Answered,
        Action::Receive { .. } | Action::TakeBlock { .. } | Action::Finish { .. } => false,
    }
}

impl Walk<'_> {
    async fn compare(&mut self, state: &State) {
        let real = self.names.real(&self.storage, &state.table).await;
        assert_eq!(real, self.names.model(&state.table), "the table (left) is not the model's (right)");
    }

    async fn perform(&mut self, state: &State, action: &Action, next: &State) {
        match action {
            Action::Receive { process, units } => {
                let unit = |unit: u8| self.system.units[usize::from(unit)];
                let groups = self.system.groups(units).into_iter();
                let groups = groups.map(|units| units.into_iter().map(unit).collect()).collect();
                self.processes[*process] = Some(Actor::process(self.table, &self.people, groups));
                self.expect(*process, state, next).await;
            }
            Action::Call { process, lane, call, how } => {
                self.processes[*process].as_mut().unwrap().let_through(*lane, *call, *how).await;
                self.expect(*process, state, next).await;
            }
            Action::TakeBlock { process } => self.expect(*process, state, next).await,
            Action::Finish { process } => self.processes[*process] = None,
            Action::Crash { process } => self.processes[*process].take().unwrap().die().await,
            Action::Overlap { .. } => {}
            Action::Desk { desk, call, how } => self.desk(*desk, state, next, (*call, *how)).await,
            Action::DeskCrash { desk } => self.desks[*desk].take().unwrap().die().await,
        }
    }

    /// The calls of a process that wait are the model's, and tasks that have ended there have ended here.
    async fn expect(&mut self, process: usize, before: &State, after: &State) {
        let (before, after) = (&before.processes[process], &after.processes[process]);
        if after.may_take_block() {
            return;
        }
        let actor = self.processes[process].as_mut().unwrap();
        actor.expect(&waiting(after)).await;
        for (place, task) in after.tasks.iter().enumerate() {
            let had_ended = before.tasks.get(place).is_some_and(|task| task.end().is_some());
            if let Some(is_done) = task.end().filter(|_| !had_ended) {
                assert_eq!(actor.end_of(place).await, is_done);
            }
        }
    }

    async fn desk(&mut self, desk: usize, state: &State, next: &State, (call, how): (Call, How)) {
        let script = &self.system.scripts[desk];
        if self.desks[desk].is_none() {
            let command = state.desks[desk].command(script).unwrap();
            let (id, _) = state.table.numbered(script.number).unwrap();
            let ticket = self.names.ticket(id);
            let mut actor = Actor::request(self.table, &self.people, script, command, ticket.as_str());
            actor.expect(&Waiting::from([(0, call)])).await;
            self.desks[desk] = Some(actor);
        }
        let actor = self.desks[desk].as_mut().unwrap();
        actor.let_through(Lane::Task(0), call, how).await;
        let (before, after) = (&state.desks[desk].told, &next.desks[desk].told);
        if before.len() == after.len() {
            let call = next.desks[desk].call(script, &next.table).unwrap();
            actor.expect(&Waiting::from([(0, call)])).await;
        } else {
            assert_eq!(actor.end_of(0).await, matches!(after.last(), Some(Told::Done { .. })));
            self.desks[desk] = None;
        }
    }
}

/// The calls that a process of the model would make next.
fn waiting(process: &Process) -> Waiting {
    let lanes = process.lanes().into_iter();
    let calls = lanes.filter_map(|lane| {
        let key = match lane {
            Lane::Task(task) => task,
            Lane::Block => BLOCK,
        };
        Some((key, call_of(process, lane)?))
    });
    calls.collect()
}
