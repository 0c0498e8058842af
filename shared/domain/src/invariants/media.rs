//! I1 of files: what is said to be kept is kept, what waits is waited for, and nothing else lies there.

use std::collections::BTreeMap;

use super::messages::Said;
use super::{Finding, Invariant, Work};
use crate::ids::{ConversationId, OrganizationId};
use crate::media::MediaState;
use crate::message::MessageRef;
use crate::note::Note;

/// A file that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its length in bytes, as it is.
    pub size: u64,
    /// The SHA-256 that was recorded when it was kept, in lower-case hex.
    pub sha256: String,
    /// Whether some message or note has it.
    pub is_named: bool,
}

/// What a message says of its file against the files that are kept, by their keys; the message's own is marked among them. Several
/// messages may have the same upload.
pub fn file(
    org: &OrganizationId,
    conversation: &ConversationId,
    said: &Said,
    kept: &mut BTreeMap<String, Kept>,
) -> Option<Finding> {
    let media = said.media.as_ref()?;
    let message = MessageRef { conversation: conversation.clone(), sent_at: said.sent_at, id: said.id.clone() };
    let found = named(kept, &media.key(org, &message));
    let of = || format!("conversation {conversation}: the file of the message of {}", message.sent_at_ms());
    match &media.state {
        MediaState::Stored { size, sha256 } => {
            differs(*size, sha256, found).map(|wrong| Finding::new(Invariant::I1, format!("{} {wrong}", of())))
        }
        MediaState::Pending => {
            let words = format!("{} waits, and nothing will fetch it", of());
            Some(Finding::new(Invariant::I1, words).unless(Work::Media(message)))
        }
        // One that is given up may lie there from a try that was cut short.
        MediaState::Failed { .. } => None,
    }
}

/// What a note says of its file, in the same way.
pub fn attachment(org: &OrganizationId, note: &Note, kept: &mut BTreeMap<String, Kept>) -> Option<Finding> {
    let attachment = note.attachment.as_ref()?;
    let wrong = differs(attachment.size, &attachment.sha256, named(kept, &attachment.key(org)))?;
    Some(Finding::new(Invariant::I1, format!("ticket {}: the file of note {} {wrong}", note.ticket, note.id)))
}

fn named<'a>(kept: &'a mut BTreeMap<String, Kept>, key: &str) -> Option<&'a Kept> {
    let found = kept.get_mut(key)?;
    found.is_named = true;
    Some(found)
}

/// What is wrong with a file that is said to be kept with this length and digest.
fn differs(size: u64, sha256: &str, found: Option<&Kept>) -> Option<&'static str> {
    match found {
        None => Some("is said to be kept, and is not there"),
        Some(kept) if kept.size != size => Some("has another length than was recorded"),
        Some(kept) if kept.sha256 != sha256 => Some("is another than was recorded"),
        Some(_) => None,
    }
}

