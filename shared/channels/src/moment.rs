//! Times as providers write them.
//!
//! The time of a message is part of the key under which it is stored, and that key is its mark against repetition. So the
//! time read here is a function of the message alone: never of when it was received, which differs on every delivery, and
//! not of `entry.time`, which Meta documents as the time of the notification and not of the event.

use jiff::Timestamp;
use serde_json::Value;

/// Stands for the time of a message that does not say a usable one, so that each later delivery of it has the same key.
///
/// It sorts before every real message and keeps a 24-hour window closed, which is the safe side. Whoever shows a message or
/// measures from it uses the time of receipt instead where `sent_at` is this.
pub const UNKNOWN: Timestamp = Timestamp::UNIX_EPOCH;

/// Before WhatsApp existed (2009) and after 2100 a number is not a time but a mistake. The upper bound is fixed and not "in
/// the future as of now", because what is in the future today is in the past when it is delivered again.
const PLAUSIBLE_MS: std::ops::Range<i64> = 1_230_768_000_000..4_102_444_800_000;

/// Numbers above this are milliseconds: as seconds they would lie in the year 5138.
const LARGEST_SECONDS: i64 = 100_000_000_000;

/// Reads seconds or milliseconds since 1970 from a number or a decimal string, a time of RFC 3339, or protobuf's `{low, high, unsigned}`, of which
/// `low` is a signed 32-bit half. Nothing when that gives no plausible time.
pub fn moment(value: &Value) -> Option<Timestamp> {
    let milliseconds = match value {
        Value::Number(number) => number.as_i64().and_then(scale).or_else(|| scale_fraction(number.as_f64()?)),
        Value::String(text) => {
            let text = text.trim();
            let written = || text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond);
            text.parse().ok().and_then(scale).or_else(|| scale_fraction(text.parse().ok()?)).or_else(written)
        }
        Value::Object(long) => {
            let low = long.get("low")?.as_i64()? & 0xFFFF_FFFF;
            let high = long.get("high").and_then(Value::as_i64).unwrap_or(0);
            scale(high.checked_mul(1 << 32)?.checked_add(low)?)
        }
        _ => None,
    };
    milliseconds.filter(|ms| PLAUSIBLE_MS.contains(ms)).and_then(|ms| Timestamp::from_millisecond(ms).ok())
}

fn scale(number: i64) -> Option<i64> {
    if number > LARGEST_SECONDS { Some(number) } else { number.checked_mul(1000) }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "`as` saturates, the range is checked after"
)]
fn scale_fraction(number: f64) -> Option<i64> {
    let milliseconds = if number > LARGEST_SECONDS as f64 { number } else { number * 1000.0 };
    milliseconds.is_finite().then_some(milliseconds.round() as i64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_spelling_of_a_time_is_read() {
        let check = |value: Value, expected: Option<i64>| {
            assert_eq!(moment(&value).map(Timestamp::as_millisecond), expected, "{value}");
        };
        let november = Some(1_700_000_000_000);
        check(json!("1700000000"), november);
        check(json!(" 1700000000 "), november);
        check(json!(1_700_000_000), november);
        check(json!(1_700_000_000.0), november);
        check(json!(1_700_000_000.25), Some(1_700_000_000_250));
        check(json!("1700000000.25"), Some(1_700_000_000_250));
        check(json!("2023-11-14T22:13:20Z"), november);
        check(json!("2023-11-14T19:13:20-03:00"), november);
        check(json!(1_700_000_000_000_i64), november);
        check(json!("1700000000000"), november);
        check(json!({ "low": 1_700_000_000, "high": 0, "unsigned": true }), november);
        // 3,000,000,000 does not fit a signed half and comes as a negative `low`.
        check(json!({ "low": -1_294_967_296, "high": 0, "unsigned": true }), Some(3_000_000_000_000));
        check(json!({ "low": 1_700_000_000 }), november);
        // 1,700,000,000,000 ms in two halves.
        check(json!({ "low": -817_008_640, "high": 395, "unsigned": false }), Some((395_i64 << 32) + 3_477_958_656));
    }

    #[test]
    fn what_is_no_plausible_time_is_unknown() {
        for value in [
            json!(null),
            json!(""),
            json!("asdf"),
            json!("NaN"),
            json!("inf"),
            json!(0),
            json!(1),
            json!(-5),
            json!(i64::MAX),
            json!(u64::MAX),
            json!(1e300),
            json!([1_700_000_000]),
            json!({}),
            json!({ "low": -1, "high": -1, "unsigned": true }),
            json!({ "low": 1, "high": i64::MAX }),
        ] {
            assert_eq!(moment(&value), None, "{value}");
        }
    }
}
