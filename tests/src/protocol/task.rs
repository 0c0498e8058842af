//! The messages of one group of a batch, one after the other: `functions/ingest/src/lib.rs` `take_group`, `bursts.rs`, `counting.rs`.

use super::call::Call;
use super::count::Count;
use super::ingest::{At, Taking};
use super::plan::{Plan, TicketStep, Work};
use super::table::{ContactId, Conversation, NAMED, Table, TicketId};
use super::variant::Variant;

/// The work on a group.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Task {
    units: Vec<u8>,
    /// The place of the unit under work.
    at: usize,
    /// The unit under work.
    taking: Taking,
    /// `Burst::left`: the conversation as the message before has left it.
    left: Option<(ContactId, Conversation)>,
    /// `Burst::uncounted`, with their places.
    uncounted: Vec<(usize, Taking)>,
    /// `Burst::count`.
    count: Option<Count>,
    phase: Phase,
}

/// What the next call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Phase {
    /// The unit under work.
    Taking,
    /// Those that are uncounted, all at once.
    Counting,
    /// The first of them, which looks for itself.
    Alone,
}

impl Task {
    pub(super) fn begin(units: Vec<u8>) -> Self {
        let taking = Taking::begin();
        Self { units, at: 0, taking, left: None, uncounted: Vec::new(), count: None, phase: Phase::Taking }
    }

    /// Whether everything was done, once it has come to its end.
    pub(super) fn end(&self) -> Option<bool> {
        match (self.phase, self.taking.at) {
            (Phase::Taking, At::Done) => Some(true),
            (Phase::Taking, At::Failed) => Some(false),
            _ => None,
        }
    }

    /// The units that are not done at its end.
    pub(super) fn undone(&self) -> &[u8] {
        if self.end() == Some(true) { &[] } else { &self.units[self.at..] }
    }

    /// The unit whose call is next. Of those that are counted at once it is the first.
    pub(super) fn unit(&self) -> u8 {
        match self.phase {
            Phase::Taking => self.units[self.at],
            Phase::Counting | Phase::Alone => self.units[self.uncounted[0].0],
        }
    }

    /// The call that it makes next; none where it waits or has ended.
    pub(super) fn call(&self) -> Option<Call> {
        match self.phase {
            Phase::Counting => Some(Call::CountMessage),
            Phase::Taking | Phase::Alone => self.active().call(),
        }
    }

    /// The ticket that it waits for.
    pub(super) fn wants(&self) -> Option<TicketId> {
        self.active().wants()
    }

    /// After a call whose answer was lost: whether a transaction is sent again.
    pub(super) fn repeats(&mut self) {
        let taking = self.active_mut();
        taking.repeated = matches!(taking.at, At::Change(..));
    }

    /// Makes the call and goes on to the next.
    pub(super) fn step(&mut self, work: Work, table: &mut Table, stale: bool) {
        let on_uncounted = self.phase == Phase::Taking && !self.uncounted.is_empty();
        let work = Work { on_uncounted, ..work };
        match self.phase {
            Phase::Counting => self.count(work.variant, table),
            Phase::Taking | Phase::Alone => self.active_mut().step(work, table, stale),
        }
        self.go_on(work);
    }

    /// Goes on after the block that it waited for.
    pub(super) fn opened(&mut self, work: Work, made: Option<TicketId>) {
        self.active_mut().opened(made);
        self.go_on(work);
    }

    fn active(&self) -> &Taking {
        match (self.phase, self.uncounted.first()) {
            (Phase::Alone, Some((_, first))) => first,
            _ => &self.taking,
        }
    }

    fn active_mut(&mut self) -> &mut Taking {
        match (self.phase, self.uncounted.first_mut()) {
            (Phase::Alone, Some((_, first))) => first,
            _ => &mut self.taking,
        }
    }

    /// Whatever comes next without a call.
    fn go_on(&mut self, work: Work) {
        loop {
            if self.phase == Phase::Alone {
                let (at, first) = &mut self.uncounted[0];
                match first.at {
                    At::Written(plan) => first.at = At::Count(plan),
                    At::Failed => {
                        (self.at, self.taking.at, self.phase) = (*at, At::Failed, Phase::Taking);
                        self.uncounted.clear();
                    }
                    At::Done => {
                        self.uncounted.remove(0);
                        match self.uncounted.first_mut() {
                            Some((_, next)) => next.at = At::ReadConversation,
                            None => self.phase = Phase::Taking,
                        }
                        continue;
                    }
                    _ => {}
                }
                return;
            }
            if self.phase == Phase::Counting {
                return;
            }
            let waits = !self.uncounted.is_empty();
            match self.taking.at {
                At::Written(plan) if work.variant == Variant::DedupAfterWrite => {
                    self.taking.at = At::Count(plan);
                    return;
                }
                At::Written(plan) => {
                    if !self.add(work, plan) {
                        self.phase = Phase::Counting;
                    }
                }
                At::Done if self.at + 1 < self.units.len() => {
                    self.at += 1;
                    self.taking = self.left.take().map_or_else(Taking::begin, Taking::with);
                }
                At::FindContact | At::ReadConversation if work.variant == Variant::ReadWhileUncounted => return,
                At::FindContact | At::ReadConversation | At::Done | At::Failed if waits => self.phase = Phase::Counting,
                _ => return,
            }
        }
    }

    /// `Burst::add`.
    fn add(&mut self, work: Work, plan: Plan) -> bool {
        let taking = std::mem::replace(&mut self.taking, Taking::done());
        let id = taking.conversation(work);
        let count = Count::of(work, id, plan);
        self.left = Some((id.contact, count.leaves()));
        self.count = Some(self.count.map_or(count, |before| before.and(count)));
        self.uncounted.push((self.at, taking));
        matches!(plan.step, TicketStep::Join(_)) && self.uncounted.len() < NAMED
    }

    /// `Storage::count` of all that are uncounted.
    fn count(&mut self, variant: Variant, table: &mut Table) {
        let Some(count) = self.count.take() else { return };
        let is_counted = count.commit(variant, table);
        if !is_counted {
            self.left = None;
        }
        if is_counted || variant == Variant::RefusedIsDone {
            self.uncounted.clear();
            self.phase = Phase::Taking;
        } else {
            self.uncounted[0].1.at = At::ReadConversation;
            self.phase = Phase::Alone;
        }
    }
}
