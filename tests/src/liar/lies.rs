//! What one issuer lies about, as data and small closures.

use super::WORDS;
use super::answer::{Manner, Reply};
use super::keys::{Key, Keys};
use anyhow::Result;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use std::time::Duration;

/// Where a lie stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The answer with the metadata.
    Discovery,
    /// The answer with the keys.
    Jwks,
    /// The answer of the token endpoint.
    Token,
    /// The answer of the userinfo endpoint.
    Userinfo,
    /// The answer below `collect`, which takes whatever comes.
    Collector,
    /// The ID token's header.
    Header,
    /// The ID token's claims.
    Claims,
    /// The ID token as it is sent.
    IdToken,
}

/// What a lie may refer to.
pub struct Scene<'a> {
    /// The issuer's name.
    pub name: String,
    /// The issuer.
    pub issuer: String,
    /// The liar's origin.
    pub base: String,
    /// The liar's port.
    pub port: u16,
    /// The nonce of the login.
    pub nonce: String,
    /// All requests so far, head and body.
    pub asked: String,
    /// The last answer of the token endpoint.
    pub given: String,
    /// Unix seconds.
    pub now: i64,
    /// The keys.
    pub keys: &'a Keys,
}

impl Scene<'_> {
    /// The code of this issuer's login.
    pub fn code(&self) -> String {
        format!("code-for-{}-4Vx81q", self.name)
    }

    /// The access token of this issuer's login.
    pub fn access_token(&self) -> String {
        format!("access-token-for-{}-0pQz7m", self.name)
    }

    pub(super) fn fill(&self, text: &str) -> String {
        text.replace("{issuer}", &self.issuer)
            .replace("{base}", &self.base)
            .replace("{port}", &self.port.to_string())
            .replace("{words}", WORDS)
    }
}

/// The browser's way back.
#[derive(Clone, Debug, Default)]
pub struct Redirect {
    /// The path of the callback.
    pub path: String,
    /// Its parameters.
    pub parameters: Vec<(String, String)>,
    /// The query as it stands, in the place of the parameters.
    pub raw: Option<String>,
    /// Whether the parameters are posted as a form.
    pub post: bool,
    /// Whether the browser is another one.
    pub foreign: bool,
}

impl Redirect {
    /// Gives a parameter another value, or adds it.
    pub fn set(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.add(name, value);
    }

    /// Adds a parameter, whether it is there or not.
    pub fn add(&mut self, name: &str, value: &str) {
        self.parameters.push((name.to_owned(), value.to_owned()));
    }

    /// Leaves a parameter out.
    pub fn remove(&mut self, name: &str) {
        self.parameters.retain(|(own, _)| own != name);
    }

    /// The query.
    pub fn query(&self) -> String {
        self.raw.clone().unwrap_or_else(|| {
            url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(&self.parameters)
                .finish()
        })
    }
}

