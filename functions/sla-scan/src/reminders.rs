//! What a contact is told who does not answer, in its language.

use domain::delivery::Delivery;
use domain::ids::OutboundId;
use domain::locale::Locale;
use domain::message::{Content, Direction, Message, MessageRef};
use domain::ticket::Ticket;
use jiff::Timestamp;
use runtime::Problem;
use storage::Storage;

/// The message that reminds the ticket's contact, of the system and of no agent. `None` where it has no conversation.
pub(crate) async fn reminder(storage: &Storage, ticket: &Ticket, at: Timestamp) -> Result<Option<Message>, Problem> {
    let Some(conversation) = ticket.conversation.clone() else { return Ok(None) };
    let words = words(locale(storage, ticket).await?);
    Ok(Some(Message {
        reference: MessageRef::outbound(conversation, at, &OutboundId::generate(at, runtime::ids::random())),
        ticket: Some(ticket.id.clone()),
        direction: Direction::Out { agent: None, delivery: Delivery::Queued, error: None },
        content: Content::text(words),
        provider_id: None,
        seq: 0,
    }))
}

/// The language of the ticket's connection, else of its organization.
async fn locale(storage: &Storage, ticket: &Ticket) -> Result<Locale, Problem> {
    if let Some(id) = &ticket.connection
        && let Some(connection) = storage.connection(&ticket.org, id).await?
        && let Some(locale) = connection.locale
    {
        return Ok(locale);
    }
    let organization = storage.organization(&ticket.org).await?;
    Ok(organization.and_then(|organization| organization.settings.locale).unwrap_or_default())
}

fn words(locale: Locale) -> &'static str {
    match locale {
        Locale::Spanish => "¿Todavía necesitas ayuda? Esperamos tu respuesta para continuar.",
        Locale::Portuguese => "Você ainda precisa de ajuda? Aguardamos a sua resposta para continuar.",
        Locale::Indonesian => "Apakah Anda masih memerlukan bantuan? Kami menunggu jawaban Anda untuk melanjutkan.",
        Locale::Russian => "Вам ещё нужна помощь? Мы ждём вашего ответа, чтобы продолжить.",
        Locale::English => "Do you still need help? We are waiting for your answer to go on.",
    }
}
