//! The template's YAML as JSON, with the short forms of the intrinsic functions (`!Ref`) written in their long form.

use serde_json::{Map, Value, json};
use serde_yaml_ng::Value as Yaml;

use super::TemplateError;

/// The sections of a template that the host reads.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) parameters: Map<String, Value>,
    pub(super) mappings: Value,
    pub(super) conditions: Map<String, Value>,
    pub(super) globals: Map<String, Value>,
    pub(super) resources: Map<String, Value>,
}

impl Document {
    pub(super) fn parse(text: &str) -> Result<Self, TemplateError> {
        let yaml: Yaml =
            serde_yaml_ng::from_str(text).map_err(|error| TemplateError::new("not YAML", error.to_string()))?;
        let Value::Object(mut sections) = to_json(yaml).map_err(|reason| TemplateError::new("document", reason))?
        else {
            return Err(TemplateError::new("document", "is not a mapping"));
        };
        let mut section = |name: &str| match sections.remove(name) {
            None => Ok(Map::new()),
            Some(Value::Object(section)) => Ok(section),
            Some(_) => Err(TemplateError::new(name, "is not a mapping")),
        };
        let document = Self {
            parameters: section("Parameters")?,
            mappings: Value::Object(section("Mappings")?),
            conditions: section("Conditions")?,
            globals: section("Globals")?,
            resources: section("Resources")?,
        };
        // What CloudFormation alone reads: it says nothing about how the resources behave.
        let of_no_effect = ["AWSTemplateFormatVersion", "Transform", "Description", "Metadata", "Rules", "Outputs"];
        match sections.keys().find(|name| !of_no_effect.contains(&name.as_str())) {
            Some(unknown) => Err(TemplateError::new(unknown, "is a section that the local host does not know")),
            None => Ok(document),
        }
    }
}

fn to_json(yaml: Yaml) -> Result<Value, String> {
    Ok(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(flag) => Value::Bool(flag),
        Yaml::Number(number) => serde_json::to_value(number).map_err(|error| error.to_string())?,
        Yaml::String(text) => Value::String(text),
        Yaml::Sequence(items) => Value::Array(items.into_iter().map(to_json).collect::<Result<_, _>>()?),
        Yaml::Mapping(entries) => {
            let mut object = Map::new();
            for (key, value) in entries {
                object.insert(key_text(&key)?, to_json(value)?);
            }
            Value::Object(object)
        }
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            long_form(tag.trim_start_matches('!'), to_json(tagged.value)?)
        }
    })
}

fn key_text(key: &Yaml) -> Result<String, String> {
    match key {
        Yaml::String(text) => Ok(text.clone()),
        // A bare account id or version is a number to YAML and a name to CloudFormation.
        Yaml::Number(number) => Ok(number.to_string()),
        Yaml::Bool(flag) => Ok(flag.to_string()),
        other => Err(format!("{other:?} is not the name of anything")),
    }
}

fn long_form(tag: &str, value: Value) -> Value {
    match (tag, value) {
        ("Ref" | "Condition", value) => json!({ tag: value }),
        ("GetAtt", Value::String(path)) => {
            let (resource, attribute) = path.split_once('.').unwrap_or((path.as_str(), ""));
            json!({ "Fn::GetAtt": [resource, attribute] })
        }
        (_, value) => json!({ format!("Fn::{tag}"): value }),
    }
}
