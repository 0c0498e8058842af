//! Faults of the calls that functions make at the AWS endpoint: refused before the service sees them, or done and answered
//! badly.

use std::time::Duration;

use axum::body::Body;
use http::Response;

use super::{Faults, Kind, answers};
use crate::aws::actions::writes;

/// How late a late answer is, in milliseconds. One attempt of a function's SDK waits 1500.
const LATE_MS: std::ops::RangeInclusive<u64> = 300..=1500;

/// Who calls what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    /// The function.
    pub(crate) function: &'a str,
    pub(crate) service: Service,
    pub(crate) operation: &'a str,
}

/// The services whose calls can be hurt. Invocations are hurt where they run, whoever asks for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Table,
    Queues,
    Secrets,
    Objects,
    /// `@connections` of the WebSocket API.
    Connections,
}

impl Target<'_> {
    fn place(&self) -> [&str; 2] {
        [self.function, self.operation]
    }

    /// Whether doing it leaves something behind.
    fn writes(&self) -> bool {
        match self.service {
            Service::Table => writes(self.operation),
            Service::Queues => self.operation.starts_with("SendMessage"),
            Service::Secrets => false,
            Service::Objects => matches!(self.operation, "PutObject" | "DeleteObject"),
            Service::Connections => self.operation != "GetConnection",
        }
    }
}

impl Faults {
    /// The service's refusal of a call that it must then not see; `None`: it is to be done.
    pub(crate) fn refusal(&self, target: Target<'_>, body: &[u8]) -> Option<Response<Body>> {
        let Target { service, operation, .. } = target;
        if service == Service::Table
            && answers::conflicts(operation)
            && let Some(mut details) = self.strike(Kind::Conflict, target.place())
        {
            return Some(answers::conflict(operation, body, &mut details));
        }
        if let Some(mut details) = self.strike(Kind::Throttle, target.place()) {
            return Some(answers::throttled(service, operation, body, &mut details));
        }
        let mut details = self.strike(Kind::Error, target.place())?;
        Some(answers::failed(service, &mut details))
    }

    /// What the caller gets of the service's answer, and when.
    pub(crate) async fn answered(&self, target: Target<'_>, answer: Response<Body>) -> Response<Body> {
        if let Some(mut details) = self.strike(Kind::Slow, target.place()) {
            tokio::time::sleep(Duration::from_millis(details.u64(LATE_MS))).await;
        }
        if answer.status().is_success()
            && target.writes()
            && let Some(mut details) = self.strike(Kind::Lost, target.place())
        {
            return answers::lost(target.service, &mut details);
        }
        answer
    }
}
