//! I5: a delivery status never goes backwards, and one that comes before its message is kept and joined.

use domain::delivery::{Delivery, DeliveryError, DeliveryReport};
use domain::ids::{ConnectionId, ConversationId, OutboundId, ProviderMessageId};
use domain::message::{Content, Direction, Message, MessageRef};
use storage::Storage;
use tokio::task::JoinSet;

use crate::table::fresh;
use crate::world::*;

fn con() -> ConnectionId {
    ConnectionId::new("comercial").unwrap()
}

pub(crate) async fn queued(storage: &Storage) -> MessageRef {
    let conversation = ConversationId::new("cnv_1").unwrap();
    let reference = MessageRef::outbound(conversation, at(0), &OutboundId::generate(at(0), 1));
    let message = Message {
        reference: reference.clone(),
        ticket: None,
        direction: Direction::Out { agent: Some(agent_id("ana")), delivery: Delivery::Queued, error: None },
        content: Content::text("Olá"),
        provider_id: None,
        seq: 0,
    };
    assert_eq!(storage.store_message(&org(), &message).await.unwrap(), None);
    reference
}

fn report(delivery: Delivery, callback: Option<&MessageRef>) -> DeliveryReport {
    DeliveryReport {
        provider_id: ProviderMessageId::new("wamid.out"),
        callback: callback.map(ToString::to_string),
        delivery,
        at: at(5),
        error: (delivery == Delivery::Failed).then_some(DeliveryError { code: 131_026, details: None }),
    }
}

async fn delivery(storage: &Storage, reference: &MessageRef) -> Delivery {
    match storage.message(&org(), reference).await.unwrap().unwrap().direction {
        Direction::Out { delivery, .. } => delivery,
        Direction::In => panic!("an inbound message"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_in_any_order_end_in_the_greatest() {
    use Delivery::{Accepted, Delivered, Failed, Read, Sent};
    for order in [[Sent, Delivered, Read], [Read, Sent, Delivered], [Delivered, Failed, Read], [Failed, Read, Sent]] {
        for by_callback in [true, false] {
            let storage = fresh().await;
            let reference = queued(&storage).await;
            let callback = by_callback.then_some(&reference);
            let id = ProviderMessageId::new("wamid.out");
            storage.link_receipt(&org(), &con(), &id, &reference, at(1)).await.unwrap();
            storage.deliver(&org(), &reference, Accepted, Some(&id), None).await.unwrap();
            for delivery in order {
                storage.report_delivery(&org(), &con(), &report(delivery, callback), at(6)).await.unwrap();
            }
            assert_eq!(delivery(&storage, &reference).await, Read, "{order:?} {by_callback}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_comes_before_its_message_is_joined() {
    let storage = fresh().await;
    let reference = queued(&storage).await;
    storage.report_delivery(&org(), &con(), &report(Delivery::Failed, None), at(2)).await.unwrap();
    assert_eq!(delivery(&storage, &reference).await, Delivery::Queued);
    storage.link_receipt(&org(), &con(), &ProviderMessageId::new("wamid.out"), &reference, at(3)).await.unwrap();
    let message = storage.message(&org(), &reference).await.unwrap().unwrap();
    assert_eq!(message.provider_id, Some(ProviderMessageId::new("wamid.out")));
    assert!(
        matches!(message.direction, Direction::Out { delivery: Delivery::Failed, error: Some(error), .. } if error.code == 131_026)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_and_its_message_at_once_always_meet() {
    for _ in 0..16 {
        let storage = fresh().await;
        let reference = queued(&storage).await;
        let mut both = JoinSet::new();
        let (reporter, sender, sent) = (storage.clone(), storage.clone(), reference.clone());
        both.spawn(
            async move { reporter.report_delivery(&org(), &con(), &report(Delivery::Delivered, None), at(2)).await },
        );
        both.spawn(async move {
            sender.link_receipt(&org(), &con(), &ProviderMessageId::new("wamid.out"), &sent, at(2)).await
        });
        for outcome in both.join_all().await {
            outcome.unwrap();
        }
        assert_eq!(delivery(&storage, &reference).await, Delivery::Delivered);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_that_names_no_message_of_the_organization_is_kept_by_its_id() {
    let storage = fresh().await;
    let reference = queued(&storage).await;
    let foreign = domain::ids::OrganizationId::new("other").unwrap();
    storage.report_delivery(&foreign, &con(), &report(Delivery::Read, Some(&reference)), at(2)).await.unwrap();
    assert_eq!(delivery(&storage, &reference).await, Delivery::Queued);
}
