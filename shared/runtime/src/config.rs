//! The one place where the environment is read. A resource has no default: a missing name stops the function and is named.

/// A variable that is not set.
#[derive(Debug, thiserror::Error)]
#[error("the environment variable {name} is not set; infra/template.yaml gives it to this function")]
pub struct Missing {
    name: &'static str,
}

/// A variable that must be set and not empty.
pub fn required(name: &'static str) -> Result<String, Missing> {
    optional(name).ok_or(Missing { name })
}

/// A variable that may be absent; an empty one counts as absent.
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub(crate) fn optional(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
