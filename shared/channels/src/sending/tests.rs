//! Each gateway's calls, as its documentation or source writes them.

use domain::answer::{AnswerBody, Choices, Interactive, Media, MediaKind, MediaSource};
use domain::template::TemplateCall;
use serde_json::json;

use super::*;

const ALL: [Speaks; 4] = [Speaks::Baileys, Speaks::Evolution, Speaks::Waha, Speaks::Gowa];

fn phone() -> Alias {
    Alias::new(AliasKind::Phone, "77079861373")
}

fn target() -> Target {
    Target { id: ProviderMessageId::new("3EB0"), is_ours: false }
}

fn picture() -> Answer {
    let source = MediaSource::Link("https://example.org/a.png".to_owned());
    AnswerBody::Media(Media {
        kind: MediaKind::Image,
        source,
        caption: Some("Nota".to_owned()),
        filename: None,
        is_voice: false,
    })
    .into()
}

#[track_caller]
fn check(speaks: Speaks, answer: &Answer, (method, path, body): (&str, &str, Value)) {
    let call = speaks.message("loja 1", &phone(), answer, None, "cnv_1.5.out_1").unwrap();
    assert_eq!(call, Call { method: call.method, path: path.to_owned(), body, file: None });
    assert_eq!(call.method, method);
}

#[test]
fn a_text_is_one_call_of_each_gateway() {
    let text = Answer::text("Olá");
    check(
        Speaks::Baileys,
        &text,
        (
            "POST",
            "/connections/loja%201/send-message",
            json!({ "jid": "77079861373@s.whatsapp.net", "messageContent": { "text": "Olá" },
                    "chatwootMessageId": "cnv_1.5.out_1" }),
        ),
    );
    check(
        Speaks::Evolution,
        &text,
        ("POST", "/message/sendText/loja%201", json!({ "number": "77079861373", "text": "Olá", "linkPreview": false })),
    );
    check(
        Speaks::Waha,
        &text,
        (
            "POST",
            "/api/sendText",
            json!({ "session": "loja 1", "chatId": "77079861373@c.us", "text": "Olá", "linkPreview": false }),
        ),
    );
    let gowa = json!({ "phone": "77079861373@s.whatsapp.net", "message": "Olá" });
    check(Speaks::Gowa, &text, ("POST", "/send/message", gowa));
}

#[test]
fn media_goes_by_link_where_the_gateway_fetches_it() {
    let body = json!({ "number": "77079861373", "mediatype": "image", "media": "https://example.org/a.png", "caption": "Nota" });
    check(Speaks::Evolution, &picture(), ("POST", "/message/sendMedia/loja%201", body));
    let body = json!({ "session": "loja 1", "chatId": "77079861373@c.us", "file": { "url": "https://example.org/a.png" },
                       "caption": "Nota" });
    check(Speaks::Waha, &picture(), ("POST", "/api/sendImage", body));
    let body =
        json!({ "phone": "77079861373@s.whatsapp.net", "image_url": "https://example.org/a.png", "caption": "Nota" });
    check(Speaks::Gowa, &picture(), ("POST", "/send/image", body));
    assert_eq!(Speaks::Baileys.can_send(&picture()), Err(Unsupported("media by link")));
}

