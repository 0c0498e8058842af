//! The field `base64` of a JSON answer, decoded while the answer comes: as text it would be larger than the function's memory.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// The field's name as it stands in JSON. Within a text its quotes would be `\"`.
const NAME: &[u8] = b"\"base64\"";

/// Four characters are three bytes; the last may be filled up or not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// It is not Base64.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoBase64;

/// How far the answer was read.
#[derive(Debug, Default)]
pub(crate) struct Base64Field {
    state: State,
    /// What was read of the name, or of four characters.
    kept: Vec<u8>,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Before,
    /// Behind the name, or a text that is the same.
    Colon,
    /// Behind the colon, before the text's quote.
    Value,
    /// At the text's beginning, where `data:…,` may stand.
    Start,
    Within,
    After,
}

impl Base64Field {
    /// The bytes of the file that a further piece of the answer holds.
    pub(crate) fn decode(&mut self, piece: &[u8]) -> Result<Vec<u8>, NoBase64> {
        let mut rest = piece;
        let mut bytes = Vec::with_capacity(piece.len() / 4 * 3);
        while let Some((&byte, after)) = rest.split_first() {
            match self.state {
                State::Before => self.before(byte),
                State::Colon => self.colon(byte),
                State::Value => self.value(byte)?,
                State::Start | State::Within => {
                    let end =
                        rest.iter().position(|byte| *byte == b'"' || (*byte == b',' && self.state == State::Start));
                    self.kept.extend_from_slice(&rest[..end.unwrap_or(rest.len())]);
                    rest = &rest[end.unwrap_or(rest.len())..];
                    self.text(rest.first().copied(), &mut bytes)?;
                    rest = rest.get(1..).unwrap_or_default();
                    continue;
                }
                State::After => break,
            }
            rest = after;
        }
        Ok(bytes)
    }

    /// Whether the text has ended.
    pub(crate) fn is_whole(&self) -> bool {
        self.state == State::After
    }

    fn before(&mut self, byte: u8) {
        if self.kept.len() == NAME.len() {
            self.kept.remove(0);
        }
        self.kept.push(byte);
        if self.kept == NAME {
            self.kept.clear();
            self.state = State::Colon;
        }
    }

    fn colon(&mut self, byte: u8) {
        match byte {
            b':' => self.state = State::Value,
            space if space.is_ascii_whitespace() => {}
            _ => {
                self.state = State::Before;
                self.before(byte);
            }
        }
    }

    fn value(&mut self, byte: u8) -> Result<(), NoBase64> {
        match byte {
            b'"' => self.state = State::Start,
            space if space.is_ascii_whitespace() => {}
            _ => return Err(NoBase64),
        }
        Ok(())
    }

    /// Takes what was kept of the text, up to `end` if that was met.
    fn text(&mut self, end: Option<u8>, bytes: &mut Vec<u8>) -> Result<(), NoBase64> {
        const PREFIX: &[u8] = b"data:";
        if self.state == State::Start {
            let may_be_prefixed = self.kept.starts_with(PREFIX) || PREFIX.starts_with(&self.kept);
            match end {
                Some(b',') if self.kept.starts_with(PREFIX) => {
                    self.kept.clear();
                    self.state = State::Within;
                    return Ok(());
                }
                None if may_be_prefixed => return if self.kept.len() > 200 { Err(NoBase64) } else { Ok(()) },
                _ => self.state = State::Within,
            }
        }
        let (ends, whole) = match end {
            None => (false, self.kept.len() / 4 * 4),
            Some(b'"') => (true, self.kept.len()),
            Some(_) => return Err(NoBase64),
        };
        let text: Vec<u8> = self.kept.drain(..whole).collect();
        bytes.extend(BASE64.decode(text).map_err(|_| NoBase64)?);
        if ends {
            self.state = State::After;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose;

    use super::*;

    /// What comes out of an answer that comes in pieces of this length.
    fn decoded(answer: &str, piece: usize) -> Result<Option<Vec<u8>>, NoBase64> {
        let (mut field, mut bytes) = (Base64Field::default(), Vec::new());
        for piece in answer.as_bytes().chunks(piece) {
            bytes.extend(field.decode(piece)?);
        }
        Ok(field.is_whole().then_some(bytes))
    }

    #[test]
    fn a_file_comes_out_whole_however_its_answer_is_cut() {
        let file: Vec<u8> = (0..1000u32).flat_map(u32::to_le_bytes).collect();
        for (length, piece) in [(0, 7), (1, 1), (2, 3), (3, 4), (4000, 1), (4000, 7), (3999, 64), (3998, 100_000)] {
            let text = general_purpose::STANDARD.encode(&file[..length]);
            let caption = r#"a \"base64\":\"QUJD\" b"#;
            for prefix in ["", "data:image/png;base64,"] {
                let answer = format!(
                    r#"{{"caption":"{caption}","type":"base64","base64" : "{prefix}{text}","buffer":null,"x":"base64"}}"#
                );
                assert_eq!(decoded(&answer, piece), Ok(Some(file[..length].to_vec())), "{length} {piece} {prefix}");
            }
        }
    }

    #[test]
    fn an_answer_without_a_file_gives_none() {
        for piece in [1, 5, 1000] {
            assert_eq!(decoded(r#"{"base64":"QUJD"#, piece), Ok(None));
            assert_eq!(decoded(r#"{"message":"not found"}"#, piece), Ok(None));
            assert_eq!(decoded("", piece), Ok(None));
            for answer in [
                r#"{"base64":null}"#,
                r#"{"base64":{"a":"b"}}"#,
                r#"{"base64":"no base64!"}"#,
                r#"{"base64":"QUJD,QUJD"}"#,
            ] {
                assert_eq!(decoded(answer, piece), Err(NoBase64), "{answer} {piece}");
            }
        }
    }
}
