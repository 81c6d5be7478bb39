//! `/usher/v1/pools`: what was bought of each kind of seat, and how much of it is in use.

use axum::response::Response;
use serde::{Deserialize, Serialize};
use usher_seats::{CurrencyCode, Namespace, Price, PricePeriod, SeatType, TenantId};
use usher_store::{LedgerChange, PoolName, PoolRow};
use utoipa::ToSchema;

use super::{
    super::{
        asked::Asked,
        lists::{Listed, Place},
        refusals,
        schemas::{
            AmountText, ChangeQuery, CurrencyText, Moment, MomentNumber, NamespaceText, PageQuery, PoolPath,
            PoolText, PricePeriodText, Refusals, SeatCountNumber, SeatTypeText, TenantQuery,
        },
        values::{MomentMs, SeatCount, present_or_null},
    },
    shown::{Changed, Wish},
};
use crate::wire::{WireCode, WireError, envelope::SuccessBody, success};

/// A pool as it is now.
#[derive(Serialize, ToSchema)]
pub(in super::super) struct PoolData {
    /// Its name.
    #[schema(value_type = PoolText)]
    pool: String,
    #[schema(value_type = SeatTypeText)]
    seat_type: SeatType,
    /// The app; null for platform seats.
    #[schema(value_type = Option<NamespaceText>, required = true)]
    namespace: Option<Namespace>,
    /// How many seats were bought; null means that there is no limit.
    #[schema(value_type = Option<SeatCountNumber>, required = true)]
    bought: Option<u64>,
    /// How many are held and have not run out.
    #[schema(value_type = SeatCountNumber)]
    in_use: u64,
    /// How many may be given now; null means that there is no limit.
    #[schema(value_type = Option<SeatCountNumber>, required = true)]
    free: Option<u64>,
    /// How many more are in use than were bought.
    #[schema(value_type = SeatCountNumber)]
    overdrawn: u64,
    /// Whether somebody has accepted that more may be in use than were bought.
    allow_overdraft: bool,
    /// Whether seats may be given now, if any are free.
    valid: bool,
    /// The first moment at which seats may be given.
    #[schema(value_type = Option<Moment>, required = true)]
    valid_from: Option<i64>,
    /// The first moment at which they no longer may.
    #[schema(value_type = Option<Moment>, required = true)]
    valid_until: Option<i64>,
    /// How many people wait for a seat.
    waiting: u64,
    /// What a seat costs; null when nobody has said.
    #[schema(required = true)]
    price: Option<PriceData>,
    /// How many of the free seats are kept for whoever had them until they were taken back; a thousand stands for more.
    #[schema(value_type = SeatCountNumber)]
    kept: u64,
}

/// What a seat costs.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct PriceData {
    /// A decimal number with no more decimals than the currency has.
    #[schema(value_type = AmountText)]
    amount: String,
    #[schema(value_type = CurrencyText)]
    currency: CurrencyCode,
    /// For how long it is paid.
    #[schema(value_type = PricePeriodText)]
    per: PricePeriod,
}

impl PriceData {
    fn of(price: Price) -> Self {
        Self {
            amount: price.amount(),
            currency: price.currency,
            per: price.period,
        }
    }
}

impl PoolData {
    fn of(row: PoolRow, tenant_id: TenantId, now_ms: i64) -> Self {
        let PoolRow {
            seat_type,
            namespace,
            pool,
            waiting,
            price,
            kept,
        } = row;
        let name = PoolName {
            tenant_id,
            seat_type,
            namespace: namespace.clone(),
        };
        Self {
            pool: name.to_string(),
            seat_type,
            namespace,
            bought: pool.bought,
            in_use: pool.in_use,
            free: pool.free(now_ms),
            overdrawn: pool.overdrawn(),
            allow_overdraft: pool.overdraft_allowed,
            valid: pool.valid(now_ms),
            valid_from: pool.valid_from_ms,
            valid_until: pool.valid_until_ms,
            waiting,
            price: price.map(PriceData::of),
            kept,
        }
    }
}

/// What was bought.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct PoolTerms {
    /// How many seats; null takes the limit away. Fewer than are in use are refused, unless `allow_overdraft` is true.
    #[serde(deserialize_with = "present_or_null")]
    #[schema(value_type = Option<SeatCountNumber>, required = true)]
    bought: Option<SeatCount>,
    /// The first moment at which seats may be given; absent or null for always.
    #[schema(value_type = Option<MomentNumber>)]
    valid_from: Option<MomentMs>,
    /// The first moment at which they no longer may; absent or null for never.
    #[schema(value_type = Option<MomentNumber>)]
    valid_until: Option<MomentMs>,
    /// Lets fewer seats be bought than are in use. Nothing is taken from anybody; nobody new gets a seat until enough
    /// were given back.
    #[serde(default)]
    allow_overdraft: bool,
}

