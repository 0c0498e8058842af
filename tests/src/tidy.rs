//! What must hold of the source itself. No host runs here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::world::binaries::{functions, repository};

/// Files above the limit, each with what excuses it.
const LONG_FILES: [(&str, &str); 0] = [];
const LONGEST: usize = 400;

#[test]
fn keys_and_expressions_stand_in_storage_alone() {
    let expressions = ["update_expression(", "condition_expression(", "filter_expression(", "projection_expression("];
    let keys = ["\"ORG#", "\"PROVIDER#", "\"INSPECT#", "\"DUE#", "\"COUNTER\"", "\"MSG#", "\"STATE\"", "\"PROFILE\""];
    let forbidden: Vec<&str> = expressions.into_iter().chain(keys).collect();
    // The template's permissions name the one partition that the webhook may read.
    let found = lines_with(&forbidden, |path| !path.starts_with("shared/storage/"));
    assert!(found.is_empty(), "{found:#?}");
    // The words are still those that storage uses.
    let in_storage = product().into_iter().filter(|file| file.path.starts_with("shared/storage/src/"));
    let all: String = in_storage.map(|file| file.text).collect();
    for word in ["update_expression(", "condition_expression(", "\"ORG#", "\"PROVIDER#", "\"INSPECT#", "\"DUE#"] {
        assert!(all.contains(word), "storage no longer says {word}");
    }
}

#[test]
fn the_clock_and_the_environment_are_read_in_one_file_each() {
    let clock = lines_with(&["Timestamp::now()", "SystemTime::now()", "Zoned::now()"], |_| true);
    let places: Vec<&str> = clock.iter().map(|(path, ..)| path.as_str()).collect();
    assert_eq!(places, ["infra/local/src/clock.rs", "shared/runtime/src/clock.rs"], "{clock:#?}");
    // Cargo tells a build script where to write by the environment.
    let is_run = |path: &str| !path.ends_with("/build.rs");
    let environment = lines_with(&["env::var(", "env::var_os(", "env::vars("], is_run);
    let places: Vec<&str> = environment.iter().map(|(path, ..)| path.as_str()).collect();
    assert_eq!(places, ["shared/runtime/src/config.rs"], "{environment:#?}");
}

#[test]
fn every_function_is_in_the_template_and_every_function_of_the_template_is_here() {
    let template = std::fs::read_to_string(repository().join("infra/template.yaml")).unwrap();
    let named = template.lines().filter_map(|line| line.split_once("Binary: "));
    let named: Vec<&str> = named.map(|(_, name)| name.trim_end_matches(['}', ' '])).collect();
    let distinct: BTreeSet<&str> = named.iter().copied().collect();
    assert_eq!(distinct.len(), named.len(), "{named:?}");
    assert_eq!(distinct, functions().iter().map(String::as_str).collect());
    assert_eq!(template.matches("Type: AWS::Serverless::Function").count(), named.len());
    for function in functions() {
        let manifest = repository().join("functions").join(&function).join("Cargo.toml");
        let manifest = std::fs::read_to_string(manifest).unwrap();
        assert!(manifest.contains(&format!("name = \"{function}\"")), "{function}: folder, crate and binary differ");
    }
}

#[test]
fn crates_use_each_other_in_one_direction() {
    let uses = |manifest: &str| -> BTreeSet<String> {
        let text = std::fs::read_to_string(repository().join(manifest).join("Cargo.toml")).unwrap();
        let ours = ["domain", "channels", "storage", "messaging", "files", "runtime", "turno"];
        let named = text.lines().filter_map(|line| line.split(['.', ' ', '=']).next());
        let all: Vec<String> = functions().into_iter().chain(ours.map(str::to_owned)).collect();
        named.filter(|name| all.iter().any(|ours| ours == name)).map(str::to_owned).collect()
    };
    let set = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(uses("shared/domain"), set(&[]));
    for sibling in ["shared/channels", "shared/storage", "shared/messaging", "shared/files"] {
        assert!(uses(sibling).is_subset(&set(&["domain"])), "{sibling}: {:?}", uses(sibling));
    }
    let shared = set(&["domain", "channels", "storage", "messaging", "files", "runtime"]);
    assert!(uses("shared/runtime").is_subset(&shared));
    for function in functions() {
        let uses = uses(&format!("functions/{function}"));
        assert!(uses.contains("runtime") && uses.is_subset(&shared), "{function}: {uses:?}");
    }
}

