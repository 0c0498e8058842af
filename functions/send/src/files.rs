//! The file of a message, handed to the provider before the message is.
//!
//! Handing over sends nothing to anybody, so it may be done again: what is interrupted here leaves the message queued. What the provider
//! calls the file is noted before the message is marked, so that no later try hands it over in vain. Source:
//! docs/adr/0032-uploads.md.

mod base64;
mod voice;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use channels::cloud_api::media::{form, given, try_again};
use channels::cloud_api::outbound::SendOutcome;
use channels::sending::{Attached, Call, Place};
use domain::answer::Answer;
use domain::connection::Connection;
use domain::delivery::DeliveryError;
use domain::media::{FileName, Handed, Media, MediaState, MediaType};
use domain::message::Message;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _};
use reqwest::multipart::{Form, Part};
use reqwest::{Body, RequestBuilder, Response};
use runtime::{Problem, clock, invocation};

use crate::graph::Graph;
use crate::provider::Line;
use crate::{ENOUGH, Send, internal};

/// How much longer the call that sends may take where the file is within it: what is then left is for recording.
const CALLING: Duration = Duration::from_secs(7);

/// How long a file may take where nobody says how long the invocation lasts.
const LONGEST: Duration = Duration::from_secs(20);

impl Send {
    /// The answer as the provider can send it, and its file where the provider takes both at once. The inner error is what came of
    /// getting it that far, if that failed: nothing was sent then.
    pub(crate) async fn with_file(
        &self,
        connection: &Connection,
        line: &Line,
        message: &Message,
        answer: Answer,
    ) -> Result<Result<(Answer, Option<File>), SendOutcome>, Problem> {
        if answer.upload().is_none() {
            return Ok(Ok((answer, None)));
        }
        let Some(media) = &message.content.media else { return Ok(Err(refused("the message has no file"))) };
        let Line::Cloud { phone_number_id, .. } = line else {
            let file = self.file(connection, message, media).await?;
            return Ok(file.map(|file| (answer, Some(file))));
        };
        let handed = media.handed.as_ref().and_then(|handed| handed.good(phone_number_id, clock::now()));
        if let Some(id) = handed {
            return Ok(Ok((spoken(answer.handed(id), message), None)));
        }
        let mut outcome = self.give(connection, line, message, media).await?;
        if matches!(&outcome, Err(SendOutcome::Refused { error }) if error.code == 190) {
            // Perhaps somebody has changed the token since.
            self.secrets.forget(connection);
            if let Some(now) = self.line(connection).await?.filter(|now| now != line) {
                outcome = self.give(connection, &now, message, media).await?;
            }
        }
        let id = match outcome {
            Ok(id) => id,
            Err(outcome) => return Ok(Err(outcome)),
        };
        let noted = Handed::new(id.clone(), phone_number_id, clock::now());
        self.storage.note_handed(&connection.org, &message.reference, &noted).await?;
        tracing::info!(org.id = %connection.org, connection.id = %connection.id, conversation.id = %message.reference.conversation, "file handed over");
        Ok(Ok((spoken(answer.handed(&id), message), None)))
    }

    /// Gives the file to the Cloud API. A token that is refused gives way to the next.
    async fn give(
        &self,
        connection: &Connection,
        line: &Line,
        message: &Message,
        media: &Media,
    ) -> Result<Result<String, SendOutcome>, Problem> {
        let Line::Cloud { phone_number_id, tokens } = line else { return Ok(Err(try_again())) };
        let mut outcome = Err(try_again());
        for token in tokens {
            let file = match self.file(connection, message, media).await? {
                Ok(file) => file,
                Err(outcome) => return Ok(Err(outcome)),
            };
            outcome = self.graph.give(phone_number_id, token, file).await;
            if !matches!(&outcome, Err(SendOutcome::Refused { error }) if error.code == 190) {
                break;
            }
        }
        Ok(outcome)
    }

    /// The file as it lies in the bucket.
    pub(crate) async fn file(
        &self,
        connection: &Connection,
        message: &Message,
        media: &Media,
    ) -> Result<Result<File, SendOutcome>, Problem> {
        let MediaState::Stored { size, .. } = media.state else { return Ok(Err(refused("the file is not kept"))) };
        let key = media.key(&connection.org, &message.reference);
        let (parts, ()) = self.bucket.get(&key, clock::now()).map_err(internal)?.into_parts();
        let longest = time();
        let request = self.graph.client().get(parts.uri.to_string()).headers(parts.headers).timeout(longest);
        let Ok(response) = request.send().await else { return Ok(Err(try_again())) };
        let media_type = media.media_type.clone().unwrap_or_else(MediaType::bytes);
        let name = media.name.clone();
        Ok(match response.status().as_u16() {
            200 if is_sound(message) && voice::is_recorded(&media_type) => {
                // No longer than sound may be: it fits the memory of one that holds nothing else.
                let Ok(recording) = response.bytes().await else { return Ok(Err(try_again())) };
                voice::voice_note(recording.into()).map_err(|why| refused(&why.to_string())).map(|note| File {
                    size: note.len() as u64,
                    content: FileContent::Whole(note.into()),
                    media_type: MediaType::new(voice::VOICE_NOTE).unwrap_or_else(MediaType::bytes),
                    name,
                    longest,
                })
            }
            200 => Ok(File { content: FileContent::Passing(response), size, media_type, name, longest }),
            // Without the permission to list, S3 does not tell what is not there from what is not allowed.
            403 | 404 => Err(refused("the file is not kept any more")),
            _ => Err(try_again()),
        })
    }
}

