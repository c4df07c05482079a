//! Turns `facts/` into tables, so that nothing of it is parsed at run time.
#![allow(clippy::disallowed_methods, reason = "a build script reads and writes files")]

#[path = "build/apt_recommends.rs"]
mod apt_recommends;
#[path = "build/base_images.rs"]
mod base_images;
#[path = "build/cleanup.rs"]
mod cleanup;
#[path = "build/dockerignore.rs"]
mod dockerignore;
#[path = "build/go_cgo.rs"]
mod go_cgo;
#[path = "build/node_native.rs"]
mod node_native;
#[path = "build/npm_index.rs"]
mod npm_index;
#[path = "build/packages.rs"]
mod packages;
#[path = "build/python_native.rs"]
mod python_native;

use std::path::Path;
use std::{env, fs};

/// From the text of a facts file to the Rust source of its tables.
type Maker = fn(&str) -> String;

fn main() {
    println!("cargo::rerun-if-changed=facts");
    println!("cargo::rerun-if-changed=build");
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    let tables: [(&str, &str, Maker); 10] = [
        ("apt-recommends", "apt_recommends", apt_recommends::table),
        ("base-images", "base_images", base_images::table),
        ("cleanup", "cleanup", cleanup::table),
        ("dockerignore", "dockerignore", dockerignore::table),
        ("go-cgo", "go_cgo", go_cgo::table),
        ("node-native", "node_native", node_native::table),
        ("packages", "packages", packages::table),
        ("packages", "programs", packages::programs),
        ("packages", "counterparts", packages::counterparts),
        ("python-native", "python_native", python_native::table),
    ];
    for (name, table, make) in tables {
        let facts = format!("facts/{name}.yaml");
        let yaml = fs::read_to_string(&facts).unwrap_or_else(|error| panic!("{facts}: {error}"));
        let table = Path::new(&out).join(format!("{table}.rs"));
        fs::write(table, make(&yaml)).expect("OUT_DIR is writable");
    }
    let tsv = fs::read_to_string("facts/npm-index.tsv").expect("facts/npm-index.tsv is there");
    let (table, entries) = npm_index::table(&tsv);
    fs::write(Path::new(&out).join("npm_index.rs"), table).expect("OUT_DIR is writable");
    fs::write(Path::new(&out).join("npm_index.bin"), entries).expect("OUT_DIR is writable");
}
