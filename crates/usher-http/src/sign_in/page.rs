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

use usher_store::Tenant;

use super::{
    problem::{Problem, SignOut},
    scope_words::ShownScope,
    texts::Texts,
};
use crate::wire::{LogNote, Weight};

/// Where the stylesheet is.
pub(crate) const STYLESHEET_PATH: &str = "/assets/usher.css";
const STYLESHEET: &str = include_str!("../../templates/usher.css");
const CONTENT_TYPE_HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
/// A page without forms.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// What every answer of a page carries unless it says otherwise. Addresses of pages hold codes and links, so nothing of
/// them is told to other sites or kept.
pub(crate) const PAGE_GUARDS: [(HeaderName, HeaderValue); 5] = [
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
pub(crate) struct Frame {
    /// The sentences.
    pub(crate) texts: &'static Texts,
    /// The heading.
    pub(crate) title: &'static str,
    /// Where the other language is to be had.
    pub(crate) other_language: Option<String>,
}

impl Frame {
    /// The stylesheet, with the version, so that a browser does not keep an older one.
    fn stylesheet(&self) -> String {
        stylesheet_address()
    }
}

/// Where the stylesheet of all pages is.
pub(crate) fn stylesheet_address() -> String {
    format!("{STYLESHEET_PATH}?v={}", env!("CARGO_PKG_VERSION"))
}

/// `GET /`.
#[derive(Template)]
#[template(path = "start.html")]
pub(crate) struct StartPage {
    /// Around it.
    pub(crate) frame: Frame,
}

/// An operator token.
#[derive(Template)]
#[template(path = "operator.html")]
pub(crate) struct OperatorPage<'a> {
    /// Around it.
    pub(crate) frame: Frame,
    /// Proves that the form is ours.
    pub(crate) form_token: &'a str,
    /// True for who is signed in already.
    pub(crate) signed_in: bool,
    /// How such a token begins.
    pub(crate) prefix: &'static str,
    /// What did not fit.
    pub(crate) alert: Option<Alert>,
}

/// Which organisation an operator looks at.
#[derive(Template)]
#[template(path = "organisations.html")]
pub(crate) struct OrganisationsPage<'a> {
    /// Around it.
    pub(crate) frame: Frame,
    /// Proves that the forms are ours.
    pub(crate) form_token: &'a str,
    /// What was searched.
    pub(crate) wanted: &'a str,
    /// A page of them.
    pub(crate) tenants: Vec<Tenant>,
    /// Where the next page is.
    pub(crate) next: Option<String>,
}

/// Name and password.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub(crate) struct SignInPage<'a> {
    /// Around it.
    pub(crate) frame: Frame,
    /// Proves that the form is ours.
    pub(crate) form_token: &'a str,
    /// Where to go afterwards.
    pub(crate) destination: &'a str,
    /// The client that asks for it.
    pub(crate) client: Option<&'a str>,
    /// The organisation, where it is known.
    pub(crate) organisation: Option<&'a str>,
    /// True when the person has to say which organisation.
    pub(crate) asks_organisation: bool,
    /// What was typed before.
    pub(crate) typed_organisation: &'a str,
    /// What was typed before.
    pub(crate) typed_name: &'a str,
    /// The other way to sign in, where there is one.
    pub(crate) provider: Option<ProviderChoice>,
    /// Good news.
    pub(crate) notice: Option<&'a str>,
    /// What did not fit.
    pub(crate) alert: Option<Alert>,
}

/// The way to an organisation's own identity provider.
#[derive(Debug)]
pub(crate) struct ProviderChoice {
    /// Where.
    pub(crate) href: String,
    /// Its name; none while the organisation is not known.
    pub(crate) name: Option<String>,
}

/// What the account page says of an organisation's own identity provider.
#[derive(Debug)]
pub(crate) struct AccountProvider {
    /// Its name.
    pub(crate) name: String,
    /// Where linking begins.
    pub(crate) href: &'static str,
    /// True when the person is linked with an account there.
    pub(crate) linked: bool,
}

