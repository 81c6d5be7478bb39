//! The pages as templates, and the headers that guard them.
//!
//! A page brings no script and no style of its own; the one stylesheet is a file of this server. So the policy can be
//! the strictest there is: nothing may be loaded but that file, nobody may frame a page, and a form may be sent to this
//! server only. Chromium holds `form-action` against redirects too, and against those that follow them, so a page whose
//! form may end at a client names the scheme of the client's address: with its host alone, a client that sends the
//! person on to another host would leave them standing on our page (seen in Chromium 156).

use askama::Template;
use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};

use super::{problem::Problem, scope_words::ShownScope, texts::Texts};
use crate::wire::{LogNote, Weight};

/// Where the stylesheet is.
pub(super) const STYLESHEET_PATH: &str = "/assets/usher.css";
const STYLESHEET: &str = include_str!("../../templates/usher.css");
const CONTENT_TYPE_HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
/// A page without forms.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// What every answer of a page carries unless it says otherwise. Addresses of pages hold codes and links, so nothing of
/// them is told to other sites or kept.
pub(super) const PAGE_GUARDS: [(HeaderName, HeaderValue); 5] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
];

/// What is around every page.
#[derive(Debug)]
pub(super) struct Frame {
    /// The sentences.
    pub(super) texts: &'static Texts,
    /// The heading.
    pub(super) title: &'static str,
    /// Where the other language is to be had.
    pub(super) other_language: Option<String>,
}

impl Frame {
    /// The stylesheet, with the version, so that a browser does not keep an older one.
    fn stylesheet(&self) -> String {
        format!("{STYLESHEET_PATH}?v={}", env!("CARGO_PKG_VERSION"))
    }
}

/// `GET /`.
#[derive(Template)]
#[template(path = "start.html")]
pub(super) struct StartPage {
    /// Around it.
    pub(super) frame: Frame,
}

/// Name and password.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub(super) struct SignInPage<'a> {
    /// Around it.
    pub(super) frame: Frame,
    /// Proves that the form is ours.
    pub(super) form_token: &'a str,
    /// Where to go afterwards.
    pub(super) destination: &'a str,
    /// The client that asks for it.
    pub(super) client: Option<&'a str>,
    /// The organisation, where it is known.
    pub(super) organisation: Option<&'a str>,
    /// True when the person has to say which organisation.
    pub(super) asks_organisation: bool,
    /// What was typed before.
    pub(super) typed_organisation: &'a str,
    /// What was typed before.
    pub(super) typed_name: &'a str,
    /// The other way to sign in, where there is one.
    pub(super) provider: Option<ProviderChoice>,
    /// Good news.
    pub(super) notice: Option<&'a str>,
    /// What did not fit.
    pub(super) alert: Option<Alert>,
}

/// The way to an organisation's own identity provider.
#[derive(Debug)]
pub(super) struct ProviderChoice {
    /// Where.
    pub(super) href: String,
    /// Its name; none while the organisation is not known.
    pub(super) name: Option<String>,
}

/// What the account page says of an organisation's own identity provider.
#[derive(Debug)]
pub(super) struct AccountProvider {
    /// Its name.
    pub(super) name: String,
    /// Where linking begins.
    pub(super) href: &'static str,
    /// True when the person is linked with an account there.
    pub(super) linked: bool,
}

/// Which organisation's identity provider.
#[derive(Template)]
#[template(path = "provider.html")]
pub(super) struct ProviderPage<'a> {
    /// Around it.
    pub(super) frame: Frame,
    /// Where to go afterwards.
    pub(super) destination: &'a str,
    /// What was typed before.
    pub(super) typed_organisation: &'a str,
    /// The way to it, once it is known.
    pub(super) choice: Option<ProviderChoice>,
    /// What did not fit.
    pub(super) alert: Option<Alert>,
}

