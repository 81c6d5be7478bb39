//! `usher tenant`, `usher user`, `usher app`, `usher client`, `usher pool`, `usher seat` and `usher group`: the management API from the command line.
//!
//! Each command is one call of that API over the control channel, as operator. What may be done and what is refused is
//! decided there; here is only what is typed and what is printed.

pub(super) mod apps;
pub(super) mod audit;
pub(super) mod clients;
pub(super) mod groups;
pub(super) mod idle_seats;
pub(super) mod leaves;
mod ledger_lines;
pub(super) mod pools;
mod report_file;
pub(super) mod seats;
mod shown;
mod sparkline;
pub(super) mod tenants;
pub(super) mod usage;
pub(super) mod users;

use hyper::Method;
use serde_json::{Map, Value};

use super::Context;
use crate::{
    arguments::{DataArguments, manage::PlaceArguments},
    control::Channel,
    failure::Failure,
    identifiers,
    language::Words,
    output::Exit,
};

use shown::Columns;

/// Rows of a page: the most the API gives at once.
const PAGE_ROWS: usize = 500;

/// A way to the management API, for one command.
struct Desk<'a> {
    context: &'a Context<'a>,
    channel: Channel,
    /// The tenant meant, as a query.
    tenant: String,
}

impl<'a> Desk<'a> {
    /// Opens the way to a tenant's things.
    async fn of_tenant(
        context: &'a Context<'a>,
        place: PlaceArguments,
        command: &'static str,
    ) -> Result<Self, Failure> {
        let tenant_key = identifiers::tenant_key(place.tenant.as_deref())?;
        let tenant = format!("tenant_key={tenant_key}");
        Self::open(context, place.data, command, tenant).await
    }

    /// Opens the way.
    async fn open(
        context: &'a Context<'a>,
        data: DataArguments,
        command: &'static str,
        tenant: String,
    ) -> Result<Self, Failure> {
        let place = context.ledger(data)?;
        let channel = Channel::reach(&place, command).await?;
        Ok(Self {
            context,
            channel,
            tenant,
        })
    }

    /// Makes one call.
    async fn call(&mut self, method: Method, path: &str, body: Option<Value>) -> Result<Value, Failure> {
        let target = format!("{path}?{}", self.tenant);
        self.channel.manage(method, &target, body.as_ref()).await
    }

    /// Adds to the query of every call.
    fn with(mut self, name: &str, value: &str) -> Self {
        let pair = form_urlencoded::Serializer::new(String::new())
            .append_pair(name, value)
            .finish();
        self.tenant.push('&');
        self.tenant.push_str(&pair);
        self
    }

    /// Makes one call and prints the thing it answers.
    async fn show(
        mut self,
        method: Method,
        path: &str,
        body: Option<Value>,
        columns: Columns,
    ) -> Result<Exit, Failure> {
        let answered = self.call(method, path, body).await;
        self.channel.close().await;
        let thing = answered?;
        self.context.output.result(&columns.line(&thing), &thing)?;
        Ok(Exit::Done)
    }

    /// Prints a whole list, page by page, so that memory does not grow with it.
    async fn list(self, path: &str, columns: Columns) -> Result<Exit, Failure> {
        self.list_as(path, |item| columns.line(item)).await
    }

    /// The same with lines of another form.
    async fn list_as(mut self, path: &str, line: impl Fn(&Value) -> Words) -> Result<Exit, Failure> {
        let listed = self.list_pages(path, line).await;
        self.channel.close().await;
        listed.map(|()| Exit::Done)
    }

    async fn list_pages(&mut self, path: &str, line: impl Fn(&Value) -> Words) -> Result<(), Failure> {
        let mut more = String::new();
        loop {
            let target = format!("{path}?{}&page_size={PAGE_ROWS}{more}", self.tenant);
            let page = self.channel.manage(Method::GET, &target, None).await?;
            let items = page.get("items").and_then(Value::as_array);
            for item in items.into_iter().flatten() {
                self.context.output.result(&line(item), item)?;
            }
            let Some(page_token) = page.get("page_token").and_then(Value::as_str) else {
                return Ok(());
            };
            more = format!("&page_token={page_token}");
        }
    }
}

/// A body of the fields that were given.
fn fields<const N: usize>(fields: [(&str, Option<Value>); N]) -> Option<Value> {
    let given = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Some(Value::Object(given.collect::<Map<_, _>>()))
}

/// A text of a call's data.
fn text<'a>(data: &'a Value, field: &str) -> &'a str {
    data.get(field).and_then(Value::as_str).unwrap_or_default()
}
