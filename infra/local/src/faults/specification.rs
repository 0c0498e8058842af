//! What is asked for, as text: `7:kill=0.02,duplicate=0.1`. A seed, then a rate for each kind.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::Kind;

/// A seed, and how often each kind strikes: 0 never, 1 always. A kind that is not named never strikes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Specification {
    pub(super) seed: u64,
    pub(super) rates: BTreeMap<Kind, f64>,
}

/// What is wrong with a specification. Each sentence names the part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SpecificationError {
    #[error("the seed is missing: write SEED:KIND=RATE,…, such as 7:kill=0.02,duplicate=0.1")]
    NoSeed,
    #[error("seed `{0}` is not a whole number from 0 to 18446744073709551615")]
    Seed(String),
    #[error("no kind is named after the seed: write SEED:KIND=RATE,…, such as 7:kill=0.02")]
    NoKind,
    #[error("kind `{0}` is unknown; there are {kinds}", kinds = Kind::ALL.map(Kind::name).join(", "))]
    Kind(String),
    #[error("kind {0} is named twice")]
    Twice(&'static str),
    #[error("rate of {kind} is missing: write {kind}=RATE, a number from 0 to 1")]
    NoRate { kind: &'static str },
    #[error("rate of {kind} `{rate}` is not a number from 0 to 1")]
    Rate { kind: &'static str, rate: String },
}

impl FromStr for Specification {
    type Err = SpecificationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (seed, parts) = text.split_once(':').ok_or(SpecificationError::NoSeed)?;
        let seed = seed.trim().parse().map_err(|_| SpecificationError::Seed(seed.trim().to_owned()))?;
        if parts.trim().is_empty() {
            return Err(SpecificationError::NoKind);
        }
        let mut rates = BTreeMap::new();
        for part in parts.split(',') {
            let (name, rate) = part.split_once('=').map_or((part, None), |(name, rate)| (name, Some(rate.trim())));
            let kind = Kind::named(name.trim()).ok_or_else(|| SpecificationError::Kind(name.trim().to_owned()))?;
            let rate = rate.ok_or(SpecificationError::NoRate { kind: kind.name() })?;
            let wrong = || SpecificationError::Rate { kind: kind.name(), rate: rate.to_owned() };
            let rate = rate.parse().ok().filter(|rate| (0.0..=1.0).contains(rate)).ok_or_else(wrong)?;
            if rates.insert(kind, rate).is_some() {
                return Err(SpecificationError::Twice(kind.name()));
            }
        }
        Ok(Self { seed, rates })
    }
}

impl fmt::Display for Specification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rates: Vec<_> = self.rates.iter().map(|(kind, rate)| format!("{}={rate}", kind.name())).collect();
        write!(f, "{}:{}", self.seed, rates.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_specification_is_a_seed_and_a_rate_for_each_kind() {
        for (text, expected) in [
            ("7:kill=0.02", "7:kill=0.02"),
            (
                "7:kill=0.02,duplicate=0.1,conflict=0.05,throttle=0.05",
                "7:kill=0.02,duplicate=0.1,conflict=0.05,throttle=0.05",
            ),
            // In the order of the kinds, whatever order they are written in.
            (" 0 : slow = 1 , timeout = 0 ", "0:timeout=0,slow=1"),
            ("18446744073709551615:repeat=1e-3", "18446744073709551615:repeat=0.001"),
        ] {
            let read: Specification = text.parse().unwrap();
            assert_eq!(read.to_string(), expected, "{text}");
            assert_eq!(read.to_string().parse(), Ok(read), "{text}");
        }
        let all = Kind::ALL.map(|kind| format!("{}=0.5", kind.name())).join(",");
        assert_eq!(format!("1:{all}").parse::<Specification>().unwrap().rates.len(), Kind::ALL.len());
    }

    #[test]
    fn what_is_wrong_is_said_in_one_line_that_names_the_part() {
        for (text, expected) in [
            ("", "the seed is missing"),
            ("kill=0.1", "the seed is missing"),
            (":kill=0.1", "seed `` is not"),
            ("-1:kill=0.1", "seed `-1` is not"),
            ("x:kill=0.1", "seed `x` is not"),
            ("18446744073709551616:kill=0.1", "seed `18446744073709551616` is not"),
            ("7:", "no kind is named"),
            ("7:kil=0.1", "kind `kil` is unknown; there are kill, timeout, duplicate"),
            ("7:Kill=0.1", "kind `Kill` is unknown"),
            ("7:kill=0.1,", "kind `` is unknown"),
            ("7:kill=0.1,kill=0.2", "kind kill is named twice"),
            ("7:kill", "rate of kill is missing"),
            ("7:slow=0.1,kill=", "rate of kill `` is not"),
            ("7:kill=1.01", "rate of kill `1.01` is not"),
            ("7:kill=-0.1", "rate of kill `-0.1` is not"),
            ("7:kill=NaN", "rate of kill `NaN` is not"),
            ("7:kill=inf", "rate of kill `inf` is not"),
            ("7:kill=often", "rate of kill `often` is not"),
        ] {
            let refusal = text.parse::<Specification>().unwrap_err().to_string();
            assert!(refusal.starts_with(expected) && !refusal.contains('\n'), "{text}: {refusal}");
        }
    }
}
