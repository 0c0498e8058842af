//! `/mcp/{conversation}`: the same tools as a remote MCP server over streamable HTTP, by the protocol's official SDK.
//!
//! Each request stands for itself and has one JSON answer: no session and no stream, neither of which a function behind an API
//! could hold. The conversation is in the path, where the model cannot change it. Source: modelcontextprotocol.io/specification,
//! "Transports".

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, Implementation, ListToolsResult, PaginatedRequestParams,
    ServerCapabilities, ServerConfig, Tool as Described, ToolAnnotations,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use runtime::service::Service;
use storage::Storage;

use crate::subject::{self, Named};
use crate::tools::{self, Tool};
use crate::wire::Call;

/// The largest request, in bytes.
const LARGEST: usize = 256 * 1024;

/// Answers one message of a client.
pub(crate) async fn serve(
    State(storage): State<Storage>,
    service: Service,
    Path(conversation): Path<String>,
    request: Request,
) -> Response {
    let server = Server { storage, service, conversation };
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(LARGEST)
        // The key proves who asks, whatever name the function is reached by.
        .disable_allowed_hosts()
        // No page has a key: a browser that asks was talked into it.
        .enforce_origin_validation();
    let http = StreamableHttpService::new(move || Ok(server.clone()), Arc::new(NeverSessionManager::default()), config);
    http.handle(request).await.map(Body::new)
}

/// The tools of one conversation.
#[derive(Clone)]
struct Server {
    storage: Storage,
    service: Service,
    conversation: String,
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().build();
        let instructions = "Tools for one customer, the one of this conversation. An output with success false says in `error` what was wrong with the call, and in `userMessage` what the customer may be told.";
        ServerConfig::new(capabilities)
            .with_server_info(Implementation::new("turno", env!("CARGO_PKG_VERSION")))
            .with_instructions(instructions)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let allowed = Tool::ALL.into_iter().filter(|tool| self.service.may(tool.scope()));
        Ok(ListToolsResult::with_all_items(allowed.map(described).collect()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let allowed = |tool: &Tool| tool.name() == request.name && self.service.may(tool.scope());
        if !Tool::ALL.iter().any(allowed) {
            return Err(ErrorData::invalid_params(format!("Unknown tool: {}", request.name), None));
        }
        let named = Named::Conversation(self.conversation.clone());
        let subject = subject::find(&self.storage, &self.service, &named).await;
        // Clients number their requests from zero in each connection, so what is asked for alone names the call.
        let call = Call {
            id: "mcp".to_owned(),
            name: request.name.into_owned(),
            arguments: Some(request.arguments.unwrap_or_default()),
        };
        let output = tools::output(&self.storage, &self.service, &subject, &call).await;
        let told = if output.is_success() { CallToolResult::structured } else { CallToolResult::structured_error };
        Ok(told(output.into_value()).into())
    }
}

fn described(tool: Tool) -> Described {
    let schema = tool.parameters().as_object().cloned().unwrap_or_default();
    let annotations = ToolAnnotations::new().read_only(tool != Tool::CreateTicketReport).open_world(false);
    Described::new(tool.name(), tool.description(), Arc::new(schema)).with_annotations(annotations)
}