/// Which organisation's identity provider.
#[derive(Template)]
#[template(path = "provider.html")]
pub(crate) struct ProviderPage<'a> {
    /// Around it.
    pub(crate) frame: Frame,
    /// Where to go afterwards.
    pub(crate) destination: &'a str,
    /// What was typed before.
    pub(crate) typed_organisation: &'a str,
    /// The way to it, once it is known.
    pub(crate) choice: Option<ProviderChoice>,
    /// What did not fit.
    pub(crate) alert: Option<Alert>,
}

/// Whether an account at an identity provider is to be linked.
#[derive(Template)]
#[template(path = "provider_link.html")]
pub(crate) struct LinkPage<'a> {
    /// Around it.
    pub(crate) frame: Frame,
    /// Proves that the form is ours.
    pub(crate) form_token: &'a str,
    /// The account, sealed.
    pub(crate) offer: &'a str,
    /// The provider.
    pub(crate) provider: &'a str,
    /// What the account is called there.
    pub(crate) account: &'a str,
    /// The person here.
    pub(crate) person: &'a str,
    /// Their organisation.
    pub(crate) organisation: &'a str,
}

/// Nobody here has the account at the identity provider.
#[derive(Template)]
#[template(path = "provider_unlinked.html")]
pub(crate) struct NotLinkedPage<'a> {
    /// Around it.
    pub(crate) frame: Frame,
    /// The provider.
    pub(crate) provider: &'a str,
    /// What the account is called there.
    pub(crate) account: &'a str,
    /// The client's request that brought the person here.
    pub(crate) back: Option<&'a str>,
}

/// What did not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alert {
    /// A sentence.
    Sentence(&'static str),
    /// Come back in so many seconds.
    Slow(i64),
}

/// Six digits, while signing in.
#[derive(Template)]
#[template(path = "digits.html")]
pub(crate) struct DigitsPage<'a> {
    /// Around it.
    pub(crate) frame: Frame,
    /// Proves that the form is ours.
    pub(crate) form_token: &'a str,
    /// Who has shown the right password, sealed.
    pub(crate) pending: &'a str,
    /// What did not fit.
    pub(crate) alert: Option<Alert>,
}

/// Whether a client may act.
#[derive(Template)]
#[template(path = "consent.html")]
pub(crate) struct ConsentPage<'a> {
    /// Around it.
    pub(crate) frame: Frame,
    /// Proves that the form is ours.
    pub(crate) form_token: &'a str,
    /// Which of the two addresses brought the person here.
    pub(crate) entry: &'a str,
    /// With which query.
    pub(crate) query: &'a str,
    /// This page's address, for coming back as somebody else.
    pub(crate) destination: &'a str,
    /// Proves that the form for that is ours.
    pub(crate) sign_out_token: &'a str,
    /// The client.
    pub(crate) client: &'a str,
    /// True when another organisation made it.
    pub(crate) foreign: bool,
    /// The person.
    pub(crate) person: &'a str,
    /// The person's organisation.
    pub(crate) organisation: &'a str,
    /// What is new.
    pub(crate) asked: &'a [ShownScope],
    /// What was granted before and will be in the token too.
    pub(crate) granted: &'a [ShownScope],
    /// Where the answer is sent.
    pub(crate) place: &'a str,
}

/// A new password.
#[derive(Template)]
#[template(path = "choose_password.html")]
pub(crate) struct ChoosePasswordPage<'a> {
    /// Around it.
    pub(crate) frame: Frame,
    /// Proves that the form is ours.
    pub(crate) form_token: &'a str,
    /// The link's own address.
    pub(crate) action: &'a str,
    /// The person.
    pub(crate) person: &'a str,
    /// Their organisation's key.
    pub(crate) organisation: &'a str,
    /// What they sign in with.
    pub(crate) login: &'a str,
    /// True when there is a second factor to take away.
    pub(crate) has_second_factor: bool,
    /// What did not fit.
    pub(crate) alert: Option<Alert>,
}

