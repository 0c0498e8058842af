//! The languages in which the system itself has words for customers (docs/requirements.md C26).

use serde::{Deserialize, Serialize};

/// A language.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Locale {
    /// Spanish: what a connection speaks of which nobody said anything.
    #[default]
    Spanish,
    /// Portuguese.
    Portuguese,
    /// Indonesian.
    Indonesian,
    /// Russian.
    Russian,
    /// English.
    English,
}

impl Locale {
    /// All, each with its code.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Spanish, "es"),
        (Self::Portuguese, "pt"),
        (Self::Indonesian, "id"),
        (Self::Russian, "ru"),
        (Self::English, "en"),
    ];

    /// Its code: `es`, `pt`, `id`, `ru`, `en`.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(locale, _)| *locale == self).map_or("es", |(_, code)| code)
    }

    /// The language of a code with or without a country (`pt-BR`, `pt_BR`), where the system has words in it.
    pub fn of(code: &str) -> Option<Self> {
        let language = code.split(['-', '_']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|(_, code)| code.eq_ignore_ascii_case(language)).map(|(locale, _)| locale)
    }
}

/// A language that the system does not have counts as the default: nobody may be left without words for a setting.
impl From<String> for Locale {
    fn from(text: String) -> Self {
        Self::of(&text).unwrap_or_default()
    }
}

impl From<Locale> for String {
    fn from(locale: Locale) -> Self {
        locale.code().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_read_with_or_without_its_country() {
        let check = |text: &str, expected: Locale| assert_eq!(Locale::from(text.to_owned()), expected, "{text}");
        check("pt", Locale::Portuguese);
        check("pt_BR", Locale::Portuguese);
        check("RU-kz", Locale::Russian);
        check("id", Locale::Indonesian);
        check("en", Locale::English);
        for unknown in ["", "kk", "español"] {
            check(unknown, Locale::Spanish);
        }
        assert_eq!(serde_json::to_value(Locale::Russian).unwrap(), "ru");
    }
}
