use crate::bigquery::Parameter;

/// The parameters of a statement that is being made: each value once, named by its number.
#[derive(Debug, Default)]
pub(super) struct Parameters(Vec<Parameter>);

impl Parameters {
    /// How the statement writes a value.
    pub(super) fn name(&mut self, value: Parameter) -> String {
        let known = self.0.iter().position(|known| *known == value);
        let at = known.unwrap_or_else(|| {
            self.0.push(value);
            self.0.len() - 1
        });
        format!("@p{}", at + 1)
    }

    /// The parameters by name.
    pub(super) fn named(self) -> Vec<(String, Parameter)> {
        self.0.into_iter().enumerate().map(|(at, value)| (format!("p{}", at + 1), value)).collect()
    }
}
