use super::*;
use crate::plugin::call::Sandbox;
use crate::plugin::call::error::failure;
use crate::plugin::call::{Breach, Limit};
use crate::plugin::testing::{self, Bench, ENDLESS, Hostile};
use wasm_encoder::{BlockType, Instruction};

/// What the log would say of a call that fails, and how it fails.
async fn place(hostile: Hostile<'_>) -> Place {
    let bench = Bench::new(&hostile.component(), "{}");
    let diagnosis = Diagnosis::new(testing::library());
    let call = Arc::new(
        |provider: &IdentityProvider, store: &mut Store<Confinement>, setup: &Setup| {
            provider
                .celadon_provider_provider()
                .call_describe(store, setup)
        },
    );
    let failed = Failed::new(bench.guest(), "describe", call);
    diagnosis.run_again(&failed).await
}

fn innermost(place: &Place) -> &str {
    match place {
        Place::Frames(frames) => &frames[0].function,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_crash_a_loop_and_a_growth_are_found_in_their_function() {
    let grow = [
        Instruction::Loop(BlockType::Empty),
        Instruction::I32Const(64),
        Instruction::MemoryGrow(0),
        Instruction::Drop,
        Instruction::Br(0),
        Instruction::End,
        Instruction::Unreachable,
    ];
    for describe in [&[Instruction::Unreachable] as &[_], ENDLESS, &grow] {
        let hostile = Hostile {
            describe,
            ..Hostile::default()
        };
        let place = place(hostile).await;
        assert_eq!(innermost(&place), "described here", "{place}");
        assert!(place.to_string().contains("(0x"), "{place}");
    }
}

#[tokio::test]
async fn what_does_not_fail_again_is_said_so() {
    let place = place(Hostile::default()).await;
    assert_eq!(place, Place::NotAgain);
}

#[tokio::test]
async fn a_component_is_looked_into_once_a_minute_and_one_at_a_time() {
    let one = Bench::new(&Hostile::default().component(), "{}");
    let mut other = Bench::new(&Hostile::default().component(), "{}");
    other.provider = ProviderName::new("other");
    let diagnosis = Diagnosis::new(testing::library());
    let failed = |bench: &Bench| Failed::new(bench.guest(), "describe", Arc::new(()));
    let first = diagnosis.admit(&failed(&one));
    assert!(first.is_some());
    assert!(diagnosis.admit(&failed(&other)).is_none(), "one at a time");
    drop(first);
    assert!(diagnosis.admit(&failed(&one)).is_none(), "once a minute");
    assert!(diagnosis.admit(&failed(&other)).is_some());
}

#[tokio::test]
async fn the_answer_does_not_wait_for_it() {
    let hostile = Hostile {
        describe: &[Instruction::Unreachable],
        ..Hostile::default()
    };
    let mut bench = Bench::new(&hostile.component(), "{}");
    bench.sandbox = Sandbox::with_diagnosis(&testing::library());
    let diagnosis = bench.sandbox.diagnosis.clone().unwrap();
    // Whoever looks into something holds it, so this one does not end before the answer came.
    let looking = diagnosis.one.clone().acquire_owned().await.unwrap();
    assert!(matches!(
        bench.sandbox.describe(bench.guest()).await,
        Err(CallError::Trap(_))
    ));
    drop(looking);
}

#[test]
fn faults_without_a_place_are_not_looked_into() {
    assert!(!is_told(&CallError::Busy));
    assert!(!is_told(&CallError::Contract(Breach::Types)));
    assert!(!is_told(&CallError::OutputTooLarge));
    let error = wasmtime::Error::new(Limit::Memory);
    assert!(is_told(&failure(&error, Breach::Types)));
}

#[test]
fn names_are_readable_short_and_safe() {
    let rust = "_ZN4core9panicking5panic17h0123456789abcdefE";
    assert_eq!(readable(rust), "core::panicking::panic");
    assert_eq!(
        readable("a\u{1b}[2J\n\u{202e}b"),
        "a\u{fffd}[2J\u{fffd}\u{fffd}b"
    );
    assert_eq!(readable(&"x".repeat(100_000)).chars().count(), NAME);
}

proptest::proptest! {
    #[test]
    fn no_name_breaks_a_line(name in "(_ZN|_R)?.{0,300}") {
        let readable = readable(&name);
        proptest::prop_assert!(readable.chars().count() <= NAME);
        proptest::prop_assert!(!readable.chars().any(char::is_control));
    }
}
