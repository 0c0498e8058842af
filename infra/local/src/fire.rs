//! `turno fire`: runs a function of the running host now, through Lambda Invoke with the operator's credentials.

use hyper::body::Bytes;

use crate::cli::FireOptions;
use crate::error::HostError;
use crate::operator::Operator;
use crate::schedules;

/// Invokes the function and gives its answer. An error of the function is an error here.
pub(crate) async fn run(options: &FireOptions) -> Result<String, HostError> {
    let operator = Operator::of(&options.data.dir)?;
    let time = options.at.unwrap_or_else(crate::clock::now);
    let path = format!("/2015-03-31/functions/{}/invocations", options.function);
    let answer = operator.post(&path, Bytes::from(schedules::fired_at(time))).await?;
    let body = String::from_utf8_lossy(&answer.body).into_owned();
    if answer.status.is_success() && !answer.headers.contains_key("x-amz-function-error") {
        Ok(body)
    } else {
        Err(HostError::Refused(format!("{}: {body}", options.function)))
    }
}
