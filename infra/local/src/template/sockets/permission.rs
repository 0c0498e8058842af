//! `AWS::Lambda::Permission`: whom a function lets invoke it. Without one, API Gateway's calls fail on AWS; here the host
//! does not start.

use serde::Deserialize;

use super::{SocketApi, function_of};
use crate::aws::pattern::matches;
use crate::template::{
    ACCOUNT_ID, Function, REGION, TemplateError, intrinsics::Problem, loose::read as read_properties,
    resources::Declared,
};

/// API Gateway may invoke a function.
pub(super) struct Permission {
    /// Name of the function.
    function: String,
    /// The ARNs of routes and authorizers that it is good for; `None` is every one.
    source: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    action: String,
    function_name: String,
    principal: String,
    source_arn: Option<String>,
}

pub(super) fn read<'a, 'd: 'a>(
    resources: impl Iterator<Item = &'a Declared<'d>>,
    functions: &[Function],
) -> Result<Vec<Permission>, TemplateError> {
    resources.map(|here| permission(here, functions).map_err(|problem| problem.of(here.logical_id))).collect()
}

fn permission(here: &Declared<'_>, functions: &[Function]) -> Result<Permission, Problem> {
    let properties: Properties = read_properties(here.properties()?)?;
    let expect = |property: &str, value: &str, known: &str| {
        let reason = format!("the local host knows {known} alone, not {value}");
        if value == known { Ok(()) } else { Err(Problem::new(reason).under(property)) }
    };
    expect("Action", &properties.action, "lambda:InvokeFunction")?;
    expect("Principal", &properties.principal, "apigateway.amazonaws.com")?;
    let function = function_of(&properties.function_name, functions);
    let function = function.map_err(|problem| problem.under("FunctionName"))?.name.clone();
    Ok(Permission { function, source: properties.source_arn })
}

/// Every function of the API may be invoked by it.
pub(super) fn check(api: &SocketApi, permissions: &[Permission]) -> Result<(), Problem> {
    let arn = |rest: &str| format!("arn:aws:execute-api:{REGION}:{ACCOUNT_ID}:{}/{rest}", api.id);
    let routes = api.routes.iter().map(|(key, route)| (&route.function, arn(&format!("{}/{key}", api.stage))));
    let authorizer = api.authorizer.iter().map(|guard| (&guard.function, arn(&format!("authorizers/{}", guard.id))));
    for (function, source) in routes.chain(authorizer) {
        let allowed = permissions.iter().any(|permission| {
            permission.function == *function
                && permission.source.as_ref().is_none_or(|pattern| matches(pattern, &source))
        });
        if !allowed {
            return Err(Problem::new(format!("no AWS::Lambda::Permission lets {source} invoke {function}")));
        }
    }
    Ok(())
}
