//! `/v3/settings`: what an organization's administrators set.

use axum::Json;
use axum::extract::State;
use domain::agent::Role;
use domain::locale::Locale;
use domain::organization::{Organization, Settings};
use domain::ticket::WaitingPolicy;
use runtime::Problem;
use runtime::dialects::v3::requests::EditSettings;
use runtime::dialects::v3::shapes::SettingsShape;
use runtime::dialects::v3::{Problems, Refused, parse};
use runtime::identity::Caller;
use runtime::requested::Requested;
use storage::{ChangeError, Storage};

/// How often settings are changed again after somebody else changed them.
const TRIES: u32 = 4;

/// The organization's settings.
#[utoipa::path(get, operation_id = "read_settings", path = "/v3/settings", tag = "settings",
    responses((status = 200, description = "The settings", body = SettingsShape), Problems))]
pub(crate) async fn read(State(storage): State<Storage>, caller: Caller) -> Result<Json<SettingsShape>, Refused> {
    caller.agent(&storage).await?;
    Ok(Json(SettingsShape::from(&organization(&storage, &caller).await?.settings)))
}

/// Changes settings, for an admin. A pattern is for tickets made from now on, a minute's delay included; what others show is still read.
#[utoipa::path(patch, operation_id = "edit_settings", path = "/v3/settings", tag = "settings", request_body = EditSettings,
    responses((status = 200, description = "The settings", body = SettingsShape), Problems))]
pub(crate) async fn edit(State(storage): State<Storage>, request: Requested) -> Result<Json<SettingsShape>, Refused> {
    let agent = request.caller.agent(&storage).await?;
    if agent.role < Role::Admin {
        return Err(Problem::Forbidden { reason: "only an admin may change settings".to_owned() }.into());
    }
    let asked: EditSettings = parse(request.body.clone())?;
    for _ in 0..TRIES {
        let before = organization(&storage, &request.caller).await?.settings;
        let after = edited(before.clone(), &asked)?;
        if before == after || storage.change_settings(&request.caller.org, &before, &after).await? {
            tracing::info!(org.id = %request.caller.org, agent.id = %agent.id, "settings changed");
            return Ok(Json(SettingsShape::from(&after)));
        }
    }
    Err(ChangeError::Stale.into())
}

fn edited(before: Settings, asked: &EditSettings) -> Result<Settings, Refused> {
    let invalid = |reason: String| Refused::field("number_pattern", reason);
    let mut after = match &asked.number_pattern {
        None => before,
        Some(None) => before.with_pattern(None).map_err(|error| invalid(error.to_string()))?,
        Some(Some(text)) => {
            let pattern = text.parse().map_err(|error: domain::number::InvalidPattern| invalid(error.to_string()))?;
            before.with_pattern(Some(pattern)).map_err(|error| invalid(error.to_string()))?
        }
    };
    if let Some(may) = asked.agents_may_assign_others {
        after.agents_may_assign_others = may;
    }
    if let Some(code) = &asked.locale {
        after.locale = code.as_deref().map(language).transpose()?;
    }
    if let Some(hours) = asked.remind_after_hours {
        after.waiting.remind_after_hours = within("remind_after_hours", hours, WaitingPolicy::LATEST_REMINDER_HOURS)?;
    }
    if let Some(hours) = asked.resolve_after_hours {
        after.waiting.resolve_after_hours = within("resolve_after_hours", hours, WaitingPolicy::LONGEST_WAIT_HOURS)?;
    }
    Ok(after)
}

fn language(code: &str) -> Result<Locale, Refused> {
    Locale::of(code).ok_or_else(|| {
        let codes = Locale::ALL.map(|(_, code)| code).join(", ");
        Refused::field("locale", format!("locale must be one of {codes}, with or without a country"))
    })
}

/// A number of hours from one to `most`, if there is one.
fn within<N: Copy + PartialOrd + From<u8> + std::fmt::Display>(
    field: &'static str,
    hours: Option<N>,
    most: N,
) -> Result<Option<N>, Refused> {
    match hours {
        Some(hours) if hours < N::from(1) || hours > most => {
            Err(Refused::field(field, format!("{field} must be from 1 to {most}")))
        }
        hours => Ok(hours),
    }
}

async fn organization(storage: &Storage, caller: &Caller) -> Result<Organization, Problem> {
    storage.organization_now(&caller.org).await?.ok_or(Problem::NotFound { entity: "Organization" })
}