/// Whether an account at an identity provider is to be linked.
#[derive(Template)]
#[template(path = "provider_link.html")]
pub(super) struct LinkPage<'a> {
    /// Around it.
    pub(super) frame: Frame,
    /// Proves that the form is ours.
    pub(super) form_token: &'a str,
    /// The account, sealed.
    pub(super) offer: &'a str,
    /// The provider.
    pub(super) provider: &'a str,
    /// What the account is called there.
    pub(super) account: &'a str,
    /// The person here.
    pub(super) person: &'a str,
    /// Their organisation.
    pub(super) organisation: &'a str,
}

/// Nobody here has the account at the identity provider.
#[derive(Template)]
#[template(path = "provider_unlinked.html")]
pub(super) struct NotLinkedPage<'a> {
    /// Around it.
    pub(super) frame: Frame,
    /// The provider.
    pub(super) provider: &'a str,
    /// What the account is called there.
    pub(super) account: &'a str,
    /// The client's request that brought the person here.
    pub(super) back: Option<&'a str>,
}

/// What did not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alert {
    /// A sentence.
    Sentence(&'static str),
    /// Come back in so many seconds.
    Slow(i64),
}

/// Six digits, while signing in.
#[derive(Template)]
#[template(path = "digits.html")]
pub(super) struct DigitsPage<'a> {
    /// Around it.
    pub(super) frame: Frame,
    /// Proves that the form is ours.
    pub(super) form_token: &'a str,
    /// Who has shown the right password, sealed.
    pub(super) pending: &'a str,
    /// What did not fit.
    pub(super) alert: Option<Alert>,
}

/// Whether a client may act.
#[derive(Template)]
#[template(path = "consent.html")]
pub(super) struct ConsentPage<'a> {
    /// Around it.
    pub(super) frame: Frame,
    /// Proves that the form is ours.
    pub(super) form_token: &'a str,
    /// Which of the two addresses brought the person here.
    pub(super) entry: &'a str,
    /// With which query.
    pub(super) query: &'a str,
    /// This page's address, for coming back as somebody else.
    pub(super) destination: &'a str,
    /// Proves that the form for that is ours.
    pub(super) sign_out_token: &'a str,
    /// The client.
    pub(super) client: &'a str,
    /// True when another organisation made it.
    pub(super) foreign: bool,
    /// The person.
    pub(super) person: &'a str,
    /// The person's organisation.
    pub(super) organisation: &'a str,
    /// What is new.
    pub(super) asked: &'a [ShownScope],
    /// What was granted before and will be in the token too.
    pub(super) granted: &'a [ShownScope],
    /// Where the answer is sent.
    pub(super) place: &'a str,
}

/// A new password.
#[derive(Template)]
#[template(path = "choose_password.html")]
pub(super) struct ChoosePasswordPage<'a> {
    /// Around it.
    pub(super) frame: Frame,
    /// Proves that the form is ours.
    pub(super) form_token: &'a str,
    /// The link's own address.
    pub(super) action: &'a str,
    /// The person.
    pub(super) person: &'a str,
    /// Their organisation's key.
    pub(super) organisation: &'a str,
    /// What they sign in with.
    pub(super) login: &'a str,
    /// True when there is a second factor to take away.
    pub(super) has_second_factor: bool,
    /// What did not fit.
    pub(super) alert: Option<Alert>,
}

/// Another password in place of the person's own.
#[derive(Template)]
#[template(path = "change_password.html")]
pub(super) struct ChangePasswordPage<'a> {
    /// Around it.
    pub(super) frame: Frame,
    /// Proves that the form is ours.
    pub(super) form_token: &'a str,
    /// What they sign in with.
    pub(super) login: &'a str,
    /// What did not fit.
    pub(super) alert: Option<Alert>,
}

