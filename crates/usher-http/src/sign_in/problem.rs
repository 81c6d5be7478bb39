//! What goes wrong, and the page that says so.
//!
//! A person reads what happened and what to do; below it, whoever looks after the program reads the number and the
//! sentence of the wire and what was offered. Whatever came from outside is shortened, and escaped like every value in a
//! template.

use std::fmt;

use axum::{http::StatusCode, response::Response};
use usher_door::DoorError;
use usher_store::{Rejection, StoreError};

use super::{page, texts::Texts, visit::Visit};
use crate::{
    oauth::refusal::OauthCode,
    wire::{LogNote, Weight, WireCode, WireError},
};

/// Most characters of an offered value that are shown.
const SHOWN_CHARACTERS_MAX: usize = 300;
/// Seconds until whoever was told "busy" may try again.
const RETRY_AFTER_SECONDS: i64 = 1;

/// What a form needs that ends the session of this browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SignOut {
    /// Proves that the form is ours.
    pub(crate) form_token: String,
    /// Where whoever signs in next goes on.
    pub(crate) destination: String,
}

/// Every way in which a page can be refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    /// No such client, or an address that is not registered for it; the two look the same.
    RedirectUnknown {
        /// What was offered.
        offered: String,
    },
    /// Scopes that the client has not opened.
    ScopesNotOpened {
        /// Which.
        scopes: Vec<String>,
    },
    /// A scope is there twice.
    ScopeDuplicate,
    /// The client or its tenant is switched off.
    ClientDisabled,
    /// A store client that is not installed in the person's tenant.
    NotInstalled,
    /// A required parameter is missing.
    ParameterMissing {
        /// Which.
        name: &'static str,
    },
    /// A parameter is there twice or cannot be read.
    Malformed {
        /// Which, and what is allowed.
        detail: String,
    },
    /// The form was not made for this browser, or not by us.
    FormUnknown,
    /// A one-time link that was used, is too old, or never was: all look the same.
    LinkOver,
    /// The organisation has no identity provider, or not this one any more.
    ProviderMissing,
    /// An answer of a provider that this browser did not ask for, or not in time, or that is another's.
    ProviderAnswer,
    /// The provider did not sign the person in.
    ProviderRefused {
        /// What it called the reason.
        error: String,
    },
    /// The provider cannot be reached or believed.
    ProviderFailed {
        /// For the log only.
        detail: String,
    },
    /// The console is for system administrators.
    NotAdministrator {
        /// The way to sign in as somebody else, for who is signed in as a person.
        sign_out: Option<SignOut>,
    },
    /// A thing that works once has worked already. Every page that may meet it says so in its own words.
    Spent,
    /// Waiting helps.
    Busy {
        /// For the log only.
        detail: String,
    },
    /// The store is away or has more to do than it can; waiting helps once somebody has brought it back.
    StoreAway {
        /// For the log only.
        detail: String,
    },
    /// Ours to mend.
    Internal {
        /// For the log only.
        detail: String,
    },
}

/// What a problem's page says.
struct Said {
    status: StatusCode,
    title: &'static str,
    lead: &'static str,
    /// The number and the sentence of the wire.
    wire: Option<(u32, &'static str)>,
    /// What was offered or is allowed.
    detail: Option<String>,
}

impl Problem {
    /// Ours to mend; `detail` is for the log.
    pub(crate) fn internal(detail: impl fmt::Display) -> Self {
        Self::Internal {
            detail: detail.to_string(),
        }
    }

    /// Waiting helps; `detail` is for the log.
    pub(crate) fn busy(detail: impl fmt::Display) -> Self {
        Self::Busy {
            detail: detail.to_string(),
        }
    }

    /// A parameter or field is wrong; `detail` names it and what is allowed.
    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::Malformed {
            detail: detail.into(),
        }
    }

    /// The number and the sentence of the wire: the token endpoints' where they know the case.
    fn wire(&self) -> Option<(StatusCode, u32, &'static str)> {
        let of = |code: OauthCode| {
            let row = code.row();
            Some((row.status, row.code, row.description))
        };
        match self {
            Self::RedirectUnknown { .. } => Some((
                StatusCode::BAD_REQUEST,
                20029,
                "The redirect_uri is not registered for this app.",
            )),
            Self::ScopesNotOpened { .. } => Some((
                StatusCode::BAD_REQUEST,
                20027,
                "The app has not opened one of the requested scopes.",
            )),
            Self::ScopeDuplicate => of(OauthCode::ScopeDuplicate),
            Self::ClientDisabled => of(OauthCode::ClientDisabled),
            Self::NotInstalled => of(OauthCode::NotInstalled),
            Self::ParameterMissing { .. } => of(OauthCode::ParameterMissing),
            Self::Malformed { .. } => of(OauthCode::Malformed),
            Self::Busy { .. } | Self::StoreAway { .. } => of(OauthCode::Unavailable),
            Self::Internal { .. } => of(OauthCode::ServerError),
            Self::FormUnknown
            | Self::LinkOver
            | Self::Spent
            | Self::NotAdministrator { .. }
            | Self::ProviderMissing
            | Self::ProviderAnswer
            | Self::ProviderRefused { .. }
            | Self::ProviderFailed { .. } => None,
        }
    }

