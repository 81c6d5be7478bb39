//! A system administrator at the console: who, whose organisation, and how a page of it is answered.

use std::sync::Arc;

use axum::{
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use jiff::Timestamp;
use usher_console::{
    Block, Frame, Language, Link, Page, Section, grouped,
    texts::{Acts, Directory, Gateway, Seats, Shell, Words, fill},
};
use usher_seats::{Day, TenantId, UserId};
use usher_store::{
    Actor, Author, Change, ChangeOutcome, ChangeRequest, Effect, Manner, Store, StoreError, Tenant, User,
};

use super::{
    STYLESHEET_PATH,
    operator::{OPERATOR_PATH, ORGANISATIONS_PATH, Operator},
};
use crate::{
    edge::Edge,
    manage,
    sign_in::{
        account::ACCOUNT_PATH,
        destination::{CONSOLE_PATH, Destination},
        page,
        problem::{Problem, SignOut},
        session::{FormKind, SignedIn, check_form, form_token, signed_in},
        sign_in_form,
        visit::Visit,
    },
    wire::WireCode,
};

/// What comes of asking for a page.
pub(super) enum Entered {
    /// Somebody who may.
    Desk(Box<Desk>),
    /// The way there.
    Elsewhere(Response),
}

/// Who may look.
#[derive(Debug)]
pub(super) enum Who {
    /// A system administrator of the organisation.
    Administrator(User),
    /// An operator, of every one; named as in the audit log.
    Operator(String),
}

/// A system administrator who asks for a page or sends a form of one.
pub(super) struct Desk {
    /// What the routes are given.
    pub(super) edge: Arc<Edge>,
    /// The request.
    pub(super) visit: Arc<Visit>,
    /// Whose organisation.
    pub(super) tenant: Tenant,
    /// Who.
    pub(super) who: Who,
    /// Proves that a form is ours.
    pub(super) form_token: String,
}

impl Desk {
    /// Lets a system administrator in; shows whoever is not signed in the way. A form is looked at only when it is ours.
    ///
    /// # Errors
    /// [`Problem::FormUnknown`] for a form that is not ours, [`Problem::NotAdministrator`] for anybody else who is signed in.
    pub(super) async fn enter(edge: Arc<Edge>, visit: Arc<Visit>) -> Result<Entered, Problem> {
        let posted = visit.method == Method::POST;
        if let Some(operator) = Operator::of(&edge, &visit).await? {
            return Self::enter_as_operator(edge, visit, operator).await;
        }
        let Some(person) = signed_in(&edge, &visit).await? else {
            if posted {
                return Err(Problem::FormUnknown);
            }
            let here = Destination::read(visit.here.as_deref().unwrap_or_default());
            let response = sign_in_form::ask(&edge, &visit, &here, None).await?;
            return Ok(Entered::Elsewhere(response));
        };
        let SignedIn { tenant, user, cookie } = person;
        if posted {
            check_form(&edge, &visit, FormKind::Console, Some(&cookie))?;
        }
        if !user.system_administrator {
            let sign_out = SignOut {
                form_token: form_token(&edge, FormKind::Account, &cookie),
                destination: visit.here.clone().unwrap_or_else(|| CONSOLE_PATH.to_owned()),
            };
            return Err(Problem::NotAdministrator {
                sign_out: Some(sign_out),
            });
        }
        let form_token = form_token(&edge, FormKind::Console, &cookie);
        Ok(Entered::Desk(Box::new(Self {
            edge,
            visit,
            tenant,
            who: Who::Administrator(user),
            form_token,
        })))
    }

    /// Lets an operator in to the organisation that they have chosen, or shows them all.
    async fn enter_as_operator(
        edge: Arc<Edge>,
        visit: Arc<Visit>,
        operator: Operator,
    ) -> Result<Entered, Problem> {
        if visit.method == Method::POST {
            check_form(&edge, &visit, FormKind::Console, Some(&operator.cookie))?;
        }
        let Some(tenant) = Operator::organisation(&edge, &visit).await? else {
            return Ok(Entered::Elsewhere(page::see_other(ORGANISATIONS_PATH)?));
        };
        let form_token = form_token(&edge, FormKind::Console, &operator.cookie);
        Ok(Entered::Desk(Box::new(Self {
            edge,
            visit,
            tenant,
            who: Who::Operator(operator.name),
            form_token,
        })))
    }

    /// Who acts, as the audit log has it.
    pub(super) fn actor(&self) -> Actor {
        match &self.who {
            Who::Administrator(user) => Actor::User(user.user_id),
            Who::Operator(name) => Actor::Operator(name.clone()),
        }
    }

    /// The person, where it is one of the organisation.
    pub(super) fn user_id(&self) -> Option<UserId> {
        match &self.who {
            Who::Administrator(user) => Some(user.user_id),
            Who::Operator(_) => None,
        }
    }

    /// The ledger.
    pub(super) fn store(&self) -> &dyn Store {
        self.edge.store.as_ref()
    }

    /// Whose organisation.
    pub(super) fn tenant_id(&self) -> TenantId {
        self.tenant.tenant_id
    }

    /// The time.
    pub(super) fn now_ms(&self) -> i64 {
        self.visit.now_ms
    }

    /// In which language.
    pub(super) fn language(&self) -> Language {
        self.visit.language
    }

    /// Sentences around every page.
    pub(super) fn shell(&self) -> &'static Shell {
        Shell::of(self.language())
    }

    /// Words of the ledger.
    pub(super) fn words(&self) -> &'static Words {
        Words::of(self.language())
    }

    /// Sentences about seats.
    pub(super) fn seats(&self) -> &'static Seats {
        Seats::of(self.language())
    }

    /// Sentences about people, apps, groups, pools and clients.
    pub(super) fn directory(&self) -> &'static Directory {
        Directory::of(self.language())
    }

    /// Sentences about the overview, the audit log, the import and the settings.
    pub(super) fn acts(&self) -> &'static Acts {
        Acts::of(self.language())
    }

    /// Sentences about the gateway.
    pub(super) fn gateway(&self) -> &'static Gateway {
        Gateway::of(self.language())
    }

    /// A parameter of the address; empty counts as none.
    pub(super) fn asked(&self, name: &'static str) -> Result<Option<&str>, Problem> {
        self.visit.asked.text(name)
    }

    /// A field of the form; white space around it is nobody's wish.
    pub(super) fn sent(&self, name: &'static str) -> Result<&str, Problem> {
        Ok(self.visit.form.text(name)?.unwrap_or_default().trim())
    }

    /// A moment for people, in the organisation's time zone, to the minute.
    pub(super) fn moment(&self, time_ms: i64) -> String {
        let zone = self.tenant.time_zone.zone();
        Timestamp::from_millisecond(time_ms).map_or_else(
            |_| time_ms.to_string(),
            |time| time.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string(),
        )
    }

    /// The organisation's day of a moment.
    pub(super) fn day(&self, time_ms: i64) -> Day {
        Day::in_zone(time_ms, self.tenant.time_zone.zone())
    }

    /// Makes changes in this person's name: all or none.
    pub(super) async fn change(&self, changes: Vec<Change>) -> Result<Vec<Effect>, StoreError> {
        let outcome = self.make(changes, Manner::Whole, None, false).await?;
        Ok(outcome.results.into_iter().flatten().collect())
    }

    /// Makes changes in this person's name, or finds out what they would do.
    pub(super) async fn make(
        &self,
        changes: Vec<Change>,
        manner: Manner,
        reason: Option<String>,
        rehearsal: bool,
    ) -> Result<ChangeOutcome, StoreError> {
        let author = Author {
            actor: self.actor(),
            client_id: None,
            address: Some(self.visit.reached.address),
            reason,
        };
        let request = ChangeRequest {
            manner,
            rehearsal,
            ..ChangeRequest::new(changes, self.now_ms()).by(author)
        };
        self.store().make(request).await
    }

    /// A page.
    pub(super) async fn page(
        &self,
        section: Section,
        title: impl Into<String>,
        blocks: Vec<Block>,
    ) -> Response {
        self.page_under(StatusCode::OK, section, (title.into(), None), blocks)
            .await
    }

    /// A page about one thing of a list, or one that answers a form that did not fit.
    pub(super) async fn page_under(
        &self,
        status: StatusCode,
        section: Section,
        (title, up): (String, Option<Link>),
        blocks: Vec<Block>,
    ) -> Response {
        let (as_of, warning) = self.as_of().await;
        let frame = Frame {
            language: self.language(),
            section,
            title,
            up,
            organisation: self.tenant.name.clone(),
            person: self.person(),
            other_language: self.visit.other_language(),
            as_of,
            warning,
            choose_organisation: self.choose_organisation(),
            stylesheets: vec![page::stylesheet_address(), versioned(STYLESHEET_PATH)],
        };
        page::html_of(status, Page { frame, blocks }.html())
    }

    /// Who is signed in, and the page about that.
    fn person(&self) -> Link {
        match &self.who {
            Who::Administrator(user) => Link::new(user.name.clone(), ACCOUNT_PATH),
            Who::Operator(_) => Link::new(self.shell().operator, OPERATOR_PATH),
        }
    }

    /// The way to another organisation, for who may go there.
    fn choose_organisation(&self) -> Option<Link> {
        let operator = matches!(self.who, Who::Operator(_));
        operator.then(|| Link::new(self.shell().choose_organisation, ORGANISATIONS_PATH))
    }

    /// Up to when everything is counted, and what must be known before acting on it.
    async fn as_of(&self) -> (Option<String>, Option<String>) {
        let shell = self.shell();
        if let Some(warning) = self.spooled() {
            return (None, Some(warning));
        }
        match manage::as_of::as_of(&self.edge, self.now_ms()).await {
            Ok(as_of_ms) => {
                let zone = self.tenant.time_zone.as_str();
                let moment = self.moment(as_of_ms);
                (Some(fill(shell.as_of, &[&moment, &zone])), None)
            }
            Err(error) if error.code == WireCode::ReportNotTrustworthy => {
                let watermark_ms = self.edge.door.watermark_ms(self.now_ms());
                let moment = self.moment(watermark_ms);
                (None, Some(fill(shell.lagging, &[&moment])))
            }
            Err(_) => (None, Some(shell.clock_wrong.to_owned())),
        }
    }

    /// What must be known while accesses wait in a spool: the database is away, or has just come back.
    fn spooled(&self) -> Option<String> {
        let spooled = self.edge.door.spooled();
        let oldest_ms = spooled.oldest_ms.filter(|_| spooled.waiting > 0)?;
        let (rows, moment) = (grouped(spooled.waiting), self.moment(oldest_ms));
        Some(fill(self.shell().spooled, &[&rows, &moment]))
    }

    /// What is said of a thing that this organisation does not have.
    pub(super) async fn missing(&self, section: Section) -> Response {
        let shell = self.shell();
        let nothing = Block::Text(shell.missing.to_owned());
        let up = Link::new(section.name(self.language()), section.path());
        let heading = (shell.missing_title.to_owned(), Some(up));
        self.page_under(StatusCode::NOT_FOUND, section, heading, vec![nothing])
            .await
    }

    /// A table for spreadsheets, under a name of this organisation's.
    pub(super) fn csv(&self, name: &str, content: Vec<u8>) -> Response {
        let day = self.day(self.now_ms());
        let disposition = format!("attachment; filename=\"{name}-{day}.csv\"");
        let mut response = content.into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/csv; charset=utf-8"),
        );
        if let Ok(disposition) = HeaderValue::from_str(&disposition) {
            headers.insert(header::CONTENT_DISPOSITION, disposition);
        }
        response
    }
}

/// An address of a file of ours, with the version, so that a browser does not keep an older one.
fn versioned(path: &str) -> String {
    format!("{path}?v={}", env!("CARGO_PKG_VERSION"))
}
