//! Templates: the messages that a provider approved beforehand, the only ones that it takes outside the window.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::answer::{Media, MediaKind};

/// Whether a template may be sent. Providers invent new states: one that is not known is kept in words and not sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum TemplateState {
    /// It may be sent.
    Approved,
    /// Anything else, in the provider's word, upper case: `PENDING`, `REJECTED`, `PAUSED`, `DISABLED` …
    Other(String),
}

impl From<String> for TemplateState {
    fn from(text: String) -> Self {
        let word = text.to_ascii_uppercase();
        match word.as_str() {
            // A template that was taken back into use is told so by webhook, and listed as approved.
            "APPROVED" | "REINSTATED" | "ACTIVE" => Self::Approved,
            _ => Self::Other(word),
        }
    }
}

impl From<TemplateState> for String {
    fn from(state: TemplateState) -> Self {
        state.as_str().to_owned()
    }
}

impl TemplateState {
    /// The provider's word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Approved => "APPROVED",
            Self::Other(word) => word,
        }
    }
}

/// A template as the provider holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// Its name, unique with the language.
    pub name: String,
    /// Its language, as the provider spells it: `pt_BR`.
    pub language: String,
    /// Whether it may be sent.
    pub state: TemplateState,
    /// `UTILITY`, `MARKETING`, `AUTHENTICATION`; it decides the price.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub category: String,
    /// The provider's rating: `GREEN`, `YELLOW`, `RED`, `UNKNOWN`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<String>,
    /// Why it is in its state, where the provider says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What it is made of.
    pub shape: Shape,
}

/// What a template is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// What stands above the words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<HeaderShape>,
    /// The words, with `{{1}}` or `{{name}}` where a variable goes.
    #[serde(default)]
    pub body: String,
    /// What stands below them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub footer: Option<String>,
    /// The buttons, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<ButtonShape>,
}

/// What stands above a template's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeaderShape {
    /// A line of text, with variables.
    Text(String),
    /// A picture, film or document that is given with each message.
    Media(MediaKind),
    /// A place or something newer, which cannot be given here.
    Other(String),
}

/// A button of a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ButtonShape {
    /// The provider's word: `QUICK_REPLY`, `URL`, `PHONE_NUMBER`, `COPY_CODE` …
    pub kind: String,
    /// What it says.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Whether its address ends in a variable, or it holds a code: then a value must be given with each message.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_variable: bool,
}

/// A template with what goes into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateCall {
    /// The template's name.
    pub name: String,
    /// The template's language.
    pub language: String,
    /// The variables of the words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub body: Vec<Variable>,
    /// What goes above them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<HeaderValue>,
    /// What goes into the buttons.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<ButtonValue>,
    /// What the contact reads, with the variables filled in, where the template was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
}

/// The value of a variable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variable {
    /// Its name; absent where the template counts its variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The value.
    pub text: String,
}

/// What goes above a template's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeaderValue {
    /// The variables of a line of text.
    Text(Vec<Variable>),
    /// The picture, film or document.
    Media(Media),
}

/// What goes into a button.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ButtonValue {
    /// Which button, from 0.
    pub index: u8,
    /// The provider's word for the kind, lower case: `quick_reply`, `url`, `copy_code`.
    pub kind: String,
    /// The payload, the end of the address, or the code.
    pub text: String,
}

/// Why a call does not fit its template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The provider would not send it.
    #[error("template {name} ({language}) is {state} and cannot be sent")]
    NotApproved {
        /// Its name.
        name: String,
        /// Its language.
        language: String,
        /// The provider's word.
        state: String,
    },
    /// The variables are others than the template has.
    #[error("the {part} of template {name} takes {expected}, but {given} given")]
    Variables {
        /// `body` or `header`.
        part: &'static str,
        /// The template.
        name: String,
        /// What it takes.
        expected: String,
        /// What was given.
        given: String,
    },
    /// What goes above the words is missing or of another kind.
    #[error("template {name} needs {expected} as its header")]
    Header {
        /// The template.
        name: String,
        /// What it needs.
        expected: String,
    },
    /// A button has no value, or a value has no button.
    #[error("template {name}: button {index} {wrong}")]
    Button {
        /// The template.
        name: String,
        /// Which button, from 0.
        index: usize,
        /// What is wrong.
        wrong: &'static str,
    },
}

impl TemplateCall {
    /// A call of a template without variables.
    pub fn plain(name: impl Into<String>, language: impl Into<String>) -> Self {
        let (name, language) = (name.into(), language.into());
        Self { name, language, body: Vec::new(), header: None, buttons: Vec::new(), preview: None }
    }
}

