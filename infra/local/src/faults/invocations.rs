//! Faults of invocations: refused, or cut off at a moment that the seed chooses.

use std::time::Duration;

use super::{Faults, Kind};

/// An invocation that will not end by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    /// How long after it was handed over. An answer that comes before is not taken.
    pub(crate) after: Duration,
    pub(crate) ending: Ending,
}

/// What the caller of a cut invocation is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Killed,
    TimedOut,
}

impl Faults {
    /// Whether Lambda refuses this invocation for want of capacity.
    pub(crate) fn refuses_invocation(&self, function: &str) -> bool {
        self.strike(Kind::Throttle, [function, "invocation"]).is_some()
    }

    /// Whether this invocation, which a process has just taken, is cut off. `usual` is how long the function's last one took.
    pub(crate) fn cut(&self, function: &str, usual: Duration) -> Option<Cut> {
        let place = [function, "invocation"];
        let kinds = [(Kind::Kill, Ending::Killed), (Kind::Timeout, Ending::TimedOut)];
        let (mut details, ending) =
            kinds.into_iter().find_map(|(kind, ending)| Some((self.strike(kind, place)?, ending)))?;
        // A quarter of them when the work is done; the others spread over the time that it usually takes.
        let after = if details.u8(..4) == 0 { Duration::MAX } else { usual.mul_f64(details.f64()) };
        Some(Cut { after, ending })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_lie_before_during_and_after_the_work_and_come_from_the_seed() {
        let usual = Duration::from_millis(100);
        let cuts = || {
            let faults = Faults::default();
            faults.set(Some("7:kill=1".parse().unwrap()));
            (0..400).map(|_| faults.cut("ingest", usual).unwrap()).collect::<Vec<_>>()
        };
        let moments = cuts();
        assert_eq!(moments, cuts());
        let count = |from: u64, to: u64| {
            let range = Duration::from_millis(from)..Duration::from_millis(to);
            moments.iter().filter(|cut| range.contains(&cut.after)).count()
        };
        let after_the_work = moments.iter().filter(|cut| cut.after == Duration::MAX).count();
        assert!((60..140).contains(&after_the_work), "{after_the_work}");
        assert!(count(0, 50) > 100 && count(50, 100) > 100, "{} {}", count(0, 50), count(50, 100));
        assert!(moments.iter().all(|cut| cut.ending == Ending::Killed));
    }

    #[test]
    fn a_timeout_is_told_from_a_kill_and_nothing_asked_for_cuts_nothing() {
        let faults = Faults::default();
        assert_eq!(faults.cut("ingest", Duration::ZERO), None);
        assert!(!faults.refuses_invocation("ingest"));
        faults.set(Some("7:timeout=1,kill=0,throttle=1".parse().unwrap()));
        assert_eq!(faults.cut("ingest", Duration::ZERO).unwrap().ending, Ending::TimedOut);
        assert!(faults.refuses_invocation("ingest"));
        faults.set(None);
        assert_eq!(faults.cut("ingest", Duration::ZERO), None);
    }
}
