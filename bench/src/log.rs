//! What a host and its functions write, line by line, as it comes.

use std::io::{BufRead as _, BufReader, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

/// The lines of a host's two streams.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    /// Reads a stream on a thread of its own until it ends.
    pub(crate) fn follow(&self, stream: impl Read + Send + 'static) {
        let log = self.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
                log.lock().push(String::from_utf8_lossy(&line).into_owned());
            }
        });
    }

    /// How many lines there are until now: a mark for `since`.
    pub(crate) fn mark(&self) -> usize {
        self.lock().len()
    }

    /// The lines after a mark.
    pub(crate) fn since(&self, mark: usize) -> Vec<String> {
        self.lock().iter().skip(mark).cloned().collect()
    }

    /// The lines after a mark that a function logged, parsed. The function is named as its folder is.
    pub(crate) fn of_function(&self, function: &str, mark: usize) -> Vec<Value> {
        let name = tag(function);
        let lines = self.since(mark);
        lines.iter().filter(|line| line.starts_with(&name)).filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How each line of a function begins, as the host tags it.
pub(crate) fn tag(function: &str) -> String {
    format!("{{\"function\":\"turno-{function}\"")
}
