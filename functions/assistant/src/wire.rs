//! The shapes in which models call tools and are answered: `OpenAI`'s two, and Anthropic's.
//!
//! Sources: platform.openai.com/docs/guides/function-calling, docs.anthropic.com/en/docs/build-with-claude/tool-use; seed S1 §3.

use runtime::dialects::v3::Refused;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::tools::{Output, Tool};

/// The most calls of a request.
const MOST: usize = 16;
/// The longest arguments that are read, in bytes: more than all fields of a tool may hold.
const LONGEST: usize = 64 * 1024;

/// Whose shape.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Shape {
    /// `tool_calls` of Chat Completions and Assistants.
    #[default]
    Chat,
    /// `function_call` items of Responses.
    Responses,
    /// `tool_use` blocks of Messages.
    Anthropic,
}

/// One call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    /// The model's name for it.
    pub(crate) id: String,
    /// Which tool it names.
    pub(crate) name: String,
    /// What it gives to the tool; `None` where that is no JSON object.
    pub(crate) arguments: Option<Map<String, Value>>,
}

/// The calls of a request.
#[derive(Debug)]
pub(crate) struct Calls {
    shape: Shape,
    pub(crate) calls: Vec<Call>,
}

impl Calls {
    /// Reads the calls among what a model answered. Errors: none, or too many.
    pub(crate) fn read(shape: Shape, items: &[Value]) -> Result<Self, Refused> {
        let field = match shape {
            Shape::Chat => "tool_calls",
            Shape::Responses => "output",
            Shape::Anthropic => "content",
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let call = |item: &Value| match shape {
            Shape::Chat => {
                let function = &item["function"];
                let arguments = arguments(&function["arguments"]);
                Some(Call { id: text(&item["id"]), name: text(&function["name"]), arguments })
            }
            Shape::Responses if item["type"] == "function_call" => {
                let arguments = arguments(&item["arguments"]);
                Some(Call { id: text(&item["call_id"]), name: text(&item["name"]), arguments })
            }
            Shape::Anthropic if item["type"] == "tool_use" => {
                Some(Call { id: text(&item["id"]), name: text(&item["name"]), arguments: arguments(&item["input"]) })
            }
            Shape::Responses | Shape::Anthropic => None,
        };
        let calls: Vec<Call> = items.iter().filter_map(call).collect();
        if !(1..=MOST).contains(&calls.len()) {
            return Err(Refused::field(field, format!("{field} must have 1 to {MOST} calls")));
        }
        Ok(Self { shape, calls })
    }

    /// The answer to the calls.
    pub(crate) fn answered(&self, outputs: &[Output]) -> Value {
        let each = |render: &dyn Fn(&Call, &Output) -> Value| -> Value {
            self.calls.iter().zip(outputs).map(|(call, output)| render(call, output)).collect()
        };
        match self.shape {
            Shape::Chat => json!({
                "tool_outputs": each(&|call, output| json!({ "tool_call_id": call.id, "output": output.text() })),
                "messages": each(&|call, output| {
                    json!({ "role": "tool", "tool_call_id": call.id, "content": output.text() })
                }),
            }),
            Shape::Responses => json!({
                "input": each(&|call, output| {
                    json!({ "type": "function_call_output", "call_id": call.id, "output": output.text() })
                }),
            }),
            Shape::Anthropic => json!({
                "content": each(&|call, output| json!({
                    "type": "tool_result", "tool_use_id": call.id, "content": output.text(), "is_error": !output.is_success(),
                })),
            }),
        }
    }
}

/// JSON in a string, as `OpenAI` has it, or an object, as others do. Nothing, and an empty string, count as an empty object (S1).
fn arguments(value: &Value) -> Option<Map<String, Value>> {
    match value {
        Value::Null => Some(Map::new()),
        Value::Object(members) => Some(members.clone()),
        Value::String(text) if text.trim().is_empty() => Some(Map::new()),
        Value::String(text) if text.len() <= LONGEST => serde_json::from_str(text).ok(),
        _ => None,
    }
}

/// A tool as a model is told of it.
pub(crate) fn definition(tool: Tool, shape: Shape) -> Value {
    let (name, description, parameters) = (tool.name(), tool.description(), tool.parameters());
    match shape {
        Shape::Chat => json!({
            "type": "function", "function": { "name": name, "description": description, "parameters": parameters },
        }),
        Shape::Responses => json!({
            "type": "function", "name": name, "description": description, "parameters": parameters,
        }),
        Shape::Anthropic => json!({ "name": name, "description": description, "input_schema": parameters }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_read_in_every_shape() {
        let arguments = json!({ "title": "Pedido" });
        let text = arguments.to_string();
        let expected = Call { id: "1".to_owned(), name: "t".to_owned(), arguments: arguments.as_object().cloned() };
        let check = |shape: Shape, item: Value, passed_over: Value| {
            let read = Calls::read(shape, &[passed_over, item]).unwrap().calls;
            assert_eq!(read.last(), Some(&expected), "{shape:?}");
        };
        let chat = json!({ "id": "1", "type": "function", "function": { "name": "t", "arguments": text } });
        check(Shape::Chat, chat.clone(), chat);
        let call = json!({ "type": "function_call", "call_id": "1", "id": "fc_1", "name": "t", "arguments": text });
        check(Shape::Responses, call, json!({ "type": "reasoning" }));
        let used = json!({ "type": "tool_use", "id": "1", "name": "t", "input": arguments });
        check(Shape::Anthropic, used, json!({ "type": "text", "text": "Déjame ver" }));
        assert!(Calls::read(Shape::Responses, &[json!({ "type": "message" })]).is_err());
        assert!(Calls::read(Shape::Chat, &vec![json!({}); MOST + 1]).is_err());
    }

    #[test]
    fn arguments_are_an_object_or_nothing() {
        for empty in [Value::Null, json!(""), json!("{}"), json!({})] {
            assert_eq!(arguments(&empty), Some(Map::new()), "{empty}");
        }
        for bad in [json!("{"), json!("[1]"), json!("null"), json!(5), json!("x".repeat(LONGEST + 1))] {
            assert_eq!(arguments(&bad), None, "{bad}");
        }
    }
}
