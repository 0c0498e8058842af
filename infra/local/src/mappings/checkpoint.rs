//! How far a function has read a stream, kept over restarts in a file of its own.
//!
//! A checkpoint that is lost only makes records come again; one that runs ahead would lose them, so it is written after
//! the function has succeeded and never before.

use std::path::{Path, PathBuf};

use crate::data_dir::{data_error, write_private};
use crate::error::HostError;

/// The last record that is done with; `None` before the first.
#[derive(Debug)]
pub(super) struct Checkpoint {
    /// `None` keeps nothing: the tables live in memory as well.
    file: Option<PathBuf>,
    sequence_number: Option<String>,
}

impl Checkpoint {
    pub(super) fn open(dir: Option<&Path>, function: &str, table: &str) -> Result<Self, HostError> {
        let Some(dir) = dir else { return Ok(Self { file: None, sequence_number: None }) };
        std::fs::create_dir_all(dir).map_err(|source| data_error("cannot create", dir, source))?;
        let file = dir.join(format!("{function}.{table}"));
        let sequence_number = match std::fs::read_to_string(&file) {
            Ok(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(source) => return Err(data_error("cannot read", &file, source)),
        };
        Ok(Self { file: Some(file), sequence_number })
    }

    pub(super) fn sequence_number(&self) -> Option<&str> {
        self.sequence_number.as_deref()
    }

    /// Moves on in memory even when the file cannot be written: the error is for the log.
    pub(super) fn advance(&mut self, sequence_number: &str) -> Result<(), HostError> {
        self.sequence_number = Some(sequence_number.to_owned());
        match &self.file {
            Some(file) => write_private(file, sequence_number.as_bytes()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_there_after_a_restart_for_its_function_and_table_alone() {
        let dir = tempfile::tempdir().unwrap();
        let open = |function| Checkpoint::open(Some(dir.path()), function, "turno-Table").unwrap();
        let mut relay = open("relay");
        assert_eq!(relay.sequence_number(), None);
        relay.advance("100000000000000000007").unwrap();
        assert_eq!(open("relay").sequence_number(), Some("100000000000000000007"));
        assert_eq!(open("other").sequence_number(), None);
    }
}
