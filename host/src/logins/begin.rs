//! Beginning a login: in a browser, for a configured client, and in the browser that accepts a
//! client's.

use super::{
    Begun, BrowserLogin, ClientLogin, Created, Invitation, LoginError, Logins, cannot_begin, ended,
    return_to, store, temporal,
};
use crate::clock;
use crate::fault;
use crate::metrics;
use crate::plugin::Revision;
use crate::random;
use crate::steps::Steps;
use crate::steps::attempt::{Made, NotMade, Wish};
use crate::steps::provider::Provider;
use crate::store::{Admission, AttemptRecord, FirstWrite};
use crate::traces;
use celadon_workflows::types::{Attempt, AuthenticationInput, LoginId, Outcome, ProviderName};
use std::sync::Arc;

/// The longest name of a user that a client may give.
const LONGEST_USER: usize = 255;
/// Scopes that a client may ask for.
const MOST_SCOPES: usize = 64;

impl Logins {
    /// Begins a login in a browser.
    pub async fn begin(&self, wish: BrowserLogin) -> Result<Begun, LoginError> {
        let (provider, revision) = self.configured(&wish.provider)?;
        let steps = &self.steps;
        let return_to = return_to::check(&steps.config, wish.return_to.as_deref())
            .ok_or(LoginError::ReturnTo)?;
        // What would be in vain is not begun.
        self.temporal.connected().map_err(temporal)?;
        let binding = random::token();
        let address = steps
            .keys
            .keyed_hash("address", wish.address.to_string().as_bytes());
        let made = self
            .make(
                Wish {
                    provider: provider.name.clone(),
                    scopes: None,
                    return_to,
                    hints: wish.hints,
                    client: None,
                    user: None,
                    address: Some(address),
                    binding: Some(random::sha256_hex(binding.as_bytes())),
                    workflow_id: None,
                },
                &revision,
            )
            .await?;
        fault::point("attempt.written").await;
        // The link first: a provider that cannot be found leaves no workflow behind.
        let location = match steps.link(provider, &revision, &made.secrets).await {
            Ok(location) => location,
            Err(stop) => {
                let why = cannot_begin(stop);
                return Err(self.abandon(&provider.name, &made, why).await);
            }
        };
        self.start(&provider.name, &made).await?;
        fault::point("start.written").await;
        Ok(Begun {
            login: made.login,
            location,
            binding,
            expires_at: made.expires_at,
        })
    }

    /// Begins a login for a configured client.
    pub async fn create(&self, wish: ClientLogin) -> Result<Created, LoginError> {
        let (provider, revision) = self.configured(&wish.provider)?;
        let return_to = return_to::check(&self.steps.config, wish.return_to.as_deref())
            .ok_or(LoginError::ReturnTo)?;
        check_words(wish.scopes.as_deref(), wish.user.as_deref())?;
        let made = self
            .make(
                Wish {
                    provider: provider.name.clone(),
                    scopes: wish.scopes,
                    return_to,
                    hints: Vec::new(),
                    client: Some(wish.client),
                    user: wish.user,
                    address: None,
                    binding: None,
                    workflow_id: None,
                },
                &revision,
            )
            .await?;
        self.start(&provider.name, &made).await?;
        Ok(Created {
            login_url: self.steps.login_url(&provider.name, &made.login),
            login: made.login,
            expires_at: made.expires_at,
        })
    }

    /// What to show to the browser that opens a client's login, before it is bound.
    pub async fn invitation(
        &self,
        provider: &str,
        login: &LoginId,
    ) -> Result<Invitation, LoginError> {
        let record = self.open_for_a_browser(provider, login).await?;
        let config = &self.steps.config;
        let client = record.attempt.client.as_ref();
        let (provider, _) = self.configured(provider)?;
        Ok(Invitation {
            client: client.map_or_else(
                || "A workflow".to_owned(),
                |name| {
                    config
                        .clients
                        .get(name)
                        .map_or(name, |client| &client.title)
                        .clone()
                },
            ),
            provider: provider.config.title.clone(),
        })
    }

    /// Binds a client's login to the browser that accepts the invitation, once. A browser that is
    /// bound already shows its binding cookie and may go on.
    pub async fn accept(
        &self,
        provider: &str,
        login: &LoginId,
        bound: Option<&str>,
    ) -> Result<Begun, LoginError> {
        let record = self.open_for_a_browser(provider, login).await?;
        let (provider, _) = self.configured(provider)?;
        let revision = self.pinned(&record).await?;
        let secrets = self.steps.open_secrets(&record).map_err(cannot_begin)?;
        let location = self
            .steps
            .link(provider, &revision, &secrets)
            .await
            .map_err(cannot_begin)?;
        let binding = bound.map_or_else(random::token, str::to_owned);
        let hash = random::sha256_hex(binding.as_bytes());
        let written = self
            .steps
            .store
            .bind_attempt(login, &hash, clock::now())
            .await
            .map_err(store)?;
        match written {
            FirstWrite::Written | FirstWrite::Same => Ok(Begun {
                login: login.clone(),
                location,
                binding,
                expires_at: record.attempt.expires_at,
            }),
            FirstWrite::Refused => Err(LoginError::ForeignBrowser),
        }
    }

