//! `turno say`: a customer's message, as the provider of a demo connection would post it to the webhook.

mod attachment;
mod gateways;

use std::time::Duration;

use hyper::body::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cli::SayOptions;
use crate::client::Client;
use crate::data_dir::{DataDir, data_error};
use crate::demo;
use crate::error::HostError;
use crate::meta::{self, Direction};
use crate::secrets;
use attachment::Attached;

/// Sends the message and tells what was answered, and how long that took.
pub(crate) async fn run(options: &SayOptions) -> Result<String, HostError> {
    let host = DataDir::running(&options.data.dir)?;
    let secrets = secrets::read_file(&options.data.dir.join("secrets.json"))?;
    let unusable = |error: http::Error| HostError::Refused(format!("the message cannot be sent: {error}"));
    let refused = |reason: &str| HostError::Refused(reason.to_owned());
    let request = if let Some(token) = secrets.gateways.get(&options.connection) {
        if options.attach.is_some() {
            return Err(refused("--attach: files come by Cloud API connections alone"));
        }
        let body = body(options, |said| Ok(gateways::body(said.connection, said.from, said.text, said.name, said.at)))?;
        gateways::request(&host.api_url, &options.connection, token, body)
    } else {
        let secret =
            secrets.app_secret().ok_or_else(|| refused("secrets.json has no app secret for the app default"))?;
        let attached = match &options.attach {
            Some(file) => Some(attachment::put(&host.graph_url, &secrets, file).await?),
            None => None,
        };
        meta::signed(&host.api_url, secret, body(options, |said| cloud_api(said, attached.as_ref()))?)
    };
    let sent_at = std::time::Instant::now();
    let answer = tokio::time::timeout(Duration::from_secs(30), Client::new().send(request.map_err(unusable)?))
        .await
        .map_err(|_| refused("the host did not answer within 30 seconds"))?
        .map_err(|source| HostError::NoAnswer { url: host.api_url.clone(), source })?;
    let took = sent_at.elapsed();
    let line =
        format!("{} in {:.1} ms {}", answer.status, took.as_secs_f64() * 1000.0, String::from_utf8_lossy(&answer.body));
    if answer.status.is_success() { Ok(line.trim_end().to_owned()) } else { Err(HostError::Refused(line)) }
}

/// The bytes of the file, or the body that `write` makes of the options.
fn body(options: &SayOptions, write: impl FnOnce(&Said<'_>) -> Result<Value, HostError>) -> Result<Bytes, HostError> {
    if let Some(file) = &options.file {
        return std::fs::read(file).map(Bytes::from).map_err(|source| data_error("cannot read", file, source));
    }
    let said = Said {
        connection: &options.connection,
        from: options.from.as_deref().unwrap_or_default(),
        text: options.text.as_deref().unwrap_or_default(),
        name: &options.name,
        at: crate::clock::now(),
    };
    if !(5..=20).contains(&said.from.len()) || !said.from.bytes().all(|byte| byte.is_ascii_digit()) {
        let message = format!("--from {}: a phone number is digits with the country code", said.from);
        return Err(HostError::Refused(message));
    }
    Ok(meta::written(&write(&said)?))
}

struct Said<'a> {
    connection: &'a str,
    from: &'a str,
    text: &'a str,
    name: &'a str,
    at: Timestamp,
}

fn cloud_api(said: &Said<'_>, attached: Option<&Attached>) -> Result<Value, HostError> {
    let phone_number_id = demo::phone_number_id(said.connection).ok_or_else(|| {
        let known = demo::CONNECTIONS.join(", ");
        HostError::Refused(format!("--connection {}: the demo has {known}; use --file for others", said.connection))
    })?;
    let (kind, content) = match attached {
        Some(attached) => (attached.kind, attached.content(said.text)),
        None => ("text", json!({ "body": said.text })),
    };
    let mut message = json!({
        "from": said.from,
        "id": meta::message_id(said.from, Direction::FromCustomer),
        "timestamp": said.at.as_second().to_string(),
        "type": kind,
    });
    message[kind] = content;
    let contacts = json!([{ "profile": { "name": said.name }, "wa_id": said.from }]);
    Ok(meta::envelope(phone_number_id, json!({ "contacts": contacts, "messages": [message] })))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(connection: &str) -> Said<'_> {
        Said {
            connection,
            from: "77079861373",
            text: "Meu pedido não chegou",
            name: "Maria",
            at: "2026-01-01T00:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn a_cloud_api_body_names_the_connection_by_its_phone_number_id() {
        let body = cloud_api(&said("suporte"), None).unwrap();
        let value = &body["entry"][0]["changes"][0]["value"];
        assert_eq!(value["metadata"]["phone_number_id"], "100000000000002");
        assert_eq!(value["messages"][0]["text"]["body"], "Meu pedido não chegou");
        assert_eq!(value["messages"][0]["timestamp"], "1767225600");
        assert_eq!(value["contacts"][0]["wa_id"], "77079861373");
    }

    #[test]
    fn an_unknown_connection_is_refused_with_those_there_are() {
        let refusal = cloud_api(&said("vendas"), None).unwrap_err().to_string();
        assert!(refusal.contains("vendas") && refusal.contains("comercial"), "{refusal}");
    }
}
