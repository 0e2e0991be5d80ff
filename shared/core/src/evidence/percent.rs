//! A share of a whole, in hundredths of a percent; never rounded up.

use std::fmt;

use serde::{Deserialize, Serialize};

/// 0 to 100 %, as hundredths of a percent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Percent(u32);

/// Why a text is no percentage.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PercentError {
    /// Write digits, with a point and up to two more if need be.
    #[error("it is no number with at most two decimals")]
    NotANumber,
    #[error("it is not between 0 and 100")]
    OutOfRange,
}

impl Percent {
    const WHOLE: u32 = 10_000;

    /// Reads `87`, `87.5` or `87.25`. Further decimals are refused, for nobody could compare them.
    ///
    /// # Errors
    /// See [`PercentError`].
    pub fn parse(text: &str) -> Result<Self, PercentError> {
        let (hundredths, exact) = Self::digits(text)?;
        if exact {
            Ok(hundredths)
        } else {
            Err(PercentError::NotANumber)
        }
    }

    /// Reads what a tool printed: any number of decimals, cut after the second; a `%` may follow.
    ///
    /// # Errors
    /// See [`PercentError`].
    pub fn measured(text: &str) -> Result<Self, PercentError> {
        let text = text.trim();
        let text = text.strip_suffix('%').unwrap_or(text).trim_end();
        Self::digits(text).map(|(percent, _)| percent)
    }

    /// `part` of `whole`; `None` of nothing, or of less than the part.
    pub fn of(part: u64, whole: u64) -> Option<Self> {
        if whole == 0 || part > whole {
            return None;
        }
        let hundredths = u128::from(part) * u128::from(Self::WHOLE) / u128::from(whole);
        u32::try_from(hundredths).ok().map(Self)
    }

    fn digits(text: &str) -> Result<(Self, bool), PercentError> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let dangling = text.ends_with('.');
        if whole.is_empty() || dangling || !digits(whole) || !digits(decimals) {
            return Err(PercentError::NotANumber);
        }
        let whole: u32 = whole.parse().map_err(|_| PercentError::OutOfRange)?;
        let digit = |at: usize| {
            decimals
                .as_bytes()
                .get(at)
                .map_or(0, |byte| u32::from(byte - b'0'))
        };
        let exact = decimals.bytes().skip(2).all(|byte| byte == b'0');
        let hundredths = whole
            .checked_mul(100)
            .map(|whole| whole + digit(0) * 10 + digit(1))
            .filter(|hundredths| *hundredths <= Self::WHOLE && (exact || *hundredths < Self::WHOLE))
            .ok_or(PercentError::OutOfRange)?;
        Ok((Self(hundredths), exact))
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 100, self.0 % 100);
        match rest {
            0 => write!(f, "{whole}"),
            tens if tens % 10 == 0 => write!(f, "{whole}.{}", tens / 10),
            both => write!(f, "{whole}.{both:02}"),
        }
    }
}
