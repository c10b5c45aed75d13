//! How a table is played.

mod aftermath;
mod row;

pub use row::*;

use super::guest::Guest;
use anyhow::{Context, Result, bail, ensure};
use celadon_tests::liar::{Liar, Redirect, WORDS};
use celadon_tests::{Celadon, Op, Sandbox, Setup, Temporal, http_client};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use url::Url;

/// The longest that an answer may take.
const LONGEST: Duration = Duration::from_secs(20);
/// Rows at a time.
const AT_ONCE: usize = 6;
/// What must not be in a log: words, and the ends of codes and tokens.
const UNWRITTEN: [&str; 4] = [WORDS, "-4Vx81q", "-0pQz7m", "-W3c9xK"];

/// A Celadon with a provider for each row.
pub struct Stage {
    pub celadon: Celadon,
    pub liar: Liar,
    /// The provider by other people at which somebody signs in after every row, if there is one.
    beside: Option<Op>,
    http: reqwest::Client,
    #[expect(dead_code, reason = "held: the server ends when this is dropped")]
    temporal: Temporal,
    #[expect(dead_code, reason = "held: the folder goes when this is dropped")]
    sandbox: Sandbox,
}

/// Plays a table.
pub async fn play(rows: Vec<Row>) -> Result<()> {
    let (stage, plays) = Stage::set(rows).await?;
    stage.play(plays).await.map(drop)
}

/// What is to be played: a row without its lies, which the liar has.
pub type Plays = Vec<Row>;

impl Stage {
    /// Starts everything.
    pub async fn set(rows: Vec<Row>) -> Result<(Arc<Self>, Plays)> {
        Self::set_in(Sandbox::new()?, rows, false).await
    }

    /// As [`Self::set`], with a provider by other people beside the rows' own: after every row somebody
    /// signs in there.
    pub async fn set_beside(sandbox: Sandbox, rows: Vec<Row>) -> Result<(Arc<Self>, Plays)> {
        Self::set_in(sandbox, rows, true).await
    }

    async fn set_in(
        sandbox: Sandbox,
        mut rows: Vec<Row>,
        beside: bool,
    ) -> Result<(Arc<Self>, Plays)> {
        let take = |row: &mut Row| (row.name.clone(), std::mem::take(&mut row.lies));
        let issuers: Vec<_> = rows.iter_mut().map(take).collect();
        let (temporal, liar) = tokio::try_join!(Temporal::start(&sandbox), Liar::start(issuers))?;
        let mut setup = Setup::new(&temporal)?;
        let mut op = None;
        if beside {
            let started = Op::start(&sandbox).await?;
            setup = setup.provider("beside", &started).await?;
            op = Some(started);
        }
        for row in &rows {
            setup = setup
                .issuer(&row.name, &liar.issuer(&row.name))?
                .scopes(&["openid", "email", "profile"]);
            if let Some(guest) = &row.guest {
                setup = guest.configure(setup, &liar, &row.name)?;
            }
        }
        let stage = Self {
            celadon: Celadon::start(&sandbox, setup).await?,
            liar,
            beside: op,
            http: http_client()?,
            temporal,
            sandbox,
        };
        Ok((Arc::new(stage), rows))
    }

    /// Plays all rows and says which do not end as they should. The answer is how long the longest
    /// wait was.
    pub async fn play(self: &Arc<Self>, rows: Plays) -> Result<Duration> {
        self.play_at_once(AT_ONCE, rows).await
    }

