use super::*;
use crate::plugin::bindings::Setup;
use crate::plugin::testing::{Bench, ENDLESS, Hostile};
use wasm_encoder::{BlockType, Instruction};
use wasmtime::Trap;

async fn described(
    hostile: Hostile<'_>,
) -> Result<Result<Description, Vec<OptionError>>, CallError> {
    let bench = Bench::new(&hostile.component(), "{}");
    bench.sandbox.describe(bench.guest()).await
}

#[tokio::test]
async fn zeros_are_an_empty_description() {
    let description = described(Hostile::default()).await.unwrap().unwrap();
    assert!(description.endpoints.is_empty());
}

#[tokio::test]
async fn an_endless_loop_ends_at_its_deadline() {
    let hostile = Hostile {
        describe: ENDLESS,
        ..Hostile::default()
    };
    assert!(matches!(described(hostile).await, Err(CallError::Deadline)));
}

#[tokio::test]
async fn a_start_function_has_no_more_time_than_a_call() {
    let hostile = Hostile {
        start: ENDLESS,
        ..Hostile::default()
    };
    assert!(matches!(described(hostile).await, Err(CallError::Deadline)));
}

#[tokio::test]
async fn growing_memory_ends_at_its_limit() {
    let bomb = [
        Instruction::Loop(BlockType::Empty),
        Instruction::I32Const(16),
        Instruction::MemoryGrow(0),
        Instruction::Drop,
        Instruction::Br(0),
        Instruction::End,
        Instruction::Unreachable,
    ];
    let hostile = Hostile {
        describe: &bomb,
        ..Hostile::default()
    };
    assert!(matches!(
        described(hostile).await,
        Err(CallError::Limit(Limit::Memory))
    ));
}

#[tokio::test]
async fn memory_that_is_too_big_from_the_start_is_refused() {
    // 64 MiB, where 32 are granted.
    let hostile = Hostile {
        pages: 1024,
        ..Hostile::default()
    };
    assert!(matches!(
        described(hostile).await,
        Err(CallError::Limit(Limit::Memory))
    ));
}

#[tokio::test]
async fn endless_recursion_ends_at_the_stack() {
    let recursion = [
        Instruction::LocalGet(0),
        Instruction::LocalGet(1),
        Instruction::LocalGet(2),
        Instruction::LocalGet(3),
        Instruction::Call(0),
    ];
    let hostile = Hostile {
        describe: &recursion,
        ..Hostile::default()
    };
    let bytes = hostile.component();
    for tier in Tier::ALL {
        let bench = Bench::in_tier(tier, &bytes, "{}");
        let result = bench.sandbox.describe(bench.guest()).await;
        assert!(
            matches!(result, Err(CallError::Limit(Limit::Stack))),
            "{tier:?}: {result:?}"
        );
    }
}

