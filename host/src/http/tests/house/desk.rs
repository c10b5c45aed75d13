//! Logins and resources that answer what a test tells them to.

use super::LOGIN;
use crate::clock;
use crate::http::resource::{Resource, ResourceError, Resources};
use crate::http::sign_in::SignIn;
use crate::logins::{
    Begun, BrowserLogin, CallbackRequest, ClientLogin, Created, Invitation, LoginError,
    LoginResult, LoginStatus, SignedIn,
};
use async_trait::async_trait;
use axum::body::Bytes;
use celadon_workflows::types::{LoginId, ProviderName, Stage, UserId};
use std::sync::Mutex;
use std::time::Duration;

/// Answers what it is told to, and remembers what it was asked.
#[derive(Default)]
pub struct Desk {
    pub callback: Mutex<Option<Result<SignedIn, LoginError>>>,
    pub resource: Mutex<Option<Result<Bytes, ResourceError>>>,
    pub status: Mutex<Option<LoginStatus>>,
    pub callbacks: Mutex<Vec<CallbackRequest>>,
    pub begun: Mutex<Vec<BrowserLogin>>,
    pub created: Mutex<Vec<ClientLogin>>,
    pub accepted: Mutex<Vec<Option<String>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().expect("no test panics with the lock")
}

fn begun() -> Begun {
    Begun {
        login: LoginId::new(LOGIN),
        location: "https://idp.example/authorize?a=1&b=2"
            .parse()
            .expect("a URL"),
        binding: "the-binding".to_owned(),
        expires_at: clock::now() + 600,
    }
}

#[async_trait]
impl SignIn for Desk {
    async fn begin(&self, wish: BrowserLogin) -> Result<Begun, LoginError> {
        lock(&self.begun).push(wish);
        Ok(begun())
    }

    async fn create(&self, wish: ClientLogin) -> Result<Created, LoginError> {
        lock(&self.created).push(wish);
        Ok(Created {
            login: LoginId::new(LOGIN),
            login_url: format!("https://sign-in.example/login/demo?login={LOGIN}"),
            expires_at: 1_767_225_600,
        })
    }

    async fn invitation(&self, _: &str, _: &LoginId) -> Result<Invitation, LoginError> {
        Ok(Invitation {
            client: "The <App>".to_owned(),
            provider: "Demo & Co".to_owned(),
        })
    }

    async fn accept(
        &self,
        _: &str,
        _: &LoginId,
        binding: Option<String>,
    ) -> Result<Begun, LoginError> {
        lock(&self.accepted).push(binding);
        Ok(begun())
    }

    async fn callback(&self, callback: CallbackRequest) -> Result<SignedIn, LoginError> {
        lock(&self.callbacks).push(callback);
        lock(&self.callback)
            .take()
            .unwrap_or(Err(LoginError::UnknownState))
    }

    async fn status(
        &self,
        client: &str,
        login: &LoginId,
        _: Option<Duration>,
    ) -> Result<LoginStatus, LoginError> {
        assert_eq!(client, "app");
        Ok(lock(&self.status).take().unwrap_or(LoginStatus {
            login: login.clone(),
            provider: ProviderName::new("demo"),
            stage: Stage::WaitingForUser,
            outcome: None,
            expires_at: 1_767_225_600,
        }))
    }

    async fn cancel(&self, _: &str, _: &LoginId) -> Result<(), LoginError> {
        Ok(())
    }

    async fn result(&self, _: &str, _: &LoginId, _: &str) -> Result<LoginResult, LoginError> {
        Err(LoginError::ResultCode)
    }
}

#[async_trait]
impl Resources for Desk {
    async fn fetch(&self, _: &UserId, _: &ProviderName) -> Result<Resource, ResourceError> {
        let body = lock(&self.resource)
            .take()
            .unwrap_or(Err(ResourceError::NotConnected))?;
        Ok(Resource {
            content_type: "application/json".to_owned(),
            body,
            fetched_at: 0,
        })
    }
}

/// Resources whose code is broken.
pub struct Panics;

impl Panics {
    pub const MESSAGE: &str = "a secret in a panic";
}

#[async_trait]
impl Resources for Panics {
    async fn fetch(&self, _: &UserId, _: &ProviderName) -> Result<Resource, ResourceError> {
        panic!("{}", Self::MESSAGE)
    }
}
