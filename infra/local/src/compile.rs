//! Builds the functions with Cargo, its progress visible, and learns from Cargo where each binary lies.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

/// Why there are no binaries to run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BuildError {
    #[error("cargo does not run")]
    Start(#[from] std::io::Error),
    #[error("cargo build ended with {0}; its messages are above")]
    Failed(std::process::ExitStatus),
    #[error("there is no binary {binary} in {place}")]
    Missing { binary: String, place: String },
}

/// The lines of `--message-format=json` that matter here.
#[derive(Deserialize)]
struct Message {
    reason: String,
    executable: Option<PathBuf>,
}

/// What `cargo run` tells its program of this package. Build scripts of dependencies ask Cargo to run them again when these
/// change (ring 0.17's does), so a build that inherited them would compile half the tree, and the next `cargo run` once more.
const OF_THIS_PACKAGE: [&str; 7] = [
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_LINKS",
    "CARGO_PKG_NAME",
    "CARGO_PKG_VERSION_MAJOR",
    "CARGO_PKG_VERSION_MINOR",
    "CARGO_PKG_VERSION_PATCH",
    "CARGO_PKG_VERSION_PRE",
];

/// Where the repository was when the host was compiled; a moved checkout builds the host anew.
pub(crate) fn workspace() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).unwrap_or(manifest).to_path_buf()
}

/// Builds the packages and gives each binary's path by its name.
pub(crate) async fn build(binaries: &BTreeSet<String>, release: bool) -> Result<BTreeMap<String, PathBuf>, BuildError> {
    // `cargo run` names the cargo that started it; a host that was started by itself asks the path.
    let mut command =
        Command::new(option_env!("CARGO").map(Path::new).filter(|p| p.exists()).unwrap_or(Path::new("cargo")));
    command.current_dir(workspace()).args(["build", "--message-format=json-render-diagnostics"]);
    for name in OF_THIS_PACKAGE {
        command.env_remove(name);
    }
    if release {
        command.arg("--release");
    }
    if let Some(target) = target_dir() {
        command.arg("--target-dir").arg(target);
    }
    for binary in binaries {
        command.args(["-p", binary]);
    }
    // A host that is stopped before it serves takes its build with it.
    command.kill_on_drop(true);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn()?;
    let mut found = BTreeMap::new();
    if let Some(stdout) = child.stdout.take() {
        let mut lines = BufReader::new(stdout).lines();
        while let Some(line) = lines.next_line().await? {
            if let Some(path) = executable(&line)
                && let Some(name) = path.file_stem().and_then(|name| name.to_str())
            {
                found.insert(name.to_owned(), path);
            }
        }
    }
    let status = child.wait().await?;
    if !status.success() {
        return Err(BuildError::Failed(status));
    }
    all_present(binaries, found, "what cargo built")
}

/// Takes the binaries from a directory where they were built before.
pub(crate) fn built_in(binaries: &BTreeSet<String>, dir: &Path) -> Result<BTreeMap<String, PathBuf>, BuildError> {
    let dir = std::path::absolute(dir)?;
    let found = binaries.iter().map(|name| (name.clone(), dir.join(name))).filter(|(_, path)| path.is_file()).collect();
    all_present(binaries, found, &dir.display().to_string())
}

fn all_present(
    binaries: &BTreeSet<String>,
    found: BTreeMap<String, PathBuf>,
    place: &str,
) -> Result<BTreeMap<String, PathBuf>, BuildError> {
    match binaries.iter().find(|name| !found.contains_key(*name)) {
        Some(binary) => Err(BuildError::Missing { binary: binary.clone(), place: place.to_owned() }),
        None => Ok(found),
    }
}

fn executable(line: &str) -> Option<PathBuf> {
    let message: Message = serde_json::from_str(line).ok()?;
    (message.reason == "compiler-artifact").then_some(message.executable).flatten()
}

/// The target directory that the running host was built into, so that its dependencies are not built twice.
/// `None` where the host was installed elsewhere: then Cargo decides.
fn target_dir() -> Option<PathBuf> {
    let exe = std::env::current_exe().ok()?;
    let target = exe.parent()?.parent()?;
    target.join("CACHEDIR.TAG").exists().then(|| target.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_artifacts_that_are_programs_are_taken_from_cargo_s_messages() {
        let program = r#"{"reason":"compiler-artifact","executable":"/t/debug/webhook"}"#;
        assert_eq!(executable(program), Some(PathBuf::from("/t/debug/webhook")));
        assert_eq!(executable(r#"{"reason":"compiler-artifact","executable":null}"#), None);
        assert_eq!(executable(r#"{"reason":"build-finished","success":true}"#), None);
        assert_eq!(executable("not json"), None);
    }

    #[test]
    fn a_directory_without_one_of_the_binaries_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("webhook"), "").unwrap();
        let wanted = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
        assert!(built_in(&wanted(&["webhook"]), dir.path()).is_ok());
        let refusal = built_in(&wanted(&["ingest", "webhook"]), dir.path()).unwrap_err().to_string();
        assert!(refusal.contains("ingest"), "{refusal}");
    }

    #[test]
    fn the_workspace_is_where_the_template_lies() {
        assert!(workspace().join("infra/local/Cargo.toml").is_file());
    }
}
