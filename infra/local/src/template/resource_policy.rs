//! Policies of queues and buckets. Roles decide alone here, so a policy that would change what a function may do is refused.
//!
//! Two statements change nothing on one machine. A refusal of what comes without TLS: functions reach this host over loopback,
//! which leaves the machine as little as AWS's own network leaves AWS, and TLS there would only be decrypted by the same
//! process. And an allowance for a service of AWS: none of them calls here.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::{Effect, intrinsics::Problem, loose::read as read_properties, resources::Declared};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    #[serde(default, rename = "Bucket")]
    _bucket: IgnoredAny,
    #[serde(default, rename = "Queues")]
    _queues: IgnoredAny,
    policy_document: Document,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Document {
    #[serde(default, rename = "Version")]
    _version: IgnoredAny,
    statement: Vec<PolicyStatement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PolicyStatement {
    #[serde(default, rename = "Sid")]
    _sid: IgnoredAny,
    effect: Effect,
    principal: Value,
    #[serde(rename = "Action")]
    _action: IgnoredAny,
    #[serde(rename = "Resource")]
    _resource: IgnoredAny,
    #[serde(default)]
    condition: Value,
}

/// Fails where a statement could let a function do more or less than its role.
pub(super) fn check(here: &Declared<'_>) -> Result<(), Problem> {
    let properties: Properties = read_properties(here.properties()?)?;
    for (n, statement) in properties.policy_document.statement.iter().enumerate() {
        let is_without_effect = match statement.effect {
            Effect::Deny => refuses_plain_http(&statement.condition),
            Effect::Allow => is_for_a_service(&statement.principal),
        };
        if !is_without_effect {
            let reason =
                "the local host knows a refusal of what comes without TLS and an allowance for a service of AWS alone";
            return Err(Problem::new(reason).under(format!("PolicyDocument.Statement[{n}]")));
        }
    }
    Ok(())
}

/// The condition is that there is no TLS, and no other.
fn refuses_plain_http(condition: &Value) -> bool {
    ["false", "False", "FALSE"].iter().any(|no| *condition == json!({ "Bool": { "aws:SecureTransport": no } }))
        || *condition == json!({ "Bool": { "aws:SecureTransport": false } })
}

fn is_for_a_service(principal: &Value) -> bool {
    principal.as_object().is_some_and(|principal| principal.len() == 1 && principal.contains_key("Service"))
}

#[cfg(test)]
mod tests {
    use crate::template::{Locals, Template};

    #[test]
    fn what_a_role_does_not_know_of_is_refused() {
        let plain = "Effect: Deny, Principal: '*', Action: 's3:*', Resource: '*', Condition";
        for (statement, is_known) in [
            (format!("{plain}: {{Bool: {{'aws:SecureTransport': 'false'}}}}"), true),
            (format!("{plain}: {{Bool: {{'aws:SecureTransport': false}}}}"), true),
            (format!("{plain}: {{Bool: {{'aws:SecureTransport': 'true'}}}}"), false),
            (format!("{plain}: {{Bool: {{'aws:SecureTransport': 'false', 'aws:ViaAWSService': 'true'}}}}"), false),
            (format!("{plain}: {{StringEquals: {{'aws:SourceVpc': v}}}}"), false),
            ("Effect: Deny, Principal: '*', Action: 's3:*', Resource: '*'".to_owned(), false),
            ("Effect: Allow, Principal: {Service: logging.s3.amazonaws.com}, Action: a, Resource: r".to_owned(), true),
            ("Effect: Allow, Principal: '*', Action: a, Resource: r".to_owned(), false),
            ("Effect: Allow, Principal: {Service: s, AWS: '*'}, Action: a, Resource: r".to_owned(), false),
            ("Effect: Allow, Principal: {Service: s}, NotAction: a, Resource: r".to_owned(), false),
        ] {
            for (kind, of) in [("S3::Bucket", "Bucket: !Ref Jobs"), ("SQS::Queue", "Queues: [!Ref Jobs]")] {
                let template = format!(
                    "Resources:\n  Api: {{Type: AWS::Serverless::HttpApi, Properties: {{StageName: $default}}}}\n  \
                     Jobs: {{Type: AWS::{kind}}}\n  Policy:\n    Type: AWS::{kind}Policy\n    Properties:\n      \
                     {of}\n      PolicyDocument: {{Statement: [{{{statement}}}]}}\n"
                );
                let read = Template::parse(&template, &Locals::default());
                assert_eq!(read.is_ok(), is_known, "{template}\n{:?}", read.err());
            }
        }
    }
}
