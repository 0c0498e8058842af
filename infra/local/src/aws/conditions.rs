//! The `Condition` of a statement. The one key that is judged is `dynamodb:LeadingKeys`, with the operators that AWS's own
//! examples use; anything else is refused at start, because to ignore it would allow here what AWS denies.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html>
//! and <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html>.

use serde_json::Value;

use super::pattern::matches;

/// The partition keys that a call touches: none for a call that names no item, such as a scan; `None` where the request
/// has some and hides them from this host.
pub(crate) type LeadingKeys = Option<Vec<String>>;

/// Tests that all have to hold; none always holds.
#[derive(Clone, Debug, Default)]
pub(super) struct Conditions(Vec<Test>);

/// `ForAllValues:StringLike` and its kin, with the values of the policy.
#[derive(Clone, Debug)]
struct Test {
    quantifier: Quantifier,
    has_wildcards: bool,
    accepted: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
enum Quantifier {
    /// Holds also where the call has no value at all.
    All,
    /// Needs at least one value.
    Any,
}

impl Conditions {
    /// Reads the block as it stands in the template. Fails, naming the operator or key, where it is not judged here.
    pub(super) fn read(block: &Value) -> Result<Self, String> {
        if block.is_null() {
            return Ok(Self::default());
        }
        let operators = block.as_object().ok_or("a condition that is no mapping")?;
        let mut tests = Vec::new();
        for (operator, keys) in operators {
            let (quantifier, has_wildcards) = match operator.as_str() {
                "ForAllValues:StringLike" => (Quantifier::All, true),
                "ForAllValues:StringEquals" => (Quantifier::All, false),
                "ForAnyValue:StringLike" => (Quantifier::Any, true),
                "ForAnyValue:StringEquals" => (Quantifier::Any, false),
                other => return Err(format!("a condition with {other}")),
            };
            for (key, accepted) in keys.as_object().ok_or_else(|| format!("{operator} without a key"))? {
                if !key.eq_ignore_ascii_case("dynamodb:LeadingKeys") {
                    return Err(format!("a condition on {key}"));
                }
                let accepted = match accepted {
                    Value::String(one) => vec![one.clone()],
                    several => serde_json::from_value(several.clone()).map_err(|_| format!("{key} without texts"))?,
                };
                if accepted.iter().any(|text| text.contains("${")) {
                    return Err(format!("a policy variable in {key}"));
                }
                tests.push(Test { quantifier, has_wildcards, accepted });
            }
        }
        Ok(Self(tests))
    }

    /// Whether all tests hold; `None` where nobody can tell.
    pub(super) fn hold(&self, keys: &LeadingKeys) -> Option<bool> {
        if self.0.is_empty() {
            return Some(true);
        }
        let keys = keys.as_ref()?;
        Some(self.0.iter().all(|test| test.holds(keys)))
    }
}

impl Test {
    fn holds(&self, keys: &[String]) -> bool {
        let accepts = |key: &String| {
            let fits = |accepted: &String| if self.has_wildcards { matches(accepted, key) } else { accepted == key };
            self.accepted.iter().any(fits)
        };
        match self.quantifier {
            Quantifier::All => keys.iter().all(accepts),
            Quantifier::Any => keys.iter().any(accepts),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(operator: &str, keys: Option<&[&str]>, expected: Option<bool>) {
        let block = json!({ operator: { "dynamodb:LeadingKeys": ["PROVIDER#*", "APP#1"] } });
        let keys = keys.map(|keys| keys.iter().map(|&key| key.to_owned()).collect());
        assert_eq!(Conditions::read(&block).unwrap().hold(&keys), expected, "{operator} {keys:?}");
    }

    #[test]
    fn every_value_or_any_value_has_to_fit_one_of_the_policy_s() {
        let (all_like, any_like) = ("ForAllValues:StringLike", "ForAnyValue:StringLike");
        check(all_like, Some(&["PROVIDER#cloud#1", "APP#1"]), Some(true));
        check(all_like, Some(&["PROVIDER#cloud#1", "ORG#demo"]), Some(false));
        check(any_like, Some(&["PROVIDER#cloud#1", "ORG#demo"]), Some(true));
        check(any_like, Some(&["ORG#demo", "APP#12"]), Some(false));
        check("ForAllValues:StringEquals", Some(&["APP#1"]), Some(true));
        check("ForAllValues:StringEquals", Some(&["PROVIDER#cloud#1"]), Some(false));
        check("ForAnyValue:StringEquals", Some(&["PROVIDER#*"]), Some(true));
    }

    /// What AWS warns of: `ForAllValues` is true, and `ForAnyValue` false, where the request has no such key.
    #[test]
    fn a_call_without_keys_passes_for_all_values_and_fails_for_any_value() {
        check("ForAllValues:StringLike", Some(&[]), Some(true));
        check("ForAnyValue:StringLike", Some(&[]), Some(false));
    }

    #[test]
    fn keys_that_cannot_be_read_leave_the_question_open() {
        check("ForAllValues:StringLike", None, None);
        assert_eq!(Conditions::default().hold(&None), Some(true));
    }

    #[test]
    fn any_other_condition_is_refused_rather_than_ignored() {
        for (block, told) in [
            (json!({ "StringEquals": { "aws:SourceVpc": "vpc-1" } }), "a condition with StringEquals"),
            (json!({ "StringLike": { "dynamodb:LeadingKeys": "a" } }), "a condition with StringLike"),
            (
                json!({ "ForAllValues:StringLike": { "dynamodb:Attributes": ["pk"] } }),
                "a condition on dynamodb:Attributes",
            ),
            (
                json!({ "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": ["${aws:userid}"] } }),
                "a policy variable in dynamodb:LeadingKeys",
            ),
            (
                json!({ "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": [1] } }),
                "dynamodb:LeadingKeys without texts",
            ),
            (json!("x"), "a condition that is no mapping"),
        ] {
            assert_eq!(Conditions::read(&block).unwrap_err(), told);
        }
    }
}
