//! Reading and setting the specification while the host serves, as `GET` and `PUT` of [`PATH`].

use axum::body::Body;
use http::{Method, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Faults, Kind, Specification, answers};

/// Where the operator reads and sets the faults, on the AWS endpoint: this host's own, no service of AWS.
pub(crate) const PATH: &str = "/_turno/faults";

/// `null` ends all faults.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    faults: Option<String>,
}

impl Faults {
    /// Answers a request to [`PATH`]. `PUT {"faults": "7:kill=0.02"}` begins anew: sequences, counts and all.
    pub(crate) fn answer(&self, method: &Method, body: &[u8]) -> Response<Body> {
        match *method {
            Method::GET => answers::json(StatusCode::OK, &self.report()),
            Method::PUT => match wanted(body) {
                Ok(specification) => {
                    self.set(specification);
                    answers::json(StatusCode::OK, &self.report())
                }
                Err(reason) => answers::json(StatusCode::BAD_REQUEST, &json!({ "message": reason })),
            },
            _ => answers::json(StatusCode::METHOD_NOT_ALLOWED, &json!({ "message": "faults: GET or PUT" })),
        }
    }

    /// The specification, and how often each kind has struck since it was set.
    fn report(&self) -> Value {
        let plan = self.plan();
        let count = |kind: Kind| (kind.name().to_owned(), json!(plan.injected.get(&kind).copied().unwrap_or(0)));
        json!({
            "faults": plan.specification.as_ref().map(ToString::to_string),
            "injected": Value::Object(Kind::ALL.map(count).into_iter().collect()),
        })
    }
}

fn wanted(body: &[u8]) -> Result<Option<Specification>, String> {
    let wanted: Wanted = serde_json::from_slice(body).map_err(|error| format!("faults: {error}"))?;
    wanted.faults.map(|text| text.parse().map_err(|error| format!("faults: {error}"))).transpose()
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    async fn ask(faults: &Faults, method: Method, body: &str) -> (u16, Value) {
        let (parts, body) = faults.answer(&method, body.as_bytes()).into_parts();
        (parts.status.as_u16(), serde_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap())
    }

    #[tokio::test]
    async fn the_specification_is_set_and_read_and_counts_begin_anew() {
        let faults = Faults::default();
        let (status, told) = ask(&faults, Method::GET, "").await;
        assert_eq!((status, &told["faults"], &told["injected"]["kill"]), (200, &Value::Null, &json!(0)));
        assert_eq!(told["injected"].as_object().unwrap().len(), Kind::ALL.len());
        let (status, told) = ask(&faults, Method::PUT, r#"{"faults":"7:repeat=1"}"#).await;
        assert_eq!((status, &told["faults"]), (200, &json!("7:repeat=1")));
        assert!(faults.repeats("relay") && faults.repeats("relay"));
        assert_eq!(ask(&faults, Method::GET, "").await.1["injected"]["repeat"], 2);
        ask(&faults, Method::PUT, r#"{"faults":"7:repeat=1"}"#).await;
        assert_eq!(ask(&faults, Method::GET, "").await.1["injected"]["repeat"], 0);
        let (_, told) = ask(&faults, Method::PUT, r#"{"faults":null}"#).await;
        assert_eq!(told["faults"], Value::Null);
        assert!(!faults.repeats("relay"));
    }

    #[tokio::test]
    async fn what_is_wrong_is_refused_in_one_line_and_changes_nothing() {
        let faults = Faults::default();
        faults.set(Some("7:repeat=1".parse().unwrap()));
        for (body, expected) in [
            ("", "faults: EOF"),
            ("7:kill=1", "faults: "),
            (r#"{"fault":"7:kill=1"}"#, "faults: unknown field `fault`"),
            (r#"{"faults":"7:kill=2"}"#, "faults: rate of kill `2` is not a number from 0 to 1"),
            (r#"{"faults":"7:kil=1"}"#, "faults: kind `kil` is unknown"),
        ] {
            let (status, told) = ask(&faults, Method::PUT, body).await;
            let message = told["message"].as_str().unwrap();
            assert!(status == 400 && message.starts_with(expected) && !message.contains('\n'), "{body}: {message}");
        }
        assert_eq!(ask(&faults, Method::DELETE, "").await.0, 405);
        assert_eq!(ask(&faults, Method::GET, "").await.1["faults"], "7:repeat=1");
    }
}
