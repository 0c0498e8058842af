//! A model of the protocol of ingest, numbering and claim, explored through every interleaving (docs/protocol.md).
//!
//! | module | holds |
//! |---|---|
//! | `explorer` | the search, which knows nothing of tickets |
//! | `system`, `state`, `process`, `task`, `table` | what a state is, and what may happen next |
//! | `ingest`, `plan`, `opening`, `count`, `desk`, `changes`, `call` | the steps, one for each atomic call of `shared/storage` |
//! | `promises`, `variant`, `scenarios` | what must hold, what can be taken away, where it begins |
//! | `holds`, `weakened` | the tests of the model |
//! | `replay` | the tests of the code against the model |

mod call;
mod changes;
mod count;
mod desk;
mod explorer;
mod holds;
mod ingest;
mod opening;
mod plan;
mod process;
mod promises;
mod replay;
mod scenarios;
mod state;
mod system;
mod table;
mod task;
mod variant;
mod weakened;