    /// The attempt of a login that a client began and that still waits for its browser.
    async fn open_for_a_browser(
        &self,
        provider: &str,
        login: &LoginId,
    ) -> Result<AttemptRecord, LoginError> {
        let record = self.attempt(login).await?.ok_or(LoginError::UnknownLogin)?;
        let attempt = &record.attempt;
        // One that a browser began has its link already; nobody else is to have it.
        let began_in_browser =
            attempt.client.is_none() && attempt.workflow_id == login.workflow_id();
        if attempt.provider.as_str() != provider || began_in_browser {
            return Err(LoginError::UnknownLogin);
        }
        if let Some(outcome) = &record.outcome {
            return Err(ended(login, outcome));
        }
        if record.callback_digest.is_some() {
            return Err(LoginError::AlreadyAnswered);
        }
        if clock::now() >= attempt.expires_at {
            return Err(LoginError::Expired);
        }
        Ok(record)
    }

    async fn pinned(&self, record: &AttemptRecord) -> Result<Arc<Revision>, LoginError> {
        self.steps
            .revision_of(&record.attempt.revision)
            .await
            .map_err(cannot_begin)
    }

    /// A configured provider and its active revision.
    fn configured(&self, name: &str) -> Result<(&Arc<Provider>, Arc<Revision>), LoginError> {
        let name = ProviderName::new(name);
        let provider = self
            .steps
            .provider(&name)
            .ok_or(LoginError::UnknownProvider)?;
        let revision = self
            .steps
            .revisions
            .active(&name)
            .ok_or(LoginError::UnknownProvider)?;
        Ok((provider, revision))
    }

    async fn make(&self, wish: Wish, revision: &Revision) -> Result<Made, LoginError> {
        match self.steps.make_attempt(wish, revision).await {
            Ok(made) => Ok(made),
            Err(NotMade::Bound(Admission::AddressFull)) => Err(LoginError::TooManyFromAddress),
            Err(NotMade::Bound(_)) => Err(LoginError::TooMany),
            Err(NotMade::Stop(stop)) => Err(cannot_begin(stop)),
        }
    }

    async fn start(&self, provider: &ProviderName, made: &Made) -> Result<(), LoginError> {
        let input = AuthenticationInput {
            provider: provider.clone(),
            scopes: None,
            return_to: None,
            user: None,
            attempt: Some(Attempt {
                login_url: self.steps.login_url(provider, &made.login),
                expires_in: made.expires_at.saturating_sub(clock::now()).max(1),
                login: made.login.clone(),
            }),
        };
        let started = self
            .temporal
            .start_login(&made.login.workflow_id(), input)
            .await;
        match started {
            Ok(()) => {
                metrics::login_started(provider);
                Ok(())
            }
            Err(error) => Err(self.abandon(provider, made, temporal(error)).await),
        }
    }

    /// Ends an attempt that nobody can come back to, so that it counts no longer among those in
    /// flight. Gives `why` back.
    async fn abandon(&self, provider: &ProviderName, made: &Made, why: LoginError) -> LoginError {
        let login = &made.login;
        traces::login_not_begun(login, provider, made.secrets.began_at);
        let ended = self
            .steps
            .store
            .conclude_attempt(login, &Outcome::Cancelled);
        if let Err(error) = ended.await {
            tracing::warn!(error = %error, login = %login, "a login that did not begin is kept until it expires");
        }
        why
    }
}

impl Steps {
    /// Celadon's own address for a browser that is to sign in.
    pub fn login_url(&self, provider: &ProviderName, login: &LoginId) -> String {
        let base = self.config.server.public_url.as_str().trim_end_matches('/');
        format!("{base}/login/{provider}?login={login}")
    }
}

/// Checks the scopes and the name of the user that somebody else than a browser gives.
pub(crate) fn check_words(scopes: Option<&[String]>, user: Option<&str>) -> Result<(), LoginError> {
    check_scopes(scopes)?;
    check_user(user)
}

/// RFC 6749 section 3.3.
fn check_scopes(scopes: Option<&[String]>) -> Result<(), LoginError> {
    let token = |scope: &String| {
        (1..=255).contains(&scope.len())
            && scope
                .bytes()
                .all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
    };
    let scopes = scopes.unwrap_or_default();
    if scopes.len() > MOST_SCOPES || !scopes.iter().all(token) {
        return Err(LoginError::BadRequest(
            "scopes: at most 64, each of printable ASCII characters without space, quote and backslash"
                .to_owned(),
        ));
    }
    Ok(())
}

fn check_user(user: Option<&str>) -> Result<(), LoginError> {
    let good = |user: &str| {
        (1..=LONGEST_USER).contains(&user.len()) && !user.chars().any(char::is_control)
    };
    if user.is_some_and(|user| !good(user)) {
        return Err(LoginError::BadRequest(
            "user: 1 to 255 bytes without control characters".to_owned(),
        ));
    }
    Ok(())
}
