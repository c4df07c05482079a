//! The build context: reading, limits, ignore files, COPY sources.

use dfslim::project::context::{Context, Limits, Step};
use dfslim::project::copy::Copied;
use dfslim::project::dockerignore::Dockerignore;
use dfslim::project::files::{Disk, EntryKind, Memory, Unread};
use serde::Deserialize;
use std::fs;
use std::path::Path;

#[derive(Deserialize)]
struct Vectors {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    file: String,
    parsed: Vec<String>,
    #[serde(default)]
    ignored: Vec<String>,
    #[serde(default)]
    kept: Vec<String>,
    error: Option<String>,
}

#[test]
fn dockerignore_agrees_with_mobys_matcher() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/dockerignore-vectors.yaml");
    let Vectors { vectors } = serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert!(vectors.len() > 50);
    for vector in vectors {
        let ignore = Dockerignore::parse(".dockerignore", &vector.file);
        if let Some(error) = &vector.error {
            let (_, message) = ignore.problem().unwrap_or_else(|| panic!("{:?} is an error", vector.file));
            let known = ["illegal exclusion pattern", "syntax error in pattern"];
            assert!(known.iter().any(|name| error.contains(name) && message.contains(name)), "{message} | {error}");
            continue;
        }
        assert_eq!(ignore.problem(), None, "{:?}", vector.file);
        let parsed: Vec<String> = ignore
            .patterns()
            .iter()
            .map(|pattern| format!("{}{}", if pattern.includes { "!" } else { "" }, pattern.text))
            .collect();
        assert_eq!(parsed, vector.parsed, "{:?}", vector.file);
        for path in &vector.ignored {
            assert!(ignore.excludes(path), "{:?} leaves out {path}", vector.file);
        }
        for path in &vector.kept {
            assert!(!ignore.excludes(path), "{:?} keeps {path}", vector.file);
        }
    }
}

#[test]
fn odd_patterns_neither_panic_nor_match_by_accident() {
    for pattern in ["a{2}", "{2}", "a{2,1}*", "\\d*", "[a-]*", "[[:alpha:]]*", "[a&&b]*", "[a~~b]?", "[*]", "a[", "é\\"]
    {
        let ignore = Dockerignore::parse(".dockerignore", pattern);
        assert!(!ignore.excludes("zzz"), "{pattern}");
    }
    assert!(Dockerignore::parse("f", "[a&&b]").excludes("&"));
    assert!(Dockerignore::parse("f", "[[]x").excludes("[x"));
    assert!(Dockerignore::parse("f", "a+b(c)$").excludes("a+b(c)$"));
}

#[test]
fn the_dockerfiles_own_ignore_file_replaces_the_root_one() {
    let context = Context::from_memory([
        (".dockerignore", "secret\n"),
        ("docker/api.Dockerfile.dockerignore", "docs\n"),
        ("docker/web.Dockerfile", ""),
    ]);
    let api = context.for_dockerfile("docker/api.Dockerfile");
    assert!(api.is_sent("secret") && !api.is_sent("docs/a.md"));
    let web = context.for_dockerfile("docker/web.Dockerfile");
    assert!(!web.is_sent("secret") && web.is_sent("docs/a.md"));
    assert_eq!(web.dockerignore().deciding("secret/x").unwrap().line, 1);
    assert_eq!(Context::empty().dockerignore().file(), None);
}

#[test]
fn a_malformed_ignore_file_is_a_warning_with_its_line() {
    let context = Context::from_memory([(".dockerignore", "# c\nnode_modules\n!\n")]);
    assert!(!context.is_sent("node_modules/a"));
    let warnings = context.warnings();
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].to_string().starts_with(".dockerignore:3: `!` alone"), "{}", warnings[0]);
}

#[test]
fn reads_are_bounded_and_memoised() {
    let limits = Limits { file: 10, lock: 20, total: 25, ..Limits::default() };
    let files = [("a", "123456789"), ("b", "12345678901"), ("c", "1234567"), ("d", "1")];
    let files = Memory::new(files.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())));
    let context = Context::new(files, limits);
    assert_eq!(context.read("a").unwrap().text, "123456789");
    assert_eq!(context.read("./a").unwrap().text, "123456789");
    assert_eq!(context.bytes_read(), 9);
    assert_eq!(context.read("b").unwrap_err(), Unread::TooLarge(10));
    assert_eq!(context.read_lock("b").unwrap().text.len(), 11);
    assert_eq!(context.read("c").unwrap_err(), Unread::Spent);
    assert_eq!(context.read("none").unwrap_err(), Unread::Missing);
    assert_eq!(context.read("../a").unwrap_err(), Unread::Outside);
    assert!(context.find("c").is_none());
    assert_eq!(context.warnings()[0].to_string(), "c: not read: enough of the build context was read already");
}

