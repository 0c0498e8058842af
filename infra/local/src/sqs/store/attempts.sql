-- From layout 1 to 2: what a receive that is tried again with its attempt id gives again.
BEGIN IMMEDIATE;

CREATE TABLE receive_attempts (
  queue_id INTEGER NOT NULL REFERENCES queues (id),
  attempt_id TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  -- When its messages are visible again: any other time says that somebody has changed it.
  visible_at INTEGER NOT NULL,
  -- The receipt handles, one a line, in the order in which they were given.
  handles TEXT NOT NULL,
  PRIMARY KEY (queue_id, attempt_id)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 2;
COMMIT;
