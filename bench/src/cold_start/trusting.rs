//! A copy of a function's binary that trusts the test's root in place of one of Amazon's, and is otherwise the same, byte for byte.
//!
//! The functions trust the roots that are compiled into them and nothing that the environment names; a benchmark is no reason
//! to weaken that. So the copy has its data changed: the certificate that stands first in `amazon_roots.pem` becomes the
//! test's, which is made as long. No instruction differs.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::binaries::repository;

/// The first of Amazon's roots, as the functions hold it.
pub(super) fn first_root() -> anyhow::Result<CertificateDer<'static>> {
    let mut roots = CertificateDer::pem_file_iter(repository().join("shared/runtime/src/amazon_roots.pem"))?;
    Ok(roots.next().context("amazon_roots.pem holds no certificate")??)
}

/// Writes the copy into `directory`; where it lies.
pub(super) fn copy(program: &Path, root: &[u8], directory: &Path) -> anyhow::Result<PathBuf> {
    let bytes = std::fs::read(program).with_context(|| format!("cannot read {}", program.display()))?;
    let name = program.file_name().context("a program has a name")?;
    let bytes = replaced(bytes, &first_root()?, root).with_context(|| program.display().to_string())?;
    let copy = directory.join(name);
    std::fs::write(&copy, bytes)?;
    std::fs::set_permissions(&copy, std::fs::Permissions::from_mode(0o755))?;
    Ok(copy)
}

fn replaced(mut bytes: Vec<u8>, amazon: &[u8], root: &[u8]) -> anyhow::Result<Vec<u8>> {
    ensure!(root.len() == amazon.len(), "the test's root is not as long as Amazon's");
    let mut places = bytes.windows(amazon.len()).enumerate().filter(|(_, window)| *window == amazon);
    let (Some((place, _)), None) = (places.next(), places.next()) else {
        bail!("the binary does not hold Amazon's first root exactly once");
    };
    bytes.splice(place..place + amazon.len(), root.iter().copied());
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_has_the_same_length_and_differs_in_the_root_alone() {
        let binary = b"code AMAZON-ROOT more code".to_vec();
        let copy = replaced(binary.clone(), b"AMAZON-ROOT", b"TEST---ROOT").unwrap();
        assert_eq!(copy, b"code TEST---ROOT more code");
        assert!(replaced(binary.clone(), b"AMAZON-ROOT", b"SHORT").is_err());
        assert!(replaced(binary, b"STARFIELD", b"TEST-ROOT").is_err());
    }

    #[test]
    fn the_roots_of_the_functions_begin_with_one_of_amazon() {
        let first = first_root().unwrap();
        assert!(first.windows(14).any(|window| window == b"Amazon Root CA"), "{first:?}");
    }
}