    fn said(&self, texts: &Texts) -> Said {
        let (title, lead) = match self {
            Self::RedirectUnknown { .. } => (texts.problem_redirect_title, texts.problem_redirect),
            Self::ScopesNotOpened { .. } => (texts.problem_scope_title, texts.problem_scope),
            Self::ClientDisabled => (texts.problem_disabled_title, texts.problem_disabled),
            Self::NotInstalled => (texts.problem_installed_title, texts.problem_installed),
            Self::ParameterMissing { .. } | Self::Malformed { .. } | Self::ScopeDuplicate => {
                (texts.problem_request_title, texts.problem_request)
            }
            Self::FormUnknown | Self::Spent => (texts.problem_form_title, texts.problem_form),
            Self::NotAdministrator { .. } => (texts.problem_administrator_title, texts.problem_administrator),
            Self::LinkOver => (texts.problem_link_title, texts.problem_link),
            Self::ProviderMissing => (
                texts.problem_provider_missing_title,
                texts.problem_provider_missing,
            ),
            Self::ProviderAnswer => (texts.problem_provider_answer_title, texts.problem_provider_answer),
            Self::ProviderRefused { .. } => (
                texts.problem_provider_refused_title,
                texts.problem_provider_refused,
            ),
            Self::ProviderFailed { .. } => {
                (texts.problem_provider_failed_title, texts.problem_provider_failed)
            }
            Self::Busy { .. } => (texts.problem_busy_title, texts.problem_busy),
            Self::StoreAway { .. } => (texts.problem_store_title, texts.problem_store),
            Self::Internal { .. } => (texts.problem_internal_title, texts.problem_internal),
        };
        let wire = self.wire();
        let status = match self {
            Self::FormUnknown
            | Self::Spent
            | Self::NotAdministrator { .. }
            | Self::ProviderAnswer
            | Self::ProviderRefused { .. } => StatusCode::FORBIDDEN,
            Self::LinkOver | Self::ProviderMissing => StatusCode::NOT_FOUND,
            Self::ProviderFailed { .. } => StatusCode::BAD_GATEWAY,
            _ => wire.map_or(StatusCode::BAD_REQUEST, |(status, ..)| status),
        };
        Said {
            status,
            title,
            lead,
            wire: wire.map(|(_, code, sentence)| (code, sentence)),
            detail: self.detail(),
        }
    }

    /// What whoever looks after the program needs to know.
    fn detail(&self) -> Option<String> {
        let text = match self {
            Self::RedirectUnknown { offered } => format!("redirect_uri={offered}"),
            Self::ScopesNotOpened { scopes } => format!("scope={}", scopes.join(" ")),
            Self::ParameterMissing { name } => format!("{name} is required"),
            Self::Malformed { detail } => detail.clone(),
            Self::ProviderRefused { error } => format!("error={error}"),
            _ => return None,
        };
        Some(text.chars().take(SHOWN_CHARACTERS_MAX).collect())
    }

    /// The page, in the visitor's language.
    pub(crate) fn response(&self, visit: &Visit) -> Response {
        let said = self.said(visit.texts());
        let shown = page::ProblemPage {
            frame: visit.frame(said.title),
            lead: said.lead,
            wire: said.wire,
            detail: said.detail,
            log_id: visit.log_id.as_str(),
            sign_out: match self {
                Self::NotAdministrator { sign_out } => sign_out.as_ref(),
                _ => None,
            },
        };
        let mut response = page::html(said.status, &shown, &[]);
        if matches!(self, Self::Busy { .. } | Self::StoreAway { .. }) {
            page::retry_after(&mut response, RETRY_AFTER_SECONDS);
        }
        response.extensions_mut().insert(self.log_note());
        response
    }

    /// What the log line of the request says. It holds nothing that came from outside.
    fn log_note(&self) -> LogNote {
        let code = self.wire().map_or(0, |(_, code, _)| code);
        let (weight, detail) = match self {
            Self::Busy { detail } | Self::StoreAway { detail } => (Weight::Busy, Some(detail.clone())),
            Self::ProviderFailed { detail } => (Weight::Outside, Some(detail.clone())),
            Self::Internal { detail } => (Weight::Internal, Some(detail.clone())),
            _ => (Weight::Caller, None),
        };
        LogNote { code, weight, detail }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error.rejection() == Some(Rejection::Spent) {
            Self::Spent
        } else if error.is_unavailable() {
            Self::StoreAway {
                detail: error.to_string(),
            }
        } else {
            Self::internal(error)
        }
    }
}

impl From<DoorError> for Problem {
    fn from(error: DoorError) -> Self {
        match error {
            DoorError::Store(error) => error.into(),
            other => Self::busy(other),
        }
    }
}

impl From<WireError> for Problem {
    /// Bodies are read in one place, which speaks in wire errors.
    fn from(error: WireError) -> Self {
        match error.code {
            WireCode::Busy => Self::Busy {
                detail: error.notes.detail.unwrap_or_default(),
            },
            _ => Self::malformed(error.notes.msg.into_owned()),
        }
    }
}
