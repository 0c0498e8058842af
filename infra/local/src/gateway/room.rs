//! How much of unfinished bodies is kept at once. The room is for all requests together, because an attacker has many addresses
//! and a proxy has one: when it is full, the largest body that is still being read is cut off, so that small ones always fit.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use http_body_util::BodyExt as _;
use tokio::sync::Notify;

/// A body that is not wanted is read so far and thrown away, so that its sender hears the answer.
const DISCARDED_BYTES: usize = 16 * 1024 * 1024;
const DISCARD_LIMIT: Duration = Duration::from_secs(5);

/// Room for so many bytes of bodies.
pub(super) struct Room {
    bytes: usize,
    readers: Mutex<Readers>,
}

#[derive(Default)]
struct Readers {
    last: u64,
    held: BTreeMap<u64, Reader>,
}

struct Reader {
    bytes: usize,
    /// Nobody cuts off what is read to its end.
    whole: bool,
    cut: Arc<Notify>,
}

/// A whole body; the room that it takes is free again when this is dropped.
pub(super) struct Held {
    pub(super) bytes: Bytes,
    _place: Place,
}

/// Why there is no body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    TooLarge,
    TooSlow,
    NoRoom,
    BrokenOff,
}

struct Place {
    room: Arc<Room>,
    id: u64,
    cut: Arc<Notify>,
}

impl Room {
    pub(super) fn of(bytes: usize) -> Arc<Self> {
        Arc::new(Self { bytes, readers: Mutex::default() })
    }

    /// Reads a body of at most `limit` bytes to its end.
    pub(super) async fn read(self: &Arc<Self>, body: Body, limit: usize, patience: Duration) -> Result<Held, Unread> {
        let place = self.place();
        let cut = Arc::clone(&place.cut);
        let read = tokio::time::timeout(patience, place.fill(body, limit));
        let bytes = tokio::select! {
            read = read => read.unwrap_or(Err(Unread::TooSlow))?,
            () = cut.notified() => return Err(Unread::NoRoom),
        };
        if let Some(reader) = self.readers().held.get_mut(&place.id) {
            reader.whole = true;
        }
        Ok(Held { bytes, _place: place })
    }

    fn place(self: &Arc<Self>) -> Place {
        let cut = Arc::new(Notify::new());
        let mut readers = self.readers();
        readers.last += 1;
        let id = readers.last;
        readers.held.insert(id, Reader { bytes: 0, whole: false, cut: Arc::clone(&cut) });
        drop(readers);
        Place { room: Arc::clone(self), id, cut }
    }

    fn readers(&self) -> MutexGuard<'_, Readers> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    async fn fill(&self, mut body: Body, limit: usize) -> Result<Bytes, Unread> {
        let mut bytes = Vec::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| Unread::BrokenOff)?.into_data() else { continue };
            if bytes.len() + data.len() > limit {
                return Err(Unread::TooLarge);
            }
            self.grow(data.len())?;
            bytes.extend_from_slice(&data);
        }
        Ok(bytes.into())
    }

    /// Takes more room: that of the largest where there is none.
    fn grow(&self, bytes: usize) -> Result<(), Unread> {
        let mut readers = self.room.readers();
        // It was cut off and has not heard of it yet.
        readers.held.get_mut(&self.id).ok_or(Unread::NoRoom)?.bytes += bytes;
        while readers.held.values().map(|reader| reader.bytes).sum::<usize>() > self.room.bytes {
            let unfinished = readers.held.iter().filter(|(_, reader)| !reader.whole);
            let largest = unfinished.max_by_key(|(_, reader)| reader.bytes).map(|(id, _)| *id);
            let cut = largest.and_then(|id| readers.held.remove(&id));
            if let Some(cut) = &cut {
                cut.cut.notify_one();
            }
            if cut.is_none() || largest == Some(self.id) {
                return Err(Unread::NoRoom);
            }
        }
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.room.readers().held.remove(&self.id);
    }
}

/// Reads what its sender has on the way and keeps nothing of it.
pub(super) async fn discard(mut body: Body) {
    let all = async {
        let mut left = DISCARDED_BYTES;
        while let Some(Ok(frame)) = body.frame().await {
            let size = frame.data_ref().map_or(0, Bytes::len);
            let Some(less) = left.checked_sub(size) else { return };
            left = less;
        }
    };
    // Whoever sends slower does not hear the answer.
    let _ = tokio::time::timeout(DISCARD_LIMIT, all).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    const PATIENCE: Duration = Duration::from_mins(1);

    /// A body that gives so many bytes and then never ends.
    fn unfinished(bytes: usize) -> Body {
        let given = stream::iter([Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; bytes]))]);
        Body::from_stream(futures_util::StreamExt::chain(given, stream::pending()))
    }

    #[tokio::test]
    async fn a_small_body_fits_beside_unfinished_ones_that_fill_the_room() {
        let room = Room::of(1000);
        let mut large: Vec<_> = [400, 300, 300]
            .map(|bytes| {
                let room = Arc::clone(&room);
                tokio::spawn(async move { room.read(unfinished(bytes), 1000, PATIENCE).await.map(|_| ()) })
            })
            .into();
        while room.readers().held.values().map(|reader| reader.bytes).sum::<usize>() < 1000 {
            tokio::task::yield_now().await;
        }
        let held = room.read(Body::from("small"), 1000, PATIENCE).await.map_err(|_| ()).unwrap();
        assert_eq!(&held.bytes[..], b"small");
        assert_eq!(large.remove(0).await.unwrap(), Err(Unread::NoRoom), "the largest made room");
        assert!(large.iter().all(|one| !one.is_finished()), "the others are still read");
        // What is whole is not cut off; what comes and does not fit is.
        let more = room.read(unfinished(600), 1000, PATIENCE).await.map(|_| ());
        assert_eq!(more, Err(Unread::NoRoom));
        for one in large {
            one.abort();
        }
    }

    #[tokio::test]
    async fn a_body_has_a_size_and_a_time_and_gives_its_room_back() {
        let room = Room::of(1000);
        let read =
            async |body, limit| room.read(body, limit, Duration::from_millis(200)).await.map(|held| held.bytes.len());
        assert_eq!(read(Body::from("12345"), 5).await, Ok(5));
        assert_eq!(read(Body::from("123456"), 5).await, Err(Unread::TooLarge));
        assert_eq!(read(unfinished(5), 10).await, Err(Unread::TooSlow));
        assert!(room.readers().held.is_empty());
    }
}
