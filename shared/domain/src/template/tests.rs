//! Which calls fit which templates.

use super::*;
use crate::answer::MediaSource;

fn template(body: &str) -> Template {
    Template {
        name: "order".to_owned(),
        language: "pt_BR".to_owned(),
        state: TemplateState::Approved,
        category: "UTILITY".to_owned(),
        quality: None,
        reason: None,
        shape: Shape { body: body.to_owned(), ..Shape::default() },
    }
}

fn call(values: &[(Option<&str>, &str)]) -> TemplateCall {
    let body = values
        .iter()
        .map(|(name, text)| Variable { name: name.map(str::to_owned), text: (*text).to_owned() })
        .collect();
    TemplateCall { body, ..TemplateCall::plain("order", "pt_BR") }
}

#[track_caller]
fn check(template: &Template, call: &TemplateCall, expected: Result<(), &str>) {
    let outcome = template.admits(call).map_err(|mismatch| mismatch.to_string());
    assert_eq!(outcome, expected.map_err(str::to_owned));
}

#[test]
fn every_variable_of_the_words_needs_its_value() {
    let counted = template("Olá {{1}}, o pedido {{2}} saiu. {{1}}?");
    check(&counted, &call(&[(None, "Maria"), (None, "297")]), Ok(()));
    check(
        &counted,
        &call(&[(None, "Maria")]),
        Err("the body of template order takes 2 variables, but 1 variable was given"),
    );
    check(&counted, &call(&[]), Err("the body of template order takes 2 variables, but no variables were given"));
    let named = template("Olá {{first_name}}");
    check(&named, &call(&[(Some("first_name"), "Maria")]), Ok(()));
    check(
        &named,
        &call(&[(Some("name"), "Maria")]),
        Err("the body of template order takes 1 variable (first_name), but 1 variable (name) was given"),
    );
    check(&template("Olá"), &call(&[]), Ok(()));
    check(&template("{{ }} {{a b}} {{x"), &call(&[]), Ok(()));
}

#[test]
fn only_an_approved_template_is_sent() {
    for (word, fits) in [("APPROVED", true), ("approved", true), ("REINSTATED", true), ("PAUSED", false), ("", false)] {
        let template = Template { state: TemplateState::from(word.to_owned()), ..template("Olá") };
        assert_eq!(template.is_plain(), fits, "{word}");
    }
}

#[test]
fn headers_and_buttons_are_of_the_template_s_kinds() {
    let media =
        |kind| Media { kind, source: MediaSource::Id("1".to_owned()), caption: None, filename: None, is_voice: false };
    let mut picture = template("Olá");
    picture.shape.header = Some(HeaderShape::Media(MediaKind::Image));
    let with = |header| TemplateCall { header, ..call(&[]) };
    check(&picture, &with(Some(HeaderValue::Media(media(MediaKind::Image)))), Ok(()));
    check(&picture, &with(None), Err("template order needs image as its header"));
    check(
        &picture,
        &with(Some(HeaderValue::Media(media(MediaKind::Video)))),
        Err("template order needs image as its header"),
    );
    check(
        &template("Olá"),
        &with(Some(HeaderValue::Media(media(MediaKind::Image)))),
        Err("template order needs nothing as its header"),
    );
    let mut buttons = template("Olá");
    let button = |kind: &str, has_variable| ButtonShape { kind: kind.to_owned(), text: "A".to_owned(), has_variable };
    buttons.shape.buttons = vec![button("QUICK_REPLY", false), button("URL", true)];
    let value = |index, kind: &str| ButtonValue { index, kind: kind.to_owned(), text: "x".to_owned() };
    let with = |values: &[ButtonValue]| TemplateCall { buttons: values.to_vec(), ..call(&[]) };
    check(&buttons, &with(&[value(1, "url")]), Ok(()));
    check(&buttons, &with(&[value(0, "quick_reply"), value(1, "url")]), Ok(()));
    check(&buttons, &with(&[]), Err("template order: button 1 needs a value"));
    check(&buttons, &with(&[value(1, "quick_reply")]), Err("template order: button 1 is of another kind"));
    check(&buttons, &with(&[value(2, "url")]), Err("template order: button 2 does not exist"));
}

#[test]
fn a_preview_shows_what_the_contact_reads() {
    let template = template("Olá {{1}}, o pedido {{2}} saiu");
    assert_eq!(template.preview(&call(&[(None, "Maria"), (None, "297")])), "Olá Maria, o pedido 297 saiu");
}
