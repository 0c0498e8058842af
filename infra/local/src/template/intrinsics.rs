//! CloudFormation's intrinsic functions, conditions, parameters and references, with local values for the resources.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    ACCOUNT_ID, Locals, REGION, STACK, TemplateError,
    document::Document,
    kinds::{Kind, SocketPart, kind_of},
    sockets,
};

/// What is wrong with a value, and where in its resource it stands.
#[derive(Debug)]
pub(super) struct Problem {
    /// The innermost name is last.
    pub(super) path: Vec<String>,
    pub(super) reason: String,
}

impl Problem {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self { path: Vec::new(), reason: reason.into() }
    }

    pub(super) fn under(mut self, name: impl Into<String>) -> Self {
        self.path.insert(0, name.into());
        self
    }

    pub(super) fn of(self, logical_id: &str) -> TemplateError {
        let at = if self.path.is_empty() { String::new() } else { format!("{}: ", self.path.join(".")) };
        TemplateError::resource(logical_id, format!("{at}{}", self.reason))
    }
}

/// Everything a value of the template may refer to.
pub(super) struct Scope<'a> {
    pub(super) document: &'a Document,
    locals: &'a Locals,
    parameters: BTreeMap<&'a str, Value>,
}

impl<'a> Scope<'a> {
    pub(super) fn new(document: &'a Document, locals: &'a Locals) -> Result<Self, TemplateError> {
        if let Some(unknown) = locals.parameters.keys().find(|name| !document.parameters.contains_key(*name)) {
            return Err(TemplateError::new(
                format!("parameter {unknown}"),
                "is set by the host and not in the template",
            ));
        }
        let mut parameters = BTreeMap::new();
        for (name, declared) in &document.parameters {
            let value = parameter(declared, locals.parameters.get(name))
                .map_err(|reason| TemplateError::new(format!("parameter {name}"), reason))?;
            parameters.insert(name.as_str(), value);
        }
        Ok(Self { document, locals, parameters })
    }

    /// Resolves a value and all within it. `None` is `AWS::NoValue`: whatever holds it does not have it.
    pub(super) fn resolve(&self, value: &Value) -> Result<Option<Value>, Problem> {
        match value {
            Value::Array(items) => {
                let items = items.iter().filter_map(|item| self.resolve(item).transpose());
                items.collect::<Result<_, _>>().map(|items| Some(Value::Array(items)))
            }
            Value::Object(object) => {
                if let Some((name, argument)) = intrinsic(object) {
                    return self.call(name, argument).map_err(|problem| problem.under(name));
                }
                let mut resolved = Map::new();
                for (key, value) in object {
                    if let Some(value) = self.resolve(value).map_err(|problem| problem.under(key))? {
                        resolved.insert(key.clone(), value);
                    }
                }
                Ok(Some(Value::Object(resolved)))
            }
            plain => Ok(Some(plain.clone())),
        }
    }

    /// Whether the resource exists in this stack.
    pub(super) fn exists(&self, resource: &Value) -> Result<bool, Problem> {
        match resource.get("Condition").and_then(Value::as_str) {
            Some(name) => self.named_condition(name),
            None => Ok(true),
        }
    }

    /// The name that the resource has here, given or made up as CloudFormation does, without the random end.
    pub(super) fn name_of(&self, logical_id: &str) -> Result<String, Problem> {
        let resource = self.resource(logical_id)?;
        let kind = kind_of(resource)?;
        let given = kind.name_property().and_then(|property| resource.get("Properties")?.get(property));
        if let Some(name) = given.map(|name| self.text(name)).transpose()? {
            return Ok(name);
        }
        let fifo = resource.pointer("/Properties/FifoQueue").is_some_and(|fifo| fifo.as_bool() == Some(true));
        if kind == Kind::Bucket {
            return Ok(format!("{STACK}-{logical_id}").to_lowercase());
        }
        Ok(format!("{STACK}-{logical_id}{}", if fifo { ".fifo" } else { "" }))
    }

