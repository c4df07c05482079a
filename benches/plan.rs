//! How fast Dockerfiles are read, and how long a plan takes: `cargo bench`.
//!
//! On the project's own fixtures and nasty inputs; `DFSLIM_CORPUS=/path/to/folder` adds the files of a folder.
#![allow(clippy::disallowed_methods, reason = "benchmarks read files")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use dfslim::dockerfile::Dockerfile;
use dfslim::engine::{self, Ceiling, Policy};
use dfslim::passes::{self, Wishes};
use dfslim::project::{Context, Project};
use std::hint::black_box;
use std::path::{Path, PathBuf};

/// More files say nothing more, and take longer.
const MOST_FILES: usize = 2000;

fn sets() -> Vec<(&'static str, Vec<String>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let named = |path: &PathBuf| path.file_name().is_some_and(|name| name == "Dockerfile" || name == "Containerfile");
    let mut sets = vec![
        ("fixtures", texts(&root.join("fixtures"), named)),
        ("nasty", texts(&root.join("tests/nasty"), |path| path.extension().is_some_and(|end| end == "Dockerfile"))),
    ];
    if let Some(corpus) = std::env::var_os("DFSLIM_CORPUS") {
        sets.push(("corpus", texts(Path::new(&corpus), |_| true)));
    }
    sets.retain(|(_, texts)| !texts.is_empty());
    sets
}

fn texts(folder: &Path, wanted: impl Fn(&PathBuf) -> bool) -> Vec<String> {
    let walk = ignore::WalkBuilder::new(folder).standard_filters(false).build();
    let mut paths: Vec<PathBuf> = walk.filter_map(Result::ok).map(ignore::DirEntry::into_path).filter(wanted).collect();
    paths.sort();
    paths.iter().filter_map(|path| std::fs::read_to_string(path).ok()).take(MOST_FILES).collect()
}

fn read(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("read");
    for (name, texts) in sets() {
        group.throughput(Throughput::Bytes(texts.iter().map(|text| text.len() as u64).sum()));
        group.bench_with_input(BenchmarkId::from_parameter(name), &texts, |bencher, texts| {
            bencher.iter(|| {
                for text in texts {
                    black_box(Dockerfile::parse(text.as_str()));
                }
            });
        });
    }
    group.finish();
}

fn plan(criterion: &mut Criterion) {
    let policy = Policy { passes: passes::ALL.to_vec(), ceiling: Ceiling::Checked };
    let mut group = criterion.benchmark_group("plan");
    for (name, texts) in sets() {
        group.sample_size(20);
        group.throughput(Throughput::Elements(texts.len() as u64));
        group.bench_with_input(BenchmarkId::from_parameter(name), &texts, |bencher, texts| {
            bencher.iter(|| {
                for text in texts {
                    let project = Project::new(Context::empty());
                    let _ = black_box(engine::plan(text, &project, &policy, &Wishes::default()));
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, read, plan);
criterion_main!(benches);
