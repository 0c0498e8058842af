//! Parts of lists that go on where the last part ended, each one range of an index.

use domain::ids::{AgentId, OrganizationId, QueueId, TicketId};
use domain::ticket::Ticket;
use jiff::Timestamp;

use crate::item::{number, text};
use crate::{Error, Storage, keys};

/// Where a ticket stands among those of its queue or agent: what a later part begins after. Empty for one that stands nowhere.
pub fn place_on_board(ticket: &Ticket) -> String {
    keys::board(ticket).map(|(_, place)| place).unwrap_or_default()
}

/// Whether a text may be a place on the board: rank, time and ticket, as `place_on_board` gives it. Any other could not stand in a key.
pub fn is_place_on_board(text: &str) -> bool {
    let mut parts = text.splitn(3, '#');
    let mut is = |test: &dyn Fn(&str) -> bool| parts.next().is_some_and(test);
    let digits = |most: usize| move |part: &str| part.len() <= most && part.bytes().all(|b| b.is_ascii_digit());
    is(&digits(1)) && is(&digits(20)) && is(&|id| TicketId::new(id).is_ok())
}

impl Storage {
    /// Tickets with numbers above `above`, oldest first, at most `limit`; and whether more follow.
    pub async fn tickets_by_rising_number(
        &self,
        org: &OrganizationId,
        above: u64,
        limit: u32,
    ) -> Result<(Vec<Ticket>, bool), Error> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(keys::BY_NUMBER)
            .key_condition_expression("n_pk = :pk AND n_sk > :above")
            .expression_attribute_values(":pk", text(keys::numbers_partition(org)))
            .expression_attribute_values(":above", number(above.min(i64::MAX.unsigned_abs())));
        self.tickets_of(query, limit).await
    }

    /// What waits in a queue after a place, the most urgent first; and whether more follows.
    pub async fn waiting_page(
        &self,
        org: &OrganizationId,
        queue: &QueueId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<(Vec<Ticket>, bool), Error> {
        self.board_page(keys::waiting_partition(org, queue), after, limit).await
    }

    /// What lies with an agent after a place, the most urgent first; and whether more follows.
    pub async fn agent_page(
        &self,
        org: &OrganizationId,
        agent: &AgentId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<(Vec<Ticket>, bool), Error> {
        self.board_page(keys::agent_partition(org, agent), after, limit).await
    }

    async fn board_page(
        &self,
        partition: String,
        after: Option<&str>,
        limit: u32,
    ) -> Result<(Vec<Ticket>, bool), Error> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(keys::BOARD)
            .key_condition_expression("b_pk = :pk AND b_sk > :after")
            .expression_attribute_values(":pk", text(partition))
            // Below every place: they begin with a digit.
            .expression_attribute_values(":after", text(after.unwrap_or("!")));
        self.tickets_of(query, limit).await
    }

    /// The first number whose ticket was made at `since` or later, or the one after the last: numbers rise with time, so it is found
    /// by halving, in as many reads as the count of tickets has binary digits.
    pub async fn first_number_since(&self, org: &OrganizationId, since: Timestamp) -> Result<u64, Error> {
        let (mut low, mut high) = (1, self.ticket_count(org).await? + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            let page = self.tickets_by_number(org, middle + 1, 1).await?;
            match page.tickets.first() {
                Some(ticket) if ticket.created_at >= since => high = middle,
                _ => low = middle + 1,
            }
        }
        Ok(low)
    }
}
