//! A browser without JavaScript: cookies, redirects one hop at a time, forms.
//!
//! Different ports stand for different sites here, so that a provider on another port of 127.0.0.1
//! is as foreign as a real one: `SameSite` cookies are withheld as they would be. Cookies are shared
//! by all ports of a host, as real browsers do.

mod cookies;
mod forms;
mod page;

use anyhow::{Context, Result, bail};
use cookies::Jar;
pub use forms::Form;
pub use page::{Page, state_of};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION, ORIGIN};
use url::Url;

/// A browser with its own cookies.
pub struct Browser {
    http: reqwest::Client,
    jar: Jar,
}

/// What to ask for.
#[derive(Clone)]
struct Wish {
    method: Method,
    url: Url,
    form: Option<Vec<(String, String)>>,
    /// The page that asks; `None`: the user typed the address.
    from: Option<Url>,
}

impl Browser {
    /// A browser nobody has used.
    pub fn new() -> Result<Self> {
        let http = crate::http_client()?;
        Ok(Self {
            http,
            jar: Jar::default(),
        })
    }

    /// Another tab, with the cookies as they are now.
    #[must_use]
    pub fn tab(&self) -> Self {
        Self {
            http: self.http.clone(),
            jar: self.jar.clone(),
        }
    }

    /// Opens an address and follows its redirects.
    pub async fn open(&mut self, url: &str) -> Result<Page> {
        let url = Url::parse(url)?;
        self.follow(
            Wish {
                method: Method::GET,
                url,
                form: None,
                from: None,
            },
            |_| false,
        )
        .await
    }

    /// Opens an address as a link on `page` would.
    pub async fn open_from(&mut self, page: &Url, url: &Url) -> Result<Page> {
        let wish = Wish {
            method: Method::GET,
            url: url.clone(),
            form: None,
            from: Some(page.clone()),
        };
        self.follow(wish, |_| false).await
    }

    /// Posts a form as a page of `from`'s site does.
    pub async fn post(&mut self, from: &Url, url: &str, form: &[(&str, &str)]) -> Result<Page> {
        let form = form
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect();
        let wish = Wish {
            method: Method::POST,
            url: Url::parse(url)?,
            form: Some(form),
            from: Some(from.clone()),
        };
        self.follow(wish, |_| false).await
    }

    /// Signs in from `start`, Celadon's own address, as `user`: fills the provider's forms and
    /// goes on from the page that says which application asks. Ends at a page of Celadon's.
    pub async fn sign_in(&mut self, start: &str, user: &str) -> Result<Page> {
        self.walk(start, user, "allow", |_| false).await
    }

    /// As [`Self::sign_in`], but does not open the callback: its address is the result.
    pub async fn authorize(&mut self, start: &str, user: &str) -> Result<Url> {
        let page = self.walk(start, user, "allow", is_callback).await?;
        page.hops
            .into_iter()
            .rfind(is_callback)
            .context("the provider sent no callback")
    }

    /// Signs in as `user` and then presses the provider's other button.
    pub async fn refuse(&mut self, start: &str) -> Result<Page> {
        self.walk(start, "nobody", "deny", |_| false).await
    }

    /// Cookies with this name prefix, as (name, value).
    pub fn cookies(&self, prefix: &str) -> Vec<(String, String)> {
        self.jar.named(prefix)
    }

    async fn walk(
        &mut self,
        start: &str,
        user: &str,
        decision: &str,
        stop: fn(&Url) -> bool,
    ) -> Result<Page> {
        let start = Url::parse(start)?;
        let wish = Wish {
            method: Method::GET,
            url: start.clone(),
            form: None,
            from: None,
        };
        let mut page = self.follow(wish, stop).await?;
        for _ in 0..8 {
            if page.hops.last().is_some_and(stop) {
                return Ok(page);
            }
            let Some(wish) = onward(&page, &start, user, decision)? else {
                return Ok(page);
            };
            let before = std::mem::take(&mut page.hops);
            page = self.follow(wish, stop).await?;
            page.hops.splice(0..0, before);
        }
        bail!("the forms have no end; the last was at {}", page.url)
    }

    async fn follow(&mut self, mut wish: Wish, stop: fn(&Url) -> bool) -> Result<Page> {
        let mut hops = Vec::new();
        let mut foreign = false;
        for _ in 0..20 {
            foreign |= wish
                .from
                .as_ref()
                .is_some_and(|from| from.origin() != wish.url.origin());
            if let (&Method::GET, Some(fields)) = (&wish.method, &wish.form) {
                wish.url.query_pairs_mut().clear().extend_pairs(fields);
            }
            hops.push(wish.url.clone());
            let page = self.ask(&wish, foreign, &hops).await?;
            let location = page
                .headers
                .get(LOCATION)
                .map(|l| l.to_str().map(str::to_owned))
                .transpose()?;
            let Some(location) = location.filter(|_| (300..400).contains(&page.status)) else {
                return Ok(page);
            };
            let next = wish.url.join(&location)?;
            if stop(&next) {
                hops.push(next);
                return Ok(Page { hops, ..page });
            }
            let keeps_method = matches!(page.status, 307 | 308);
            wish = Wish {
                method: if keeps_method {
                    wish.method
                } else {
                    Method::GET
                },
                form: wish.form.filter(|_| keeps_method),
                from: Some(wish.url),
                url: next,
            };
        }
        bail!("more than 20 redirects; the last to {}", wish.url)
    }

    async fn ask(&mut self, wish: &Wish, foreign: bool, hops: &[Url]) -> Result<Page> {
        let mut request = self.http.request(wish.method.clone(), wish.url.clone());
        if let Some(cookies) = self
            .jar
            .header(&wish.url, foreign, wish.method == Method::GET)
        {
            request = request.header(COOKIE, cookies);
        }
        if let Some(form) = wish.form.as_ref().filter(|_| wish.method != Method::GET) {
            let body = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(form)
                .finish();
            request = request
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(body);
            if let Some(from) = &wish.from {
                request = request.header(ORIGIN, from.origin().ascii_serialization());
            }
        }
        let answer = request
            .header("accept", "text/html,*/*;q=0.8")
            .send()
            .await?;
        let status = answer.status().as_u16();
        let headers = answer.headers().clone();
        self.jar.keep(&wish.url, &headers);
        let text = answer.text().await?;
        Ok(Page {
            url: wish.url.clone(),
            status,
            headers,
            text,
            hops: hops.to_vec(),
        })
    }
}

/// What a user who wants to sign in does on this page: follows Celadon's link to the provider,
/// fills and sends the provider's form, or nothing where there is neither.
fn onward(page: &Page, start: &Url, user: &str, decision: &str) -> Result<Option<Wish>> {
    let mut wish = Wish {
        method: Method::GET,
        url: page.url.clone(),
        form: None,
        from: Some(page.url.clone()),
    };
    if page.url.origin() == start.origin() {
        let Some(next) = page.next_link() else {
            return Ok(None);
        };
        wish.url = page.url.join(&next)?;
        return Ok(Some(wish));
    }
    let Some(mut form) = Form::first(page) else {
        return Ok(None);
    };
    form.fill(user);
    if form.action.origin() != start.origin() {
        form.press(decision);
    }
    (wish.method, wish.url, wish.form) = (form.method, form.action, Some(form.fields));
    Ok(Some(wish))
}

fn is_callback(url: &Url) -> bool {
    url.path().starts_with("/callback/")
}
