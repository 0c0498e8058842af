//! `AWS::IAM::Role`: the statements that a function's calls are held to.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::{
    Effect, Statement,
    intrinsics::Problem,
    kinds::{Kind, kind_of},
    loose::{Texts, read as read_properties},
    resources::Declared,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RoleProperties {
    #[serde(rename = "AssumeRolePolicyDocument")]
    _assume_role_policy_document: IgnoredAny,
    #[serde(default, rename = "RoleName")]
    _role_name: IgnoredAny,
    policies: Vec<Policy>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Policy {
    #[serde(rename = "PolicyName")]
    _policy_name: IgnoredAny,
    policy_document: PolicyDocument,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PolicyDocument {
    #[serde(rename = "Version")]
    _version: IgnoredAny,
    statement: Vec<PolicyStatement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PolicyStatement {
    sid: Option<String>,
    effect: Effect,
    action: Texts,
    resource: Texts,
    #[serde(default)]
    condition: Value,
}

/// The statements of the role with this ARN, which `here` has.
pub(super) fn statements(here: &Declared<'_>, role_arn: &str) -> Result<Vec<Statement>, Problem> {
    for (logical_id, resource) in &here.scope.document.resources {
        let is_role = matches!(kind_of(resource), Ok(Kind::Role)) && here.scope.exists(resource)?;
        if !is_role || here.scope.attribute(logical_id, "Arn")? != role_arn {
            continue;
        }
        let role = Declared { scope: here.scope, logical_id, resource };
        let properties: RoleProperties = role
            .properties()
            .and_then(read_properties)
            .map_err(|problem| problem.under(format!("role {logical_id}")))?;
        let statements = properties.policies.into_iter().flat_map(|policy| policy.policy_document.statement);
        return Ok(statements
            .map(|statement| Statement {
                sid: statement.sid,
                effect: statement.effect,
                actions: statement.action.0,
                resources: statement.resource.0,
                conditions: statement.condition,
            })
            .collect());
    }
    Err(Problem::new(format!("{role_arn} is no role of the template")).under("Role"))
}