    /// As [`Self::play`], so many rows at a time.
    pub async fn play_at_once(self: &Arc<Self>, many: usize, rows: Plays) -> Result<Duration> {
        let turns = Arc::new(Semaphore::new(many));
        let mut playing = JoinSet::new();
        let number = rows.len();
        for row in rows {
            let (stage, turns) = (Arc::clone(self), Arc::clone(&turns));
            playing.spawn(async move {
                let _turn = turns.acquire_owned().await?;
                let played = async {
                    let took = stage.row(&row).await?;
                    stage.check_guest(&row)?;
                    stage.sign_in_beside().await?;
                    anyhow::Ok(took)
                };
                played
                    .await
                    .map_err(|error| error.context(format!("{} ({})", row.name, row.rule)))
            });
        }
        let mut longest = Duration::ZERO;
        let mut wrong = Vec::new();
        while let Some(played) = playing.join_next().await {
            match played? {
                Ok(took) => longest = longest.max(took),
                Err(error) => wrong.push(format!("{error:#}")),
            }
        }
        wrong.sort();
        ensure!(
            wrong.is_empty(),
            "{} of {number} rows:\n{}",
            wrong.len(),
            wrong.join("\n")
        );
        self.check_log()?;
        Ok(longest)
    }

    fn check_log(&self) -> Result<()> {
        let log = self.celadon.logs()?;
        for line in log.lines() {
            for word in UNWRITTEN {
                ensure!(!line.contains(word), "the log has `{word}`: {line}");
            }
            ensure!(!line.contains("panicked"), "{line}");
            ensure!(!line.contains('\u{1b}'), "the log has an escape: {line:?}");
        }
        Ok(())
    }

    async fn row(&self, row: &Row) -> Result<Duration> {
        let login = self.celadon.login(&row.name);
        let says = row.guest.as_ref().map_or("", Guest::says);
        let no_link = match row.end {
            End::NoLink(kind) => Some(kind),
            End::NotLoaded(says) => {
                self.log_says(&row.name, says)?;
                Some(UNKNOWN_PROVIDER)
            }
            _ => None,
        };
        if let Some(kind) = no_link {
            let took = self.refused(&login, "", None, kind, says).await?;
            self.check_calls(row)?;
            return Ok(took);
        }
        let (link, binding) = self.begin(&login).await?;
        if let Some(guest) = &row.guest {
            guest.check_link(&link)?;
        }
        self.liar.began(&row.name, &link)?;
        let redirect = self.liar.redirect(&row.name, &link)?;
        let took = match row.end {
            End::SignedIn(who) => self.signed_in(row, &redirect, &binding, who).await?,
            End::Refused(kind) => self.turned_away(&redirect, &binding, kind, says).await?,
            End::NoLink(_) | End::NotLoaded(_) => bail!("played above"),
        };
        self.check_calls(row)?;
        Ok(took)
    }

    /// The link and the binding cookie.
    async fn begin(&self, login: &str) -> Result<(Url, String)> {
        let begun = self.get(login, "", "application/json").await?;
        ensure!(
            begun.status == 303,
            "the login: {} {}",
            begun.status,
            begun.text
        );
        Ok((Url::parse(&begun.location)?, begun.cookie))
    }

    async fn signed_in(
        &self,
        row: &Row,
        way: &Redirect,
        binding: &str,
        who: &str,
    ) -> Result<Duration> {
        let callback = self.celadon.url(&format!("{}?{}", way.path, way.query()));
        let answer = self.get(&callback, binding, "application/json").await?;
        ensure!(answer.status == 303, "{} {}", answer.status, answer.text);
        let session = answer.cookie.clone();
        let seen = self
            .get(&self.celadon.url("/v1/session"), &session, "*/*")
            .await?;
        ensure!(seen.status == 200, "no session: {}", seen.text);
        ensure!(
            celadon_tests::mentions(&serde_json::from_str(&seen.text)?, who),
            "no {who} in {}",
            seen.text
        );
        let home = self
            .get(&self.celadon.url("/"), &session, "text/html")
            .await?;
        ensure!(home.status == 200, "home: {}", home.status);
        ensure!(
            !home.text.contains("<script>"),
            "a claim is HTML: {}",
            home.text
        );
        if row.guest.is_some() {
            let session: Value = serde_json::from_str(&seen.text)?;
            ensure!(
                session["identity"]["subject"] == who,
                "not {who}: {session}"
            );
            let shown = format!("{}{}", seen.text, home.text);
            super::guest::holds_nothing(&self.liar.needles(&row.name)?, &shown)?;
        }
        Ok(answer.took)
    }

