//! Turns `facts/` into tables, so that nothing of it is parsed at run time.
#![allow(clippy::disallowed_methods, reason = "a build script reads and writes files")]

#[path = "build/base_images.rs"]
mod base_images;
#[path = "build/node_native.rs"]
mod node_native;

use std::path::Path;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=facts");
    println!("cargo::rerun-if-changed=build");
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    let facts = fs::read_to_string("facts/base-images.yaml").expect("facts/base-images.yaml is readable");
    fs::write(Path::new(&out).join("base_images.rs"), base_images::table(&facts)).expect("OUT_DIR is writable");
    let facts = fs::read_to_string("facts/node-native.yaml").expect("facts/node-native.yaml is readable");
    fs::write(Path::new(&out).join("node_native.rs"), node_native::table(&facts)).expect("OUT_DIR is writable");
}
