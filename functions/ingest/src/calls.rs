//! One line a call, however often and in however many pieces its provider tells of it.

use domain::call::CallOutcome;
use domain::ids::{ConversationId, OrganizationId};
use domain::message::{InboundMessage, MessageRef};
use runtime::Problem;

use crate::Ingest;

impl Ingest {
    /// Whether what is told of a call has gone into the line that it has, or is nothing without one. Whatever else is no call.
    ///
    /// All that concerns one person comes one after the other, so nobody else writes the line meanwhile.
    pub(crate) async fn is_told_of_call(
        &self,
        org: &OrganizationId,
        conversation: &ConversationId,
        inbound: &InboundMessage,
    ) -> Result<bool, Problem> {
        let Some(news) = inbound.content.context.as_ref().and_then(|context| context.call.as_ref()) else {
            return Ok(false);
        };
        let id = MessageRef::inbound(conversation.clone(), inbound).id;
        let found = self.storage.line_of_call(org, conversation, &id, inbound.sent_at).await?;
        let Some((line, known)) = found else { return Ok(news.outcome == CallOutcome::Ended) };
        // The line itself, come again, may have been stored and not counted yet.
        if line == MessageRef::inbound(conversation.clone(), inbound) && known == *news {
            return Ok(false);
        }
        if let Some(after) = known.learnt(news, inbound.sent_at) {
            self.storage.note_call(org, &line, &after).await?;
        }
        tracing::info!(org.id = %org, conversation.id = %conversation, outcome = news.outcome.as_str(), "told of a call");
        Ok(true)
    }
}
