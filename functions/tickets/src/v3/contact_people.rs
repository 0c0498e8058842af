//! What is said of a contact by hand: its name, and which contacts are one person. Everything can be undone.

use axum::Json;
use axum::extract::{Path, State};
use domain::access::may_merge_contacts;
use domain::agent::Agent;
use domain::alias::{Alias, AliasKind};
use domain::contact::Contact;
use domain::ids::ContactId;
use runtime::dialects::v3::requests::{EditContact, IdentityRequest, OtherContact, SplitContact};
use runtime::dialects::v3::shapes::ContactShape;
use runtime::dialects::v3::{Problems, Refused, parse};
use runtime::requested::Requested;
use runtime::{Problem, clock};
use storage::{ChangeError, Parting, Storage};

use super::contacts::{NO_CONTACT, shown, visible};
use crate::making::worded;

/// The longest name that is given by hand, in characters.
const LONGEST_NAME: usize = 100;

/// Gives a contact a name by hand, for whoever sees it. It is shown before the one that the contact gives itself.
#[utoipa::path(patch, operation_id = "edit_contact", path = "/v3/contacts/{id}", tag = "contacts", request_body = EditContact,
    params(("id" = String, Path)), responses((status = 200, description = "The contact", body = ContactShape), Problems))]
pub(crate) async fn edit(
    State(storage): State<Storage>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<Json<ContactShape>, Refused> {
    let (id, _) = named(&storage, &request, id).await?;
    let asked: EditContact = parse(request.body.clone())?;
    if let Some(name) = asked.name {
        let name = name.map(|name| worded("name", &name, 1, LONGEST_NAME)).transpose()?;
        if name.as_ref().is_some_and(|name| name.chars().any(char::is_control)) {
            return Err(Refused::field("name", "name must be one line without control characters"));
        }
        let person = storage.person(&request.caller.org, &id).await?.ok_or(NO_CONTACT)?;
        storage.give_name(&request.caller.org, &person.id, name.as_deref()).await?;
    }
    Ok(Json(shown(&storage, &request.caller, &id).await?))
}

/// Says that two contacts are one person, for a supervisor or an admin: the younger goes into the older, and both ids lead to it. `unmerge`
/// parts them again.
#[utoipa::path(post, operation_id = "merge_contacts", path = "/v3/contacts/{id}/merge", tag = "contacts", request_body = OtherContact,
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, description = "The contact that both are now", body = ContactShape), Problems))]
pub(crate) async fn merge(
    State(storage): State<Storage>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<Json<ContactShape>, Refused> {
    let (id, agent) = named(&storage, &request, id).await?;
    allowed(&agent)?;
    let OtherContact { contact } = parse(request.body.clone())?;
    let org = &request.caller.org;
    let other = other(&storage, &request, &contact).await?;
    let both = [storage.contact(org, &id).await?, storage.contact(org, &other).await?];
    if both.iter().flatten().any(|contact| contact.is_group) && both[0] != both[1] {
        return Err(Refused::field("contact", "a group is nobody else"));
    }
    let person = storage.merge_contacts(org, &[id, other], &[]).await?;
    tracing::info!(org.id = %org, contact.id = %person.id, agent.id = %agent.id, "contacts merged by hand");
    Ok(Json(shown(&storage, &request.caller, &person.id).await?))
}

/// Parts a contact again from one that went into it, for a supervisor or an admin. It gets back the identities that it brought, its
/// conversations and its tickets. What messages show does not join them again; `merge` does.
#[utoipa::path(post, operation_id = "unmerge_contacts", path = "/v3/contacts/{id}/unmerge", tag = "contacts", request_body = OtherContact,
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, description = "The contact that came out", body = ContactShape), Problems))]
pub(crate) async fn unmerge(
    State(storage): State<Storage>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<Json<ContactShape>, Refused> {
    let (id, agent) = named(&storage, &request, id).await?;
    allowed(&agent)?;
    let OtherContact { contact } = parse(request.body.clone())?;
    let gone = ContactId::new(&contact).map_err(|_| Refused::field("contact", "contact names no contact"))?;
    let org = &request.caller.org;
    match storage.unmerge_contacts(org, &id, &gone, clock::now()).await? {
        Parting::Done => {
            tracing::info!(org.id = %org, contact.id = %gone, agent.id = %agent.id, "contacts parted by hand");
            Ok(Json(shown(&storage, &request.caller, &gone).await?))
        }
        Parting::NotThere => Err(conflict("not_merged", "that contact did not go into this one")),
        Parting::Impossible => {
            Err(conflict("nothing_to_part", "one of the two would have no identity left; use split"))
        }
        Parting::Contended => Err(ChangeError::Stale.into()),
    }
}

/// Makes a contact of some of a contact's identities, for a supervisor or an admin: for two people who were taken for one from the first
/// message on. What was said stays with the contact that it was said to; `merge` undoes it.
#[utoipa::path(post, operation_id = "split_contact", path = "/v3/contacts/{id}/split", tag = "contacts", request_body = SplitContact,
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, description = "The new contact", body = ContactShape), Problems))]
pub(crate) async fn split(
    State(storage): State<Storage>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<(http::StatusCode, Json<ContactShape>), Refused> {
    let (id, agent) = named(&storage, &request, id).await?;
    allowed(&agent)?;
    let SplitContact { identities } = parse(request.body.clone())?;
    let identities: Vec<Alias> = identities.iter().map(identity).collect::<Result<_, _>>()?;
    if identities.is_empty() {
        return Err(Refused::field("identities", "identities must name at least one identity"));
    }
    let org = &request.caller.org;
    let person = storage.person(org, &id).await?.ok_or(NO_CONTACT)?;
    let new = Contact::new(ContactId::generate(clock::now(), runtime::ids::random()), clock::now());
    match storage.split_contact(org, &person.id, &identities, &new).await? {
        Parting::Done => {
            tracing::info!(org.id = %org, contact.id = %new.id, agent.id = %agent.id, "contact split by hand");
            Ok((http::StatusCode::CREATED, Json(shown(&storage, &request.caller, &new.id).await?)))
        }
        Parting::NotThere => Err(Refused::field("identities", "identities must be those that the contact shows")),
        Parting::Impossible => Err(Refused::field("identities", "identities must leave the contact at least one")),
        Parting::Contended => Err(ChangeError::Stale.into()),
    }
}

/// The contact that the path names, and who asks. Whoever may not see it learns nothing of the body either.
async fn named(storage: &Storage, request: &Requested, id: String) -> Result<(ContactId, Agent), Problem> {
    let id = ContactId::new(id).map_err(|_| NO_CONTACT)?;
    let agent = visible(storage, &request.caller, &id).await?;
    Ok((id, agent))
}

async fn other(storage: &Storage, request: &Requested, id: &str) -> Result<ContactId, Refused> {
    let unknown = || Refused::field("contact", "contact names no contact of the organization");
    let id = ContactId::new(id).map_err(|_| unknown())?;
    match storage.person(&request.caller.org, &id).await? {
        Some(_) => Ok(id),
        None => Err(unknown()),
    }
}

fn allowed(agent: &Agent) -> Result<(), Problem> {
    may_merge_contacts(agent).map_err(|denied| Problem::Forbidden { reason: denied.to_string() })
}

fn conflict(code: &'static str, reason: &str) -> Refused {
    Problem::Conflict { code, reason: reason.to_owned(), holder: None }.into()
}

fn identity(asked: &IdentityRequest) -> Result<Alias, Refused> {
    let kind = AliasKind::named(&asked.kind).ok_or_else(|| {
        let names = AliasKind::ALL.map(AliasKind::as_str).join(", ");
        Refused::field("identities", format!("kind must be one of {names}"))
    })?;
    Ok(Alias::new(kind, asked.value.as_str()))
}
