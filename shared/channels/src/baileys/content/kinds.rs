//! What each field of WhatsApp's `Message` does here, decided by what WhatsApp shows a person: a bubble of its own opens a ticket; a
//! mark on another message, a line between the bubbles, and what devices tell each other open nothing.
//!
//! The list of fields is `fixtures/message_fields.txt`; one without a decision fails a test.

use domain::message::Effect::{self, Opens, Silent};
use serde_json::Value;

use super::{Said, Unsaid, found};
use crate::content;

/// What a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// It stands beside the content and is none.
    Beside,
    /// A wrapper: what it holds counts, with this effect at most.
    Within(Effect),
    /// Content of this kind.
    Says(&'static str, Effect),
    /// An edit or a deletion, or something between devices.
    Protocol,
    /// An edit that only the devices of the chat can read.
    Sealed,
    /// What is shown on the phone alone.
    Masked,
    /// Nothing that is kept, for this reason.
    Nothing(Unsaid),
    /// A field that nobody knows yet.
    Unknown,
}

use Decision::{Beside, Masked, Nothing, Protocol, Says, Sealed, Unknown, Within};

const ABOUT: Decision = Nothing("about_another_message");

/// The decision on a field that is known; `None` for what is new.
fn known(key: &str) -> Option<Decision> {
    let decision = match key {
        "messageContextInfo"
        | "senderKeyDistributionMessage"
        | "fastRatchetKeySenderKeyDistributionMessage"
        | "groupRootKeyShare"
        | "rootSecretDistributeMessage"
        | "statusLinkPreviewMetadata"
        // These are Evolution's.
        | "base64"
        | "mediaUrl"
        | "speechToText" => Beside,

        "ephemeralMessage"
        | "viewOnceMessage"
        | "viewOnceMessageV2"
        | "viewOnceMessageV2Extension"
        | "documentWithCaptionMessage"
        | "editedMessage"
        | "associatedChildMessage"
        | "groupMentionedMessage"
        | "groupStatusMessage"
        | "groupStatusMessageV2"
        | "botInvokeMessage"
        | "botTaskMessage"
        | "botForwardedMessage"
        | "questionMessage"
        | "questionReplyMessage"
        | "spoilerMessage"
        | "newsletterAdminProfileMessage"
        | "newsletterAdminProfileStatusMessage"
        | "deviceSentMessage"
        // A comment is written under a message, and says as much as an answer to it.
        | "commentMessage" => Within(Opens),
        // The picture of an appointment or of a choice, and lines that say what happened.
        "eventCoverImage"
        | "pollCreationOptionImageMessage"
        | "statusMentionMessage"
        | "groupStatusMentionMessage"
        | "statusAddYours"
        | "limitSharingMessage"
        | "botPlatformRegistrationSuccessMessage" => Within(Silent),

        "conversation" | "extendedTextMessage" | "statusQuotedMessage" => Says("text", Opens),
        "imageMessage" => Says("image", Opens),
        "videoMessage" | "ptvMessage" => Says("video", Opens),
        "audioMessage" => Says("audio", Opens),
        "stickerMessage" | "lottieStickerMessage" => Says("sticker", Opens),
        "stickerPackMessage" => Says("stickerpack", Opens),
        "documentMessage" => Says("document", Opens),
        "locationMessage" | "liveLocationMessage" => Says("location", Opens),
        "contactMessage" | "contactsArrayMessage" => Says("contacts", Opens),
        "buttonsResponseMessage" | "listResponseMessage" | "interactiveResponseMessage" | "interactiveMessage" => {
            Says("interactive", Opens)
        }
        "templateButtonReplyMessage" => Says("button", Opens),
        "templateMessage" | "highlyStructuredMessage" => Says("template", Opens),
        "buttonsMessage" => Says("buttons", Opens),
        "listMessage" => Says("list", Opens),
        "productMessage" => Says("product", Opens),
        "orderMessage" => Says("order", Opens),
        "invoiceMessage" => Says("invoice", Opens),
        "sendPaymentMessage" | "requestPaymentMessage" | "paymentInviteMessage" | "splitPaymentMessage" => {
            Says("payment", Opens)
        }
        "groupInviteMessage" | "newsletterAdminInviteMessage" | "newsletterFollowerInviteMessageV2" => {
            Says("invite", Opens)
        }
        "pollCreationMessage"
        | "pollCreationMessageV2"
        | "pollCreationMessageV3"
        | "pollCreationMessageV4"
        | "pollCreationMessageV5"
        | "pollCreationMessageV6" => Says("poll", Opens),
        "eventMessage" | "eventInviteMessage" | "scheduledCallCreationMessage" => Says("event", Opens),
        "requestPhoneNumberMessage" => Says("requestphonenumber", Opens),
        "richResponseMessage" => Says("richresponse", Opens),
        "musicMessage" => Says("music", Opens),

        "reactionMessage" => Says("reaction", Silent),
        // Lines between the bubbles.
        "callLogMesssage" | "callLogMessage" | "bcallMessage" => Says("call", Silent),
        "pollResultSnapshotMessage" | "pollResultSnapshotMessageV3" => Says("pollresult", Silent),
        // Answers to our own status: they are shown under it.
        "statusQuestionAnswerMessage" | "questionResponseMessage" => Says("answer", Silent),

        "protocolMessage" => Protocol,
        "secretEncryptedMessage" => Sealed,
        "placeholderMessage" => Masked,

        "pollUpdateMessage"
        | "pollAddOptionMessage"
        | "encReactionMessage"
        | "encCommentMessage"
        | "encEventResponseMessage"
        | "keepInChatMessage"
        | "pinInChatMessage"
        | "scheduledCallEditMessage"
        | "declinePaymentRequestMessage"
        | "cancelPaymentRequestMessage"
        | "paymentReminderMessage"
        | "splitPaymentUpdateMessage"
        | "statusNotificationMessage"
        | "statusStickerInteractionMessage" => ABOUT,
        // Its pictures follow, each as a message of its own.
        "albumMessage" => Nothing("album_announced"),
        // Shown at a time that its writer chose; it comes then.
        "conditionalRevealMessage" => Nothing("not_shown_yet"),
        "call" | "chat" | "stickerSyncRmrMessage" | "messageHistoryBundle" | "messageHistoryNotice" => Nothing("protocol"),
        _ => return None,
    };
    Some(decision)
}

