//! Lists, seats and pools as a server shows them.

use std::{net::SocketAddr, time::Duration};

use axum::http::{Method, StatusCode};
use serde_json::Value;
use usher_checker::{ActivityRow, Kind, PoolCount, Quiet, Seat, SeatLook, SeatRow, Walk};

use super::{
    callers::{Told, kind},
    connection::{Answer, Connection, Gone},
    plan::{Dice, app_number, namespace},
    recorder::Recorder,
    world::Tokens,
};

/// Rows of the pages of a quick reading: the most that a page holds.
const ROWS_PER_PAGE: u64 = 500;
/// Rows of the pages of a thorough reading: so few that there are many pages, and no divisor of the number of rows.
const ROWS_PER_PAGE_THOROUGH: u64 = 97;

/// Why there is no reading.
#[derive(Debug)]
pub(super) enum Unread {
    /// The server is gone.
    Gone,
    /// It asks to come back later, which somebody who reads beside others does not do.
    NotNow,
    /// It answered what nobody should be told.
    Surprise(String),
}

impl From<Gone> for Unread {
    fn from(Gone: Gone) -> Self {
        Self::Gone
    }
}

/// How carefully everything is read while all is quiet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    /// Once, in large pages.
    Quick,
    /// Also in small pages, and every seat by its name.
    Thorough,
}

/// Reads from one server.
pub(super) struct Reader {
    connection: Connection,
    tokens: Tokens,
    recorder: Recorder,
    /// Whether to wait where a rate is limited.
    patient: bool,
}

impl Reader {
    pub(super) async fn open(
        address: SocketAddr,
        tokens: &Tokens,
        recorder: &Recorder,
        patient: bool,
    ) -> Result<Self, Unread> {
        Ok(Self {
            connection: Connection::open(address).await?,
            tokens: tokens.clone(),
            recorder: recorder.clone(),
            patient,
        })
    }

    /// Everything there is; `seats` are also asked for one by one.
    pub(super) async fn everything(&mut self, care: Care, seats: &[Seat]) -> Result<Quiet, Unread> {
        let mut quiet = Quiet::default();
        let sizes: &[u64] = match care {
            Care::Quick => &[ROWS_PER_PAGE],
            Care::Thorough => &[ROWS_PER_PAGE, ROWS_PER_PAGE_THOROUGH],
        };
        for size in sizes {
            for kind in [Kind::Platform, Kind::App] {
                quiet.seats.push(self.seats(kind, *size).await?);
                quiet.activities.push(self.activities(kind, *size).await?);
            }
        }
        let all = quiet.seats.iter().flat_map(|walk| &walk.rows).map(|row| row.seat);
        let named: Vec<Seat> = match care {
            Care::Quick => seats.to_vec(),
            Care::Thorough => all.collect(),
        };
        for seat in named {
            quiet.looks.push(self.look(seat).await?);
        }
        quiet.pools = self.pools().await?;
        Ok(quiet)
    }

    /// All pages of the activities of a kind.
    pub(super) async fn activities(&mut self, kind: Kind, size: u64) -> Result<Walk<ActivityRow>, Unread> {
        let target = format!(
            "/open-apis/apaas/v1/seat_activities?seat_type={}&page_size={size}",
            seat_type(kind)
        );
        let token = self.tokens.administrator.clone();
        self.walk(kind, &target, &token, activity_row).await
    }

    /// All pages of the seats of a kind.
    pub(super) async fn seats(&mut self, kind: Kind, size: u64) -> Result<Walk<SeatRow>, Unread> {
        let target = format!(
            "/usher/v1/seats?tenant_key=default&seat_type={}&page_size={size}",
            seat_type(kind)
        );
        let token = self.tokens.operator.clone();
        self.walk(kind, &target, &token, seat_row).await
    }

    async fn walk<Row>(
        &mut self,
        kind: Kind,
        target: &str,
        token: &str,
        read: impl Fn(&Value) -> Option<Row>,
    ) -> Result<Walk<Row>, Unread> {
        let begin = self.recorder.tick();
        let mut rows = Vec::new();
        let mut place = String::new();
        loop {
            let page = self.get(&format!("{target}{place}"), token).await?;
            for item in page.items() {
                rows.push(read(item).ok_or_else(|| surprise(&page))?);
            }
            match page.data().get("page_token").and_then(Value::as_str) {
                Some(page_token) => place = format!("&page_token={page_token}"),
                None => break,
            }
        }
        Ok(Walk {
            window: self.recorder.since(begin),
            kind,
            rows,
        })
    }

