//! What a message refers to.

use domain::call::Call;
use domain::context::{Choice, Context, Product, Referral, Referred, Side};
use domain::message::{Direction, Message};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::dialects::References;

/// How much of another message's words is shown, in characters.
const EXCERPT: usize = 300;

/// What a message refers to.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct ContextShape {
    /// The message that it answers.
    pub reply_to: Option<ReferredShape>,
    /// The message that it reacts to, edits, deletes or votes in.
    pub about: Option<ReferredShape>,
    /// The advertisement or post that its writer came from.
    pub referral: Option<ReferralShape>,
    /// What its writer chose of what was offered.
    pub choice: Option<ChoiceShape>,
    /// `yes` where somebody else's words were passed on, `often` where that happened many times.
    pub forwarded: Option<String>,
    /// The product of a catalogue that it asks about.
    pub product: Option<ProductShape>,
    /// The call that it tells of.
    pub call: Option<CallShape>,
}

/// Another message.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReferredShape {
    /// Its id; null where the provider names one that is not known here, or that is too far back.
    pub id: Option<String>,
    /// What the provider calls it; null where a gateway repeats its words alone.
    pub provider_id: Option<String>,
    /// `in` from the contact, `out` from our side, as far as that is known.
    pub direction: Option<String>,
    /// `text`, `image` …
    pub kind: Option<String>,
    /// The beginning of its words.
    pub text: Option<String>,
    /// The agent who wrote it.
    pub agent_id: Option<String>,
    /// When it was sent.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub sent_at: Option<Timestamp>,
}

/// An advertisement or post, in the provider's words.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReferralShape {
    /// Where it is.
    pub source_url: Option<String>,
    /// Its id.
    pub source_id: Option<String>,
    /// `ad` or `post`; gateways have words of their own.
    pub source_type: Option<String>,
    /// Its headline.
    pub headline: Option<String>,
    /// Its words.
    pub body: Option<String>,
    /// `image` or `video`.
    pub media_type: Option<String>,
    /// Its picture.
    pub image_url: Option<String>,
    /// Its film.
    pub video_url: Option<String>,
    /// A small picture of its film.
    pub thumbnail_url: Option<String>,
    /// The click, as Meta counts it.
    pub ctwa_clid: Option<String>,
    /// What the contact was greeted with.
    pub welcome_message: Option<String>,
}

/// What was chosen.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChoiceShape {
    /// `button`, `row`, `form` or `poll`.
    pub kind: String,
    /// What whoever offered it calls it.
    pub id: Option<String>,
    /// What it says.
    pub title: Option<String>,
    /// What stands below that.
    pub description: Option<String>,
}

/// A product of a catalogue.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProductShape {
    /// The catalogue.
    pub catalog_id: Option<String>,
    /// The product, as its seller calls it.
    pub id: String,
}

/// A call.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallShape {
    /// `rang`, `missed`, `declined` or `answered`. Gateways that tell no more of a call leave it at `rang`.
    pub outcome: String,
    /// `voice` or `video`, where the provider says.
    pub medium: Option<String>,
    /// For how long people spoke, in seconds.
    pub duration_secs: Option<u64>,
}

impl ContextShape {
    /// What a message refers to, and of other messages what was found.
    pub fn of(message: &Message, references: &References<'_>) -> Self {
        let Some(context) = Context::of(message) else { return Self::default() };
        let Context { reply_to, about, referral, choice, forwarded, product, call } = *context;
        let shown = |referred: &Referred| ReferredShape::of(referred, references.find(message, referred));
        Self {
            reply_to: reply_to.as_ref().map(shown),
            about: about.as_ref().map(shown),
            referral: referral.map(ReferralShape::from),
            choice: choice.map(ChoiceShape::from),
            forwarded: forwarded.map(|forwarded| forwarded.as_str().to_owned()),
            product: product.map(|Product { catalog_id, id }| ProductShape { catalog_id, id }),
            call: call.as_ref().map(CallShape::from),
        }
    }
}

impl ReferredShape {
    fn of(referred: &Referred, found: Option<&Message>) -> Self {
        let provider_id = referred.id.as_ref().map(ToString::to_string);
        let Some(found) = found else {
            return Self {
                id: None,
                provider_id,
                direction: referred.side.map(|side| side.as_str().to_owned()),
                kind: referred.kind.clone(),
                text: referred.text.clone(),
                agent_id: None,
                sent_at: None,
            };
        };
        let agent_id = match &found.direction {
            Direction::In => None,
            Direction::Out { agent, .. } => agent.as_ref().map(ToString::to_string),
        };
        Self {
            id: Some(found.reference.to_string()),
            provider_id,
            direction: Some(Side::of(found).as_str().to_owned()),
            kind: Some(found.content.kind.clone()),
            text: found.content.text.as_deref().map(excerpt),
            agent_id,
            sent_at: Some(found.reference.sent_at),
        }
    }
}

fn excerpt(text: &str) -> String {
    match text.char_indices().nth(EXCERPT) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
    }
}

impl From<Referral> for ReferralShape {
    fn from(told: Referral) -> Self {
        Self {
            source_url: told.source_url,
            source_id: told.source_id,
            source_type: told.source_type,
            headline: told.headline,
            body: told.body,
            media_type: told.media_type,
            image_url: told.image_url,
            video_url: told.video_url,
            thumbnail_url: told.thumbnail_url,
            ctwa_clid: told.ctwa_clid,
            welcome_message: told.welcome_message,
        }
    }
}

impl From<Choice> for ChoiceShape {
    fn from(Choice { kind, id, title, description }: Choice) -> Self {
        Self { kind: kind.as_str().to_owned(), id, title, description }
    }
}

impl From<&Call> for CallShape {
    fn from(call: &Call) -> Self {
        Self {
            outcome: call.outcome.as_str().to_owned(),
            medium: call.medium.map(|medium| medium.as_str().to_owned()),
            duration_secs: call.duration_secs,
        }
    }
}
