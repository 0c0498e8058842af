//! What a file is: the kind of its message, and its media type.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::MediaFailure;

/// A kind of message that has a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaKind {
    /// A picture.
    Image,
    /// A film.
    Video,
    /// Sound, spoken or other.
    Audio,
    /// Any file.
    Document,
    /// A sticker.
    Sticker,
}

impl MediaKind {
    /// By the kind of a message; `None` for kinds without a file.
    pub fn of(kind: &str) -> Option<Self> {
        match kind {
            "image" => Some(Self::Image),
            "video" => Some(Self::Video),
            "audio" => Some(Self::Audio),
            "document" => Some(Self::Document),
            "sticker" => Some(Self::Sticker),
            _ => None,
        }
    }

    /// The most bytes that such a file may have. Source: docs/providers.md §1.10, Meta's "Supported media types"; a sticker is taken for
    /// an animated one.
    pub const fn limit(self) -> u64 {
        const KB: u64 = 1024;
        match self {
            Self::Image => 5 * KB * KB,
            Self::Video | Self::Audio => 16 * KB * KB,
            Self::Document => 100 * KB * KB,
            Self::Sticker => 500 * KB,
        }
    }

    /// Whether such a message may have this file. Errors: `TooLarge`, `WrongType`.
    pub fn admits(self, media_type: &MediaType, size: u64) -> Result<(), MediaFailure> {
        if size > self.limit() {
            return Err(MediaFailure::TooLarge);
        }
        if self.may_be(media_type) { Ok(()) } else { Err(MediaFailure::WrongType) }
    }

    /// Whether such a message may have a file of this type. A type that says nothing is no contradiction.
    pub fn may_be(self, media_type: &MediaType) -> bool {
        let (kind, _) = media_type.as_str().split_once('/').unwrap_or_default();
        match self {
            _ if media_type.says_nothing() => true,
            Self::Image => kind == "image",
            Self::Video => kind == "video",
            // Voice notes of some phones come in a container that is called a film's.
            Self::Audio => kind == "audio" || media_type.as_str() == "video/mp4",
            Self::Document => true,
            // `application/was` is WhatsApp's own animated sticker.
            Self::Sticker => kind == "image" || media_type.as_str() == "application/was",
        }
    }
}

/// A media type such as `image/jpeg`, lower case and without parameters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MediaType(String);

/// Types that a browser shows without running anything of them. Everything else is told to be bytes.
const HARMLESS: [&str; 27] = [
    "application/msword",
    "application/pdf",
    "application/rtf",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/zip",
    "audio/aac",
    "audio/amr",
    "audio/mp4",
    "audio/mpeg",
    "audio/ogg",
    "audio/opus",
    "audio/wav",
    "image/bmp",
    "image/gif",
    "image/heic",
    "image/jpeg",
    "image/png",
    "image/webp",
    "text/csv",
    "text/plain",
    "video/3gpp",
    "video/mp4",
    "video/quicktime",
];

/// Sound that the Cloud API sends, and recordings of browsers that are put into another container on their way. Source: "Supported
/// media types" of the Cloud API's reference.
const HEARD: [&str; 7] = ["audio/ogg", "audio/webm", "audio/opus", "audio/aac", "audio/amr", "audio/mp4", "audio/mpeg"];

impl MediaType {
    /// Whether the Cloud API sends it as sound, as it is or as a voice note. Errors: those that it does.
    pub fn is_heard(&self) -> Result<(), String> {
        if HEARD.contains(&self.as_str()) { Ok(()) } else { Err(HEARD.join(", ")) }
    }

    /// The type of which nothing is known.
    pub fn bytes() -> Self {
        Self("application/octet-stream".to_owned())
    }

