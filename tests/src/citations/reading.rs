//! Reads citations in comments, and sections, links and anchors in pages.

use std::collections::BTreeSet;

/// A page that is named, and the sections of it: `§1.4`, or the code of a row, as `C14`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Citation {
    /// As it is written.
    pub(super) page: String,
    /// Without the sign.
    pub(super) sections: Vec<String>,
}

/// The comments of a file, those of several lines as one. Descriptions and reasons are text of YAML and TOML files, so every line of those
/// counts as one.
pub(super) fn comments(text: &str, extension: &str) -> Vec<String> {
    let sign = match extension {
        "rs" => "//",
        "yaml" | "toml" => "",
        _ => "#",
    };
    let mut all = vec![String::new()];
    for line in text.lines() {
        if let Some(words) = line.trim_start().strip_prefix(sign) {
            let last = all.last_mut().unwrap();
            last.push(' ');
            last.push_str(words.trim_start_matches(['/', '!', '#']).trim());
        } else {
            all.push(String::new());
        }
    }
    all.retain(|comment| !comment.is_empty());
    all
}

/// What a comment cites.
pub(super) fn citations(comment: &str) -> Vec<Citation> {
    let mut found: Vec<Citation> = Vec::new();
    let is_name = |c: char| c.is_alphanumeric() || "/._-".contains(c);
    for (at, _) in comment.match_indices(".md") {
        let (before, after) = comment.split_at(at);
        let start =
            before.rfind(|c| !is_name(c)).map_or(0, |end| end + before[end..].chars().next().unwrap().len_utf8());
        let name = &before[start..];
        // An ending alone, a longer word, an address of the web.
        let goes_on = |c: char| c.is_alphanumeric() || c == '_';
        if !name.is_empty() && !name.ends_with('/') && !name.starts_with("//") && !after[3..].starts_with(goes_on) {
            found.push(Citation { page: format!("{name}.md"), sections: sections(&after[3..]) });
        }
    }
    found
}

/// The sections that are named after a page, up to the next page or the end of the sentence.
fn sections(after: &str) -> Vec<String> {
    let end = [".md", ". ", "; ", ": "].into_iter().filter_map(|end| after.find(end)).min().unwrap_or(after.len());
    let mut found = Vec::new();
    let mut previous = "";
    // A range names both of its ends.
    for word in after[..end].split(|c: char| c.is_whitespace() || "–,()`".contains(c)).filter(|word| !word.is_empty())
    {
        let word = word.trim_end_matches('.');
        let number = word.strip_prefix('§').unwrap_or(word);
        let is_number =
            number.starts_with(|c: char| c.is_ascii_digit()) && number.chars().all(|c| c.is_ascii_digit() || c == '.');
        let is_code =
            word.starts_with(['A', 'C', 'E']) && word.len() > 1 && word[1..].chars().all(|c| c.is_ascii_digit());
        // `S1 §19` is a section of that system's own document.
        let is_theirs = previous.len() == 2 && previous.starts_with('S');
        if is_code || (is_number && !is_theirs && (word.starts_with('§') || previous.starts_with('§'))) {
            found.push(number.to_owned());
        }
        previous = word;
    }
    found
}

/// A heading or the row of a table begins with it.
pub(super) fn has_section(page: &str, section: &str) -> bool {
    prose(page).any(|line| {
        let heading = line.strip_prefix('#').map(|rest| rest.trim_start_matches('#'));
        let name = heading.or_else(|| line.strip_prefix('|')).unwrap_or_default();
        name.split_whitespace().next().is_some_and(|first| first.trim_end_matches('.') == section)
    })
}

/// Where links within the repository lead.
pub(super) fn links(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in prose(page) {
        // What stands between backticks is no link.
        let line: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
        let targets = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        found.extend(targets.filter(|target| !target.contains("://")).map(str::to_owned));
    }
    found
}

/// The anchors of a page's headings, as GitHub makes them.
pub(super) fn anchors(page: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in prose(page).filter(|line| line.starts_with('#')) {
        let name = line.trim_start_matches('#').trim().to_lowercase();
        let kept = name.chars().filter(|&c| c.is_alphanumeric() || " -_".contains(c));
        let anchor: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
        let mut numbered = (1..).map(|number| format!("{anchor}-{number}"));
        let free = if found.contains(&anchor) { numbered.find(|name| !found.contains(name)).unwrap() } else { anchor };
        found.insert(free);
    }
    found
}

/// The lines of a page outside fenced code.
fn prose(page: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    page.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

#[cfg(test)]
mod checks {
    use super::*;

    fn cited(text: &str, extension: &str) -> Vec<(String, Vec<String>)> {
        let comments = comments(text, extension);
        comments.iter().flat_map(|comment| citations(comment)).map(|of| (of.page, of.sections)).collect()
    }

    fn check(text: &str, page: &str, sections: &[&str]) {
        let sections = sections.iter().map(|&section| section.to_owned()).collect();
        assert_eq!(cited(text, "rs"), [(page.to_owned(), sections)], "{text}");
    }

    #[test]
    fn pages_and_their_sections_are_found_in_comments() {
        check("//! Source: a.md §1.5.", "a.md", &["1.5"]);
        check("/// Source: docs/a.md §1.5 and §1.10; more.", "docs/a.md", &["1.5", "1.10"]);
        check("    // (docs/a.md §3.1–3.4)", "docs/a.md", &["3.1", "3.4"]);
        check("//! Source: `docs/a.md` §1.2 to §1.5, RFC 9110.", "docs/a.md", &["1.2", "1.5"]);
        check("/// Who (docs/a.md\n    /// C8, C14). The rest, C3.", "docs/a.md", &["C8", "C14"]);
        check("//! (S1 §19, with eight: a.md C18)", "a.md", &["C18"]);
        check("//! a.md, after S1 §3", "a.md", &[]);
        check("//! See docs/adr/0001-a.md.", "docs/adr/0001-a.md", &[]);
    }

    #[test]
    fn what_is_no_citation_is_none() {
        for text in ["// body.md5_of", "let page = \"a.md\";", "// https://a.example/b.md", "// every *.md of docs/"] {
            assert_eq!(cited(text, "rs"), [], "{text}");
        }
        assert_eq!(cited("open('a.md')", "py"), []);
        assert_eq!(cited("# a.md", "py").len(), 1);
        assert_eq!(cited("reason = \"a.md\"", "toml").len(), 1);
    }

    #[test]
    fn a_section_is_a_heading_or_a_row() {
        let page =
            "## 1. Webhooks\n### 1.5 Kinds\n| C14 | who |\n| 0.10 | proof |\n```\n## 2. Code\n```\ntext of 1.6\n";
        let has = |section| has_section(page, section);
        assert!(["1", "1.5", "C14", "0.10"].into_iter().all(has));
        assert!(!["2", "1.6", "1.50", "C1", "C140"].into_iter().any(has));
    }

    #[test]
    fn links_lead_to_anchors_as_they_are_made_of_headings() {
        let page = "[a](b.md#c) `[no](code)` [d](#e)\n```\n[no](fence)\n```\n[web](https://a.example)";
        assert_eq!(links(page), ["b.md#c", "#e"]);
        let found = anchors("# The API\n## `/v3`\n## Twice\n## Twice\n## S2 and S3, ação\n```\n# none\n```");
        assert_eq!(found, ["the-api", "v3", "twice", "twice-1", "s2-and-s3-ação"].map(str::to_owned).into());
    }
}