#[test]
fn no_function_can_read_a_whole_table() {
    let manifests = files(&repository(), &["toml"]).into_iter().filter(|file| file.path.ends_with("Cargo.toml"));
    let named: Vec<String> = manifests.filter(|file| file.text.contains("survey")).map(|file| file.path).collect();
    assert_eq!(named, ["infra/local/Cargo.toml", "shared/storage/Cargo.toml"]);
    let storage = std::fs::read_to_string(repository().join("shared/storage/Cargo.toml")).unwrap();
    assert!(storage.contains("\nsurvey = []\n") && !storage.contains("\ndefault = "), "{storage}");
    let scans = lines_with(&[".scan()"], |_| true);
    assert!(scans.is_empty(), "{scans:#?}");
}

#[test]
fn no_file_is_longer_than_one_idea() {
    let lines = |file: &File| file.text.lines().count();
    let long: Vec<_> = product().into_iter().filter(|file| lines(file) > LONGEST).collect();
    for file in &long {
        assert!(LONG_FILES.iter().any(|(path, _)| *path == file.path), "{} has {} lines", file.path, lines(file));
    }
    assert_eq!(long.len(), LONG_FILES.len(), "an excuse is no longer needed");
}

#[test]
fn every_source_file_says_what_it_is() {
    let silent: Vec<String> =
        product().into_iter().filter(|file| !file.text.starts_with("//! ")).map(|file| file.path).collect();
    assert!(silent.is_empty(), "{silent:#?}");
}

#[test]
fn nothing_depends_on_the_machine_that_it_was_written_on() {
    let home = ["/", "home/"].concat();
    let found: Vec<_> = files(&repository(), &["rs", "toml", "yaml", "md", "json", "sh", "py", "sql", "snap"])
        .into_iter()
        .flat_map(|file| {
            let places = [
                home.clone(),
                home.replace("home", "Users"),
                home.replace("home", "root"),
                home.replace("home", "work"),
            ];
            let is_place = move |line: &&str| {
                places.iter().any(|place| line.match_indices(place.as_str()).any(|(at, _)| is_start(line, at)))
            };
            let lines: Vec<String> = file.text.lines().filter(is_place).map(str::to_owned).collect();
            lines.into_iter().map(move |line| (file.path.clone(), line))
        })
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_readme_names_the_two_commands() {
    let readme = std::fs::read_to_string(repository().join("README.md")).unwrap();
    let commands: Vec<&str> = readme.lines().map(str::trim).collect();
    for command in ["cargo run", "cargo test --workspace"] {
        let is_named = commands.iter().any(|line| line.starts_with(command) || line.contains(&format!("`{command}`")));
        assert!(is_named, "README.md does not say {command}");
    }
}

/// A path begins here: not in the middle of an address or of a longer path.
fn is_start(line: &str, at: usize) -> bool {
    !line[..at].ends_with(|c: char| c.is_alphanumeric() || ".$}~_-/".contains(c))
}

/// A file with its path from the root of the repository.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// The source of the product, tests beside the code included, tests in files of their own not.
fn product() -> Vec<File> {
    let is_test = |path: &str| path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("/tests.rs");
    // What the benchmarks compare with is written as others write it.
    let is_other = |path: &str| path.starts_with("bench/naive/");
    let all = files(&repository(), &["rs"]).into_iter();
    all.filter(|file| !is_test(&file.path) && !is_other(&file.path)).collect()
}

/// The lines of the product that hold one of the words, tests at the end of a file left out: path, number, line.
fn lines_with(words: &[&str], place: impl Fn(&str) -> bool) -> Vec<(String, usize, String)> {
    let mut found = Vec::new();
    for file in product().into_iter().filter(|file| place(&file.path) && !is_all_tests(&file.text)) {
        let code = file.text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in code.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            if words.iter().any(|word| line.contains(word)) {
                found.push((file.path.clone(), number + 1, line.trim().to_owned()));
            }
        }
    }
    found
}

/// A file that only tests use begins with one of their imports.
fn is_all_tests(text: &str) -> bool {
    text.contains("use proptest::prelude::*;") && !text.contains("#[cfg(test)]")
}

/// Every file below a folder with one of these endings, what is built or kept by a host left out.
pub(crate) fn files(folder: &Path, extensions: &[&str]) -> Vec<File> {
    let mut found = Vec::new();
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let is_ours = !["target", "node_modules", ".git", ".turno", ".aws-sam"].contains(&name.as_str());
        if path.is_dir() && is_ours {
            found.extend(files(&path, extensions));
        } else if path.extension().is_some_and(|extension| extensions.iter().any(|wanted| extension == *wanted)) {
            let place = path.strip_prefix(repository()).unwrap().to_str().unwrap().to_owned();
            found.push(File { path: place, text: std::fs::read_to_string(&path).unwrap() });
        }
    }
    found
}
