//! Turns Amazon's roots from text into what TLS reads: a function that did it at each cold start would execute 220,000
//! instructions more, an eighth of all until its first connection.

use std::path::Path;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::{Error, PemObject as _};

/// Readable, because people compare it with what Amazon publishes (docs/operations.md).
const TEXT: &str = "src/amazon_roots.pem";

#[allow(clippy::disallowed_methods, reason = "Cargo says so where a build script may write")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed={TEXT}");
    let roots = CertificateDer::pem_file_iter(TEXT)?.map(|root| Ok(format!("&{:?}", root?.as_ref())));
    let roots = roots.collect::<Result<Vec<String>, Error>>()?.join(",\n");
    let file = Path::new(&std::env::var("OUT_DIR")?).join("amazon_roots.rs");
    Ok(std::fs::write(file, format!("&[\n{roots}\n]"))?)
}
