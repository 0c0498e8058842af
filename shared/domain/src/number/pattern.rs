//! How an organization writes its ticket numbers: `TICKET-{year}-{seq:06}`, `TKT-{seq:03}`, `{seq}`.
//!
//! What it writes can stand in a path as it is, but for `#`. A pattern with a year counts within the year, any other within the
//! organization. What it writes it reads again, whatever the case of its letters and however many zeros.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{TicketNumber, TicketRef, YearForm, digits, strip_prefix_ignoring_case};

/// The longest pattern, in characters.
pub const LONGEST_PATTERN: usize = 40;
/// The most digits to which a number is filled with zeros.
const WIDEST: usize = 12;

/// A pattern of ticket numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NumberPattern {
    before: String,
    /// What stands between year and number; absent where the pattern has no year.
    between: Option<String>,
    width: usize,
    after: String,
}

/// Why a text is no pattern: a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("number_pattern {0}")]
pub struct InvalidPattern(&'static str);

impl NumberPattern {
    /// A ticket's number as this pattern writes it.
    pub fn write(&self, number: &TicketNumber) -> String {
        let Self { before, between, width, after } = self;
        match between {
            Some(between) => format!("{before}{:04}{between}{:0width$}{after}", number.year, number.year_seq),
            None => format!("{before}{:0width$}{after}", number.number),
        }
    }

    /// The ticket that a text names if this pattern wrote it.
    pub fn read(&self, text: &str) -> Option<TicketRef> {
        let mut rest = strip_prefix_ignoring_case(text, &self.before)?;
        let mut year: Option<i16> = None;
        if let Some(between) = &self.between {
            year = Some(digits(rest.get(..4)?)?);
            rest = strip_prefix_ignoring_case(&rest[4..], between)?;
        }
        let end = rest.len().checked_sub(self.after.len())?;
        let (number, after) = (rest.get(..end)?, rest.get(end..)?);
        if !after.eq_ignore_ascii_case(&self.after) {
            return None;
        }
        let seq: u64 = digits(number)?;
        Some(match year {
            Some(year) => TicketRef::YearForm(YearForm { year, seq }),
            None => TicketRef::Number(seq),
        })
    }

    /// Whether it writes bare digits, which in a sentence are any number.
    pub(super) fn is_bare(&self) -> bool {
        !self.before.chars().chain(self.after.chars()).any(|c| c.is_ascii_alphabetic() || c == '#')
            && self.between.is_none()
    }
}

impl FromStr for NumberPattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, InvalidPattern> {
        if text.chars().count() > LONGEST_PATTERN {
            return Err(InvalidPattern("must have at most 40 characters"));
        }
        let (head, rest) =
            text.split_once("{seq").ok_or(InvalidPattern("must hold {seq}, or {seq:06} to fill it with zeros"))?;
        let (width, after) = rest.split_once('}').ok_or(InvalidPattern("has a brace that is not closed"))?;
        let width = match width {
            "" => 1,
            width => {
                let zeros =
                    width.strip_prefix(":0").and_then(digits::<usize>).filter(|zeros| (1..=WIDEST).contains(zeros));
                zeros.ok_or(InvalidPattern("may fill {seq} to 1 to 12 digits, as in {seq:06}"))?
            }
        };
        let (before, between) = match head.split_once("{year}") {
            Some((before, between)) => (before, Some(between)),
            None => (head, None),
        };
        let words = [Some(before), between, Some(after)];
        let is_word = |c: char| c.is_ascii_alphanumeric() || "-_.#".contains(c);
        if words.into_iter().flatten().any(|word| word.contains("{year}") || word.contains("{seq")) {
            return Err(InvalidPattern("may hold {year} once, before {seq}, and {seq} once"));
        }
        if !words.into_iter().flatten().all(|word| word.chars().all(is_word)) {
            return Err(InvalidPattern("may hold letters without accents, digits and - _ . # beside {year} and {seq}"));
        }
        let touches = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        let between_touches =
            between.is_some_and(|word| word.is_empty() || touches(word.chars().next()) || touches(word.chars().last()));
        if touches(before.chars().last()) || touches(after.chars().next()) || between_touches {
            return Err(InvalidPattern("must have no digit beside {year} or {seq}, and something between them"));
        }
        if strip_prefix_ignoring_case(before, "tkt_").is_some() {
            return Err(InvalidPattern("must not begin with tkt_, which begins ids"));
        }
        let owned = |word: &str| word.to_owned();
        Ok(Self { before: owned(before), between: between.map(owned), width, after: owned(after) })
    }
}

