//! `dfslim inspect`: archives of all kinds, what is told of them, and hostile ones.

use crate::command::{dfslim, directory, run};
use crate::images::{
    DOCKERFILE, Item, Items, Packed, archive, config, docker_archive, items, layer, layout, pack, sample,
};
use dfslim::inspect::source::{Seekable, Stream};
use dfslim::inspect::tree::Tree;
use dfslim::inspect::{Image, Limits, archive as archives};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::io::Cursor;
use std::path::Path;

fn read(bytes: &[u8]) -> Image {
    archives::read(&mut Stream(bytes), "image", &Limits::default()).unwrap()
}

#[test]
fn all_kinds_of_archives_tell_the_same() {
    let (config, layers) = sample();
    let directory = directory([("Dockerfile", DOCKERFILE)]);
    let mut told = Vec::new();
    for packed in [Packed::Plain, Packed::Gzip, Packed::Zstd] {
        let layers: Vec<Vec<u8>> = layers.iter().map(|items| pack(&layer(items), packed)).collect();
        let files = layout(&config, &layers);
        let oci = archive(files.iter().map(|(path, bytes)| (path.as_str(), bytes.clone())));
        for (path, bytes) in files {
            let path = directory.path().join(format!("layout-{packed:?}")).join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let docker = docker_archive(&config, &layers);
        for (name, bytes) in [("docker", docker), ("oci", oci)] {
            fs::write(directory.path().join(format!("{name}-{packed:?}")), &bytes).unwrap();
            // The whole archive may be packed as well.
            fs::write(directory.path().join(format!("{name}-{packed:?}.gz")), pack(&bytes, Packed::Gzip)).unwrap();
        }
        for name in ["docker", "oci", "layout"] {
            for ending in ["", ".gz"].into_iter().take(if name == "layout" { 1 } else { 2 }) {
                let name = format!("{name}-{packed:?}{ending}");
                let ran = run(directory.path(), ["inspect", &name, "--format", "json", "--dockerfile", "Dockerfile"]);
                assert_eq!(ran.code, 0, "{name}: {}", ran.stderr);
                let mut document: Value = serde_json::from_str(&ran.stdout).unwrap();
                document["name"] = Value::Null;
                for layer in document["layers"].as_array_mut().unwrap() {
                    assert_eq!(layer.get("compressed").is_some(), packed != Packed::Plain);
                    layer.as_object_mut().unwrap().remove("compressed");
                }
                told.push(document);
            }
        }
    }
    assert!(told.iter().all(|document| *document == told[0]));
    let document = &told[0];
    assert_eq!(document["bytes"], 1010 + 70_012 + 73_028);
    assert_eq!(document["wasted"], 20_010);
    let lines: Vec<_> = document["layers"].as_array().unwrap().iter().map(|layer| layer["line"].as_u64()).collect();
    assert_eq!(lines, [None, Some(2), Some(3), Some(4), Some(5)]);
    let left: Vec<_> =
        document["leftovers"].as_array().unwrap().iter().map(|one| (&one["path"], &one["passes"])).collect();
    let expected = [
        (json!("/app/id_rsa"), json!(["missing-dockerignore"])),
        (json!("/usr/bin/gcc-12"), json!(["single-stage"])),
        (json!("/app/.git"), json!(["missing-dockerignore"])),
    ];
    assert_eq!(left, expected.iter().map(|(path, passes)| (path, passes)).collect::<Vec<_>>());
    assert_eq!(document["hidden"][0]["pass"], "late-cleanup");
}

#[test]
fn people_are_told_in_lines() {
    let (config, layers) = sample();
    let layers: Vec<Vec<u8>> = layers.iter().map(layer).collect();
    let directory = directory([("Dockerfile", DOCKERFILE)]);
    fs::write(directory.path().join("app.tar"), docker_archive(&config, &layers)).unwrap();
    let ran = run(directory.path(), ["inspect", "app.tar", "--dockerfile", "Dockerfile"]);
    let expected = "\
app.tar
  size        144 kB in 5 layers, linux/amd64
  efficiency  86.1 %, 20 kB wasted
  user        app

layers
    1     1 kB  base: ADD file:1 in /
    2      0 B  line 2: WORKDIR /app
    3    70 kB  line 3: RUN apt-get update && apt-get install -y gcc
    4      0 B  line 4: RUN rm -rf /var/lib/apt/lists/*
    5    73 kB  line 5: COPY . .

wasted: in a layer, and seen by no container
         20 kB  /var/lib/apt/lists/deb: of layer 3, deleted by 4 [late-cleanup]
          10 B  /etc/passwd: of layer 1, written again by 3

largest files
         70 kB  /app/app (layer 5)
         50 kB  /usr/bin/gcc-12 (layer 3)
          3 kB  /app/.git/HEAD (layer 5)
          1 kB  /bin/sh (layer 1)
          28 B  /app/id_rsa (layer 5)
          12 B  /etc/passwd (layer 3)

what should not be there
          28 B  a private key: /app/id_rsa, 1 file [missing-dockerignore]
                layer 5: line 5: COPY . .
         50 kB  compilers and headers: /usr/bin/gcc-12, 1 file [single-stage]
                layer 3: line 3: RUN apt-get update && apt-get install -y gcc
          3 kB  the history of git: /app/.git, 1 file [missing-dockerignore]
                layer 5: line 5: COPY . .
";
    assert_eq!((ran.stdout.as_str(), ran.code), (expected, 0), "{}", ran.stderr);
    let archive = fs::read(directory.path().join("app.tar")).unwrap();
    let piped = dfslim(directory.path()).args(["inspect", "-"]).write_stdin(archive).output().unwrap();
    assert!(String::from_utf8(piped.stdout).unwrap().contains("size        144 kB in 5 layers"));
}

#[test]
fn a_rewrite_is_told_what_it_really_saves() {
    let (config, layers) = sample();
    let layers: Vec<Vec<u8>> = layers.iter().map(layer).collect();
    let directory = directory([("Dockerfile", DOCKERFILE), ("other/Dockerfile", "FROM debian\nRUN apt-get update\n")]);
    fs::write(directory.path().join("app.tar"), docker_archive(&config, &layers)).unwrap();
    let ran =
        run(directory.path(), ["rewrite", "Dockerfile", "--image", "app.tar", "--only", "late-cleanup", "--isolated"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("saves 20 kB\n"), "{}", ran.stderr);
    assert!(ran.stderr.contains("note: the image holds a private key, /app/id_rsa"), "{}", ran.stderr);
    let ran = run(directory.path(), ["rewrite", "other/Dockerfile", "--image", "app.tar", "--isolated"]);
    assert!(ran.stderr.contains("app.tar is not made by this Dockerfile"), "{}", ran.stderr);
    assert_eq!(run(directory.path(), ["rewrite", "--image", "app.tar"]).code, 2);
}

#[test]
fn hostile_and_broken_archives_are_errors() {
    let (config, layers) = sample();
    let plain: Vec<Vec<u8>> = layers.iter().map(layer).collect();
    let with = |bytes: Vec<u8>| docker_archive(&config, &[vec![bytes], plain[1..].to_vec()].concat());
    let raw = |name: &[u8], kind: tar::EntryType, size: u64| {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        header.set_entry_type(kind);
        header.set_size(size);
        header.set_cksum();
        [header.as_bytes().to_vec(), vec![b'a'; 1024]].concat()
    };
    let whole = docker_archive(&config, &plain);
    let gzip = pack(&plain[2], Packed::Gzip);
    let mut flipped = gzip.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x55;
    let zstd = pack(&plain[2], Packed::Zstd);
    let mut digest = serde_json::to_vec(&json!({"manifests": [{"digest": "sha256:../../../etc/passwd"}]})).unwrap();
    digest.push(b'\n');
    let two =
        json!([{"Config": "a", "RepoTags": ["a:1"], "Layers": []}, {"Config": "b", "RepoTags": null, "Layers": []}]);
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("traversal", with(raw(b"../../etc/cron.d/x", tar::EntryType::Regular, 512)), "leads out of it"),
        ("header", with(raw(b"x", tar::EntryType::GNULongName, 1 << 40)), "a header of 1099511627776 bytes"),
        ("pax", with(raw(b"x", tar::EntryType::XHeader, 3 << 30)), "a header of 3221225472 bytes"),
        ("huge", with(raw(b"x", tar::EntryType::Regular, u64::MAX >> 1)), "larger than any disk"),
        ("short", with(raw(b"x", tar::EntryType::Regular, 9_000_000)), "it ends too early"),
        ("checksum", with([vec![b'x'; 512], vec![0; 512]].concat()), "is not in the archive"),
        ("cut", whole[..whole.len() / 2 + 17].to_vec(), "it ends too early"),
        ("headless", archive([("VERSION", b"1.0".to_vec())]), "neither a manifest.json"),
        ("headers", whole[..512 * 3].to_vec(), "it ends too early"),
        ("gzip-cut", with(gzip[..gzip.len() - 20].to_vec()), "it ends too early"),
        ("gzip-flipped", with(flipped), ""),
        ("zstd-cut", with(zstd[..zstd.len() - 20].to_vec()), ""),
        ("json", archive([("manifest.json", b"[{\"Config\": 1}]".to_vec())]), "it is no sound JSON"),
        ("digest", archive([("index.json", digest)]), "a digest in it is none"),
        ("several", archive([("manifest.json", serde_json::to_vec(&two).unwrap())]), "there are several images in it"),
        ("empty", Vec::new(), "this is no archive of an image"),
        ("text", b"FROM scratch\n".to_vec(), "this is no archive of an image"),
    ];
    let directory = directory([]);
    for (name, bytes, said) in cases {
        fs::write(directory.path().join(name), bytes).unwrap();
        let ran = run(directory.path(), ["inspect", name]);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{name}: {}", ran.stderr);
        assert!(ran.stderr.starts_with("error: ") && ran.stderr.contains(said), "{name}: {}", ran.stderr);
    }
}

#[test]
fn a_layout_whose_blobs_are_links_is_refused() {
    let directory = directory([("secret", "{}"), ("layout/oci-layout", "{}")]);
    #[cfg(unix)]
    std::os::unix::fs::symlink("../secret", directory.path().join("layout/index.json")).unwrap();
    let ran = run(directory.path(), ["inspect", "layout"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
}

#[test]
fn limits_hold_for_all_layers_together() {
    let items: Items = (0..300).map(|number| (format!("file-{number}"), Item::File(1))).collect();
    let bytes = docker_archive(&config(&[("a", true), ("b", true)]), &[layer(&items), layer(&items)]);
    let read = |entries| archives::read(&mut Stream(&bytes[..]), "image", &Limits { entries, ..Limits::default() });
    assert!(read(2000).is_ok());
    assert!(read(700).unwrap_err().to_string().contains("more than 700 entries"));
}

#[cfg(unix)]
#[test]
fn an_image_of_an_engine_comes_by_a_pipe() {
    let (config, layers) = sample();
    let layers: Vec<Vec<u8>> = layers.iter().map(layer).collect();
    let directory = directory([("bin/docker", "")]);
    fs::write(directory.path().join("image"), docker_archive(&config, &layers)).unwrap();
    let script = "#!/bin/sh\ncase \"$1 $2\" in\n\"version \"*) echo 1 ;;\n\"save app:1\") /bin/cat image ;;\n\
                  *) echo \"no such image: $2\" >&2; exit 1 ;;\nesac\n";
    program(&directory.path().join("bin/docker"), script);
    let inspect = |name: &str| dfslim(directory.path()).env("PATH", "bin").args(["inspect", name]).output().unwrap();
    let said = |output: std::process::Output| {
        (
            output.status.code().unwrap(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (code, stdout, stderr) = said(inspect("app:1"));
    assert!(code == 0 && stdout.contains("144 kB in 5 layers"), "{stderr}");
    let (code, _, stderr) = said(inspect("other:1"));
    assert_eq!((code, stderr.as_str()), (2, "error: docker does not hand out other:1: no such image: other:1\n"));
    let (code, _, stderr) = said(dfslim(directory.path()).env("PATH", "").args(["inspect", "app:1"]).output().unwrap());
    assert!(code == 2 && stderr.contains("there is no docker, podman or buildah on the PATH; install one"), "{stderr}");
}

#[test]
fn a_file_is_wasted_when_its_last_name_is_gone() {
    let file = [("a", Item::File(500)), ("b", Item::Hard("a".to_owned()))];
    let gone = |name: &'static str| items([(name, Item::File(0))]);
    let wasted = |above: &[Items]| {
        let layers = [&[items(file.clone())], above].concat();
        let history = vec![("RUN x", true); layers.len()];
        let packed: Vec<Vec<u8>> = layers.iter().map(layer).collect();
        let image = read(&docker_archive(&config(&history), &packed));
        assert_eq!(image.bytes(), 500);
        Tree::of(&image).wasted()
    };
    assert_eq!(wasted(&[gone(".wh.a")]), 0);
    assert_eq!(wasted(&[gone(".wh.b")]), 0);
    assert_eq!(wasted(&[gone(".wh.a"), gone(".wh.b")]), 500);
    assert_eq!(wasted(&[gone(".wh..wh..opq")]), 500);
}

/// Makes a program of a script.
#[cfg(unix)]
pub(crate) fn program(path: &Path, script: &str) {
    use std::os::unix::fs::PermissionsExt;
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, script).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// What is wasted, by another way: each file is asked whether any later layer hides it.
fn wasted(layers: &[Items]) -> usize {
    let mut wasted = 0;
    for (index, layer) in layers.iter().enumerate() {
        // Later entries of one layer take the place of earlier ones.
        let last: BTreeSet<&str> = layer.iter().map(|(path, _)| path.as_str()).collect();
        for path in last {
            let bytes = match layer.iter().rfind(|(other, _)| other == path) {
                Some((_, Item::File(bytes))) => *bytes,
                _ => continue,
            };
            if layers[index + 1..].iter().any(|later| later.iter().any(|entry| hides(entry, path))) {
                wasted += bytes;
            }
        }
    }
    wasted
}

fn hides((entry, item): &(String, Item), path: &str) -> bool {
    let (parent, name) = entry.rsplit_once('/').unwrap_or(("", entry));
    let below = |path: &str, directory: &str| directory.is_empty() || path.starts_with(&format!("{directory}/"));
    if name == ".wh..wh..opq" {
        return below(path, parent);
    }
    if let Some(gone) = name.strip_prefix(".wh.") {
        let gone = if parent.is_empty() { gone.to_owned() } else { format!("{parent}/{gone}") };
        return path == gone || below(path, &gone);
    }
    entry == path || (*item != Item::Directory && below(path, entry))
}

/// Layers over a few names, so that they meet often. A file and a directory of one name do not stand in one layer, nor
/// does anything below a file, as in a real one.
fn some_layers() -> impl Strategy<Value = Vec<Items>> {
    let paths = ["a", "b", "a/b", "a/c", "a/b/c", "a/b/d", "ab", "b/a", "a.b"];
    let entry = (0..paths.len(), 0..6_u8, 1..1000_usize);
    let layer = prop::collection::vec(entry, 0..8).prop_map(move |entries| {
        let mut layer = Items::new();
        for (path, kind, bytes) in entries {
            let path = paths[path];
            let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
            let join = |name: &str| if parent.is_empty() { name.to_owned() } else { format!("{parent}/{name}") };
            let (path, item) = match kind {
                0 => (join(&format!(".wh.{name}")), Item::File(0)),
                1 => (format!("{path}/.wh..wh..opq"), Item::File(0)),
                2 => (path.to_owned(), Item::Directory),
                _ => (path.to_owned(), Item::File(bytes)),
            };
            let meets = |other: &str, is_file: bool| {
                other == path
                    || (is_file && path.starts_with(&format!("{other}/")))
                    || (matches!(item, Item::File(_)) && other.starts_with(&format!("{path}/")))
            };
            if !layer.iter().any(|(other, there)| meets(other, matches!(there, Item::File(_)))) {
                layer.push((path, item));
            }
        }
        layer
    });
    prop::collection::vec(layer, 1..5)
}

proptest! {
    #[test]
    fn what_is_wasted_is_what_each_file_is_asked(layers in some_layers()) {
        let history: Vec<_> = layers.iter().map(|_| ("RUN x", true)).collect();
        let packed: Vec<Vec<u8>> = layers.iter().map(layer).collect();
        let bytes = docker_archive(&config(&history), &packed);
        let image = read(&bytes);
        prop_assert_eq!(Tree::of(&image).wasted(), wasted(&layers) as u64);
        let length = bytes.len() as u64;
        let again = archives::read(&mut Seekable::new(Cursor::new(&bytes), length), "image", &Limits::default()).unwrap();
        prop_assert_eq!(image.layers, again.layers);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000), at in 0..4000_usize, byte: u8) {
        let limits = Limits { unpacked: 1 << 20, ..Limits::default() };
        let _ = archives::read(&mut Stream(&bytes[..]), "image", &limits);
        let (config, layers) = sample();
        let mut archive = docker_archive(&config, &layers.iter().map(|items| pack(&layer(items), Packed::Gzip)).collect::<Vec<_>>());
        let at = at % archive.len();
        archive[at] = byte;
        let _ = archives::read(&mut Stream(&archive[..]), "image", &limits);
    }
}
