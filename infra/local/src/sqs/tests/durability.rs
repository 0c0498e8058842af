//! What was answered is there after the process is killed.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::Duration;

use rusqlite::types::Value;

use super::*;
use crate::sqs::store::Store;

/// The file that the killed process writes, in its working directory.
const FILE: &str = "queues.db";

/// Not a test: the process that `everything_answered_before_a_sigkill_is_kept` starts and kills. It sends
/// without end, and prints each body once its send was answered. Anywhere else there is no file, and it ends at once.
#[tokio::test]
#[ignore = "runs only as the process that another test kills"]
async fn sends_until_it_is_killed() {
    if !Path::new(FILE).exists() {
        return;
    }
    let bench = Bench::open(Some(Path::new(FILE)));
    for n in 0.. {
        let entries: Vec<_> = (0..10).map(|i| grouped(&format!("g{i}"), format!("{n}-{i}"))).collect();
        let sent: Vec<_> = entries.iter().map(|entry| entry.body.clone()).collect();
        for result in bench.queues.send(FIFO, entries).await.unwrap() {
            result.unwrap();
        }
        writeln!(std::io::stdout(), "\nanswered {}", sent.join(" ")).unwrap();
    }
}

#[tokio::test]
async fn everything_answered_before_a_sigkill_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    Bench::open(Some(&directory.path().join(FILE))).ensure(QueueSpec { fifo: true, ..QueueSpec::default() });
    let mut sender = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--nocapture", "sends_until_it_is_killed"])
        .current_dir(directory.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(sender.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut answered: BTreeSet<String> = BTreeSet::new();
    let bodies_in = |line: String| -> Vec<String> {
        line.strip_prefix("answered ").into_iter().flat_map(|line| line.split(' ')).map(str::to_owned).collect()
    };
    while answered.len() < 500 {
        answered.extend(bodies_in(lines.next().expect("the sender goes on until it is killed")));
    }
    sender.kill().unwrap();
    sender.wait().unwrap();
    // What it had printed when it died; the last line may be cut, so only whole ones count.
    answered.extend(lines.map(bodies_in).filter(|bodies| bodies.len() == 10 && bodies[9].ends_with("-9")).flatten());

    let bench = Bench::open(Some(&directory.path().join(FILE)));
    let mut kept = BTreeSet::new();
    loop {
        let messages = bench.receive(FIFO, 10).await;
        if messages.is_empty() {
            break;
        }
        for message in &messages {
            assert!(kept.insert(message.body.clone()), "{} is stored twice", message.body);
        }
        bench.queues.delete(FIFO, messages.into_iter().map(|message| message.receipt_handle).collect()).await.unwrap();
    }
    let lost: Vec<_> = answered.difference(&kept).collect();
    assert!(lost.is_empty(), "lost {lost:?}");
}

#[tokio::test]
async fn visibility_counts_handles_and_deduplication_survive_a_process_that_never_closed_its_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(FILE);
    let before = Bench::open(Some(&path));
    before.ensure(QueueSpec { fifo: true, ..QueueSpec::default() });
    before.ensure(QueueSpec::default());
    before.send(FIFO, grouped("a", "a1")).await;
    before.send(FIFO, grouped("a", "a2")).await;
    before.send(STANDARD, SendEntry { delay: Some(Duration::from_mins(1)), ..text("delayed") }).await;
    let in_flight = before.receive(FIFO, 1).await;
    // The first owner still has the file open: the second sees what a restart after a kill would see.
    let after = Bench::open(Some(&path));
    assert_eq!(after.counts(FIFO).await, [1, 1, 0]);
    assert_eq!(after.counts(STANDARD).await, [0, 0, 1]);
    assert!(after.receive(FIFO, 10).await.is_empty(), "the group is still locked");
    after.send(FIFO, grouped("a", "a1")).await;
    after.delete(FIFO, &in_flight[0]).await.unwrap();
    let next = after.receive(FIFO, 10).await;
    assert_eq!(bodies(&next), ["a2"], "a1 was a duplicate and is deleted");
    after.advance(60);
    assert_eq!(bodies(&after.receive(STANDARD, 10).await), ["delayed"]);
    assert_eq!(after.receive(FIFO, 10).await[0].attributes["ApproximateReceiveCount"], "2");
    drop(before);
}

#[tokio::test]
async fn the_templates_settings_are_taken_over_and_messages_stay() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(FILE);
    let bench = Bench::open(Some(&path));
    bench.ensure(QueueSpec::default());
    bench.send(STANDARD, text("kept")).await;
    drop(bench);
    let bench = Bench::open(Some(&path));
    bench.ensure(QueueSpec { visibility_timeout_secs: 90, ..QueueSpec::default() });
    assert_eq!(bench.queues.attributes(STANDARD).await.unwrap()["VisibilityTimeout"], "90");
    assert_eq!(bodies(&bench.receive(STANDARD, 1).await), ["kept"]);
    let other_kind = QueueSpec { name: STANDARD.to_owned(), fifo: true, ..QueueSpec::default() };
    assert_eq!(code(bench.queues.ensure(other_kind)), "QueueAlreadyExists");
}

