//! The one way out: no redirect is followed, a token goes to Meta's own addresses alone, and what somebody else names must be public.

use std::time::Duration;

use domain::media::MediaFailure;
use reqwest::{Client, ClientBuilder, RequestBuilder, Response, Url};
use runtime::Fatal;

use crate::missed::Missed;
use crate::outside::{self, PublicNames};

/// How long any address may be silent.
const SILENCE: Duration = Duration::from_secs(10);

/// Hosts of Meta's that files are given out by; those that begin with a dot stand for all below them. Source: docs/providers.md §1.10;
/// "Download media" of Meta's documentation, whose URLs are of lookaside.fbsbx.com.
const META: [&str; 5] =
    ["graph.facebook.com", "lookaside.fbsbx.com", "lookaside.facebook.com", ".fbsbx.com", ".fbcdn.net"];

/// A client for files.
pub(crate) struct Web {
    pub(crate) client: Client,
    /// For addresses that somebody else chose.
    outside: Client,
    /// Where the Graph API is configured to be: the one address besides Meta's that has the token anyway.
    graph: Url,
}

impl Web {
    pub(crate) fn new(graph_url: &str) -> Result<Self, Fatal> {
        let outside = builder()?.dns_resolver(PublicNames).https_only(true).no_proxy().build()?;
        Ok(Self { client: builder()?.build()?, outside, graph: Url::parse(graph_url)? })
    }

    /// Asks an address that somebody else chose, without credentials. Errors: `ForbiddenAddress` where it is not public.
    pub(crate) async fn ask_outside(&self, url: &str) -> Result<Response, Missed> {
        let forbidden = || Missed::ForGood(MediaFailure::ForbiddenAddress);
        let url = runtime::addresses::outside(url).ok_or_else(forbidden)?;
        match self.outside.get(url).send().await {
            Err(error) if outside::is_not_public(&error) => Err(forbidden()),
            Err(error) => Err(Missed::now(broken(&error))),
            Ok(answer) if answer.status().is_redirection() => Err(forbidden()),
            Ok(answer) => Ok(answer),
        }
    }

    /// Asks one of Meta's addresses. Errors: `ForbiddenAddress` for any other, before anything is sent.
    pub(crate) async fn ask(&self, url: &str, token: &str) -> Result<Response, Missed> {
        let url = Url::parse(url).ok().filter(|url| self.is_meta_s(url));
        let url = url.ok_or(Missed::ForGood(MediaFailure::ForbiddenAddress))?;
        answer(self.client.get(url).bearer_auth(token)).await
    }

    fn is_meta_s(&self, url: &Url) -> bool {
        if !url.username().is_empty() || url.password().is_some() {
            return false;
        }
        let host = url.host_str().unwrap_or_default();
        let is_listed = META.iter().any(|known| match known.strip_prefix('.') {
            Some(_) => host.ends_with(known),
            None => host == *known,
        });
        let is_usual = url.scheme() == "https" && url.port().is_none();
        (is_listed && is_usual) || url.origin() == self.graph.origin()
    }
}

fn builder() -> Result<ClientBuilder, Fatal> {
    Ok(Client::builder()
        .tls_backend_preconfigured(runtime::tls::config()?)
        .connect_timeout(Duration::from_secs(2))
        .read_timeout(SILENCE)
        // Meta's file servers refuse clients that do not say who they are. Source: docs/providers.md §1.10.
        .user_agent(concat!("turno/", env!("CARGO_PKG_VERSION")))
        // A redirect would carry the token elsewhere.
        .redirect(reqwest::redirect::Policy::none()))
}

/// Sends a request. Errors: for now when there is no answer; `ForbiddenAddress` when the answer leads elsewhere.
pub(crate) async fn answer(request: RequestBuilder) -> Result<Response, Missed> {
    let answer = request.send().await.map_err(|error| Missed::now(broken(&error)))?;
    if answer.status().is_redirection() {
        return Err(Missed::ForGood(MediaFailure::ForbiddenAddress));
    }
    Ok(answer)
}

/// What broke, without the address: it may hold what gives access.
pub(crate) fn broken(error: &reqwest::Error) -> String {
    let what = if error.is_timeout() {
        "took too long"
    } else if error.is_connect() {
        "could not be reached"
    } else {
        "broke off"
    };
    format!("the provider {what}")
}

/// How long an answer asks to wait.
pub(crate) fn asked(answer: &Response) -> Option<Duration> {
    let seconds = answer.headers().get("retry-after")?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_goes_to_meta_and_to_where_the_graph_api_is_configured() {
        let check = |graph: &str, url: &str, expected: bool| {
            let web = Web::new(graph).unwrap();
            assert_eq!(Url::parse(url).is_ok_and(|url| web.is_meta_s(&url)), expected, "{url}");
        };
        let meta = "https://graph.facebook.com/v25.0";
        for url in [
            "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1&ext=2&hash=x",
            "https://graph.facebook.com/v25.0/1",
            "https://scontent.xx.fbcdn.net/a",
        ] {
            check(meta, url, true);
        }
        for url in [
            "http://lookaside.fbsbx.com/a",
            "https://lookaside.fbsbx.com:8443/a",
            "https://lookaside.fbsbx.com@example.org/a",
            "https://user:pass@lookaside.fbsbx.com/a",
            "https://lookaside.fbsbx.com.example.org/a",
            "https://evil-fbcdn.net/a",
            "https://fbcdn.net.evil.org",
            "https://169.254.169.254/latest/meta-data",
            "http://127.0.0.1:4000/",
            "http://[::1]/",
            "file:///etc/passwd",
            "data:text/plain,x",
            "//graph.facebook.com/x",
            "",
        ] {
            check(meta, url, false);
        }
        let local = "http://127.0.0.1:4001/v25.0";
        check(local, "http://127.0.0.1:4001/_media/1", true);
        check(local, "http://127.0.0.1:4002/_media/1", false);
        check(local, "https://127.0.0.1:4001/_media/1", false);
    }
}
