//! What an agent sends, in terms that every provider understands; how each spells it is `channels`' to know.
//!
//! An answer is stored as the content of its message: its kind, its visible words, and whatever else it is made of as JSON. What
//! is stored was checked against the providers' limits when it was taken; nothing here checks again.

use serde::{Deserialize, Serialize};

use crate::ids::{ProviderMessageId, UploadId};
use crate::message::Content;
use crate::template::TemplateCall;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// What it says.
    #[serde(flatten)]
    pub body: AnswerBody,
    /// The message of the conversation that it quotes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Target>,
    /// The template to send in its place when the window is closed; the answer then waits until the contact writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_window_closed: Option<TemplateCall>,
}

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum AnswerBody {
    /// Words.
    Text {
        /// The words.
        body: String,
        /// Whether the first link in them is shown with a preview.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        preview_url: bool,
    },
    /// A picture, recording, film, file or sticker.
    Media(Media),
    /// An approved template.
    Template(TemplateCall),
    /// Buttons or a list to choose from.
    Interactive(Interactive),
    /// An emoji on a message of the conversation.
    Reaction {
        /// The message.
        target: Target,
        /// The emoji; empty takes the reaction back.
        emoji: String,
    },
}

/// A message of the conversation that an answer is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// What the provider calls it.
    pub id: ProviderMessageId,
    /// Whether our own side wrote it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_ours: bool,
}

/// The kinds of media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the provider's own words")]
pub enum MediaKind {
    Image,
    Audio,
    Video,
    Document,
    Sticker,
}

impl MediaKind {
    /// All five.
    pub const ALL: [Self; 5] = [Self::Image, Self::Audio, Self::Video, Self::Document, Self::Sticker];

    /// The provider's word, and the kind of the stored message.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Document => "document",
            Self::Sticker => "sticker",
        }
    }

    /// Reads the provider's word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Where the provider takes the bytes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaSource {
    /// An `https` URL that the provider fetches.
    Link(String),
    /// What the provider calls bytes that were uploaded to it.
    Id(String),
    /// The file of the message itself, which an agent put here. `send` hands it to the provider, and what the provider is asked to
    /// send then is an `Id`, or the bytes.
    Upload(UploadId),
}

/// One piece of media.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// What it is.
    pub kind: MediaKind,
    /// Where it is.
    pub source: MediaSource,
    /// The words under it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// The name that a document is shown with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// Whether it is shown as spoken; known once the provider has the file.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_voice: bool,
}

/// Something to choose from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interactive {
    /// What stands above the words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<Header>,
    /// The words.
    pub text: String,
    /// What stands below them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub footer: Option<String>,
    /// What there is to choose.
    pub choices: Choices,
}

/// What stands above the words of an interactive message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Header {
    /// A line of text.
    Text(String),
    /// A picture, film or document.
    Media(Media),
}

/// What there is to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choices {
    /// Up to three buttons.
    Buttons(Vec<Button>),
    /// A list that opens.
    List {
        /// What the button that opens it says.
        button: String,
        /// Its parts.
        sections: Vec<Section>,
    },
}

