//! axe-core (npm), which knows what keeps people from using a page.

use super::Chromium;
use crate::places::built;
use anyhow::{Context, Result};
use serde_json::{Value, json};

/// Impacts that count.
const SERIOUS: [&str; 2] = ["serious", "critical"];

/// Gives axe's answer to the driver's callback.
const RUN: &str =
    "const done = arguments[0]; axe.run(document).then(done, error => done({error: `${error}`}));";

impl Chromium {
    /// What on this page is serious or critical for people with disabilities: rule, and where.
    pub async fn barriers(&self) -> Result<Vec<String>> {
        let modules = built("CELADON_NODE_MODULES", "tools/npm/node_modules")?;
        let axe = std::fs::read_to_string(modules.join("axe-core/axe.min.js"))
            .context("axe-core is missing: `cargo xtask test` installs it")?;
        self.script(&axe, json!([])).await?;
        let run = json!({"script": RUN, "args": []});
        let results = self.driver.post("/execute/async", run).await?;
        let passes = results["passes"].as_array().map_or(0, Vec::len);
        anyhow::ensure!(passes > 0, "axe did not look: {}", results["error"]);
        let violations = results["violations"].as_array().context("a list")?;
        let serious = violations.iter().filter(|it| is_serious(it));
        Ok(serious
            .map(|it| format!("{} ({}): {}", it["id"], it["impact"], it["nodes"]))
            .collect())
    }
}

fn is_serious(violation: &Value) -> bool {
    SERIOUS.iter().any(|impact| violation["impact"] == **impact)
}
