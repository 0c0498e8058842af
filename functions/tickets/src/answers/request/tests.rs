//! What is taken, and by which field anything else is refused.

use domain::answer::{Choices, Header, MediaSource};
use domain::template::HeaderValue;
use serde_json::json;

use super::*;

#[track_caller]
fn refused(body: &Value, field: &str) {
    match read(body) {
        Err(Problem::InvalidInput { field: named, reason }) => assert_eq!(named, field, "{body}: {reason}"),
        other => panic!("{body}: {other:?}"),
    }
}

fn ready(body: &Value) -> AnswerBody {
    match read(body).unwrap().wanted {
        Wanted::Ready(ready) => ready,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_text_is_found_under_any_of_its_names() {
    for body in [
        json!({"body": " Olá "}),
        json!({"text": "Olá"}),
        json!({"message": "Olá"}),
        json!({"type": "text", "text": {"body": "Olá"}}),
    ] {
        assert_eq!(ready(&body), AnswerBody::Text { body: "Olá".to_owned(), preview_url: false }, "{body}");
    }
    let preview = AnswerBody::Text { body: "Olá".to_owned(), preview_url: true };
    assert_eq!(ready(&json!({ "body": "Olá", "preview_url": true })), preview);
    assert_eq!(ready(&json!({ "type": "text", "text": { "body": "Olá", "preview_url": true } })), preview);
    refused(&json!({ "body": "Olá", "preview_url": "yes" }), "preview_url");
    for body in [json!({}), json!(null), json!({"body": " "}), json!({"body": 5}), json!({"body": "x".repeat(4097)})] {
        refused(&body, "body");
    }
}

#[test]
fn a_message_is_quoted_by_its_id() {
    let quoting = |id: Value| json!({ "body": "Olá", "reply_to": id });
    assert_eq!(read(&quoting(json!("cnv_1.5.wamid.1"))).unwrap().about.unwrap().id, "wamid.1");
    refused(&quoting(json!("wamid.1")), "reply_to");
    refused(&quoting(json!(5)), "reply_to");
}

#[test]
fn media_comes_by_link_or_id_with_a_caption_where_there_can_be_one() {
    let media = |kind: &str, content: Value| json!({ "type": kind, kind: content });
    let AnswerBody::Media(document) = ready(&media("document", json!({ "id": "5", "filename": "nota.pdf" }))) else {
        panic!("no media")
    };
    assert_eq!((document.source, document.filename.as_deref()), (MediaSource::Id("5".to_owned()), Some("nota.pdf")));
    ready(&media("image", json!({ "link": "https://example.org/a.png", "caption": "x".repeat(1024) })));
    let AnswerBody::Media(image) = ready(&media("image", json!({ "upload": "upl_1", "caption": "a" }))) else {
        panic!("no media")
    };
    assert!(matches!(image.source, MediaSource::Upload(id) if id.as_str() == "upl_1"));
    refused(&media("image", json!({ "upload": "upl_1", "id": "5" })), "upload");
    refused(&media("image", json!({ "upload": "a/../b" })), "upload");
    refused(&media("image", json!({ "upload": 5 })), "upload");
    refused(&media("audio", json!({ "upload": "upl_1", "caption": "a" })), "caption");
    refused(&media("image", json!({ "link": "https://example.org/a.png", "caption": "x".repeat(1025) })), "caption");
    refused(&media("audio", json!({ "id": "5", "caption": "a" })), "caption");
    refused(&media("image", json!({ "id": "5", "filename": "a" })), "filename");
    refused(&media("document", json!({ "id": "5", "filename": "../a" })), "filename");
    for link in ["http://example.org", "https://", "javascript:alert(1)", "", "/a", "https://ex ample.org"] {
        refused(&media("image", json!({ "link": link })), "link");
    }
    for home in [
        "127.0.0.1",
        "2130706433",
        "[::1]",
        "169.254.169.254",
        "localhost",
        "waha",
        "a.internal",
        "example.org:8443",
        "a@example.org",
    ] {
        refused(&media("image", json!({ "link": format!("https://{home}/a.png") })), "link");
    }
    refused(&media("image", json!({ "link": "https://example.org", "id": "5" })), "link");
    refused(&media("image", json!({})), "link");
    refused(&media("image", json!({ "id": "../5" })), "id");
    refused(&media("image", json!("https://example.org")), "media");
    refused(&json!({ "type": "image" }), "media");
}

fn choosing(action: &Value) -> Value {
    json!({ "type": "interactive", "interactive": { "type": "button", "body": { "text": "Confirma?" }, "action": action } })
}

fn button(id: &str, title: &str) -> Value {
    json!({ "type": "reply", "reply": { "id": id, "title": title } })
}

#[test]
fn buttons_are_one_to_three_and_differ() {
    let AnswerBody::Interactive(two) =
        ready(&choosing(&json!({ "buttons": [button("1", "Sim"), { "id": "2", "title": "Não" }] })))
    else {
        panic!("not interactive")
    };
    assert!(matches!(two.choices, Choices::Buttons(buttons) if buttons.len() == 2));
    let four: Vec<Value> = (0..4).map(|n| button(&n.to_string(), &n.to_string())).collect();
    refused(&choosing(&json!({ "buttons": four })), "interactive.action.buttons");
    refused(&choosing(&json!({ "buttons": [] })), "interactive.action.buttons");
    refused(&choosing(&json!({})), "interactive.action.buttons");
    refused(&choosing(&json!({ "buttons": [button("1", "a"), button("1", "b")] })), "button id");
    refused(&choosing(&json!({ "buttons": [button("1", "a"), button("2", "a")] })), "button title");
    refused(&choosing(&json!({ "buttons": [button("1", &"x".repeat(21))] })), "button title");
    refused(&choosing(&json!({ "buttons": [button(&"x".repeat(257), "a")] })), "button id");
    let with = |name: &str, value: Value| {
        let mut body = choosing(&json!({ "buttons": [button("1", "Sim")] }));
        body["interactive"][name] = value;
        body
    };
    refused(&with("body", json!({ "text": "x".repeat(1025) })), "interactive.body");
    refused(&with("body", json!(null)), "interactive.body");
    refused(&with("footer", json!({ "text": "x".repeat(61) })), "interactive.footer");
    refused(&with("header", json!({ "type": "text", "text": "x".repeat(61) })), "interactive.header");
    refused(&with("header", json!({ "type": "sticker" })), "interactive.header");
    refused(&with("type", json!("flow")), "interactive.type");
    let pictured = ready(&with("header", json!({ "type": "image", "image": { "id": "5" } })));
    assert!(matches!(pictured, AnswerBody::Interactive(given) if matches!(given.header, Some(Header::Media(_)))));
}

#[test]
fn a_list_has_at_most_ten_rows_in_all() {
    let row = |n: usize| json!({ "id": n.to_string(), "title": "a", "description": "b" });
    let list = |sections: Value| {
        let action = json!({ "button": "Ver", "sections": sections });
        json!({ "type": "interactive", "interactive": { "type": "list", "body": "Escolha", "action": action } })
    };
    let rows = |range: std::ops::Range<usize>| range.map(row).collect::<Vec<_>>();
    ready(&list(json!([{ "rows": rows(0..10) }])));
    ready(&list(json!([{ "title": "A", "rows": rows(0..5) }, { "title": "B", "rows": rows(5..10) }])));
    refused(
        &list(json!([{ "title": "A", "rows": rows(0..6) }, { "title": "B", "rows": rows(6..11) }])),
        "section rows",
    );
    refused(&list(json!([{ "rows": rows(0..5) }, { "title": "B", "rows": rows(5..6) }])), "section title");
    refused(&list(json!([{ "rows": [] }])), "section rows");
    refused(&list(json!([])), "interactive.action.sections");
    refused(&list(json!([{ "rows": [row(1), row(1)] }])), "row id");
    refused(&list(json!([{ "rows": [{ "id": "1", "title": "x".repeat(25) }] }])), "row title");
    refused(
        &list(json!([{ "rows": [{ "id": "1", "title": "a", "description": "x".repeat(73) }] }])),
        "row description",
    );
    let mut unnamed = list(json!([{ "rows": rows(0..1) }]));
    unnamed["interactive"]["action"]["button"] = json!(null);
    refused(&unnamed, "interactive.action.button");
}

#[test]
fn a_reaction_is_an_emoji_on_a_message() {
    let reaction =
        |emoji: Value| json!({ "type": "reaction", "reaction": { "message_id": "cnv_1.5.wamid.1", "emoji": emoji } });
    for emoji in ["👍", "", "👩🏽‍🤝‍👨🏿", "❤️"] {
        let asked = read(&reaction(json!(emoji))).unwrap();
        assert_eq!(asked.wanted, Wanted::Reaction { emoji: emoji.to_owned() });
        assert_eq!(asked.about.unwrap().id, "wamid.1");
    }
    for emoji in [json!("ok"), json!(null), json!(5), json!("👍 👍"), json!("👍".repeat(20))] {
        refused(&reaction(emoji), "reaction.emoji");
    }
    refused(&json!({ "type": "reaction", "reaction": { "emoji": "👍" } }), "reaction.message_id");
    let mut both = reaction(json!("👍"));
    both["reply_to"] = json!("cnv_1.5.wamid.1");
    refused(&both, "reply_to");
}

#[test]
fn a_template_has_a_name_and_what_goes_into_it_in_either_form() {
    let call = |template: Value| match read(&json!({ "type": "template", "template": template })).unwrap().wanted {
        Wanted::Template(call) => call,
        other => panic!("{other:?}"),
    };
    assert_eq!(call(json!({ "name": "a" })), TemplateCall::plain("a", ""));
    assert_eq!(call(json!({ "name": "a", "language": { "code": "es" } })).language, "es");
    let counted = call(json!({ "name": "a", "language": "es", "variables": ["Maria", 297] }));
    assert_eq!((counted.body[0].text.as_str(), counted.body[1].text.as_str()), ("Maria", "297"));
    let short = call(json!({
        "name": "a", "variables": { "first_name": "Maria" }, "header": { "type": "document", "id": "5" },
        "buttons": [{ "type": "url", "index": 1, "value": "297" }],
    }));
    let long = call(json!({ "name": "a", "components": [
        { "type": "header", "parameters": [{ "type": "document", "document": { "id": "5" } }] },
        { "type": "body", "parameters": [{ "type": "text", "text": "Maria", "parameter_name": "first_name" }] },
        { "type": "button", "sub_type": "url", "index": "1", "parameters": [{ "type": "text", "text": "297" }] },
    ] }));
    assert_eq!(short, long);
    assert!(matches!(short.header, Some(HeaderValue::Media(_))));
    for (template, field) in [
        (json!(null), "template.name"),
        (json!({ "name": "" }), "template.name"),
        (json!({ "name": "a", "language": 5 }), "template.language"),
        (json!({ "name": "a", "variables": "Maria" }), "template.variables"),
        (json!({ "name": "a", "variables": [""] }), "template.variables"),
        (json!({ "name": "a", "variables": ["a\nb"] }), "template.variables"),
        (json!({ "name": "a", "variables": [{}] }), "template.variables"),
        (json!({ "name": "a", "components": [{ "type": "carousel" }] }), "template.components"),
        (json!({ "name": "a", "buttons": [{ "type": "url", "index": 10, "value": "a" }] }), "button index"),
    ] {
        refused(&json!({ "type": "template", "template": template }), field);
    }
}

#[test]
fn what_to_do_when_the_window_is_closed_is_one_of_two_words() {
    let asked = |body: Value| read(&body).unwrap().on_window_closed;
    assert_eq!(asked(json!({ "body": "Olá", "on_window_closed": "refuse" })), None);
    assert_eq!(asked(json!({ "body": "Olá", "on_window_closed": "template" })), Some(Fallback::Any));
    let named = json!({ "body": "Olá", "on_window_closed": "template", "template": { "name": "a" } });
    assert_eq!(asked(named), Some(Fallback::Template(Box::new(TemplateCall::plain("a", "")))));
    let reaction = json!({ "message_id": "cnv_1.5.wamid.1", "emoji": "👍" });
    for body in [
        json!({ "body": "Olá", "on_window_closed": "wait" }),
        json!({ "body": "Olá", "on_window_closed": true }),
        json!({ "type": "template", "template": { "name": "a" }, "on_window_closed": "template" }),
        json!({ "type": "reaction", "reaction": reaction, "on_window_closed": "template" }),
    ] {
        refused(&body, "on_window_closed");
    }
    refused(&json!({ "type": "poll" }), "type");
    refused(&json!({ "type": 5 }), "type");
}
