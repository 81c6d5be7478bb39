//! Times every part of `usher_parts::PARTS`: doing it three times as often as once counted, less doing it as often, so that what
//! both do alike (a ledger made, people given seats) drops out.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use usher_parts::{PARTS, Part};

/// How long a part takes so many times.
fn took(part: Part, times: u64) -> Duration {
    let begun = Instant::now();
    (part.run)(black_box(times));
    begun.elapsed()
}

fn parts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parts");
    group.sample_size(10);
    for part in PARTS {
        group.throughput(Throughput::Elements(1));
        group.bench_function(part.name, |bencher| {
            bencher.iter_custom(|rounds| {
                let mut alone = Duration::ZERO;
                for _ in 0..rounds {
                    let longer = took(part, part.times * 3);
                    alone += longer.saturating_sub(took(part, part.times));
                }
                // One element is the part done once.
                alone / u32::try_from(part.times * 2).unwrap_or(u32::MAX)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, parts);
criterion_main!(benches);
