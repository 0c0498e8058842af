//! Other implementations of AWS's services, started for a test on a free port and ended with it.
//!
//! Engines that were written apart from each other and answer alike are likelier to answer as AWS does. None of them is AWS: where
//! two differ, AWS's documentation decides.

#![expect(clippy::disallowed_methods, reason = "variables say which engines are there")]
#![expect(clippy::expect_used, reason = "a test whose engine does not start has failed")]

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long an engine may take to answer its first request.
const PATIENCE: Duration = Duration::from_mins(1);
/// A free port may be another program's by the time the engine wants it.
const STARTS: u32 = 3;

/// A running engine; it ends when this drops.
#[derive(Debug)]
pub struct Engine {
    process: Child,
    port: u16,
    /// What it writes to disk, its log among it.
    directory: TempDir,
}

/// ministack, where `TURNO_MINISTACK` names its program (`pip install ministack`): SQS, DynamoDB and much else.
pub fn ministack() -> Option<Engine> {
    let program = named("TURNO_MINISTACK")?;
    Some(Engine::start("/_ministack/ready", |directory, port| {
        let mut command = Command::new(&program);
        command.env("BIND_HOST", "127.0.0.1").env("MINISTACK_HOST", "127.0.0.1").env("GATEWAY_PORT", port.to_string());
        command.env("TMPDIR", directory).env("S3_DATA_DIR", directory);
        command
    }))
}

/// AWS's DynamoDB Local, where `TURNO_DYNAMODB_LOCAL_JAR` names its `DynamoDBLocal.jar`; needs `java` on the path.
///
/// Its libraries lie in `DynamoDBLocal_lib` beside it, as in the archive that AWS publishes. It knows no address to bind to, so
/// it listens on all of them.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DynamoDBLocal.UsageNotes.html>.
pub fn dynamodb_local() -> Option<Engine> {
    let jar = named("TURNO_DYNAMODB_LOCAL_JAR")?;
    let libraries = Path::new(&jar).with_file_name("DynamoDBLocal_lib");
    Some(Engine::start("/", |_, port| {
        let mut command = Command::new("java");
        command.arg(format!("-Djava.library.path={}", libraries.display())).arg("-jar").arg(&jar);
        command.args(["-inMemory", "-disableTelemetry", "-port"]).arg(port.to_string());
        command
    }))
}

/// The variable's value; says on standard output what is not run without it.
fn named(variable: &str) -> Option<OsString> {
    let value = std::env::var_os(variable).filter(|value| !value.is_empty());
    if value.is_none() {
        println!("not run: {variable} is not set");
    }
    value
}

impl Engine {
    /// Where it serves, on the loopback.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn start(ready_at: &str, command: impl Fn(&Path, u16) -> Command) -> Self {
        let mut log = String::new();
        for _ in 0..STARTS {
            let directory = tempfile::tempdir().expect("a temporary directory");
            let port = free_port();
            let output = File::create(directory.path().join("log")).expect("a log file");
            let errors = output.try_clone().expect("a log file");
            let process = command(directory.path(), port)
                .current_dir(directory.path())
                .stdin(Stdio::null())
                .stdout(output)
                .stderr(errors)
                .spawn()
                .expect("the engine's program");
            let mut engine = Self { process, port, directory };
            if engine.becomes_ready(ready_at) {
                return engine;
            }
            log = std::fs::read_to_string(engine.directory.path().join("log")).unwrap_or_default();
        }
        panic!("the engine does not start: {log}");
    }

    /// Waits until it answers; false when it has ended, or takes too long.
    fn becomes_ready(&mut self, path: &str) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline && matches!(self.process.try_wait(), Ok(None)) {
            if answers(self.port, path) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // One that has ended already is what we want.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("the address of a listener").port()
}

/// Whether a request there is answered with anything but an error of the server's own.
fn answers(port: u16, path: &str) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n")?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        Ok(String::from_utf8_lossy(&status).into_owned())
    };
    ask().is_ok_and(|status| status.starts_with("HTTP/1.1 ") && !status.starts_with("HTTP/1.1 5"))
}
