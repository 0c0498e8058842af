//! What a stranger on the machine, a page of a browser and a crowd that dribbles meet at the host's ports.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::cloud_api::{self, APP_SECRET, COMERCIAL};
use crate::world::{Host, people};

const WEBHOOK: &str = "/webhook/whatsapp";
const DRIBBLERS: usize = 600;
const UNFINISHED: usize = 60;
const LARGE: usize = 10 * 1024 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_port_of_the_host_asks_for_credentials_and_knows_its_own_name() {
    let host = Host::fresh().await;
    let ports = listening(host.pid());
    assert!(ports.len() >= 3, "{ports:?}");
    let known = |url: &str| url.rsplit(':').next().unwrap().split('/').next().unwrap().parse::<u16>().unwrap();
    let (api, aws) = (known(&host.api_url), known(&host.aws_url));
    assert!(ports.contains(&api) && ports.contains(&aws), "{ports:?}");
    for port in ports {
        let list = json!({}).to_string();
        let request = host.http.post(format!("http://127.0.0.1:{port}/")).body(list);
        let request = request.header("x-amz-target", "DynamoDB_20120810.ListTables");
        let answer = request.header("content-type", "application/x-amz-json-1.0").send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        assert!((400..500).contains(&status) && !text.contains("TableNames"), "port {port}: {status} {text}");
        if port == api {
            continue;
        }
        // A page whose name leads here, and one that says where it is from.
        for path in ["/", "/2018-06-01/runtime/invocation/next"] {
            let url = format!("http://127.0.0.1:{port}{path}");
            let rebound = host.http.get(&url).header("host", "page.example").header("origin", "http://page.example");
            assert!(rebound.send().await.unwrap().status().is_client_error(), "port {port} {path}");
        }
    }
    // The key that every reader of an earlier documentation knows.
    let known =
        "AWS4-HMAC-SHA256 Credential=operator/20260101/us-east-1/any/aws4_request, SignedHeaders=host, Signature=0";
    let request = host.http.get(format!("{}/_turno/functions", host.aws_url)).header("authorization", known);
    assert_eq!(request.send().await.unwrap().status(), 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_honest_webhook_is_answered_while_a_crowd_dribbles() {
    let host = Host::fresh().await;
    let address = host.api_url.trim_start_matches("http://").to_owned();
    let head = |signature: &str, length: usize| {
        format!(
            "POST {WEBHOOK} HTTP/1.1\r\nhost: {address}\r\nx-hub-signature-256: {signature}\r\ncontent-length: {length}\r\n\r\n"
        )
    };
    let form = format!("sha256={}", "0".repeat(64));
    let mut crowd = Vec::new();
    for n in 0..DRIBBLERS {
        let mut dribbler = TcpStream::connect(&address).await.unwrap();
        let said =
            if n % 2 == 0 { format!("POST {WEBHOOK} HTTP/1.1\r\nhost: a\r\nx-slow: ") } else { head(&form, 1000) };
        dribbler.write_all(said.as_bytes()).await.unwrap();
        crowd.push(dribbler);
    }
    let chunk = vec![b'x'; LARGE - 1];
    let large = (0..UNFINISHED).map(async |_| {
        let mut sender = TcpStream::connect(&address).await.unwrap();
        // It may be cut off before all of it is sent, which is the point.
        let _ = sender.write_all(head(&form, LARGE).as_bytes()).await;
        let _ = tokio::time::timeout(Duration::from_secs(20), sender.write_all(&chunk)).await;
        sender
    });
    let large = futures_util::future::join_all(large).await;

    let message = cloud_api::text(&people::phone(1), &people::message_id(), &people::words(1));
    let body = cloud_api::body(&[cloud_api::messages(COMERCIAL, &[message])]).to_string().into_bytes();
    host.post_signed(WEBHOOK, APP_SECRET, body).await.expect(200);
    // The crowd is still there: nobody had to go for the honest one.
    let mut open = 0;
    for dribbler in &mut crowd {
        open += usize::from(tokio::time::timeout(Duration::ZERO, dribbler.read(&mut [0; 1])).await.is_err());
    }
    assert!(open > 0, "the honest one was answered while they dribbled");
    let peak = memory_peak(host.pid());
    assert!(peak < 200 * 1024 * 1024, "{} MiB", peak / 1024 / 1024);
    drop((crowd, large));
    host.settled().await;
}

/// The ports on which a process listens, as Linux tells them.
fn listening(pid: u32) -> BTreeSet<u16> {
    let sockets: BTreeSet<String> = std::fs::read_dir(format!("/proc/{pid}/fd"))
        .unwrap()
        .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok()?.to_str().map(str::to_owned))
        .filter_map(|link| Some(link.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    let mut ports = BTreeSet::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        for line in std::fs::read_to_string(table).unwrap_or_default().lines().skip(1) {
            let columns: Vec<&str> = line.split_ascii_whitespace().collect();
            if columns[3] == "0A" && sockets.contains(columns[9]) {
                ports.insert(u16::from_str_radix(columns[1].rsplit(':').next().unwrap(), 16).unwrap());
            }
        }
    }
    ports
}

/// The most memory that a process ever held, in bytes.
fn memory_peak(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}
