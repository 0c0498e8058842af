//! The host's and the functions' binaries, built once by the Cargo that runs the tests, into the same target directory.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

static BUILT: OnceLock<PathBuf> = OnceLock::new();

/// What Cargo tells a test of its package, and what the build scripts of dependencies must not see: see the host's
/// `compile.rs`.
const OF_THIS_PACKAGE: [&str; 7] = [
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_LINKS",
    "CARGO_PKG_NAME",
    "CARGO_PKG_VERSION_MAJOR",
    "CARGO_PKG_VERSION_MINOR",
    "CARGO_PKG_VERSION_PATCH",
    "CARGO_PKG_VERSION_PRE",
];

/// The directory with every binary. The first to ask builds, which is quick where nothing changed; all others wait for it.
pub(crate) fn directory() -> &'static Path {
    BUILT.get_or_init(build)
}

/// The root of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// The names of the functions: each has a folder.
pub(crate) fn functions() -> Vec<String> {
    let folders = std::fs::read_dir(repository().join("functions")).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<String> = folders
        .filter(|path| path.join("Cargo.toml").is_file())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

fn build() -> PathBuf {
    // This binary lies in TARGET/PROFILE/deps.
    let program = std::env::current_exe().unwrap();
    let profile = program.ancestors().nth(2).unwrap();
    let cargo = Path::new(env!("CARGO"));
    let mut build = Command::new(if cargo.exists() { cargo } else { Path::new("cargo") });
    build.current_dir(repository()).args(["build", "--quiet", "--target-dir"]).arg(profile.parent().unwrap());
    for name in OF_THIS_PACKAGE {
        build.env_remove(name);
    }
    if profile.ends_with("release") {
        build.arg("--release");
    }
    for package in functions().iter().map(String::as_str).chain(["turno"]) {
        build.args(["-p", package]);
    }
    let status = build.status().unwrap();
    assert!(status.success(), "the binaries were not built: {status}");
    profile.to_path_buf()
}
