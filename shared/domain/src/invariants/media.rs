//! I1 of files: what is said to be kept is kept, what waits is waited for, and nothing else lies there.

use std::collections::BTreeMap;

use super::messages::Said;
use super::{Finding, Invariant, Work};
use crate::ids::{ConversationId, OrganizationId};
use crate::media::MediaState;
use crate::message::MessageRef;

/// A file that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its length in bytes, as it is.
    pub size: u64,
    /// The SHA-256 that was recorded when it was kept, in lower-case hex.
    pub sha256: String,
    /// Whether some message has it.
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
    let found = kept.get_mut(&media.key(org, &message)).map(|kept| {
        kept.is_named = true;
        &*kept
    });
    let of = || format!("conversation {conversation}: the file of the message of {}", message.sent_at_ms());
    let wrong = match (&media.state, found) {
        (MediaState::Stored { .. }, None) => "is said to be kept, and is not there",
        (MediaState::Stored { size, .. }, Some(kept)) if *size != kept.size => "has another length than was recorded",
        (MediaState::Stored { sha256, .. }, Some(kept)) if *sha256 != kept.sha256 => "is another than was recorded",
        (MediaState::Pending, _) => {
            let words = format!("{} waits, and nothing will fetch it", of());
            return Some(Finding::new(Invariant::I1, words).unless(Work::Media(message)));
        }
        // One that is given up may lie there from a try that was cut short.
        (MediaState::Stored { .. } | MediaState::Failed { .. }, _) => return None,
    };
    Some(Finding::new(Invariant::I1, format!("{} {wrong}", of())))
}

/// Files that no message has, in words. They break no promise: a backup holds those that came while it was taken, whose messages
/// it does not have.
pub fn strays(kept: &BTreeMap<String, Kept>) -> Option<String> {
    let mut strays = kept.iter().filter(|(_, kept)| !kept.is_named).map(|(key, _)| key);
    let first = strays.next()?;
    Some(format!("{} files are kept that no message has, the first under {first}", 1 + strays.count()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::UploadId;
    use crate::invariants::messages::Side;
    use crate::media::{KeptUpload, Media, MediaFailure};

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
}
