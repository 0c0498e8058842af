//! The function that a tutorial writes: `aws_config::load_defaults`, default features, one `UpdateItem` for each request.
//!
//! It is there to be compared with by `cargo run -p bench --release -- cold-start`, and for nothing else.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_http::{Body, Error, Request, Response, run, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let client = Client::new(&aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await);
    let table = std::env::var("TABLE_NAME")?;
    let (client, table) = (&client, &table);
    run(service_fn(move |_: Request| async move {
        client
            .update_item()
            .table_name(table)
            .key("pk", AttributeValue::S("NAIVE".to_owned()))
            .key("sk", AttributeValue::S("NAIVE".to_owned()))
            .update_expression("ADD n :one")
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .send()
            .await?;
        Ok::<_, Error>(Response::new(Body::Empty))
    }))
    .await
}
