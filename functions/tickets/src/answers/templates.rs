//! Templates that an answer names: found, checked against what goes into them, and chosen where the answer leaves that to us.

use domain::answer::{Answer, AnswerBody, Target};
use domain::connection::Connection;
use domain::page::{Portion, Room, Weighs};
use domain::template::{Template, TemplateCall, TemplateState};
use runtime::Problem;
use storage::Storage;

use super::request::{Asked, Fallback, Wanted};

/// The most templates that a refusal names.
const MOST_NAMED: usize = 50;

/// The templates of a connection that may be sent, those that need nothing filled in first.
pub(super) async fn usable(storage: &Storage, connection: &Connection) -> Result<Vec<Template>, Problem> {
    let mut templates = all(storage, connection).await?;
    templates.retain(|template| template.state == TemplateState::Approved);
    // Stable: by name among themselves, as they were read.
    templates.sort_by_key(|template| !template.is_plain());
    Ok(Portion::cut(templates, Room::of(MOST_NAMED), Template::weight).items)
}

/// The answer with its templates found and checked. `about` is the message that it names. Errors: `InvalidInput` that says what
/// would do.
pub(super) async fn resolve(
    storage: &Storage,
    connection: &Connection,
    asked: Asked,
    about: Option<Target>,
) -> Result<Answer, Problem> {
    let Asked { wanted, on_window_closed, .. } = asked;
    let names_one = matches!(wanted, Wanted::Template(_)) || on_window_closed.is_some();
    let known = if names_one { all(storage, connection).await? } else { Vec::new() };
    let (body, reply_to) = match (wanted, about) {
        (Wanted::Template(call), about) => (AnswerBody::Template(find(connection, &known, call)?), about),
        (Wanted::Ready(body), about) => (body, about),
        (Wanted::Reaction { emoji }, Some(target)) => (AnswerBody::Reaction { target, emoji }, None),
        (Wanted::Reaction { .. }, None) => return Err(invalid("a reaction must name its message".to_owned())),
    };
    let on_window_closed = match on_window_closed {
        None => None,
        Some(Fallback::Template(call)) => Some(find(connection, &known, *call)?),
        Some(Fallback::Any) => Some(choose(connection, &known)?),
    };
    Ok(Answer { body, reply_to, on_window_closed })
}

async fn all(storage: &Storage, connection: &Connection) -> Result<Vec<Template>, Problem> {
    match connection.provider.template_account() {
        Some(account) => Ok(storage.templates(&connection.org, account).await?),
        None => Ok(Vec::new()),
    }
}

/// The template that a call names, with what the contact will read. A call without a language means the only one there is.
fn find(connection: &Connection, known: &[Template], call: TemplateCall) -> Result<TemplateCall, Problem> {
    let named: Vec<&Template> = known.iter().filter(|template| template.name == call.name).collect();
    let of_language = |template: &&&Template| call.language.is_empty() || template.language == call.language;
    let mut found = named.iter().filter(of_language);
    let (Some(template), None) = (found.next(), found.next()) else {
        let languages: Vec<&str> = named.iter().map(|template| template.language.as_str()).collect();
        return Err(invalid(match (languages.as_slice(), call.language.as_str()) {
            ([], _) => format!("connection {} has no template {}", connection.id, call.name),
            (languages, "") => format!("template {} needs a language: {}", call.name, languages.join(", ")),
            (languages, asked) => {
                format!("template {} does not exist in {asked}, but in {}", call.name, languages.join(", "))
            }
        }));
    };
    template.admits(&call).map_err(|mismatch| invalid(mismatch.to_string()))?;
    let preview = Some(template.preview(&call)).filter(|preview| !preview.is_empty());
    Ok(TemplateCall { language: template.language.clone(), preview, ..call })
}

/// The template for an answer that names none: the first by name that needs nothing filled in and is billed as a service.
fn choose(connection: &Connection, known: &[Template]) -> Result<TemplateCall, Problem> {
    let fits = |template: &&Template| template.category.eq_ignore_ascii_case("utility") && template.is_plain();
    let Some(template) = known.iter().find(fits) else {
        let id = &connection.id;
        return Err(invalid(format!(
            "template is required: connection {id} has no approved utility template without variables to choose"
        )));
    };
    find(connection, known, TemplateCall::plain(&template.name, &template.language))
}

fn invalid(reason: String) -> Problem {
    Problem::InvalidInput { field: "template", reason }
}

#[cfg(test)]
mod tests {
    use domain::connection::{DEFAULT_APP, GroupPolicy, Provider, ReopenPolicy};
    use domain::ids::{ConnectionId, OrganizationId, QueueId};
    use domain::template::Shape;

    use super::*;

    fn connection() -> Connection {
        Connection {
            id: ConnectionId::new("comercial").unwrap(),
            org: OrganizationId::new("demo").unwrap(),
            provider: Provider::CloudApi {
                phone_number_id: "1".to_owned(),
                app: DEFAULT_APP.to_owned(),
                waba_id: Some("2".to_owned()),
            },
            own: Vec::new(),
            queue: QueueId::new("sales").unwrap(),
            reopen: ReopenPolicy::default(),
            groups: GroupPolicy::default(),
            calls: domain::connection::CallPolicy::default(),
            locale: None,
        }
    }

    fn template(name: &str, language: &str, category: &str, body: &str) -> Template {
        Template {
            name: name.to_owned(),
            language: language.to_owned(),
            state: TemplateState::Approved,
            category: category.to_owned(),
            quality: None,
            reason: None,
            shape: Shape { body: body.to_owned(), ..Shape::default() },
        }
    }

    #[test]
    fn a_template_is_found_by_its_name_and_the_only_language_may_be_left_out() {
        let known = [
            template("a", "pt_BR", "UTILITY", "Olá"),
            template("b", "es", "UTILITY", "Hola"),
            template("b", "en", "UTILITY", "Hi"),
        ];
        let check = |name: &str, language: &str, expected: Result<&str, &str>| {
            let found = find(&connection(), &known, TemplateCall::plain(name, language));
            let found = found.map(|call| call.language).map_err(|problem| problem.to_string());
            assert_eq!(found, expected.map(str::to_owned).map_err(str::to_owned));
        };
        check("a", "", Ok("pt_BR"));
        check("b", "es", Ok("es"));
        check("b", "", Err("template b needs a language: es, en"));
        check("b", "pt_BR", Err("template b does not exist in pt_BR, but in es, en"));
        check("c", "", Err("connection comercial has no template c"));
    }

    #[test]
    fn an_answer_that_names_no_template_gets_one_that_needs_nothing_and_is_no_advertisement() {
        let mut known = vec![
            template("a", "pt_BR", "MARKETING", "Olá"),
            template("b", "pt_BR", "UTILITY", "Olá {{1}}"),
            template("c", "pt_BR", "UTILITY", "Olá"),
        ];
        assert_eq!(choose(&connection(), &known).unwrap().name, "c");
        known.pop();
        assert!(matches!(choose(&connection(), &known), Err(Problem::InvalidInput { field: "template", .. })));
    }
}
