//! Files of gateways: from the gateway itself, with the connection's credentials, or from its public store, without any.
//!
//! Credentials go to the origin of the connection's own base URL and below its path, and nowhere else.

use channels::media::{Place, base64_call, told_path};
use channels::path::stays;
use domain::media::{MediaFailure, MediaKind};
use reqwest::{Method, RequestBuilder, Response, Url};
use runtime::secrets::GatewayAccess;

use crate::Fetched;
use crate::bearer::{Web, answer, asked};
use crate::cloud::{head, told_type};
use crate::missed::Missed;
use crate::spool::Spool;

/// Fetches a file from the first place that gives it. Where none does, it is tried again if any of them may give it later.
pub(crate) async fn fetch(
    web: &Web,
    access: Option<&GatewayAccess>,
    kind: MediaKind,
    places: &[Place],
) -> Result<Fetched, Missed> {
    let mut missed = Missed::ForGood(MediaFailure::NoSource);
    for place in places {
        missed = match from(web, access, kind, place).await {
            Ok(fetched) => return Ok(fetched),
            Err(here) => missed.or_elsewhere(here),
        };
    }
    Err(missed)
}

async fn from(web: &Web, access: Option<&GatewayAccess>, kind: MediaKind, place: &Place) -> Result<Fetched, Missed> {
    let gateway = || access.map(|access| Gateway { web, access }).ok_or(Missed::ForGood(MediaFailure::NoCredentials));
    match place {
        Place::Own(path) => whole(gateway()?.get(path).await?, kind).await,
        Place::Told(path) => {
            let gateway = gateway()?;
            let told = head(gateway.get(path).await?).await?;
            let path = told_path(&told).ok_or_else(|| Missed::now("the gateway did not say where the file is"))?;
            whole(gateway.get(&path).await?, kind).await
        }
        Place::Base64 { message } => {
            let gateway = gateway()?;
            let (path, body) = base64_call(&gateway.access.session, message);
            let request = gateway.request(Method::POST, &path)?.json(&body);
            let spool = Spool::of_base64(taken(answer(request).await?)?, kind.limit()).await?;
            Ok(Fetched { spool, media_type: None })
        }
        Place::Outside(url) => whole(taken(web.ask_outside(url).await?)?, kind).await,
    }
}

/// An answer's body as the file.
async fn whole(answer: Response, kind: MediaKind) -> Result<Fetched, Missed> {
    let media_type = told_type(&answer).filter(|told| !told.says_nothing());
    if media_type.as_ref().is_some_and(|told| !kind.may_be(told)) {
        return Err(Missed::ForGood(MediaFailure::WrongType));
    }
    let spool = Spool::of(answer, kind.limit(), []).await?;
    Ok(Fetched { spool, media_type })
}

/// An answer that gives what was asked for. Errors: what any other says.
fn taken(answer: Response) -> Result<Response, Missed> {
    let status = answer.status().as_u16();
    match status {
        200..300 => Ok(answer),
        401 | 403 => Err(Missed::refused(format!("the gateway answered {status}"))),
        404 | 410 => Err(Missed::ForGood(MediaFailure::Gone)),
        _ => Err(Missed::ForNow {
            reason: MediaFailure::Unavailable,
            cause: format!("the gateway answered {status}"),
            after: asked(&answer),
        }),
    }
}

struct Gateway<'a> {
    web: &'a Web,
    access: &'a GatewayAccess,
}

impl Gateway<'_> {
    async fn get(&self, path: &str) -> Result<Response, Missed> {
        taken(answer(self.request(Method::GET, path)?).await?)
    }

    /// A request to the gateway, with what it lets us in for.
    fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, Missed> {
        let url = own(&self.access.base_url, path).ok_or(Missed::ForGood(MediaFailure::ForbiddenAddress))?;
        let (request, key) = (self.web.client.request(method, url), &self.access.api_key);
        Ok(match self.access.kind.as_str() {
            "evolution" => request.header("apikey", key),
            "gowa" => {
                let (user, password) = key.split_once(':').unwrap_or((key, ""));
                let request = request.basic_auth(user, Some(password));
                if self.access.session.is_empty() {
                    request
                } else {
                    request.header("x-device-id", &self.access.session)
                }
            }
            _ => request.header("x-api-key", key),
        })
    }
}

/// A path of the gateway as a URL; `None` where it would lead away from it.
fn own(base: &str, path: &str) -> Option<Url> {
    let base = Url::parse(base.trim_end_matches('/')).ok()?;
    if !stays(path) {
        return None;
    }
    let below = base.path().trim_end_matches('/');
    // Parsing resolves what is relative in a path, so what comes out is what is asked for.
    let url = Url::parse(&format!("{}{path}", base.as_str().trim_end_matches('/'))).ok()?;
    let is_below =
        url.origin() == base.origin() && url.path().strip_prefix(below).is_some_and(|rest| rest.starts_with('/'));
    let is_web = matches!(base.scheme(), "http" | "https");
    let is_plain = |url: &Url| url.username().is_empty() && url.password().is_none();
    (is_below && is_web && path.starts_with('/') && is_plain(&url) && is_plain(&base)).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_stay_below_the_gateway_s_own_address() {
        let check = |base: &str, path: &str, expected: Option<&str>| {
            assert_eq!(own(base, path).as_ref().map(Url::as_str), expected, "{base} {path}");
        };
        check("http://waha:3000", "/api/files/a@b.jpg", Some("http://waha:3000/api/files/a@b.jpg"));
        check("https://example.org/gowa/", "/statics/a%20b", Some("https://example.org/gowa/statics/a%20b"));
        check(
            "https://example.org",
            "/message/A/download?phone=1@x",
            Some("https://example.org/message/A/download?phone=1@x"),
        );
        for (base, path) in [
            ("https://example.org", "@elsewhere.org/a"),
            ("https://example.org", ".elsewhere.org/a"),
            ("https://example.org", ":8080/a"),
            ("https://example.org/gowa", "/../admin"),
            ("https://example.org/gowa", "/%2e%2e/admin"),
            // These would stay below the gateway's address, and leave the place where it gives files out.
            ("http://waha:3000", "/api/files/../sessions"),
            ("http://waha:3000", "/api/files/%2e%2e/sessions"),
            ("http://waha:3000", "/api/files/..%2fsessions"),
            ("http://waha:3000", "/api/files/..\\sessions"),
            ("http://waha:3000", "//elsewhere.org/a"),
            ("https://example.org/gowa", "x/a"),
            ("https://user:pass@example.org", "/a"),
            ("ftp://example.org", "/a"),
            ("example.org", "/a"),
            ("", "/a"),
        ] {
            check(base, path, None);
        }
    }
}
