//! What each connection is let in with by its provider.

use domain::connection::Connection;

use crate::Fatal;
use crate::clients::Clients;
use crate::config::required;
use crate::secrets::{ConnectionSecret, SecretError, Secrets};

/// The secrets of connections, by the prefix of their names in `CONNECTION_SECRET_PREFIX`.
pub struct ConnectionSecrets {
    secrets: Secrets,
    prefix: String,
}

impl ConnectionSecrets {
    /// Errors: the environment lacks the prefix.
    pub fn new(clients: &Clients) -> Result<Self, Fatal> {
        Ok(Self { secrets: Secrets::new(clients), prefix: required("CONNECTION_SECRET_PREFIX")? })
    }

    /// The secret of a connection; `None` where nobody has stored one.
    pub async fn of(&self, connection: &Connection) -> Result<Option<ConnectionSecret>, SecretError> {
        match self.secrets.connection(&self.name(connection)).await {
            Ok(secret) => Ok(Some(secret)),
            Err(SecretError::Missing { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The next question reads it anew, because what it held did not work.
    pub fn forget(&self, connection: &Connection) {
        self.secrets.forget(&self.name(connection));
    }

    /// The organization is part of the name: connections of two organizations may have the same id.
    fn name(&self, connection: &Connection) -> String {
        format!("{}{}/{}", self.prefix, connection.org, connection.id)
    }
}
