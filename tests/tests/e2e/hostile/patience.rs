//! Providers that take their time: no browser waits longer than twenty seconds, however the delays
//! add up.

use super::table::{Stage, UNAVAILABLE, honest, row};
use super::wire::{PAUSE, broken};
use anyhow::{Result, ensure};
use celadon_tests::liar::{Lies, Manner, Place};
use std::time::Duration;

const RULE: &str = "RFC 9700 4.15";

#[tokio::test]
async fn hostile_patience_ends_in_time() -> Result<()> {
    let mut rows = vec![
        honest("honest"),
        row(
            "a-second-each",
            RULE,
            Lies::none()
                .late(Place::Discovery, 1000)
                .late(Place::Jwks, 1000)
                .late(Place::Token, 1000)
                .late(Place::Userinfo, 1000),
        )
        .signed_in(),
        row(
            "all-slow",
            RULE,
            Lies::none()
                .late(Place::Discovery, 4000)
                .late(Place::Jwks, 4500)
                .late(Place::Token, 9000)
                .late(Place::Userinfo, 9500),
        )
        .refused(UNAVAILABLE)
        .asks_userinfo(),
        row(
            "slow-keys-twice",
            RULE,
            Lies::none()
                .late(Place::Jwks, 4500)
                .late(Place::Token, 9500)
                .signed_by(celadon_tests::liar::Key::Other),
        )
        .refused(UNAVAILABLE),
        row(
            "asked-to-wait",
            "RFC 6585 4",
            Lies::none()
                .status(Place::Token, 429)
                .head(Place::Token, "retry-after", "1"),
        )
        .refused(UNAVAILABLE)
        .codes(12),
        row(
            "asked-to-wait-by-503",
            "RFC 9110 10.2.3",
            Lies::none()
                .status(Place::Token, 503)
                .head(Place::Token, "retry-after", "3"),
        )
        .refused(UNAVAILABLE)
        .codes(6),
        row(
            "no-token-server",
            RULE,
            Lies::none().set(
                Place::Discovery,
                "token_endpoint",
                "https://127.0.0.1:1/token".into(),
            ),
        )
        .refused(UNAVAILABLE)
        .codes(0),
        row(
            "no-tls-at-the-token-endpoint",
            RULE,
            Lies::none().set(
                Place::Discovery,
                "token_endpoint",
                "https://127.0.0.1:{port}/x/token".into(),
            ),
        )
        .refused(UNAVAILABLE)
        .codes(0),
    ];
    for place in [Place::Discovery, Place::Jwks, Place::Token, Place::Userinfo] {
        for (name, manner) in [
            ("silent", Manner::Silent),
            ("head-drips", Manner::HeadDrips(PAUSE)),
            ("drips", Manner::Drips(PAUSE)),
        ] {
            rows.push(broken(place, name, manner, UNAVAILABLE));
        }
    }
    let (stage, plays) = Stage::set(rows).await?;
    let before = stage.celadon.resident()?;
    let longest = stage.play_at_once(plays.len(), plays).await?;
    ensure!(
        longest > Duration::from_secs(10),
        "nothing was slow: {longest:?}"
    );
    ensure!(stage.celadon.resident()? < before + (64 << 20), "it grew");
    Ok(())
}
