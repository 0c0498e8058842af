//! Whom a connection's answers are handed to, with what it takes to be let in.

use channels::cloud_api::compose;
use channels::cloud_api::outbound::SendOutcome;
use channels::sending::Speaks;
use domain::alias::Alias;
use domain::answer::Answer;
use domain::connection::{Connection, Provider};
use domain::delivery::DeliveryError;
use domain::ids::ProviderMessageId;
use runtime::secrets::{ConnectionSecret, GatewayAccess};

use crate::files::File;
use crate::graph::Graph;

/// The provider behind a connection.
#[derive(PartialEq)]
pub(crate) enum Line {
    /// Meta's Cloud API, with every token that may work, the one to use first.
    Cloud { phone_number_id: String, tokens: Vec<String> },
    /// A gateway.
    Gateway { speaks: Speaks, access: GatewayAccess },
}

impl Line {
    /// The provider of a connection; `None` when its secret does not hold what it takes.
    pub(crate) fn of(connection: &Connection, secret: ConnectionSecret) -> Option<Self> {
        match (&connection.provider, secret.gateway) {
            (Provider::CloudApi { phone_number_id, .. }, _) => {
                let tokens = secret.access_tokens;
                (!tokens.is_empty()).then(|| Self::Cloud { phone_number_id: phone_number_id.clone(), tokens })
            }
            (_, Some(access)) => Some(Self::Gateway { speaks: Speaks::named(&access.kind)?, access }),
            (_, None) => None,
        }
    }

    /// Hands an answer over. A token that is refused gives way to the next: a refusal of the token is surely none of the message.
    pub(crate) async fn post(
        &self,
        graph: &Graph,
        to: &Alias,
        answer: &Answer,
        file: Option<File>,
        reference: &str,
    ) -> SendOutcome {
        match self {
            Self::Cloud { phone_number_id, tokens } => {
                let body = compose::message(to, answer, reference);
                let mut outcome = SendOutcome::Unclear;
                for token in tokens {
                    outcome = graph.post(phone_number_id, token, &body).await;
                    if !matches!(&outcome, SendOutcome::Refused { error } if error.code == 190) {
                        break;
                    }
                }
                outcome
            }
            Self::Gateway { speaks, access } => {
                let attached = file.as_ref().map(File::attached);
                match speaks.message(&access.session, to, answer, attached, reference) {
                    Ok(call) => match graph.call(*speaks, access, &call, file).await {
                        Ok((status, body)) => speaks.outcome(status, &body),
                        Err(outcome) => outcome,
                    },
                    Err(unsupported) => {
                        let error = DeliveryError { code: 0, details: Some(unsupported.to_string()) };
                        SendOutcome::Refused { error }
                    }
                }
            }
        }
    }

    /// Shows the contact that a message is read, or that somebody types. Whether the provider took it.
    pub(crate) async fn mark(&self, graph: &Graph, to: &Alias, id: &ProviderMessageId, is_typing: bool) -> bool {
        match self {
            Self::Cloud { phone_number_id, tokens } => {
                let body = compose::read_mark(id.as_str(), is_typing);
                let Some(token) = tokens.first() else { return false };
                // Its answer names no message, as that of a message does.
                !matches!(graph.post(phone_number_id, token, &body).await, SendOutcome::Refused { .. })
            }
            Self::Gateway { speaks, access } => {
                let call =
                    if is_typing { speaks.typing(&access.session, to) } else { speaks.read(&access.session, to, id) };
                matches!(graph.call(*speaks, access, &call, None).await, Ok((200..300, _)))
            }
        }
    }
}
