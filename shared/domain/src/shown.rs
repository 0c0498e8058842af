//! What of a stranger's text can be shown in one line: names and titles.
//!
//! A name or a title must not break a list, turn the direction of what stands beside it, or be nothing to see.
//! Sources: Unicode TR 36 §2.5, TR 9, and the property `Default_Ignorable_Code_Point`.

/// One line from a text: white space is one blank, control characters and marks that nobody sees are gone. Empty where nothing is left
/// to see.
pub fn line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    let mut is_apart = false;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if c.is_whitespace() || c.is_control() || is_blank(c) {
            is_apart = true;
        } else if is_joiner(c) {
            // Between two pictures it makes one of them (a family), and is no trick.
            let joins = !is_apart && line.chars().last().is_some_and(is_picture);
            if joins && rest.peek().is_some_and(|next| is_picture(*next)) {
                line.push(c);
            }
        } else if !is_mark(c) {
            if is_apart && !line.is_empty() {
                line.push(' ');
            }
            is_apart = false;
            line.push(c);
        }
    }
    if line.chars().all(is_selector) { String::new() } else { line }
}

/// Marks of direction, zero-width characters and line ends beyond ASCII.
pub(crate) fn is_mark(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Characters that are letters or signs by name and empty to see.
fn is_blank(c: char) -> bool {
    matches!(c, '\u{2800}' | '\u{3164}' | '\u{ffa0}')
}

fn is_joiner(c: char) -> bool {
    c == '\u{200d}'
}

/// Says how the character before it is drawn, and is nothing alone.
fn is_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}')
}

fn is_picture(c: char) -> bool {
    is_selector(c) || matches!(c, '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_holds_what_is_seen_and_nothing_else() {
        for (text, expected) in [
            ("  Ana \r\n Maria\t", "Ana Maria"),
            ("Ana\u{202e}gpj.exe", "Anagpj.exe"),
            ("A\u{200b}n\u{2060}a\u{feff}", "Ana"),
            ("\u{2066}Ana\u{2069}\u{0}", "Ana"),
            ("\u{200b}\u{200d}\u{feff}", ""),
            ("\u{2800}\u{2800}\n\u{3164}", ""),
            ("\u{fe0f}", ""),
            ("\u{e0001}\u{e007f}\u{ad}\u{34f}", ""),
            ("a\u{2800}b", "a b"),
            ("a\u{2028}b\u{85}c", "a b c"),
            ("👨\u{200d}👩\u{200d}👧 ok", "👨\u{200d}👩\u{200d}👧 ok"),
            ("❤\u{fe0f}\u{200d}🔥", "❤\u{fe0f}\u{200d}🔥"),
            ("a\u{200d}b", "ab"),
            ("José Ñandú 李 نور", "José Ñandú 李 نور"),
        ] {
            assert_eq!(line(text), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_line_is_one_line_and_stays_as_it_is(text in any::<String>()) {
            let shown = line(&text);
            let breaks = |c: char| c.is_control() || (is_mark(c) && !is_joiner(c));
            prop_assert!(!shown.contains(breaks), "{:?}", shown);
            prop_assert_eq!(line(&shown), shown);
        }
    }
}
