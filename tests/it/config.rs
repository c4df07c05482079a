//! `dfslim.yaml`: where it is found, what is wrong with it, and its schema.

use crate::command::{directory, run};
use clap::ValueEnum;
use dfslim::config::{Config, SCHEMA, Safety};
use dfslim::passes::{BaseStyle, Builder, CacheStyle};
use serde_json::Value;
use std::fs;

const PLAIN: &str = "FROM scratch\nCOPY app /app\nUSER 65532\nCMD [\"/app\"]\n";

#[test]
fn mistakes_are_placed_and_nothing_runs() {
    for (text, expected) in [
        ("saftey: safe\n", "dfslim.yaml:1:1: no key is called `saftey`; did you mean `safety`?"),
        ("cache: auto\ncache: flags\n", "dfslim.yaml:2:1: the key `cache` stands here a second time; keep one"),
        ("skip: [no-such-pass]\n", "dfslim.yaml:1:8: skip[0]: no pass is called `no-such-pass`"),
        ("safety: save\n", "dfslim.yaml:1:9: safety: unknown variant `save`, expected one of `safe`, `checked`"),
        ("exclude: vendor\n", "dfslim.yaml:1:10: exclude: invalid type"),
        ("- a\n", "dfslim.yaml:1:1: invalid type: sequence, expected keys and values"),
        ("exclude: ['{a']\n", "dfslim.yaml: exclude: `{a`"),
    ] {
        let root = directory([("dfslim.yaml", text), ("Dockerfile", PLAIN)]);
        let ran = run(root.path(), ["rewrite"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{text}");
        assert!(ran.stderr.starts_with(&format!("error: {expected}")), "{text}{}", ran.stderr);
        assert_eq!(run(root.path(), ["rewrite", "--isolated"]).code, 0);
    }
}

#[test]
fn the_nearest_counts_up_to_the_repository() {
    let bad = "nonsense: 1\n";
    let root = directory([("dfslim.yaml", bad), ("repo/web/Dockerfile", PLAIN), ("repo/api/Dockerfile", PLAIN)]);
    assert_eq!(run(root.path(), ["rewrite", "repo"]).code, 2);
    fs::create_dir(root.path().join("repo/.git")).unwrap();
    assert_eq!(run(root.path(), ["rewrite", "repo"]).code, 0);
    fs::write(root.path().join("repo/web/.dfslim.yaml"), bad).unwrap();
    assert_eq!(run(root.path(), ["rewrite", "repo/api"]).code, 0);
    let ran = run(root.path(), ["rewrite", "repo"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.starts_with("error: repo/web/.dfslim.yaml:1:1: "), "{}", ran.stderr);
    fs::write(root.path().join("repo/web/dfslim.yaml"), "").unwrap();
    assert!(run(root.path(), ["rewrite", "repo"]).stderr.contains("side by side; keep one"));
}

#[test]
fn a_named_file_replaces_the_nearest() {
    let root = directory([("dfslim.yaml", "nonsense: 1\n"), ("other.yaml", "cache: auto\n"), ("Dockerfile", PLAIN)]);
    assert_eq!(run(root.path(), ["rewrite", "--config", "other.yaml"]).code, 0);
    let ran = run(root.path(), ["rewrite", "--config", "gone.yaml"]);
    assert!(ran.stderr.starts_with("error: gone.yaml: there is no such file"), "{}", ran.stderr);
}

#[test]
fn excluded_files_are_left_out_of_walks_only() {
    let root = directory([
        ("dfslim.yaml", "exclude: [/vendor/, '*.old', 'web/**/Dockerfile.*', '!Dockerfile.keep']\n"),
        ("vendor/Dockerfile", PLAIN),
        ("web/vendor/Dockerfile", PLAIN),
        ("web/x/Dockerfile.dev", PLAIN),
        ("web/x/Dockerfile.keep", PLAIN),
    ]);
    let totals = |args: &[&str]| run(root.path(), args.iter().copied()).stderr;
    assert_eq!(totals(&["rewrite"]), "2 files: nothing to change\n");
    assert_eq!(totals(&["rewrite", "vendor/Dockerfile"]), "1 file: nothing to change\n");
    assert_eq!(run(&root.path().join("vendor"), ["rewrite"]).code, 3);
}

#[test]
fn the_schema_says_what_the_reader_takes() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let properties = schema["properties"].as_object().unwrap();
    let mut keys = Config::KEYS.to_vec();
    keys.sort_unstable();
    assert_eq!(properties.keys().map(String::as_str).collect::<Vec<_>>(), keys);
    assert_eq!(schema["additionalProperties"], false);
    let values = |key: &str| -> Vec<String> {
        let values = properties[key]["enum"].as_array().unwrap();
        values.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect()
    };
    assert_eq!(values("safety"), names::<Safety>());
    assert_eq!(values("cache"), names::<CacheStyle>());
    assert_eq!(values("builder"), names::<Builder>());
    assert_eq!(values("base"), names::<BaseStyle>());
    for (key, values) in ["safety", "cache", "builder", "base"].map(|key| (key, values(key))) {
        for value in values {
            Config::parse(&format!("{key}: {value}\n")).unwrap();
        }
    }
    // `null` is an empty key, which says nothing.
    for key in Config::KEYS {
        assert_eq!(Config::parse(&format!("{key}:\n")).unwrap(), Config::default());
    }
    let root = directory([]);
    assert_eq!(run(root.path(), ["config", "schema"]).stdout, SCHEMA);
}

fn names<T: ValueEnum>() -> Vec<String> {
    T::value_variants().iter().map(|value| value.to_possible_value().unwrap().get_name().to_owned()).collect()
}
