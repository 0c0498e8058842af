//! `turno check`: proves the invariants I1 to I8 of what a data directory holds, while a host serves from it or not.
//!
//! Reads everything once, partition by partition, and writes nothing. What must hold is `domain::invariants`' to say, which
//! keys there are `storage::survey`'s. Must never print what anybody said, is called, or is reached at. Source:
//! docs/adr/0013-check.md.

mod again;
mod books;
mod partition;
mod queue_file;
mod report;
mod snapshot;
mod table_file;
mod under_way;

use std::process::ExitCode;

use crate::cli::CheckOptions;
use crate::error::on_one_line;
use partition::Reader;
use report::Report;
use snapshot::{Snapshot, Unreadable};
use under_way::UnderWay;

/// Checks the data: 0 when everything holds, 1 when something does not, 2 when the data cannot be read.
pub(crate) fn run(options: &CheckOptions) -> ExitCode {
    match check(options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("turno: check {}: {}", options.data.dir.display(), on_one_line(&error));
            ExitCode::from(2)
        }
    }
}

fn check(options: &CheckOptions) -> Result<bool, Unreadable> {
    let snapshot = Snapshot::take(&options.data.dir)?;
    let under_way = UnderWay::of(&snapshot)?;
    let given_up = under_way.given_up();
    let mut report = Report::new(under_way);
    for (org, finding) in given_up {
        report.tell(org.as_ref(), [finding]);
    }
    let mut reader = Reader::new(&snapshot, report)?;
    snapshot.partitions(&mut |items| reader.read(items))?;
    let (mut report, suspects) = reader.close();
    suspects.look_again(&snapshot, &mut report)?;
    Ok(report.end())
}
