//! What a seat costs, as the forms of a pool have it.

use usher_console::{Choice, Field, FieldKind};
use usher_seats::{CurrencyCode, Price, PricePeriod};

use crate::{
    console::{desk::Desk, refused},
    sign_in::problem::Problem,
};

/// What is asked, filled in as it is.
pub(super) fn fields(desk: &Desk, price: Option<Price>) -> Vec<Field> {
    let directory = desk.directory();
    let periods = vec![
        Choice::new(PricePeriod::Month.wire_name(), directory.pool_month),
        Choice::new(PricePeriod::Year.wire_name(), directory.pool_year),
    ];
    let period = price.map_or(PricePeriod::Month, |price| price.period);
    vec![
        Field::new("amount", directory.pool_price, FieldKind::Text)
            .hint(directory.pool_price_hint)
            .with(price.map_or(String::new(), |price| price.amount())),
        Field::new("currency", directory.pool_currency, FieldKind::Text)
            .with(price.map_or(String::new(), |price| price.currency.to_string())),
        Field::new("per", directory.pool_per, FieldKind::Select(periods)).with(period.wire_name()),
    ]
}

/// The price that a form says; none where it says none, and a sentence where it does not fit.
pub(super) fn sent(desk: &Desk) -> Result<Result<Option<Price>, String>, Problem> {
    let (words, directory) = (desk.words(), desk.directory());
    let amount = desk.sent("amount")?;
    if amount.is_empty() {
        return Ok(Ok(None));
    }
    let Ok(currency) = desk.sent("currency")?.to_uppercase().parse::<CurrencyCode>() else {
        return Ok(Err(refused::field(
            words,
            directory.pool_currency,
            words.allowed_currency,
        )));
    };
    let period = desk.sent("per")?.parse().unwrap_or(PricePeriod::Month);
    let price = Price::parse(amount, currency, period).map(Some);
    Ok(price.map_err(|_| refused::field(words, directory.pool_price, words.allowed_amount)))
}
