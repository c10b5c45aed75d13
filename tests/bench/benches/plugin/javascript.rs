//! The same call in an embedded JavaScript engine.

use crate::subjects::{claims, options};
use anyhow::{Result, ensure};
use rquickjs::{Context, Function, Runtime};

/// What the generic component does, in JavaScript.
const IDENTIFY: &str = r#"
function identify(setup, evidence) {
  const options = JSON.parse(setup), claims = JSON.parse(evidence);
  const text = (name) => typeof claims[name] === "string" ? claims[name] : null;
  const groups = claims[options.groups_claim ?? "groups"];
  return JSON.stringify({
    email: text("email") === null ? null : { source: "id-token", at: "/email" },
    username: text("preferred_username"), name: text("name"), picture: text("picture"),
    locale: text("locale"),
    groups: typeof groups === "string" ? [groups]
      : Array.isArray(groups) ? groups.filter((group) => typeof group === "string") : [],
    attributes: "{}",
  });
}"#;

/// One context for all calls: what one call leaves behind, the next one finds.
pub struct Script {
    context: Context,
    options: String,
    claims: String,
}

impl Script {
    /// A context that knows the script.
    pub fn new() -> Result<Self> {
        let context = Context::full(&Runtime::new()?)?;
        context.with(|script| script.eval::<(), _>(IDENTIFY))?;
        Ok(Self {
            context,
            options: options(),
            claims: claims(),
        })
    }

    /// One call.
    pub fn identify(&self) -> Result<()> {
        let answer: String = self.context.with(|script| {
            let identify: Function<'_> = script.globals().get("identify")?;
            identify.call((self.options.as_str(), self.claims.as_str()))
        })?;
        let identity: serde_json::Value = serde_json::from_str(&answer)?;
        ensure!(
            identity["groups"]
                .as_array()
                .is_some_and(|groups| groups.len() == 40)
        );
        Ok(())
    }
}

/// An engine and a context for each call.
pub struct Fresh;

impl Fresh {
    /// One call.
    pub fn identify(&self) -> Result<()> {
        Script::new()?.identify()
    }
}