type Edit = Box<dyn Fn(&mut Value, &Scene<'_>) + Send + Sync>;
type Rewrite = Box<dyn Fn(Vec<u8>) -> Vec<u8> + Send + Sync>;
type Turn = Box<dyn Fn(&mut Redirect, &Scene<'_>) + Send + Sync>;

/// An issuer's lies. None: an honest provider.
#[derive(Default)]
pub struct Lies {
    edits: Vec<(Place, Edit)>,
    rewrites: Vec<(Place, Rewrite)>,
    turns: Vec<Turn>,
    replies: Vec<(Place, Reply)>,
    key: Option<Key>,
}

impl Lies {
    /// An honest provider.
    pub fn none() -> Self {
        Self::default()
    }

    /// A member has this value. Texts may hold `{issuer}`, `{base}`, `{port}` and `{words}`.
    #[must_use]
    pub fn set(self, place: Place, member: &'static str, value: Value) -> Self {
        self.edit(place, move |document, scene| {
            document[member] = match &value {
                Value::String(text) => scene.fill(text).into(),
                other => other.clone(),
            };
        })
    }

    /// A member is missing.
    #[must_use]
    pub fn without(self, place: Place, member: &'static str) -> Self {
        self.edit(place, move |document, _| {
            document.as_object_mut().map(|it| it.remove(member));
        })
    }

    /// A member is a time, so many seconds from now.
    #[must_use]
    pub fn at(self, place: Place, member: &'static str, seconds: i64) -> Self {
        self.edit(place, move |document, scene| {
            document[member] = (scene.now + seconds).into();
        })
    }

    /// The document is changed.
    #[must_use]
    pub fn edit(
        mut self,
        place: Place,
        edit: impl Fn(&mut Value, &Scene<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.edits.push((place, Box::new(edit)));
        self
    }

    /// The bytes of the document are changed.
    #[must_use]
    pub fn bytes(
        mut self,
        place: Place,
        rewrite: impl Fn(Vec<u8>) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        self.rewrites.push((place, Box::new(rewrite)));
        self
    }

    /// Text in the document is replaced.
    #[must_use]
    pub fn replace(self, place: Place, from: &'static str, to: &'static str) -> Self {
        self.bytes(place, move |bytes| {
            let text = String::from_utf8_lossy(&bytes);
            assert!(text.contains(from), "no {from} to lie about in {text}");
            text.replace(from, to).into_bytes()
        })
    }

    /// The body is this.
    #[must_use]
    pub fn body(self, place: Place, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        self.bytes(place, move |_| body.clone())
    }

    /// The answer has this status.
    #[must_use]
    pub fn status(self, place: Place, status: u16) -> Self {
        self.reply(place, |reply| reply.status = status)
    }

    /// The answer has this header.
    #[must_use]
    pub fn head(self, place: Place, name: &str, value: &str) -> Self {
        self.reply(place, |reply| {
            reply.headers.push((name.to_owned(), value.to_owned()));
        })
    }

    /// The answer takes so many milliseconds to begin.
    #[must_use]
    pub fn late(self, place: Place, milliseconds: u64) -> Self {
        self.reply(place, |reply| {
            reply.delay = Duration::from_millis(milliseconds);
        })
    }

    /// How the answer is sent.
    #[must_use]
    pub fn manner(self, place: Place, manner: Manner) -> Self {
        self.reply(place, |reply| reply.manner = manner)
    }

    /// Which key signs.
    #[must_use]
    pub fn signed_by(mut self, key: Key) -> Self {
        self.key = Some(key);
        self
    }

    /// The way back is another.
    #[must_use]
    pub fn turn(
        mut self,
        turn: impl Fn(&mut Redirect, &Scene<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.turns.push(Box::new(turn));
        self
    }

    fn reply(mut self, place: Place, change: impl FnOnce(&mut Reply)) -> Self {
        if !self.replies.iter().any(|(own, _)| *own == place) {
            self.replies.push((place, Reply::default()));
        }
        if let Some((_, reply)) = self.replies.iter_mut().find(|(own, _)| *own == place) {
            change(reply);
        }
        self
    }

    pub(super) fn redirect(&self, redirect: &mut Redirect, scene: &Scene<'_>) {
        self.turns.iter().for_each(|turn| turn(redirect, scene));
    }

    /// What is answered at a place.
    pub(super) fn answer(&self, place: Place, scene: &Scene<'_>) -> Result<Reply> {
        let honest = match place {
            Place::Discovery => metadata(scene),
            Place::Jwks => jwks(scene),
            Place::Token => token_answer(scene, &self.id_token(scene)?),
            Place::Collector => json!({"collected": true}),
            _ => userinfo(),
        };
        let found = self.replies.iter().find(|(own, _)| *own == place);
        let mut reply = found.map(|(_, reply)| reply.clone()).unwrap_or_default();
        reply.body = self.written(place, honest, scene);
        Ok(reply)
    }

    fn id_token(&self, scene: &Scene<'_>) -> Result<String> {
        let header = json!({"alg": "RS256", "kid": "k1", "typ": "JWT"});
        let header = self.written(Place::Header, header, scene);
        let claims = self.written(Place::Claims, claims(scene), scene);
        let encode = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        let message = format!("{}.{}", encode(&header), encode(&claims));
        let read: Value = serde_json::from_slice(&header).unwrap_or_default();
        let alg = read["alg"].as_str().unwrap_or_default();
        let key = self.key.as_ref().unwrap_or(&Key::Rsa);
        let signature = scene.keys.sign(key, alg, message.as_bytes())?;
        let token = format!("{message}.{}", encode(&signature));
        let token = self.rewritten(Place::IdToken, token.into_bytes());
        Ok(String::from_utf8_lossy(&token).into_owned())
    }

    fn written(&self, place: Place, mut document: Value, scene: &Scene<'_>) -> Vec<u8> {
        for (_, edit) in self.edits.iter().filter(|(own, _)| *own == place) {
            edit(&mut document, scene);
        }
        self.rewritten(place, document.to_string().into_bytes())
    }

    fn rewritten(&self, place: Place, bytes: Vec<u8>) -> Vec<u8> {
        let rewrites = self.rewrites.iter().filter(|(own, _)| *own == place);
        rewrites.fold(bytes, |bytes, (_, rewrite)| rewrite(bytes))
    }
}

fn metadata(scene: &Scene<'_>) -> Value {
    let issuer = &scene.issuer;
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "jwks_uri": format!("{issuer}/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "authorization_response_iss_parameter_supported": true,
        "service_documentation": WORDS,
    })
}

fn jwks(scene: &Scene<'_>) -> Value {
    let mut key = scene.keys.jwk(&Key::Rsa);
    key["kid"] = "k1".into();
    key["use"] = "sig".into();
    key["alg"] = "RS256".into();
    json!({"keys": [key], "words": WORDS})
}

fn claims(scene: &Scene<'_>) -> Value {
    json!({
        "iss": scene.issuer,
        "sub": "alice",
        "aud": "celadon",
        "exp": scene.now + 300,
        "iat": scene.now,
        "nonce": scene.nonce,
        "words": WORDS,
    })
}

fn token_answer(scene: &Scene<'_>, id_token: &str) -> Value {
    json!({
        "access_token": scene.access_token(),
        "token_type": "Bearer",
        "expires_in": 3600,
        "refresh_token": format!("refresh-token-for-{}-W3c9xK", scene.name),
        "scope": "openid email profile",
        "id_token": id_token,
        "words": WORDS,
    })
}

fn userinfo() -> Value {
    json!({
        "sub": "alice",
        "email": "alice@example.com",
        "email_verified": true,
        "name": "Alice",
        "words": WORDS,
    })
}
