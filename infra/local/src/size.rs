//! How many bytes, for people to read.

use std::fmt;

/// Shown as `812 B`, `3.4 kB`, `120 MB`: two digits at least, in steps of a thousand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

impl fmt::Display for Size {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
        let mut value = self.0 as f64;
        let mut units = ["B", "kB", "MB", "GB"].iter();
        let mut unit = units.next().copied().unwrap_or_default();
        for larger in units {
            if value < 999.5 {
                break;
            }
            value /= 1000.0;
            unit = larger;
        }
        let digits = usize::from(unit != "B" && value < 9.95);
        formatter.pad(&format!("{value:.digits$} {unit}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short_and_never_longer_than_three_digits() {
        for (bytes, expected) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (9_949, "9.9 kB"),
            (9_951, "10 kB"),
            (999_499, "999 kB"),
            (999_500, "1.0 MB"),
            (123_456_789, "123 MB"),
            (5_000_000_000_000, "5000 GB"),
        ] {
            assert_eq!(Size(bytes).to_string(), expected);
        }
        assert_eq!(format!("{:>8}", Size(5)), "     5 B");
    }
}
