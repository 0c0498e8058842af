-- From layout 2 to 3: what moves messages out of dead-letter queues.
BEGIN IMMEDIATE;

CREATE TABLE move_tasks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  task_id TEXT NOT NULL UNIQUE,
  source_id INTEGER NOT NULL REFERENCES queues (id),
  -- A queue's name; without one, each message goes back to where it came from.
  destination TEXT,
  messages_per_second INTEGER,
  -- RUNNING, COMPLETED, CANCELLED or FAILED.
  status TEXT NOT NULL,
  failure TEXT,
  to_move INTEGER NOT NULL,
  moved INTEGER NOT NULL DEFAULT 0,
  -- The newest message there was at the start: what is given up again meanwhile must not go round for ever.
  last_seq INTEGER NOT NULL,
  started_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX active_move_task ON move_tasks (source_id) WHERE status = 'RUNNING';

PRAGMA user_version = 3;
COMMIT;
