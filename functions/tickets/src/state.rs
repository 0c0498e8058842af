//! What the routes work on. A route takes from it what it needs; layers would wrap each of them at every start.

use std::sync::Arc;

use axum::extract::FromRef;
use files::Bucket;
use runtime::uploads::Uploads;
use storage::Storage;

/// The table, the bucket of the files of messages, and that of uploads.
#[derive(Clone)]
pub(crate) struct Stores {
    pub(crate) storage: Storage,
    /// Few routes take one of them, and every request has the state.
    pub(crate) files: Arc<(Bucket, Uploads)>,
}

impl FromRef<Stores> for Storage {
    fn from_ref(stores: &Stores) -> Self {
        stores.storage.clone()
    }
}

impl FromRef<Stores> for Bucket {
    fn from_ref(stores: &Stores) -> Self {
        stores.files.0.clone()
    }
}

impl FromRef<Stores> for Uploads {
    fn from_ref(stores: &Stores) -> Self {
        stores.files.1.clone()
    }
}