/// What is done with a field of this name that holds `body`.
pub(super) fn decision(key: &str, body: &Value) -> Decision {
    match known(key) {
        // Some kinds come bare in one version of WhatsApp and wrapped in another.
        Some(Says(_, effect)) if is_wrapper(body) => Within(effect),
        None if is_wrapper(body) => Within(Opens),
        Some(decision) => decision,
        None => Unknown,
    }
}

/// An object whose only content is a `message`.
fn is_wrapper(body: &Value) -> bool {
    let is_more = |(name, value): (&String, &Value)| {
        let is_about = name == "contextInfo" || name.ends_with("Key") || is_beside(name);
        name != "message" && !is_about && (value.is_string() || value.is_object() || value.is_array())
    };
    body["message"].is_object() && !body.as_object().into_iter().flatten().any(is_more)
}

/// Whether a field stands beside the content and is none.
pub(super) fn is_beside(key: &str) -> bool {
    known(key) == Some(Beside)
}

/// Whether WhatsApp calls a field so.
pub(super) fn is_message(key: &str) -> bool {
    key.contains("Message") || known(key).is_some()
}

/// The kind of a field that has no other name here.
pub(super) fn plain(key: &str) -> String {
    content::kind(key.strip_suffix("Message").unwrap_or(key))
}

