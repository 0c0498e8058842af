//! Each kind of answer as Meta's documentation writes it. Source: docs/providers.md §2.

use domain::answer::{MediaKind, Row, Target};
use domain::ids::ProviderMessageId;

use super::*;

fn phone() -> Alias {
    Alias::new(AliasKind::Phone, "77079861373")
}

fn target() -> Target {
    Target { id: ProviderMessageId::new("wamid.1"), is_ours: false }
}

#[track_caller]
fn check(body: AnswerBody, kind: &str, expected: &Value) {
    let sent = message(&phone(), &body.into(), "cnv_1.5.out_1");
    assert_eq!(
        sent,
        json!({ "messaging_product": "whatsapp", "recipient_type": "individual", "to": "77079861373", "type": kind,
                kind: expected, "biz_opaque_callback_data": "cnv_1.5.out_1" })
    );
}

#[test]
fn an_answer_is_addressed_by_the_kind_of_alias_and_names_what_it_quotes() {
    let sent = |kind, value: &str| message(&Alias::new(kind, value), &Answer::text("Olá"), "c");
    let by_user_id = sent(AliasKind::Bsuid, "US.13491208655302741918");
    assert_eq!(by_user_id["recipient"], "US.13491208655302741918");
    assert!(by_user_id.get("to").is_none());
    assert_eq!(sent(AliasKind::Group, "G1")["recipient_type"], "group");
    let quoting = Answer { reply_to: Some(target()), ..Answer::text("Olá") };
    assert_eq!(message(&phone(), &quoting, "c")["context"], json!({ "message_id": "wamid.1" }));
}

#[test]
fn texts_media_and_reactions_are_as_documented() {
    let text = AnswerBody::Text { body: "Olá".to_owned(), preview_url: true };
    check(text, "text", &json!({ "body": "Olá", "preview_url": true }));
    let document = Media {
        kind: MediaKind::Document,
        source: MediaSource::Link("https://example.org/a.pdf".to_owned()),
        caption: Some("Nota".to_owned()),
        filename: Some("a.pdf".to_owned()),
        is_voice: false,
    };
    let expected = json!({ "link": "https://example.org/a.pdf", "caption": "Nota", "filename": "a.pdf" });
    check(AnswerBody::Media(document), "document", &expected);
    let audio = Media {
        kind: MediaKind::Audio,
        source: MediaSource::Id("5".to_owned()),
        caption: None,
        filename: None,
        is_voice: false,
    };
    check(AnswerBody::Media(audio), "audio", &json!({ "id": "5" }));
    let reaction = AnswerBody::Reaction { target: target(), emoji: "👍".to_owned() };
    check(reaction, "reaction", &json!({ "message_id": "wamid.1", "emoji": "👍" }));
}

#[test]
fn choices_are_as_documented() {
    let buttons = Interactive {
        header: Some(Header::Text("Pedido".to_owned())),
        text: "Confirma?".to_owned(),
        footer: Some("Loja".to_owned()),
        choices: Choices::Buttons(vec![Button { id: "y".to_owned(), title: "Sim".to_owned() }]),
    };
    check(
        AnswerBody::Interactive(buttons),
        "interactive",
        &json!({ "type": "button", "header": { "type": "text", "text": "Pedido" }, "body": { "text": "Confirma?" },
                 "footer": { "text": "Loja" },
                 "action": { "buttons": [{ "type": "reply", "reply": { "id": "y", "title": "Sim" } }] } }),
    );
    let row = Row { id: "1".to_owned(), title: "Um".to_owned(), description: Some("primeiro".to_owned()) };
    let sections = vec![Section { title: Some("Todos".to_owned()), rows: vec![row] }];
    let list = Interactive {
        header: None,
        text: "Escolha".to_owned(),
        footer: None,
        choices: Choices::List { button: "Ver".to_owned(), sections },
    };
    check(
        AnswerBody::Interactive(list),
        "interactive",
        &json!({ "type": "list", "body": { "text": "Escolha" },
                 "action": { "button": "Ver", "sections": [{ "title": "Todos",
                     "rows": [{ "id": "1", "title": "Um", "description": "primeiro" }] }] } }),
    );
}

#[test]
fn a_template_has_a_component_for_each_part_that_was_filled_in() {
    let plain = TemplateCall::plain("continue", "pt_BR");
    let expected = json!({ "name": "continue", "language": { "code": "pt_BR" } });
    check(AnswerBody::Template(plain.clone()), "template", &expected);
    let variable = |name: Option<&str>, text: &str| Variable { name: name.map(str::to_owned), text: text.to_owned() };
    let picture = Media {
        kind: MediaKind::Image,
        source: MediaSource::Id("7".to_owned()),
        caption: None,
        filename: None,
        is_voice: false,
    };
    let full = TemplateCall {
        header: Some(HeaderValue::Media(picture)),
        body: vec![variable(None, "Maria"), variable(Some("order"), "297")],
        buttons: vec![
            ButtonValue { index: 0, kind: "quick_reply".to_owned(), text: "yes".to_owned() },
            ButtonValue { index: 1, kind: "url".to_owned(), text: "297".to_owned() },
        ],
        ..plain
    };
    check(
        AnswerBody::Template(full),
        "template",
        &json!({ "name": "continue", "language": { "code": "pt_BR" }, "components": [
            { "type": "header", "parameters": [{ "type": "image", "image": { "id": "7" } }] },
            { "type": "body", "parameters": [
                { "type": "text", "text": "Maria" }, { "type": "text", "text": "297", "parameter_name": "order" }] },
            { "type": "button", "sub_type": "quick_reply", "index": "0",
              "parameters": [{ "type": "payload", "payload": "yes" }] },
            { "type": "button", "sub_type": "url", "index": "1", "parameters": [{ "type": "text", "text": "297" }] },
        ] }),
    );
}

#[test]
fn a_read_mark_may_show_that_somebody_types() {
    let read = json!({ "messaging_product": "whatsapp", "status": "read", "message_id": "wamid.1" });
    assert_eq!(read_mark("wamid.1", false), read);
    assert_eq!(read_mark("wamid.1", true)["typing_indicator"], json!({ "type": "text" }));
}
