//! Finding the ticket that a request is about, if the caller may see it, and doing something to it.
//!
//! The one loop of every command: read, check, decide, commit; again when somebody else was faster. What is decided is the
//! caller's.

use domain::access;
use domain::agent::Agent;
use domain::ids::OrganizationId;
use domain::note::Note;
use domain::number::TicketRef;
use domain::ticket::{Refusal, Ticket, TicketChange};
use jiff::Timestamp;
use storage::{Answer, Beside, ChangeError, Known, Once, Storage};

use crate::dialects::TicketView;
use crate::identity::Caller;
use crate::timing::by_settings;
use crate::{Problem, clock};

/// The answer to who asks for a ticket that is not there, or not for them.
pub const NO_TICKET: Problem = Problem::NotFound { entity: "Ticket" };

/// How often a command is decided again after somebody else changed the ticket.
const TRIES: u32 = 4;

/// The ticket by any of its names, and the agent who asks. Errors: `NotFound` when the organization has no such ticket or the
/// agent may not see it; a ticket's absence is told before anything of the agent.
pub async fn visible(storage: &Storage, caller: &Caller, id: &str) -> Result<(Ticket, Agent), Problem> {
    let (ticket, agent) = found(storage, caller, id).await?;
    if access::may_see(&agent, &ticket) { Ok((ticket, agent)) } else { Err(NO_TICKET) }
}

async fn found(storage: &Storage, caller: &Caller, id: &str) -> Result<(Ticket, Agent), Problem> {
    let ticket = find(storage, &caller.org, id).await?.ok_or(NO_TICKET)?;
    let agent = caller.agent(storage).await?;
    Ok((ticket, agent))
}

/// The longest text that may name a ticket.
const LONGEST_NAME: usize = 80;

/// The ticket by any of its names: id, number, year form, or what one of the organization's patterns writes, present or former. Of
/// several that a text may mean, the one that shows it.
pub async fn find(storage: &Storage, org: &OrganizationId, text: &str) -> Result<Option<Ticket>, Problem> {
    let text = text.trim();
    if let Some(reference) = TicketRef::parse(text) {
        return Ok(storage.find_ticket(org, &reference).await?);
    }
    if text.len() > LONGEST_NAME || !text.bytes().any(|b| b.is_ascii_digit()) {
        return Ok(None);
    }
    let Some(organization) = storage.organization(org).await? else { return Ok(None) };
    let mut meant: Option<Ticket> = None;
    for reference in organization.settings.patterns().filter_map(|pattern| pattern.read(text)) {
        let Some(ticket) = storage.find_ticket(org, &reference).await? else { continue };
        if ticket.display_number().eq_ignore_ascii_case(text) {
            return Ok(Some(ticket));
        }
        meant.get_or_insert(ticket);
    }
    Ok(meant)
}

/// The picture of one ticket.
pub async fn view(storage: &Storage, ticket: Ticket) -> Result<TicketView, Problem> {
    let around = storage.surroundings_of(&ticket, None).await?;
    Ok(TicketView::of(ticket, &around))
}

/// The same for an agent who is known, and may be the ticket's own.
async fn seen_by(storage: &Storage, ticket: Ticket, agent: &Agent) -> Result<TicketView, Problem> {
    let around = storage.surroundings_of(&ticket, Some(agent)).await?;
    Ok(TicketView::of(ticket, &around))
}

/// The pictures of tickets of one page.
pub async fn views(storage: &Storage, tickets: Vec<Ticket>) -> Result<Vec<TicketView>, Problem> {
    let around = storage.surroundings(&tickets).await?;
    Ok(tickets.into_iter().map(|ticket| TicketView::of(ticket, &around)).collect())
}

/// The ticket after the caller's look at it, which opens a new one. A look that meets another change looks at what that left.
pub async fn looked_at(storage: &Storage, ticket: Ticket, agent: &Agent) -> Result<Ticket, Problem> {
    let Some(change) = ticket.viewed_by(&agent.id, clock::now()) else { return Ok(ticket) };
    match storage.change_ticket(&change).await {
        Ok(after) => Ok(after),
        Err(ChangeError::Table(error)) => Err(error.into()),
        Err(_) => storage.ticket(&ticket.org, &ticket.id).await?.ok_or(NO_TICKET),
    }
}

/// What is to be done to a ticket.
#[derive(Debug, Default)]
pub struct Decision {
    /// The change; absent when everything is so already.
    pub change: Option<TicketChange>,
    /// A note to write beside it.
    pub note: Option<Note>,
}

impl From<TicketChange> for Decision {
    fn from(change: TicketChange) -> Self {
        Self { change: Some(change), note: None }
    }
}

impl From<Option<TicketChange>> for Decision {
    fn from(change: Option<TicketChange>) -> Self {
        Self { change, note: None }
    }
}

/// A request to do something to a ticket.
pub struct Command<'a> {
    /// The ticket, by any of its names.
    pub id: &'a str,
    /// The version that it must have, if the caller said.
    pub at_version: Option<u64>,
    /// The caller's key, if it gave one.
    pub once: Option<&'a Once>,
    /// Whether who works in the ticket's queue may learn who holds it, as when claiming.
    pub shows_holder: bool,
}

/// What became of a command.
#[derive(Debug)]
pub enum Done {
    /// It was carried out, now.
    Now(Box<TicketView>),
    /// It was carried out before, with this answer.
    Before(Answer),
}

