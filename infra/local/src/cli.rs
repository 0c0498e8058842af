//! The commands of the host and their options. Parsing alone: nothing here opens a file or a socket.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use jiff::Timestamp;

use crate::faults::Specification;

/// Serves infra/template.yaml on this machine with the binaries that deploy; without a command, it serves.
#[derive(Debug, Parser)]
#[command(name = "turno", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) serve: ServeOptions,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Prints a bearer token of the local issuer, alone on its line.
    Token(TokenOptions),
    /// Makes, lists and revokes the keys by which bots and models call the running host.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Sends a signed webhook to the running host, as a customer's message would come.
    Say(SayOptions),
    /// Runs one function of the running host now, as its schedule would.
    Fire(FireOptions),
    /// Shows what the running host holds and does. Ends with 0 when all is well, with 2 when a dead-letter queue is not empty or
    /// a function keeps failing, and with 1 when no host runs.
    Status(StatusOptions),
    /// Moves the messages of a dead-letter queue back to the queue that gave them up.
    Redrive(RedriveOptions),
    /// Writes everything that a host holds into one file, while it serves or not.
    Backup(BackupOptions),
    /// Makes a data directory out of a backup that you trust: its digest shows damage, and not who wrote it.
    Restore(RestoreOptions),
    /// Proves that what is stored keeps every promise (I1 to I8), whether a host serves or not: exit 0 when all holds, 1 with a
    /// line for each finding, 2 when the data cannot be read.
    Check(CheckOptions),
}