#[test]
fn an_upload_goes_with_its_bytes() {
    let check = |speaks: Speaks, kind: MediaKind, expected: Option<(&str, Value, Place)>| {
        let source = MediaSource::Upload(domain::ids::UploadId::new("upl_1").unwrap());
        let caption = (kind != MediaKind::Audio).then(|| "Nota".to_owned());
        let answer: Answer = AnswerBody::Media(Media { kind, source, caption, filename: None, is_voice: false }).into();
        let media_type = if kind == MediaKind::Audio { "audio/ogg" } else { "x/y" };
        let file = Attached { media_type, name: "a.b" };
        let call = speaks.message("s", &phone(), &answer, Some(file), "r").ok();
        let found = call.map(|call| (call.path, call.body, call.file.unwrap()));
        assert_eq!(found, expected.map(|(path, body, place)| (path.to_owned(), body, place)), "{speaks:?} {kind:?}");
        assert!(speaks.message("s", &phone(), &answer, None, "r").is_err());
    };
    let baileys = |content: Value| json!({ "jid": "77079861373@s.whatsapp.net", "messageContent": content, "chatwootMessageId": "r" });
    let path = "/connections/s/send-message";
    let content = json!({ "image": "", "mimetype": "x/y", "caption": "Nota" });
    check(Speaks::Baileys, MediaKind::Image, Some((path, baileys(content), Place::Base64("/messageContent/image"))));
    let content = json!({ "audio": "", "ptt": true, "mimetype": "audio/ogg" });
    check(Speaks::Baileys, MediaKind::Audio, Some((path, baileys(content), Place::Base64("/messageContent/audio"))));
    let content = json!({ "document": "", "fileName": "a.b", "mimetype": "x/y", "caption": "Nota" });
    check(
        Speaks::Baileys,
        MediaKind::Document,
        Some((path, baileys(content), Place::Base64("/messageContent/document"))),
    );
    check(Speaks::Baileys, MediaKind::Sticker, None);
    let body = json!({ "number": "77079861373", "mediatype": "video", "media": "", "mimetype": "x/y", "fileName": "a.b", "caption": "Nota" });
    check(Speaks::Evolution, MediaKind::Video, Some(("/message/sendMedia/s", body, Place::Base64("/media"))));
    let body = json!({ "number": "77079861373", "audio": "" });
    check(Speaks::Evolution, MediaKind::Audio, Some(("/message/sendWhatsAppAudio/s", body, Place::Base64("/audio"))));
    let body = json!({ "number": "77079861373", "sticker": "" });
    check(Speaks::Evolution, MediaKind::Sticker, Some(("/message/sendSticker/s", body, Place::Base64("/sticker"))));
    let file = json!({ "mimetype": "x/y", "filename": "a.b", "data": "" });
    let body = json!({ "session": "s", "chatId": "77079861373@c.us", "file": file, "caption": "Nota" });
    check(Speaks::Waha, MediaKind::Document, Some(("/api/sendFile", body, Place::Base64("/file/data"))));
    check(Speaks::Waha, MediaKind::Sticker, None);
    let body = json!({ "phone": "77079861373@s.whatsapp.net", "caption": "Nota" });
    check(Speaks::Gowa, MediaKind::Document, Some(("/send/file", body, Place::Part("file"))));
    check(
        Speaks::Gowa,
        MediaKind::Audio,
        Some(("/send/audio", json!({ "phone": "77079861373@s.whatsapp.net" }), Place::Part("audio"))),
    );
    check(Speaks::Gowa, MediaKind::Sticker, None);
}

#[test]
fn quotes_and_reactions_name_their_message() {
    let quoting = Answer { reply_to: Some(target()), ..Answer::text("Olá") };
    let body = |speaks: Speaks, answer: &Answer| speaks.message("s", &phone(), answer, None, "r").unwrap().body;
    assert_eq!(body(Speaks::Evolution, &quoting)["quoted"], json!({ "key": { "id": "3EB0" } }));
    assert_eq!(body(Speaks::Waha, &quoting)["reply_to"], "false_77079861373@c.us_3EB0");
    assert_eq!(body(Speaks::Gowa, &quoting)["reply_message_id"], "3EB0");
    assert_eq!(Speaks::Baileys.can_send(&quoting), Err(Unsupported("quotes")));
    let reaction: Answer = AnswerBody::Reaction { target: target(), emoji: "👍".to_owned() }.into();
    let key = json!({ "remoteJid": "77079861373@s.whatsapp.net", "fromMe": false, "id": "3EB0" });
    assert_eq!(body(Speaks::Baileys, &reaction)["messageContent"], json!({ "react": { "key": key, "text": "👍" } }));
    check(
        Speaks::Evolution,
        &reaction,
        ("POST", "/message/sendReaction/loja%201", json!({ "key": key, "reaction": "👍" })),
    );
    let waha = json!({ "session": "loja 1", "messageId": "false_77079861373@c.us_3EB0", "reaction": "👍" });
    check(Speaks::Waha, &reaction, ("PUT", "/api/reaction", waha));
    let gowa = json!({ "phone": "77079861373@s.whatsapp.net", "emoji": "👍" });
    check(Speaks::Gowa, &reaction, ("POST", "/message/3EB0/reaction", gowa));
    let in_group = Target { id: ProviderMessageId::new("3EB0.77079861373"), is_ours: false };
    let group = Alias::new(AliasKind::Group, "1@g.us");
    assert_eq!(key_of(&group, &in_group)["participant"], "77079861373@s.whatsapp.net");
}

