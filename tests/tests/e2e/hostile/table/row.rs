//! What a row says.

use crate::hostile::guest::Guest;
use celadon_tests::liar::Lies;

/// A problem's type and status.
pub type Kind = (&'static str, u16);

pub const UNKNOWN_PROVIDER: Kind = ("unknown_provider", 404);
pub const PLUGIN_FAILED: Kind = ("plugin_failed", 424);
pub const NOT_GRANTED: Kind = ("not_granted", 403);
pub const BAD_REQUEST: Kind = ("bad_request", 400);
pub const UNKNOWN_STATE: Kind = ("unknown_state", 400);
pub const FOREIGN_BROWSER: Kind = ("foreign_browser", 403);
pub const ACCESS_DENIED: Kind = ("access_denied", 403);
pub const PROVIDER_REFUSED: Kind = ("provider_refused", 424);
pub const INVALID_GRANT: Kind = ("invalid_grant", 400);
pub const INVALID_CLIENT: Kind = ("invalid_client", 424);
pub const INVALID_RESPONSE: Kind = ("invalid_response", 424);
pub const ANSWER_LOST: Kind = ("answer_lost", 424);
pub const UNAVAILABLE: Kind = ("provider_unavailable", 424);

/// One provider, and how a login at it has to end.
pub struct Row {
    pub(super) name: String,
    pub(super) rule: &'static str,
    pub(super) lies: Lies,
    pub(super) end: End,
    pub(super) codes: usize,
    pub(super) userinfo: bool,
    /// What signs in there, where it is not the honest component.
    pub(super) guest: Option<Guest>,
}

#[derive(Clone, Copy)]
pub(super) enum End {
    /// Signed in, and the session mentions this.
    SignedIn(&'static str),
    /// The provider is not available: the log says this of it.
    NotLoaded(&'static str),
    /// No link is given out.
    NoLink(Kind),
    /// The callback is refused.
    Refused(Kind),
}

/// A row: its name, which is the provider's too, the rule, and the lies. It is refused for an
/// invalid response unless it says otherwise.
pub fn row(name: impl Into<String>, rule: &'static str, lies: Lies) -> Row {
    Row {
        name: name.into(),
        rule,
        lies,
        end: End::Refused(INVALID_RESPONSE),
        codes: 1,
        userinfo: false,
        guest: None,
    }
}

/// A row that tells no lie.
pub fn honest(name: &str) -> Row {
    row(name, "an honest provider", Lies::none()).signed_in()
}

impl Row {
    /// It ends signed in, as alice, and userinfo was asked.
    pub fn signed_in(self) -> Self {
        self.signed_in_as("alice").asks_userinfo()
    }

    /// It ends signed in, and the session mentions this.
    pub fn signed_in_as(mut self, mentions: &'static str) -> Self {
        self.end = End::SignedIn(mentions);
        self
    }

    /// The callback is refused.
    pub fn refused(mut self, kind: Kind) -> Self {
        self.end = End::Refused(kind);
        self
    }

    /// The provider is not available, and the log says this of it.
    pub fn not_loaded(mut self, says: &'static str) -> Self {
        self.end = End::NotLoaded(says);
        self
    }

    /// It is another component that signs in there.
    pub fn guest(mut self, guest: Guest) -> Self {
        self.guest = Some(guest);
        self
    }

    /// The provider's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it ends, for the documentation: what the user gets, and what the operator reads.
    pub fn ending(&self) -> String {
        let says = self.guest.as_ref().map_or("", Guest::says);
        let reads = |says: &str| match says {
            "" => String::new(),
            says => format!(", “{}”", says.trim_end_matches(": ")),
        };
        match self.end {
            End::SignedIn(_) => "signed in, as who it is".to_owned(),
            End::NotLoaded(says) => format!("not available{}", reads(says)),
            End::NoLink((kind, status)) => format!("no link: {status} `{kind}`{}", reads(says)),
            End::Refused((kind, status)) => format!("refused: {status} `{kind}`{}", reads(says)),
        }
    }

    /// There is no link.
    pub fn no_link(mut self, kind: Kind) -> Self {
        self.end = End::NoLink(kind);
        self
    }

    /// How often the code may come to the token endpoint at most.
    pub fn codes(mut self, most: usize) -> Self {
        self.codes = most;
        self
    }

    /// Userinfo is asked.
    pub fn asks_userinfo(mut self) -> Self {
        self.userinfo = true;
        self
    }
}