/// A button; its id comes back when it is pressed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "id and title, as everywhere")]
pub struct Button {
    pub id: String,
    pub title: String,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// Its heading; a list of one part needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// A row of a list; its id comes back when it is chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The id.
    pub id: String,
    /// The first line.
    pub title: String,
    /// The second line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// Why a stored message is not an answer.
#[derive(Debug, thiserror::Error)]
#[error("the stored content is not an answer")]
pub struct NotAnAnswer(#[from] serde_json::Error);

impl Answer {
    /// Words and nothing else.
    pub fn text(body: impl Into<String>) -> Self {
        AnswerBody::Text { body: body.into(), preview_url: false }.into()
    }

    /// As it is stored.
    pub fn content(&self) -> Content {
        let (kind, words) = match &self.body {
            AnswerBody::Text { body, .. } => ("text", Some(body)),
            AnswerBody::Media(media) => (media.kind.as_str(), media.caption.as_ref()),
            AnswerBody::Template(call) => ("template", call.preview.as_ref()),
            AnswerBody::Interactive(interactive) => ("interactive", Some(&interactive.text)),
            AnswerBody::Reaction { emoji, .. } => ("reaction", Some(emoji)),
        };
        let is_plain = *self == Self::text(words.cloned().unwrap_or_default());
        // Strings, numbers and lists of them: there is nothing that JSON could not hold.
        let raw = (!is_plain).then(|| serde_json::to_string(self).unwrap_or_default());
        Content {
            kind: kind.to_owned(),
            text: words.filter(|words| !words.is_empty()).cloned(),
            raw,
            media: None,
            context: None,
        }
    }

    /// From what is stored. Errors: `NotAnAnswer`.
    pub fn of(content: &Content) -> Result<Self, NotAnAnswer> {
        match &content.raw {
            Some(raw) => Ok(serde_json::from_str(raw)?),
            None => Ok(Self::text(content.text.clone().unwrap_or_default())),
        }
    }

    /// The upload that it sends, if it sends one.
    pub fn upload(&self) -> Option<&UploadId> {
        match &self.body {
            AnswerBody::Media(Media { source: MediaSource::Upload(id), .. }) => Some(id),
            _ => None,
        }
    }

    /// The same, once the provider calls its file by this id.
    #[must_use]
    pub fn handed(mut self, id: &str) -> Self {
        if let AnswerBody::Media(media) = &mut self.body {
            media.source = MediaSource::Id(id.to_owned());
        }
        self
    }

    /// The same, shown as a voice note.
    #[must_use]
    pub fn spoken(mut self) -> Self {
        if let AnswerBody::Media(media) = &mut self.body {
            media.is_voice = media.kind == MediaKind::Audio;
        }
        self
    }

    /// Whether it may be sent while the window is closed.
    pub fn is_template(&self) -> bool {
        matches!(self.body, AnswerBody::Template(_))
    }
}

impl From<AnswerBody> for Answer {
    fn from(body: AnswerBody) -> Self {
        Self { body, reply_to: None, on_window_closed: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Target {
        Target { id: ProviderMessageId::new("wamid.1"), is_ours: false }
    }

    fn media(kind: MediaKind) -> Media {
        let source = MediaSource::Link("https://example.org/a".to_owned());
        Media { kind, source, caption: Some("Nota".to_owned()), filename: None, is_voice: false }
    }

    #[test]
    fn what_is_stored_reads_back_as_the_same_answer() {
        let call = TemplateCall::plain("continue", "pt_BR");
        let row = Row { id: "1".to_owned(), title: "A".to_owned(), description: None };
        let list = Choices::List { button: "Ver".to_owned(), sections: vec![Section { title: None, rows: vec![row] }] };
        let header = Some(Header::Media(media(MediaKind::Image)));
        let interactive = Interactive { header, text: "Escolha".to_owned(), footer: None, choices: list };
        let with = |body: AnswerBody| Answer {
            reply_to: Some(target()),
            on_window_closed: Some(call.clone()),
            ..Answer::from(body)
        };
        let check = |answer: Answer, kind: &str, words: Option<&str>| {
            let content = answer.content();
            assert_eq!((content.kind.as_str(), content.text.as_deref()), (kind, words));
            assert_eq!(Answer::of(&content).unwrap(), answer);
        };
        check(Answer::text("Olá"), "text", Some("Olá"));
        check(with(AnswerBody::Text { body: "Olá".to_owned(), preview_url: true }), "text", Some("Olá"));
        for kind in MediaKind::ALL {
            check(with(AnswerBody::Media(media(kind))), kind.as_str(), Some("Nota"));
        }
        check(AnswerBody::Template(call.clone()).into(), "template", None);
        check(with(AnswerBody::Interactive(interactive)), "interactive", Some("Escolha"));
        let reaction = |emoji: &str| AnswerBody::Reaction { target: target(), emoji: emoji.to_owned() }.into();
        check(reaction("👍"), "reaction", Some("👍"));
        check(reaction(""), "reaction", None);
    }

    #[test]
    fn an_upload_is_sent_by_the_provider_s_name_of_it() {
        let source = MediaSource::Upload(UploadId::new("upl_1").unwrap());
        let upload: Answer = AnswerBody::Media(Media { source, ..media(MediaKind::Image) }).into();
        assert_eq!(Answer::of(&upload.content()).unwrap(), upload);
        assert_eq!(upload.upload().map(UploadId::as_str), Some("upl_1"));
        let handed = upload.handed("17");
        let source = MediaSource::Id("17".to_owned());
        assert_eq!(handed, AnswerBody::Media(Media { source, ..media(MediaKind::Image) }).into());
        assert_eq!((handed.upload(), Answer::text("Olá").upload()), (None, None));
    }

    #[test]
    fn a_plain_text_is_stored_as_nothing_but_its_words() {
        assert_eq!(Answer::text("Olá").content(), Content::text("Olá"));
    }
}