/// The person's own account.
#[derive(Template)]
#[template(path = "account.html")]
pub(super) struct AccountPage<'a> {
    /// Around it.
    pub(super) frame: Frame,
    /// Proves that the form is ours.
    pub(super) form_token: &'a str,
    /// The person.
    pub(super) person: &'a str,
    /// Their number.
    pub(super) user_number: String,
    /// Their organisation.
    pub(super) organisation: &'a str,
    /// True for a system administrator.
    pub(super) administrator: bool,
    /// True when the person has a password here.
    pub(super) has_password: bool,
    /// True when a second factor is on.
    pub(super) has_second_factor: bool,
    /// The organisation's own identity provider.
    pub(super) provider: Option<AccountProvider>,
    /// Good news.
    pub(super) notice: Option<&'a str>,
    /// What did not fit.
    pub(super) alert: Option<Alert>,
}

/// A new second factor.
#[derive(Template)]
#[template(path = "enrol.html")]
pub(super) struct EnrolPage<'a> {
    /// Around it.
    pub(super) frame: Frame,
    /// Proves that the form is ours.
    pub(super) form_token: &'a str,
    /// The new key, sealed, to be handed back.
    pub(super) sealed_key: &'a str,
    /// The key in groups of four letters.
    pub(super) key: &'a str,
    /// The key as an address.
    pub(super) address: &'a str,
    /// The key as a picture: the length of its side, and the dark squares as a path.
    pub(super) picture: Option<(i32, String)>,
    /// What did not fit.
    pub(super) alert: Option<Alert>,
}

/// What went wrong.
#[derive(Template)]
#[template(path = "problem.html")]
pub(super) struct ProblemPage<'a> {
    /// Around it.
    pub(super) frame: Frame,
    /// What happened and what to do.
    pub(super) lead: &'a str,
    /// The number and the sentence of the wire.
    pub(super) wire: Option<(u32, &'static str)>,
    /// What was offered or is allowed.
    pub(super) detail: Option<String>,
    /// The name of the request.
    pub(super) log_id: &'a str,
}

/// A page as an answer; its forms may end in a redirect to `form_targets`, each a source of the policy.
pub(super) fn html(status: StatusCode, template: &impl Template, form_targets: &[String]) -> Response {
    let text = match template.render() {
        Ok(text) => text,
        Err(error) => return unrendered(&error),
    };
    let mut response = (status, [(header::CONTENT_TYPE, CONTENT_TYPE_HTML)], text).into_response();
    if !form_targets.is_empty() {
        let policy = format!(
            "default-src 'none'; style-src 'self'; form-action 'self' {}; base-uri 'none'; frame-ancestors 'none'",
            form_targets.join(" ")
        );
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            response
                .headers_mut()
                .insert(header::CONTENT_SECURITY_POLICY, policy);
        }
    }
    response
}

/// Templates write into memory and their values are texts, so this does not happen; it must not pass for a page if it
/// does.
fn unrendered(error: &askama::Error) -> Response {
    let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
    response.extensions_mut().insert(LogNote {
        code: 0,
        weight: Weight::Internal,
        detail: Some(error.to_string()),
    });
    response
}

/// Sends the browser on: 303 after a form, so that it asks with GET and the form stays here.
pub(super) fn see_other(location: &str) -> Result<Response, Problem> {
    redirect(StatusCode::SEE_OTHER, location)
}

/// Sends the browser on: 302 after a GET, as the documents have it.
pub(super) fn found(location: &str) -> Result<Response, Problem> {
    redirect(StatusCode::FOUND, location)
}

fn redirect(status: StatusCode, location: &str) -> Result<Response, Problem> {
    let location = HeaderValue::from_str(location).map_err(Problem::internal)?;
    Ok((status, [(header::LOCATION, location)]).into_response())
}

/// Says when to come back.
pub(super) fn retry_after(response: &mut Response, seconds: i64) {
    response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
}

/// The stylesheet. It may be kept for an hour; a new version has a new address.
pub(super) async fn stylesheet() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, STYLESHEET).into_response()
}
