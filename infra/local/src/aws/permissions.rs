//! What a function may do: the IAM statements of its role, judged as AWS judges an identity's policies.
//!
//! A deny wins, then an allow, and what nothing allows is refused. The one condition that is judged is
//! `dynamodb:LeadingKeys`; any other is refused at start, because to ignore it would allow here what AWS denies.

use serde_json::Value;

use crate::template::{Effect, Statement};

/// An action on a resource, as IAM names them: `sqs:SendMessage`, `arn:aws:sqs:us-east-1:000000000000:turno-Push`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) action: String,
    pub(crate) resource: String,
    /// The partition key that the call touches, where the request says it plainly.
    pub(crate) leading_key: Option<String>,
}

impl Call {
    pub(crate) fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        Self { action: action.into(), resource: resource.into(), leading_key: None }
    }

    pub(crate) fn on_key(self, leading_key: Option<String>) -> Self {
        Self { leading_key, ..self }
    }
}

/// The role of one function.
#[derive(Clone, Debug)]
pub(crate) struct Role {
    function: String,
    rules: Vec<Rule>,
}

/// A statement and its condition, understood.
#[derive(Clone, Debug)]
struct Rule {
    statement: Statement,
    /// The patterns of the partition keys that it is good for; `None` is every key.
    leading_keys: Option<Vec<String>>,
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
        let rule = |statement: &Statement| match leading_keys(statement) {
            Ok(leading_keys) => Ok(Rule { statement: statement.clone(), leading_keys }),
            Err(()) => Err(format!(
                "{function}: the statement for {} has a condition that the local host does not judge",
                statement.actions.join(", ")
            )),
        };
        Ok(Self { function: function.to_owned(), rules: statements.iter().map(rule).collect::<Result<_, _>>()? })
    }

    /// The first of the calls that the role does not allow is the refusal.
    pub(crate) fn check(&self, calls: &[Call]) -> Result<(), Denied> {
        calls.iter().try_for_each(|call| self.check_one(call))
    }

    fn check_one(&self, call: &Call) -> Result<(), Denied> {
        let applies = |effect| self.rules.iter().any(|rule| rule.statement.effect == effect && rule.covers(call));
        let reason = if applies(Effect::Deny) {
            "with an explicit deny in an identity-based policy".to_owned()
        } else if applies(Effect::Allow) {
            return Ok(());
        } else {
            format!("because no identity-based policy allows the {} action", call.action)
        };
        let (action, resource) = (call.action.clone(), call.resource.clone());
        Err(Denied { function: self.function.clone(), action, resource, reason })
    }
}

impl Rule {
    fn covers(&self, call: &Call) -> bool {
        let action = call.action.to_ascii_lowercase();
        self.statement.actions.iter().any(|pattern| matches(&pattern.to_ascii_lowercase(), &action))
            && self.statement.resources.iter().any(|pattern| matches(pattern, &call.resource))
            && self.leading_keys.as_ref().is_none_or(|patterns| {
                call.leading_key.as_ref().is_some_and(|key| patterns.iter().any(|pattern| matches(pattern, key)))
            })
    }
}

/// The patterns of `ForAllValues:StringLike` on `dynamodb:LeadingKeys`, the one condition that an allow may have.
fn leading_keys(statement: &Statement) -> Result<Option<Vec<String>>, ()> {
    if statement.conditions.is_null() {
        return Ok(None);
    }
    let only = |value: &Value, name: &str| {
        let object = value.as_object().filter(|object| object.len() == 1)?;
        object.get(name).cloned()
    };
    let patterns = only(&statement.conditions, "ForAllValues:StringLike")
        .and_then(|keys| only(&keys, "dynamodb:LeadingKeys"))
        .filter(|_| statement.effect == Effect::Allow);
    match patterns {
        Some(Value::String(pattern)) => Ok(Some(vec![pattern])),
        Some(patterns) => serde_json::from_value(patterns).map(Some).map_err(|_| ()),
        None => Err(()),
    }
}

/// Whether the text fits a pattern of IAM: `*` stands for any run of characters, `?` for any one.
///
/// Linear in practice: on a mismatch only the last `*` takes one character more.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&c) if c == b'?' || c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((at, taken)) = star else { return false };
                star = Some((at, taken + 1));
                p = at + 1;
                t = taken + 1;
            }
        }
    }
    pattern[p..].iter().all(|&c| c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
    fn patterns_fit_as_iam_says() {
        for (pattern, text, expected) in [
            ("a", "a", true),
            ("a", "b", false),
            ("a", "ab", false),
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "anything/at:all", true),
            ("a*", "a", true),
            ("a*c", "abbbc", true),
            ("a*c", "abcb", false),
            ("a*b*c", "a__b__bc", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*/connection/*", "x/connection/y-000000", true),
            ("*/connection/*", "x/connections/y", false),
            ("**", "a", true),
            ("*a", "aaab", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
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
    fn one_refused_member_refuses_the_whole_call_in_aws_s_words() {
        let role = Role::new("Ingest", &[statement(Effect::Allow, &["dynamodb:PutItem"], &[TABLE])]).unwrap();
        let calls = [Call::new("dynamodb:PutItem", TABLE), Call::new("dynamodb:UpdateItem", TABLE)];
        assert_eq!(
            role.check(&calls).unwrap_err().to_string(),
            "User: arn:aws:sts::000000000000:assumed-role/Ingest/Ingest is not authorized to perform: \
             dynamodb:UpdateItem on resource: arn:aws:dynamodb:us-east-1:000000000000:table/turno because no \
             identity-based policy allows the dynamodb:UpdateItem action"
        );
    }

    #[test]
    fn a_condition_on_leading_keys_holds_for_those_keys_alone() {
        let mut guarded = statement(Effect::Allow, &["dynamodb:GetItem"], &[TABLE]);
        guarded.conditions = json!({ "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["PROVIDER#*"] } });
        let role = Role::new("Webhook", &[guarded]).unwrap();
        for (key, expected) in [
            (Some("PROVIDER#cloud_api#1"), true),
            (Some("ORG#demo"), false),
            // AWS lets a request without keys pass `ForAllValues`; here a key that is not seen is not allowed.
            (None, false),
        ] {
            let call = Call::new("dynamodb:GetItem", TABLE).on_key(key.map(str::to_owned));
            assert_eq!(role.check(&[call]).is_ok(), expected, "{key:?}");
        }
    }

    #[test]
    fn any_other_condition_is_refused_rather_than_ignored() {
        for (effect, condition) in [
            (Effect::Allow, json!({ "StringEquals": { "aws:SourceVpc": "vpc-1" } })),
            (Effect::Allow, json!({ "ForAllValues:StringLike": { "dynamodb:Attributes": ["pk"] } })),
            (Effect::Deny, json!({ "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["ORG#*"] } })),
        ] {
            let mut guarded = statement(effect, &["dynamodb:GetItem"], &[TABLE]);
            guarded.conditions = condition;
            assert!(Role::new("Ingest", &[guarded]).unwrap_err().contains("dynamodb:GetItem"));
        }
    }
}
