//! `POST /api/v2/tickets`: an agent makes a ticket, and is its agent if it has room for one more (S1).

use axum::extract::State;
use axum::response::Response;
use domain::ids::{ContactId, ConversationId};
use domain::ticket::{Category, Details, Priority};
use runtime::Problem;
use runtime::body::word;
use runtime::dialects::{Refused, told};
use runtime::requested::{Requested, done};
use serde_json::Value;
use storage::Storage;

use crate::making::{Wanted, make, worded};

/// Makes the ticket.
pub(crate) async fn create(
    State(storage): State<Storage>,
    Requested { caller, body, once, .. }: Requested,
) -> Result<Response, Refused> {
    let wanted = wanted(&body)?;
    let answer = told(201);
    Ok(done(make(&storage, &caller, wanted, once.as_ref(), answer).await?, answer))
}

/// Checks the body. Errors name the field, in S1's words where S1 has words.
fn wanted(body: &Value) -> Result<Wanted, Problem> {
    let text = |field: &str| body.get(field).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let customer = word(body, &["customerId", "customer_id", "contactId", "contact_id"]);
    let invalid = |field, reason: String| Problem::InvalidInput { field, reason };
    let (Some(contact), Some(title), Some(description)) = (customer.as_deref(), text("title"), text("description"))
    else {
        let missing = ["title", "description"].into_iter().find(|field| text(field).is_none());
        let field = if customer.is_none() { "customerId" } else { missing.unwrap_or("customerId") };
        let reason = "Missing required fields: customerId, title, description".to_owned();
        return Err(invalid(field, reason));
    };
    let category = match text("category") {
        Some(name) => Category::parse(name).ok_or_else(|| {
            let names = Category::ALL.map(Category::as_str).join(", ");
            invalid("category", format!("category must be one of {names}"))
        })?,
        None => Category::default(),
    };
    let priority = match text("priority") {
        Some(name) => Priority::parse(name).ok_or_else(|| {
            let names = Priority::ALL.map(Priority::as_str).join(", ");
            invalid("priority", format!("priority must be one of {names}"))
        })?,
        None => Priority::default(),
    };
    let conversation = word(body, &["conversationId", "conversation_id"]).map(ConversationId::new).transpose();
    Ok(Wanted {
        contact: ContactId::new(contact).map_err(|_| Problem::NotFound { entity: "Customer" })?,
        conversation: conversation.map_err(|_| Problem::NotFound { entity: "Conversation" })?,
        title: worded("title", title, 5, 200)?,
        description: worded("description", description, 10, 5000)?,
        category,
        priority,
        details: Details::default(),
        is_waiting: false,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_bad_body_is_refused_with_its_field() {
        let check = |body: Value, field: &str, reason: &str| match wanted(&body) {
            Err(Problem::InvalidInput { field: named, reason: told }) => {
                assert_eq!((named, told.as_str()), (field, reason));
            }
            _ => panic!("{body} was accepted"),
        };
        let missing = "Missing required fields: customerId, title, description";
        check(json!({}), "customerId", missing);
        check(json!({"customerId": "ctc_1", "title": "Pedido"}), "description", missing);
        check(json!({"customerId": "ctc_1", "title": 5, "description": "Não chegou ainda"}), "title", missing);
        let with = |field: &str, value: Value| {
            let mut body = json!({"customerId": "ctc_1", "title": "Pedido", "description": "Não chegou ainda"});
            body[field] = value;
            body
        };
        check(with("title", json!("Oi")), "title", "title must have 5 to 200 characters");
        check(with("description", json!("curta")), "description", "description must have 10 to 5000 characters");
        check(with("priority", json!("now")), "priority", "priority must be one of low, medium, high, urgent");
        assert!(wanted(&with("priority", json!("urgent"))).is_ok());
    }
}