#[test]
fn texts_are_decoded_and_binaries_are_not_read() {
    let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain("a\u{e9}".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let context = Context::from_memory([
        ("utf16", utf16),
        ("bom", b"\xEF\xBB\xBF{}".to_vec()),
        ("elf", b"\x7fELF\0\0".to_vec()),
        ("latin", b"caf\xe9".to_vec()),
    ]);
    assert_eq!(context.read("utf16").unwrap().text, "a\u{e9}");
    assert_eq!(context.read("bom").unwrap().text, "{}");
    assert_eq!(context.read("elf").unwrap_err(), Unread::Binary);
    assert_eq!(context.read("latin").unwrap().text, "caf\u{fffd}");
}

#[test]
fn walks_are_sorted_pruned_and_bounded() {
    let files = ["b/x", "a", "node_modules/m/index.js", "b/.git/HEAD", ".git/HEAD", "b/a"];
    let context = Context::from_memory(files.map(|path| (path, "")));
    let mut seen = Vec::new();
    let complete = context.walk("", |path, _| {
        seen.push(path.to_owned());
        Step::Enter
    });
    assert_eq!(seen, [".git", "a", "b", "b/.git", "b/a", "b/x", "node_modules"]);
    assert!(complete);

    let many = (0..100).map(|number| (format!("d/{number:03}"), Vec::new()));
    let context = Context::new(Memory::new(many), Limits { walked: 10, names: 5, ..Limits::default() });
    assert_eq!(context.list("d").entries.len(), 5);
    assert!(!context.walk("", |_, _| Step::Enter));
}

#[test]
fn a_walk_over_what_is_sent_goes_below_an_excluded_directory_only_for_what_comes_back() {
    let walked = |ignore: &str| {
        let context =
            Context::from_memory([(".dockerignore", ignore), ("docs/a.md", ""), ("docs/keep.md", ""), ("src/x", "")]);
        let mut seen = Vec::new();
        context.walk_sent("", |path, kind| {
            seen.extend((kind == EntryKind::File).then(|| path.to_owned()));
            Step::Enter
        });
        seen
    };
    assert_eq!(walked("docs\n.dockerignore"), ["src/x"]);
    assert_eq!(walked("docs\n!docs/keep.md"), [".dockerignore", "docs/keep.md", "src/x"]);
}

#[test]
fn copy_sources_resolve_as_in_buildkit() {
    let files =
        ["package.json", "package-lock.json", "pkg/a/package.json", "pkg/b/package.json", "src/x/y.js", "z.log"];
    let files = files.map(|path| (path, "")).into_iter().chain([(".dockerignore", "*.log\nsrc/x/y.js\n")]);
    let context = Context::from_memory(files);
    let roots = |source: &str| {
        let found = context.copy_source(source);
        assert!(found.complete);
        found.roots.into_iter().map(|root| root.path).collect::<Vec<_>>()
    };
    assert_eq!(roots("package*.json"), ["package-lock.json", "package.json"]);
    assert_eq!(roots("pkg/*/package.json"), ["pkg/a/package.json", "pkg/b/package.json"]);
    assert_eq!(roots("./src/"), ["src"]);
    assert_eq!(roots("."), [""]);
    assert_eq!(roots("/package.json"), ["package.json"]);
    assert!(roots("z.log").is_empty(), "an ignored file is not there");
    assert!(roots("yarn.lock*").is_empty() && roots("none").is_empty());

    let all = context.copy_source(".");
    assert_eq!(all.inside(&context, "pkg/a/package.json").as_deref(), Some("pkg/a/package.json"));
    assert!(!all.brings(&context, "z.log") && !all.brings(&context, "src/x/y.js") && !all.brings(&context, "none"));
    let pkg = context.copy_source("pkg/*");
    let (files, complete) = context.copied_files(&pkg);
    let copied = |path: &str| Copied { path: path.to_owned(), inside: "package.json".to_owned() };
    assert_eq!(files, [copied("pkg/a/package.json"), copied("pkg/b/package.json")]);
    assert!(complete);
}

#[cfg(unix)]
#[test]
fn nothing_outside_the_directory_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("context");
    fs::create_dir_all(root.join("inside/deep")).unwrap();
    fs::write(dir.path().join("secret"), "s").unwrap();
    fs::write(root.join("inside/file"), "f").unwrap();
    let link = |target: &str, name: &str| std::os::unix::fs::symlink(target, root.join(name)).unwrap();
    link("../secret", "leak");
    link("..", "up");
    link("inside/file", "good");
    link("inside", "dir");
    link("nowhere", "broken");
    link(".", "inside/loop");
    let context = Context::from_directory(&root).unwrap();
    for path in ["leak", "up/secret"] {
        assert_eq!(context.read(path).unwrap_err(), Unread::Outside, "{path}");
    }
    assert_eq!(context.kind("leak"), Some(EntryKind::Other));
    assert_eq!(context.kind("up/secret"), None);
    assert_eq!(context.kind("broken"), Some(EntryKind::Other));
    assert_eq!(context.kind("dir"), Some(EntryKind::LinkToDirectory));
    assert_eq!(context.read("broken").unwrap_err(), Unread::Missing);
    assert_eq!(context.read("inside").unwrap_err(), Unread::NotAFile);
    assert_eq!(context.read("good").unwrap().text, "f");
    assert_eq!(context.read("dir/file").unwrap().text, "f");
    let mut seen = Vec::new();
    assert!(context.walk("", |path, _| {
        seen.push(path.to_owned());
        Step::Enter
    }));
    assert_eq!(seen, ["broken", "dir", "good", "inside", "inside/deep", "inside/file", "inside/loop", "leak", "up"]);
    assert!(Disk::new(&root.join("good")).is_err());
}
