//! The API on a real listener, in front of real function processes, with `@connections` on a real endpoint: what clients
//! and AWS's own SDK see of it.

mod connecting;
mod crowd;
mod ending;
mod function;
mod managing;
mod talking;

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use aws_sdk_apigatewaymanagement as management;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Error, Message, client::IntoClientRequest as _, handshake::client::Response, protocol::CloseFrame},
};

use super::{Limits, Sockets};
use crate::{
    aws::{
        self, Endpoint,
        caller::{Caller, Callers},
        counts::Counts,
        leading_keys::PartitionKeys,
        permissions::Roles,
        table::TableEngine,
    },
    data_dir::DataDir,
    faults::Faults,
    gateway::{self, Gateway},
    lambda::{AwsAccess, FunctionSpec, Lambda},
    secrets::Secrets,
    sqs::Queues,
    status::Collector,
    template::{ACCOUNT_ID, Locals, Template},
};

const TEMPLATE: &str = include_str!("template.yaml");

/// The route for messages that name no other.
const DEFAULT_ROUTE: &str = "  DefaultRoute:
    Type: AWS::ApiGatewayV2::Route
    Properties: {ApiId: !Ref Sockets, RouteKey: $default, RouteResponseSelectionExpression: $default, Target: !Sub 'integrations/${Talk}'}
  DefaultResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: {ApiId: !Ref Sockets, RouteId: !Ref DefaultRoute, RouteResponseKey: $default}
";

/// The parts of a host that a WebSocket API needs; it ends with the test.
struct Host {
    address: SocketAddr,
    aws_url: String,
    sockets: Arc<Sockets>,
    stop: watch::Sender<bool>,
    lambda: Arc<Lambda>,
    /// Of calls at the AWS endpoint, none at first.
    faults: Faults,
    folder: tempfile::TempDir,
}

type Client = WebSocketStream<TcpStream>;

impl Host {
    async fn start() -> Self {
        Self::with(TEMPLATE, Limits::default()).await
    }

    async fn with(template: &str, limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let aws_listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let aws_url = format!("http://{}", aws_listener.local_addr().unwrap());
        let locals = Locals { aws_url: aws_url.clone(), sockets_url: format!("ws://{address}"), ..Locals::default() };
        let template = Template::parse(template, &locals).unwrap();

        let mut callers = Callers::default();
        callers.add("operator".to_owned(), "operator".to_owned(), Caller::Operator);
        let roles = Roles::of(&template.functions).unwrap();
        let specs = template.functions.iter().map(|function| {
            callers.add(function.name.clone(), function.name.clone(), Caller::Function(roles.role(function)));
            let access = AwsAccess {
                endpoint_url: aws_url.clone(),
                access_key_id: function.name.clone(),
                secret_access_key: "x".to_owned(),
            };
            let program = std::env::current_exe().unwrap();
            let mut spec = FunctionSpec::new(function, program, 8, &access);
            let this_binary =
                ["sockets::tests::function::function_process", "--exact", "--ignored", "--nocapture", "-q"];
            spec.arguments = this_binary.map(Into::into).into();
            spec.timeout = Duration::from_secs(20);
            spec.environment.insert(function::EVENTS.to_owned(), events_file(&folder));
            spec
        });
        let lambda = Lambda::start(specs.collect());
        let (stop, stopping) = watch::channel(false);
        let api = template.sockets.clone().unwrap();
        let sockets = Sockets::new(api, limits, Arc::clone(&lambda), &aws_url, stopping.clone());

        let gateway =
            Gateway::new(&template, gateway::tests::issuer(), Arc::clone(&lambda), Some(Arc::clone(&sockets)));
        gateway.open();
        tokio::spawn(gateway.serve(listener, std::future::pending()));
        let faults = Faults::default();
        let counts = Arc::new(Counts::default());
        let store = crate::objects::open(None, &[]).unwrap();
        let endpoint = Endpoint {
            objects: crate::objects::Objects::new(store, &[], &callers, &counts),
            callers,
            table: TableEngine::serve(TableEngine::open(None, &[]).unwrap(), stopping).unwrap(),
            queues: Queues::open(None, aws_url.clone(), ACCOUNT_ID.to_owned()).unwrap(),
            secrets: Secrets::open(folder.path().join("secrets.json"), true).unwrap(),
            lambda: Arc::clone(&lambda),
            functions: template.functions.clone(),
            keys: PartitionKeys::of(&[]),
            counts,
            faults: faults.clone(),
            status: Collector::new(&template.functions, &[], &DataDir::existing(folder.path()), false),
            roles,
            sockets: Some(Arc::clone(&sockets)),
        };
        tokio::spawn(aws::serve(Arc::new(endpoint), aws_listener, std::future::pending()));
        Self { address, aws_url, sockets, stop, lambda, faults, folder }
    }

