//! `turno`: brings every resource of the template up in order, tells the person at the terminal, and takes it down again.

mod greeting;
mod listen;
mod running;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::Request;
use hyper::body::Bytes;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::aws::caller::{Caller, Callers};
use crate::aws::counts::Counts;
use crate::aws::leading_keys::PartitionKeys;
use crate::aws::permissions::Roles;
use crate::aws::table::TableEngine;
use crate::aws::{self, Endpoint};
use crate::cli::ServeOptions;
use crate::client::Client;
use crate::data_dir::{DataDir, RunningHost};
use crate::error::HostError;
use crate::faults::Faults;
use crate::gateway::Gateway;
use crate::lambda::{AwsAccess, DEFAULT_CONCURRENCY, FunctionSpec, Lambda};
use crate::mappings::{self, Sources};
use crate::objects::{self, Objects};
use crate::schedules::Schedules;
use crate::secrets::{Secrets, SecretsFile};
use crate::simulator::{self, Simulator};
use crate::sockets::{self, Limits, Sockets};
use crate::sqs::{QueueSpec, Queues};
use crate::status::Collector;
use crate::template::{ACCOUNT_ID, Locals, Queue, Template};
use crate::{compile, demo, token};
use greeting::Greeting;
use listen::{Listeners, is_loopback};
use running::Running;

/// Serves until Ctrl-C or SIGTERM.
pub(crate) async fn run(options: &ServeOptions) -> Result<(), HostError> {
    let started_at = Instant::now();
    let stop = running::stop_signal()?;
    let mut stop = std::pin::pin!(stop);
    let running = tokio::select! {
        running = start(options, started_at) => running?,
        () = &mut stop => {
            println!("Stopped before everything served.");
            return Ok(());
        }
    };
    stop.await;
    running.stop().await
}

async fn start(options: &ServeOptions, started_at: Instant) -> Result<Running, HostError> {
    refuse_open_endpoint(options)?;
    sockets::raise_limit();
    let data = DataDir::open(&options.data.dir)?;
    let lock = data.lock()?;
    let listeners = Listeners::bind(options).await?;
    let loopback = is_loopback(options.listen);
    let secrets = Secrets::open(data.secrets(), loopback)?;
    let secrets_file = secrets.read()?;
    refuse_known_secrets(options, &secrets_file)?;
    let issuer = token::issuer(data.path())?;

    let mut host = RunningHost {
        api_url: listeners.api_url.clone(),
        sockets_url: None,
        aws_url: listeners.aws_url.clone(),
        graph_url: format!("{}/{}", listeners.simulator_url, simulator::VERSION),
        pid: std::process::id(),
    };
    let template_file = options.template.clone().unwrap_or_else(|| compile::workspace().join("infra/template.yaml"));
    let template = Template::read(&template_file, &locals(&host))
        .map_err(|source| HostError::Template { path: template_file, source })?;
    host.sockets_url = template.sockets.as_ref().map(|api| format!("{}/{}", sockets_url(&host), api.stage));
    let secrets = secrets.named_by(template.secrets.clone()).with_simulator(&listeners.simulator_url);

    let (stopping, stopped) = watch::channel(false);
    let (closing, closed) = watch::channel(false);
    let durable = |path: PathBuf| (!options.memory).then_some(path);

    let tables = template.tables.clone();
    let database = TableEngine::open(durable(data.table()).as_deref(), &tables)?;
    if !options.memory {
        let read = mappings::read_so_far(&template.functions, &data.checkpoints())?;
        aws::stream_records::trim(&data.table(), &read, crate::clock::now())?;
    }
    let table = TableEngine::serve(database, closed.clone())
        .map_err(|source| HostError::Refused(format!("the table's log cannot be followed: {source}")))?;
    let queues = open_queues(durable(data.queues()).as_deref(), &host.aws_url, &template.queues)?;
    queues.resume_moves().await.map_err(HostError::Queues)?;
    let store = objects::open(durable(data.files()).as_deref(), &template.buckets).map_err(HostError::Files)?;

    let build_started_at = Instant::now();
    let programs = programs(options, &template).await?;
    let build_time = build_started_at.elapsed();

    let roles = Roles::of(&template.functions).map_err(HostError::Refused)?;
    let (callers, specs) = callers(&template, &programs, &roles, &secrets_file, &host);
    let faults = Faults::default();
    let lambda = Lambda::start_with_faults(specs, faults.clone());

    let sockets = sockets_of(&template, &lambda, &host, &stopped);
    let counts = Arc::new(Counts::default());
    let endpoint = Arc::new(Endpoint {
        objects: Objects::new(store.clone(), &template.buckets, &callers, &counts),
        callers,
        table: table.clone(),
        queues: queues.clone(),
        secrets: secrets.clone(),
        lambda: Arc::clone(&lambda),
        functions: template.functions.clone(),
        keys: PartitionKeys::of(&template.tables),
        faults: faults.clone(),
        roles: roles.clone(),
        status: Collector::new(&template.functions, &template.tables, &data, !options.memory),
        counts,
        sockets: sockets.clone(),
    });
    let client = Client::new();
    let gateway = Gateway::new(&template, &issuer, Arc::clone(&lambda), sockets.clone());
    let simulator = Simulator::new(secrets, host.api_url.clone(), client.clone(), stopped.clone());
    let mut intake = JoinSet::new();
    let mut services = JoinSet::new();
    services.spawn(objects::keep_expiring(store, template.buckets.clone(), closed.clone()));
    intake.spawn(running::reported("the HTTP API", Arc::clone(&gateway).serve(listeners.api, until(stopped.clone()))));
    if let Some(sockets) = sockets {
        intake.spawn(sockets.closed());
    }
    services.spawn(running::reported("the AWS endpoint", aws::serve(endpoint, listeners.aws, until(closed.clone()))));
    services.spawn(running::reported("the Graph API simulator", simulator.serve(listeners.simulator, closed)));

    seed(&host, &secrets_file, &template, loopback).await?;
    let sources = Sources {
        lambda: Arc::clone(&lambda),
        queues: queues.clone(),
        table,
        faults: faults.clone(),
        stopping: stopped.clone(),
    };
    let checkpoints = durable(data.checkpoints());
    let mut background = mappings::start(&template.functions, &roles, &sources, checkpoints.as_deref()).await?;
    let schedules = Schedules { lambda: Arc::clone(&lambda), queues, stopping: stopped };
    background.spawn(join(schedules.start(&template.functions)?));
    background.spawn(join(intake));

    gateway.open();
    warm(&client, &host).await?;
    // Not before: a host has to come up whatever is asked for.
    faults.set(options.faults.clone());
    data.announce(&host)?;
    Greeting { options, host: &host, template: &template, build_time, start_time: started_at.elapsed() }.print();
    Ok(Running { data, _lock: lock, lambda, background, services, stopping, closing })
}

