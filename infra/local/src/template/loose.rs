//! Values as CloudFormation takes them: a number may come as text, and a list of one as its only item.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::intrinsics::Problem;

/// Text, or what can be written as text.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct Text(pub(super) String);

/// A whole number.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct Count(pub(super) u64);

/// A number.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct Decimal(pub(super) f64);

/// True or false.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct Flag(pub(super) bool);

/// A list of text.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct Texts(pub(super) Vec<String>);

impl TryFrom<Value> for Text {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        match value {
            Value::String(text) => Ok(Self(text)),
            Value::Number(_) | Value::Bool(_) => Ok(Self(value.to_string())),
            other => Err(format!("{other} is not text")),
        }
    }
}

impl TryFrom<Value> for Count {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let Text(text) = Text::try_from(value)?;
        text.parse().map(Self).map_err(|_| format!("{text:?} is not a whole number"))
    }
}

impl TryFrom<Value> for Decimal {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let Text(text) = Text::try_from(value)?;
        text.parse().map(Self).map_err(|_| format!("{text:?} is not a number"))
    }
}

impl TryFrom<Value> for Flag {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let Text(text) = Text::try_from(value)?;
        text.parse().map(Self).map_err(|_| format!("{text:?} is neither true nor false"))
    }
}

impl TryFrom<Value> for Texts {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let items = match value {
            Value::Array(items) => items,
            one => vec![one],
        };
        items.into_iter().map(|item| Text::try_from(item).map(|Text(text)| text)).collect::<Result<_, _>>().map(Self)
    }
}

/// The number, where AWS takes it.
pub(super) fn within(Count(number): Count, least: u64, most: u64, property: &str) -> Result<u64, Problem> {
    if (least..=most).contains(&number) {
        return Ok(number);
    }
    Err(Problem::new(format!("{number} is not between {least} and {most}")).under(property))
}

/// The properties as `T`, which refuses those it does not know.
pub(super) fn read<T: DeserializeOwned>(properties: Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(properties).map_err(|error| {
        let path = error.path().to_string();
        Problem { path: if path == "." { Vec::new() } else { vec![path] }, reason: error.into_inner().to_string() }
    })
}
