//! What the person at the terminal reads when everything serves: where it is, how to sign in, what to try next.

use std::path::Path;
use std::time::Duration;

use crate::cli::ServeOptions;
use crate::data_dir::RunningHost;
use crate::template::Template;

pub(super) struct Greeting<'a> {
    pub(super) options: &'a ServeOptions,
    pub(super) host: &'a RunningHost,
    pub(super) template: &'a Template,
    pub(super) build_time: Duration,
    pub(super) start_time: Duration,
}

impl Greeting<'_> {
    pub(super) fn print(&self) {
        println!("{}", self.text());
    }

    fn text(&self) -> String {
        let (options, host) = (self.options, self.host);
        let data = options.data.dir.display();
        let kept = if options.memory { "in memory, gone at the end".to_owned() } else { format!("data in {data}") };
        // The commands find the host by its data directory.
        let at = if options.data.dir == Path::new(".turno") { String::new() } else { format!(" --data {data}") };
        let functions = self.template.functions.len();
        let faults =
            options.faults.as_ref().map_or_else(String::new, |faults| format!("  Faults on request     {faults}\n"));
        let (api, aws, graph) = (&host.api_url, &host.aws_url, &host.graph_url);
        let sockets = host.sockets_url.as_ref().map(|url| format!("\n  WebSocket API         {url}"));
        let sockets = sockets.unwrap_or_default();
        let build = self.build_time.as_secs_f64();
        let start = self.start_time.saturating_sub(self.build_time).as_secs_f64();
        format!(
            "
Turno serves: {functions} functions, {kept}. Built in {build:.1} s, ready {start:.1} s later.

  HTTP API              {api}{sockets}
  AWS services          {aws}  (tables, queues, secrets, functions; key and secret are in {data}/secrets.json)
  Graph API simulator   {graph}
{faults}
To sign in, send `Authorization: Bearer TOKEN` with a token of ana or bruno (agents), carla (supervisor) or dora (admin).

Try next, in another terminal:
  cargo run -- say{at} --from 77079861373 \"Meu pedido não chegou\"
  TOKEN=$(cargo run -q -- token{at} --agent ana)
  curl -H \"Authorization: Bearer $TOKEN\" {api}/api/tickets

Ctrl-C stops.
"
        )
    }
}