/// Files that no message and no note has, in words. They break no promise: a backup holds those that came while it was taken, whose messages
/// it does not have.
pub fn strays(kept: &BTreeMap<String, Kept>) -> Option<String> {
    let mut strays = kept.iter().filter(|(_, kept)| !kept.is_named).map(|(key, _)| key);
    let first = strays.next()?;
    Some(format!("{} files are kept that no message and no note has, the first under {first}", 1 + strays.count()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AgentId, NoteId, TicketId, UploadId};
    use crate::invariants::messages::Side;
    use crate::media::{KeptUpload, Media, MediaFailure, MediaType};
    use crate::note::Attachment;

    #[test]
    fn a_message_and_its_file_agree() {
        let org = OrganizationId::new("demo").unwrap();
        let conversation = ConversationId::new("cnv_1").unwrap();
        let stored = |size| Some(MediaState::Stored { size, sha256: "ab".to_owned() });
        let kept = |size, sha256: &str| Some(Kept { size, sha256: sha256.to_owned(), is_named: false });
        let check = |state: Option<MediaState>, kept: Option<Kept>, expected: Option<&str>, left: usize| {
            let media = state.map(|state| Media { state, ..Media::announced(None, None) });
            let said = Said {
                sent_at: jiff::Timestamp::UNIX_EPOCH,
                id: "wamid.1".to_owned(),
                ticket: None,
                provider_id: None,
                seq: 1,
                side: Side::Contact,
                media,
            };
            let message: MessageRef = "cnv_1.0.wamid.1".parse().unwrap();
            let mut files: BTreeMap<String, Kept> =
                kept.map(|kept| (Media::announced(None, None).key(&org, &message), kept)).into_iter().collect();
            let finding = file(&org, &conversation, &said, &mut files);
            let words = finding.as_ref().map(|finding| finding.words.as_str());
            assert!(words.unwrap_or_default().contains(expected.unwrap_or_default()), "{words:?}");
            let strays = strays(&files).is_some();
            assert_eq!((words.is_some(), usize::from(strays)), (expected.is_some(), left));
        };
        check(None, None, None, 0);
        check(None, kept(5, "ab"), None, 1);
        check(stored(5), kept(5, "ab"), None, 0);
        check(stored(5), None, Some("is not there"), 0);
        check(stored(5), kept(4, "ab"), Some("another length"), 0);
        check(stored(5), kept(5, "cd"), Some("is another"), 0);
        check(Some(MediaState::Pending), None, Some("nothing will fetch"), 0);
        check(Some(MediaState::Pending), kept(5, "ab"), Some("nothing will fetch"), 0);
        let failed = Some(MediaState::Failed { reason: MediaFailure::Gone });
        check(failed.clone(), None, None, 0);
        check(failed, kept(5, "ab"), None, 0);
    }

    #[test]
    fn several_messages_may_have_one_upload() {
        let org = OrganizationId::new("demo").unwrap();
        let conversation = ConversationId::new("cnv_1").unwrap();
        let upload = KeptUpload::new(UploadId::new("upl_1").unwrap(), "e");
        let state = MediaState::Stored { size: 5, sha256: "ab".to_owned() };
        let media = Media { upload: Some(Box::new(upload.clone())), state, ..Media::announced(None, None) };
        let kept = Kept { size: 5, sha256: "ab".to_owned(), is_named: false };
        let mut files = BTreeMap::from([(upload.key(&org), kept)]);
        assert!(strays(&files).is_some());
        for id in ["out_1", "out_2"] {
            let said = Said {
                sent_at: jiff::Timestamp::UNIX_EPOCH,
                id: id.to_owned(),
                ticket: None,
                provider_id: None,
                seq: 0,
                side: Side::Contact,
                media: Some(media.clone()),
            };
            assert_eq!(file(&org, &conversation, &said, &mut files), None);
        }
        assert_eq!(strays(&files), None);
    }

    #[test]
    fn a_note_and_its_file_agree() {
        let org = OrganizationId::new("demo").unwrap();
        let upload = KeptUpload::new(UploadId::new("upl_1").unwrap(), "e");
        let attachment = Attachment {
            upload: upload.clone(),
            name: None,
            media_type: MediaType::bytes(),
            size: 5,
            sha256: "ab".to_owned(),
        };
        let note = Note {
            id: NoteId::new("not_1").unwrap(),
            ticket: TicketId::new("tkt_1").unwrap(),
            agent: AgentId::new("ana").unwrap(),
            text: "x".to_owned(),
            visible: false,
            at: jiff::Timestamp::UNIX_EPOCH,
            attachment: Some(attachment),
        };
        let found = |size| {
            let kept = Kept { size, sha256: "ab".to_owned(), is_named: false };
            let mut files = BTreeMap::from([(upload.key(&org), kept)]);
            let words = super::attachment(&org, &note, &mut files).map(|finding| finding.words);
            assert_eq!(strays(&files), None);
            words
        };
        assert_eq!(found(5), None);
        assert!(found(4).unwrap().starts_with("ticket tkt_1: the file of note not_1 has another length"));
        assert!(super::attachment(&org, &note, &mut BTreeMap::new()).unwrap().words.ends_with("is not there"));
        let without = Note { attachment: None, ..note };
        assert_eq!(super::attachment(&org, &without, &mut BTreeMap::new()), None);
    }
}
