//! `turno fire`: runs a function of the running host now, through Lambda Invoke with the operator's credentials.

use http::{Request, header};
use hyper::body::Bytes;

use crate::cli::FireOptions;
use crate::client::Client;
use crate::data_dir::DataDir;
use crate::error::HostError;
use crate::{schedules, secrets};

/// Invokes the function and gives its answer. An error of the function is an error here.
pub(crate) async fn run(options: &FireOptions) -> Result<String, HostError> {
    let host = DataDir::running(&options.data.dir)?;
    let operator = secrets::read_file(&options.data.dir.join("secrets.json"))?.operator;
    let time = options.at.unwrap_or_else(crate::clock::now);
    let credential =
        format!("AWS4-HMAC-SHA256 Credential={}/local/us-east-1/lambda/aws4_request", operator.access_key_id);
    let request = Request::post(format!("{}/2015-03-31/functions/{}/invocations", host.aws_url, options.function))
        .header(header::AUTHORIZATION, credential)
        .body(Bytes::from(schedules::fired_at(time)))
        .map_err(|error| HostError::Refused(format!("{}: {error}", options.function)))?;
    let answer = Client::new()
        .send(request)
        .await
        .map_err(|source| HostError::NoAnswer { url: host.aws_url.clone(), source })?;
    let body = String::from_utf8_lossy(&answer.body).into_owned();
    if answer.status.is_success() && !answer.headers.contains_key("x-amz-function-error") {
        Ok(body)
    } else {
        Err(HostError::Refused(format!("{}: {body}", options.function)))
    }
}
