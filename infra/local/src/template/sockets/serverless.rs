//! `AWS::Serverless::WebSocketApi`: SAM's spelling. SAM adds the stage and the permissions by itself.
//!
//! Source: `samtranslator/model/api/websocket_api_generator.py` of aws-sam-translator 1.115.0, which infra/checks pins.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{
    RequestAuthorizer, SocketApi, SocketRoute,
    assemble::{identity, timeout},
    deployed::{route_throttles, stage_name},
    function_of,
    properties::RouteSettings,
    selection::members,
};
use crate::template::{
    Function,
    intrinsics::Problem,
    loose::{Count, Texts, read as read_properties},
    resources::Declared,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    #[serde(default, rename = "Name")]
    _name: IgnoredAny,
    #[serde(default, rename = "Description")]
    _description: IgnoredAny,
    #[serde(default, rename = "Tags")]
    _tags: IgnoredAny,
    #[serde(default, rename = "PropagateTags")]
    _propagate_tags: IgnoredAny,
    #[serde(default, rename = "AccessLogSettings")]
    _access_log_settings: IgnoredAny,
    stage_name: Option<String>,
    route_selection_expression: String,
    routes: BTreeMap<String, Route>,
    auth: Option<AuthProperties>,
    default_route_settings: Option<RouteSettings>,
    #[serde(default)]
    route_settings: BTreeMap<String, RouteSettings>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Route {
    function_arn: String,
    #[serde(default, rename = "OperationName")]
    _operation_name: IgnoredAny,
    integration_timeout: Option<Count>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct AuthProperties {
    #[serde(rename = "AuthType")]
    kind: String,
    #[serde(rename = "AuthArn")]
    function: Option<String>,
    #[serde(default)]
    identity_source: Texts,
    #[serde(default, rename = "Name")]
    _name: IgnoredAny,
}

pub(super) fn read(here: &Declared<'_>, functions: &[Function]) -> Result<SocketApi, Problem> {
    let properties: Properties = read_properties(here.properties()?)?;
    let mut routes = BTreeMap::new();
    for (key, route) in properties.routes {
        let read = || {
            let function = function_of(&route.function_arn, functions);
            let function = function.map_err(|problem| problem.under("FunctionArn"))?.name.clone();
            let timeout = timeout(route.integration_timeout, "IntegrationTimeout")?;
            Ok(SocketRoute { function, timeout, answers: false })
        };
        let route = read().map_err(|problem: Problem| problem.under(format!("Routes.{key}")))?;
        routes.insert(key, route);
    }
    let authorizer = match properties.auth {
        None => None,
        Some(_) if !routes.contains_key("$connect") => {
            return Err(Problem::new("authorization needs the route $connect").under("Auth"));
        }
        Some(auth) => authorizer(here.logical_id, &auth, functions).map_err(|problem| problem.under("Auth"))?,
    };
    Ok(SocketApi {
        id: here.logical_id.to_owned(),
        // SAM's name for the stage that has none.
        stage: stage_name(properties.stage_name.unwrap_or_else(|| "default".to_owned()))?,
        selection: members(&properties.route_selection_expression)?,
        throttle: properties.default_route_settings.as_ref().and_then(RouteSettings::throttle),
        route_throttles: route_throttles(&properties.route_settings, &routes)?,
        routes,
        authorizer,
    })
}

fn authorizer(api: &str, auth: &AuthProperties, functions: &[Function]) -> Result<Option<RequestAuthorizer>, Problem> {
    match (auth.kind.as_str(), &auth.function) {
        ("NONE", None) => Ok(None),
        ("CUSTOM", Some(arn)) => Ok(Some(RequestAuthorizer {
            id: format!("{api}ConnectAuthorizer"),
            function: function_of(arn, functions).map_err(|problem| problem.under("AuthArn"))?.name.clone(),
            identity: identity(&auth.identity_source.0)?,
        })),
        (other, _) => {
            let reason = format!("the local host knows CUSTOM with an AuthArn, and NONE, not {other}");
            Err(Problem::new(reason).under("AuthType"))
        }
    }
}