/// List pools, in order of their name.
#[utoipa::path(get, path = "/usher/v1/pools", tag = "pools", operation_id = "list_pools",
    params(TenantQuery, PageQuery),
    responses((status = 200, description = "A page of pools.", body = SuccessBody<Listed<PoolData>>), Refusals))]
pub(in super::super) async fn list(asked: Asked) -> Result<Response, WireError> {
    let tenant = asked.tenant().await?;
    let tenant_id = tenant.tenant_id;
    let place = Place::<String>::read(&asked, "pools", tenant.tenant_key.as_str())?;
    let after = place.after.as_ref();
    let after = after.and_then(|name| PoolName::parse(tenant_id, name).ok());
    let store = &asked.edge.store;
    let rows = store
        .pools(tenant_id, after, place.rows_asked(), asked.now_ms)
        .await?;
    let page = place.page(
        rows.into_iter()
            .map(|row| PoolData::of(row, tenant_id, asked.now_ms))
            .collect(),
    );
    place.answer(&asked, page, |pool| pool.pool.clone(), |pool| pool)
}

/// Show a pool: what was bought, how much of it is in use, who waits.
#[utoipa::path(get, path = "/usher/v1/pools/{pool}", tag = "pools", operation_id = "get_pool",
    params(PoolPath, TenantQuery),
    responses((status = 200, description = "The pool.", body = SuccessBody<PoolData>), Refusals))]
pub(in super::super) async fn show(asked: Asked) -> Result<Response, WireError> {
    let name = named(&asked).await?;
    success(found(&asked, name).await?)
}

/// Say what was bought. What that frees goes to who waits.
#[utoipa::path(put, path = "/usher/v1/pools/{pool}", tag = "pools", operation_id = "set_pool",
    params(PoolPath, TenantQuery, ChangeQuery), request_body = PoolTerms,
    responses((status = 200, description = "The pool.", body = SuccessBody<Changed<PoolData>>), Refusals))]
pub(in super::super) async fn set(asked: Asked) -> Result<Response, WireError> {
    let name = named(&asked).await?;
    let wish = Wish::read(&asked)?;
    let terms: PoolTerms = asked.body()?;
    let change = LedgerChange::PutPool {
        pool: name.clone(),
        bought: terms.bought.map(|bought| bought.0),
        valid_from_ms: terms.valid_from.map(|moment| moment.0),
        valid_until_ms: terms.valid_until.map(|moment| moment.0),
        overdraft_allowed: terms.allow_overdraft,
    };
    let done = wish.make(&asked, change).await?;
    done.answer(found(&asked, name)).await
}

/// Say what a seat costs, for reports. Nothing else depends on it.
#[utoipa::path(put, path = "/usher/v1/pools/{pool}/price", tag = "pools", operation_id = "set_pool_price",
    params(PoolPath, TenantQuery, ChangeQuery), request_body = PriceData,
    responses((status = 200, description = "The pool.", body = SuccessBody<Changed<PoolData>>), Refusals))]
pub(in super::super) async fn set_price(asked: Asked) -> Result<Response, WireError> {
    let name = named(&asked).await?;
    let data: PriceData = asked.body()?;
    let price = Price::parse(&data.amount, data.currency, data.per).map_err(|error| {
        let violation = refusals::violation("amount", &error).with_value(&data.amount);
        WireError::bad_request(vec![violation])
    })?;
    put_price(&asked, name, Some(price)).await
}

/// Take the price away.
#[utoipa::path(delete, path = "/usher/v1/pools/{pool}/price", tag = "pools", operation_id = "delete_pool_price",
    params(PoolPath, TenantQuery, ChangeQuery),
    responses((status = 200, description = "The pool.", body = SuccessBody<Changed<PoolData>>), Refusals))]
pub(in super::super) async fn remove_price(asked: Asked) -> Result<Response, WireError> {
    let name = named(&asked).await?;
    found(&asked, name.clone()).await?;
    put_price(&asked, name, None).await
}

async fn put_price(asked: &Asked, name: PoolName, price: Option<Price>) -> Result<Response, WireError> {
    let wish = Wish::read(asked)?;
    let change = LedgerChange::PutPrice {
        pool: name.clone(),
        price,
    };
    let done = wish.make(asked, change).await?;
    done.answer(found(asked, name)).await
}

/// The pool that the path means.
pub(super) async fn named(asked: &Asked) -> Result<PoolName, WireError> {
    let tenant_id = asked.tenant().await?.tenant_id;
    asked.path_by("pool", |text| PoolName::parse(tenant_id, text))
}

async fn found(asked: &Asked, name: PoolName) -> Result<PoolData, WireError> {
    let tenant_id = name.tenant_id;
    let row = asked.edge.store.pool(name, asked.now_ms).await?;
    row.map(|row| PoolData::of(row, tenant_id, asked.now_ms))
        .ok_or(WireCode::PoolUnknown.into())
}