#[tokio::test]
async fn a_crash_is_told_by_its_kind() {
    let hostile = Hostile {
        describe: &[Instruction::Unreachable],
        ..Hostile::default()
    };
    let error = described(hostile).await.unwrap_err();
    assert!(
        matches!(error, CallError::Trap(Trap::UnreachableCodeReached)),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_pointer_out_of_memory_is_no_answer() {
    for pointer in [i32::MAX - 3, -4, 2 * 65536] {
        let describe = [Instruction::I32Const(pointer)];
        let hostile = Hostile {
            describe: &describe,
            ..Hostile::default()
        };
        let error = described(hostile).await.unwrap_err();
        assert!(
            matches!(
                error,
                CallError::Contract(Breach::Types) | CallError::Trap(_)
            ),
            "{error:?}"
        );
    }
}

/// `err(list<option-error>)` of `count` entries, all of whose strings are the same `length` bytes.
fn aliased(count: u32, length: u32) -> Vec<u8> {
    let mut memory = vec![b'a'; 4096];
    for word in [1, 8192, count] {
        memory.extend_from_slice(&u32::to_le_bytes(word));
    }
    memory.resize(8192, b'a');
    for _ in 0..count {
        for word in [0, length, 0, length] {
            memory.extend_from_slice(&u32::to_le_bytes(word));
        }
    }
    memory
}

#[tokio::test]
async fn a_list_that_is_many_times_the_same_text_is_too_large() {
    let hostile = Hostile {
        memory: aliased(1_000, 4_096),
        ..Hostile::default()
    };
    assert!(matches!(
        described(hostile).await,
        Err(CallError::OutputTooLarge)
    ));
}

#[tokio::test]
async fn a_list_has_bounds_of_its_own() {
    let hostile = Hostile {
        memory: aliased(1_000, 4),
        ..Hostile::default()
    };
    let error = described(hostile).await.unwrap_err();
    assert!(
        matches!(error, CallError::Contract(Breach::TooMany { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn text_is_utf_8() {
    let mut memory = aliased(1, 1);
    memory[0] = 0xff;
    let hostile = Hostile {
        memory,
        ..Hostile::default()
    };
    let error = described(hostile).await.unwrap_err();
    assert!(
        matches!(error, CallError::Contract(Breach::Types)),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_flood_waits_its_turn_and_nobody_is_refused() {
    let hostile = Hostile {
        describe: ENDLESS,
        ..Hostile::default()
    };
    let mut bench = Bench::new(&hostile.component(), "{}");
    bench.limits.deadline = Duration::from_millis(2);
    let calls = (0..40).map(|_| bench.sandbox.describe(bench.guest()));
    for result in futures::future::join_all(calls).await {
        assert!(matches!(result, Err(CallError::Deadline)), "{result:?}");
    }
}

#[tokio::test]
async fn with_no_room_the_answer_is_busy() {
    let mut bench = Bench::new(&Hostile::default().component(), "{}");
    bench.sandbox.wait = Duration::from_millis(1);
    bench.sandbox.compact = Admission::new(1);
    let someone = ProviderName::new("someone");
    let held = bench.sandbox.compact.admit(&someone, ADMISSION_WAIT).await;
    assert!(held.is_some());
    let refused = bench.sandbox.describe(bench.guest()).await;
    assert!(matches!(refused, Err(CallError::Busy)));
    drop(held);
    assert!(bench.sandbox.describe(bench.guest()).await.is_ok());
}

#[tokio::test]
async fn one_who_goes_away_gives_no_room_back_too_early() {
    let hostile = Hostile {
        describe: ENDLESS,
        ..Hostile::default()
    };
    let bench = Bench::new(&hostile.component(), "{}");
    {
        let call = bench.sandbox.describe(bench.guest());
        futures::pin_mut!(call);
        assert!(futures::poll!(call.as_mut()).is_pending());
    }
    assert_eq!(bench.sandbox.compact.running(), 1);
    while bench.sandbox.compact.running() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_arguments_are_not_limited_by_the_size_of_the_answer() {
    let mut bench = Bench::new(
        &Hostile {
            pages: 40,
            ..Hostile::default()
        }
        .component(),
        "{}",
    );
    bench.limits.output = 4 << 10;
    bench.setup = Arc::new(Setup {
        client_id: "c".repeat(64 << 10),
        options: "o".repeat(1 << 20),
    });
    assert!(bench.sandbox.describe(bench.guest()).await.is_ok());
}

/// A `describe` that grows its memory by so many pages and then answers.
async fn grown(pages: i32, memory: usize) -> Result<(), CallError> {
    let describe = [
        Instruction::I32Const(pages),
        Instruction::MemoryGrow(0),
        Instruction::Drop,
        Instruction::I32Const(4096),
    ];
    let hostile = Hostile {
        describe: &describe,
        ..Hostile::default()
    };
    let mut bench = Bench::new(&hostile.component(), "{}");
    bench.limits.memory = memory;
    bench.sandbox.describe(bench.guest()).await.map(drop)
}

#[tokio::test]
async fn memory_ends_at_its_limit_and_not_before() {
    // It has two pages from the start.
    let limit = 10 << 16;
    assert!(grown(8, limit).await.is_ok());
    assert!(matches!(
        grown(9, limit).await,
        Err(CallError::Limit(Limit::Memory))
    ));
    // Nor by what fits into no address at all.
    assert!(matches!(
        grown(-1, limit).await,
        Err(CallError::Limit(Limit::Memory))
    ));
}

/// A `describe` that grows a table by so many elements and then answers.
async fn table_grown(elements: i32, limit: usize) -> Result<(), CallError> {
    let describe = [
        Instruction::RefNull(wasm_encoder::HeapType::FUNC),
        Instruction::I32Const(elements),
        Instruction::TableGrow(0),
        Instruction::Drop,
        Instruction::I32Const(4096),
    ];
    let hostile = Hostile {
        describe: &describe,
        tables: 1,
        ..Hostile::default()
    };
    let mut bench = Bench::new(&hostile.component(), "{}");
    bench.limits.table_elements = limit;
    bench.sandbox.describe(bench.guest()).await.map(drop)
}

#[tokio::test]
async fn a_table_ends_at_its_limit_and_not_before() {
    for limit in [100, 10_000] {
        let most = i32::try_from(limit).unwrap() - 1;
        assert!(table_grown(most, limit).await.is_ok());
        assert!(matches!(
            table_grown(most + 1, limit).await,
            Err(CallError::Limit(Limit::Table))
        ));
    }
}

#[tokio::test]
async fn lifted_bytes_end_at_the_limit_and_not_before() {
    // Two strings of 2,048 bytes in one entry; what else is lifted is a few dozen bytes.
    let answered = async |output| {
        let hostile = Hostile {
            memory: aliased(1, 2_048),
            ..Hostile::default()
        };
        let mut bench = Bench::new(&hostile.component(), "{}");
        bench.limits.output = output;
        bench.sandbox.describe(bench.guest()).await
    };
    assert!(matches!(
        answered(4_095).await,
        Err(CallError::OutputTooLarge)
    ));
    assert!(!matches!(
        answered(4_096 + 256).await,
        Err(CallError::OutputTooLarge)
    ));
}

#[tokio::test]
async fn a_provider_that_burns_its_time_keeps_no_other_waiting() {
    let hostile = Hostile {
        describe: ENDLESS,
        ..Hostile::default()
    };
    let mut looping = Bench::new(&hostile.component(), "{}");
    looping.provider = ProviderName::new("hostile");
    let honest = Bench::new(&Hostile::default().component(), "{}");
    let sandbox = &honest.sandbox;
    let ended = std::cell::Cell::new(false);
    // Forty callers who never stop: far more than there is room for.
    let flood = futures::future::join_all((0..40).map(async |_| {
        let mut burnt = 0_usize;
        while !ended.get() {
            let result = sandbox.describe(looping.guest()).await;
            assert!(matches!(result, Err(CallError::Deadline | CallError::Busy)));
            burnt += 1;
        }
        burnt
    }));
    let work = async {
        for _ in 0..20 {
            let result = sandbox.describe(honest.guest()).await;
            assert!(result.is_ok(), "{result:?}");
        }
        ended.set(true);
    };
    let (burnt, ()) = futures::join!(flood, work);
    assert!(burnt.iter().all(|calls| *calls > 0));
}
