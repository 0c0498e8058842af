//! `bench cold-start`: what every function's binary does until it asks for work, and until its first answer over TLS, beside the
//! naive twin and the smallest function that there can be.

mod start;
mod tls;
mod trusting;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::binaries::{cargo, repository, target_dir};
use crate::budget::Budget;
use crate::cli::ColdStartOptions;
use crate::events;
use crate::figures::{Rounds, Samples};
use crate::host::Host;
use crate::machine::Machine;
use crate::speed::{program, wake};
use crate::table::Table;
use start::{Until, has_valgrind, instructions, timed};
use tls::TlsEndpoint;

/// What is started.
struct Subject {
    name: String,
    /// As it is deployed.
    binary: PathBuf,
    /// As it is started here.
    started: PathBuf,
    environment: BTreeMap<String, String>,
}

/// What was measured of one.
struct Measured {
    name: String,
    megabytes: f64,
    /// Millions of instructions until the first connection, until it asks for work, until it has answered.
    instructions: Option<[f64; 3]>,
    init_ms: Rounds,
    total_ms: Rounds,
    cpu_ms: Rounds,
    rss_mb: Rounds,
}

/// Measures and prints.
pub(crate) async fn run(options: &ColdStartOptions) -> anyhow::Result<()> {
    let counted = !options.without_instructions && has_valgrind();
    if options.only_budget && !counted {
        println!("not run: the budget of the starts is in instructions, and valgrind is not here");
        return Ok(());
    }
    let binaries = options.binaries.find()?;
    let naive = if options.only_budget { None } else { Some(naive(options)?) };
    let floor = floor(options)?;
    if !counted {
        println!("Instructions are not counted: valgrind is not here, or was not wanted.");
    }
    let machine = Machine::look()?;
    let host = Host::start(&binaries).await?;
    let rounds = if options.only_budget { 0 } else { options.rounds + 1 };
    let starts = u64::try_from(rounds * options.starts).unwrap_or(u64::MAX) + 4;
    let environments = wake(&host, starts).await?;
    let upstream = host.aws_url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let mut endpoint = TlsEndpoint::start(upstream, trusting::first_root()?.len()).await?;
    let copies = tempfile::tempdir()?;
    let mut subjects = Vec::new();
    for (function, environment) in &environments {
        let binary = program(&binaries, function);
        let started = trusting::copy(&binary, endpoint.root.der(), copies.path())?;
        let mut environment = environment.clone();
        environment.insert("AWS_ENDPOINT_URL".to_owned(), endpoint.url.clone());
        subjects.push(Subject { name: function.clone(), binary, started, environment });
    }
    let others = environments.get("tickets").cloned().unwrap_or_default();
    subjects.push(Subject {
        name: "floor".to_owned(),
        binary: floor.clone(),
        started: floor,
        environment: others.clone(),
    });
    if let Some(naive) = naive {
        subjects.push(naive_subject(naive, others, host.operator_key()?, &endpoint, &copies)?);
    }
    let mut all = Vec::new();
    for subject in &subjects {
        all.push(measure(&host, &mut endpoint, subject, (rounds, options.starts), counted).await?);
    }
    if !options.only_budget {
        print(&all, counted);
        println!("{machine}");
    }
    if counted { Budget::read()?.check_cold_starts(&figures(&all)) } else { Ok(()) }
}

/// The twin trusts the system's roots, as its TLS library finds them: so the test's root stands among them.
fn naive_subject(
    binary: PathBuf,
    mut environment: BTreeMap<String, String>,
    (key, secret): (String, String),
    endpoint: &TlsEndpoint,
    directory: &TempDir,
) -> anyhow::Result<Subject> {
    let bundle = directory.path().join("roots.pem");
    let system = std::fs::read_to_string("/etc/ssl/certs/ca-certificates.crt").unwrap_or_default();
    std::fs::write(&bundle, system + &endpoint.root.pem())?;
    environment.insert("AWS_ENDPOINT_URL".to_owned(), endpoint.url.clone());
    environment.insert("SSL_CERT_FILE".to_owned(), bundle.display().to_string());
    // Its key may write its own item; the keys of the functions may not.
    environment.insert("AWS_ACCESS_KEY_ID".to_owned(), key);
    environment.insert("AWS_SECRET_ACCESS_KEY".to_owned(), secret);
    Ok(Subject { name: "naive".to_owned(), binary: binary.clone(), started: binary, environment })
}

