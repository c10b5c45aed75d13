//! The pages: the form in which a user says who they are, and an error page. No scripts.

use super::Idp;
use super::authorize::AuthorizationRequest;
use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use url::Url;

/// The form's page.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Sign in · Demo identity provider</title>
<link rel="stylesheet" href="/demo.css">
</head>
<body>
<main>
<p class="notice"><strong>Demo.</strong> This identity provider believes everybody. It runs on this machine alone, and only while <code>celadon dev</code> does.</p>
<h1>Who are you?</h1>
<p>Any name will do. No password is asked.</p>
<form method="post" action="/authorize">
{% for (name, value) in hidden %}<input type="hidden" name="{{ name }}" value="{{ value }}">
{% endfor %}<label for="user">Your name</label>
<input id="user" name="user" type="text" value="{{ user }}" required maxlength="64" autocomplete="name" autofocus{% if mistake.is_some() %} aria-invalid="true" aria-describedby="mistake"{% endif %}>
{% if let Some(mistake) = mistake %}<p id="mistake" class="mistake" role="alert">{{ mistake }}</p>
{% endif %}<section aria-labelledby="asks">
<h2 id="asks">Celadon asks to</h2>
<ul>
{% for sentence in asked %}<li>{{ sentence }}</li>
{% endfor %}</ul>
<p class="small">You go back to <code>{{ destination }}</code>.</p>
</section>
<div class="buttons">
<button name="decision" value="allow">Sign in</button>
<button name="decision" value="deny" class="quiet" formnovalidate>Deny</button>
</div>
</form>
</main>
</body>
</html>
"#
)]
pub(super) struct Form {
    hidden: Vec<(&'static str, String)>,
    user: String,
    mistake: Option<&'static str>,
    asked: Vec<&'static str>,
    destination: String,
}

impl Form {
    /// The form for a request, with what was wrong with its last answer.
    pub(super) fn new(
        idp: &Idp,
        request: &AuthorizationRequest,
        mistake: Option<&'static str>,
    ) -> Self {
        let mut hidden = vec![
            ("response_type", "code".to_owned()),
            ("client_id", idp.client.id().to_owned()),
            ("redirect_uri", request.named_redirect_uri.clone()),
            ("scope", request.scope.clone()),
            ("code_challenge", request.code_challenge.clone()),
            ("code_challenge_method", "S256".to_owned()),
        ];
        hidden.extend(request.state.clone().map(|state| ("state", state)));
        hidden.extend(request.nonce.clone().map(|nonce| ("nonce", nonce)));
        Self {
            hidden,
            user: request.login_hint.clone().unwrap_or_default(),
            mistake,
            asked: request.scope.split(' ').filter_map(sentence).collect(),
            destination: origin(&request.redirect_uri),
        }
    }
}

/// What a scope means to people.
fn sentence(scope: &str) -> Option<&'static str> {
    match scope {
        "openid" => Some("know that it is you"),
        "profile" => Some("read your name"),
        "email" => Some("read an e-mail address, made from your name"),
        "offline_access" => Some("keep access while you are away"),
        _ => None,
    }
}

/// The page of an error that cannot be told to the application.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Not possible · Demo identity provider</title>
<link rel="stylesheet" href="/demo.css">
</head>
<body>
<main>
<h1>You cannot be signed in by this link</h1>
<p>{{ why }}</p>
<p>Go back to the application and begin again. If <code>celadon dev</code> was restarted meanwhile, old links are no longer good.</p>
</main>
</body>
</html>
"#
)]
struct Mistake {
    why: &'static str,
}

/// The form as a response.
pub(super) fn form(form: &Form) -> Response {
    // Browsers apply form-action to the redirect that follows the form, too.
    let policy = format!(
        "default-src 'none'; style-src 'self'; form-action 'self' {}; base-uri 'none'; frame-ancestors 'none'",
        form.destination
    );
    let mut response = rendered(form);
    if let Ok(policy) = HeaderValue::try_from(policy) {
        response
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if form.mistake.is_some() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    response
}

/// The error page as a response.
pub(super) fn error(why: &'static str) -> Response {
    let mut response = rendered(&Mistake { why });
    let policy = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'";
    let policy = HeaderValue::from_static(policy);
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, policy);
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}

fn rendered(page: &impl Template) -> Response {
    match page.render() {
        Ok(page) => Html(page).into_response(),
        Err(error) => {
            tracing::error!(%error, "a demo page cannot be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// `GET /demo.css`
pub(super) async fn style() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/css; charset=utf-8")],
        include_str!("page/demo.css"),
    )
}
