//! Why a file was not fetched: for now, or for good.

use std::time::Duration;

use domain::media::MediaFailure;
use runtime::Problem;

/// A try that did not give the file.
#[derive(Debug)]
pub(crate) enum Missed {
    /// Another try would end as this one.
    ForGood(MediaFailure),
    /// Another try may give it.
    ForNow {
        /// What the message says once it was tried often enough.
        reason: MediaFailure,
        /// For the log: never an address or a token.
        cause: String,
        /// How long the provider asks to wait.
        after: Option<Duration>,
    },
}

impl Missed {
    /// It may be had later.
    pub(crate) fn now(cause: impl Into<String>) -> Self {
        Self::ForNow { reason: MediaFailure::Unavailable, cause: cause.into(), after: None }
    }

    /// What it comes to when a file was missed here and then elsewhere: what is lost in one place may be had in the other later.
    pub(crate) fn or_elsewhere(self, elsewhere: Self) -> Self {
        if matches!((&self, &elsewhere), (Self::ForNow { .. }, Self::ForGood(_))) { self } else { elsewhere }
    }

    /// The credentials are not good; somebody may renew them.
    pub(crate) fn refused(cause: impl Into<String>) -> Self {
        Self::ForNow { reason: MediaFailure::Refused, cause: cause.into(), after: None }
    }
}

impl From<storage::Error> for Missed {
    fn from(error: storage::Error) -> Self {
        Self::now(runtime::problem::causes(&error))
    }
}

pub(crate) fn internal(error: impl std::error::Error + Send + Sync + 'static) -> Problem {
    Problem::Internal { source: Box::new(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_place_may_give_later_is_not_given_up_for_what_another_has_lost() {
        let check = |here: Missed, elsewhere: Missed, is_given_up: bool| {
            assert_eq!(matches!(here.or_elsewhere(elsewhere), Missed::ForGood(_)), is_given_up);
        };
        let (busy, gone) = (|| Missed::now("busy"), || Missed::ForGood(MediaFailure::Gone));
        check(busy(), gone(), false);
        check(gone(), busy(), false);
        check(busy(), busy(), false);
        check(gone(), gone(), true);
    }
}
