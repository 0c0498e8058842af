//! Which route of the API a request takes.
//!
//! A route without a greedy variable wins over one with it, that over `$default`. Among equals the most specific wins,
//! segment by segment: a literal before `{one}`, that before `{all+}`; and of equal paths the one that names the method.
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html>.

use crate::template::Function;

/// All routes of the template.
pub(super) struct Routes(Vec<Entry>);

/// A route and the function behind it.
pub(super) struct Entry {
    /// `POST /api/tickets/{id}/claim` or `$default`.
    pub(super) key: String,
    pub(super) function: String,
    pub(super) authorizer: bool,
    /// `None` for any.
    method: Option<String>,
    /// `None` for `$default`.
    segments: Option<Vec<Segment>>,
}

/// A route that fits, with the values of its path's parameters.
pub(super) struct Matched<'a> {
    pub(super) route: &'a Entry,
    pub(super) parameters: Vec<(&'a str, String)>,
}

/// In the order of precedence, the least first.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Greedy(String),
    Parameter(String),
    Literal(String),
}

impl Routes {
    pub(super) fn new(functions: &[Function]) -> Self {
        let entries = functions.iter().flat_map(|function| {
            function.routes.iter().map(|route| {
                let is_default = route.path == "$default";
                Entry {
                    key: if is_default { route.path.clone() } else { format!("{} {}", route.method, route.path) },
                    function: function.name.clone(),
                    authorizer: route.authorizer,
                    method: (!is_default && route.method != "ANY").then(|| route.method.clone()),
                    segments: (!is_default).then(|| split(&route.path).map(segment).collect()),
                }
            })
        });
        Self(entries.collect())
    }

    /// The route for a method and a decoded path.
    pub(super) fn find(&self, method: &str, path: &str) -> Option<Matched<'_>> {
        let fits_method = |entry: &&Entry| entry.method.as_deref().is_none_or(|wanted| wanted == method);
        let candidates = self.0.iter().filter(fits_method).filter_map(|route| {
            let parameters = match &route.segments {
                Some(segments) => capture(segments, path)?,
                None => Vec::new(),
            };
            Some(Matched { route, parameters })
        });
        candidates.max_by_key(|matched| {
            let ranks = matched.route.segments.iter().flatten().map(|segment| match segment {
                Segment::Greedy(_) => 0,
                Segment::Parameter(_) => 1,
                Segment::Literal(_) => 2,
            });
            let is_greedy = matched.route.segments.iter().flatten().any(|one| matches!(one, Segment::Greedy(_)));
            let fullness = matched.route.segments.is_some().then_some(!is_greedy);
            (fullness, ranks.collect::<Vec<u8>>(), matched.route.method.is_some())
        })
    }
}

fn split(path: &str) -> std::str::Split<'_, char> {
    path.strip_prefix('/').unwrap_or(path).split('/')
}

fn segment(text: &str) -> Segment {
    match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
        None => Segment::Literal(text.to_owned()),
        Some(name) => match name.strip_suffix('+') {
            Some(name) => Segment::Greedy(name.to_owned()),
            None => Segment::Parameter(name.to_owned()),
        },
    }
}

fn capture<'a>(segments: &'a [Segment], path: &str) -> Option<Vec<(&'a str, String)>> {
    let mut parameters = Vec::new();
    let mut rest = split(path);
    for segment in segments {
        match segment {
            Segment::Literal(literal) => {
                rest.next().filter(|part| part == literal)?;
            }
            Segment::Parameter(name) => {
                let part = rest.next().filter(|part| !part.is_empty())?;
                parameters.push((name.as_str(), part.to_owned()));
            }
            Segment::Greedy(name) => {
                let all = rest.by_ref().collect::<Vec<_>>().join("/");
                parameters.push((name.as_str(), Some(all).filter(|all| !all.is_empty())?));
            }
        }
    }
    rest.next().is_none().then_some(parameters)
}
