//! States of files, whatever is done to them in whatever order.

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Act {
    Store(u64),
    Fail(MediaFailure),
    Again,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        any::<u64>().prop_map(Act::Store),
        prop::sample::select(vec![MediaFailure::Gone, MediaFailure::TooLarge, MediaFailure::Unavailable])
            .prop_map(Act::Fail),
        Just(Act::Again),
    ]
}

proptest! {
    #[test]
    fn a_kept_file_stays_kept_and_each_round_begins_with_a_failure(acts in prop::collection::vec(act(), 0..20)) {
        let mut media = Media::announced(Some("a.pdf"), Some("application/pdf"));
        let mut failures = 0;
        for act in acts {
            let before = media.clone();
            let after = match act {
                Act::Store(size) => media.stored(size, "ab".to_owned(), None),
                Act::Fail(reason) => media.failed(reason),
                Act::Again => media.again(),
            };
            match (&before.state, after) {
                (MediaState::Stored { .. }, after) => prop_assert_eq!(after, None),
                (_, None) => {}
                (_, Some(after)) => {
                    failures += u32::from(matches!(after.state, MediaState::Failed { .. }));
                    prop_assert!(after.state != before.state && after.round <= failures);
                    prop_assert_eq!(after.round > before.round, after.is_pending());
                    prop_assert_eq!((&after.name, &after.media_type), (&before.name, &before.media_type));
                    media = after;
                }
            }
            let json = serde_json::to_value(&media).unwrap();
            prop_assert_eq!(&json["state"], media.state.as_str());
            prop_assert_eq!(serde_json::from_value::<Media>(json).unwrap(), media.clone());
        }
    }

    #[test]
    fn a_key_holds_nothing_that_a_sender_chose(id in "\\PC{1,80}") {
        let org = OrganizationId::new("demo").unwrap();
        let reference: MessageRef = format!("cnv_1.1763694120123.{id}").parse().unwrap();
        let key = Media::announced(None, None).key(&org, &reference);
        prop_assert!(key.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_-".contains(&b)), "{}", key);
        prop_assert!(key.starts_with("demo/cnv_1/1763694120123/"));
    }
}

#[test]
fn a_reason_has_a_code_and_words() {
    let reason = MediaFailure::TooLarge;
    assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
    assert!(reason.to_string().contains("larger"));
}
