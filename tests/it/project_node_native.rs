//! Native modules: what the lock tells, what the table adds, what stays unknown.

use dfslim::project::node::native::{Arch, Native, Support};
use dfslim::project::node::native_table::{self, Fact, Lookup};
use dfslim::project::node::{Node, Scope, npm_index};
use dfslim::project::{Context, Finding};
use serde::Deserialize;
use std::fmt::Write;

/// A context whose lock (version 3) holds `entries`: name, version and the rest of the entry.
fn npm(direct: &str, entries: &[(&str, &str, &str)]) -> Node {
    let mut lock = format!(r#"{{"lockfileVersion": 3, "packages": {{ "": {{ {direct} }}"#);
    for (name, version, rest) in entries {
        let comma = if rest.is_empty() { "" } else { ", " };
        write!(lock, ",\n\"node_modules/{name}\": {{ \"version\": \"{version}\"{comma}{rest} }}").unwrap();
    }
    lock.push_str("}}");
    let context = Context::from_memory([("package.json", format!("{{ {direct} }}")), ("package-lock.json", lock)]);
    Node::read(&context, "").unwrap()
}

fn natives(node: &Node) -> Vec<Native> {
    assert_eq!(node.context().warnings(), []);
    node.natives(Scope::Production).value().unwrap().packages.clone()
}

const SHARP: &str = r#""optionalDependencies": {
    "@img/sharp-linux-x64": "0.34.5", "@img/sharp-linux-arm64": "0.34.5", "@img/sharp-darwin-arm64": "0.34.5",
    "@img/sharp-linuxmusl-x64": "0.34.5", "@img/sharp-linuxmusl-arm64": "0.34.5" }, "hasInstallScript": true"#;
const NEEDS_SHARP: &str = r#""dependencies": { "sharp": "^0.34.0" }"#;
const LINUX: &str = r#""optional": true, "os": ["linux"]"#;

#[test]
fn a_lock_with_the_musl_packages_works_on_musl() {
    let node = npm(
        NEEDS_SHARP,
        &[
            ("sharp", "0.34.5", SHARP),
            ("@img/sharp-linux-x64", "0.34.5", LINUX),
            ("@img/sharp-linux-arm64", "0.34.5", LINUX),
            ("@img/sharp-linuxmusl-x64", "0.34.5", LINUX),
            ("@img/sharp-linuxmusl-arm64", "0.34.5", LINUX),
        ],
    );
    let [sharp] = natives(&node).try_into().unwrap();
    assert_eq!((sharp.musl_x64.support, sharp.musl_arm64.support), (Support::Works, Support::Works));
    assert_eq!(sharp.slim.support, Support::Works);
    assert_eq!(
        sharp.evidence[0].to_string(),
        "package-lock.json:2: sharp@0.34.5: the lock file has @img/sharp-linuxmusl-x64"
    );
    let found = node.natives(Scope::Production);
    assert_eq!(found.value().unwrap().against_musl(Arch::X64).count(), 0);
    assert_eq!(found.value().unwrap().may_be_more, None);
}

#[test]
fn a_lock_made_without_the_musl_packages_breaks_on_musl() {
    let node = npm(
        NEEDS_SHARP,
        &[
            ("sharp", "0.34.5", SHARP),
            ("@img/sharp-linux-x64", "0.34.5", LINUX),
            ("@img/sharp-linuxmusl-arm64", "0.34.5", LINUX),
        ],
    );
    let [sharp] = natives(&node).try_into().unwrap();
    assert_eq!(sharp.musl_x64.support, Support::Breaks);
    assert_eq!(sharp.musl_x64.why, "the lock file lacks @img/sharp-linuxmusl-x64");
    assert_eq!(sharp.musl_arm64.support, Support::Works);
    assert_eq!(sharp.slim.support, Support::Works);
}

#[test]
fn a_lock_made_on_alpine_breaks_on_slim() {
    let node = npm(NEEDS_SHARP, &[("sharp", "0.34.5", SHARP), ("@img/sharp-linuxmusl-x64", "0.34.5", LINUX)]);
    let [sharp] = natives(&node).try_into().unwrap();
    assert_eq!((sharp.musl_x64.support, sharp.slim.support), (Support::Works, Support::Breaks));
}

