//! Tokens: one for the back end that reports accesses, and many for programs that read pages. A program may ask ten times in a
//! second, so that many have to ask in turn before the server is at work and not the limit.

use std::{net::SocketAddr, sync::Arc};

use usher_bench::speech::{People, Speech, http::Pages};
use usher_http::{edge::draw, open_apis::Call};
use usher_identity::{KeyRing, PageBinding, PagePlace};
use usher_seats::{ClientId, SeatType, TenantId, UserId};
use usher_store::{Change, Client, ClientKind};

use crate::{
    chance::SystemChance,
    control::{
        Control, tokens,
        wire::{BearerChoice, IssueQuestion},
    },
    data_folder::DataFolder,
    failure::Failure,
    identifiers,
    ledger::Ledger,
    ledger_place::LedgerPlace,
    server::Server,
    words,
};

/// Programs that read; together they may read twenty thousand pages in a second, more than two processors answer.
const CLIENTS: u64 = 2_000;
/// As many as ask at once: more than processors, fewer than a crowd.
pub(crate) const PAGE_CONNECTIONS: usize = 8;
/// The most rows that a page may have.
pub(crate) const PAGE_ROWS: u64 = 500;
/// How long the tokens are good, in milliseconds: longer than any measurement.
const TOKEN_LIFE_MS: i64 = 24 * 60 * 60 * 1_000;

/// Who may ask for what.
pub(crate) struct Bearers {
    /// The token of a back end.
    pub(crate) service: String,
    readers: Vec<Reader>,
}

/// A program that reads pages, and the token of its last page.
struct Reader {
    token: String,
    last_page: String,
}

impl Bearers {
    /// Requests for the first page, and for the last.
    pub(crate) fn pages(&self, address: SocketAddr) -> [Arc<dyn Speech>; 2] {
        let host = address.to_string();
        let path = Call::SeatActivities.path();
        let first = format!("{path}?seat_type=per_user&page_size={PAGE_ROWS}");
        let of_last = |reader: &Reader| format!("{first}&page_token={}", reader.last_page);
        let lasts: Vec<String> = self.readers.iter().map(of_last).collect();
        let tokens = || self.readers.iter().map(|reader| reader.token.as_str());
        [
            Arc::new(Pages::new(&host, tokens().map(|token| (first.as_str(), token)))),
            Arc::new(Pages::new(&host, lasts.iter().map(String::as_str).zip(tokens()))),
        ]
    }
}

/// Opens the ledger of a folder that nobody serves, and gives the tokens.
///
/// # Errors
/// As the ledger.
pub(crate) async fn make(folder: &DataFolder, people: &People) -> Result<Bearers, Failure> {
    let (ledger, _) = Server::open(&LedgerPlace::in_folder(folder.clone()), "usher bench").await?;
    let made = make_in(&ledger, folder, people).await;
    ledger.close().await;
    made
}

async fn make_in(ledger: &Ledger, folder: &DataFolder, people: &People) -> Result<Bearers, Failure> {
    let control = ledger.control(None);
    let tenant_id = control.tenant(&identifiers::tenant_key(None)?).await?.tenant_id;
    let keys = KeyRing::from_key_file(&folder.key(&SystemChance)?);
    let service = issue(&control, BearerChoice::Service, None).await?;
    let clients: Vec<ClientId> = (0..CLIENTS)
        .map(|client| format!("cli_{client:016x}").parse())
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::failed(identifiers::words_of(&error)))?;
    let put = clients.iter().map(|client_id| {
        Change::PutClient(Client {
            tenant_id,
            client_id: client_id.clone(),
            name: "usher bench".to_owned(),
            kind: ClientKind::SelfBuilt,
            scopes: vec![Call::SeatActivities.scope().to_owned()],
            enabled: true,
        })
    });
    ledger.store.change(put.collect(), ledger.clock.now_ms()).await?;
    let mut readers = Vec::new();
    for client_id in clients {
        let last_page = last_page(&keys, (tenant_id, &client_id), people, ledger.clock.now_ms())?;
        let token = issue(&control, BearerChoice::Administrator, Some(client_id)).await?;
        readers.push(Reader { token, last_page });
    }
    Ok(Bearers { service, readers })
}

async fn issue(
    control: &Control,
    bearer: BearerChoice,
    client_id: Option<ClientId>,
) -> Result<String, Failure> {
    let scopes = match bearer {
        BearerChoice::Service => Vec::new(),
        _ => vec![Call::SeatActivities.scope().to_owned()],
    };
    let question = IssueQuestion {
        tenant_key: Some(identifiers::tenant_key(None)?),
        bearer,
        scopes,
        client_id,
        life_ms: TOKEN_LIFE_MS,
    };
    Ok(tokens::issue(control, question).await?.token)
}

/// The page token behind which one person more is left than fits into a page. Everybody has a row, so that page has as many rows
/// as the first one.
fn last_page(
    keys: &KeyRing,
    (tenant_id, client_id): (TenantId, &ClientId),
    people: &People,
    now_ms: i64,
) -> Result<String, Failure> {
    let left = people.users.min(PAGE_ROWS + 1);
    let before = people.first_user + people.step * (people.users - left);
    let user_id = i64::try_from(before.saturating_sub(1))
        .ok()
        .and_then(|id| UserId::new(id).ok());
    let Some(user_id) = user_id else {
        return Err(Failure::failed(words!("no such page", "没有这样的页")));
    };
    let place = PagePlace {
        user_id,
        namespace: None,
    };
    let binding = PageBinding {
        tenant_id,
        client_id,
        endpoint: Call::SeatActivities.name(),
        seat_type: SeatType::PerUser,
    };
    keys.page_sealer()
        .seal(&place, &binding, now_ms, draw(&SystemChance))
        .map_err(|error| Failure::failed(words!("{error}", "无法密封分页令牌：{error}")))
}
