//! The tables compiled into the binary are the facts in `facts/`, and every fact names its source.

use dfslim::image::base::{self, Class, tag};
use dfslim::managers::{self, Avoid, recommends};
use dfslim::project::python::index;
use dfslim::project::python::name::Version;
use serde_yaml::Value;
use std::fs;

fn facts(name: &str) -> Value {
    let path = format!("{}/facts/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_yaml::from_str(&fs::read_to_string(&path).unwrap()).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_sequence().map(|list| list.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[test]
fn families_equal_the_yaml() {
    let yaml = facts("base-images.yaml");
    let written = yaml["families"].as_sequence().unwrap();
    assert_eq!(base::families().len(), written.len());
    for (family, written) in base::families().iter().zip(written) {
        assert_eq!(family.image, text(&written["image"]));
        assert_eq!(format!("{:?}", family.class).to_lowercase(), text(&written["class"]));
        assert_eq!(format!("{:?}", family.libc).to_lowercase(), text(&written["libc"]));
        for (list, key) in [
            (family.entrypoint, "entrypoint"),
            (family.cmd, "cmd"),
            (family.expose, "expose"),
            (family.env, "env"),
            (family.tools, "tools"),
            (family.lacks, "lacks"),
            (family.packages, "packages"),
        ] {
            assert_eq!(list, strings(&written[key]), "{} {:?} {key}", family.image, family.class);
        }
        let users = written["users"].as_sequence().unwrap();
        assert_eq!(family.users.len(), users.len());
        for (user, written) in family.users.iter().zip(users) {
            assert_eq!((user.name, user.home), (written["name"].as_str().unwrap(), written["home"].as_str().unwrap()));
            assert_eq!(
                (u64::from(user.uid), u64::from(user.gid)),
                (written["uid"].as_u64().unwrap(), written["gid"].as_u64().unwrap())
            );
        }
        assert!(family.tools.iter().all(|tool| !family.lacks.contains(tool)), "{} {:?}", family.image, family.class);
        assert!(!family.source.is_empty());
    }
}

#[test]
fn releases_and_sizes_equal_the_yaml() {
    let yaml = facts("base-images.yaml");
    for (_, releases) in yaml["distros"].as_mapping().unwrap() {
        for written in releases.as_sequence().unwrap() {
            let release = base::release(written["name"].as_str().unwrap()).unwrap();
            assert_eq!(release.number, text(&written["release"]));
            assert_eq!(release.end_of_life, text(&written["eol"]));
            assert_eq!(release.mirror_gone, text(&written["mirror"]) == "gone");
            assert!(!release.source.is_empty());
        }
    }
    let written = yaml["sizes"].as_sequence().unwrap();
    assert_eq!(base::sizes().len(), written.len());
    for (size, written) in base::sizes().iter().zip(written) {
        assert_eq!((size.tag, size.bytes), (written["tag"].as_str().unwrap(), written["bytes"].as_u64().unwrap()));
        assert!(!size.source.is_empty());
        let (image, name) = size.tag.split_once(':').unwrap();
        assert!(tag(image, name).is_some(), "{} has a size but is no tag", size.tag);
    }
}

/// A line out of order would not be found.
#[test]
fn tags_are_sorted_by_their_bytes() {
    for entry in fs::read_dir(format!("{}/facts/tags", env!("CARGO_MANIFEST_DIR"))).unwrap() {
        let path = entry.unwrap().path();
        let table = fs::read_to_string(&path).unwrap();
        let versions: Vec<&str> = table.lines().skip(1).map(|line| line.split('\t').next().unwrap()).collect();
        let late = versions.windows(2).find(|pair| pair[0] >= pair[1]);
        assert_eq!(late, None, "{}", path.display());
        assert!(versions.len() > 20, "{}", path.display());
    }
}

/// Every derived tag must exist, be of the class asked for, and keep the version.
#[test]
fn derived_tags_exist() {
    let mut derived = 0;
    for image in ["node", "python", "golang", "debian", "nginx"] {
        let table = fs::read_to_string(format!("{}/facts/tags/{image}.tsv", env!("CARGO_MANIFEST_DIR"))).unwrap();
        for line in table.lines().skip(1) {
            let version = line.split('\t').next().unwrap();
            for class in [Class::Slim, Class::Alpine] {
                let Some(found) = tag(image, version).and_then(|tag| tag.in_class(class)) else { continue };
                assert_eq!(tag(image, &found.name()).map(|tag| tag.name()), Some(found.name()));
                assert_eq!(found.class(), class, "{image}:{}", found.name());
                let same = found.name().starts_with(&format!("{version}-")) || version == "latest";
                assert!(same, "{image}:{version} -> {}", found.name());
                derived += 1;
            }
        }
    }
    assert!(derived > 1000, "only {derived} tags were derived");
}

#[test]
fn package_managers_equal_the_yaml() {
    let yaml = facts("cleanup.yaml");
    let written = yaml["managers"].as_sequence().unwrap();
    assert_eq!(managers::all().len(), written.len());
    for (manager, written) in managers::all().iter().zip(written) {
        let name = manager.name;
        assert_eq!(name, text(&written["name"]));
        assert_eq!(manager.leaves, text(&written["leaves"]), "{name}");
        assert_eq!(manager.sharing, text(&written["sharing"]), "{name}");
        assert_eq!(manager.source, text(&written["source"]), "{name}");
        assert_eq!(manager.bytes, written["bytes"].as_u64(), "{name}");
        assert_eq!(Some(manager.own_cache), written["own_cache"].as_bool(), "{name}");
        assert_eq!(manager.unlink, written["unlink"].as_str(), "{name}");
        for (list, key) in [
            (manager.programs, "programs"),
            (manager.valued, "valued"),
            (manager.leaving, "leaving"),
            (manager.spared_by, "spared_by"),
            (manager.cleaned_by, "cleaned_by"),
            (manager.dirs, "dirs"),
            (manager.settled_by, "settled_by"),
            (manager.needed_by, "needed_by"),
            (manager.too_old, "too_old"),
            (manager.fresh_on, "fresh_on"),
            (manager.only_on, "only_on"),
            (manager.not_on, "not_on"),
            (manager.mounts, "mounts"),
        ] {
            assert_eq!(list, strings(&written[key]), "{name} {key}");
        }
        match manager.avoid {
            Avoid::Flag(flag) => assert_eq!(flag, text(&written["avoid"]["flag"]), "{name}"),
            Avoid::Command(command) => assert_eq!(command, text(&written["avoid"]["command"]), "{name}"),
            Avoid::Remove(paths) => assert_eq!(paths, strings(&written["avoid"]["remove"]), "{name}"),
            Avoid::Nothing(why) => assert_eq!(why, text(&written["avoid"]["nothing"]), "{name}"),
        }
        assert!(!manager.source.is_empty() && !manager.source.contains("unverified"), "{name}");
    }
}

#[test]
fn apt_recommends_equal_the_yaml() {
    let yaml = facts("apt-recommends.yaml");
    assert_eq!(recommends::releases(), strings(&yaml["releases"]));
    assert_eq!(recommends::harmless(), strings(&yaml["harmless"]));
    assert_eq!(recommends::added(), strings(&yaml["added"]));
    for needed in recommends::needed() {
        assert_eq!(needed.programs, strings(&yaml["needed_by"][needed.name]["programs"]), "{}", needed.name);
        assert_eq!(needed.words, strings(&yaml["needed_by"][needed.name]["words"]), "{}", needed.name);
    }
    let names = |mask: u16| -> String {
        let has = |index: &usize| mask & (1 << *index) != 0;
        let names: Vec<&str> =
            (0..recommends::releases().len()).filter(has).map(|index| recommends::releases()[index]).collect();
        if mask == u16::MAX { "all".to_owned() } else { names.join("+") }
    };
    assert_eq!(recommends::packages().len(), yaml["packages"].as_mapping().unwrap().len());
    for package in recommends::packages() {
        let written = &yaml["packages"][package.name];
        assert_eq!(names(package.releases), text(&written["in"]), "{}", package.name);
        assert_eq!(package.brings, strings(&written["brings"]), "{}", package.name);
        let ours = package.recommends.iter().map(|(name, mask)| match names(*mask) {
            all if all == "all" => (*name).to_owned(),
            some => format!("{name}:{some}"),
        });
        assert!(ours.eq(strings(&written["recommends"])), "{}", package.name);
        // What is said to be harmless is not listed with every package.
        assert!(package.recommends.iter().all(|(name, _)| !recommends::harmless().contains(name)), "{}", package.name);
    }
}

/// Every row has its columns, versions that compare, and kinds that the table's reader knows.
#[test]
fn rows_of_the_python_index_are_sound() {
    let is_version = |text: &str| Version::parse(text).is_some();
    let mut packages = 0;
    for line in index::table().lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<&str> = line.split('\t').collect();
        assert!(index::package(columns[0]).is_some(), "{line}");
        if columns[1] == "=" {
            packages += 1;
            assert!(columns[2].split(' ').all(is_version), "{line}");
            for token in columns[3].split(' ').filter(|token| !token.is_empty()) {
                let (kind, runs) = token.split_once('=').unwrap_or((token, ""));
                let minors = kind.strip_prefix(['g', 'G', 'l', 'L', 'p']).unwrap_or("0");
                assert!(matches!(kind, "any" | "sdist") || minors.starts_with(|c: char| c.is_ascii_digit()), "{line}");
                let mut ends = runs.split(',').flat_map(|run| run.split("..")).filter(|end| !end.is_empty());
                assert!(ends.all(is_version), "{line}");
            }
        } else {
            assert!(matches!(columns.len(), 4 | 5), "{line}");
            assert!(columns[2].split("..").all(is_version), "{line}");
            assert!(columns[3].starts_with(|c: char| c.is_ascii_digit()), "{line}");
        }
    }
    assert!(packages > 2500, "{packages} packages");
}
