//! Bodies that are too large, or that unfold: what they may cost in memory.

use super::table::{INVALID_RESPONSE, Stage, honest, row};
use super::wire::broken;
use anyhow::{Result, ensure};
use celadon_tests::liar::{Lies, Manner, Place};

const MEGABYTE: usize = 1 << 20;
/// What all rows together may add to the memory that the process occupies: less than one such body
/// for each of them, since none of them is ever held whole.
const MOST: u64 = 48 << 20;
const RULE: &str = "RFC 9110 8.4, RFC 8259 9";

#[tokio::test]
async fn hostile_bodies_cost_no_memory() -> Result<()> {
    let mut rows = vec![honest("honest")];
    let bomb = bomb(100 * MEGABYTE);
    for place in [Place::Discovery, Place::Jwks, Place::Token, Place::Userinfo] {
        let flood = |name: &str, size, announced| {
            broken(
                place,
                name,
                Manner::Floods(size, announced),
                INVALID_RESPONSE,
            )
        };
        rows.push(flood("ten-megabytes", 10 * MEGABYTE, true));
        rows.push(flood("ten-megabytes-unannounced", 10 * MEGABYTE, false));
        rows.push(flood(
            "hundred-megabytes-unannounced",
            100 * MEGABYTE,
            false,
        ));
        for (name, encoding) in [
            ("gzip", "gzip"),
            ("gzip-in-capitals", "GZIP"),
            ("deflate", "deflate"),
            ("brotli", "br"),
            ("zstd", "zstd"),
            ("gzip-twice", "gzip, gzip"),
            ("unknown", "x-liar"),
        ] {
            let lies = Lies::none()
                .head(place, "content-encoding", encoding)
                .body(place, bomb.clone());
            let name = format!("{place:?}-{name}").to_lowercase();
            let row = row(name, RULE, lies);
            rows.push(match place {
                Place::Discovery => row.no_link(INVALID_RESPONSE),
                Place::Userinfo => row.refused(INVALID_RESPONSE).asks_userinfo(),
                _ => row,
            });
        }
    }
    let (stage, mut plays) = Stage::set(rows).await?;
    // The first login makes what every later one uses again.
    let first = plays.drain(..1).collect();
    stage.play(first).await?;
    let before = stage.celadon.resident()?;
    stage.play(plays).await?;
    let after = stage.celadon.resident()?;
    ensure!(
        after < before + MOST,
        "it grew from {before} to {after} bytes"
    );
    Ok(())
}

/// Some kilobytes of gzip (RFC 1952) that unfold to so many zeros: one block with fixed codes
/// (RFC 1951 section 3.2.6), a zero and then repetitions of 258 bytes from the distance 1.
fn bomb(unfolded: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.put(0b011, 3);
    bits.put_code(0b0011_0000, 8);
    for _ in 0..unfolded / 258 {
        bits.put_code(0b1100_0101, 8);
        bits.put_code(0, 5);
    }
    bits.put_code(0, 7);
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    [&head[..], &bits.bytes].concat()
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u8,
}

impl Bits {
    /// Bits from the lowest on.
    fn put(&mut self, value: u16, count: u8) {
        for index in 0..count {
            if self.used == 0 {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= u8::from(value >> index & 1 == 1) << self.used;
            }
            self.used = (self.used + 1) % 8;
        }
    }

    /// A Huffman code: its bits from the highest on.
    fn put_code(&mut self, code: u16, count: u8) {
        for index in (0..count).rev() {
            self.put(code >> index & 1, 1);
        }
    }
}
