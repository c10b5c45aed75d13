//! Whether the operator's configuration and the component fit each other.

use crate::config;
use crate::plugin::bindings::OptionError;
use crate::plugin::description::{ClientAuthentication, Description, Mistake};

/// The component's words on its options, safe for a terminal.
pub(super) fn option_mistakes(errors: Vec<OptionError>) -> Vec<Mistake> {
    let mistake = |error: OptionError| Mistake {
        at: format!("options{}", error.at.escape_debug()),
        what: error.message.escape_debug().to_string(),
    };
    errors.into_iter().map(mistake).collect()
}

/// Where the configuration asks for what the description has not.
pub(super) fn misfits(description: &Description, provider: &config::Provider) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for scope in &provider.scopes {
        let has_place = description
            .scopes
            .iter()
            .any(|parameter| scope.starts_with(&parameter.prefix));
        if !has_place {
            mistakes.push(Mistake {
                at: "scopes".to_owned(),
                what: format!(
                    "the component has no way to send `{}`",
                    scope.escape_debug()
                ),
            });
        }
    }
    let wanted = provider.client_auth.map(ClientAuthentication::from);
    if wanted.is_some_and(|way| !description.client.authentication.contains(&way)) {
        mistakes.push(Mistake {
            at: "client_auth".to_owned(),
            what: "the provider does not take this, says the component".to_owned(),
        });
    }
    mistakes
}
