//! Fields of a request, each refused by its name.

use std::collections::HashSet;

use runtime::Problem;
use serde_json::Value;

/// An error that names its field.
pub(super) fn invalid(field: &'static str, reason: impl Into<String>) -> Problem {
    Problem::InvalidInput { field, reason: reason.into() }
}

/// A text; `None` where the field is absent.
pub(super) fn text_of<'a>(field: &'static str, value: &'a Value) -> Result<Option<&'a str>, Problem> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        _ => Err(invalid(field, format!("{field} must be a string"))),
    }
}

/// A text of 1 to `most` characters that must be there.
pub(super) fn required(field: &'static str, value: &Value, most: usize) -> Result<String, Problem> {
    let text = text_of(field, value)?.map(str::trim).filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| invalid(field, format!("{field} is required")))?;
    at_most(field, text, most)?;
    Ok(text.to_owned())
}

/// A text of 1 to `most` characters that may be absent.
pub(super) fn allowed(field: &'static str, value: &Value, most: usize) -> Result<Option<String>, Problem> {
    if value.is_null() { Ok(None) } else { required(field, value, most).map(Some) }
}

/// Refuses a text of more than `most` characters.
pub(super) fn at_most(field: &'static str, text: &str, most: usize) -> Result<(), Problem> {
    if text.chars().count() <= most {
        return Ok(());
    }
    Err(invalid(field, format!("{field} must have at most {most} characters")))
}

/// A list of `counts` elements.
pub(super) fn list<'a>(
    field: &'static str,
    value: &'a Value,
    counts: std::ops::RangeInclusive<usize>,
) -> Result<&'a [Value], Problem> {
    let items = value.as_array().ok_or_else(|| invalid(field, format!("{field} must be a list")))?;
    if counts.contains(&items.len()) {
        return Ok(items);
    }
    Err(invalid(field, format!("{field} must have {} to {} elements", counts.start(), counts.end())))
}

/// Refuses what is there twice.
pub(super) fn unique<'a>(field: &'static str, values: impl Iterator<Item = &'a str>) -> Result<(), Problem> {
    let mut seen = HashSet::new();
    for value in values {
        if !seen.insert(value) {
            return Err(invalid(field, format!("{field} must be different from each other")));
        }
    }
    Ok(())
}