    /// `Fn::GetAtt` of a resource.
    pub(super) fn attribute(&self, logical_id: &str, attribute: &str) -> Result<String, Problem> {
        let kind = kind_of(self.resource(logical_id)?)?;
        let name = self.name_of(logical_id)?;
        let arn = |service: &str, resource: String| format!("arn:aws:{service}:{REGION}:{ACCOUNT_ID}:{resource}");
        Ok(match (kind, attribute) {
            (Kind::Queue, "Arn") => arn("sqs", name),
            (Kind::Queue, "QueueName") => name,
            (Kind::Queue, "QueueUrl") => format!("{}/{ACCOUNT_ID}/{name}", self.locals.aws_url),
            (Kind::Table, "Arn") => arn("dynamodb", format!("table/{name}")),
            (Kind::Table, "StreamArn") => arn("dynamodb", format!("table/{name}/stream/local")),
            (Kind::Secret, "Id") => arn("secretsmanager", format!("secret:{name}-local0")),
            // Names of buckets are unique in all of AWS.
            (Kind::Bucket, "Arn") => format!("arn:aws:s3:::{name}"),
            (Kind::Function, "Arn") => arn("lambda", format!("function:{name}")),
            (Kind::LogGroup, "Arn") => arn("logs", format!("log-group:{name}:*")),
            (Kind::Socket(SocketPart::Api) | Kind::ServerlessSockets, "ApiId")
            | (Kind::Socket(SocketPart::Route), "RouteId")
            | (Kind::Socket(SocketPart::Integration), "IntegrationId")
            | (Kind::Socket(SocketPart::Authorizer), "AuthorizerId")
            | (Kind::Socket(SocketPart::Deployment), "DeploymentId") => logical_id.to_owned(),
            (Kind::Socket(SocketPart::Api), "ApiEndpoint") => self.locals.sockets_url.clone(),
            (Kind::Socket(SocketPart::Api), "ExecuteApiArn") => arn("execute-api", logical_id.to_owned()),
            (Kind::Role, "Arn") => format!("arn:aws:iam::{ACCOUNT_ID}:role/{name}"),
            _ => return Err(Problem::new(format!("{logical_id}.{attribute} has no local counterpart"))),
        })
    }

    fn reference(&self, name: &str) -> Result<Option<Value>, Problem> {
        if let Some(value) = self.parameters.get(name) {
            return Ok(Some(value.clone()));
        }
        let text = match name {
            "AWS::NoValue" => return Ok(None),
            "AWS::StackName" => STACK.to_owned(),
            "AWS::Region" => REGION.to_owned(),
            "AWS::AccountId" => ACCOUNT_ID.to_owned(),
            "AWS::Partition" => "aws".to_owned(),
            "AWS::URLSuffix" => "amazonaws.com".to_owned(),
            logical_id => match kind_of(self.resource(logical_id)?)? {
                Kind::Queue => self.attribute(logical_id, "QueueUrl")?,
                Kind::Secret => self.attribute(logical_id, "Id")?,
                Kind::Function
                | Kind::Table
                | Kind::Bucket
                | Kind::Role
                | Kind::LogGroup
                | Kind::Socket(SocketPart::Stage) => self.name_of(logical_id)?,
                // The id of an API is the first part of its host name on AWS; here it only tells APIs apart.
                Kind::Api | Kind::ServerlessSockets | Kind::Socket(_) => logical_id.to_owned(),
                Kind::Permission | Kind::ResourcePolicy | Kind::WithoutCounterpart => {
                    return Err(Problem::new(format!("{logical_id} has no local counterpart")));
                }
            },
        };
        Ok(Some(Value::String(text)))
    }

