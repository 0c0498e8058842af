//! What a function is handed of a queue, noted by itself: one FIFO group never runs twice at once, and a window gathers a
//! batch.

use std::path::PathBuf;

use super::*;

const GROUPS: usize = 12;
const MESSAGES: usize = 20;

/// Notes what it sees of each group in `FOLDER`: a file that is there already is an overlap, and what was run is appended.
#[test]
#[ignore = "not a test: the function process that the test starts"]
fn recording_process() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // An error is the host that has gone.
    let _ = runtime.block_on(lambda_runtime::run(service_fn(record)));
}

async fn record(event: LambdaEvent<Value>) -> Result<Value, lambda_runtime::Error> {
    let records = event.payload["Records"].as_array().cloned().unwrap_or_default();
    let command = std::env::args().find_map(|argument| argument.strip_prefix("folder=").map(PathBuf::from));
    let folder = command.ok_or("no folder")?;
    note(&folder.join("batches"), &records.len().to_string())?;
    let group = |record: &Value| record["attributes"]["MessageGroupId"].as_str().unwrap_or("none").to_owned();
    let groups: std::collections::BTreeSet<_> = records.iter().map(group).collect();
    for group in &groups {
        let running = std::fs::OpenOptions::new().write(true).create_new(true).open(folder.join(group));
        if running.is_err() {
            std::fs::write(folder.join("overlap"), group)?;
        }
    }
    tokio::time::sleep(Duration::from_millis(2)).await;
    for record in &records {
        note(&folder.join(format!("{}.done", group(record))), record["body"].as_str().unwrap_or_default())?;
    }
    for group in &groups {
        std::fs::remove_file(folder.join(group))?;
    }
    Ok(json!({ "batchItemFailures": [] }))
}

fn note(file: &Path, line: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    writeln!(std::fs::OpenOptions::new().append(true).create(true).open(file)?, "{line}")
}

fn noted(file: &Path) -> Vec<String> {
    std::fs::read_to_string(file).unwrap_or_default().lines().map(str::to_owned).collect()
}

/// A host with the recording function behind a queue.
fn recording(folder: &Path, queue: &str, change: impl FnOnce(&mut QueueMapping)) -> Host {
    let Mapping::Queue(mut mapping) = queue_mapping() else { panic!("it is the mapping of a queue") };
    mapping.queue = queue.to_owned();
    change(&mut mapping);
    let argument = format!("folder={}", folder.display());
    let program = ["mappings::tests::groups::recording_process", &argument];
    Host::running(&program, 4, Mapping::Queue(mapping), &["sqs:*"])
}

#[tokio::test]
async fn a_window_gathers_more_than_one_receive_gives_up_to_the_batch_size() {
    let folder = tempfile::tempdir().unwrap();
    // The window is far longer than the test may take: the batch is closed by its size.
    let host = recording(folder.path(), "work", |mapping| {
        mapping.batch_size = 25;
        mapping.window = Duration::from_mins(5);
    });
    let running = host.start(None).await.unwrap();
    for _ in 0..5 {
        host.send(&["a", "b", "c", "d", "e"]).await;
    }
    let batches = folder.path().join("batches");
    eventually(&vec!["25".to_owned()], async || noted(&batches)).await;
    eventually(&("0".to_owned(), "0".to_owned()), async || host.counts().await).await;
    host.stop(running).await;
}

#[tokio::test]
async fn a_group_runs_once_at_a_time_and_in_order_under_load() {
    let folder = tempfile::tempdir().unwrap();
    let host = recording(folder.path(), "work.fifo", |mapping| mapping.maximum_concurrency = Some(4));
    let queue =
        QueueSpec { name: "work.fifo".into(), fifo: true, visibility_timeout_secs: 3600, ..QueueSpec::default() };
    host.sources.queues.ensure(queue).unwrap();
    let running = host.start(None).await.unwrap();
    for n in 0..MESSAGES {
        let entry = |group| SendEntry {
            body: format!("{n:02}"),
            group_id: Some(format!("g{group:02}")),
            deduplication_id: Some(format!("{group}-{n}")),
            ..SendEntry::default()
        };
        for some in (0..GROUPS).map(entry).collect::<Vec<_>>().chunks(10) {
            host.sources.queues.send("work.fifo", some.to_vec()).await.unwrap();
        }
    }
    let expected: Vec<String> = (0..MESSAGES).map(|n| format!("{n:02}")).collect();
    let done = |group: usize| noted(&folder.path().join(format!("g{group:02}.done")));
    eventually(&true, async || (0..GROUPS).all(|group| done(group).len() >= MESSAGES)).await;
    // Two processes were busy at once, so that two groups could have been one.
    let processes = host.sources.lambda.status()[0].processes.len();
    assert!(processes > 1, "it ran on {processes} process, where nothing could overlap");
    host.stop(running).await;
    for group in 0..GROUPS {
        assert_eq!(done(group), expected, "group {group}");
    }
    assert!(!folder.path().join("overlap").exists(), "a group ran twice at once");
}
