//! A host that cannot start says why, on one line, and ends with 1.

use std::path::Path;
use std::process::Command;

use crate::world::{Host, program};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_or_a_directory_that_is_taken_is_named() {
    let host = Host::fresh().await;
    let data = tempfile::tempdir().unwrap();
    let api = host.api_url.strip_prefix("http://").unwrap();
    let aws = host.aws_url.strip_prefix("http://").unwrap();
    let port = |address: &str| address.rsplit_once(':').unwrap().1.to_owned();
    refuses(serve(data.path()).args(["--listen", api]), &[&port(api), "--listen", "in use"]);
    let free = ["--listen", "127.0.0.1:0", "--aws-listen", aws];
    refuses(serve(data.path()).args(free), &[&port(aws), "--aws-listen", "in use"]);
    refuses(free_ports(&mut serve(host.data())), &[host.data().to_str().unwrap(), "in use by another host"]);
}

#[test]
fn a_template_that_cannot_be_read_is_named() {
    let data = tempfile::tempdir().unwrap();
    let template = data.path().join("template.yaml");
    let name = template.to_str().unwrap();
    let command = || {
        let mut command = serve(&data.path().join("data"));
        free_ports(&mut command).args(["--template", name]);
        command
    };
    refuses(&mut command(), &[name, "No such file"]);
    for text in ["Resources: [", "Resources:\n  A:\n    Type: AWS::Nothing::Known\n", "", "\u{0}"] {
        std::fs::write(&template, text).unwrap();
        refuses(&mut command(), &[name]);
    }
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/template.yaml")).unwrap();
    let (before, after) = text.split_once("  InboundQueue:\n    Type: AWS::SQS::Queue\n    Properties:\n").unwrap();
    let resource = "  InboundQueue:\n    Type: AWS::SQS::Queue\n    Properties:\n      DelaySeconds: 901\n";
    std::fs::write(&template, format!("{before}{resource}{after}")).unwrap();
    refuses(&mut command(), &["InboundQueue", "DelaySeconds"]);
}

#[test]
fn a_data_directory_that_cannot_be_used_is_named() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    refuses(free_ports(&mut serve(&file.join("data"))), &[file.to_str().unwrap(), "cannot create"]);
    // A lock that lies on a full disk, as the system itself plays it.
    if Path::new("/dev/full").exists() {
        let full = place.path().join("full");
        std::fs::create_dir(&full).unwrap();
        std::os::unix::fs::symlink("/dev/full", full.join("lock")).unwrap();
        refuses(free_ports(&mut serve(&full)), &[full.to_str().unwrap(), "No space left"]);
    }
    // Keys that others can read are not used.
    let open = place.path().join("open");
    std::fs::create_dir(&open).unwrap();
    std::fs::write(open.join("issuer.pem"), "not a key").unwrap();
    refuses(free_ports(&mut serve(&open)), &["issuer.pem"]);
}

#[test]
fn functions_that_were_not_built_are_named() {
    let place = tempfile::tempdir().unwrap();
    let mut command = program();
    free_ports(&mut command).arg("--data").arg(place.path().join("data")).arg("--functions").arg(place.path());
    refuses(&mut command, &[place.path().to_str().unwrap(), "assistant"]);
}

#[test]
fn commands_without_a_running_host_say_how_to_start_one() {
    let place = tempfile::tempdir().unwrap();
    for arguments in
        [&["say", "--from", "7701555000001", "Olá"][..], &["fire", "sla-scan"], &["status"], &["redrive", "inbound"]]
    {
        let mut command = program();
        refuses(command.args(arguments).arg("--data").arg(place.path()), &["cargo run"]);
    }
}

fn serve(data: &Path) -> Command {
    let mut command = program();
    command.arg("--data").arg(data).arg("--functions").arg(crate::world::binaries::directory());
    command
}

fn free_ports(command: &mut Command) -> &mut Command {
    command.args(["--listen", "127.0.0.1:0", "--aws-listen", "127.0.0.1:0"])
}

/// The command ends with 1 and one line on standard error that holds all of this.
#[track_caller]
pub(crate) fn refuses(command: &mut Command, told: &[&str]) {
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    assert!(said.starts_with("turno: "), "{said}");
    for part in told {
        assert!(said.contains(part), "{part} is not told: {said}");
    }
}
