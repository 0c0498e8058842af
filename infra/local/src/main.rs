//! Turno on one machine: `cargo run` serves infra/template.yaml with the binaries that deploy, and a few commands talk to
//! the host that runs.
//!
//! | module | stands for |
//! |---|---|
//! | `template` | what CloudFormation reads |
//! | `door` | the front of API Gateway and of the other endpoints: who may connect, and for how long |
//! | `gateway` | API Gateway's HTTP API, and Cognito's tokens |
//! | `sockets` | API Gateway's WebSocket API |
//! | `lambda`, `asynchronous`, `mappings`, `schedules` | Lambda, its event source mappings, EventBridge Scheduler |
//! | `aws` | the endpoint of DynamoDB, SQS, S3, Secrets Manager, Lambda Invoke and `@connections`, and IAM |
//! | `sqs`, `objects`, `secrets` | SQS, S3, Secrets Manager |
//! | `simulator` | Meta's Graph API |
//! | `faults` | what goes wrong on AWS now and then, on request |
//! | `backup` | AWS Backup, in one file |
//! | `status` | CloudWatch |

mod asynchronous;
mod aws;
mod backup;
mod check;
mod cli;
mod client;
mod clock;
mod compile;
mod data_dir;
mod demo;
mod door;
mod error;
mod faults;
mod fire;
mod gateway;
mod key;
mod lambda;
mod mappings;
mod memory;
mod meta;
mod objects;
mod operator;
mod redrive;
mod say;
mod schedules;
mod secrets;
mod serve;
mod simulator;
mod size;
mod sockets;
mod sqs;
mod status;
mod template;
mod token;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use tracing_subscriber::EnvFilter;

use cli::{Cli, Command};
use error::{HostError, on_one_line};

/// A fifth of the host's processor time was the C library's `malloc` and `free` (docs/adr/0009-local-host.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    data_dir::keep_private();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("turno=info,error"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false).init();
    let outcome = match &cli.command {
        None => serve::run(&cli.serve).await,
        Some(Command::Check(options)) => return check::run(options),
        Some(Command::Token(options)) => printed(token::run(options)),
        Some(Command::Key(command)) => printed(key::run(command).await),
        Some(Command::Say(options)) => printed(say::run(options).await),
        Some(Command::Fire(options)) => printed(fire::run(options).await),
        Some(Command::Redrive(options)) => printed(redrive::run(options).await),
        Some(Command::Status(options)) => match status::run(options).await {
            Ok((shown, code)) => {
                show(&shown);
                return code;
            }
            Err(error) => Err(error),
        },
        Some(Command::Backup(options)) => printed(backup::run(options)),
        Some(Command::Restore(options)) => printed(backup::restore(options)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("turno: {}", on_one_line(&error));
            ExitCode::FAILURE
        }
    }
}

fn printed(outcome: Result<String, HostError>) -> Result<(), HostError> {
    show(&outcome?);
    Ok(())
}

fn show(text: &str) {
    // Whoever reads may have seen enough: `turno status | head`.
    let _ = writeln!(std::io::stdout(), "{text}");
}