impl Template {
    /// Whether it can be sent as it is, with nothing to fill in.
    pub fn is_plain(&self) -> bool {
        self.admits(&TemplateCall::plain(&self.name, &self.language)).is_ok()
    }

    /// The names of the variables of its words, in order of their first appearance; numbers where it counts them.
    pub fn variables(&self) -> Vec<String> {
        variables(&self.shape.body)
    }

    /// Whether the call fits: the template may be sent, and every variable has a value. Errors say what does not.
    pub fn admits(&self, call: &TemplateCall) -> Result<(), Mismatch> {
        if self.state != TemplateState::Approved {
            let state = self.state.as_str().to_owned();
            return Err(Mismatch::NotApproved { name: self.name.clone(), language: self.language.clone(), state });
        }
        self.fits("body", &self.shape.body, &call.body)?;
        let header = |expected: &str| Mismatch::Header { name: self.name.clone(), expected: expected.to_owned() };
        match (&self.shape.header, &call.header) {
            (None, None) => {}
            (Some(HeaderShape::Text(text)), given) => {
                let given: &[Variable] = match given {
                    None => &[],
                    Some(HeaderValue::Text(given)) => given,
                    Some(HeaderValue::Media(_)) => return Err(header("text")),
                };
                self.fits("header", text, given)?;
            }
            (Some(HeaderShape::Media(kind)), Some(HeaderValue::Media(media))) if media.kind == *kind => {}
            (Some(HeaderShape::Media(kind)), _) => return Err(header(kind.as_str())),
            (Some(HeaderShape::Other(kind)), _) => return Err(header(kind)),
            (None, Some(_)) => return Err(header("nothing")),
        }
        let button = |index: usize, wrong: &'static str| Mismatch::Button { name: self.name.clone(), index, wrong };
        for value in &call.buttons {
            let index = usize::from(value.index);
            let shape = self.shape.buttons.get(index).ok_or_else(|| button(index, "does not exist"))?;
            if !shape.kind.eq_ignore_ascii_case(&value.kind) {
                return Err(button(index, "is of another kind"));
            }
        }
        let open = self.shape.buttons.iter().enumerate().filter(|(_, shape)| shape.has_variable);
        for (index, _) in open {
            if !call.buttons.iter().any(|value| usize::from(value.index) == index) {
                return Err(button(index, "needs a value"));
            }
        }
        Ok(())
    }

    /// What the contact reads.
    pub fn preview(&self, call: &TemplateCall) -> String {
        let mut text = self.shape.body.clone();
        for (place, variable) in call.body.iter().enumerate() {
            let name = variable.name.clone().unwrap_or_else(|| (place + 1).to_string());
            text = text.replace(&format!("{{{{{name}}}}}"), &variable.text);
        }
        text
    }

    fn fits(&self, part: &'static str, text: &str, given: &[Variable]) -> Result<(), Mismatch> {
        let expected = variables(text);
        let is_counted = expected.iter().all(|name| name.bytes().all(|b| b.is_ascii_digit()));
        let names: BTreeSet<&str> = given.iter().filter_map(|variable| variable.name.as_deref()).collect();
        let fits = if is_counted {
            names.is_empty() && given.len() == expected.len()
        } else {
            names.len() == given.len() && names == expected.iter().map(String::as_str).collect()
        };
        let many = |count: usize| match count {
            0 => "no variables".to_owned(),
            1 => "1 variable".to_owned(),
            count => format!("{count} variables"),
        };
        if fits {
            return Ok(());
        }
        let listed = |names: &[&str]| if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) };
        let wanted: Vec<&str> = expected.iter().map(String::as_str).filter(|_| !is_counted).collect();
        let given_names: Vec<&str> = names.into_iter().collect();
        let verb = if given.len() == 1 { "was" } else { "were" };
        Err(Mismatch::Variables {
            part,
            name: self.name.clone(),
            expected: format!("{}{}", many(expected.len()), listed(&wanted)),
            given: format!("{}{} {verb}", many(given.len()), listed(&given_names)),
        })
    }
}

/// What stands between double braces in a text, each once, in order; numbers in their order.
fn variables(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for after in text.split("{{").skip(1) {
        let Some((name, _)) = after.split_once("}}") else { continue };
        let name = name.trim();
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if is_name && !found.iter().any(|known| known == name) {
            found.push(name.to_owned());
        }
    }
    let counted: Option<BTreeMap<u32, String>> =
        found.iter().map(|name| Some((name.parse().ok()?, name.clone()))).collect();
    counted.map_or(found, |counted| counted.into_values().collect())
}

#[cfg(test)]
mod tests;
