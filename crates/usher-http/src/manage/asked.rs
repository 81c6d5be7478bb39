//! A management call on its way: who asks, which tenant is meant, what the path and the body say.

use std::{str::FromStr, sync::Arc};

use axum::{
    RequestPartsExt as _,
    body::Bytes,
    extract::{FromRequest, RawPathParams, Request},
    http::{HeaderMap, Method, request::Parts},
};
use serde::de::DeserializeOwned;
use usher_seats::{IdentifierError, TenantKey};
use usher_store::{Actor, Author, Change, ChangeOutcome, ChangeRequest, Effect, StoreError, Tenant};

use super::{caller::Caller, refusals, values::Reason};
use crate::{
    body::{self, Limits},
    edge::{Edge, PeerAddress},
    open_apis::parameters,
    reached::Reached,
    wire::{FieldViolation, WireCode, WireError},
};

/// Longest description of a wrong body in characters: the reader says what it found, and that may be a megabyte.
const DESCRIPTION_CHARACTERS_MAX: usize = 300;
/// What a tenant key must be, for operators.
const TENANT_KEY_NEEDED: &str = "tenant_key is required: an operator says which tenant is meant";

/// A call whose caller may manage.
pub(super) struct Asked {
    /// What the routes are given.
    pub(super) edge: Arc<Edge>,
    /// Who asks.
    pub(super) caller: Caller,
    /// When, in milliseconds.
    pub(super) now_ms: i64,
    parts: Parts,
    path: Vec<(String, String)>,
    body: Bytes,
    /// Why, if they said so.
    reason: Option<String>,
}

impl FromRequest<Arc<Edge>> for Asked {
    type Rejection = WireError;

    /// Route and method have been looked at; the caller comes next, and only then is a body read.
    async fn from_request(request: Request, edge: &Arc<Edge>) -> Result<Self, WireError> {
        Self::read(request, edge, &body::USUAL).await
    }
}

/// A call whose body may hold the thousands of lines of a bulk call.
pub(super) struct AskedInBulk(pub(super) Asked);

impl FromRequest<Arc<Edge>> for AskedInBulk {
    type Rejection = WireError;

    async fn from_request(request: Request, edge: &Arc<Edge>) -> Result<Self, WireError> {
        Asked::read(request, edge, &body::BULK).await.map(Self)
    }
}

impl Asked {
    async fn read(request: Request, edge: &Arc<Edge>, limits: &Limits) -> Result<Self, WireError> {
        let (mut parts, body) = request.into_parts();
        let admitted = Caller::admit(edge, &parts).await;
        let wanted = matches!(parts.method, Method::POST | Method::PUT | Method::PATCH);
        let body = match admitted {
            Ok(_) if wanted => body::read_within(body, limits, &edge.bodies).await?,
            _ => {
                body::discard(body).await;
                Bytes::new()
            }
        };
        let path = path_parts(&mut parts).await?;
        let caller = admitted?;
        let reason = if wanted || parts.method == Method::DELETE {
            reason(parts.uri.query().unwrap_or_default())
        } else {
            Ok(None)
        };
        Ok(Self {
            reason: reason.map_err(|violation| WireError::bad_request(vec![violation]))?,
            caller,
            now_ms: edge.clock.now_ms(),
            edge: Arc::clone(edge),
            parts,
            path,
            body,
        })
    }
}

async fn path_parts(parts: &mut Parts) -> Result<Vec<(String, String)>, WireError> {
    let raw = parts
        .extract::<RawPathParams>()
        .await
        .map_err(|_| WireError::bad_request(vec![FieldViolation::new("path", "the path must be UTF-8")]))?;
    let owned = raw
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    Ok(owned.collect())
}

impl Asked {
    /// The headers.
    pub(super) fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    /// Method, path, query and body: what two calls must have in common to be the same.
    pub(super) fn content(&self) -> [&[u8]; 3] {
        let target = self
            .parts
            .uri
            .path_and_query()
            .map_or("", |target| target.as_str());
        [
            self.parts.method.as_str().as_bytes(),
            target.as_bytes(),
            &self.body,
        ]
    }

    /// The query string.
    pub(super) fn query(&self) -> &str {
        self.parts.uri.query().unwrap_or_default()
    }

    /// As [`Asked::tenant`]; none for an operator who names none.
    pub(super) async fn tenant_if_named(&self) -> Result<Option<Tenant>, WireError> {
        let named = self
            .named_tenant()
            .map_err(|violation| WireError::bad_request(vec![violation]))?;
        if named.is_none() && self.caller.operator_only().is_ok() {
            return Ok(None);
        }
        self.tenant().await.map(Some)
    }

