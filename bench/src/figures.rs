//! Many measurements as few figures: quantiles of one round, the median of several rounds with the least and the most.

use std::fmt;
use std::time::Duration;

/// The measurements of one round.
#[derive(Debug, Default)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    pub(crate) fn add(&mut self, measured: Duration) {
        self.0.push(milliseconds(measured));
    }

    pub(crate) fn add_value(&mut self, measured: f64) {
        self.0.push(measured);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The value below which this share of the measurements lies; 0 without any.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().saturating_sub(1);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a place in a list"
        )]
        let place = (share * last as f64).round() as usize;
        sorted.get(place.min(last)).copied().unwrap_or_default()
    }

    pub(crate) fn median(&self) -> f64 {
        self.quantile(0.5)
    }
}

/// One figure of each round.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rounds(Vec<f64>);

impl Rounds {
    pub(crate) fn add(&mut self, figure: f64) {
        self.0.push(figure);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn median(&self) -> f64 {
        let samples = Samples(self.0.clone());
        // Of an even number the mean of the two in the middle.
        f64::midpoint(samples.quantile(0.499_999), samples.quantile(0.500_001))
    }

    fn least(&self) -> f64 {
        Samples(self.0.clone()).quantile(0.0)
    }

    fn most(&self) -> f64 {
        Samples(self.0.clone()).quantile(1.0)
    }
}

/// `median (least–most)`, with the formatter's precision.
impl fmt::Display for Rounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(2);
        write!(f, "{:.digits$} ({:.digits$}–{:.digits$})", self.median(), self.least(), self.most())
    }
}

impl FromIterator<f64> for Rounds {
    fn from_iter<I: IntoIterator<Item = f64>>(figures: I) -> Self {
        Self(figures.into_iter().collect())
    }
}

/// A duration in milliseconds.
pub(crate) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_the_median_of_its_rounds_with_the_least_and_the_most() {
        assert_eq!(format!("{:.1}", [3.0, 1.0, 2.0].into_iter().collect::<Rounds>()), "2.0 (1.0–3.0)");
        assert_eq!(format!("{:.1}", [4.0, 1.0, 2.0, 3.0].into_iter().collect::<Rounds>()), "2.5 (1.0–4.0)");
    }

    #[test]
    fn the_99th_percentile_leaves_one_in_a_hundred_above() {
        let mut samples = Samples::default();
        (0..=100).for_each(|n| samples.add_value(f64::from(n)));
        assert!((samples.quantile(0.99) - 99.0).abs() < f64::EPSILON);
    }
}
