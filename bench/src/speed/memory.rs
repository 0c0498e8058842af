//! The memory of the host and of each of its functions, idle.

use crate::host::Host;
use crate::process::{Memory, memory};
use crate::table::Table;

pub(super) async fn measure(host: &Host) -> anyhow::Result<Table> {
    let mut table = Table::new(&["process", "RSS MB", "PSS MB"]);
    let mut total = Memory::default();
    let mut add = |name: String, pid: u32| -> anyhow::Result<()> {
        let Memory { rss_mb, pss_mb } = memory(pid)?;
        total.rss_mb += rss_mb;
        total.pss_mb += pss_mb;
        table.row([name, format!("{rss_mb:.1}"), format!("{pss_mb:.1}")]);
        Ok(())
    };
    add("turno".to_owned(), host.pid())?;
    for (function, pids) in host.processes().await? {
        for (place, pid) in pids.iter().enumerate() {
            add(format!("{function} {}", place + 1), *pid)?;
        }
    }
    table.row(["all".to_owned(), format!("{:.1}", total.rss_mb), format!("{:.1}", total.pss_mb)]);
    Ok(table)
}
