//! Those who need the same kind of call at the same moment: the first makes it for all of them.

use std::sync::{Mutex, PoisonError};

/// Those who wait.
#[derive(Debug)]
pub(crate) struct Meeting<T>(Mutex<Vec<T>>);

impl<T> Default for Meeting<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Meeting<T> {
    /// Lets one more wait. The first is given all who came, itself among them, and everybody else nothing.
    ///
    /// If the first ends before it has answered, those who wait are dropped with it: whoever waits has to see that.
    pub(crate) async fn join(&self, one: T) -> Option<Vec<T>> {
        if !self.is_first(one) {
            return None;
        }
        let turn = Turn(self);
        // Others of the same batch are about to come.
        tokio::task::yield_now().await;
        let all = self.take();
        // Who comes from now on has a first of its own.
        std::mem::forget(turn);
        Some(all)
    }

    fn is_first(&self, one: T) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(one);
        all.len() == 1
    }

    fn take(&self) -> Vec<T> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The first's duty, until it has taken all.
struct Turn<'a, T>(&'a Meeting<T>);

impl<T> Drop for Turn<'_, T> {
    fn drop(&mut self) {
        drop(self.0.take());
    }
}