#[derive(Debug, Clone, Args)]
pub(crate) struct ServeOptions {
    /// Where the HTTP API and the WebSocket API listen.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4000")]
    pub(crate) listen: SocketAddr,
    /// Where DynamoDB, SQS, S3, Secrets Manager, Lambda Invoke and @connections listen, all on one endpoint.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4566")]
    pub(crate) aws_listen: SocketAddr,
    #[command(flatten)]
    pub(crate) data: DataOption,
    /// Keep nothing: table, queues and files live in memory, and the data directory holds the keys alone.
    #[arg(long)]
    pub(crate) memory: bool,
    /// Build the functions with the release profile.
    #[arg(long)]
    pub(crate) release: bool,
    /// Use the function binaries of this directory and skip the build.
    #[arg(long, value_name = "DIR", conflicts_with = "release")]
    pub(crate) functions: Option<PathBuf>,
    /// The template to serve [default: infra/template.yaml of the repository].
    #[arg(long, value_name = "FILE")]
    pub(crate) template: Option<PathBuf>,
    /// Let go wrong what goes wrong on AWS, at these rates: a seed, then kinds of faults with their rates from 0 to 1.
    #[arg(long, value_name = "SEED:KIND=RATE,…")]
    pub(crate) faults: Option<Specification>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct DataOption {
    /// The directory of the host's data.
    #[arg(long = "data", value_name = "DIR", default_value = ".turno")]
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct TokenOptions {
    /// The agent who signs in.
    #[arg(long)]
    pub(crate) agent: String,
    /// The agent's organization.
    #[arg(long, default_value = "demo")]
    pub(crate) org: String,
    #[command(flatten)]
    pub(crate) data: DataOption,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Makes a key and prints it, alone on its line: it is shown this once.
    Create {
        /// What it is called in the list.
        #[arg(long)]
        name: String,
        /// What it may be used for: tickets:read, tickets:write, conversations:read; several times for several [default: all].
        #[arg(long = "scope", value_name = "SCOPE")]
        scopes: Vec<String>,
        /// The organization whose key it is.
        #[arg(long, default_value = "demo")]
        org: String,
        #[command(flatten)]
        data: DataOption,
    },
    /// Lists the keys of an organization: id, when it was made, whether it is revoked, scopes, name.
    List {
        /// The organization.
        #[arg(long, default_value = "demo")]
        org: String,
        #[command(flatten)]
        data: DataOption,
    },
    /// Makes a key worth nothing, from the next request on.
    Revoke {
        /// The key's id, as the list and the key itself have it: svc_…
        id: String,
        /// The organization.
        #[arg(long, default_value = "demo")]
        org: String,
        #[command(flatten)]
        data: DataOption,
    },
}

#[derive(Debug, Args)]
pub(crate) struct SayOptions {
    /// The customer's phone number, digits with the country code.
    #[arg(long, value_name = "PHONE", required_unless_present = "file")]
    pub(crate) from: Option<String>,
    /// What the customer writes.
    #[arg(required_unless_present_any = ["file", "attach"])]
    pub(crate) text: Option<String>,
    /// The connection that the message comes in on: comercial, suporte, baileys, evolution, waha or gowa.
    #[arg(long, default_value = "comercial")]
    pub(crate) connection: String,
    /// Send the bytes of this file instead of a text, signed as they are.
    #[arg(long, value_name = "BODY.json", conflicts_with_all = ["from", "text"])]
    pub(crate) file: Option<PathBuf>,
    /// A file that the customer sends, with the text as its caption; what it is shows by its name's ending. Cloud API connections only.
    #[arg(long, value_name = "FILE", conflicts_with = "file")]
    pub(crate) attach: Option<PathBuf>,
    /// The name the customer shows.
    #[arg(long, default_value = "Maria Souza")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) data: DataOption,
}

#[derive(Debug, Args)]
pub(crate) struct FireOptions {
    /// The function's folder name (sla-scan) or its logical id (`SlaScanFunction`).
    pub(crate) function: String,
    /// The scheduled time that the function is told [default: now].
    #[arg(long, value_name = "RFC3339")]
    pub(crate) at: Option<Timestamp>,
    #[command(flatten)]
    pub(crate) data: DataOption,
}

#[derive(Debug, Args)]
pub(crate) struct CheckOptions {
    #[command(flatten)]
    pub(crate) data: DataOption,
}

#[derive(Debug, Args)]
pub(crate) struct StatusOptions {
    /// Print JSON for machines.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) data: DataOption,
}

#[derive(Debug, Args)]
pub(crate) struct RedriveOptions {
    /// The dead-letter queue, or the queue whose messages it takes: inbound, or turno-inbound-dead.fifo.
    pub(crate) queue: String,
    /// Move at most so many messages a second, up to 500 [default: as fast as it goes].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=500))]
    pub(crate) rate: Option<u32>,
    #[command(flatten)]
    pub(crate) data: DataOption,
}

#[derive(Debug, Args)]
pub(crate) struct BackupOptions {
    /// The file to write; a tar archive that only you can read, since it holds the keys.
    pub(crate) file: PathBuf,
    /// Replace the file if it exists.
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) data: DataOption,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreOptions {
    /// The backup to restore.
    pub(crate) file: PathBuf,
    /// If the data directory is not empty, rename it to DIR.before-TIME instead of refusing.
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) data: DataOption,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Cli, String> {
        Cli::try_parse_from(std::iter::once("turno").chain(line.split_whitespace())).map_err(|e| e.to_string())
    }

    #[test]
    fn without_a_command_the_host_serves_on_the_documented_addresses() {
        let cli = parse("").unwrap();
        assert!(cli.command.is_none());
        assert_eq!(cli.serve.listen, "127.0.0.1:4000".parse().unwrap());
        assert_eq!(cli.serve.aws_listen, "127.0.0.1:4566".parse().unwrap());
        assert_eq!(cli.serve.data.dir, PathBuf::from(".turno"));
    }

    #[test]
    fn say_needs_a_sender_and_a_text_unless_a_file_is_given() {
        assert!(parse("say --from 77079861373").is_err());
        assert!(parse("say hello").is_err());
        assert!(parse("say --from 77079861373 hello").is_ok());
        assert!(parse("say --file body.json").is_ok());
        assert!(parse("say --from 77079861373 --attach a.jpg").is_ok());
        assert!(parse("say --attach a.jpg").is_err());
        assert!(parse("say --file body.json --attach a.jpg").is_err());
        assert!(parse("say --file body.json --from 77079861373").is_err());
    }

    #[test]
    fn faults_are_a_seed_and_rates_and_what_is_wrong_with_them_is_named() {
        assert!(parse("").unwrap().serve.faults.is_none());
        assert!(parse("--faults 7:kill=0.02,slow=0.1").unwrap().serve.faults.is_some());
        let refusal = parse("--faults 7:kill=2").unwrap_err();
        assert!(refusal.contains("--faults") && refusal.contains("rate of kill `2`"), "{refusal}");
    }

    #[test]
    fn a_time_that_is_not_rfc_3339_is_refused_with_its_flag() {
        let refusal = parse("fire sla-scan --at yesterday").unwrap_err();
        assert!(refusal.contains("--at"), "{refusal}");
        assert!(parse("fire sla-scan --at 2026-01-01T00:00:00Z").is_ok());
    }
}
