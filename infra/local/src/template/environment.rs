//! `Environment` of a function: the variables that Lambda lets a template set.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html> and
//! <https://docs.aws.amazon.com/lambda/latest/api/API_Environment.html>. The limit of 4 KB is not held: what references give
//! is longer or shorter here than on AWS.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{intrinsics::Problem, loose::Text};

/// Lambda sets these itself.
const RESERVED: [&str; 18] = [
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
];

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Environment {
    variables: BTreeMap<String, Text>,
}

impl Environment {
    /// The variables. Errors: the first name that Lambda refuses.
    pub(super) fn read(self) -> Result<BTreeMap<String, String>, Problem> {
        let read = |(name, Text(value)): (String, Text)| match refusal(&name) {
            None => Ok((name, value)),
            Some(reason) => Err(Problem::new(reason).under(format!("Environment.Variables.{name}"))),
        };
        self.variables.into_iter().map(read).collect()
    }
}

fn refusal(name: &str) -> Option<&'static str> {
    let mut rest = name.chars();
    let begins_well = rest.next().is_some_and(|first| first.is_ascii_alphabetic());
    let goes_on_well = !rest.as_str().is_empty() && rest.all(|c| c.is_ascii_alphanumeric() || c == '_');
    if RESERVED.contains(&name) {
        Some("Lambda sets this variable itself")
    } else if begins_well && goes_on_well {
        None
    } else {
        Some("a name is a letter and at least one more letter, digit or underscore")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_that_lambda_takes_and_does_not_keep_for_itself() {
        for name in ["TABLE_NAME", "a1", "AWS_ENDPOINT_URL", "TZ", "PATH"] {
            assert_eq!(refusal(name), None, "{name}");
        }
        for name in ["A", "", "1A", "_A", "A-B", "A B", "É1"] {
            assert!(refusal(name).is_some_and(|reason| reason.starts_with("a name is a letter")), "{name}");
        }
        for name in ["AWS_REGION", "_HANDLER", "AWS_LAMBDA_RUNTIME_API"] {
            assert_eq!(refusal(name), Some("Lambda sets this variable itself"), "{name}");
        }
    }
}
