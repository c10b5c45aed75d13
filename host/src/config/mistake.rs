//! What is said to an operator: mistakes, which stop the start, and warnings, which do not. This
//! module owns where a sentence points to; what it says is in [`Problem`].

use super::problem::Problem;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the file.
    File {
        /// The path as the operator named it.
        path: Arc<Path>,
        /// Counted from 1; `None` for what is missing altogether.
        line: Option<usize>,
    },
    /// In an environment variable of this name.
    Environment {
        /// The whole name, `CELADON_SERVER__LISTEN`.
        variable: String,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line } => {
                write!(f, "{}", path.to_string_lossy().escape_debug())?;
                line.map_or(Ok(()), |line| write!(f, ":{line}"))
            }
            Self::Environment { variable } => {
                write!(f, "environment variable {}", variable.escape_debug())
            }
        }
    }
}

/// One thing that is wrong with the configuration: where, which key, what and the mend.
#[derive(Debug)]
pub struct Mistake {
    /// Where it stands.
    pub place: Place,
    /// The key's path, `providers.google.client_id`; empty where the file itself is meant.
    pub key: String,
    /// What is wrong, and what to write instead.
    pub problem: Problem,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        sentence(f, &self.place, &self.key, &self.problem)
    }
}

/// Every mistake of a configuration, never empty.
#[derive(Debug)]
pub struct ConfigErrors(Vec<Mistake>);

impl ConfigErrors {
    /// The mistakes in the order of the sections.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.0
    }
}

impl From<Mistake> for ConfigErrors {
    fn from(mistake: Mistake) -> Self {
        Self(vec![mistake])
    }
}

impl fmt::Display for ConfigErrors {
    /// One line a mistake.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            mistake.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// Something that works and should not stay.
#[derive(Debug)]
pub struct Warning {
    /// Where it stands.
    pub place: Place,
    /// The key's path; empty where the whole configuration is meant.
    pub key: String,
    /// What to think of.
    pub caution: Caution,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        sentence(f, &self.place, &self.key, &self.caution)
    }
}

/// Why a warning is given.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Caution {
    /// A secret in the file.
    #[error(
        "the secret stands in the file itself: prefer {{ env = \"NAME\" }} or {{ file = \"path\" }}"
    )]
    PlainSecret,
    /// `insecure_http = true`
    #[error(
        "codes, tokens and keys of this provider may travel unencrypted: for loopback demos and tests only"
    )]
    InsecureHttp,
    /// A large or delicate network in `private_addresses`.
    #[error(
        "{network} is wide: this component's requests may reach every private service in it; name single addresses"
    )]
    WidePrivateAddresses {
        /// The network.
        network: ipnet::IpNet,
    },
    /// `trusted_proxies` holds every address.
    #[error(
        "every caller may say which address it has, so limits per address mean nothing: name your proxies"
    )]
    TrustsEverybody,
    /// `client_auth = "none"` beside a secret.
    #[error("this secret is never sent, since client_auth is \"none\": remove one of the two")]
    UnusedSecret,
    /// No provider at all.
    #[error("no provider is configured, so nobody can sign in: add a [providers.<name>] section")]
    NoProvider,
}

/// What the readers of a configuration have to say so far.
#[derive(Default)]
pub(super) struct Report {
    mistakes: std::cell::RefCell<Vec<Mistake>>,
    warnings: std::cell::RefCell<Vec<Warning>>,
}

impl Report {
    pub(super) fn mistake(&self, place: &Place, key: &str, problem: Problem) {
        self.mistakes.borrow_mut().push(Mistake {
            place: place.clone(),
            key: key.to_owned(),
            problem,
        });
    }

    pub(super) fn warn(&self, place: &Place, key: &str, caution: Caution) {
        self.warnings.borrow_mut().push(Warning {
            place: place.clone(),
            key: key.to_owned(),
            caution,
        });
    }

    /// The value with its warnings, unless there was a mistake.
    pub(super) fn conclude<T>(self, value: Option<T>) -> Result<(T, Vec<Warning>), ConfigErrors> {
        let mistakes = self.mistakes.into_inner();
        match value {
            Some(value) if mistakes.is_empty() => Ok((value, self.warnings.into_inner())),
            _ => Err(ConfigErrors(mistakes)),
        }
    }
}

fn sentence(
    f: &mut fmt::Formatter<'_>,
    place: &Place,
    key: &str,
    what: &dyn fmt::Display,
) -> fmt::Result {
    if key.is_empty() {
        write!(f, "{place}: {what}")
    } else {
        write!(f, "{place}: {key}: {what}")
    }
}
