//! The pages: HTML for people, one struct a page, its words in `host/templates`.
//!
//! Pages need no script and load nothing but our style sheet and icon. The templates escape all
//! that they are given; nothing is marked as safe.

pub mod asset;
pub mod time;

use crate::http::problem::Problem;
use crate::http::problem::kinds::{self, Kind};
use askama::Template;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use celadon_workflows::types::LoginId;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use std::sync::Arc;

/// The home page.
#[derive(Template)]
#[template(path = "home.html")]
pub struct Home {
    /// Who is signed in.
    pub person: Option<Person>,
    /// The providers to choose from.
    pub choices: Vec<Choice>,
}

/// A provider to sign in with.
pub struct Choice {
    /// Its name in addresses.
    pub name: String,
    /// What the button says.
    pub title: String,
}

/// Who is signed in.
pub struct Person {
    /// How to call them.
    pub name: String,
    /// The title of the provider that they signed in with.
    pub provider: String,
    /// Their e-mail address.
    pub email: Option<String>,
    /// Whether the provider verified it.
    pub email_verified: bool,
    /// The issuer.
    pub issuer: String,
    /// Their id there.
    pub subject: String,
    /// What is connected.
    pub connections: Vec<Connection>,
}

/// A connected provider.
pub struct Connection {
    /// Its name in addresses.
    pub name: String,
    /// Its title.
    pub title: String,
    /// The granted scopes.
    pub scope: String,
    /// Since when, in words.
    pub since: String,
    /// Whether it is configured still.
    pub configured: bool,
    /// Whether there is a protected resource to show.
    pub has_resource: bool,
    /// Whether the user must sign in again.
    pub needs_reauth: bool,
}

/// What a browser sees that opens an application's login.
#[derive(Template)]
#[template(path = "invitation.html")]
pub struct Invitation {
    /// The application that asks.
    pub client: String,
    /// The provider's title.
    pub provider: String,
    /// The provider's link.
    pub location: String,
}

/// A protected resource.
#[derive(Template)]
#[template(path = "resource.html")]
pub struct Resource {
    /// The provider's title.
    pub title: String,
    /// Where it came from.
    pub url: Option<String>,
    /// Its media type.
    pub content_type: String,
    /// Its text.
    pub shown: String,
    /// When it was fetched, in words.
    pub fetched_at: String,
}

/// A problem in words.
#[derive(Template)]
#[template(path = "failure.html")]
pub struct Failure<'a> {
    kind: &'static Kind,
    login: Option<&'a LoginId>,
    again: Option<&'a str>,
}

impl<'a> Failure<'a> {
    /// The page of a problem. `again`: the provider to sign in with once more.
    pub fn new(kind: &'static Kind, login: Option<&'a LoginId>, again: Option<&'a str>) -> Self {
        Self { kind, login, again }
    }
}

/// A page as a response.
pub fn html(page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => {
            let mut response = Response::new(Body::from(text));
            let media_type = HeaderValue::from_static("text/html; charset=utf-8");
            response.headers_mut().insert(CONTENT_TYPE, media_type);
            response
        }
        Err(error) => Problem::new(&kinds::INTERNAL)
            .cause(Arc::new(error) as Arc<_>)
            .into_response(),
    }
}

/// A page as text; empty where it cannot be written, which no page of ours does.
pub fn text(page: &impl Template) -> String {
    page.render().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_problem_has_a_page_that_says_what_happened_and_what_to_do() {
        let login = LoginId::new("0a1b");
        for kind in kinds::ALL {
            let page = text(&Failure::new(kind, Some(&login), Some("google")));
            for words in [kind.title, kind.happened, kind.advice] {
                let escaped = askama::filters::escape(words, askama::filters::Html);
                let escaped = escaped.expect("words can be escaped").to_string();
                assert!(page.contains(&escaped), "{}: {words}", kind.name);
            }
            assert!(page.contains("0a1b") && page.contains("/login/google"));
        }
    }

    #[test]
    fn pages_have_one_heading_a_language_a_title_and_no_script() {
        let invitation = Invitation {
            client: "<b>App</b>".to_owned(),
            provider: "Google".to_owned(),
            location: "https://idp.example/?a=1&b=2".to_owned(),
        };
        let home = Home {
            person: None,
            choices: vec![],
        };
        let failure = Failure::new(&kinds::EXPIRED, None, None);
        for page in [text(&invitation), text(&home), text(&failure)] {
            assert_eq!(page.matches("<h1").count(), 1, "{page}");
            assert!(page.contains(r#"<html lang="en">"#));
            assert!(page.contains("<title>") && page.contains(r##"href="#main""##));
            assert!(!page.contains("<script") && !page.contains("style=") && !page.contains("<b>"));
        }
    }
}