    fn resource(&self, logical_id: &str) -> Result<&'a Value, Problem> {
        let resource = self.document.resources.get(logical_id);
        let resource =
            resource.ok_or_else(|| Problem::new(format!("{logical_id} is neither resource nor parameter")))?;
        if self.exists(resource)? {
            Ok(resource)
        } else {
            Err(Problem::new(format!("{logical_id} does not exist: its condition is false")))
        }
    }

    fn call(&self, function: &str, argument: &Value) -> Result<Option<Value>, Problem> {
        Ok(Some(match function {
            "Ref" => return self.reference(argument.as_str().ok_or_else(|| Problem::new("is not a name"))?),
            "Fn::GetAtt" => match list(argument)? {
                [Value::String(resource), Value::String(attribute)] => self.attribute(resource, attribute)?.into(),
                _ => return Err(Problem::new("takes a resource and an attribute")),
            },
            "Fn::If" => match list(argument)? {
                [Value::String(condition), then, otherwise] => {
                    return self.resolve(if self.named_condition(condition)? { then } else { otherwise });
                }
                _ => return Err(Problem::new("takes a condition and two values")),
            },
            "Fn::Sub" => match argument {
                Value::String(text) => self.substitute(text, &Map::new())?.into(),
                Value::Array(parts) => match parts.as_slice() {
                    [Value::String(text), Value::Object(names)] => self.substitute(text, names)?.into(),
                    _ => return Err(Problem::new("takes a text and a map")),
                },
                _ => return Err(Problem::new("takes a text, or a text and a map")),
            },
            "Fn::Join" => match list(argument)? {
                [Value::String(delimiter), items] => self.at_home(self.texts(items)?.join(delimiter))?.into(),
                _ => return Err(Problem::new("takes a delimiter and a list")),
            },
            "Fn::Split" => match list(argument)? {
                [Value::String(delimiter), text] => {
                    self.text(text)?.split(delimiter.as_str()).map(Value::from).collect::<Vec<_>>().into()
                }
                _ => return Err(Problem::new("takes a delimiter and a text")),
            },
            "Fn::Select" => match list(argument)? {
                [index, items] => {
                    let index: usize =
                        self.text(index)?.parse().map_err(|_| Problem::new("takes an index and a list"))?;
                    let items = self.texts(items)?;
                    items.into_iter().nth(index).ok_or_else(|| Problem::new("the list is too short"))?.into()
                }
                _ => return Err(Problem::new("takes an index and a list")),
            },
            "Fn::FindInMap" => {
                let keys = self.texts(argument)?;
                let found = keys.iter().try_fold(&self.document.mappings, |map, key| map.get(key));
                return self.resolve(found.ok_or_else(|| Problem::new(format!("{} is not there", keys.join("."))))?);
            }
            _ => return Err(Problem::new("is an intrinsic function that the local host does not know")),
        }))
    }

    fn substitute(&self, text: &str, names: &Map<String, Value>) -> Result<String, Problem> {
        let mut result = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) =
                after.split_once('}').ok_or_else(|| Problem::new(format!("{text:?} lacks a closing brace")))?;
            result.push_str(before);
            let value = match (name.strip_prefix('!'), names.get(name), name.split_once('.')) {
                (Some(literal), ..) => format!("${{{literal}}}"),
                (None, Some(value), _) => self.text(value)?,
                (None, None, Some((resource, attribute))) => self.attribute(resource, attribute)?,
                (None, None, None) => match self.reference(name)? {
                    Some(value) => plain_text(&value)?,
                    None => return Err(Problem::new("AWS::NoValue is not text")),
                },
            };
            result.push_str(&value);
            rest = after;
        }
        result.push_str(rest);
        self.at_home(result)
    }

    fn at_home(&self, text: String) -> Result<String, Problem> {
        sockets::at_home(text, &self.document.resources, self.locals)
    }

    fn condition(&self, condition: &Value) -> Result<bool, Problem> {
        let only = condition.as_object().filter(|object| object.len() == 1).and_then(|object| object.iter().next());
        let (function, argument) = only.ok_or_else(|| Problem::new("is not a condition"))?;
        if function == "Condition" {
            return self.named_condition(argument.as_str().unwrap_or_default());
        }
        let operands = list(argument)?;
        let each = || operands.iter().map(|operand| self.condition(operand)).collect::<Result<Vec<_>, _>>();
        Ok(match (function.as_str(), operands) {
            ("Fn::Equals", [left, right]) => self.text(left)? == self.text(right)?,
            ("Fn::Not", [_]) => !each()?[0],
            ("Fn::And", _) => each()?.into_iter().all(|holds| holds),
            ("Fn::Or", _) => each()?.into_iter().any(|holds| holds),
            _ => return Err(Problem::new(format!("{function} is not a condition"))),
        })
    }

    fn named_condition(&self, name: &str) -> Result<bool, Problem> {
        let condition = self.document.conditions.get(name);
        let condition = condition.ok_or_else(|| Problem::new(format!("there is no condition {name}")))?;
        self.condition(condition).map_err(|problem| problem.under(format!("condition {name}")))
    }

    fn text(&self, value: &Value) -> Result<String, Problem> {
        match self.resolve(value)? {
            Some(value) => plain_text(&value),
            None => Err(Problem::new("AWS::NoValue is not text")),
        }
    }

    fn texts(&self, value: &Value) -> Result<Vec<String>, Problem> {
        match self.resolve(value)? {
            Some(Value::Array(items)) => items.iter().map(plain_text).collect(),
            _ => Err(Problem::new("is not a list")),
        }
    }
}

fn parameter(declared: &Value, set: Option<&String>) -> Result<Value, String> {
    let default = declared.get("Default").cloned();
    let value = set.cloned().map(Value::String).or(default).ok_or("has no value: set it, or give it a default")?;
    let text = plain_text(&value).map_err(|problem| problem.reason)?;
    if let Some(Value::Array(allowed)) = declared.get("AllowedValues")
        && !allowed.iter().any(|allowed| plain_text(allowed).is_ok_and(|allowed| allowed == text))
    {
        return Err(format!("{text:?} is not one of its allowed values"));
    }
    match declared.get("Type").and_then(Value::as_str).unwrap_or_default() {
        "String" => Ok(text.into()),
        "Number" => text.parse().map(Value::Number).map_err(|_| format!("{text:?} is not a number")),
        "CommaDelimitedList" => Ok(text.split(',').map(|item| Value::from(item.trim())).collect::<Vec<_>>().into()),
        other => Err(format!("the local host does not know the type {other:?}")),
    }
}

/// The name and the argument, when the object is a call.
fn intrinsic(object: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, argument) = object.iter().next().filter(|_| object.len() == 1)?;
    (name == "Ref" || name.starts_with("Fn::")).then_some((name.as_str(), argument))
}

fn list(value: &Value) -> Result<&[Value], Problem> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| Problem::new("is not a list"))
}

fn plain_text(value: &Value) -> Result<String, Problem> {
    super::loose::Text::try_from(value.clone()).map(|text| text.0).map_err(Problem::new)
}