    /// The tenant meant: an administrator's own, or the one an operator names. Another's is as missing as one that
    /// does not exist.
    pub(super) async fn tenant(&self) -> Result<Tenant, WireError> {
        let named = self
            .named_tenant()
            .map_err(|violation| WireError::bad_request(vec![violation]))?;
        let store = &self.edge.store;
        let tenant = match (&self.caller, &named) {
            (Caller::Operator(_), None) => {
                return Err(WireError::bad_request(vec![FieldViolation::new(
                    "tenant_key",
                    TENANT_KEY_NEEDED,
                )]));
            }
            (Caller::Operator(_), Some(tenant_key)) => store.tenant(tenant_key).await?,
            (Caller::Administrator { tenant_id, .. }, _) => store.tenant_by_id(*tenant_id).await?,
        };
        tenant
            .filter(|tenant| named.is_none_or(|named| named == tenant.tenant_key))
            .ok_or(WireCode::TenantUnknown.into())
    }

    fn named_tenant(&self) -> Result<Option<TenantKey>, FieldViolation> {
        let Some(text) = parameters::once(self.query(), "tenant_key")? else {
            return Ok(None);
        };
        let parsed = text.parse().map(Some);
        parsed.map_err(|error: IdentifierError| refusals::violation("tenant_key", &error).with_value(&text))
    }

    /// A part of the path.
    pub(super) fn path<Part>(&self, name: &'static str) -> Result<Part, WireError>
    where
        Part: FromStr<Err = IdentifierError>,
    {
        self.path_by(name, str::parse)
    }

    /// A part of the path that only somebody else can read.
    pub(super) fn path_by<Part>(
        &self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<Part, IdentifierError>,
    ) -> Result<Part, WireError> {
        let text = self
            .path
            .iter()
            .find_map(|(known, value)| (known == name).then_some(value.as_str()))
            .unwrap_or_default();
        read(text)
            .map_err(|error| WireError::bad_request(vec![refusals::violation(name, &error).with_value(text)]))
    }

    /// What the body says; no body is an object without fields.
    pub(super) fn body<Fields: DeserializeOwned>(&self) -> Result<Fields, WireError> {
        let text: &[u8] = if self.body.is_empty() { b"{}" } else { &self.body };
        let mut reader = serde_json::Deserializer::from_slice(text);
        let fields = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let place = error.path().to_string();
            let field = if place == "." { "body" } else { &place };
            wrong_body(field, &error.inner().to_string())
        })?;
        reader
            .end()
            .map_err(|error| wrong_body("body", &error.to_string()))?;
        Ok(fields)
    }

    /// Makes changes, all or none; a change that does not fit is the caller's to mend.
    pub(super) async fn change(&self, changes: Vec<Change>) -> Result<Vec<Effect>, WireError> {
        let changed = self.try_change(changes).await;
        changed.map_err(refusals::of_store)
    }

    /// The same for who wants to look at the refusal.
    pub(super) async fn try_change(&self, changes: Vec<Change>) -> Result<Vec<Effect>, StoreError> {
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        let outcome = self.make(self.request(changes)).await?;
        // In the whole manner a change that was rejected is the error above, so every result is an effect.
        Ok(outcome.results.into_iter().flatten().collect())
    }

    /// Changes as this caller asks for them, wholly and in earnest.
    pub(super) fn request(&self, changes: Vec<Change>) -> ChangeRequest {
        ChangeRequest::new(changes, self.now_ms).by(self.author())
    }

    /// Makes changes in whatever manner.
    pub(super) async fn make(&self, request: ChangeRequest) -> Result<ChangeOutcome, StoreError> {
        self.edge.store.make(request).await
    }

    /// Who asks, for the audit log.
    fn author(&self) -> Author {
        // A call without a peer came over the control channel.
        let peer = self.parts.extensions.get::<PeerAddress>();
        let address = peer.map(|_| Reached::by(&self.parts, &self.edge.settings).address);
        let (actor, client_id) = match &self.caller {
            Caller::Operator(actor) => (actor.clone(), None),
            Caller::Administrator {
                client_id, user_id, ..
            } => (Actor::User(*user_id), Some(client_id.clone())),
        };
        Author {
            actor,
            client_id,
            address,
            reason: self.reason.clone(),
        }
    }
}

/// Reads why somebody changes something; every changing call takes it.
fn reason(query: &str) -> Result<Option<String>, FieldViolation> {
    let Some(text) = parameters::once(query, "reason")? else {
        return Ok(None);
    };
    Reason::try_from(text.clone().into_owned())
        .map(|reason| Some(reason.0))
        .map_err(|allowed| FieldViolation::new("reason", allowed).with_value(&text))
}

fn wrong_body(field: &str, description: &str) -> WireError {
    let short: String = description.chars().take(DESCRIPTION_CHARACTERS_MAX).collect();
    WireError::bad_request(vec![FieldViolation::new(field, short)])
}
