//! Pools: what was bought.

use serde::Serialize;
use usher_seats::{CurrencyCode, Pool, Price, PricePeriod, SeatType};
use usher_store::{AuditObject, Effect, PoolName, Rejection};

use super::{take, waiting};
use crate::{
    book::{Answer, Book, Engine, Outcome},
    changing::Changing,
    directory,
};

/// What may be said of a pool. Its form in the audit log, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Terms {
    /// How many seats there are; none when there is no limit.
    pub bought: Option<u64>,
    /// The first moment at which seats may be given, in milliseconds.
    pub valid_from_ms: Option<i64>,
    /// The first moment at which they no longer may, in milliseconds.
    pub valid_until_ms: Option<i64>,
    /// Whether somebody has accepted that more seats may be in use than bought.
    pub overdraft_allowed: bool,
}

impl Terms {
    fn of(pool: &Pool) -> Self {
        Self {
            bought: pool.bought,
            valid_from_ms: pool.valid_from_ms,
            valid_until_ms: pool.valid_until_ms,
            overdraft_allowed: pool.overdraft_allowed,
        }
    }
}

/// Whether a pool has a seat to give, expired ones not counted as free.
pub(super) async fn free_now<B: Book>(changing: &mut Changing<'_, B>, pool: &PoolName) -> Answer<B, bool> {
    let known = changing.book.pool(pool).await?;
    Ok(known.is_none_or(|known| known.has_free(changing.at_ms)))
}

/// Checks that a pool names an app exactly when its seats are for one.
pub(super) fn require_agreement(pool: &PoolName) -> Result<(), Rejection> {
    if (pool.seat_type == SeatType::PerUserPerApp) == pool.namespace.is_some() {
        Ok(())
    } else {
        Err(Rejection::SeatTypeAndNamespaceDisagree)
    }
}

/// Checks that everything a pool names is there.
pub(super) async fn require<B: Book>(
    changing: &mut Changing<'_, B>,
    pool: &PoolName,
) -> Result<(), <B as Engine>::Unchanged> {
    require_agreement(pool)?;
    directory::require_tenant(changing.book, pool.tenant_id).await?;
    match &pool.namespace {
        Some(app) => directory::require_app(changing.book, pool.tenant_id, app).await,
        None => Ok(()),
    }
}

/// Says what was bought, and gives what that frees to who waits.
pub(super) async fn put<B: Book>(
    changing: &mut Changing<'_, B>,
    name: &PoolName,
    terms: &Terms,
) -> Outcome<B> {
    require(changing, name).await?;
    if let (Some(from_ms), Some(until_ms)) = (terms.valid_from_ms, terms.valid_until_ms)
        && until_ms <= from_ms
    {
        return Err(Rejection::PoolNeverValid.into());
    }
    take::settle(changing, name, usize::MAX).await?;
    let before = changing.book.pool(name).await?;
    let after = Pool {
        bought: terms.bought,
        in_use: before.map_or(0, |before| before.in_use),
        valid_from_ms: terms.valid_from_ms,
        valid_until_ms: terms.valid_until_ms,
        overdraft_allowed: terms.overdraft_allowed,
    };
    if !after.covers_its_seats() {
        return Err(Rejection::PoolTooSmall.into());
    }
    let before = before.as_ref().map(Terms::of);
    if before.as_ref() == Some(terms) {
        return Ok(Effect::Unchanged);
    }
    changing.book.write_pool(name, terms).await?;
    let whose = (name.tenant_id, AuditObject::Pool, name.to_string());
    changing.note(whose, "pool.set", (before.as_ref(), Some(terms)))?;
    waiting::serve(changing, name).await?;
    Ok(if before.is_some() {
        Effect::Updated
    } else {
        Effect::Created
    })
}

/// Says what a seat costs. A pool of which nothing else was said has no limit.
pub(super) async fn put_price<B: Book>(
    changing: &mut Changing<'_, B>,
    name: &PoolName,
    price: Option<Price>,
) -> Outcome<B> {
    require(changing, name).await?;
    let before = changing.book.price(name).await?;
    if before == price {
        return Ok(Effect::Unchanged);
    }
    changing.book.write_price(name, price).await?;
    let whose = (name.tenant_id, AuditObject::Pool, name.to_string());
    let shown = (before.map(Shown::of), price.map(Shown::of));
    changing.note(whose, "pool.price_changed", (shown.0.as_ref(), shown.1.as_ref()))?;
    Ok(Effect::Updated)
}

/// A price in the audit log, as people write it.
#[derive(Serialize)]
struct Shown {
    amount: String,
    currency: CurrencyCode,
    per: PricePeriod,
}

impl Shown {
    fn of(price: Price) -> Self {
        Self {
            amount: price.amount(),
            currency: price.currency,
            per: price.period,
        }
    }
}