/// Why a command was not carried out.
#[derive(Debug)]
pub struct Refused {
    /// What is wrong.
    pub problem: Problem,
    /// The version of the ticket that does not allow it.
    pub version: Option<u64>,
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self { problem, version: None }
    }
}

impl From<storage::Error> for Refused {
    fn from(error: storage::Error) -> Self {
        Problem::from(error).into()
    }
}

impl From<ChangeError> for Refused {
    fn from(error: ChangeError) -> Self {
        Problem::from(error).into()
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        refused.problem
    }
}

/// Carries a command out. `decide` gets the ticket and who asks; `answer` makes what a repetition of the request is told.
///
/// Errors: those of `decide`; `NotFound`, `Forbidden`, `VersionMismatch`, `KeyReused`, and `Conflict` for who is beaten every time.
pub async fn carry_out<D: Into<Decision>>(
    storage: &Storage,
    caller: &Caller,
    command: Command<'_>,
    decide: impl Fn(&Ticket, &Agent, Timestamp) -> Result<D, Problem>,
    answer: impl Fn(&TicketView) -> Answer + Sync,
) -> Result<Done, Refused> {
    for _ in 0..TRIES {
        let (ticket, agent) = found(storage, caller, command.id).await?;
        let may_see = if command.shows_holder { access::may_see_holder } else { access::may_see };
        if !may_see(&agent, &ticket) {
            return Err(NO_TICKET.into());
        }
        if let Some(answer) = before(storage, caller, command.once).await? {
            return Ok(Done::Before(answer));
        }
        is_at_version(&ticket, command.at_version)?;
        let decided = decide(&ticket, &agent, clock::now());
        let decided = decided.map_err(|problem| Refused { problem, version: Some(ticket.version) })?;
        let Decision { change, note } = decided.into();
        let Some(change) = change else { return Ok(Done::Now(Box::new(seen_by(storage, ticket, &agent).await?))) };
        let change = by_settings(storage, change).await?;
        // An answer that is kept must be made before; any other is made once the ticket is safe.
        let committed = if let Some(once) = command.once {
            let picture = seen_by(storage, change.after.clone(), &agent).await?;
            let make = |after: &Ticket| answer(&TicketView { ticket: after.clone(), ..picture.clone() });
            let beside = Beside { note: note.as_ref(), once: Some((once, &make)) };
            let committed = storage.carry_out_command(&change, beside).await;
            committed.map(|ticket| (ticket, Some(picture)))
        } else {
            let beside = Beside { note: note.as_ref(), once: None };
            storage.carry_out_command(&change, beside).await.map(|ticket| (ticket, None))
        };
        match committed {
            Ok((ticket, Some(picture))) => return Ok(Done::Now(Box::new(TicketView { ticket, ..picture }))),
            Ok((ticket, None)) => return Ok(Done::Now(Box::new(seen_by(storage, ticket, &agent).await?))),
            Err(ChangeError::Stale | ChangeError::Repeated) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(ChangeError::Stale.into())
}

/// What the request was answered before, if it was. Errors: `KeyReused` where its key was another request's.
pub async fn before(storage: &Storage, caller: &Caller, once: Option<&Once>) -> Result<Option<Answer>, Problem> {
    let Some(once) = once else { return Ok(None) };
    match storage.answered(&caller.org, once).await? {
        None => Ok(None),
        Some(Known::Answered(answer)) => Ok(Some(answer)),
        Some(Known::OtherRequest) => Err(Problem::KeyReused),
    }
}

/// Errors: `VersionMismatch` for a ticket that is not at the version which the caller named, if it did.
pub fn is_at_version(ticket: &Ticket, named: Option<u64>) -> Result<(), Problem> {
    match named {
        Some(version) if version != ticket.version => Err(Problem::VersionMismatch { current: ticket.version }),
        Some(_) | None => Ok(()),
    }
}

/// Whether the agent may work on the ticket: its holder and who supervises, and anybody on one that nobody holds.
///
/// Errors: `Forbidden`.
pub fn may_work(agent: &Agent, ticket: &Ticket) -> Result<(), Problem> {
    match access::may_answer(agent, ticket) {
        Ok(()) | Err(access::Denied::NotClaimed) => Ok(()),
        Err(denied @ (access::Denied::NotYours | access::Denied::OnlySupervisors)) => {
            Err(Problem::Forbidden { reason: denied.to_string() })
        }
    }
}

/// A refusal of the life cycle, told as a conflict.
pub fn refused(refusal: &Refusal, ticket: &Ticket) -> Problem {
    let number = ticket.number.number;
    let conflict = |code: &'static str, reason: String| Problem::Conflict { code, reason, holder: None };
    match refusal {
        Refusal::AlreadyClaimed { by } => Problem::Conflict {
            code: "already_claimed",
            reason: format!("Ticket #{number} was already claimed by {by}"),
            holder: Some(by.clone()),
        },
        Refusal::NotWaiting { state } => conflict("not_active", format!("Ticket #{number} is {}", state.as_str())),
        Refusal::IllegalTransition { .. } => conflict("illegal_transition", refusal.to_string()),
        Refusal::NobodyHasIt => conflict("not_assigned", refusal.to_string()),
        Refusal::PartOfAnother { .. } => conflict("merged", refusal.to_string()),
        Refusal::AlreadyThere { .. } => conflict("already_there", refusal.to_string()),
    }
}