fn key_of(to: &Alias, target: &Target) -> Value {
    key(to, target)
}

#[test]
fn no_gateway_sends_templates_or_buttons() {
    let template: Answer = AnswerBody::Template(TemplateCall::plain("a", "es")).into();
    let choices = Choices::Buttons(Vec::new());
    let buttons: Answer =
        AnswerBody::Interactive(Interactive { header: None, text: "a".to_owned(), footer: None, choices }).into();
    for speaks in ALL {
        assert_eq!(speaks.can_send(&template), Err(Unsupported("templates")));
        assert_eq!(speaks.can_send(&buttons), Err(Unsupported("buttons and lists")));
    }
}

#[test]
fn reading_and_typing_are_calls_of_their_own() {
    let id = ProviderMessageId::new("3EB0");
    for (speaks, read, typing) in [
        (Speaks::Baileys, "/connections/s/read-messages", "/connections/s/presence"),
        (Speaks::Evolution, "/chat/markMessageAsRead/s", "/chat/sendPresence/s"),
        (Speaks::Waha, "/api/sendSeen", "/api/startTyping"),
        (Speaks::Gowa, "/message/3EB0/read", "/send/chat-presence"),
    ] {
        assert_eq!(speaks.read("s", &phone(), &id).path, read);
        assert_eq!(speaks.typing("s", &phone()).path, typing);
    }
}

#[test]
fn an_answer_gives_the_id_that_reports_will_name() {
    let accepted = |id: &str| SendOutcome::Accepted { provider_id: ProviderMessageId::new(id), wa_id: None };
    let check = |speaks: Speaks, body: Value| {
        assert_eq!(speaks.outcome(200, body.to_string().as_bytes()), accepted("3EB0"), "{body}");
        assert_eq!(speaks.outcome(200, b"{}"), SendOutcome::Unclear);
    };
    check(Speaks::Baileys, json!({ "data": { "key": { "id": "3EB0" } } }));
    check(Speaks::Evolution, json!({ "key": { "id": "3EB0", "fromMe": true }, "status": "PENDING" }));
    check(Speaks::Waha, json!({ "id": "true_77079861373@c.us_3EB0" }));
    check(Speaks::Waha, json!({ "id": { "_serialized": "true_77079861373@c.us_3EB0", "id": "3EB0" } }));
    check(Speaks::Waha, json!({ "key": { "id": "3EB0" } }));
    check(Speaks::Gowa, json!({ "code": "SUCCESS", "results": { "message_id": "3EB0", "status": "sent" } }));
}

#[test]
fn only_what_a_gateway_surely_did_not_take_is_refused_or_tried_again() {
    for speaks in ALL {
        assert_eq!(speaks.outcome(500, b"{}"), SendOutcome::Unclear);
        assert_eq!(speaks.outcome(502, b"<html>"), SendOutcome::Unclear);
        assert_eq!(speaks.outcome(409, b"Message is already being processed"), SendOutcome::Unclear);
        assert!(matches!(speaks.outcome(429, b""), SendOutcome::RetryLater { code: 429, .. }));
        let refused =
            SendOutcome::Refused { error: DeliveryError { code: 401, details: Some("Unauthorized".to_owned()) } };
        assert_eq!(speaks.outcome(401, br#"{"message":"Unauthorized"}"#), refused);
    }
    assert!(is_dead_by(401) && !is_dead_by(400));
}
