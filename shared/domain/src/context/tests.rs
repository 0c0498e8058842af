//! What refers to what.

use jiff::Timestamp;

use super::*;
use crate::delivery::Delivery;
use crate::ids::ConversationId;
use crate::message::MessageRef;

fn message(id: &str, provider_id: Option<&str>, direction: Direction, content: Content) -> Message {
    let reference = MessageRef {
        conversation: ConversationId::new("cnv_1").unwrap(),
        sent_at: Timestamp::UNIX_EPOCH,
        id: id.into(),
    };
    Message {
        reference,
        ticket: None,
        direction,
        content,
        provider_id: provider_id.map(ProviderMessageId::new),
        seq: 0,
    }
}

fn out() -> Direction {
    Direction::Out { agent: None, delivery: Delivery::Sent, error: None }
}

#[test]
fn an_answer_says_itself_what_it_quotes_or_reacts_to() {
    let target = Target { id: ProviderMessageId::new("wamid.1"), is_ours: false };
    let quoting = Answer { reply_to: Some(target.clone()), ..Answer::text("Olá") };
    let context = Context::of(&message("out_1", None, out(), quoting.content())).unwrap();
    assert_eq!(context.reply_to, Some(Referred { side: Some(Side::In), ..Referred::new("wamid.1") }));
    let reaction: Answer = AnswerBody::Reaction { target, emoji: "👍".to_owned() }.into();
    let context = Context::of(&message("out_1", None, out(), reaction.content())).unwrap();
    assert_eq!((context.reply_to.is_none(), context.about.unwrap().id.unwrap().as_str()), (true, "wamid.1"));
    assert_eq!(Context::of(&message("out_1", None, out(), Answer::text("Olá").content())), None);
    // What was written in the phone app is the provider's JSON, and no answer.
    assert_eq!(Context::of(&message("own.A", None, out(), quoting.content())), None);
}

#[test]
fn a_message_is_meant_by_its_id_and_in_a_group_by_its_writer_too() {
    let check = |referred: Referred, provider_id: &str, expected: bool| {
        let candidate = message(provider_id, Some(provider_id), Direction::In, Content::text("Oi"));
        assert_eq!(referred.means(&candidate), expected, "{referred:?} {provider_id}");
    };
    let by = |writer: &str| Referred { writer: Some(writer.to_owned()), ..Referred::new("3EB0") };
    check(Referred::new("3EB0"), "3EB0", true);
    check(Referred::new("3EB0"), "3EB0F", false);
    check(Referred::new("3EB0"), "3EB0.770", true);
    check(by("770"), "3EB0.770", true);
    check(by("770"), "3EB0.771", false);
    check(by("770"), "3EB0", true);
    assert!(!Referred::new("A").means(&message("out_1", None, out(), Content::text("Oi"))));
}

#[test]
fn what_was_stored_before_there_was_any_reads_back() {
    let old: Content = serde_json::from_str(r#"{"kind":"text","text":"Oi"}"#).unwrap();
    assert_eq!(old, Content::text("Oi"));
    let full = Context {
        reply_to: Some(Referred { text: Some("Oi".to_owned()), ..Referred::new("A") }),
        forwarded: Some(Forwarded::Often),
        ..Context::default()
    };
    let content = Content { context: full.unless_empty(), ..Content::text("Oi") };
    let written = serde_json::to_string(&content).unwrap();
    assert_eq!(written, r#"{"kind":"text","text":"Oi","ctx":{"re":{"id":"A","text":"Oi"},"fwd":"often"}}"#);
    assert_eq!(serde_json::from_str::<Content>(&written).unwrap(), content);
    assert_eq!(Context::default().unless_empty(), None);
}
