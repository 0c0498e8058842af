//! How many durable sends the queues take. Not a test: it prints figures of the machine that it runs on.
//! `cargo test -p turno durable_sends -- --ignored --nocapture`; figures of the whole host are in `bench/`.

use std::time::Instant;

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures"]
async fn durable_sends_a_second() {
    const BATCHES: usize = 400;
    let directory = tempfile::tempdir().unwrap();
    let bench = Bench::open(Some(&directory.path().join("queues.db")));
    bench.ensure(QueueSpec { fifo: true, ..QueueSpec::default() });
    for clients in [1, 8, 64] {
        let started = Instant::now();
        let sending: Vec<_> = (0..clients)
            .map(|client| {
                let queues = bench.queues.clone();
                tokio::spawn(async move {
                    for batch in 0..BATCHES / clients {
                        let body = |n| format!("{clients}-{client}-{batch}-{n}-{}", "x".repeat(400));
                        let entries = (0..10).map(|n| {
                            let id = format!("{clients}-{client}-{batch}-{n}");
                            SendEntry { deduplication_id: Some(id), ..grouped(&format!("g{n}"), body(n)) }
                        });
                        for sent in queues.send(FIFO, entries.collect()).await.unwrap() {
                            sent.unwrap();
                        }
                    }
                })
            })
            .collect();
        for one in sending {
            one.await.unwrap();
        }
        let sends = BATCHES / clients * clients * 10;
        let elapsed = started.elapsed();
        #[expect(clippy::cast_precision_loss, reason = "a figure to look at")]
        let a_second = sends as f64 / elapsed.as_secs_f64();
        println!("{clients} clients: {sends} sends in batches of 10 in {elapsed:.2?}: {a_second:.0} a second");
    }
}
