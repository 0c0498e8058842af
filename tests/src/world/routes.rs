//! The routes of the template that ask for a token, so that no journey over all of them forgets a new one.

use reqwest::Method;

use super::binaries;

/// Method and path of each, as the template writes them: `/api/tickets/{id}`.
pub(crate) fn guarded() -> Vec<(Method, String)> {
    read(|line| !line.contains("Authorizer: NONE"))
}

/// The same of all routes, those among them that ask for no token or prove one themselves.
pub(crate) fn all() -> Vec<(Method, String)> {
    read(|_| true)
}

fn read(is_wanted: impl Fn(&str) -> bool) -> Vec<(Method, String)> {
    let template = std::fs::read_to_string(binaries::repository().join("infra/template.yaml")).unwrap();
    let routes: Vec<_> = template
        .lines()
        .filter(|line| line.contains("ApiId: !Ref Api,") && is_wanted(line))
        .map(|line| (Method::from_bytes(member(line, "Method").as_bytes()).unwrap(), member(line, "Path").to_owned()))
        .collect();
    assert!(routes.len() >= 12, "the template is no longer read: {routes:?}");
    routes
}

/// A member of a mapping that is written on one line. One with braces or commas is quoted.
fn member<'a>(line: &'a str, name: &str) -> &'a str {
    let value = line.split_once(&format!("{name}: ")).unwrap().1;
    match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next().unwrap(),
        None => value.split([',', '}']).next().unwrap().trim(),
    }
}