/// A file on its way out of the bucket.
pub(crate) struct File {
    content: FileContent,
    size: u64,
    media_type: MediaType,
    name: Option<FileName>,
    longest: Duration,
}

/// The bytes of a file.
enum FileContent {
    /// As they come out of the bucket.
    Passing(Response),
    /// Made here.
    Whole(Bytes),
}

impl FileContent {
    fn stream(self) -> BoxStream<'static, reqwest::Result<Bytes>> {
        match self {
            Self::Passing(response) => response.bytes_stream().boxed(),
            Self::Whole(bytes) => futures_util::stream::iter([Ok(bytes)]).boxed(),
        }
    }
}

impl File {
    /// What a gateway is told of it.
    pub(crate) fn attached(&self) -> Attached<'_> {
        Attached { media_type: self.media_type.as_str(), name: self.name.as_ref().map_or("file", FileName::as_str) }
    }

    /// A request with the file in its place, and whether the file broke off on its way here: then nobody got a whole request.
    pub(crate) fn placed(self, request: RequestBuilder, call: &Call, place: &Place) -> (RequestBuilder, Broken) {
        let broken = Broken::default();
        let Self { content, size, media_type, name, longest } = self;
        let seen = broken.clone();
        let bytes = content.stream().inspect_err(move |_| seen.0.store(true, Ordering::Relaxed));
        let request = request.timeout(longest + CALLING);
        let request = match place {
            Place::Base64(pointer) => base64::body(request, &call.body, pointer, bytes, size),
            Place::Part(part) => {
                let file = Part::stream_with_length(Body::wrap_stream(bytes), size);
                let file = file.file_name(name.map_or_else(|| "file".to_owned(), |name| name.as_str().to_owned()));
                let form = call.body.as_object().into_iter().flatten().fold(Form::new(), |form, (name, value)| {
                    form.text(name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                });
                match file.mime_str(media_type.as_str()) {
                    Ok(file) => request.multipart(form.part(*part, file)),
                    // Its type is read by our own rules, which are stricter.
                    Err(_) => request,
                }
            }
        };
        (request, broken)
    }
}

/// Whether a file broke off on its way out of the bucket.
#[derive(Debug, Clone, Default)]
pub(crate) struct Broken(Arc<AtomicBool>);

impl Broken {
    pub(crate) fn is_broken(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Graph {
    /// Gives a file to the number; what it is called there.
    async fn give(&self, phone_number_id: &str, token: &str, file: File) -> Result<String, SendOutcome> {
        let media_type = file.media_type.as_str();
        let part = Part::stream_with_length(Body::wrap_stream(file.content.stream()), file.size);
        // What it is called is said with the message.
        let part = part.file_name("file").mime_str(media_type).map_err(|_| try_again())?;
        let text = |form: Form, (name, value): (&'static str, &str)| form.text(name, value.to_owned());
        let form = form(media_type).into_iter().fold(Form::new(), text).part("file", part);
        let url = self.url(&format!("{phone_number_id}/media"));
        let request = self.client().post(url).bearer_auth(token).timeout(file.longest).multipart(form);
        let response = request.send().await.map_err(|_| try_again())?;
        let status = response.status().as_u16();
        let body = response.bytes().await.map_err(|_| try_again())?;
        given(status, &body)
    }
}

/// Whether a message is sound, and not a document that happens to be.
fn is_sound(message: &Message) -> bool {
    message.content.kind == "audio"
}

/// The answer, shown as spoken where it is what WhatsApp records, or became that on its way.
fn spoken(answer: Answer, message: &Message) -> Answer {
    let media_type = message.content.media.as_ref().and_then(|media| media.media_type.as_ref());
    let is_voice = |kind: &MediaType| kind.as_str() == voice::VOICE_NOTE || voice::is_recorded(kind);
    if is_sound(message) && media_type.is_some_and(is_voice) { answer.spoken() } else { answer }
}

/// How long a file may take, so that there is time for its message.
fn time() -> Duration {
    invocation::time_left().map_or(LONGEST, |left| left.saturating_sub(ENOUGH))
}

fn refused(why: &str) -> SendOutcome {
    SendOutcome::Refused { error: DeliveryError { code: 0, details: Some(why.to_owned()) } }
}
