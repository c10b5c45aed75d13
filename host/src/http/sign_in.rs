//! What the endpoints ask of [`Logins`]. A trait, so that cookies, status codes and pages can be
//! tested without a durable workflow behind them.

use crate::logins::{
    Begun, BrowserLogin, CallbackRequest, ClientLogin, Created, Invitation, LoginError,
    LoginResult, LoginStatus, Logins, SignedIn,
};
use async_trait::async_trait;
use celadon_workflows::types::LoginId;
use std::time::Duration;

/// Starting, answering, watching and cancelling logins.
#[async_trait]
pub trait SignIn: Send + Sync {
    /// Begins a login in a browser.
    async fn begin(&self, wish: BrowserLogin) -> Result<Begun, LoginError>;
    /// Begins a login for a configured client.
    async fn create(&self, wish: ClientLogin) -> Result<Created, LoginError>;
    /// What to show to the browser that opens a client's login.
    async fn invitation(&self, provider: &str, login: &LoginId) -> Result<Invitation, LoginError>;
    /// Binds a client's login to the browser that opens it. `binding`: the value of the binding
    /// cookie of this login, where the browser has one.
    async fn accept(
        &self,
        provider: &str,
        login: &LoginId,
        binding: Option<String>,
    ) -> Result<Begun, LoginError>;
    /// Answers a callback.
    async fn callback(&self, callback: CallbackRequest) -> Result<SignedIn, LoginError>;
    /// Where a client's login stands.
    async fn status(
        &self,
        client: &str,
        login: &LoginId,
        wait: Option<Duration>,
    ) -> Result<LoginStatus, LoginError>;
    /// Cancels a client's login.
    async fn cancel(&self, client: &str, login: &LoginId) -> Result<(), LoginError>;
    /// Redeems the one-time code of a client's login.
    async fn result(
        &self,
        client: &str,
        login: &LoginId,
        code: &str,
    ) -> Result<LoginResult, LoginError>;
}

#[async_trait]
impl SignIn for Logins {
    async fn begin(&self, wish: BrowserLogin) -> Result<Begun, LoginError> {
        Self::begin(self, wish).await
    }

    async fn create(&self, wish: ClientLogin) -> Result<Created, LoginError> {
        Self::create(self, wish).await
    }

    async fn invitation(&self, provider: &str, login: &LoginId) -> Result<Invitation, LoginError> {
        Self::invitation(self, provider, login).await
    }

    async fn accept(
        &self,
        provider: &str,
        login: &LoginId,
        binding: Option<String>,
    ) -> Result<Begun, LoginError> {
        Self::accept(self, provider, login, binding.as_deref()).await
    }

    async fn callback(&self, callback: CallbackRequest) -> Result<SignedIn, LoginError> {
        Self::callback(self, callback).await
    }

    async fn status(
        &self,
        client: &str,
        login: &LoginId,
        wait: Option<Duration>,
    ) -> Result<LoginStatus, LoginError> {
        Self::status(self, client, login, wait).await
    }

    async fn cancel(&self, client: &str, login: &LoginId) -> Result<(), LoginError> {
        Self::cancel(self, client, login).await
    }

    async fn result(
        &self,
        client: &str,
        login: &LoginId,
        code: &str,
    ) -> Result<LoginResult, LoginError> {
        Self::result(self, client, login, code).await
    }
}
