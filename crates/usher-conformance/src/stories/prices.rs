//! Tales of what seats cost.

use usher_seats::{Price, PricePeriod};
use usher_store::{Effect, LedgerChange, Rejection};

use crate::{
    Home,
    ledger::{Ledger, START_MS},
};

/// A price is kept with its pool, whatever else is said of it, and is in the audit log.
pub async fn a_pool_has_a_price(home: &mut dyn Home) {
    let ledger = Ledger::found(home.store(), "acme").await;
    ledger.people_and_apps(&[1], &["crm"]).await;
    let price_of = async |app| {
        let found = ledger.store.pool(ledger.pool_name(app), START_MS).await.unwrap();
        found.map(|row| row.price)
    };
    let put = |app, price| {
        let pool = ledger.pool_name(app);
        ledger.change(LedgerChange::PutPrice { pool, price }.into(), START_MS)
    };
    let price = |amount: &str, period| Price::parse(amount, "CNY".parse().unwrap(), period).ok();
    let (monthly, yearly) = (
        price("30", PricePeriod::Month),
        price("299.90", PricePeriod::Year),
    );
    assert_eq!(put(None, None).await, Ok(Effect::Unchanged));
    assert_eq!(put(None, monthly).await, Ok(Effect::Updated));
    assert_eq!(put(None, monthly).await, Ok(Effect::Unchanged));
    assert_eq!(put(Some("crm"), yearly).await, Ok(Effect::Updated));
    assert_eq!(price_of(None).await, Some(monthly));
    assert_eq!(price_of(Some("crm")).await, Some(yearly));
    ledger.assign(1, None, None, START_MS).await;
    assert_eq!(price_of(None).await, Some(monthly));
    assert_eq!(ledger.overview(START_MS).await.pools[0].pool.price, monthly);
    assert_eq!(put(None, None).await, Ok(Effect::Updated));
    assert_eq!(price_of(None).await, Some(None));
    let unknown = put(Some("erp"), monthly).await.unwrap_err();
    assert_eq!(unknown.rejection(), Some(Rejection::AppUnknown));
}
