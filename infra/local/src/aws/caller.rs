//! Who calls the AWS endpoint: the access key id of the request's signature names the operator or one function.
//!
//! Signatures are verified for S3 alone, whose links leave the machine. That is why this endpoint listens on the loopback alone.

use std::collections::BTreeMap;

use http::{HeaderMap, header};

use super::permissions::{Call, Denied, Role};

/// A caller that the host knows.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    /// The person who runs the host: may do everything.
    Operator,
    Function(Role),
}

impl Caller {
    /// The function that calls.
    pub(crate) fn function(&self) -> Option<&str> {
        match self {
            Self::Operator => None,
            Self::Function(role) => Some(role.function()),
        }
    }

    /// Whether the caller may do all of this. `calls` is asked only of a caller that has limits.
    pub(crate) fn check(&self, calls: impl FnOnce() -> Vec<Call>) -> Result<(), Denied> {
        match self {
            Self::Operator => Ok(()),
            Self::Function(role) => role.check(&calls()),
        }
    }
}

/// Every caller by its access key id.
#[derive(Clone, Debug, Default)]
pub(crate) struct Callers(BTreeMap<String, Known>);

/// A caller with the secret of its key.
#[derive(Clone)]
struct Known {
    caller: Caller,
    secret: String,
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.caller.fmt(f)
    }
}

/// Why a request has no caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stranger {
    #[error("Request is missing Authentication Token")]
    Unsigned,
    #[error("The security token included in the request is invalid.")]
    UnknownKey,
}

impl Stranger {
    /// AWS's error code.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Unsigned => "MissingAuthenticationTokenException",
            Self::UnknownKey => "UnrecognizedClientException",
        }
    }
}

impl Callers {
    pub(crate) fn add(&mut self, access_key_id: String, secret: String, caller: Caller) {
        self.0.insert(access_key_id, Known { caller, secret });
    }

    /// The caller that a key is of.
    pub(crate) fn find(&self, access_key_id: &str) -> Option<&Caller> {
        self.0.get(access_key_id).map(|known| &known.caller)
    }

    /// What a key's signatures are made with.
    pub(crate) fn secret(&self, access_key_id: &str) -> Option<&str> {
        self.0.get(access_key_id).map(|known| known.secret.as_str())
    }

    pub(crate) fn identify(&self, headers: &HeaderMap) -> Result<&Caller, Stranger> {
        let key = access_key_id(headers).ok_or(Stranger::Unsigned)?;
        self.find(key).ok_or(Stranger::UnknownKey)
    }
}

/// `AWS4-HMAC-SHA256 Credential=KEY/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=…, Signature=…`
fn access_key_id(headers: &HeaderMap) -> Option<&str> {
    let authorization = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let credential = authorization.split_once("Credential=")?.1;
    credential.split('/').next().filter(|key| !key.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn the_access_key_id_names_the_caller() {
        let mut callers = Callers::default();
        callers.add("operator".into(), "operator".into(), Caller::Operator);
        let identify = |authorization: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, HeaderValue::from_static(authorization));
            callers.identify(&headers).map(|_| ())
        };
        let signed =
            "AWS4-HMAC-SHA256 Credential=operator/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0";
        assert_eq!(identify(signed), Ok(()));
        assert_eq!(identify("AWS4-HMAC-SHA256 Credential=other/20260101/us-east-1/sqs/x"), Err(Stranger::UnknownKey));
        assert_eq!(identify("Bearer operator"), Err(Stranger::Unsigned));
        assert_eq!(callers.identify(&HeaderMap::new()).map(|_| ()), Err(Stranger::Unsigned));
    }
}
