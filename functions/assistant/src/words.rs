//! What a customer may be told when a tool call came to nothing, in the languages of `Locale`. The Spanish is seed S1's, to the
//! letter.

use domain::locale::Locale;

/// What went wrong, as far as a customer has to do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Nobody knows who the customer is.
    NoCustomer,
    /// The customer has not said enough.
    MissingFields,
    /// There is no such ticket, or it is somebody else's.
    NoTicket,
    /// Anything else.
    Other,
}

/// The words.
pub(crate) fn words(trouble: Trouble, locale: Locale) -> &'static str {
    let all = match locale {
        Locale::Spanish => [
            "No se pudo identificar tu perfil. Por favor contacta soporte.",
            "Faltan datos necesarios para crear el ticket. Por favor proporciona más detalles.",
            "No se encontró el ticket solicitado. Verifica el número de ticket.",
            "Hubo un problema procesando tu solicitud. Nuestro equipo fue notificado.",
        ],
        Locale::Portuguese => [
            "Não foi possível identificar o seu perfil. Por favor, entre em contato com o suporte.",
            "Faltam dados necessários para criar o ticket. Por favor, dê mais detalhes.",
            "O ticket solicitado não foi encontrado. Verifique o número do ticket.",
            "Houve um problema ao processar a sua solicitação. A nossa equipe foi notificada.",
        ],
        Locale::Indonesian => [
            "Profil Anda tidak dapat dikenali. Silakan hubungi dukungan.",
            "Data yang diperlukan untuk membuat tiket belum lengkap. Mohon berikan rincian lebih lanjut.",
            "Tiket yang diminta tidak ditemukan. Periksa kembali nomor tiketnya.",
            "Terjadi masalah saat memproses permintaan Anda. Tim kami telah diberi tahu.",
        ],
        Locale::Russian => [
            "Не удалось определить ваш профиль. Пожалуйста, обратитесь в поддержку.",
            "Не хватает данных, чтобы создать тикет. Пожалуйста, опишите проблему подробнее.",
            "Запрошенный тикет не найден. Проверьте номер тикета.",
            "При обработке вашего запроса возникла проблема. Наша команда уведомлена.",
        ],
        Locale::English => [
            "Your profile could not be identified. Please contact support.",
            "Some details needed to create the ticket are missing. Please tell us more.",
            "The requested ticket was not found. Please check the ticket number.",
            "There was a problem processing your request. Our team was notified.",
        ],
    };
    match trouble {
        Trouble::NoCustomer => all[0],
        Trouble::MissingFields => all[1],
        Trouble::NoTicket => all[2],
        Trouble::Other => all[3],
    }
}
