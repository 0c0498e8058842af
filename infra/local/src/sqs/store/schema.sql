-- The queues' file, layout 1. Times are milliseconds since 1970.
BEGIN IMMEDIATE;

CREATE TABLE queues (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  -- A `QueueSpec` as JSON.
  spec TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  modified_at INTEGER NOT NULL,
  purged_at INTEGER
) STRICT;

CREATE TABLE messages (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  queue_id INTEGER NOT NULL REFERENCES queues (id),
  message_id TEXT NOT NULL,
  group_id TEXT,
  deduplication_id TEXT,
  body TEXT NOT NULL,
  attributes TEXT NOT NULL,
  trace_header TEXT,
  dead_letter_source TEXT,
  sent_at INTEGER NOT NULL,
  -- Receivable from then on: the end of the delay or of the visibility timeout.
  visible_at INTEGER NOT NULL,
  -- Receives in all queues, which is what receivers are told, and in this one, which is what the redrive policy counts.
  receive_count INTEGER NOT NULL DEFAULT 0,
  receives_here INTEGER NOT NULL DEFAULT 0,
  first_received_at INTEGER,
  received_at INTEGER,
  -- The nonce of the latest receipt handle. A message is in flight while it has one and is not yet visible.
  receipt INTEGER,
  -- 1 if a receive may start here: every message of a standard queue, and the oldest of each group of a FIFO queue.
  head INTEGER NOT NULL
) STRICT;

CREATE INDEX messages_by_visibility ON messages (queue_id, head, visible_at);
CREATE INDEX messages_by_group ON messages (queue_id, group_id, seq) WHERE group_id IS NOT NULL;
CREATE INDEX messages_received ON messages (queue_id, group_id, visible_at) WHERE receipt IS NOT NULL;
CREATE INDEX messages_by_age ON messages (queue_id, sent_at);

-- However the oldest message of a group goes (deleted, expired, given up), the next one takes its place.
CREATE TRIGGER next_head AFTER DELETE ON messages WHEN OLD.head = 1 AND OLD.group_id IS NOT NULL
BEGIN
  UPDATE messages SET head = 1 WHERE seq =
    (SELECT MIN(seq) FROM messages WHERE queue_id = OLD.queue_id AND group_id = OLD.group_id);
END;

-- What was sent to a FIFO queue in the last five minutes; a message's id stays here after it was deleted.
CREATE TABLE deduplications (
  queue_id INTEGER NOT NULL REFERENCES queues (id),
  scope TEXT NOT NULL,
  deduplication_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  sent_at INTEGER NOT NULL,
  PRIMARY KEY (queue_id, scope, deduplication_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX deduplications_by_age ON deduplications (sent_at);

PRAGMA user_version = 1;
COMMIT;