async fn measure(
    host: &Host,
    endpoint: &mut TlsEndpoint,
    subject: &Subject,
    (rounds, starts): (usize, usize),
    counted: bool,
) -> anyhow::Result<Measured> {
    let Subject { name, binary, started, environment } = subject;
    let mut ticket = 0;
    let mut next = || {
        ticket += 1;
        ticket
    };
    let mut measured = Measured {
        name: name.clone(),
        megabytes: megabytes(binary)?,
        instructions: None,
        init_ms: Rounds::default(),
        total_ms: Rounds::default(),
        cpu_ms: Rounds::default(),
        rss_mb: Rounds::default(),
    };
    for round in 0..rounds {
        let [mut init, mut total, mut cpu, mut rss] = [const { None }; 4].map(|_: Option<()>| Samples::default());
        for _ in 0..starts {
            let start = timed(started, environment, &first(host, name, next()).await?).await?;
            init.add(start.init);
            total.add(start.total);
            cpu.add(start.cpu);
            rss.add_value(start.rss_mb);
        }
        if round > 0 {
            measured.init_ms.add(init.median());
            measured.total_ms.add(total.median());
            measured.cpu_ms.add(cpu.median());
            measured.rss_mb.add(rss.median());
        }
    }
    if counted {
        let mut millions = [0.0; 3];
        for (place, until) in [Until::Connection, Until::Init, Until::Answer].into_iter().enumerate() {
            let event = first(host, name, next()).await?;
            millions[place] = in_millions(instructions(started, environment, &event, endpoint, until).await?);
        }
        measured.instructions = Some(millions);
    }
    Ok(measured)
}

async fn first(host: &Host, name: &str, n: u64) -> anyhow::Result<Value> {
    Ok(events::first(host, name, n).await?.unwrap_or_else(|| events::open_request("GET", "/")))
}

fn print(all: &[Measured], counted: bool) {
    let naive = all.iter().find(|measured| measured.name == "naive");
    let floor = all.iter().find(|measured| measured.name == "floor");
    if counted {
        let heads = [
            "binary",
            "Minstr to connect",
            "to init",
            "to answer",
            "connect/naive init",
            "init/naive",
            "answer/naive",
            "connect/floor",
        ];
        let mut table = Table::new(&heads);
        for Measured { name, instructions, .. } in all {
            let [connect, init, answer] = instructions.unwrap_or_default();
            let of = |other: Option<&Measured>, place: usize| {
                other.and_then(|other| other.instructions).map_or(f64::NAN, |figures| figures[place])
            };
            table.row([
                name.clone(),
                format!("{connect:.2}"),
                format!("{init:.2}"),
                format!("{answer:.2}"),
                format!("{:.3}", connect / of(naive, 1)),
                format!("{:.3}", init / of(naive, 1)),
                format!("{:.4}", answer / of(naive, 2)),
                format!("{:.2}", connect / of(floor, 1)),
            ]);
        }
        println!(
            "\nInstructions (goals: to init at most 0.15 of the naive twin and 3.5 of the floor, to the answer at most 0.02)\n"
        );
        println!("{table}");
    }
    let heads =
        ["binary", "MB", "init ms", "to answer ms", "CPU ms", "RSS MB", "size/naive", "total/naive", "RSS/naive"];
    let mut table = Table::new(&heads);
    for Measured { name, megabytes, init_ms, total_ms, cpu_ms, rss_mb, .. } in all {
        let ratio = |figure: f64, of: fn(&Measured) -> f64| figure / naive.map_or(f64::NAN, of);
        table.row([
            name.clone(),
            format!("{megabytes:.2}"),
            format!("{init_ms:.1}"),
            format!("{total_ms:.1}"),
            format!("{cpu_ms:.1}"),
            format!("{rss_mb:.1}"),
            format!("{:.2}", ratio(*megabytes, |naive| naive.megabytes)),
            format!("{:.2}", ratio(total_ms.median(), |naive| naive.total_ms.median())),
            format!("{:.2}", ratio(rss_mb.median(), |naive| naive.rss_mb.median())),
        ]);
    }
    println!("Time and memory (goals: total at most 0.15 of the naive twin, size 0.30, RSS 0.55)\n\n{table}");
}

/// What the budget knows of each: millions of instructions to the connection, to init, to the answer; megabytes.
fn figures(all: &[Measured]) -> BTreeMap<String, [f64; 4]> {
    let figures = |measured: &Measured| {
        let [connect, init, answer] = measured.instructions.unwrap_or_default();
        (measured.name.clone(), [connect, init, answer, measured.megabytes])
    };
    all.iter().filter(|measured| measured.name != "naive").map(figures).collect()
}

fn naive(options: &ColdStartOptions) -> anyhow::Result<PathBuf> {
    if let Some(path) = &options.naive {
        return Ok(std::path::absolute(path)?);
    }
    let target = target_dir()?.join("naive");
    let place = target.display().to_string();
    cargo(&repository().join("bench/naive"), &["build", "--release", "--locked", "--target-dir", &place])?;
    Ok(target.join("release/naive"))
}

fn floor(options: &ColdStartOptions) -> anyhow::Result<PathBuf> {
    if let Some(path) = &options.floor {
        return Ok(std::path::absolute(path)?);
    }
    cargo(&repository(), &["build", "--release", "--locked", "-p", "floor"])?;
    Ok(target_dir()?.join("release/floor"))
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn megabytes(path: &Path) -> anyhow::Result<f64> {
    Ok(std::fs::metadata(path)?.len() as f64 / 1e6)
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn in_millions(instructions: u64) -> f64 {
    instructions as f64 / 1e6
}