impl fmt::Display for NumberPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.before)?;
        if let Some(between) = &self.between {
            write!(f, "{{year}}{between}")?;
        }
        if self.width == 1 {
            f.write_str("{seq}")?;
        } else {
            write!(f, "{{seq:0{}}}", self.width)?;
        }
        f.write_str(&self.after)
    }
}

impl TryFrom<String> for NumberPattern {
    type Error = InvalidPattern;
    fn try_from(text: String) -> Result<Self, InvalidPattern> {
        text.parse()
    }
}

impl From<NumberPattern> for String {
    fn from(pattern: NumberPattern) -> String {
        pattern.to_string()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(number: u64, year: i16, year_seq: u64) -> TicketNumber {
        TicketNumber { number, year, year_seq }
    }

    #[test]
    fn a_pattern_writes_numbers() {
        let check = |pattern: &str, expected: &str| {
            let pattern: NumberPattern = pattern.parse().unwrap();
            assert_eq!(pattern.write(&number(297, 2026, 14)), expected);
        };
        check("TICKET-{year}-{seq:06}", "TICKET-2026-000014");
        check("TKT-{seq:03}", "TKT-297");
        check("TKT-{seq:05}", "TKT-00297");
        check("{seq}", "297");
        check("#{seq}", "#297");
        check("{year}.{seq}-sup", "2026.14-sup");
    }

    #[test]
    fn a_pattern_that_could_not_be_read_again_is_refused_with_the_reason() {
        let check = |pattern: &str, told: &str| {
            let error = pattern.parse::<NumberPattern>().unwrap_err().to_string();
            assert!(error.starts_with("number_pattern ") && error.contains(told), "{pattern}: {error}");
        };
        check("", "must hold {seq}");
        check("TKT-{year}", "must hold {seq}");
        check("TKT-{seq", "not closed");
        check("TKT-{seq:6}", "1 to 12 digits");
        check("TKT-{seq:013}", "1 to 12 digits");
        check("TKT-{seq:00}", "1 to 12 digits");
        check("{seq}-{seq}", "once");
        check("{seq}-{year}", "before {seq}");
        check("{year}-{year}-{seq}", "once");
        check("{year}{seq}", "between");
        check("A1{seq}", "no digit beside");
        check("{year}-1{seq}", "no digit beside");
        check("{seq}0", "no digit beside");
        check("TKT {seq}", "letters");
        check("Nº{seq}", "letters");
        check("{year}/{seq}", "letters");
        check("{month}-{seq}", "letters");
        check("tkt_{seq}", "tkt_");
        check(&format!("{}{{seq}}", "x".repeat(40)), "40");
    }

    #[test]
    fn a_text_is_read_whatever_its_case_and_its_zeros() {
        let pattern: NumberPattern = "TKT-{seq:03}".parse().unwrap();
        for text in ["TKT-005", "tkt-5", "Tkt-000005"] {
            assert_eq!(pattern.read(text), Some(TicketRef::Number(5)), "{text}");
        }
        for text in ["TKT-", "TKT-x", "TKT-5 ", "KT-5", "", "TKT-+5", "TKT-99999999999999999999999"] {
            assert_eq!(pattern.read(text), None, "{text}");
        }
    }

    prop_compose! {
        /// Any pattern, made of its parts.
        pub(in super::super) fn patterns()(
            before in "([A-Za-z#][A-Za-z0-9._-]{0,6}[A-Za-z._-])?",
            between in proptest::option::of("[-._A-Z]{1,3}"),
            width in 1..=12usize,
            after in "([A-Za-z_-][A-Za-z0-9]{0,4})?",
        ) -> Option<NumberPattern> {
            let year = between.map_or(String::new(), |between| format!("{{year}}{between}"));
            format!("{before}{year}{{seq:0{width}}}{after}").parse().ok()
        }
    }

    proptest! {
        #[test]
        fn what_a_pattern_writes_it_reads(pattern in patterns(), n in 1..u64::MAX / 2, seq in 1..u64::MAX / 2, year in 2000..=9999i16) {
            let Some(pattern) = pattern else { return Ok(()) };
            prop_assert_eq!(pattern.to_string().parse::<NumberPattern>(), Ok(pattern.clone()));
            let written = pattern.write(&number(n, year, seq));
            let expected = match pattern.between {
                Some(_) => TicketRef::YearForm(YearForm { year, seq }),
                None => TicketRef::Number(n),
            };
            prop_assert_eq!(pattern.read(&written), Some(expected.clone()));
            prop_assert_eq!(pattern.read(&written.to_ascii_lowercase()), Some(expected));
        }

        #[test]
        fn no_text_makes_a_pattern_panic(text in "\\PC{0,50}", pattern in "\\PC{0,50}") {
            if let Ok(pattern) = pattern.parse::<NumberPattern>() {
                let _read = pattern.read(&text);
            }
        }
    }
}
