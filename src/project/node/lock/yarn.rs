//! `yarn.lock`: yarn 1's own format and the YAML subset of yarn 2 and later. Both are keys, values and indentation,
//! so one reader serves; unlike the crates for it, it keeps `conditions` and the lines.

use super::{DependencyKind, paths};
use super::{Edge, Format, Importer, Index, Lock, NotRead, Origin, Package, Recorded, origin_of};
use crate::project::source::Source;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Whether the text is of yarn 2 or later.
pub fn is_berry(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("__metadata:"))
}

/// One block: its key and its fields, nested ones as `table` + name.
#[derive(Default)]
struct Block<'t> {
    key: &'t str,
    fields: Vec<Field<'t>>,
}

/// `table` is empty for a field of the block itself.
struct Field<'t> {
    table: &'t str,
    name: &'t str,
    value: &'t str,
}

impl<'t> Block<'t> {
    fn value(&self, name: &str) -> Option<&'t str> {
        self.fields.iter().find(|field| field.table.is_empty() && field.name == name).map(|field| field.value)
    }

    fn table<'b>(&'b self, table: &'b str) -> impl Iterator<Item = (&'t str, &'t str)> + 'b {
        self.fields.iter().filter(move |field| field.table == table).map(|field| (field.name, field.value))
    }
}

pub(super) fn read(source: Rc<Source>) -> Result<Lock, NotRead> {
    let berry = is_berry(&source.text);
    let blocks = blocks(&source.text)?;
    let (mut packages, mut index) = (Vec::new(), Index::new());
    for block in blocks.iter().filter(|block| block.key != "__metadata") {
        for descriptor in descriptors(block.key) {
            index.insert(normal(descriptor), packages.len());
        }
        packages.push(if berry { berry_package(block) } else { classic_package(block) });
    }
    let real = blocks.iter().filter(|block| block.key != "__metadata");
    for (at, block) in real.enumerate() {
        packages[at].edges = edges(block, &index);
    }
    let importers = if berry { workspaces(&blocks, &packages) } else { classic_importer(&blocks, &index) };
    let format = if berry { Format::YarnBerry } else { Format::YarnClassic };
    Ok(Lock { source, format, packages, importers })
}

/// Cuts the text into blocks.
fn blocks(text: &str) -> Result<Vec<Block<'_>>, NotRead> {
    let (mut blocks, mut table): (Vec<Block<'_>>, &str) = (Vec::new(), "");
    let mut lines = text.lines().enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        let body = line.trim();
        if body.is_empty() || body.starts_with('#') {
            continue;
        }
        let malformed = |what: &str| NotRead::new(Some(number + 1), format!("malformed yarn.lock, {what}"));
        if line.starts_with("<<<<<<<") || line.starts_with(">>>>>>>") || line.starts_with("=======") {
            return Err(malformed("unresolved merge conflict"));
        }
        let indent = line.len() - line.trim_start_matches(' ').len();
        if indent == 0 {
            // Berry writes a key longer than 1024 characters as `? key` and `:`.
            let key = body.strip_prefix("? ").or_else(|| body.strip_suffix(':'));
            let key = key.ok_or_else(|| malformed("a key that ends with `:` expected"))?;
            if body.starts_with("? ") {
                lines.next_if(|(_, next)| next.trim() == ":");
            }
            blocks.push(Block { key: unquote(key), fields: Vec::new() });
            table = "";
            continue;
        }
        let block = blocks.last_mut().ok_or_else(|| malformed("a key without indentation expected"))?;
        if indent <= 2 {
            table = "";
            if let Some(name) = body.strip_suffix(':') {
                table = unquote(name);
                continue;
            }
        }
        if indent > 4 {
            // `dependenciesMeta` nests once more; nothing in it is needed.
            continue;
        }
        let (name, value) = field(body).ok_or_else(|| malformed("a name and a value expected"))?;
        block.fields.push(Field { table, name, value });
    }
    Ok(blocks)
}

/// `name value`, `name: value`, `"name" "value"`.
fn field(body: &str) -> Option<(&str, &str)> {
    let (name, rest) = match body.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"')?,
        None => body.split_at(body.find([' ', ':'])?),
    };
    let rest = rest.strip_prefix(':').unwrap_or(rest).trim();
    Some((name, unquote(rest)))
}

pub(super) fn unquote(text: &str) -> &str {
    text.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(text)
}

/// The descriptors of a key: `a@^1, a@^2` in berry, `"a@^1", "a@^2"` in classic.
fn descriptors(key: &str) -> impl Iterator<Item = &str> {
    key.split(", ").map(|one| one.trim().trim_matches('"')).filter(|one| !one.is_empty())
}