    /// Reads what somebody calls a type. `None` where it is none.
    pub fn new(text: &str) -> Option<Self> {
        let plain = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let (kind, name) = plain.split_once('/')?;
        let is_token = |part: &str| {
            let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b);
            (1..=127).contains(&part.len()) && part.bytes().all(is_plain)
        };
        (is_token(kind) && is_token(name)).then_some(Self(plain))
    }

    /// The type.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What a browser is told: a type that it cannot run, or bytes.
    pub fn served(&self) -> &str {
        HARMLESS.iter().find(|harmless| **harmless == self.0).copied().unwrap_or("application/octet-stream")
    }

    /// Whether it is what is said of anything.
    pub fn says_nothing(&self) -> bool {
        matches!(self.0.as_str(), "application/octet-stream" | "binary/octet-stream")
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_type_is_two_words_in_lower_case() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(MediaType::new(text).as_ref().map(MediaType::as_str), expected, "{text:?}");
        };
        check("audio/ogg; codecs=opus", Some("audio/ogg"));
        check(" IMAGE/JPEG ", Some("image/jpeg"));
        check("image/svg+xml", Some("image/svg+xml"));
        for bad in ["", "image", "image/", "/x", "a/b/c", "a b/c", "image/jpeg\r\nx: y", "ção/x"] {
            check(bad, None);
        }
        check(&format!("a/{}", "b".repeat(200)), None);
    }

    #[test]
    fn what_a_browser_would_run_is_told_to_be_bytes() {
        let served = |text: &str| MediaType::new(text).unwrap().served().to_owned();
        for harmless in ["image/jpeg", "application/pdf", "audio/ogg; codecs=opus", "text/plain; charset=utf-8"] {
            assert_eq!(served(harmless), MediaType::new(harmless).unwrap().as_str());
        }
        for active in ["text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "application/javascript"] {
            assert_eq!(served(active), "application/octet-stream", "{active}");
        }
    }

    #[test]
    fn a_file_has_the_length_and_type_that_its_kind_may_have() {
        let check = |kind: &str, media_type: &str, size: u64, expected: Result<(), MediaFailure>| {
            let media_type = MediaType::new(media_type).unwrap();
            assert_eq!(MediaKind::of(kind).unwrap().admits(&media_type, size), expected, "{kind} {media_type} {size}");
        };
        check("image", "image/png", 5 * 1024 * 1024, Ok(()));
        check("image", "image/png", 5 * 1024 * 1024 + 1, Err(MediaFailure::TooLarge));
        check("image", "application/pdf", 1, Err(MediaFailure::WrongType));
        check("document", "image/png", 100 * 1024 * 1024, Ok(()));
    }

    #[test]
    fn sound_is_of_a_type_that_the_cloud_api_sends() {
        let heard = |text: &str| MediaType::new(text).unwrap().is_heard();
        for sent in ["audio/ogg; codecs=opus", "audio/webm;codecs=opus", "audio/opus", "audio/mp4", "audio/mpeg"] {
            assert_eq!(heard(sent), Ok(()), "{sent}");
        }
        for other in ["audio/wav", "audio/flac", "audio/x-ms-wma"] {
            assert!(heard(other).is_err_and(|taken| taken.contains("audio/ogg, audio/webm")), "{other}");
        }
    }

    #[test]
    fn a_file_is_what_its_message_says() {
        let check = |kind: &str, media_type: &str, expected: bool| {
            let kind = MediaKind::of(kind).unwrap();
            assert_eq!(kind.may_be(&MediaType::new(media_type).unwrap()), expected, "{kind:?} {media_type}");
        };
        check("image", "image/jpeg", true);
        check("image", "text/html", false);
        check("image", "application/octet-stream", true);
        check("sticker", "image/webp", true);
        check("sticker", "application/was", true);
        check("sticker", "text/html", false);
        check("audio", "audio/ogg", true);
        check("audio", "video/mp4", true);
        check("video", "video/mp4", true);
        check("video", "image/png", false);
        check("document", "application/x-msdownload", true);
        check("document", "text/html", true);
        assert_eq!(MediaKind::of("location"), None);
    }

    proptest! {
        #[test]
        fn no_type_can_leave_its_header(text in any::<String>()) {
            if let Some(media_type) = MediaType::new(&text) {
                prop_assert!(media_type.as_str().is_ascii() && !media_type.as_str().contains([' ', ';', '\r', '\n', '"']));
                prop_assert_eq!(MediaType::new(media_type.as_str()), Some(media_type));
            }
        }
    }
}
