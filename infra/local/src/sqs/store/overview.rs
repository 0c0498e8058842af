//! Every queue at a glance, for the operator.

use super::super::Error;
use super::super::interface::QueueCounts;
use super::Store;

impl Store<'_> {
    /// All queues by name; what is too old to be received is not counted.
    pub(in super::super) fn overview(&self) -> Result<Vec<QueueCounts>, Error> {
        let mut names = self.connection.prepare_cached("SELECT name FROM queues ORDER BY name")?;
        let names: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        names.iter().map(|name| self.counts(name)).collect()
    }

    fn counts(&self, name: &str) -> Result<QueueCounts, Error> {
        let queue = self.queue(name)?;
        self.expire(&queue)?;
        let sql = "SELECT COUNT(*) FILTER (WHERE visible_at <= ?2),
                          COUNT(*) FILTER (WHERE visible_at > ?2 AND receipt IS NOT NULL),
                          COUNT(*) FILTER (WHERE visible_at > ?2 AND receipt IS NULL),
                          MIN(sent_at)
                   FROM messages WHERE queue_id = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_row([queue.id, self.now], |row| {
            let oldest: Option<i64> = row.get(3)?;
            Ok(QueueCounts {
                name: queue.spec.name.clone(),
                dead_letter_queue: queue.spec.redrive.as_ref().map(|(name, _)| name.clone()),
                waiting: row.get(0)?,
                in_flight: row.get(1)?,
                delayed: row.get(2)?,
                oldest_age_ms: oldest.map(|sent_at| u64::try_from(self.now - sent_at).unwrap_or_default()),
            })
        })?)
    }
}
