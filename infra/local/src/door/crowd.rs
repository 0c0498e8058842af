//! The places of a door, and who has to go when they are taken.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::Notify;

/// All places, by the order in which they were taken.
pub(super) struct Crowd {
    places: usize,
    of_one_peer: usize,
    seats: Mutex<(u64, BTreeMap<u64, Arc<Guest>>)>,
}

struct Guest {
    peer: IpAddr,
    speaks: AtomicBool,
    leave: Notify,
}

/// The place of a connection; free again when dropped.
pub(crate) struct Seat {
    id: u64,
    guest: Arc<Guest>,
    crowd: Weak<Crowd>,
}

impl Crowd {
    pub(super) fn of(places: usize, of_one_peer: usize) -> Arc<Self> {
        Arc::new(Self { places, of_one_peer, seats: Mutex::default() })
    }

    /// A place; `None` where everybody who is there is being answered.
    pub(super) fn enter(self: &Arc<Self>, peer: IpAddr) -> Option<Arc<Seat>> {
        let peer = peer.to_canonical();
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, seated) = &mut *seats;
        let is_of_peer = |guest: &Guest| !peer.is_loopback() && guest.peer == peer;
        let crowded = seated.values().filter(|guest| is_of_peer(guest)).count() >= self.of_one_peer;
        if crowded || seated.len() >= self.places {
            let waits = |guest: &Guest| !guest.speaks.load(Ordering::Relaxed) && (!crowded || is_of_peer(guest));
            let longest = seated.iter().find(|(_, guest)| waits(guest)).map(|(id, _)| *id)?;
            if let Some(guest) = seated.remove(&longest) {
                guest.leave.notify_one();
            }
        }
        *last += 1;
        let guest = Arc::new(Guest { peer, speaks: AtomicBool::new(false), leave: Notify::new() });
        seated.insert(*last, Arc::clone(&guest));
        Some(Arc::new(Seat { id: *last, guest, crowd: Arc::downgrade(self) }))
    }
}

impl Seat {
    /// The connection is being answered: nobody takes its place.
    pub(crate) fn speaks(&self) {
        self.guest.speaks.store(true, Ordering::Relaxed);
    }

    /// The connection is waited for.
    pub(crate) fn waits(&self) {
        self.guest.speaks.store(false, Ordering::Relaxed);
    }

    /// Resolves when the place is needed.
    pub(super) async fn gone(&self) {
        self.guest.leave.notified().await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(crowd) = self.crowd.upgrade() {
            crowd.seats.lock().unwrap_or_else(PoisonError::into_inner).1.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_machine_has_a_share_and_who_is_answered_stays() {
        let crowd = Crowd::of(4, 2);
        let (proxy, other) = ([127, 0, 0, 1].into(), [192, 0, 2, 7].into());
        let served = crowd.enter(other).unwrap();
        served.speaks();
        let waiting = crowd.enter(other).unwrap();
        let third = crowd.enter(other).unwrap();
        let is_asked_to_leave = |seat: &Seat| !crowd.seats.lock().unwrap().1.contains_key(&seat.id);
        assert!(is_asked_to_leave(&waiting) && !is_asked_to_leave(&served));
        third.speaks();
        assert!(crowd.enter(other).is_none(), "both are being answered");
        let proxies: Vec<_> = (0..3).map(|_| crowd.enter(proxy).unwrap()).collect();
        assert!(is_asked_to_leave(&proxies[0]) && !is_asked_to_leave(&proxies[2]));
        drop(served);
        assert!(crowd.enter(other).is_some());
    }
}