/// Who may call the AWS endpoint: the operator, and each function with a key of its own; and what it takes to run each.
fn callers(
    template: &Template,
    programs: &BTreeMap<String, PathBuf>,
    roles: &Roles,
    secrets: &SecretsFile,
    host: &RunningHost,
) -> (Callers, Vec<FunctionSpec>) {
    let (mut callers, operator) = (Callers::default(), &secrets.operator);
    callers.add(operator.access_key_id.clone(), operator.secret_access_key.clone(), Caller::Operator);
    let mut specs = Vec::new();
    for function in &template.functions {
        // A new key at each start: it is good for this run's process of this function alone.
        let key = || ulid::Ulid::generate().to_string();
        let access = AwsAccess { endpoint_url: host.aws_url.clone(), access_key_id: key(), secret_access_key: key() };
        let caller = Caller::Function(roles.role(function));
        callers.add(access.access_key_id.clone(), access.secret_access_key.clone(), caller);
        let program = programs.get(&function.binary).cloned().unwrap_or_default();
        specs.push(FunctionSpec::new(function, program, DEFAULT_CONCURRENCY, &access));
    }
    (callers, specs)
}

/// `None` when the template has no WebSocket API.
fn sockets_of(
    template: &Template,
    lambda: &Arc<Lambda>,
    host: &RunningHost,
    stopped: &watch::Receiver<bool>,
) -> Option<Arc<Sockets>> {
    let api = template.sockets.clone()?;
    Some(Sockets::new(api, Limits::default(), Arc::clone(lambda), &host.aws_url, stopped.clone()))
}

/// The AWS endpoint knows its callers and does not verify them.
fn refuse_open_endpoint(options: &ServeOptions) -> Result<(), HostError> {
    if is_loopback(options.aws_listen) {
        return Ok(());
    }
    let address = options.aws_listen;
    let reason = "this endpoint listens on the loopback alone, because it verifies no signatures";
    Err(HostError::Refused(format!("--aws-listen {address}: {reason}")))
}

/// Whoever can reach the host from elsewhere can also read the documentation.
fn refuse_known_secrets(options: &ServeOptions, secrets: &SecretsFile) -> Result<(), HostError> {
    if is_loopback(options.listen) || !secrets.has_demo_values() {
        return Ok(());
    }
    let (address, file) = (options.listen, options.data.dir.join("secrets.json"));
    Err(HostError::Refused(format!(
        "--listen {address}: {} holds the demo's secrets, which everybody knows; replace them, or take a new directory with --data DIR",
        file.display()
    )))
}

