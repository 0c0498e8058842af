//! What a function may do: the IAM statements of its role, judged as AWS judges an identity's policies, and how often each
//! was needed.
//!
//! A deny wins, then an allow, and what nothing allows is refused.
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>. `NotAction` and
//! `NotResource` are refused where the template is read.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use super::conditions::{Conditions, LeadingKeys};
use super::pattern::matches;
use crate::template::{Effect, Function, Statement};

/// An action on a resource, as IAM names them: `sqs:SendMessage`, `arn:aws:sqs:us-east-1:000000000000:turno-Push`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) action: String,
    pub(crate) resource: String,
    pub(crate) leading_keys: LeadingKeys,
}

impl Call {
    /// A call that touches no item by its key.
    pub(crate) fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        Self { action: action.into(), resource: resource.into(), leading_keys: Some(Vec::new()) }
    }

    pub(crate) fn on_keys(self, leading_keys: LeadingKeys) -> Self {
        Self { leading_keys, ..self }
    }
}

/// The role of one function. Clones share the counts.
#[derive(Clone, Debug)]
pub(crate) struct Role {
    function: String,
    grants: Arc<[Grant]>,
}

/// One action of a statement on one of its resources: the least that could be taken out of the template.
#[derive(Debug)]
struct Grant {
    sid: Option<String>,
    effect: Effect,
    action: String,
    resource: String,
    conditions: Conditions,
    allowed: AtomicU64,
    alone: AtomicU64,
}

/// How often a part of a statement was needed since the host started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Usage {
    pub(crate) function: String,
    pub(crate) sid: Option<String>,
    pub(crate) action: String,
    pub(crate) resource: String,
    /// Calls that it allowed.
    pub(crate) allowed: u64,
    /// Calls that it allowed and nothing else of the role would have.
    pub(crate) alone: u64,
}

/// A call that the role does not allow, in AWS's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "User: arn:aws:sts::{account}:assumed-role/{function}/{function} is not authorized to perform: {action} on resource: {resource} {reason}",
    account = crate::template::ACCOUNT_ID
)]
pub(crate) struct Denied {
    function: String,
    action: String,
    resource: String,
    reason: String,
}

impl Role {
    /// The function's logical id.
    pub(crate) fn function(&self) -> &str {
        &self.function
    }

    /// Fails, naming the function, where a statement has a condition that is not judged here.
    pub(crate) fn new(function: &str, statements: &[Statement]) -> Result<Self, String> {
        let mut grants = Vec::new();
        for statement in statements {
            let conditions = Conditions::read(&statement.conditions).map_err(|what| {
                let actions = statement.actions.join(", ");
                format!("{function}: the statement for {actions} has {what}, which the local host does not judge")
            })?;
            for (action, resource) in
                statement.actions.iter().flat_map(|action| statement.resources.iter().map(move |to| (action, to)))
            {
                grants.push(Grant {
                    sid: statement.sid.clone(),
                    effect: statement.effect,
                    action: action.clone(),
                    resource: resource.clone(),
                    conditions: conditions.clone(),
                    allowed: AtomicU64::new(0),
                    alone: AtomicU64::new(0),
                });
            }
        }
        Ok(Self { function: function.to_owned(), grants: grants.into() })
    }

