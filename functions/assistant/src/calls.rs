//! `/v3/assistant`: the tools that a key may call, and calls of them in the shapes in which models make them.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::Uri;
use runtime::body::JsonBody;
use runtime::dialects::v3::{KeyProblems, Refused, parse, query};
use runtime::service::Service;
use serde::Deserialize;
use serde_json::Value;
use storage::Storage;
use utoipa::{IntoParams, OpenApi, ToSchema};

use crate::subject::{self, Named};
use crate::tools::{self, Tool};
use crate::wire::{self, Calls, Shape};

/// What this function adds to the description of `/v3`.
#[derive(Debug, OpenApi)]
#[openapi(paths(definitions, carry_out))]
pub struct Api;

/// In whose shape the tools are described.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// `chat` (`OpenAI`'s Chat Completions and Assistants, where it is absent), `responses` (its Responses), `anthropic`.
    #[param(inline)]
    shape: Option<Shape>,
}

/// The tools that the key may call, as a model is told of them.
#[utoipa::path(get, operation_id = "list_tools", path = "/v3/assistant/tools", tag = "assistant", params(Wanted), security(("service_key" = [])),
    responses((status = 200, description = "The tools", body = Vec<Object>), KeyProblems))]
pub(crate) async fn definitions(service: Service, uri: Uri) -> Result<Json<Value>, Refused> {
    let Wanted { shape } = query(&uri)?;
    let allowed = Tool::ALL.into_iter().filter(|tool| service.may(tool.scope()));
    Ok(Json(allowed.map(|tool| wire::definition(tool, shape.unwrap_or_default())).collect()))
}

/// Calls of a model, all for one customer: named by `conversation_id`, or by `phone` where the conversation is not known.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ToolCalls)]
pub(crate) struct Asked {
    /// The conversation that the model speaks in.
    #[schema(max_length = 64)]
    conversation_id: Option<String>,
    /// The customer's phone number, with the country's code; its latest conversation is meant.
    #[schema(max_length = 64)]
    phone: Option<String>,
    /// `tool_calls` of a message of Chat Completions, or of a run's `required_action`.
    #[schema(value_type = Option<Vec<Object>>, max_items = 16)]
    tool_calls: Option<Vec<Value>>,
    /// `output` of a response of the Responses API; what is no `function_call` is left out.
    #[schema(value_type = Option<Vec<Object>>, max_items = 64)]
    output: Option<Vec<Value>>,
    /// `content` of a message of Anthropic's Messages API; what is no `tool_use` is left out.
    #[schema(value_type = Option<Vec<Object>>, max_items = 64)]
    content: Option<Vec<Value>>,
}

/// What the tools answered, in the shape in which they were called. Each output is JSON in a string.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "a shape for the description")]
#[schema(as = ToolOutputs)]
pub(crate) struct Told {
    /// For `tool_calls`: what `submit_tool_outputs` takes.
    #[schema(value_type = Option<Vec<Object>>)]
    tool_outputs: Option<Vec<Value>>,
    /// For `tool_calls`: the messages with which Chat Completions goes on.
    #[schema(value_type = Option<Vec<Object>>)]
    messages: Option<Vec<Value>>,
    /// For `output`: what the next response takes as `input`.
    #[schema(value_type = Option<Vec<Object>>)]
    input: Option<Vec<Value>>,
    /// For `content`: the content of the next message of the user.
    #[schema(value_type = Option<Vec<Object>>)]
    content: Option<Vec<Value>>,
}

/// Carries out what a model asks for. A call that is wrong is answered, like any other, with an output: it tells the model what is
/// wrong, and has in `userMessage` what the customer may be told. The same call is carried out once, however often it is sent.
#[utoipa::path(post, operation_id = "call_tools", path = "/v3/assistant/tool-calls", tag = "assistant", request_body = Asked,
    security(("service_key" = [])),
    responses((status = 200, description = "An output for each call", body = Told), KeyProblems))]
pub(crate) async fn carry_out(
    State(storage): State<Storage>,
    service: Service,
    JsonBody(body): JsonBody,
) -> Result<Response, Refused> {
    let Asked { conversation_id, phone, tool_calls, output, content } = parse(body)?;
    let named = match (conversation_id, phone) {
        (Some(id), None) => Named::Conversation(id),
        (None, Some(phone)) => Named::Phone(phone),
        _ => return Err(Refused::field("conversation_id", "exactly one of conversation_id and phone is required")),
    };
    let calls = match (tool_calls, output, content) {
        (Some(calls), None, None) => Calls::read(Shape::Chat, &calls)?,
        (None, Some(items), None) => Calls::read(Shape::Responses, &items)?,
        (None, None, Some(blocks)) => Calls::read(Shape::Anthropic, &blocks)?,
        _ => {
            return Err(Refused::field("tool_calls", "exactly one of tool_calls, output and content is required"));
        }
    };
    let subject = subject::find(&storage, &service, &named).await;
    let mut outputs = Vec::with_capacity(calls.calls.len());
    for call in &calls.calls {
        outputs.push(tools::output(&storage, &service, &subject, call).await);
    }
    Ok(Json(calls.answered(&outputs)).into_response())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_request_names_one_customer_and_calls_of_one_shape() {
        let read = |body: Value| parse::<Asked>(body).err().and_then(|refused| refused.field);
        assert_eq!(read(json!({ "conversation_id": "c", "tool_calls": [] })), None);
        assert_eq!(read(json!({ "conversation": "c" })).as_deref(), Some("conversation"));
        assert_eq!(read(json!({ "tool_calls": "x" })).as_deref(), Some("tool_calls"));
    }
}