fn locals(host: &RunningHost) -> Locals {
    let parameters = [
        ("JwtIssuer", token::ISSUER.to_owned()),
        ("JwtAudience", token::AUDIENCE.to_owned()),
        ("GraphApiUrl", host.graph_url.clone()),
    ];
    Locals {
        aws_url: host.aws_url.clone(),
        sockets_url: sockets_url(host),
        parameters: parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    }
}

/// Where WebSocket clients connect, without the stage: the address of the HTTP API.
fn sockets_url(host: &RunningHost) -> String {
    host.api_url.replacen("http", "ws", 1)
}

/// Opens the queues and gives them the template's settings, dead-letter queues before those that name them.
fn open_queues(file: Option<&Path>, aws_url: &str, wanted: &[Queue]) -> Result<Queues, HostError> {
    let queues = Queues::open(file, aws_url.to_owned(), ACCOUNT_ID.to_owned()).map_err(HostError::Queues)?;
    let (with, without): (Vec<_>, Vec<_>) = wanted.iter().partition(|queue| queue.redrive.is_some());
    for queue in without.into_iter().chain(with) {
        let refused = |source| HostError::Queue { queue: queue.logical_id.clone(), source };
        queues.ensure(spec(queue)).map_err(refused)?;
    }
    Ok(queues)
}

fn spec(queue: &Queue) -> QueueSpec {
    let seconds = |duration: Duration| u32::try_from(duration.as_secs()).unwrap_or(u32::MAX);
    QueueSpec {
        name: queue.name.clone(),
        fifo: queue.fifo,
        content_based_deduplication: queue.content_based_deduplication,
        deduplication_by_group: queue.deduplication_by_group,
        throughput_limit: queue.throughput_limit,
        maximum_message_bytes: queue.maximum_message_bytes,
        visibility_timeout_secs: seconds(queue.visibility),
        delay_secs: seconds(queue.delay),
        retention_secs: seconds(queue.retention),
        receive_wait_secs: seconds(queue.receive_wait),
        redrive: queue.redrive.as_ref().map(|redrive| (redrive.dead_letter_queue.clone(), redrive.max_receive_count)),
    }
}

async fn programs(options: &ServeOptions, template: &Template) -> Result<BTreeMap<String, PathBuf>, HostError> {
    let binaries: BTreeSet<String> = template.functions.iter().map(|function| function.binary.clone()).collect();
    if let Some(dir) = &options.functions {
        return compile::built_in(&binaries, dir).map_err(HostError::Build);
    }
    println!("Building {} functions: {}", binaries.len(), binaries.iter().cloned().collect::<Vec<_>>().join(", "));
    compile::build(&binaries, options.release).await.map_err(HostError::Build)
}

/// Adds the demo organization on a host for this machine alone; elsewhere makes sure that its door is not there.
async fn seed(host: &RunningHost, secrets: &SecretsFile, template: &Template, loopback: bool) -> Result<(), HostError> {
    for table in &template.tables {
        let storage = demo::storage(&host.aws_url, &secrets.operator, &table.name);
        if loopback {
            demo::seed(&storage, &secrets.gateways).await.map_err(HostError::Demo)?;
        } else if demo::answers_to_known_token(&storage).await.map_err(HostError::Demo)? {
            return Err(HostError::Refused(
                "the data directory has the demo's gateway connection, whose token everybody knows; take a new directory with --data DIR".to_owned(),
            ));
        }
    }
    Ok(())
}

/// Starts the first process of the webhook, so that the first customer does not wait for it.
async fn warm(client: &Client, host: &RunningHost) -> Result<(), HostError> {
    let url = format!("{}/healthz", host.api_url);
    let request = Request::get(&url)
        .body(Bytes::new())
        .map_err(|error| HostError::Refused(format!("{url} is no address: {error}")))?;
    let answer = client.send(request).await.map_err(|source| HostError::NoAnswer { url: url.clone(), source })?;
    if answer.status.is_success() {
        return Ok(());
    }
    let body = String::from_utf8_lossy(&answer.body).into_owned();
    Err(HostError::Refused(format!("{url} answered {} {body}; see the messages above", answer.status)))
}

async fn until(mut told: watch::Receiver<bool>) {
    // A host that is gone has stopped as well.
    let _ = told.wait_for(|told| *told).await;
}

async fn join(mut tasks: JoinSet<()>) {
    while tasks.join_next().await.is_some() {}
}
