//! Wires the function; what it does is in `lib.rs`.

use runtime::clients::Clients;

fn main() -> Result<(), runtime::Fatal> {
    runtime::run("sla-scan", async {
        let storage = Clients::from_environment()?.storage()?;
        runtime::schedule::run(async |at| sla_scan::scan(&storage, at).await).await
    })
}
