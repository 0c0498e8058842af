//! `media`: fetches the files of messages from the `WhatsApp` providers and keeps them in the bucket.
//!
//! The message says how far its file is; the record on the queue only says whose file it is. A file is in the bucket, whole and
//! durable, before its message says so, and always under the same key: whatever is interrupted is done again from the start.
//! Credentials go to nobody but the provider. Source: docs/adr/0024-media.md.

mod base64_field;
mod bearer;
mod cloud;
mod gateway;
mod keep;
mod missed;
mod outside;
mod parcel;
mod retry;
mod spool;

use aws_lambda_events::sqs::SqsMessage;
use channels::media::{self, Source, source};
use domain::connection::Connection;
use domain::ids::OrganizationId;
use domain::media::{MediaFailure, MediaKind, MediaType};
use domain::message::Message;
use files::Bucket;
use messaging::SqsQueue;
use messaging::media::Fetch;
use runtime::config::required;
use runtime::connection_secrets::ConnectionSecrets;
use runtime::secrets::ConnectionSecret;
use runtime::sqs::received;
use runtime::{Fatal, Problem};
use storage::Storage;

use bearer::Web;
use missed::Missed;
use spool::Spool;

/// At which delivery of its record a file is given up that cannot be had now: some hours after the first. Below the queue's own
/// limit, so that no record is left over.
const GIVEN_UP: u32 = 10;

/// The function.
pub struct Media {
    storage: Storage,
    secrets: ConnectionSecrets,
    queue: SqsQueue,
    bucket: Bucket,
    parcels: Bucket,
    web: Web,
    graph_url: String,
}

/// A file as it lies on this machine, and what it is taken for.
struct Fetched {
    spool: Spool,
    media_type: Option<MediaType>,
}

impl Media {
    /// Works on one table and one bucket. `queue` is where its records come from, `parcels` is where files lie that came with their
    /// messages. Errors name what the environment lacks.
    pub fn new(
        storage: Storage,
        secrets: ConnectionSecrets,
        queue: SqsQueue,
        bucket: Bucket,
        parcels: Bucket,
    ) -> Result<Self, Fatal> {
        let graph_url = required("GRAPH_API_URL")?;
        let web = Web::new(&graph_url)?;
        Ok(Self { storage, secrets, queue, bucket, parcels, web, graph_url })
    }

    /// Takes one record of the queue. After an error it comes again in its time.
    pub async fn take(&self, record: &SqsMessage) -> Result<(), Problem> {
        let Fetch { org, message } =
            serde_json::from_str(record.body.as_deref().unwrap_or_default()).map_err(missed::internal)?;
        let Some(message) = self.storage.message(&org, &message).await? else {
            tracing::warn!(org.id = %org, "the message whose file is to be fetched is gone");
            return Ok(());
        };
        let Some(media) = message.content.media.clone().filter(domain::media::Media::is_pending) else {
            // Another delivery of the record was faster.
            return Ok(());
        };
        let conversation = &message.reference.conversation;
        let after = match self.kept(&org, &message).await {
            Ok((size, sha256, media_type)) => {
                tracing::info!(org.id = %org, conversation.id = %conversation, bytes = size, "file kept");
                media.stored(size, sha256, media_type)
            }
            Err(Missed::ForGood(reason)) => {
                tracing::warn!(org.id = %org, conversation.id = %conversation, reason = reason.as_str(), "file given up");
                media.failed(reason)
            }
            Err(Missed::ForNow { reason, cause, .. }) if received(record) >= GIVEN_UP => {
                tracing::warn!(org.id = %org, conversation.id = %conversation, reason = reason.as_str(), cause, "file given up, tried often enough");
                media.failed(reason)
            }
            Err(Missed::ForNow { cause, after, .. }) => return Err(self.wait(record, after, cause).await),
        };
        if let Some(after) = after
            && !self.storage.move_media(&org, &message.reference, &media, &after).await?
        {
            tracing::info!(org.id = %org, conversation.id = %conversation, "another delivery of the record was faster");
        }
        Ok(())
    }

    /// Fetches the file and puts it into the bucket; its length, its SHA-256 and what it is taken for.
    async fn kept(&self, org: &OrganizationId, message: &Message) -> Result<(u64, String, Option<MediaType>), Missed> {
        let fetched = self.fetched(org, message).await?;
        let media = message.content.media.as_ref().ok_or(Missed::ForGood(MediaFailure::NoSource))?;
        let key = media.key(org, &message.reference);
        let served = fetched.media_type.clone().unwrap_or_else(MediaType::bytes);
        let Spool { file, size, sha256 } = fetched.spool;
        keep::put(&self.web, &self.bucket, file, &keep::What { key: &key, size, sha256: &sha256, media_type: &served })
            .await?;
        Ok((size, sha256, fetched.media_type))
    }

    async fn fetched(&self, org: &OrganizationId, message: &Message) -> Result<Fetched, Missed> {
        let media = message.content.media.as_ref();
        let kind = MediaKind::of(&message.content.kind).ok_or(Missed::ForGood(MediaFailure::NoSource))?;
        let connection = media.and_then(|media| media.connection.as_ref());
        let connection = connection.ok_or(Missed::ForGood(MediaFailure::NoSource))?;
        let connection = self.storage.connection(org, connection).await?;
        let connection = connection.ok_or(Missed::ForGood(MediaFailure::NoCredentials))?;
        let source = source(&connection.provider, &message.content).ok_or(Missed::ForGood(MediaFailure::NoSource))?;
        let announced = media.and_then(|media| media.media_type.clone());
        if announced.as_ref().is_some_and(|announced| !kind.may_be(announced)) {
            return Err(Missed::ForGood(MediaFailure::WrongType));
        }
        let fetched = match &source {
            Source::Cloud { id, sha256 } => {
                let tokens = self.secret(&connection).await?.access_tokens;
                cloud::fetch(&self.web, &self.graph_url, &tokens, kind, id, sha256.as_ref()).await
            }
            Source::Parcel { sha256, size } => {
                parcel::fetch(&self.web, &self.parcels, kind, &media::key(org, &sha256.hex()), sha256, *size).await
            }
            Source::Gateway(places) => {
                // A store of the gateway's may give the file to whoever has its address.
                let access = match self.secret(&connection).await {
                    Ok(secret) => secret.gateway,
                    Err(Missed::ForGood(_)) => None,
                    Err(missed) => return Err(missed),
                };
                gateway::fetch(&self.web, access.as_ref(), kind, places).await
            }
        };
        if matches!(fetched, Err(Missed::ForNow { reason: MediaFailure::Refused, .. })) {
            // Perhaps somebody has renewed the credentials by the next try.
            self.secrets.forget(&connection);
        }
        let fetched = fetched?;
        Ok(Fetched { media_type: fetched.media_type.or(announced), ..fetched })
    }

    async fn secret(&self, connection: &Connection) -> Result<ConnectionSecret, Missed> {
        let secret = self.secrets.of(connection).await;
        let secret = secret.map_err(|error| Missed::now(runtime::problem::causes(&error)))?;
        secret.ok_or(Missed::ForGood(MediaFailure::NoCredentials))
    }
}
