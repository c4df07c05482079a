//! What `npm ci`, `yarn`, `pnpm install` and `bun install` read.

use super::{Project, Read, joined};
use crate::passes::early_copy::No;
use crate::project::finding::evidence;
use crate::project::node::Node;
use crate::project::node::scripts::Ran;
use crate::project::paths;

/// Manifests, locks and settings of all package managers, and settings that install scripts of packages look for.
const FILES: &[&str] = &[
    "package.json",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    "bun.lock",
    "bun.lockb",
    ".npmrc",
    ".yarnrc",
    ".yarnrc.yml",
    ".pnpmfile.cjs",
    ".pnp.cjs",
    ".pnp.loader.mjs",
    "bunfig.toml",
    ".puppeteerrc.cjs",
    ".puppeteerrc.json",
    ".yarn",
    "patches",
];

/// So many members of a workspace are copied one by one.
const MOST_MEMBERS: usize = 8;

/// What an install runs, and what that needs.
#[derive(Default)]
struct Hooks {
    files: Vec<String>,
    generates: bool,
}

pub(super) fn read(project: &Project<'_>) -> Result<(String, Read), No> {
    let dir = project.dir_with("package.json").ok_or(No::NotThis)?;
    let node = project.site.cx.project.node(&dir).ok_or(No::NotThis)?;
    is_root(project, &dir)?;
    if project.site.cx.project.context().is_file(&joined(&dir, "binding.gyp")) {
        return Err(No::because("the install builds binding.gyp of the sources"));
    }
    let mut files = project.existing(&dir, FILES);
    let members = members(&node)?;
    for member in &members {
        let member = project.site.cx.project.node(member).ok_or(No::NotThis)?;
        files.push(member.manifest.source.path.clone());
        is_plain_member(&member)?;
        files.extend(local(&member, &members)?);
    }
    files.extend(local(&node, &members)?);
    let hooks = hooks(project, &node)?;
    files.extend(hooks.files.clone());
    let mut makes: Vec<String> = std::iter::once(&dir).chain(&members).map(|dir| joined(dir, "node_modules")).collect();
    for app in std::iter::once(&dir).chain(&members) {
        if let Some(app) = project.site.cx.project.node(app) {
            let schema = schema(&app, hooks.generates)?;
            makes.extend(schema.iter().flat_map(|schema| outputs(&app, schema)));
            files.extend(schema);
        }
    }
    let fact = match hooks.files.as_slice() {
        [] => "the install runs no script that reads the sources",
        _ => "what the scripts that the install runs read is known",
    };
    let proof = evidence(node.manifest.source.path.clone(), None, fact);
    Ok((dir.clone(), Read { files, evidence: vec![proof], makes, option: None }))
}

/// Of a member of a workspace, the whole workspace is installed.
fn is_root(project: &Project<'_>, dir: &str) -> Result<(), No> {
    let context = project.site.cx.project.context();
    let (mut above, mut at) = (Vec::new(), dir);
    while !at.is_empty() {
        at = paths::parent(at);
        above.push(at);
    }
    let is_workspace = |dir: &&&str| {
        let by_pnpm = context.is_file(&joined(dir, "pnpm-workspace.yaml"));
        by_pnpm || project.site.cx.project.node(dir).is_some_and(|node| !node.manifest.workspaces().is_empty())
    };
    let brought = |dir: &&&str| {
        let manifest = joined(dir, "package.json");
        project.site.brings.iter().any(|bring| bring.index < project.at && bring.lands(context, &manifest).is_some())
    };
    match above.iter().filter(is_workspace).find(brought) {
        Some(_) => Err(No::because(format!("{} belongs to a workspace", joined(dir, "package.json")))),
        None => Ok(()),
    }
}

/// The directories of the workspace's members.
fn members(node: &Node) -> Result<Vec<String>, No> {
    let found = node.members().map_err(No::Because)?;
    if found.len() > MOST_MEMBERS {
        return Err(No::because(format!("the install reads the manifests of {} members of a workspace", found.len())));
    }
    Ok(found)
}

/// A member is linked before its files are there: nothing of it may be run or linked by name.
fn is_plain_member(member: &Node) -> Result<(), No> {
    let manifest = &member.manifest.source.path;
    if !member.manifest.bins().is_empty() {
        return Err(No::because(format!("{manifest} brings programs, which are linked when it is installed")));
    }
    match member.manifest.install_scripts().first() {
        Some(script) => Err(No::because(format!("the install runs the script {} of {manifest}", script.name))),
        None => Ok(()),
    }
}

