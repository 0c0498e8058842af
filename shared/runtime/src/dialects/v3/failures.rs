//! What any operation may be answered with instead of what it was asked for, for the API's description alone: the problems, and what
//! API Gateway says in place of a function. Each is described once, and the operations refer to it.

use http::StatusCode;
use utoipa::Modify;
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Response, Responses, ResponsesBuilder};

use super::parameters::operations;
use super::problem::Problems;

/// What the gateway says, whatever the function says with the same status.
const GATEWAY: [(&str, &str); 4] = [
    ("413", "The body is too large."),
    ("429", "The route takes no more requests at the moment."),
    ("500", "The function failed."),
    ("503", "The function could not run, or did not answer in time."),
];

/// Gives every operation the answers of the gateway, and refers to what is described for all.
#[derive(Debug)]
pub struct Failures;

impl Modify for Failures {
    fn modify(&self, api: &mut OpenApi) {
        let mut shared = ResponsesBuilder::new().responses_from_into_responses::<Problems>().build();
        add_gateway(&mut shared);
        for operation in operations(api) {
            add_gateway(&mut operation.responses);
            for (status, answer) in &mut operation.responses.responses {
                if shared.responses.get(status) == Some(answer) {
                    *answer = Ref::from_response_name(name(status)).into();
                }
            }
        }
        let components = api.components.get_or_insert_default();
        components.responses.extend(shared.responses.into_iter().map(|(status, answer)| (name(&status), answer)));
    }
}

fn add_gateway(answers: &mut Responses) {
    for (status, description) in GATEWAY {
        let answer = answers.responses.entry(status.to_owned()).or_insert_with(|| Response::new(description).into());
        if let RefOr::T(answer) = answer {
            let message = ContentBuilder::new().schema(Some(Ref::from_schema_name("GatewayMessage"))).build();
            answer.content.insert("application/json".to_owned(), message);
        }
    }
}

/// `TooManyRequests` of `429`.
fn name(status: &str) -> String {
    let status = StatusCode::from_bytes(status.as_bytes()).unwrap_or_default();
    status.canonical_reason().unwrap_or_default().replace(' ', "")
}
