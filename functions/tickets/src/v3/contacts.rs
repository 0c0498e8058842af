//! Contacts in `/v3`. An agent sees a contact of whose tickets it sees one.

use axum::Json;
use axum::extract::{Path, State};
use domain::access;
use domain::agent::{Agent, Role};
use domain::alias::{Alias, AliasKind};
use domain::contact::Contact;
use domain::ids::ContactId;
use http::Uri;
use runtime::Problem;
use runtime::dialects::v3::shapes::{BesideContact, ContactShape, Page};
use runtime::dialects::v3::{Problems, Refused, query};
use runtime::identity::Caller;
use serde::Deserialize;
use storage::{Storage, WholeContact};
use utoipa::IntoParams;

pub(super) const NO_CONTACT: Problem = Problem::NotFound { entity: "Contact" };

/// How a contact is looked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Search {
    /// Its phone number, with the country's code.
    phone: String,
}

/// The contact with a phone number: one, or none.
#[utoipa::path(get, operation_id = "find_contacts", path = "/v3/contacts", tag = "contacts", params(Search),
    responses((status = 200, description = "The contacts", body = Page<ContactShape>), Problems))]
pub(crate) async fn find(
    State(storage): State<Storage>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<Page<ContactShape>>, Refused> {
    let Search { phone } = query(&uri)?;
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    if !(5..=20).contains(&digits.len()) {
        return Err(Refused::field("phone", "phone must have 5 to 20 digits"));
    }
    let known = storage.contact_by_alias(&caller.org, &[Alias::new(AliasKind::Phone, digits)]).await?;
    caller.agent(&storage).await?;
    let Some(known) = known else { return Ok(Json(Page { data: Vec::new(), next_cursor: None })) };
    match seen(&storage, &caller, &known.id).await {
        Ok(shape) => Ok(Json(Page { data: vec![shape], next_cursor: None })),
        Err(Problem::NotFound { .. }) => Ok(Json(Page { data: Vec::new(), next_cursor: None })),
        Err(problem) => Err(problem.into()),
    }
}

/// A contact.
#[utoipa::path(get, operation_id = "read_contact", path = "/v3/contacts/{id}", tag = "contacts", params(("id" = String, Path)),
    responses((status = 200, description = "The contact", body = ContactShape), Problems))]
pub(crate) async fn one(
    State(storage): State<Storage>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ContactShape>, Refused> {
    let id = ContactId::new(id).map_err(|_| NO_CONTACT)?;
    Ok(Json(seen(&storage, &caller, &id).await?))
}

/// A contact that the caller may see.
pub(super) async fn seen(storage: &Storage, caller: &Caller, id: &ContactId) -> Result<ContactShape, Problem> {
    visible(storage, caller, id).await?;
    shown(storage, caller, id).await
}

/// Who asks, if they may see the contact.
pub(super) async fn visible(storage: &Storage, caller: &Caller, id: &ContactId) -> Result<Agent, Problem> {
    let person = storage.person(&caller.org, id).await?.ok_or(NO_CONTACT)?;
    let agent = caller.agent(storage).await?;
    if agent.role >= Role::Supervisor {
        return Ok(agent);
    }
    for id in std::iter::once(id).chain(person.ids()) {
        let tickets = storage.contact_tickets(&caller.org, id).await?;
        if tickets.iter().any(|ticket| access::may_see(&agent, ticket)) {
            return Ok(agent);
        }
    }
    Err(NO_CONTACT)
}

/// A contact with its conversations, those that went into it, and those that it is kept apart from.
pub(super) async fn shown(storage: &Storage, caller: &Caller, id: &ContactId) -> Result<ContactShape, Problem> {
    let org = &caller.org;
    let WholeContact { person, contact } = storage.whole_contact(org, id).await?.ok_or(NO_CONTACT)?;
    let mut conversations = Vec::new();
    for id in person.ids() {
        conversations.extend(storage.contact_conversations(org, id).await?);
    }
    let mut others = Vec::new();
    for apart in &contact.apart {
        others.extend(
            storage.contact(org, &apart.contact).await?.map(|other| Contact { id: apart.contact.clone(), ..other }),
        );
    }
    let beside = BesideContact { conversations: &conversations, merged: &person.absorbed, others: &others };
    Ok(ContactShape::of(&contact, &beside))
}
