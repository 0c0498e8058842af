//! The tickets that a text speaks of: `#297`, `TICKET-2026-000297`, and whatever the organization's patterns write.
//!
//! Linear in the text: it is cut into words of bounded length, and each is read a bounded number of times. Bare digits are no mention:
//! people write prices, dates and phone numbers.

use super::{NumberPattern, TicketRef};

/// The longest word that may be a mention: a pattern of forty characters with its numbers in it.
const LONGEST_WORD: usize = 80;
/// How many mentions of a text are told.
pub const MOST_MENTIONS: usize = 20;

/// The tickets that a text names, each once, in the order of the text; at most `MOST_MENTIONS`.
pub fn mentions(text: &str, patterns: &[&NumberPattern]) -> Vec<TicketRef> {
    let mut found: Vec<TicketRef> = Vec::new();
    for word in text.split(|c: char| !is_part(c)).filter(|word| (2..=LONGEST_WORD).contains(&word.len())) {
        if !word.bytes().any(|b| b.is_ascii_digit()) {
            continue;
        }
        for mention in of_word(word, patterns) {
            if !found.contains(&mention) {
                found.push(mention);
            }
            if found.len() == MOST_MENTIONS {
                return found;
            }
        }
    }
    found
}

/// What a pattern's words may be made of.
fn is_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_.#".contains(c)
}

/// A word is a mention, or a mention in punctuation, or several of them with punctuation between.
fn of_word(word: &str, patterns: &[&NumberPattern]) -> Vec<TicketRef> {
    let bare = word.trim_matches(|c| "-_.".contains(c));
    let whole = [word, bare].into_iter().find_map(|word| mention(word, patterns));
    if let Some(mention) = whole {
        return vec![mention];
    }
    let parts = bare.split('.').filter_map(|part| {
        // `ticket#297` is one word.
        let number = part.rfind('#').map(|at| &part[at..]);
        mention(part, patterns).or_else(|| mention(number?, patterns))
    });
    parts.collect()
}

fn mention(word: &str, patterns: &[&NumberPattern]) -> Option<TicketRef> {
    let is_bare = word.bytes().all(|b| b.is_ascii_digit());
    let known = if is_bare { None } else { TicketRef::parse(word) };
    // An id is for programs, and a word of 26 letters may be anything.
    let known = known.filter(|known| !matches!(known, TicketRef::Id(_)));
    known.or_else(|| patterns.iter().filter(|pattern| !pattern.is_bare()).find_map(|pattern| pattern.read(word)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::pattern::tests::patterns;
    use super::super::{TicketNumber, YearForm};
    use super::*;

    #[test]
    fn mentions_are_found_in_sentences() {
        let own: Vec<NumberPattern> = ["TKT-{seq:03}", "{seq}"].map(|text| text.parse().unwrap()).to_vec();
        let check = |text: &str, expected: &[TicketRef]| {
            assert_eq!(mentions(text, &own.iter().collect::<Vec<_>>()), expected, "{text}");
        };
        let year = |year, seq| TicketRef::YearForm(YearForm { year, seq });
        check("Sobre o #297, alguma novidade?", &[TicketRef::Number(297)]);
        check("veja TICKET-2025-000297.", &[year(2025, 297)]);
        check("(tkt-005) ticket#6/#7", &[TicketRef::Number(5), TicketRef::Number(6), TicketRef::Number(7)]);
        check("Ação#8 e #8 e TKT-008", &[TicketRef::Number(8)]);
        check("pago 297 reais em 21/11/2026, ligue 5511987654321 às 10:30", &[]);
        check("# 297, #, TKT-, #x, tkt_01ARZ3NDEKTSV4RRFFQ69G5FAV", &[]);
        check("", &[]);
    }

    #[test]
    fn a_text_full_of_mentions_tells_the_first_ones() {
        let text = (1..1000).map(|n| format!("#{n}")).collect::<Vec<_>>().join(" ");
        assert_eq!(mentions(&text, &[]).len(), MOST_MENTIONS);
    }

    /// Would take hours if a text were read again from each of its places.
    #[test]
    fn megabytes_of_what_is_almost_a_mention_are_read_once() {
        let own: NumberPattern = "#-.{year}-.{seq}#".parse().unwrap();
        for piece in ["#", "1", "TICKET-", "TICKET-2025-", "#1", "#-.2025-.", ". ", "á", "#1á/"] {
            let text = piece.repeat(4_000_000 / piece.len());
            assert!(mentions(&text, &[&own]).len() <= MOST_MENTIONS);
        }
    }

    proptest! {
        #[test]
        fn a_written_number_is_found_between_any_words(
            pattern in patterns(),
            before in "[a-zà-ú ,;:()]{0,20}[ (,;]",
            after in "[ ),;!?][a-zà-ú ,;:()]{0,20}",
            n in 1..999_999u64,
        ) {
            let Some(pattern) = pattern.filter(|pattern| !pattern.is_bare()) else { return Ok(()) };
            let number = TicketNumber { number: n, year: 2026, year_seq: n };
            let text = format!("{before}{}{after}", pattern.write(&number));
            prop_assert_eq!(mentions(&text, &[&pattern]).len(), 1, "{} in {}", pattern, text);
        }

        #[test]
        fn any_text_has_few_mentions_and_each_once(text in "[#A-Z0-9a-z ./_\\-á]{0,300}") {
            let found = mentions(&text, &[]);
            prop_assert!(found.len() <= MOST_MENTIONS);
            prop_assert!(found.iter().enumerate().all(|(n, mention)| !found[..n].contains(mention)));
        }
    }
}
