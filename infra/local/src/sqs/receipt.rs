//! Receipt handles: which message, and which of its deliveries. Opaque to callers, as on AWS.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Error;

/// One delivery of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Receipt {
    pub(super) queue: i64,
    pub(super) seq: i64,
    /// Random for each delivery, so that an earlier handle is told from the latest.
    pub(super) nonce: i64,
}

impl Receipt {
    pub(super) fn encode(self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}:{}:{}", self.queue, self.seq, self.nonce))
    }

    pub(super) fn decode(handle: &str) -> Result<Self, Error> {
        Self::parse(handle).ok_or_else(|| Error::ReceiptHandleIsInvalid(handle.to_owned()))
    }

    fn parse(handle: &str) -> Option<Self> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(handle).ok()?).ok()?;
        let mut parts = text.split(':').map(str::parse);
        let receipt = Self { queue: parts.next()?.ok()?, seq: parts.next()?.ok()?, nonce: parts.next()?.ok()? };
        parts.next().is_none().then_some(receipt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_names_its_delivery_and_anything_else_is_refused() {
        let receipt = Receipt { queue: 3, seq: 77, nonce: i64::MAX };
        assert_eq!(Receipt::decode(&receipt.encode()).unwrap(), receipt);
        for bad in ["", "AQEB", "not a handle", &URL_SAFE_NO_PAD.encode("1:2"), &URL_SAFE_NO_PAD.encode("1:2:3:4")] {
            assert!(matches!(Receipt::decode(bad), Err(Error::ReceiptHandleIsInvalid(_))), "{bad}");
        }
    }
}
