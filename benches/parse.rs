//! How long does reading a Dockerfile take, and does it grow with its length alone?
//!
//! The budget is 5 ms for 1,000 lines (DESIGN, section 9); ten times the lines may take ten times
//! as long; so may ten times the continuation lines, or the levels of `${a:-${b:-...}}`.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use strata::parser::word::expand;
use strata::parser::{highlight, parse};
use strata::source::Source;

/// What Dockerfiles are made of: comments, a continued RUN with a flag, pairs, words, JSON.
const BLOCK: &str = r#"# install what the build needs
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev \
    && npm run build -- --mode production \
    && rm -rf /tmp/build-*
ENV NODE_ENV=production PATH="/app/bin:$PATH" GREETING='hello world'
COPY --chown=node:node package.json package-lock.json /app/
LABEL org.opencontainers.image.title="shop" org.opencontainers.image.version=1.2.3
CMD ["node", "server.js", "--port", "8080"]

WORKDIR /app
"#;

fn dockerfile(lines: usize) -> String {
    let block = BLOCK.lines().cycle().take(lines - 1);
    let lines = std::iter::once("FROM node:20 AS build").chain(block);
    lines.flat_map(|line| [line, "\n"]).collect()
}

fn benchmark(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    for lines in [10, 1_000, 100_000] {
        let source = Source::new("Dockerfile", dockerfile(lines));
        group.throughput(Throughput::Elements(lines as u64));
        group.bench_with_input(
            BenchmarkId::from_parameter(lines),
            &source,
            |bencher, source| {
                bencher.iter(|| parse(black_box(source)));
            },
        );
    }
    group.finish();
    // One instruction of many lines, and one word of many levels: neither may be quadratic.
    for lines in [1_000, 10_000] {
        let continued = "  && true \\\n".repeat(lines);
        let source = Source::new(
            "Dockerfile",
            format!("FROM a\nRUN true \\\n{continued}  ;\n"),
        );
        criterion.bench_function(&format!("continued/{lines}"), |bencher| {
            bencher.iter(|| parse(black_box(&source)));
        });
    }
    for levels in [10_000, 100_000] {
        let word = "${a:-x".repeat(levels) + &"}".repeat(levels);
        criterion.bench_function(&format!("nested/{levels}"), |bencher| {
            bencher.iter(|| expand(black_box(&word), '\\', &|_| None));
        });
    }
    // Nothing is held but the line being typed and those above it; a key press has 5 ms.
    let draft = dockerfile(100);
    criterion.bench_function("highlight/100", |bencher| {
        bencher.iter(|| highlight(black_box(&draft)));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = benchmark
}
criterion_main!(benches);
