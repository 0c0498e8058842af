//! A copy of a function's binary that trusts the test's root in place of one of Amazon's, and is otherwise the same, byte for byte.
//!
//! The functions trust the roots that are compiled into them and nothing that the environment names; a benchmark is no reason
//! to weaken that. So the copy has its data changed: the certificate that stands first in `amazon_roots.pem` becomes the
//! test's, filled up with line ends to the same length. No instruction differs.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};

use crate::binaries::repository;

/// Writes the copy into `directory`; where it lies.
pub(super) fn copy(program: &Path, root: &str, directory: &Path) -> anyhow::Result<PathBuf> {
    let roots = std::fs::read_to_string(repository().join("shared/runtime/src/amazon_roots.pem"))?;
    let amazon = first_certificate(&roots).context("amazon_roots.pem holds no certificate")?;
    let bytes = std::fs::read(program).with_context(|| format!("cannot read {}", program.display()))?;
    let name = program.file_name().context("a program has a name")?;
    let bytes = replaced(bytes, amazon.as_bytes(), root).with_context(|| program.display().to_string())?;
    let copy = directory.join(name);
    std::fs::write(&copy, bytes)?;
    std::fs::set_permissions(&copy, std::fs::Permissions::from_mode(0o755))?;
    Ok(copy)
}

fn first_certificate(pem: &str) -> Option<&str> {
    let begin = pem.find("-----BEGIN CERTIFICATE-----")?;
    let end = pem.find("-----END CERTIFICATE-----")?;
    pem.get(begin..end + "-----END CERTIFICATE-----".len())
}

fn replaced(mut bytes: Vec<u8>, amazon: &[u8], root: &str) -> anyhow::Result<Vec<u8>> {
    let root = root.replace('\r', "");
    ensure!(root.len() <= amazon.len(), "the test's root is longer than Amazon's");
    let mut places = bytes.windows(amazon.len()).enumerate().filter(|(_, window)| *window == amazon);
    let (Some((place, _)), None) = (places.next(), places.next()) else {
        bail!("the binary does not hold Amazon's first root exactly once");
    };
    let mut filled = root.into_bytes();
    filled.resize(amazon.len(), b'\n');
    bytes.splice(place..place + amazon.len(), filled);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_has_the_same_length_and_differs_in_the_root_alone() {
        let binary = b"code AMAZON-ROOT more code".to_vec();
        let copy = replaced(binary.clone(), b"AMAZON-ROOT", "TEST\r\n").unwrap();
        assert_eq!(copy, b"code TEST\n\n\n\n\n\n\n more code");
        assert!(replaced(binary.clone(), b"AMAZON-ROOT", "A-ROOT-THAT-IS-LONGER").is_err());
        assert!(replaced(binary, b"STARFIELD", "TEST").is_err());
    }

    #[test]
    fn the_roots_of_the_functions_begin_with_one_of_amazon() {
        let roots = std::fs::read_to_string(repository().join("shared/runtime/src/amazon_roots.pem")).unwrap();
        let first = first_certificate(&roots).unwrap();
        // A root of RSA with 2,048 bits and a short name fits.
        assert!(first.len() > 1100, "{}", first.len());
    }
}