    async fn turned_away(
        &self,
        way: &Redirect,
        binding: &str,
        kind: Kind,
        says: &str,
    ) -> Result<Duration> {
        let binding = if way.foreign { "" } else { binding };
        let mut callback = self.celadon.url(&format!("{}?{}", way.path, way.query()));
        let mut form = None;
        if way.post {
            callback = self.celadon.url(&way.path);
            form = Some(way.query());
        }
        self.refused(&callback, binding, form, kind, says).await
    }

    /// Checks the refusal as JSON, and then as the page of the same refusal.
    async fn refused(
        &self,
        url: &str,
        cookie: &str,
        form: Option<String>,
        (name, status): Kind,
        says: &str,
    ) -> Result<Duration> {
        let url = match form {
            None => url.to_owned(),
            Some(form) => {
                let posted = self.post(url, form).await?;
                ensure!(posted.status == 303, "{} {}", posted.status, posted.text);
                self.celadon.url(&posted.location)
            }
        };
        let handled = url.contains("?handle=");
        let answer = self.get(&url, cookie, "application/json").await?;
        let problem: Value = serde_json::from_str(&answer.text)
            .with_context(|| format!("{} {}", answer.status, answer.text))?;
        ensure!(
            problem["type"] == format!("urn:celadon:problem:{name}") && answer.status == status,
            "not {name}: {problem}"
        );
        let detail = problem["detail"].as_str().unwrap_or_default();
        ensure!(detail.contains(says), "not `{says}`: {problem}");
        ensure!(!answer.cookie.contains("session"), "a session all the same");
        if !handled {
            let page = self.get(&url, cookie, "text/html").await?;
            ensure!(page.status == status, "the page has {}", page.status);
        }
        Ok(answer.took)
    }

    fn check_calls(&self, row: &Row) -> Result<()> {
        let seen = self.liar.seen(&row.name)?;
        let calls = |path: &str| seen.iter().filter(|own| *own == path).count();
        ensure!(
            calls("token") <= row.codes,
            "the code came too often: {seen:?}"
        );
        // A step that is run again may read userinfo again; whether it is asked at all counts.
        ensure!(
            row.guest.is_some() || (calls("userinfo") > 0) == row.userinfo,
            "userinfo was asked, or not: {seen:?}"
        );
        ensure!(calls("trap") == 0, "it went into the trap: {seen:?}");
        Ok(())
    }

    async fn get(&self, url: &str, cookie: &str, accept: &str) -> Result<Answer> {
        let request = self.http.get(url).header("accept", accept);
        self.ask(request.header(COOKIE, cookie)).await
    }

    async fn post(&self, url: &str, form: String) -> Result<Answer> {
        let kind = "application/x-www-form-urlencoded";
        let request = self.http.post(url).header("content-type", kind).body(form);
        self.ask(request).await
    }

    async fn ask(&self, request: reqwest::RequestBuilder) -> Result<Answer> {
        let begun = Instant::now();
        let answer = request.timeout(LONGEST + LONGEST).send().await?;
        let header = |name| {
            let value = answer.headers().get_all(name).iter().next_back();
            value
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_owned()
        };
        let headers = format!("{:?}", answer.headers());
        let location = header(LOCATION);
        let cookie = answer
            .headers()
            .get_all(SET_COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok()?.split(';').next())
            .find(|pair| !pair.ends_with('='))
            .unwrap_or_default()
            .to_owned();
        let status = answer.status().as_u16();
        let text = answer.text().await?;
        let took = begun.elapsed();
        ensure!(took < LONGEST, "it took {took:?}");
        ensure!(status < 500, "{status} {text}");
        ensure!(
            !text.contains(celadon_test_adversary::WORDS),
            "the component's words: {text}"
        );
        ensure!(
            !text.contains(WORDS) && !headers.contains(WORDS),
            "the liar's words: {headers} {text}"
        );
        Ok(Answer {
            status,
            location,
            cookie,
            text,
            took,
        })
    }
}

struct Answer {
    status: u16,
    location: String,
    /// The first cookie that is set to something.
    cookie: String,
    text: String,
    took: Duration,
}
