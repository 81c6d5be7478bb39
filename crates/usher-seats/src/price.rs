//! What a seat costs.
//!
//! Money is counted in whole units of the smallest coin, never in fractions, so that nothing is rounded. How many of those make
//! one of the currency is the currency's own business (ISO 4217): most have a hundred, some have none smaller, some a thousand.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::identifiers::IdentifierError;

/// Largest price in smallest coins: a year of a seat costs less in any currency, and a million such seats can be added up.
pub const PRICE_MINOR_UNITS_MAX: u64 = 1_000_000_000_000;
/// What an amount must be.
pub const AMOUNT_ALLOWED: &str = "an amount such as 30 or 29.90, with no more decimals than the currency has, at most 1000000000000 of its smallest coins";

/// Currencies without a smaller coin.
const WITHOUT_DECIMALS: [&str; 16] = [
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF",
    "XPF",
];
/// Currencies of a thousand smaller coins.
const WITH_THREE_DECIMALS: [&str; 7] = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

/// The name of a currency: three capital letters of ISO 4217, such as CNY.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CurrencyCode([u8; 3]);

impl CurrencyCode {
    /// What the edge says when a currency is refused.
    pub const ALLOWED: &'static str = "three capital letters of ISO 4217, such as CNY";

    /// The letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Letters of ASCII are always text.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// How many decimals its amounts have.
    #[must_use]
    pub fn decimals(self) -> u8 {
        if WITHOUT_DECIMALS.contains(&self.as_str()) {
            0
        } else if WITH_THREE_DECIMALS.contains(&self.as_str()) {
            3
        } else {
            2
        }
    }
}

impl CurrencyCode {
    /// An amount in smallest coins as a person writes it, with all decimals.
    #[must_use]
    pub fn amount(self, minor_units: u128) -> String {
        let decimals = self.decimals();
        let coins = 10_u128.pow(u32::from(decimals));
        if decimals == 0 {
            return minor_units.to_string();
        }
        let (whole, rest) = (minor_units / coins, minor_units % coins);
        format!("{whole}.{rest:0width$}", width = usize::from(decimals))
    }
}

impl FromStr for CurrencyCode {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        let letters: Option<[u8; 3]> = text.as_bytes().try_into().ok();
        letters
            .filter(|letters| letters.iter().all(u8::is_ascii_uppercase))
            .map(Self)
            .ok_or(IdentifierError {
                field: "currency",
                allowed: Self::ALLOWED,
            })
    }
}

impl fmt::Display for CurrencyCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Serialize for CurrencyCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for CurrencyCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// For how long a price is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PricePeriod {
    /// A month.
    Month,
    /// A year.
    Year,
}

impl PricePeriod {
    /// Every period.
    pub const ALL: [Self; 2] = [Self::Month, Self::Year];
    /// What the edge says when a period is refused.
    pub const ALLOWED: &'static str = "month or year";

    /// The name on the wire.
    #[must_use]
    pub fn wire_name(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Year => "year",
        }
    }
}

impl FromStr for PricePeriod {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        let named = Self::ALL.into_iter().find(|period| period.wire_name() == text);
        named.ok_or(IdentifierError {
            field: "per",
            allowed: Self::ALLOWED,
        })
    }
}

/// What one seat costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Price {
    /// In smallest coins, at most [`PRICE_MINOR_UNITS_MAX`].
    pub minor_units: u64,
    /// Of which currency.
    pub currency: CurrencyCode,
    /// For how long.
    pub period: PricePeriod,
}

impl Price {
    /// Reads an amount as a person writes it: digits, and a point before the decimals.
    ///
    /// # Errors
    /// [`IdentifierError`] naming `amount` and what is allowed.
    pub fn parse(amount: &str, currency: CurrencyCode, period: PricePeriod) -> Result<Self, IdentifierError> {
        minor_units(amount, currency.decimals())
            .filter(|minor_units| *minor_units <= PRICE_MINOR_UNITS_MAX)
            .map(|minor_units| Self {
                minor_units,
                currency,
                period,
            })
            .ok_or(IdentifierError {
                field: "amount",
                allowed: AMOUNT_ALLOWED,
            })
    }

    /// The amount as a person writes it, with all decimals of the currency.
    #[must_use]
    pub fn amount(&self) -> String {
        self.amount_of(1)
    }

    /// What many seats cost for the period, written the same way.
    #[must_use]
    pub fn amount_of(&self, seats: u64) -> String {
        self.currency
            .amount(u128::from(self.minor_units) * u128::from(seats))
    }
}

fn minor_units(amount: &str, decimals: u8) -> Option<u64> {
    let (whole, fraction) = match amount.split_once('.') {
        None => (amount, ""),
        Some((_, "")) => return None,
        Some(parts) => parts,
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > usize::from(decimals) {
        return None;
    }
    let coins = format!("{whole}{fraction:0<width$}", width = usize::from(decimals));
    coins.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(amount: &str, currency: &str) -> Result<u64, &'static str> {
        let price = Price::parse(amount, currency.parse().unwrap(), PricePeriod::Month);
        price.map(|price| price.minor_units).map_err(|error| error.field)
    }

    #[test]
    fn amounts_are_exact_in_every_currency() {
        for (amount, currency, minor_units, written) in [
            ("30", "CNY", 3_000, "30.00"),
            ("29.9", "EUR", 2_990, "29.90"),
            ("0.07", "USD", 7, "0.07"),
            ("1200", "JPY", 1_200, "1200"),
            ("4.5", "KWD", 4_500, "4.500"),
        ] {
            assert_eq!(parsed(amount, currency), Ok(minor_units), "{amount} {currency}");
            let price = Price::parse(amount, currency.parse().unwrap(), PricePeriod::Year).unwrap();
            assert_eq!(price.amount(), written);
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for (amount, currency) in [
            ("", "CNY"),
            (".5", "CNY"),
            ("5.", "CNY"),
            ("-1", "CNY"),
            ("+1", "CNY"),
            ("1e3", "CNY"),
            ("1,000", "CNY"),
            ("٣", "CNY"),
            ("0.001", "CNY"),
            ("1.5", "JPY"),
            ("10000000000.01", "CNY"),
            ("99999999999999999999999", "CNY"),
        ] {
            assert_eq!(parsed(amount, currency), Err("amount"), "{amount:?} {currency}");
        }
        for text in ["cny", "CN", "CNYY", "C1Y", "", "ÄÖ"] {
            assert!(text.parse::<CurrencyCode>().is_err(), "{text:?}");
        }
        assert!("week".parse::<PricePeriod>().is_err());
    }

    #[test]
    fn many_seats_cost_many_times_as_much() {
        let price = Price::parse("10000000000", "CNY".parse().unwrap(), PricePeriod::Year).unwrap();
        assert_eq!(price.amount_of(3), "30000000000.00");
        assert_eq!(
            price.amount_of(crate::pool::POOL_SEATS_MAX),
            "90071992547409910000000000.00"
        );
    }
}
