//! What a sender calls a file.

use serde::{Deserialize, Serialize};

use crate::shown::is_mark;

/// The longest name that is kept, in bytes: what a file system allows.
const LONGEST: usize = 255;

/// A file's name as its sender gives it: for people to read. It is no path, names nothing here, and may lie about what it names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FileName(String);

impl FileName {
    /// The last part of a name without what is not shown: control characters, and marks that turn the direction of reading, by
    /// which `exe.gpj` looks like an image. `None` when nothing is left.
    pub fn new(text: &str) -> Option<Self> {
        let last = text.rsplit(['/', '\\']).find(|part| !part.trim_matches(['.', ' ']).is_empty())?;
        let shown: String = last.chars().filter(|c| !c.is_control() && !is_mark(*c)).collect();
        let shown = shown.trim().trim_start_matches('.').trim_end_matches(['.', ' ']);
        let cut = shorter(shown);
        (!cut.is_empty()).then_some(Self(cut))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// At most `LONGEST` bytes; the extension stays, since people go by it.
fn shorter(name: &str) -> String {
    if name.len() <= LONGEST {
        return name.to_owned();
    }
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if extension.len() <= 16 => (stem, format!(".{extension}")),
        _ => (name, String::new()),
    };
    format!("{}{extension}", &stem[..stem.floor_char_boundary(LONGEST - extension.len())])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_one_line_without_a_path() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(FileName::new(text).as_ref().map(FileName::as_str), expected, "{text:?}");
        };
        check("nota fiscal ção.pdf", Some("nota fiscal ção.pdf"));
        check("../../etc/passwd", Some("passwd"));
        check("C:\\Users\\a\\b.docx", Some("b.docx"));
        check("a/b/..", Some("b"));
        check(".htaccess", Some("htaccess"));
        check("photo\u{202e}gpj.exe", Some("photogpj.exe"));
        check("a\r\nSet-Cookie: x=\"y\".png", Some("aSet-Cookie: x=\"y\".png"));
        check("\0\u{feff}", None);
        check("", None);
        check("...", None);
        check("/", None);
    }

    proptest! {
        #[test]
        fn whatever_a_name_holds_what_is_kept_is_short_and_harmless(text in any::<String>(), long in 0usize..600) {
            for text in [text.clone(), format!("{}{text}.pdf", "é".repeat(long))] {
                if let Some(name) = FileName::new(&text) {
                    prop_assert!((1..=255).contains(&name.as_str().len()));
                    let harmful = ['/', '\\', '\n', '\r', '\0', '\u{202e}'];
                    prop_assert!(!name.as_str().contains(harmful));
                    prop_assert!(!name.as_str().starts_with('.'));
                }
            }
        }
    }
}
