//! What a comment or a page cites is in this repository: the page, its section, the anchor of a link. No host runs here.

mod reading;

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use crate::tidy;
use crate::world::binaries::repository;
use reading::{anchors, citations, comments, has_section, links};

/// Pages of other projects, as their documentation names them, and whose they are.
const ELSEWHERE: [(&str, &str); 1] = [("docs/webhook-payload.md", "GOWA")];
/// README is read in ten minutes.
const LONGEST_README: usize = 150;

#[test]
fn every_page_and_section_that_a_comment_cites_is_here() {
    let mut wrong = Vec::new();
    let (mut pages, mut sections) = (BTreeSet::new(), 0);
    for path in files(&["rs", "yaml", "toml", "py", "sh"]).into_iter().chain([PathBuf::from(".ci/run")]) {
        let folder = path.parent().unwrap();
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or("sh");
        for citation in comments(&read(&path), extension).iter().flat_map(|comment| citations(comment)) {
            match page(folder, &citation.page) {
                Some(page) => {
                    let text = read(&page);
                    let missing = citation.sections.iter().filter(|section| !has_section(&text, section));
                    wrong.extend(
                        missing.map(|section| format!("{}: {} has no {section}", path.display(), page.display())),
                    );
                    sections += citation.sections.len();
                    pages.insert(page);
                }
                None if ELSEWHERE.iter().any(|(page, _)| *page == citation.page) => {
                    pages.insert(citation.page.into());
                }
                None => wrong.push(format!("{}: there is no {}", path.display(), citation.page)),
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // Something was read at all, and no excuse outlives what it excuses.
    assert!(sections >= 50, "only {sections} sections are cited");
    for page in ["docs/requirements.md", "docs/providers.md"].into_iter().chain(ELSEWHERE.map(|(page, _)| page)) {
        assert!(pages.contains(Path::new(page)), "nothing cites {page}");
    }
}

#[test]
fn every_link_of_a_page_leads_somewhere() {
    let mut wrong = Vec::new();
    let mut followed = 0;
    for path in files(&["md"]) {
        for link in links(&read(&path)) {
            let (target, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = if target.is_empty() { path.clone() } else { plain(&path.parent().unwrap().join(target)) };
            followed += 1;
            if !repository().join(&target).exists() {
                wrong.push(format!("{}: {link} leads to no file", path.display()));
            } else if !anchor.is_empty() && !anchors(&read(&target)).contains(anchor) {
                wrong.push(format!("{}: {link} leads to no heading", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(followed >= 50, "only {followed} links were followed");
}

#[test]
fn the_readme_is_read_in_ten_minutes() {
    let lines = read(Path::new("README.md")).lines().count();
    assert!(lines <= LONGEST_README, "README.md has {lines} lines");
}

/// The file that a citation means: from the root, or beside the file that cites it.
fn page(folder: &Path, name: &str) -> Option<PathBuf> {
    [PathBuf::from(name), folder.join(name)].into_iter().find(|page| repository().join(page).is_file())
}

/// A path without `..`, so that none leads out of the repository and back.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => assert!(plain.pop(), "{} leads out of the repository", path.display()),
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(repository().join(path)).unwrap()
}

/// Every file with one of these endings, by its path from the root.
fn files(extensions: &[&str]) -> Vec<PathBuf> {
    let files = tidy::files(&repository(), extensions).into_iter();
    files.map(|file| PathBuf::from(file.path)).collect()
}
