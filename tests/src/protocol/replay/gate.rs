//! A client between the code and the engine that holds every call of the model until it is told what becomes of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use super::super::call::Call;
use super::super::state::How;

tokio::task_local! {
    /// Which task of a process is running.
    pub(super) static TASK: usize;
}

/// A call that waits at the gate.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) task: usize,
    pub(super) call: Call,
    /// Lets it through; the engine has served it when the inner channel answers.
    pub(super) verdict: oneshot::Sender<(How, oneshot::Sender<()>)>,
}

/// The gate of one process or one request.
#[derive(Debug, Clone)]
pub(super) struct Gate {
    inner: SharedHttpClient,
    arrivals: mpsc::UnboundedSender<Arrival>,
    /// A request that has committed only reads what it shows.
    opens_on_commit: bool,
    /// What the model leaves out of this request.
    left_out: Option<Call>,
    is_open: Arc<AtomicBool>,
}

impl Gate {
    /// A client with a gate, and the calls that come to it.
    pub(super) fn before(
        inner: SharedHttpClient,
        opens_on_commit: bool,
        left_out: Option<Call>,
    ) -> (SharedHttpClient, mpsc::UnboundedReceiver<Arrival>) {
        let (arrivals, received) = mpsc::unbounded_channel();
        let gate = Self { inner, arrivals, opens_on_commit, left_out, is_open: Arc::default() };
        (SharedHttpClient::new(gate), received)
    }
}

impl HttpClient for Gate {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Gated { inner, gate: self.clone() })
    }
}

#[derive(Debug)]
struct Gated {
    inner: SharedHttpConnector,
    gate: Gate,
}

impl HttpConnector for Gated {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let call = if self.gate.is_open.load(Ordering::SeqCst) { None } else { call_of(&request) };
        let Some(call) = call.filter(|call| self.gate.left_out != Some(*call)) else { return self.inner.call(request) };
        let (inner, gate) = (self.inner.clone(), self.gate.clone());
        let task = TASK.try_with(|task| *task).unwrap_or_default();
        HttpConnectorFuture::new(async move {
            let gone = || ConnectorError::other("nobody is at the gate".into(), None);
            let (verdict, told) = oneshot::channel();
            gate.arrivals.send(Arrival { task, call, verdict }).map_err(|_| gone())?;
            let (how, served) = told.await.map_err(|_| gone())?;
            let answer = match how {
                How::Stale => Ok(HttpResponse::new(200.try_into().map_err(|_| gone())?, SdkBody::from("{}"))),
                How::Answered | How::AnswerLost => inner.call(request).await,
            };
            let has_committed = answer.as_ref().is_ok_and(|answer| answer.status().is_success());
            if gate.opens_on_commit && has_committed && how == How::Answered && is_transaction(call) {
                gate.is_open.store(true, Ordering::SeqCst);
            }
            // A walk that is over no longer listens.
            let _over = served.send(());
            match how {
                How::AnswerLost => answer.and(Err(ConnectorError::io("the connection broke".into()))),
                How::Answered | How::Stale => answer,
            }
        })
    }
}

fn is_transaction(call: Call) -> bool {
    matches!(call, Call::ChangeTicket | Call::StoreReply | Call::OpenTickets)
}

/// What a request is in the model's words; none for what the model leaves out: settings, agents as they are read,
/// and times.
fn call_of(request: &HttpRequest) -> Option<Call> {
    let operation = request.headers().get("x-amz-target")?.rsplit('.').next()?.to_owned();
    let body: Value = serde_json::from_slice(request.body().bytes()?).unwrap();
    let kind = |item: &Value| -> &'static str {
        let part = |name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
        let (pk, sk) = (part("pk"), part("sk"));
        let kinds = [("COUNTER", "counter"), ("PROFILE", "profile"), ("STATE", "conversation"), ("TICKET", "ticket")];
        let by_sort = kinds.into_iter().find(|(named, _)| *named == sk).map(|(_, kind)| kind);
        let message = sk.starts_with("MSG#").then_some("message");
        let alias = pk.contains("#ALIAS#").then_some("alias");
        by_sort.or(message).or(alias).unwrap_or("left out")
    };
    let call = match (operation.as_str(), kind(&body["Key"]), kind(&body["Item"])) {
        ("GetItem", "alias", _) => Call::ReadAlias,
        ("GetItem", "profile", _) => Call::ReadProfile,
        ("GetItem", "conversation", _) => Call::ReadConversation,
        ("GetItem", "ticket", _) => Call::ReadTicket,
        ("GetItem", "counter", _) => Call::ReadCounter,
        ("PutItem", _, "alias") => Call::PutAlias,
        ("PutItem", _, "profile") => Call::PutProfile,
        ("PutItem", _, "message") => Call::PutMessage,
        ("UpdateItem", "message", _) => Call::PlaceMessage,
        ("UpdateItem", "conversation", _) => Call::CountMessage,
        ("TransactWriteItems", ..) => {
            let items = body["TransactItems"].as_array()?;
            let writes = |wanted: &str| {
                let is = |item: &Value| kind(&item["Put"]["Item"]) == wanted || kind(&item["Update"]["Key"]) == wanted;
                items.iter().any(is)
            };
            match (writes("counter"), writes("message")) {
                (true, _) => Call::OpenTickets,
                (_, true) => Call::StoreReply,
                _ => Call::ChangeTicket,
            }
        }
        // A look for the same message at another time: in the model a message has one.
        ("GetItem" | "BatchGetItem" | "Query", ..) => return None,
        (other, ..) => panic!("the model knows no such call: {other} {body}"),
    };
    Some(call)
}
