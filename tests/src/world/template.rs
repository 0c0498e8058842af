//! Copies of the template with something taken out of it or changed.

use std::path::{Path, PathBuf};

use super::binaries;

/// The text of a template.
#[derive(Clone)]
pub(crate) struct Template(String);

impl Template {
    /// The one of the repository.
    pub(crate) fn whole() -> Self {
        Self(std::fs::read_to_string(binaries::repository().join("infra/template.yaml")).unwrap())
    }

    /// How many statements the functions' roles have.
    pub(crate) fn statements(&self) -> usize {
        self.0.matches("- Sid: ").count()
    }

    /// Without a statement of the function's role, or without one action or resource of it where it has others.
    pub(crate) fn without(mut self, function: &str, sid: &str, part: Option<&str>) -> Self {
        let role = self.0.find(&format!("- PolicyName: {function}\n")).unwrap();
        let found = role + self.0[role..].find(&format!("- Sid: {sid}\n")).unwrap();
        // From the line's beginning to the next statement, or to the end of the role.
        let start = self.0[..found].rfind('\n').unwrap() + 1;
        let rest = &self.0[found + 1..];
        let end = [rest.find("- Sid: "), rest.find("\n\n")].into_iter().flatten().min().unwrap();
        let end = self.0[..=found + 1 + end].rfind('\n').unwrap() + 1;
        let statement = &self.0[start..end];
        let shorter = part.map_or_else(String::new, |part| {
            let spellings = [format!("{part}, "), format!(", {part}]"), format!("                  - {part}\n")];
            let spelling = spellings.iter().find(|spelling| statement.contains(*spelling));
            let spelling = spelling.unwrap_or_else(|| panic!("{part} is not one of several in\n{statement}"));
            statement.replacen(spelling, if spelling.ends_with(']') { "]" } else { "" }, 1)
        });
        self.0.replace_range(start..end, &shorter);
        self
    }

    /// With a text, which it has once, in the place of another.
    pub(crate) fn with(self, old: &str, new: &str) -> Self {
        assert_eq!(self.0.matches(old).count(), 1, "{old}");
        Self(self.0.replacen(old, new, 1))
    }

    /// Writes it into the directory; where.
    pub(crate) fn write(&self, directory: &Path) -> PathBuf {
        let path = directory.join("template.yaml");
        std::fs::write(&path, &self.0).unwrap();
        path
    }
}
