//! What a host and its functions wrote, line by line.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use serde_json::Value;

/// The lines of a process's two streams, as they come.
pub(crate) struct Output {
    lines: Arc<Mutex<Vec<String>>>,
    readers: Vec<JoinHandle<()>>,
}

impl Output {
    /// Reads the streams until they end.
    pub(super) fn of(streams: [Box<dyn Read + Send>; 2]) -> Self {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let reader = |stream: Box<dyn Read + Send>| {
            let lines = Arc::clone(&lines);
            std::thread::spawn(move || {
                for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
                    lines.lock().unwrap().push(String::from_utf8_lossy(&line).into_owned());
                }
            })
        };
        let readers = streams.into_iter().map(reader).collect();
        Self { lines, readers }
    }

    /// All lines until now.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// The lines until now that `function` logged with this message, parsed.
    pub(crate) fn logged(&self, function: &str, message: &str) -> Vec<Value> {
        let wanted = |line: &Value| line["function"] == format!("turno-{function}") && line["message"] == message;
        self.lines().iter().filter_map(|line| serde_json::from_str(line).ok()).filter(wanted).collect()
    }

    /// All lines, once the streams have ended.
    pub(super) fn rest(&mut self) -> Vec<String> {
        for reader in self.readers.drain(..) {
            let _a_line_that_is_lost_is_not_the_test_s_matter = reader.join();
        }
        self.lines()
    }
}
