//! The binaries that are measured: those of a directory, or those that Cargo builds now as they are deployed.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

/// What Cargo tells the program of this package, and what the build scripts of dependencies must not see: see the host's
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

/// Where the functions and the host lie.
#[derive(Debug, Clone)]
pub(crate) struct Binaries {
    pub(crate) functions: PathBuf,
    pub(crate) host: PathBuf,
}

impl Binaries {
    /// Those of `functions` and the host `host`; what is not named is built, as it is deployed.
    pub(crate) fn find(functions: Option<&Path>, host: Option<&Path>) -> anyhow::Result<Self> {
        let functions = match functions {
            Some(directory) => std::path::absolute(directory)?,
            None => Self::build_functions()?,
        };
        let host = match host {
            Some(path) => std::path::absolute(path)?,
            None => Self::build_host()?,
        };
        if !host.is_file() {
            bail!("--host: there is no {}", host.display());
        }
        Ok(Self { functions, host })
    }

    /// The functions apart from the host: what the host needs of their common dependencies is no part of them.
    fn build_functions() -> anyhow::Result<PathBuf> {
        let names = function_names()?;
        println!("Building {} functions for release; that takes minutes.", names.len());
        let functions: Vec<&str> = names.iter().flat_map(|name| ["-p", name.as_str()]).collect();
        cargo(&repository(), &[&["build", "--release", "--locked"], functions.as_slice()].concat())?;
        Ok(target_dir()?.join("release"))
    }

    fn build_host() -> anyhow::Result<PathBuf> {
        cargo(&repository(), &["build", "--profile", "host", "--locked", "-p", "turno"])?;
        Ok(target_dir()?.join("host/turno"))
    }
}

/// Runs Cargo in a directory, into the target directory that this program was built into.
pub(crate) fn cargo(directory: &Path, arguments: &[&str]) -> anyhow::Result<()> {
    let known = option_env!("CARGO").map(Path::new).filter(|path| path.exists());
    let mut command = Command::new(known.unwrap_or(Path::new("cargo")));
    for name in OF_THIS_PACKAGE {
        command.env_remove(name);
    }
    command.current_dir(directory).args(arguments);
    if !arguments.contains(&"--target-dir") {
        command.arg("--target-dir").arg(target_dir()?);
    }
    let status = command.status().context("cargo does not run")?;
    if !status.success() {
        bail!("cargo {} ended with {status}", arguments.join(" "));
    }
    Ok(())
}

/// Where this program was built into.
pub(crate) fn target_dir() -> anyhow::Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(2).filter(|target| target.join("CACHEDIR.TAG").exists());
    Ok(target.context("this program does not lie in a target directory of Cargo")?.to_path_buf())
}

/// The root of the repository, as it was when this program was compiled.
pub(crate) fn repository() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}

/// The names of the functions: each has a folder.
pub(crate) fn function_names() -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(repository().join("functions"))? {
        let path = entry?.path();
        if path.join("Cargo.toml").is_file() {
            names.push(path.file_name().unwrap_or_default().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}
