//! An exhaustive breadth-first explorer: every state that can be reached, each once, by its shortest path.
//!
//! States are kept whole, not as fingerprints, so two states never count as one. Source: docs/adr/0014-protocol-model.md.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

/// What is explored.
pub(super) trait Protocol {
    /// A state of the whole system.
    type State: Clone + Eq + Hash;
    /// What leads from one to the next.
    type Action: Clone + Debug;
    /// What is promised of states.
    type Promise: Copy + Eq + Debug;

    /// Where it begins.
    fn initial(&self) -> Self::State;
    /// Everything that may happen next.
    fn steps(&self, state: &Self::State) -> Vec<(Self::Action, Self::State)>;
    /// The promises that this state breaks.
    fn broken(&self, state: &Self::State) -> Vec<Self::Promise>;
    /// Whether all work is done.
    fn is_finished(&self, state: &Self::State) -> bool;
    /// The promise that is broken by a state from which no finished state can be reached.
    fn finishes(&self) -> Self::Promise;
}

/// What an exploration found.
#[derive(Debug)]
pub(super) struct Explored<P: Protocol> {
    /// Different states.
    pub(super) states: usize,
    /// Steps between them.
    pub(super) steps: usize,
    /// States in which all work is done.
    pub(super) finished: usize,
    /// Each broken promise with a shortest path to a state that breaks it, shortest first.
    pub(super) broken: Vec<(P::Promise, Vec<P::Action>)>,
}

/// Visits every state or, with `until`, those up to the first that breaks this promise.
pub(super) fn explore<P: Protocol>(protocol: &P, until: Option<P::Promise>) -> Explored<P> {
    let initial = Rc::new(protocol.initial());
    let mut seen = HashMap::from([(Seen::of(&initial), 0)]);
    let mut states = vec![initial];
    let mut came_by: Vec<Option<(usize, P::Action)>> = vec![None];
    let mut leads_back: Vec<Vec<u32>> = vec![Vec::new()];
    let mut finished = Vec::new();
    let mut broken: Vec<(P::Promise, usize)> = Vec::new();
    let mut steps = 0;
    let mut at = 0;
    while let Some(state) = states.get(at).map(Rc::clone) {
        for promise in protocol.broken(&state) {
            if broken.iter().all(|(known, _)| *known != promise) {
                broken.push((promise, at));
            }
        }
        if broken.iter().any(|(promise, _)| Some(*promise) == until) {
            return Explored::new(states.len(), steps, finished.len(), &broken, &came_by);
        }
        if protocol.is_finished(&state) {
            finished.push(at);
        }
        for (action, next) in protocol.steps(&state) {
            steps += 1;
            let next = Rc::new(next);
            let place = *seen.entry(Seen::of(&next)).or_insert_with(|| {
                states.push(next);
                came_by.push(Some((at, action)));
                leads_back.push(Vec::new());
                states.len() - 1
            });
            leads_back[place].push(u32::try_from(at).unwrap());
        }
        at += 1;
    }
    if let Some(stuck) = first_that_leads_nowhere(&leads_back, &finished) {
        broken.push((protocol.finishes(), stuck));
    }
    Explored::new(states.len(), steps, finished.len(), &broken, &came_by)
}

impl<P: Protocol> Explored<P> {
    fn new(
        states: usize,
        steps: usize,
        finished: usize,
        broken: &[(P::Promise, usize)],
        came_by: &[Option<(usize, P::Action)>],
    ) -> Self {
        let broken = broken.iter().map(|(promise, at)| (*promise, path::<P>(came_by, *at))).collect();
        Self { states, steps, finished, broken }
    }
}

/// A state with its hash, which is dear and so made only once.
#[derive(PartialEq, Eq)]
struct Seen<S>(u64, Rc<S>);

impl<S: Hash> Seen<S> {
    fn of(state: &Rc<S>) -> Self {
        let mut hasher = DefaultHasher::new();
        state.hash(&mut hasher);
        Self(hasher.finish(), Rc::clone(state))
    }
}

impl<S> Hash for Seen<S> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

/// The first state from which no finished one can be reached, by going back from the finished ones.
fn first_that_leads_nowhere(leads_back: &[Vec<u32>], finished: &[usize]) -> Option<usize> {
    let mut can_finish = vec![false; leads_back.len()];
    let mut open = finished.to_vec();
    while let Some(at) = open.pop() {
        if !std::mem::replace(&mut can_finish[at], true) {
            open.extend(leads_back[at].iter().map(|before| *before as usize));
        }
    }
    can_finish.iter().position(|can| !can)
}

fn path<P: Protocol>(came_by: &[Option<(usize, P::Action)>], mut at: usize) -> Vec<P::Action> {
    let mut actions = Vec::new();
    while let Some((before, action)) = &came_by[at] {
        actions.push(action.clone());
        at = *before;
    }
    actions.reverse();
    actions
}

/// Two counters that go up to a bound and never down: states, steps and paths can be told by hand.
#[derive(Debug)]
struct Counters {
    /// A value of the first counter that cannot be left.
    trap: Option<u8>,
}

impl Protocol for Counters {
    type State = (u8, u8);
    type Action = &'static str;
    type Promise = &'static str;

    fn initial(&self) -> (u8, u8) {
        (0, 0)
    }

    fn steps(&self, &(left, right): &(u8, u8)) -> Vec<(&'static str, (u8, u8))> {
        let trapped = self.trap == Some(left);
        let all = [("left", (left + 1, right)), ("right", (left, right + 1))];
        all.into_iter().filter(|(_, (left, right))| !trapped && *left <= 3 && *right <= 3).collect()
    }

    fn broken(&self, state: &(u8, u8)) -> Vec<&'static str> {
        if *state == (1, 2) { vec!["never (1, 2)"] } else { Vec::new() }
    }

    fn is_finished(&self, state: &(u8, u8)) -> bool {
        *state == (3, 3)
    }

    fn finishes(&self) -> &'static str {
        "finishes"
    }
}

#[test]
fn every_state_is_visited_once_and_the_shortest_path_to_a_broken_promise_is_found() {
    let found = explore(&Counters { trap: None }, None);
    assert_eq!((found.states, found.steps, found.finished), (16, 24, 1));
    assert_eq!(found.broken.len(), 1);
    assert_eq!((found.broken[0].0, found.broken[0].1.len()), ("never (1, 2)", 3));
}

#[test]
fn a_state_from_which_work_cannot_be_finished_is_found() {
    let found = explore(&Counters { trap: Some(2) }, None);
    assert_eq!(
        found.broken.last().map(|(promise, path)| (*promise, path.as_slice())),
        Some(("finishes", [].as_slice()))
    );
}
