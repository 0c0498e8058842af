//! The stage of a WebSocket API, and that its routes reach it: a deployment holds what was there when it was made.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    SocketRoute,
    assemble::belongs,
    properties::{DeploymentProperties, RouteSettings, StageProperties},
};
use crate::template::{
    TemplateError, Throttle,
    intrinsics::Problem,
    kinds::{Kind, SocketPart},
    loose::read as read_properties,
    resources::Declared,
};

/// A stage that serves the routes of the template.
pub(super) struct Deployed {
    pub(super) name: String,
    pub(super) throttle: Option<Throttle>,
    pub(super) route_throttles: BTreeMap<String, Throttle>,
}

pub(super) fn read<'a, 'd: 'a, I: Iterator<Item = &'a Declared<'d>>>(
    api: &Declared<'_>,
    of: &impl Fn(Kind) -> I,
    routes: &BTreeMap<String, SocketRoute>,
) -> Result<Deployed, TemplateError> {
    let mut stages = of(Kind::Socket(SocketPart::Stage));
    let Some(here) = stages.next() else {
        return Err(Problem::new("has no AWS::ApiGatewayV2::Stage, so nobody could connect").of(api.logical_id));
    };
    if let Some(second) = stages.next() {
        return Err(Problem::new("the local host serves one stage").of(second.logical_id));
    }
    let (deployed, deployment) = stage(here, api.logical_id, routes).map_err(|problem| problem.of(here.logical_id))?;
    let mut known = BTreeSet::new();
    for other in of(Kind::Socket(SocketPart::Deployment)) {
        let declared = |here: &Declared<'_>| {
            let deployment: DeploymentProperties = read_properties(here.properties()?)?;
            belongs(&deployment.api_id, api.logical_id)?;
            waits_for_routes(here, of)
        };
        declared(other).map_err(|problem| problem.of(other.logical_id))?;
        known.insert(other.logical_id);
    }
    match deployment {
        Some(id) if !known.contains(id.as_str()) => {
            let reason = format!("{id} is no deployment of the template");
            Err(Problem::new(reason).under("DeploymentId").of(here.logical_id))
        }
        _ => Ok(deployed),
    }
}

/// The stage, and the id of its deployment.
fn stage(
    here: &Declared<'_>,
    api: &str,
    routes: &BTreeMap<String, SocketRoute>,
) -> Result<(Deployed, Option<String>), Problem> {
    let stage: StageProperties = read_properties(here.properties()?)?;
    belongs(&stage.api_id, api)?;
    let name = stage_name(stage.stage_name)?;
    if stage.auto_deploy.0 == stage.deployment_id.is_some() {
        return Err(Problem::new("has either AutoDeploy or a DeploymentId, so that its routes are served"));
    }
    let throttle = stage.default_route_settings.as_ref().and_then(RouteSettings::throttle);
    let route_throttles = route_throttles(&stage.route_settings, routes)?;
    Ok((Deployed { name, throttle, route_throttles }, stage.deployment_id))
}

/// A stage's name is a part of URLs, and `$default` is for HTTP APIs.
pub(super) fn stage_name(name: String) -> Result<String, Problem> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if name.is_empty() || name.len() > 128 || !name.chars().all(plain) {
        let reason = format!("{name:?} is not made of letters, digits, `_` and `-`");
        return Err(Problem::new(reason).under("StageName"));
    }
    Ok(name)
}

/// The limits of single routes, each of which has to be there.
pub(super) fn route_throttles(
    settings: &BTreeMap<String, RouteSettings>,
    routes: &BTreeMap<String, SocketRoute>,
) -> Result<BTreeMap<String, Throttle>, Problem> {
    if let Some(unknown) = settings.keys().find(|key| !routes.contains_key(*key)) {
        return Err(Problem::new(format!("there is no route {unknown}")).under("RouteSettings"));
    }
    Ok(settings.iter().filter_map(|(key, settings)| Some((key.clone(), settings.throttle()?))).collect())
}

/// CloudFormation makes a deployment at any time, and without routes it fails, unless the deployment depends on them.
fn waits_for_routes<'a, 'd: 'a, I: Iterator<Item = &'a Declared<'d>>>(
    deployment: &Declared<'_>,
    of: &impl Fn(Kind) -> I,
) -> Result<(), Problem> {
    let named = deployment.resource.get("DependsOn");
    let depends_on = |id: &str| {
        named.is_some_and(|named| {
            named.as_str() == Some(id) || named.as_array().is_some_and(|all| all.iter().any(|one| one == id))
        })
    };
    match of(Kind::Socket(SocketPart::Route)).find(|route| !depends_on(route.logical_id)) {
        Some(route) => {
            Err(Problem::new(format!("{} may be made later than the deployment", route.logical_id)).under("DependsOn"))
        }
        None => Ok(()),
    }
}
