//! Cobertura's XML: the sums its root tells. Several files are added up.

use greenroom_core::evidence::{Coverage, Percent};

use crate::lcov::share;
use crate::xml::{Attributes, Tag, tags};
use crate::{ReadError, excerpt};

/// What some Cobertura files say.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Cobertura {
    files: usize,
    ran: u64,
    all: u64,
    /// Of a file that tells no lines.
    rate: Option<Percent>,
}

impl Cobertura {
    /// Takes in one more file.
    ///
    /// # Errors
    /// It is no Cobertura report, one that was cut off, or one without sums.
    pub fn read(&mut self, bytes: &[u8]) -> Result<(), ReadError> {
        let mut sums = None;
        tags(bytes, |tag| {
            if let (Tag::Open { name, attributes }, None) = (tag, &sums) {
                if name != "coverage" {
                    let name = excerpt(name, 40);
                    return Err(ReadError::malformed(format!(
                        "it is no Cobertura report: it begins with <{name}>"
                    )));
                }
                sums = Some(Sums::of(attributes)?);
            }
            Ok(())
        })?;
        self.files += 1;
        match sums {
            Some(Sums::Lines(ran, all)) => {
                self.ran = self.ran.saturating_add(ran);
                self.all = self.all.saturating_add(all);
            }
            Some(Sums::Rate(rate)) => self.rate = Some(rate),
            None => {}
        }
        Ok(())
    }

    /// The share of all lines that ran.
    ///
    /// # Errors
    /// There is no line at all, or one of several files tells a share without its lines.
    pub fn coverage(&self) -> Result<Coverage, ReadError> {
        match self.rate {
            None => share(self.ran, self.all),
            Some(percent) if self.files == 1 => Ok(Coverage {
                percent,
                lines: None,
            }),
            Some(_) => Err(ReadError::malformed(
                "one of several files has no lines-valid, so they cannot be added up",
            )),
        }
    }
}

enum Sums {
    Lines(u64, u64),
    Rate(Percent),
}

impl Sums {
    fn of(attributes: &Attributes<'_>) -> Result<Self, ReadError> {
        let lines = attributes
            .count("lines-covered")?
            .zip(attributes.count("lines-valid")?);
        if let Some((ran, all)) = lines {
            return Ok(Self::Lines(ran, all));
        }
        let rate = attributes.text("line-rate").ok_or_else(|| {
            ReadError::malformed("it has neither lines-covered and lines-valid nor line-rate")
        })?;
        let rate: f64 = rate
            .trim()
            .parse()
            .ok()
            .filter(|rate| (0.0..=1.0).contains(rate))
            .ok_or_else(|| ReadError::malformed("its line-rate is not between 0 and 1"))?;
        // Far less than any tool prints, and enough for 0.57 to be 57 %.
        let hundredths = (rate * 10_000.0 + 1e-6).floor();
        let percent = Percent::parse(&format!("{:.2}", hundredths / 100.0));
        let percent = percent.map_err(|error| ReadError::malformed(error.to_string()))?;
        Ok(Self::Rate(percent))
    }
}

#[cfg(test)]
mod tests;