/// Berry writes `name@npm:range` in keys, and in tables with or without `npm:`.
fn normal(descriptor: &str) -> String {
    let (name, range) = split(descriptor);
    format!("{name}@{}", range.strip_prefix("npm:").unwrap_or(range))
}

/// `@scope/name@range`
fn split(descriptor: &str) -> (&str, &str) {
    match descriptor.get(1..).and_then(|rest| rest.find('@')) {
        Some(at) => (&descriptor[..=at], &descriptor[at + 2..]),
        None => (descriptor, ""),
    }
}

fn edges(block: &Block<'_>, index: &Index) -> Vec<Edge> {
    let of_table = |table, optional| {
        let edge = move |(name, range): (&str, &str)| Edge {
            name: name.to_owned(),
            optional,
            to: index.get(&normal(&format!("{name}@{range}"))).copied(),
        };
        block.table(table).map(edge).collect::<Vec<_>>()
    };
    [of_table("dependencies", false), of_table("optionalDependencies", true)].concat()
}

fn classic_package(block: &Block<'_>) -> Package {
    let (name, range) = descriptors(block.key).next().map(split).unwrap_or_default();
    let resolved = block.value("resolved").unwrap_or_default();
    let origin = match origin_of(range) {
        Origin::Registry => origin_of(resolved),
        other => other,
    };
    // An alias: `mine@npm:real@^1`.
    let name = range.strip_prefix("npm:").map_or(name, |real| split(real).0);
    Package {
        key: block.key.to_owned(),
        name: name.to_owned(),
        version: block.value("version").unwrap_or_default().to_owned(),
        origin,
        ..Package::default()
    }
}

fn berry_package(block: &Block<'_>) -> Package {
    let (name, reference) = block.value("resolution").map(split).unwrap_or_default();
    let origin = match reference.strip_prefix("workspace:") {
        Some(dir) => Origin::Directory(paths::clean(dir).unwrap_or_default()),
        None if reference.contains("#commit=") || reference.contains("commit:") => Origin::Git,
        None => origin_of(reference),
    };
    let conditions = block.value("conditions").unwrap_or_default();
    let condition = |name: &str| {
        let parts = conditions.split(['&', '|', '(', ')']).map(str::trim);
        parts.filter_map(|part| part.strip_prefix(name)?.strip_prefix('=')).map(str::to_owned).collect()
    };
    // Berry adds `node-gyp` to what has a binding.gyp or calls it.
    let compiles = block.table("dependencies").any(|(dependency, _)| dependency == "node-gyp");
    Package {
        key: block.key.to_owned(),
        name: name.to_owned(),
        version: block.value("version").unwrap_or_default().to_owned(),
        os: condition("os"),
        cpu: condition("cpu"),
        libc: condition("libc"),
        install_script: compiles.then_some(true),
        edges: Vec::new(),
        origin,
    }
}

/// Yarn 1 records no package.json; every descriptor may be a direct one.
fn classic_importer(blocks: &[Block<'_>], index: &Index) -> BTreeMap<String, Importer> {
    let all = blocks.iter().flat_map(|block| descriptors(block.key)).map(|descriptor| {
        let (name, range) = split(descriptor);
        let to = index.get(&normal(descriptor)).copied();
        Recorded { name: name.to_owned(), range: Some(range.to_owned()), kind: None, to }
    });
    BTreeMap::from([(String::new(), Importer { dependencies: all.collect() })])
}

/// Berry has each workspace as a package; its dependencies of all kinds are in one table.
fn workspaces(blocks: &[Block<'_>], packages: &[Package]) -> BTreeMap<String, Importer> {
    let mut importers = BTreeMap::new();
    let real = blocks.iter().filter(|block| block.key != "__metadata");
    for (block, package) in real.zip(packages) {
        let Origin::Directory(dir) = &package.origin else { continue };
        let recorded = |table, kind: Option<DependencyKind>| {
            let one = move |(name, range): (&str, &str)| {
                let edge = package.edges.iter().find(|edge| edge.name == name);
                let range = range.strip_prefix("npm:").unwrap_or(range).to_owned();
                Recorded { name: name.to_owned(), range: Some(range), kind, to: edge.and_then(|edge| edge.to) }
            };
            block.table(table).map(one).collect::<Vec<_>>()
        };
        let optional = recorded("optionalDependencies", Some(DependencyKind::Optional));
        let dependencies = [recorded("dependencies", None), optional].concat();
        importers.insert(dir.clone(), Importer { dependencies });
    }
    importers
}