/// Another password in place of the person's own.
#[derive(Template)]
#[template(path = "change_password.html")]
pub(crate) struct ChangePasswordPage<'a> {
    /// Around it.
    pub(crate) frame: Frame,
    /// Proves that the form is ours.
    pub(crate) form_token: &'a str,
    /// What they sign in with.
    pub(crate) login: &'a str,
    /// What did not fit.
    pub(crate) alert: Option<Alert>,
}

/// The person's own account.
#[derive(Template)]
#[template(path = "account.html")]
pub(crate) struct AccountPage<'a> {
    /// Around it.
    pub(crate) frame: Frame,
    /// Proves that the form is ours.
    pub(crate) form_token: &'a str,
    /// The person.
    pub(crate) person: &'a str,
    /// Their number.
    pub(crate) user_number: String,
    /// Their organisation.
    pub(crate) organisation: &'a str,
    /// True for a system administrator.
    pub(crate) administrator: bool,
    /// True when the person has a password here.
    pub(crate) has_password: bool,
    /// True when a second factor is on.
    pub(crate) has_second_factor: bool,
    /// The organisation's own identity provider.
    pub(crate) provider: Option<AccountProvider>,
    /// Good news.
    pub(crate) notice: Option<&'a str>,
    /// What did not fit.
    pub(crate) alert: Option<Alert>,
}

/// A new second factor.
#[derive(Template)]
#[template(path = "enrol.html")]
pub(crate) struct EnrolPage<'a> {
    /// Around it.
    pub(crate) frame: Frame,
    /// Proves that the form is ours.
    pub(crate) form_token: &'a str,
    /// The new key, sealed, to be handed back.
    pub(crate) sealed_key: &'a str,
    /// The key in groups of four letters.
    pub(crate) key: &'a str,
    /// The key as an address.
    pub(crate) address: &'a str,
    /// The key as a picture: the length of its side, and the dark squares as a path.
    pub(crate) picture: Option<(i32, String)>,
    /// What did not fit.
    pub(crate) alert: Option<Alert>,
}

/// What went wrong.
#[derive(Template)]
#[template(path = "problem.html")]
pub(crate) struct ProblemPage<'a> {
    /// Around it.
    pub(crate) frame: Frame,
    /// What happened and what to do.
    pub(crate) lead: &'a str,
    /// The number and the sentence of the wire.
    pub(crate) wire: Option<(u32, &'static str)>,
    /// What was offered or is allowed.
    pub(crate) detail: Option<String>,
    /// The name of the request.
    pub(crate) log_id: &'a str,
    /// The way to sign in as somebody else, where that helps.
    pub(crate) sign_out: Option<&'a SignOut>,
}

/// A page as an answer; its forms may end in a redirect to `form_targets`, each a source of the policy.
pub(crate) fn html(status: StatusCode, template: &impl Template, form_targets: &[String]) -> Response {
    let mut response = html_of(status, template.render());
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

/// What a template gave as an answer.
pub(crate) fn html_of(status: StatusCode, rendered: Result<String, askama::Error>) -> Response {
    match rendered {
        Ok(text) => (status, [(header::CONTENT_TYPE, CONTENT_TYPE_HTML)], text).into_response(),
        Err(error) => unrendered(&error),
    }
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
pub(crate) fn see_other(location: &str) -> Result<Response, Problem> {
    redirect(StatusCode::SEE_OTHER, location)
}

/// Sends the browser on: 302 after a GET, as the documents have it.
pub(crate) fn found(location: &str) -> Result<Response, Problem> {
    redirect(StatusCode::FOUND, location)
}

fn redirect(status: StatusCode, location: &str) -> Result<Response, Problem> {
    let location = HeaderValue::from_str(location).map_err(Problem::internal)?;
    Ok((status, [(header::LOCATION, location)]).into_response())
}

/// Says when to come back.
pub(crate) fn retry_after(response: &mut Response, seconds: i64) {
    response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
}

/// The stylesheet. It may be kept for an hour; a new version has a new address.
pub(crate) async fn stylesheet() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, STYLESHEET).into_response()
}
