//! What seats that nobody needs cost, added up.
//!
//! Prices of different currencies are never added. Of one currency they may be paid by the month and by the year; then the sum is
//! what a year costs, because twelve months make a year exactly and the other way round something would be rounded.

use std::collections::BTreeMap;

use crate::price::{CurrencyCode, Price, PricePeriod};

/// Months of a year.
const MONTHS: u128 = 12;

/// What seats cost in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// In smallest coins. At most 500 pools of 2^53 seats at the highest price: far from what fits.
    pub minor_units: u128,
    /// Of which currency.
    pub currency: CurrencyCode,
    /// For how long.
    pub period: PricePeriod,
}

impl Cost {
    /// What so many seats cost for the period of their price.
    #[must_use]
    pub fn of(price: Price, seats: u64) -> Self {
        Self {
            minor_units: u128::from(price.minor_units) * u128::from(seats),
            currency: price.currency,
            period: price.period,
        }
    }

    /// The amount as a person writes it, with all decimals of the currency.
    #[must_use]
    pub fn amount(&self) -> String {
        self.currency.amount(self.minor_units)
    }

    fn of_a_year(self) -> Self {
        let months = match self.period {
            PricePeriod::Month => MONTHS,
            PricePeriod::Year => 1,
        };
        Self {
            minor_units: self.minor_units.saturating_mul(months),
            period: PricePeriod::Year,
            ..self
        }
    }

    fn and(self, other: Self) -> Self {
        if self.period != other.period {
            return self.of_a_year().and(other.of_a_year());
        }
        Self {
            minor_units: self.minor_units.saturating_add(other.minor_units),
            ..self
        }
    }
}

/// One sum for each currency, in order of its letters.
pub fn add_up(costs: impl IntoIterator<Item = Cost>) -> Vec<Cost> {
    let mut sums: BTreeMap<CurrencyCode, Cost> = BTreeMap::new();
    for cost in costs {
        let sum = sums.get(&cost.currency).map_or(cost, |sum| sum.and(cost));
        sums.insert(cost.currency, sum);
    }
    sums.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(amount: &str, currency: &str, period: PricePeriod, seats: u64) -> Cost {
        let price = Price::parse(amount, currency.parse().unwrap(), period).unwrap();
        Cost::of(price, seats)
    }

    fn written(costs: Vec<Cost>) -> Vec<String> {
        let costs = add_up(costs).into_iter();
        costs
            .map(|sum| format!("{} {} / {}", sum.amount(), sum.currency, sum.period.wire_name()))
            .collect()
    }

    #[test]
    fn each_currency_has_its_own_sum() {
        use PricePeriod::{Month, Year};
        assert_eq!(written(vec![]), [""; 0]);
        assert_eq!(
            written(vec![
                cost("30", "CNY", Month, 2),
                cost("9.99", "EUR", Year, 3),
                cost("0.50", "CNY", Month, 1),
            ]),
            ["60.50 CNY / month", "29.97 EUR / year"]
        );
    }

    #[test]
    fn months_and_years_make_a_year() {
        use PricePeriod::{Month, Year};
        assert_eq!(
            written(vec![
                cost("10", "CNY", Month, 1),
                cost("100", "CNY", Year, 2),
                cost("1", "CNY", Month, 1),
            ]),
            ["332.00 CNY / year"]
        );
    }

    #[test]
    fn the_largest_ledger_fits() {
        let most = cost("10000000000", "CNY", PricePeriod::Month, (1 << 53) - 1);
        let sums = add_up(vec![most; 501]);
        assert_eq!(
            sums[0].minor_units,
            501 * ((1_u128 << 53) - 1) * 1_000_000_000_000
        );
    }
}
