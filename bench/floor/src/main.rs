//! The smallest function there can be: `lambda_http` as the functions use it, and nothing behind it.
//!
//! It is there to be compared with by `cargo run -p bench --release -- cold-start`, and for nothing else.

use lambda_http::{Body, Error, Request, Response, run, service_fn};

fn main() -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(service_fn(async |_: Request| Ok::<_, Error>(Response::new(Body::Empty)))))
}