/// Directories and archives that package.json names as dependencies; members of the workspace are linked.
fn local(node: &Node, members: &[String]) -> Result<Vec<String>, No> {
    let mut files = Vec::new();
    for found in &node.manifest.dependencies {
        let path = ["file:", "link:", "portal:"].iter().find_map(|start| found.range.strip_prefix(start));
        let path = path.or_else(|| Some(found.range.as_str()).filter(|range| range.starts_with(['.', '/'])));
        let Some(path) = path else { continue };
        let place = paths::join(&node.dir, path).filter(|place| !path.starts_with('/') && !place.is_empty());
        let known = place.filter(|place| node.context().kind(place).is_some() && *place != node.dir);
        let place = known.ok_or_else(|| {
            No::because(format!("{} needs {} from {}", node.manifest.source.path, found.name, found.range))
        })?;
        if members.contains(&place) {
            continue;
        }
        if Node::read(node.context(), &place).is_some_and(|own| !own.manifest.install_scripts().is_empty()) {
            return Err(No::because(format!("the install runs scripts of {place}")));
        }
        files.push(place);
    }
    Ok(files)
}

/// The client of Prisma is generated from the schema when it is installed.
fn schema(node: &Node, generates: bool) -> Result<Vec<String>, No> {
    let uses = ["@prisma/client", "prisma"].iter().any(|name| node.manifest.dependency(name).is_some());
    if !uses && !generates {
        return Ok(Vec::new());
    }
    let at = |name: &str| joined(&node.dir, name);
    let context = node.context();
    let configured =
        ["prisma.config.ts", "prisma.config.js", "prisma.config.mjs"].iter().any(|name| context.is_file(&at(name)));
    let named = node.manifest.json.at_path(&["prisma", "schema"]).and_then(|found| found.as_str());
    let places = match named {
        Some(path) => vec![paths::join(&node.dir, path).unwrap_or_default()],
        None => vec![at("prisma/schema.prisma"), at("schema.prisma"), at("prisma/schema")],
    };
    match places.into_iter().find(|place| !place.is_empty() && context.kind(place).is_some()) {
        _ if configured => Err(No::because("the install may read the configuration of Prisma, which is code")),
        Some(place) => Ok(vec![place]),
        // Without a schema nothing is generated.
        None if !generates && !context.is_dir(&at("prisma")) => Ok(Vec::new()),
        None => Err(No::because("where the schema of Prisma lies, which its install reads, is not known")),
    }
}

/// Where the generators of a schema write: `output = "../src/generated"`.
fn outputs(node: &Node, schema: &str) -> Vec<String> {
    let Some(source) = node.context().find(schema) else { return Vec::new() };
    let written = source.text.lines().filter_map(|line| {
        let value = line.trim().strip_prefix("output")?.trim_start().strip_prefix('=')?;
        paths::join(paths::parent(schema), value.trim().trim_matches('"'))
    });
    written.collect()
}

/// Scripts of package.json that an install runs: only those of which it is known what they read.
fn hooks(project: &Project<'_>, node: &Node) -> Result<Hooks, No> {
    let mut hooks = Hooks::default();
    if project.command.arguments().any(|word| word == "--ignore-scripts") {
        return Ok(hooks);
    }
    for script in node.manifest.install_scripts() {
        let closure = node.runs_script(&script.name);
        let unknown = |what: &str| {
            let Some(file) = what.strip_prefix("!") else {
                return No::because(format!(
                    "the install runs the script {} (`{}`), which may read the sources",
                    script.name, script.command
                ));
            };
            No::because(format!(
                "the script {} of the install runs {file}, and what that reads is not known",
                script.name
            ))
        };
        if !closure.gaps.is_empty() {
            return Err(unknown(""));
        }
        for ran in &closure.ran {
            match ran.program() {
                "husky" | "is-ci" | "echo" | "true" | "only-allow" | "exit" | ":" => {}
                "patch-package" if !ran.words.iter().any(|word| word.contains("dir")) => {}
                "prisma" if ran.words.get(1).is_some_and(|verb| verb == "generate") && ran.words.len() == 2 => {
                    hooks.generates = true;
                }
                "node" => hooks.files.extend(files_of(node, ran).map_err(|file| unknown(&file))?),
                _ => return Err(unknown("")),
            }
        }
    }
    Ok(hooks)
}

/// The files of a script for Node that reads and starts nothing else.
fn files_of(node: &Node, ran: &Ran) -> Result<Vec<String>, String> {
    let file = ran.words.get(1).filter(|word| !word.starts_with('-')).ok_or("")?;
    let path = paths::join(&node.dir, file).filter(|_| !file.starts_with('/')).ok_or("")?;
    let code = node.code(&[path]);
    let reads = !code.paths.is_empty() || !code.commands.is_empty() || !code.gaps.is_empty();
    // What is not installed yet cannot be loaded, and what is reads what it likes.
    if reads || !code.imports.is_empty() {
        return Err(format!("!{file}"));
    }
    Ok(code.files)
}
