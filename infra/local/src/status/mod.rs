//! `turno status`: what the running host holds and does, as a table for people or as JSON for machines.
//!
//! The host collects, the command shows. Exit code 0 when all is well, 2 when somebody should look (see [`Report::troubles`]),
//! 1 when no host runs.

mod collect;
mod report;
mod text;

use std::process::ExitCode;

pub(crate) use collect::Collector;
pub(crate) use report::{QueueReport, Report};

use crate::cli::StatusOptions;
use crate::error::HostError;
use crate::operator::Operator;

/// Where the host answers with its report.
pub(crate) const PATH: &str = "/_turno/status";
/// All runs, and somebody should look.
const TROUBLED: u8 = 2;

/// What to print, and how to end.
pub(crate) async fn run(options: &StatusOptions) -> Result<(String, ExitCode), HostError> {
    let operator = Operator::of(&options.data.dir)?;
    let report = fetch(&operator).await?;
    let troubled = !report.troubles().is_empty();
    let code = if troubled { ExitCode::from(TROUBLED) } else { ExitCode::SUCCESS };
    let shown = if options.json {
        serde_json::to_string_pretty(&report).map_err(|error| HostError::Refused(error.to_string()))?
    } else {
        text::of(&report, &operator.host)
    };
    Ok((shown, code))
}

/// The report of the running host.
pub(crate) async fn fetch(operator: &Operator) -> Result<Report, HostError> {
    let answer = operator.get(PATH).await?;
    let told = String::from_utf8_lossy(&answer.body);
    if !answer.status.is_success() {
        return Err(HostError::Refused(format!("the host has no status: {} {told}", answer.status)));
    }
    serde_json::from_str(&told).map_err(|error| {
        HostError::Refused(format!("the host that runs is another version than this command: {error}"))
    })
}