/// What a field that is no wrapper means. `deepest` is how many wrappers may still come off.
pub(super) fn meaning<'a>(key: &str, body: &'a Value, decision: Decision, deepest: usize) -> Result<Said<'a>, Unsaid> {
    match decision {
        Says(kind, effect) => Ok(super::finished(kind, super::told::words(key, body, deepest), effect, body)),
        Protocol => super::told::protocol(body, deepest),
        Sealed => super::told::sealed(body),
        Masked => Ok(super::absent(super::PHONE_ONLY, body)),
        Nothing(reason) => Err(reason),
        Unknown | Beside | Within(_) => unknown(key, body),
    }
}

/// A field that nobody knows yet. A person's words or file open a ticket. What has neither is kept and opens nothing, and what names
/// another message is about it.
fn unknown<'a>(key: &str, body: &'a Value) -> Result<Said<'a>, Unsaid> {
    let names_a_message = |(name, value): (&String, &Value)| {
        (name == "key" || name.ends_with("Key")) && ["id", "ID"].iter().any(|id| value[id].is_string())
    };
    let is_about = body.as_object().into_iter().flatten().any(names_a_message);
    let is_file = ["mediaKey", "directPath", "fileSha256"].iter().any(|name| !body[name].is_null());
    let text = found::texts(body);
    let effect = match (is_about, text.is_some() || is_file) {
        (true, false) => return Err("about_another_message"),
        (false, true) => Opens,
        (true, true) | (false, false) => Silent,
    };
    Ok(super::finished(&plain(key), text, effect, body))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Facts about WhatsApp, kept apart from what is made of them.
    const FIELDS: &str = include_str!("../../../fixtures/message_fields.txt");

    fn fields() -> impl Iterator<Item = &'static str> {
        FIELDS.lines().filter(|line| !line.starts_with('#') && !line.is_empty())
    }

    #[test]
    fn every_field_of_whatsapp_s_message_has_a_decision() {
        let undecided: Vec<&str> = fields().filter(|field| known(field).is_none()).collect();
        assert!(undecided.is_empty(), "{undecided:?}");
        assert!(fields().count() > 100);
    }

    /// What holds nothing but what WhatsApp put there by itself opens nothing, whatever is in it.
    #[test]
    fn only_bubbles_of_their_own_open_a_ticket() {
        let opens = |field: &str| {
            let body = json!({ "key": { "id": "A" }, "targetMessageKey": { "id": "A" }, "name": "x", "text": "x", "caption": "x",
                "type": 3, "secretEncType": 2, "callOutcome": 1 });
            let message = json!({ "message": { field: body } });
            super::super::said(&message).is_ok_and(|said| said.effect == Opens)
        };
        for field in fields() {
            let expected = match known(field) {
                Some(Says(_, effect)) => effect == Opens,
                Some(Masked) => true,
                // Without a message in it a view-once wrapper says that it was taken away, and another wrapper nothing.
                Some(Within(_)) => field.starts_with("viewOnce"),
                _ => false,
            };
            assert_eq!(opens(field), expected, "{field}");
        }
    }

    #[test]
    fn what_nobody_knows_yet_opens_by_its_words_or_its_file() {
        let check = |body: Value, expected: Result<(Option<&str>, Effect), Unsaid>| {
            let said = unknown("hologramMessage", &body);
            let said = said.as_ref().map(|said| (said.text.as_deref(), said.effect)).map_err(|reason| *reason);
            assert_eq!(said, expected, "{body}");
        };
        check(json!({ "caption": "Oi" }), Ok((Some("Oi"), Opens)));
        check(json!({ "mediaKey": "k", "directPath": "/v" }), Ok((None, Opens)));
        check(json!({ "frames": 3 }), Ok((None, Silent)));
        check(json!({ "key": { "id": "A" }, "text": "Oi" }), Ok((Some("Oi"), Silent)));
        check(json!({ "targetMessageKey": { "ID": "A" }, "encPayload": "AAAA" }), Err("about_another_message"));
    }
}
