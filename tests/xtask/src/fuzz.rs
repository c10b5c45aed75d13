//! `cargo xtask fuzz [SECONDS] [TARGET…]`: every parser of strangers' bytes under libFuzzer.
//!
//! Only our own crates are compiled with coverage, by a wrapper around the compiler, so a run needs
//! the stable compiler and a C++ one and no second build of the dependencies. What a run found
//! interesting stays in target/fuzz for the next.

use crate::command::{cargo, run as show};
use crate::failure::Failure;
use crate::places::Places;
use crate::step::step;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// How long each target runs where nobody says, in seconds.
const SECONDS: u32 = 60;
/// Seconds that one input may take, and megabytes that the whole may.
const LIMITS: [&str; 2] = ["-timeout=10", "-rss_limit_mb=2048"];
/// Bytes of an input.
const LENGTH: &str = "-max_len=16384";

/// Builds the targets, then runs those that are named, or all.
pub fn run(places: &Places, arguments: &[OsString]) -> Result<(), Failure> {
    let (seconds, wanted) = read(arguments);
    let all = targets(places)?;
    if wanted.iter().any(|name| !all.contains(name)) {
        return Err(Failure::Usage);
    }
    let chosen = if wanted.is_empty() { all } else { wanted };
    step("build the fuzz targets", || build(places))?;
    let many = thread::available_parallelism().map_or(1, usize::from);
    let what = format!(
        "fuzz {} targets, {seconds} s each, {many} at a time",
        chosen.len()
    );
    step(&what, || fuzz(places, &chosen, seconds, many))
}

/// Seconds, if they come first, and names.
fn read(arguments: &[OsString]) -> (u32, Vec<String>) {
    let mut words: Vec<_> = arguments
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let seconds = words.first().and_then(|word| word.parse().ok());
    if seconds.is_some() {
        words.remove(0);
    }
    (seconds.unwrap_or(SECONDS), words)
}

/// The targets: each has a folder of seeds.
fn targets(places: &Places) -> Result<Vec<String>, Failure> {
    let seeds = seeds(places);
    let failed = |source| Failure::File {
        path: seeds.clone(),
        source,
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(&seeds).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        names.push(name.to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn seeds(places: &Places) -> PathBuf {
    places.workspace().join("tests/fuzz/seeds")
}

fn build(places: &Places) -> Result<(), Failure> {
    let wrapper = places.workspace().join("tests/fuzz/with-coverage");
    // The whole workspace's features, so that dependencies are those of every other build.
    let mut build = cargo(places.workspace());
    build.args(["build", "--workspace", "--bin", "celadon-fuzz"]);
    build.args(["--features", "celadon-fuzz/libfuzzer"]);
    show(build.env("RUSTC_WORKSPACE_WRAPPER", wrapper))
}

/// Runs all, so many at a time. The first failure is told when all have ended.
fn fuzz(places: &Places, names: &[String], seconds: u32, many: usize) -> Result<(), Failure> {
    let next = AtomicUsize::new(0);
    let worker = || -> Result<(), Failure> {
        let mut outcome = Ok(());
        while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
            outcome = outcome.and(one(places, name, seconds));
        }
        outcome
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..many).map(|_| scope.spawn(worker)).collect();
        let outcomes = workers.into_iter().map(thread::ScopedJoinHandle::join);
        // A worker that panicked has said why.
        let outcomes = outcomes.map(|outcome| outcome.unwrap_or(Err(Failure::Usage)));
        outcomes.collect::<Vec<_>>().into_iter().collect()
    })
}

fn one(places: &Places, name: &str, seconds: u32) -> Result<(), Failure> {
    let folder = places.target().join("fuzz").join(name);
    let corpus = folder.join("corpus");
    let log = folder.join("log");
    let failed = |path: &Path| {
        let path = path.to_owned();
        |source| Failure::File { path, source }
    };
    fs::create_dir_all(&corpus).map_err(failed(&corpus))?;
    let output = File::create(&log).map_err(failed(&log))?;
    let mut child = started(places, name, seconds, &corpus, output)?;
    let status = child.wait().map_err(failed(&log))?;
    let said = fs::read_to_string(&log).unwrap_or_default();
    if status.success() {
        let runs = said.lines().rfind(|line| line.starts_with("Done "));
        eprintln!("    {name}: {}", runs.unwrap_or("done"));
        return Ok(());
    }
    let tail: Vec<_> = said.lines().rev().take(40).collect();
    for line in tail.into_iter().rev() {
        eprintln!("    {line}");
    }
    Err(Failure::Failed {
        line: format!("fuzzing {name}"),
        status,
        said: Some(format!("the input is in {}", folder.display())),
    })
}

fn started(
    places: &Places,
    name: &str,
    seconds: u32,
    corpus: &Path,
    output: File,
) -> Result<Child, Failure> {
    let found = format!(
        "-artifact_prefix={}/",
        corpus.with_file_name("found").display()
    );
    let failed = |path: &Path| {
        let path = path.to_owned();
        |source| Failure::File { path, source }
    };
    let place = corpus.with_file_name("found");
    fs::create_dir_all(&place).map_err(failed(&place))?;
    let program = places.target().join("debug/celadon-fuzz");
    Command::new(&program)
        .arg(format!("-max_total_time={seconds}"))
        .args(LIMITS)
        .args([LENGTH, &found])
        .arg(corpus)
        .arg(seeds(places).join(name))
        .env("CELADON_FUZZ", name)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(output)
        .spawn()
        .map_err(failed(&program))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_come_first_and_may_be_left_out() {
        let words = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
        assert_eq!(read(&[]), (SECONDS, Vec::new()));
        assert_eq!(read(&words(&["5", "json"])), (5, vec!["json".to_owned()]));
        assert_eq!(read(&words(&["json"])), (SECONDS, vec!["json".to_owned()]));
    }

    #[test]
    fn every_folder_of_seeds_is_a_target() {
        let places = Places::find().expect("found");
        let targets = targets(&places).expect("there");
        let written = fs::read_to_string(places.workspace().join("tests/fuzz/src/lib.rs"));
        let written = written.expect("a file");
        for name in targets {
            assert!(written.contains(&format!("(\"{name}\", ")), "{name}");
        }
    }
}