#[test]
fn one_package_for_both_libcs_needs_the_table_and_one_for_glibc_needs_the_lock() {
    let direct = r#""dependencies": { "esbuild": "1", "wrtc": "1", "odd": "1" }"#;
    let family = |prefix: &str| format!(r#""optionalDependencies": {{ "{prefix}linux-x64": "1" }}"#);
    let node = npm(
        direct,
        &[
            ("esbuild", "0.25.0", &family("@esbuild/")),
            ("@esbuild/linux-x64", "0.25.0", LINUX),
            ("wrtc", "1.0.0", &family("wrtc-")),
            ("wrtc-linux-x64", "1.0.0", r#""os": ["linux"], "libc": ["glibc"]"#),
            ("odd", "1.0.0", &family("odd-")),
            ("odd-linux-x64", "1.0.0", LINUX),
        ],
    );
    let support = |name: &str| natives(&node).into_iter().find(|native| native.name == name).unwrap().musl_x64;
    assert_eq!(support("esbuild").support, Support::Works);
    assert_eq!(support("wrtc").support, Support::Breaks);
    assert_eq!(support("odd").support, Support::Unknown);
}

#[test]
fn the_table_knows_versions() {
    let bcrypt = |version: &str| {
        let node = npm(r#""dependencies": { "bcrypt": "*" }"#, &[("bcrypt", version, r#""hasInstallScript": true"#)]);
        let [native] = natives(&node).try_into().unwrap();
        native
    };
    assert_eq!(bcrypt("6.0.0").musl(Arch::Arm64).support, Support::Works);
    assert_eq!(bcrypt("5.1.1").musl(Arch::X64).support, Support::Downloads);
    assert_eq!(bcrypt("5.1.1").slim.support, Support::Downloads);
    assert_eq!(bcrypt("5.1.1").musl(Arch::Arm64).support, Support::Unknown);
    let old = bcrypt("4.0.1");
    assert_eq!(old.musl_x64.support, Support::Compiles);
    assert_eq!(old.needs.unwrap().apt_build, ["python3", "make", "g++"]);
    assert_eq!(bcrypt("6.1.0-beta.1").musl_x64.support, Support::Unknown);
}

#[test]
fn install_scripts_that_nobody_knows_are_unknown_and_known_harmless_ones_work() {
    let script = r#""hasInstallScript": true"#;
    let direct = r#""dependencies": { "left-lib": "1", "core-js": "3", "plain": "1" }"#;
    let node = npm(direct, &[("left-lib", "1.0.0", script), ("core-js", "3.30.0", script), ("plain", "1.0.0", "")]);
    let found = natives(&node);
    assert_eq!(found.iter().map(|native| native.name.as_str()).collect::<Vec<_>>(), ["core-js", "left-lib"]);
    assert_eq!(found[0].musl_x64.support, Support::Works);
    assert_eq!(found[1].musl_x64.support, Support::Unknown);
    assert_eq!(found[1].slim.support, Support::Unknown);
}

#[test]
fn a_module_without_install_script_can_still_break_on_musl() {
    let node = npm(r#""dependencies": { "sodium-native": "5" }"#, &[("sodium-native", "5.1.0", "")]);
    let [sodium] = natives(&node).try_into().unwrap();
    assert_eq!((sodium.musl_x64.support, sodium.slim.support), (Support::Breaks, Support::Works));
}

#[test]
fn what_is_for_other_systems_or_for_development_does_not_count() {
    let script = r#""hasInstallScript": true, "optional": true, "os": ["darwin"]"#;
    let direct = r#""optionalDependencies": { "fsevents": "2" }, "devDependencies": { "node-pty": "1" }"#;
    let node = npm(direct, &[("fsevents", "2.3.3", script), ("node-pty", "1.1.0", r#""hasInstallScript": true"#)]);
    assert_eq!(natives(&node), []);
    let found = node.natives(Scope::Production);
    assert_eq!(found.evidence()[0].to_string(), "package-lock.json: none of 1 packages is known to have native code");
    assert_eq!(node.natives(Scope::All).value().unwrap().packages[0].slim.support, Support::Compiles);
}

#[test]
fn an_optional_build_that_fails_is_forgiven() {
    let script = r#""hasInstallScript": true"#;
    let optional = npm(
        r#""dependencies": { "ssh2": "1" }"#,
        &[
            ("ssh2", "1.17.0", r#""optionalDependencies": { "cpu-features": "0.0.10" }"#),
            ("cpu-features", "0.0.10", script),
        ],
    );
    assert!(natives(&optional).iter().all(|native| native.slim.support == Support::Works));
    let required = npm(r#""dependencies": { "cpu-features": "0.0.10" }"#, &[("cpu-features", "0.0.10", script)]);
    assert_eq!(natives(&required)[0].slim.support, Support::Compiles);
}

#[test]
fn a_platform_package_that_is_required_by_name_ties_to_glibc() {
    let gnu = "@rollup/rollup-linux-x64-gnu";
    let node = npm(&format!(r#""dependencies": {{ "{gnu}": "4" }}"#), &[(gnu, "4.0.0", r#""os": ["linux"]"#)]);
    assert_eq!(natives(&node)[0].musl_x64.support, Support::Breaks);
    let optional =
        npm(&format!(r#""optionalDependencies": {{ "{gnu}": "4" }}"#), &[(gnu, "4.0.0", r#""os": ["linux"]"#)]);
    assert_eq!(natives(&optional), []);
}

#[test]
fn yarn_1_is_silent_so_dependencies_and_names_are_the_signal() {
    let manifest = r#"{ "dependencies": { "usesnan": "1", "express": "4", "typescript": "5", "argon2": "0.31.2" } }"#;
    let lock = "# yarn lockfile v1\n
usesnan@1:\n  version \"1.0.0\"\n  dependencies:\n    nan \"^2\"
nan@^2:\n  version \"2.0.0\"
express@4:\n  version \"4.18.0\"
typescript@5:\n  version \"5.0.0\"
argon2@0.31.2:\n  version \"0.31.2\"
";
    let node = Node::read(&Context::from_memory([("package.json", manifest), ("yarn.lock", lock)]), "").unwrap();
    let support = |name: &str| {
        let found = natives(&node).into_iter().find(|native| native.name == name);
        found.map(|native| (native.musl_x64.support, native.musl_x64.why))
    };
    assert_eq!(support("usesnan").unwrap().1, "depends on nan, so it has native code");
    assert_eq!(support("express"), None);
    assert_eq!(support("typescript").unwrap().0, Support::Works);
    assert_eq!(support("argon2").unwrap().1, "version 0.31.2 is not one that is known");
    // All are known, so there is nothing more.
    assert_eq!(node.natives(Scope::Production).value().unwrap().may_be_more, None);
}

/// What a lock of Yarn 1 leaves open about packages that are direct dependencies.
fn left_open(packages: &[(&str, &str)]) -> (Vec<Native>, Option<String>) {
    let (mut manifest, mut lock) = (Vec::new(), "# yarn lockfile v1\n".to_owned());
    for (name, version) in packages {
        manifest.push(format!("\"{name}\": \"{version}\""));
        write!(lock, "\n\"{name}@{version}\":\n  version \"{version}\"\n").unwrap();
    }
    let manifest = format!("{{ \"dependencies\": {{ {} }} }}", manifest.join(", "));
    let node = Node::read(&Context::from_memory([("package.json", manifest), ("yarn.lock", lock)]), "").unwrap();
    let found = node.natives(Scope::Production);
    let found = found.value().unwrap();
    (found.packages.clone(), found.may_be_more.clone())
}

#[test]
fn where_the_lock_is_silent_other_public_locks_tell() {
    let (found, more) = left_open(&[("express", "4.18.0"), ("@babel/core", "7.20.0"), ("is-odd", "3.0.1")]);
    assert_eq!((found, more), (Vec::new(), None));
    let (found, more) = left_open(&[("express", "4.18.0"), ("a-thing-of-our-own", "1.0.0")]);
    assert_eq!(found, []);
    assert_eq!(
        more.unwrap(),
        "yarn.lock does not record which packages run an install script, \
         and a-thing-of-our-own@1.0.0 is not known to run none"
    );
    // One that is only known to run a script is judged as where the lock says so.
    let (found, more) = left_open(&[("core-js-pure", "3.30.0")]);
    assert_eq!(more, None);
    assert!(found.iter().all(|native| native.name == "core-js-pure"));
}

#[test]
fn the_table_of_install_scripts_finds_every_name() {
    let table = include_str!("../../facts/npm-index.tsv");
    let mut names = 0;
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let (name, note) = line.split_once('\t').unwrap_or((line, ""));
        names += 1;
        match note {
            "" => assert_eq!(npm_index::runs_script(name, "1.0.0-pre"), Some(false), "{line}"),
            "!" => assert_eq!(npm_index::runs_script(name, "1.0.0"), Some(true), "{line}"),
            ranges => {
                for end in ranges.split(' ').flat_map(|range| range.split("..")).filter(|end| !end.is_empty()) {
                    assert_eq!(npm_index::runs_script(name, end), Some(false), "{line}");
                }
                assert_eq!(npm_index::runs_script(name, "0.0.0"), Some(true), "{line}");
                assert_eq!(npm_index::runs_script(name, "1.0.0-pre"), None, "{line}");
            }
        }
        for absent in [format!("{name}~"), format!("{name}-of-our-own"), name[..name.len() - 1].to_owned() + "!"] {
            assert_eq!(npm_index::runs_script(&absent, "1.0.0"), None);
        }
    }
    assert!(names > 15_000, "{names} names");
    assert_eq!(npm_index::runs_script("", "1.0.0"), None);
    assert_eq!(npm_index::runs_script("husky", "4.3.8"), Some(true));
    assert_eq!(npm_index::runs_script("husky", "9.99.0"), Some(false));
}

#[test]
fn without_a_lock_nothing_is_known_and_own_native_code_is_told() {
    let context = Context::from_memory([("package.json", "{}")]);
    assert!(matches!(Node::read(&context, "").unwrap().natives(Scope::All), Finding::Unknown { .. }));
    let lock = r#"{"lockfileVersion": 3, "packages": {"": {}}}"#;
    let context = Context::from_memory([("package.json", "{}"), ("package-lock.json", lock), ("binding.gyp", "{}")]);
    let found = Node::read(&context, "").unwrap().natives(Scope::All);
    assert!(found.value().unwrap().may_be_more.as_ref().unwrap().contains("binding.gyp"));
}

#[derive(Deserialize)]
struct Facts {
    packages: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    from: Option<String>,
    below: Option<String>,
    musl_x64: String,
    slim: String,
    #[serde(default)]
    apt_build: Vec<String>,
    source: String,
}

#[test]
fn the_table_equals_the_yaml() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/facts/node-native.yaml");
    let facts: Facts = serde_yaml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(facts.packages.len(), native_table::all().len());
    let text = |version: Option<(u64, u64, u64)>| version.map(|(a, b, c)| format!("{a}.{b}.{c}"));
    for entry in &facts.packages {
        let found = native_table::all().iter().find(|known| known.name == entry.name && text(known.from) == entry.from);
        let known = found.unwrap_or_else(|| panic!("{} is in the table", entry.name));
        assert_eq!(text(known.below), entry.below);
        assert_eq!(format!("{:?}", known.musl_x64).to_lowercase(), entry.musl_x64);
        assert_eq!(format!("{:?}", known.slim).to_lowercase(), entry.slim);
        assert_eq!(known.apt_build, entry.apt_build);
        assert_eq!(known.source, entry.source);
        // Ranges of one package do not overlap.
        let same: Vec<_> = native_table::all().iter().filter(|other| other.name == known.name).collect();
        for version in [known.from, Some((0, 0, 0))].into_iter().flatten() {
            let covers = same.iter().filter(|it| {
                it.from.is_none_or(|from| version >= from) && it.below.is_none_or(|below| version < below)
            });
            assert!(covers.count() <= 1, "{} {version:?}", known.name);
        }
    }
    assert!(matches!(native_table::lookup("bcrypt", "6.0.0"), Lookup::Covered(known) if known.musl_x64 == Fact::Works));
    assert!(matches!(native_table::lookup("no-such-package", "1.0.0"), Lookup::Absent));
}
