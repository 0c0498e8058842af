//! A provider's body: cut, put on the queue, taken from it and understood, as every provider would have it.

#![no_main]

use channels::gateway::Batch;
use channels::{Carried, baileys, cloud_api, gowa, parse, waha, without_connection};
use domain::connection::{Connection, GroupPolicy, Provider, ReopenPolicy};
use domain::ids::{ConnectionId, OrganizationId, QueueId};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let connection = connection();
    let of = |split: fn(&OrganizationId, &ConnectionId, &[u8], Timestamp) -> Batch| {
        split(&connection.org, &connection.id, body, Timestamp::UNIX_EPOCH).units
    };
    let cloud = cloud_api::split("default", body, Timestamp::UNIX_EPOCH);
    for unit in [cloud, of(baileys::split), of(waha::split), of(gowa::split)].into_iter().flatten() {
        let (body, parcel) = unit.packed().unwrap();
        assert!(body.len() <= 1_000_000, "a message of {} bytes", body.len());
        let received = match Carried::read(&body).unwrap() {
            Carried::Whole(unit) => unit,
            Carried::Slip(slip) => slip.open(&parcel.unwrap().bytes).unwrap(),
        };
        assert_eq!((received.group(), received.dedup()), (unit.group(), unit.dedup()));
        assert!(received.for_inspection().len() <= 200_000);
        let _ = (parse(&received, &connection), without_connection(&received));
    }
});

fn connection() -> Connection {
    Connection {
        id: ConnectionId::new("comercial").unwrap(),
        org: OrganizationId::new("demo").unwrap(),
        provider: Provider::CloudApi {
            phone_number_id: "100000000000001".to_owned(),
            app: "default".to_owned(),
            waba_id: None,
        },
        own: vec![],
        queue: QueueId::new("sales").unwrap(),
        reopen: ReopenPolicy::default(),
        groups: GroupPolicy::All,
        calls: domain::connection::CallPolicy::default(),
        locale: None,
    }
}