    /// Tries to connect to `/live` with this query, and with a subprotocol.
    async fn try_connect(&self, query: &str, protocol: Option<&str>) -> Result<(Client, Response), Error> {
        let mut request = format!("ws://{}/live{query}", self.address).into_client_request().unwrap();
        if let Some(protocol) = protocol {
            request.headers_mut().insert("sec-websocket-protocol", protocol.parse().unwrap());
        }
        let tcp = TcpStream::connect(self.address).await.unwrap();
        tokio_tungstenite::client_async(request, tcp).await
    }

    /// A client that is connected, and its id.
    async fn connect(&self) -> (Client, String) {
        // The mark finds this client's event among those of others.
        let mark = format!("{:x}", fastrand::u64(..));
        let (client, _) = self.try_connect(&format!("?token=good&mark={mark}"), None).await.unwrap();
        let events = self.events();
        let event = events.iter().find(|event| {
            event["requestContext"]["eventType"] == "CONNECT"
                && event.get("type").is_none()
                && event["queryStringParameters"]["mark"] == mark
        });
        let id = event.unwrap()["requestContext"]["connectionId"].as_str().unwrap().to_owned();
        (client, id)
    }

    /// What the functions have been told so far.
    fn events(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(events_file(&self.folder)).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// How many events of this type there were, without reading them.
    fn count(&self, event_type: &str) -> usize {
        let text = std::fs::read_to_string(events_file(&self.folder)).unwrap_or_default();
        text.matches(&format!(r#""eventType":"{event_type}""#)).count()
    }

    /// The events of this type about this connection.
    fn told(&self, event_type: &str, id: &str) -> Vec<Value> {
        let about = |event: &Value| {
            let context = &event["requestContext"];
            event.get("type").is_none() && context["eventType"] == event_type && context["connectionId"] == id
        };
        self.events().into_iter().filter(about).collect()
    }

    /// Waits for the one `$disconnect` of a connection, gives its code and reason, and sees that none follows.
    async fn disconnected(&self, id: &str) -> (u64, String) {
        until("the disconnect event", || !self.told("DISCONNECT", id).is_empty()).await;
        // What would come twice comes at the same moment; the connection's end is waited for to be sure.
        until("the connection to be forgotten", || self.sockets.connections().status(id).is_none()).await;
        let events = self.told("DISCONNECT", id);
        assert_eq!(events.len(), 1, "{events:?}");
        let context = &events[0]["requestContext"];
        let reason = context["disconnectReason"].as_str().unwrap().to_owned();
        (context["disconnectStatusCode"].as_u64().unwrap(), reason)
    }

    /// AWS's client of `@connections`, with the key of the operator or of a function.
    fn manager(&self, key: &str) -> management::Client {
        self.manager_of(key, "live")
    }

    fn manager_of(&self, key: &str, stage: &str) -> management::Client {
        use management::config::{BehaviorVersion, Config, Credentials, Region, retry::RetryConfig};
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new(key, "x", None, None, "test"))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .retry_config(RetryConfig::disabled())
            .endpoint_url(format!("{}/{stage}", self.aws_url));
        management::Client::from_conf(config.build())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

fn events_file(folder: &tempfile::TempDir) -> String {
    folder.path().join("events").display().to_string()
}

/// Waits for a condition, and says which one in vain.
async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_mins(1), "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn say(client: &mut Client, message: &Value) {
    client.send(Message::text(message.to_string())).await.unwrap();
}

/// The next message of the host, within the time that a slow machine needs.
async fn hear(client: &mut Client) -> Message {
    let next = tokio::time::timeout(Duration::from_secs(20), client.next()).await;
    next.expect("the host says something").expect("the connection is open").unwrap()
}

async fn hear_json(client: &mut Client) -> Value {
    let message = hear(client).await;
    serde_json::from_str(message.to_text().unwrap()).unwrap()
}

/// Reads to the end; what the host's close frame says.
async fn farewell(client: &mut Client) -> Option<(u16, String)> {
    loop {
        match tokio::time::timeout(Duration::from_secs(20), client.next()).await.expect("the connection ends") {
            Some(Ok(Message::Close(frame))) => {
                return frame.map(|CloseFrame { code, reason }| (code.into(), reason.to_string()));
            }
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return None,
        }
    }
}