    /// The first of the calls that the role does not allow is the refusal; what allowed them is counted otherwise.
    pub(crate) fn check(&self, calls: &[Call]) -> Result<(), Denied> {
        let allowing = calls.iter().map(|call| self.allowing(call)).collect::<Result<Vec<_>, _>>()?;
        for grants in allowing {
            for grant in &grants {
                grant.allowed.fetch_add(1, Ordering::Relaxed);
            }
            if let [only] = grants[..] {
                only.alone.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    /// The same question without a count, for what is asked ahead of its use.
    pub(crate) fn would_allow(&self, call: &Call) -> Result<(), Denied> {
        self.allowing(call).map(|_| ())
    }

    /// What allows the call; never empty.
    fn allowing(&self, call: &Call) -> Result<Vec<&Grant>, Denied> {
        let of = |effect| self.grants.iter().filter(move |grant| grant.effect == effect && grant.covers(call));
        let allowing: Vec<_> = of(Effect::Allow).collect();
        let reason = if of(Effect::Deny).next().is_some() {
            "with an explicit deny in an identity-based policy".to_owned()
        } else if allowing.is_empty() {
            format!("because no identity-based policy allows the {} action", call.action)
        } else {
            return Ok(allowing);
        };
        let (action, resource) = (call.action.clone(), call.resource.clone());
        Err(Denied { function: self.function.clone(), action, resource, reason })
    }
}

impl Grant {
    fn covers(&self, call: &Call) -> bool {
        // Where nobody can tell whether a condition holds, the call is refused.
        let unsure = self.effect == Effect::Deny;
        matches(&self.action.to_ascii_lowercase(), &call.action.to_ascii_lowercase())
            && matches(&self.resource, &call.resource)
            && self.conditions.hold(&call.leading_keys).unwrap_or(unsure)
    }
}

/// The roles of all functions, by the functions' logical ids.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roles(BTreeMap<String, Role>);

impl Roles {
    pub(crate) fn of(functions: &[Function]) -> Result<Self, String> {
        let role = |function: &Function| {
            let role = Role::new(&function.logical_id, &function.statements)?;
            Ok((function.logical_id.clone(), role))
        };
        functions.iter().map(role).collect::<Result<_, _>>().map(Self)
    }

    /// The function's role; one without any rights for a function that is not of the template.
    pub(crate) fn role(&self, function: &Function) -> Role {
        let nobody = || Role { function: function.logical_id.clone(), grants: Arc::new([]) };
        self.0.get(&function.logical_id).cloned().unwrap_or_else(nobody)
    }

    /// Every part of every statement.
    pub(crate) fn usage(&self) -> Vec<Usage> {
        let of_grant = |role: &Role, grant: &Grant| Usage {
            function: role.function.clone(),
            sid: grant.sid.clone(),
            action: grant.action.clone(),
            resource: grant.resource.clone(),
            allowed: grant.allowed.load(Ordering::Relaxed),
            alone: grant.alone.load(Ordering::Relaxed),
        };
        self.0.values().flat_map(|role| role.grants.iter().map(move |grant| of_grant(role, grant))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const TABLE: &str = "arn:aws:dynamodb:us-east-1:000000000000:table/turno";
    const INDEX: &str = "arn:aws:dynamodb:us-east-1:000000000000:table/turno/index/due";

    fn statement(effect: Effect, actions: &[&str], resources: &[&str]) -> Statement {
        let owned = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect();
        Statement { sid: None, effect, actions: owned(actions), resources: owned(resources), conditions: Value::Null }
    }

    fn allows(statements: &[Statement], action: &str, resource: &str) -> bool {
        Role::new("Ingest", statements).unwrap().check(&[Call::new(action, resource)]).is_ok()
    }

    #[test]
    fn only_what_a_statement_names_is_allowed() {
        let role = [statement(Effect::Allow, &["dynamodb:GetItem", "dynamodb:Query"], &[TABLE])];
        for (action, resource, expected) in [
            ("dynamodb:GetItem", TABLE, true),
            ("DynamoDB:getitem", TABLE, true),
            ("dynamodb:PutItem", TABLE, false),
            ("dynamodb:GetItem", "arn:aws:dynamodb:us-east-1:000000000000:table/turno2", false),
            ("dynamodb:Query", TABLE, true),
            // An index is a resource of its own.
            ("dynamodb:Query", INDEX, false),
        ] {
            assert_eq!(allows(&role, action, resource), expected, "{action} {resource}");
        }
        assert!(!allows(&[], "dynamodb:GetItem", TABLE));
    }

    #[test]
    fn action_and_resource_have_to_be_allowed_by_the_same_statement() {
        let role = [
            statement(Effect::Allow, &["dynamodb:GetItem"], &[INDEX]),
            statement(Effect::Allow, &["dynamodb:Query"], &[TABLE]),
        ];
        assert!(!allows(&role, "dynamodb:GetItem", TABLE));
        assert!(allows(&role, "dynamodb:Query", TABLE));
    }

    #[test]
    fn a_deny_wins_over_every_allow() {
        let role =
            [statement(Effect::Deny, &["dynamodb:Delete*"], &["*"]), statement(Effect::Allow, &["dynamodb:*"], &["*"])];
        assert!(allows(&role, "dynamodb:PutItem", TABLE));
        let role = Role::new("Ingest", &role).unwrap();
        let refusal = role.check(&[Call::new("dynamodb:DeleteItem", TABLE)]).unwrap_err().to_string();
        assert!(refusal.contains("explicit deny"), "{refusal}");
    }

    #[test]
    fn one_refused_member_refuses_the_whole_call_in_aws_s_words_and_counts_nothing() {
        let function = |statements| Roles(BTreeMap::from([("I".to_owned(), Role::new("Ingest", statements).unwrap())]));
        let roles = function(&[statement(Effect::Allow, &["dynamodb:PutItem"], &[TABLE])]);
        let calls = [Call::new("dynamodb:PutItem", TABLE), Call::new("dynamodb:UpdateItem", TABLE)];
        assert_eq!(
            roles.0["I"].check(&calls).unwrap_err().to_string(),
            "User: arn:aws:sts::000000000000:assumed-role/Ingest/Ingest is not authorized to perform: \
             dynamodb:UpdateItem on resource: arn:aws:dynamodb:us-east-1:000000000000:table/turno because no \
             identity-based policy allows the dynamodb:UpdateItem action"
        );
        assert_eq!((roles.usage()[0].allowed, roles.usage()[0].alone), (0, 0));
    }

    #[test]
    fn a_condition_limits_an_allow_and_a_deny_alike_and_doubt_refuses() {
        let guarded = |effect| {
            let mut guarded = statement(effect, &["dynamodb:GetItem"], &[TABLE]);
            guarded.conditions = json!({ "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["PROVIDER#*"] } });
            guarded
        };
        let allow = Role::new("Webhook", &[guarded(Effect::Allow)]).unwrap();
        let everything = statement(Effect::Allow, &["*"], &["*"]);
        let deny = Role::new("Webhook", &[guarded(Effect::Deny), everything]).unwrap();
        for (keys, allowed, denied) in [
            (Some(vec!["PROVIDER#cloud_api#1"]), true, true),
            (Some(vec!["ORG#demo"]), false, false),
            (Some(vec!["PROVIDER#cloud_api#1", "ORG#demo"]), false, false),
            (None, false, true),
        ] {
            let keys = keys.map(|keys| keys.into_iter().map(str::to_owned).collect());
            let call = [Call::new("dynamodb:GetItem", TABLE).on_keys(keys)];
            assert_eq!(allow.check(&call).is_ok(), allowed, "{call:?}");
            assert_eq!(deny.check(&call).is_err(), denied, "{call:?}");
        }
    }

    #[test]
    fn what_would_be_missed_is_counted_apart_from_what_something_else_would_allow_too() {
        let role = Role::new(
            "Relay",
            &[
                statement(Effect::Allow, &["sqs:SendMessage", "sqs:DeleteMessage"], &["push", "automation"]),
                statement(Effect::Allow, &["sqs:Send*"], &["automation"]),
            ],
        )
        .unwrap();
        for queue in ["push", "automation", "automation"] {
            role.check(&[Call::new("sqs:SendMessage", queue)]).unwrap();
        }
        role.would_allow(&Call::new("sqs:DeleteMessage", "push")).unwrap();
        let usage = Roles(BTreeMap::from([("R".to_owned(), role)])).usage();
        let counts: Vec<_> =
            usage.iter().map(|of| (of.action.as_str(), of.resource.as_str(), of.allowed, of.alone)).collect();
        assert_eq!(
            counts,
            [
                ("sqs:SendMessage", "push", 1, 1),
                ("sqs:SendMessage", "automation", 2, 0),
                ("sqs:DeleteMessage", "push", 0, 0),
                ("sqs:DeleteMessage", "automation", 0, 0),
                ("sqs:Send*", "automation", 2, 0),
            ]
        );
    }
}
