//! An effect that ends again at a known moment.

use crate::model::Series;

use super::Neighbourhood;
use super::event::Judge;

impl Neighbourhood {
    /// The log Bayes factor, against *no event* and with the likelihood to this power, of a level that moves at the first moment of each pair and is back from
    /// the second one on (Unix seconds). An end after the data makes it a step.
    ///
    /// The regressor is the share of each bucket between the two, on the analysed scale; its prior and the noise are those of a step.
    #[must_use]
    pub fn log_bayes_of_boxes(&self, series: &Series, boxes: &[(f64, f64)], power: f64) -> Vec<f64> {
        let judge = Judge::new(self.for_causes());
        let log_bayes = |&(from, to): &(f64, f64)| judge.tempered_log_bayes_of(&self.between(series, from, to), power);
        boxes.iter().map(log_bayes).collect()
    }

    /// The share of each observed bucket that lies between two moments, on the analysed scale.
    fn between(&self, series: &Series, from: f64, to: f64) -> Vec<f64> {
        let edges = series.edges();
        let share = |&place: &usize| {
            let (start, end) = (edges[place] as f64, edges[place + 1] as f64);
            ((to.min(end) - from.max(start)) / (end - start)).clamp(0.0, 1.0)
        };
        self.local.places().iter().map(|place| self.local.share_on_scale(share(place))).collect()
    }
}