    async fn look(&mut self, seat: Seat) -> Result<SeatLook, Unread> {
        let name = match seat.app {
            None => format!("per_user:{}", seat.user),
            Some(app) => format!("per_user_per_app:{}:{}", seat.user, namespace(app)),
        };
        let target = format!("/usher/v1/seats/{name}?tenant_key=default");
        let token = self.tokens.operator.clone();
        let answer = self.ask(&target, &token).await?;
        let in_use = match answer.status {
            StatusCode::NOT_FOUND => false,
            StatusCode::OK => in_use(answer.data()).ok_or_else(|| surprise(&answer))?,
            _ => return Err(surprise(&answer)),
        };
        Ok(SeatLook { seat, in_use })
    }

    async fn pools(&mut self) -> Result<Vec<PoolCount>, Unread> {
        let token = self.tokens.operator.clone();
        let answer = self
            .get("/usher/v1/pools?tenant_key=default&page_size=500", &token)
            .await?;
        let pools: Option<Vec<PoolCount>> = answer.items().iter().map(pool_count).collect();
        pools.ok_or_else(|| surprise(&answer))
    }

    async fn get(&mut self, target: &str, token: &str) -> Result<Answer, Unread> {
        let answer = self.ask(target, token).await?;
        if answer.status == StatusCode::OK {
            Ok(answer)
        } else {
            Err(surprise(&answer))
        }
    }

    async fn ask(&mut self, target: &str, token: &str) -> Result<Answer, Unread> {
        loop {
            let answer = self
                .connection
                .ask(Method::GET, target, token, String::new())
                .await?;
            let later = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE];
            if !later.contains(&answer.status) {
                return Ok(answer);
            }
            if !self.patient {
                return Err(Unread::NotNow);
            }
            tokio::time::sleep(Duration::from_secs(answer.retry_after_seconds())).await;
        }
    }
}

/// Reads lists beside the callers until the server is gone.
pub(super) async fn read_beside(
    address: SocketAddr,
    tokens: Tokens,
    recorder: Recorder,
    mut dice: Dice,
) -> Told {
    let mut told = Told::default();
    let Ok(mut reader) = Reader::open(address, &tokens, &recorder, false).await else {
        return told;
    };
    loop {
        let kind = if dice.below(2) == 0 {
            Kind::Platform
        } else {
            Kind::App
        };
        let size = 1 + dice.below(ROWS_PER_PAGE);
        let read = if dice.below(4) == 0 {
            let walk = reader.activities(kind, ROWS_PER_PAGE).await;
            walk.map(|walk| told.load.activities.push(walk))
        } else {
            let walk = reader.seats(kind, size).await;
            walk.map(|walk| told.load.seats.push(walk))
        };
        match read {
            Ok(()) | Err(Unread::NotNow) => {}
            Err(Unread::Gone) => return told,
            Err(Unread::Surprise(surprise)) => told.surprises.push(surprise),
        }
        tokio::time::sleep(Duration::from_millis(dice.below(20))).await;
    }
}

fn seat_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Platform => "per_user",
        Kind::App => "per_user_per_app",
    }
}

fn surprise(answer: &Answer) -> Unread {
    Unread::Surprise(format!("{} {}", answer.status, answer.body))
}

fn in_use(item: &Value) -> Option<bool> {
    match item.get("status")?.as_str()? {
        "in_use" => Some(true),
        "released" => Some(false),
        _ => None,
    }
}

fn activity_row(item: &Value) -> Option<ActivityRow> {
    Some(ActivityRow {
        user: item.get("user_id")?.as_u64()?,
        app: app_number(item.get("namespace")?.as_str()?)?,
        in_use: in_use(item)?,
        active_time_ms: item.get("active_time")?.as_i64()?,
    })
}

fn seat_row(item: &Value) -> Option<SeatRow> {
    let app = match kind(item.get("seat_type")?.as_str()?)? {
        Kind::Platform => None,
        Kind::App => Some(app_number(item.get("namespace")?.as_str()?)?),
    };
    let user = item.get("user_id")?.as_u64()?;
    Some(SeatRow {
        seat: Seat { user, app },
        in_use: in_use(item)?,
    })
}

fn pool_count(item: &Value) -> Option<PoolCount> {
    let app = match kind(item.get("seat_type")?.as_str()?)? {
        Kind::Platform => None,
        Kind::App => Some(app_number(item.get("namespace")?.as_str()?)?),
    };
    Some(PoolCount {
        app,
        in_use: item.get("in_use")?.as_u64()?,
    })
}
