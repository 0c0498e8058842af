//! What is too large for the inbound queue: it lies in a bucket, and the queue carries a slip that says which it is.
//!
//! A parcel is named by the digest of what is in it, so that whoever puts or fetches it twice does nothing new, and nothing else
//! can be taken for it. Source: docs/adr/0031-parcels.md.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::unit::{Layout, NotAUnit, Part, Source, Unit, for_the_queue};

/// The longest body of a message of the queue, in bytes. SQS takes 1,048,576, and what is sent together may not have more either.
const LONGEST: usize = 1_000_000;

/// Something that has to be in the bucket before a message of the queue names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// Where it belongs.
    pub key: String,
    /// Its SHA-256 in lower-case hex.
    pub sha256: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// A message of the inbound queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carried {
    /// A unit.
    Whole(Unit),
    /// The name of one.
    Slip(Slip),
}

/// Says where the part of a unit is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slip {
    #[serde(rename = "v")]
    layout: Layout,
    source: Source,
    received_at: Timestamp,
    /// The SHA-256 of the part as JSON, in lower-case hex.
    parcel: String,
    bytes: usize,
}

/// Why a parcel is not what its slip says.
#[derive(Debug, thiserror::Error)]
pub enum NotTheParcel {
    /// Its digest is another.
    #[error("the parcel is not the one that the slip names")]
    Other,
    /// It is no part of a unit.
    #[error(transparent)]
    NotAUnit(#[from] NotAUnit),
}

impl Carried {
    /// Reads a queue message's body.
    pub fn read(text: &str) -> Result<Self, NotAUnit> {
        // Nearly all are whole. Only a slip has no part, and nothing else has a parcel.
        match Unit::from_json(text) {
            Ok(unit) => Ok(Self::Whole(unit)),
            Err(error) => serde_json::from_str(text).map(Self::Slip).map_err(|_| error),
        }
    }
}

impl Slip {
    /// Where the parcel is.
    pub fn key(&self) -> String {
        key(&self.parcel)
    }

    /// How long it is.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The unit, from what is in the parcel.
    pub fn open(self, bytes: &[u8]) -> Result<Unit, NotTheParcel> {
        if hex::encode(Sha256::digest(bytes)) != self.parcel {
            return Err(NotTheParcel::Other);
        }
        let part: Part = serde_json::from_slice(bytes).map_err(NotAUnit::from)?;
        Ok(Unit::of(self.source, self.received_at, part))
    }
}

impl Unit {
    /// The queue message's body, and what has to be in the bucket before it is sent: nothing for a unit that fits.
    pub fn packed(&self) -> Result<(String, Option<Parcel>), NotAUnit> {
        let whole = self.to_json()?;
        if whole.len() <= LONGEST {
            return Ok((whole, None));
        }
        let bytes = serde_json::to_vec(&self.part)?;
        let sha256 = hex::encode(Sha256::digest(&bytes));
        let slip = Slip {
            layout: Layout,
            source: self.source.clone(),
            received_at: self.received_at,
            parcel: sha256.clone(),
            bytes: bytes.len(),
        };
        let body = for_the_queue(serde_json::to_string(&slip)?);
        Ok((body, Some(Parcel { key: key(&sha256), sha256, bytes })))
    }
}

fn key(sha256: &str) -> String {
    format!("units/{sha256}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn unit(text: &str, at: i64) -> Unit {
        let source =
            Source::CloudApi { app: "default".to_owned(), phone_number_id: Some("1".to_owned()), waba_id: None };
        let message = json!({ "from": "77079861373", "id": "wamid.A", "type": "text", "text": { "body": text } });
        Unit::of(
            source,
            Timestamp::from_second(at).unwrap(),
            Part::CloudMessage { message, contact: None, own_number: None },
        )
    }

    #[test]
    fn what_fits_travels_as_it_is() {
        let unit = unit("Oi", 1);
        let (body, parcel) = unit.packed().unwrap();
        assert_eq!((body.clone(), parcel), (unit.to_json().unwrap(), None));
        assert_eq!(Carried::read(&body).unwrap(), Carried::Whole(unit));
    }

    #[test]
    fn what_does_not_fit_comes_out_of_its_parcel_as_it_was() {
        for text in ["x".repeat(2_500_000), "\u{FFFF}\u{1}é\"".repeat(200_000)] {
            let unit = unit(&text, 1);
            let (body, parcel) = unit.packed().unwrap();
            let parcel = parcel.unwrap();
            assert!(body.len() < 1_000, "{body}");
            let Carried::Slip(slip) = Carried::read(&body).unwrap() else { panic!("{body}") };
            assert_eq!((slip.key(), slip.bytes()), (parcel.key.clone(), parcel.bytes.len()));
            let opened = slip.clone().open(&parcel.bytes).unwrap();
            assert_eq!((opened.dedup(), opened.group()), (unit.dedup(), unit.group()));
            assert_eq!(opened, unit);
            assert!(matches!(slip.clone().open(&parcel.bytes[1..]), Err(NotTheParcel::Other)));
            assert!(matches!(slip.open(b""), Err(NotTheParcel::Other)));
        }
    }

    #[test]
    fn the_same_content_is_the_same_parcel_whenever_it_comes() {
        let text = "x".repeat(1_000_000);
        let parcel = |at| unit(&text, at).packed().unwrap().1.unwrap();
        assert_eq!(parcel(1), parcel(2));
        let whole = unit(&"x".repeat(999_000), 1).packed().unwrap();
        assert_eq!(whole.1, None, "{}", whole.0.len());
    }

    #[test]
    fn a_slip_of_another_layout_is_refused() {
        let (body, _) = unit(&"x".repeat(1_000_000), 1).packed().unwrap();
        for other in ["\"v\":2", "\"w\":1"] {
            assert!(Carried::read(&body.replace("\"v\":1", other)).is_err(), "{other}");
        }
        assert!(Carried::read("{}").is_err() && Carried::read("").is_err());
    }
}