#[test]
fn a_file_of_an_unknown_layout_or_no_database_at_all_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(FILE);
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let open = |path: &Path| Queues::open(Some(path), String::new(), ACCOUNT.to_owned()).map(drop);
    assert!(matches!(open(&path), Err(Error::Layout { found: 99, .. })));
    std::fs::write(&path, "not a database, but long enough to be read as the header of one: ".repeat(4)).unwrap();
    assert!(matches!(open(&path), Err(Error::Storage(_))));
}

#[tokio::test]
async fn a_full_disk_refuses_the_send_and_loses_nothing_that_was_answered() {
    let directory = tempfile::tempdir().unwrap();
    let bench = Bench::open(Some(&directory.path().join(FILE)));
    bench.ensure(QueueSpec::default());
    bench.send(STANDARD, text("answered")).await;
    let limit = |pages: i64| {
        bench.queues.writer.run(move |store| Ok(store.connection.pragma_update(None, "max_page_count", pages)?))
    };
    limit(30).await.unwrap();
    let large = || text("x".repeat(500_000));
    // One transaction has a call that does not fit among others that do.
    let release = bench.hold_up().await;
    let sends = [text("before"), large(), text("after")].map(|entry| {
        let queues = bench.queues.clone();
        tokio::spawn(async move { queues.send(STANDARD, vec![entry]).await })
    });
    tokio::task::yield_now().await;
    release.send(()).unwrap();
    let mut stored = Vec::new();
    for send in sends {
        stored.push(send.await.unwrap().inspect_err(|error| assert!(!error.is_senders(), "{error}")).is_ok());
    }
    assert!(!stored[1], "the large one was refused");
    let answered = 1 + u32::try_from(stored.iter().filter(|stored| **stored).count()).unwrap();
    assert_eq!(bench.counts(STANDARD).await, [answered, 0, 0]);
    limit(100_000).await.unwrap();
    bench.send(STANDARD, large()).await;
    assert_eq!(bench.counts(STANDARD).await, [answered + 1, 0, 0]);
}

/// Reads a setting of the writer's connection.
fn pragma(name: &'static str) -> impl FnOnce(&Store<'_>) -> Result<Value, crate::sqs::Error> + Send + 'static {
    move |store| Ok(store.connection.pragma_query_value(None, name, |row| row.get(0))?)
}

#[tokio::test]
async fn a_commit_waits_for_the_disk() {
    let directory = tempfile::tempdir().unwrap();
    let bench = Bench::open(Some(&directory.path().join(FILE)));
    let writer = &bench.queues.writer;
    assert_eq!(writer.run(pragma("journal_mode")).await.unwrap(), "wal".to_owned().into());
    // 2 is FULL: without it, WAL commits may be lost when the machine loses power. A receive does without (1, NORMAL).
    assert_eq!(writer.run(pragma("synchronous")).await.unwrap(), 2.into());
    assert_eq!(writer.run_without_sync(pragma("synchronous")).await.unwrap(), 1.into());
    assert_eq!(writer.run(pragma("synchronous")).await.unwrap(), 2.into());
}

/// The first is how SQLite is compiled (`.cargo/config.toml`), so that the table engine's connection has it too.
#[tokio::test]
async fn the_log_is_written_back_seldom_and_no_savepoint_goes_to_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let bench = Bench::open(Some(&directory.path().join(FILE)));
    let writer = &bench.queues.writer;
    assert_eq!(writer.run(pragma("wal_autocheckpoint")).await.unwrap(), 10_000.into());
    // 2 is MEMORY.
    assert_eq!(writer.run(pragma("temp_store")).await.unwrap(), 2.into());
}

#[tokio::test]
async fn a_send_that_waits_behind_a_receive_still_waits_for_the_disk() {
    let directory = tempfile::tempdir().unwrap();
    let bench = Bench::open(Some(&directory.path().join(FILE)));
    let [holder, first, second] = [(); 3].map(|()| bench.queues.clone());
    let (release, released) = std::sync::mpsc::channel::<()>();
    let (reached, holding) = tokio::sync::oneshot::channel();
    let hold = move |_: &Store<'_>| {
        reached.send(()).unwrap();
        released.recv().unwrap();
        Ok(())
    };
    let holding_up = tokio::spawn(async move { holder.writer.run_without_sync(hold).await.unwrap() });
    holding.await.unwrap();
    // Both wait for their turn, one behind the other, when the first transaction goes on.
    let receive = tokio::spawn(async move { first.writer.run_without_sync(pragma("synchronous")).await.unwrap() });
    tokio::task::yield_now().await;
    let send = tokio::spawn(async move { second.writer.run(pragma("synchronous")).await.unwrap() });
    tokio::task::yield_now().await;
    release.send(()).unwrap();
    holding_up.await.unwrap();
    assert_eq!((receive.await.unwrap(), send.await.unwrap()), (1.into(), 2.into()));
}
