//! What `pip install -r`, `pipenv`, `poetry` and `uv` read.

use super::{Project, Read, joined};
use crate::dockerfile::Keyword;
use crate::passes::commands;
use crate::passes::early_copy::No;
use crate::project::Context;
use crate::project::finding::evidence;
use crate::project::paths;
use crate::project::python::install::{Install, Part, Tool};
use crate::project::python::pyproject::Pyproject;
use crate::project::python::requirement::{Origin, Requirement};
use crate::project::python::requirements::Requirements;

/// What sets files to be read from outside of the command.
const SETTINGS: &[&str] =
    &["PIP_CONSTRAINT", "PIP_REQUIREMENT", "PIP_CONFIG_FILE", "PIP_FIND_LINKS", "UV_FIND_LINKS", "UV_CONSTRAINT"];

pub(super) fn read(project: &Project<'_>) -> Result<(String, Read), No> {
    let install = Install::read(&project.command.literal()).ok_or(No::NotThis)?;
    let run = project.site.stage.instructions[project.at];
    let set = project.site.stage.state_before(run).env_names();
    if let Some(name) = SETTINGS.iter().find(|name| set.contains(name) || project.command.setting(name).is_some()) {
        return Err(No::because(format!("{name} names files that the install reads")));
    }
    if let Some(index) = install.index.as_ref().filter(|index| !index.contains("://")) {
        return Err(No::because(format!("the install takes packages from {index}")));
    }
    match install.tool {
        Tool::Pip | Tool::UvPip => requirements(project, &install),
        Tool::Pipenv => pipenv(project, &install),
        _ => locked(project, &install),
    }
}

fn requirements(project: &Project<'_>, install: &Install) -> Result<(String, Read), No> {
    let context = project.site.cx.project.context();
    let (mut place, mut files) = (None, Vec::new());
    for part in &install.parts {
        let name = match part {
            Part::Requirements(name) | Part::Constraints(name) => name,
            Part::Named(name) if !name.contains('/') && paths::extension(name) != "whl" => continue,
            Part::Project { .. } => return Err(No::because("the install builds the project itself")),
            _ => return Err(No::NotThis),
        };
        if name.contains("://") {
            continue;
        }
        let image = project.command.path(name).ok_or(No::NotThis)?;
        let path = project.origin(&image).ok_or(No::NotThis)?;
        let found = Requirements::read(context, &path);
        if let Some(unknown) = found.unknown.first() {
            return Err(No::because(format!("{}: {}", unknown.file, unknown.fact)));
        }
        if let Some(local) = found.requirements.iter().chain(&found.editable).find(|one| is_local(one)) {
            return Err(No::because(format!("{} needs a package from the sources", local.evidence.file)));
        }
        if let Some(line) = found.files.iter().find_map(|file| local_links(context, file)) {
            return Err(No::because(format!("{path} takes packages from the sources: {line}")));
        }
        files.extend(found.files);
        // What of the context the working directory is: the file's name says how far below it stands.
        place.get_or_insert(dir_of(&path, &image, project.workdir).ok_or(No::NotThis)?);
    }
    files.dedup();
    let first = files.first().cloned().ok_or(No::NotThis)?;
    let proof = evidence(first, None, "names packages of an index, and nothing of the sources");
    Ok((place.ok_or(No::NotThis)?, Read { files, evidence: vec![proof], makes: Vec::new(), option: None }))
}

/// `--find-links ./wheels`
fn local_links(context: &Context, file: &str) -> Option<String> {
    let source = context.find(file)?;
    let starts = |line: &&str| ["--find-links", "-f "].iter().any(|start| line.starts_with(start));
    let mut lines = source.text.lines().map(str::trim);
    lines.find(|line| starts(line) && !line.contains("://")).map(str::to_owned)
}

/// The directory of the context that is `workdir` of the image, in which `path` is `image`.
fn dir_of(path: &str, image: &str, workdir: &str) -> Option<String> {
    let below = paths::below(workdir.trim_start_matches('/'), image.trim_start_matches('/'))?;
    let dir = path.strip_suffix(below)?.trim_end_matches('/');
    Some(dir.to_owned())
}

fn pipenv(project: &Project<'_>, install: &Install) -> Result<(String, Read), No> {
    if install.parts.iter().any(|part| !matches!(part, Part::Lock(_))) {
        return Err(No::NotThis);
    }
    let dir = project.dir_with("Pipfile").ok_or(No::NotThis)?;
    let pipfile = joined(&dir, "Pipfile");
    let source = project.site.cx.project.context().find(&pipfile).ok_or(No::NotThis)?;
    let is_local = |line: &str| {
        let line = line.replace(' ', "");
        line.contains("path=") || line.contains("editable=") || line.contains("file=")
    };
    if source.text.lines().any(is_local) {
        return Err(No::because(format!("{pipfile} needs a package from the sources")));
    }
    let files = project.existing(&dir, &["Pipfile", "Pipfile.lock"]);
    let proof = evidence(pipfile, None, "names packages of an index, and nothing of the sources");
    Ok((dir.clone(), Read { files, evidence: vec![proof], makes: vec![joined(&dir, ".venv")], option: None }))
}

/// poetry and uv
fn locked(project: &Project<'_>, install: &Install) -> Result<(String, Read), No> {
    if install.parts.iter().any(|part| !matches!(part, Part::Lock(_))) {
        return Err(No::NotThis);
    }
    let dir = project.dir_with("pyproject.toml").ok_or(No::NotThis)?;
    let python = project.site.cx.project.python(&dir).ok_or(No::NotThis)?;
    let manifest = joined(&dir, "pyproject.toml");
    let pyproject = python.pyproject().ok_or_else(|| No::because(format!("{manifest} is not understood")))?;
    let is_package = match (&pyproject.is_package, install.tool) {
        (Some((is_package, _)), _) => *is_package,
        // Without a build system uv installs the dependencies only.
        (None, Tool::Uv) => pyproject.backend.is_some(),
        (None, _) => true,
    };
    let option =
        (install.builds_project && is_package).then(|| without_project(project, install, pyproject)).transpose()?;
    let source = project.site.cx.project.context().find(&manifest).ok_or(No::NotThis)?;
    if source.text.contains("[tool.uv.workspace]") {
        return Err(No::because("the install reads all members of the workspace"));
    }
    if let Some(local) = all(pyproject).find(|one| is_local(one)) {
        return Err(No::because(format!("{manifest} needs {} from the sources", local.name)));
    }
    let context = project.site.cx.project.context();
    let locks = ["uv.lock", "poetry.lock"].map(|name| joined(&dir, name));
    if let Some(local) = locks.iter().chain([&manifest]).find_map(|path| local_source(context, path)) {
        return Err(No::because(format!("{local} takes a package from the sources")));
    }
    let names: &[&str] = match install.tool {
        Tool::Uv => &["pyproject.toml", "uv.lock", "uv.toml", ".python-version"],
        _ => &["pyproject.toml", "poetry.lock", "poetry.toml"],
    };
    let files = project.existing(&dir, names);
    let proof = evidence(manifest, None, "names packages of an index, and nothing of the sources");
    Ok((dir.clone(), Read { files, evidence: vec![proof], makes: vec![joined(&dir, ".venv")], option }))
}

/// The line of a manifest or lock file that takes a package from a directory or file: `source = { editable = "libs/core" }`.
/// The project itself is one of the lock of uv, as `.`.
fn local_source(context: &Context, path: &str) -> Option<String> {
    const KEYS: &[&str] = &[
        "{path=",
        ",path=",
        "{editable=\"",
        "{directory=",
        "{virtual=",
        "find-links=",
        "type=\"directory\"",
        "type=\"file\"",
    ];
    let source = context.find(path)?;
    let (mut section, mut lines) = (String::new(), source.text.lines().enumerate());
    let (line, _) = lines.find(|(_, line)| {
        let line: String = line.chars().filter(|c| !c.is_whitespace()).collect();
        if line.starts_with('[') {
            section.clone_from(&line);
        }
        let line = line.replace('\'', "\"");
        let tells = paths::extension(path) == "lock" || section.contains("tool.uv");
        let value = KEYS.iter().find_map(|key| Some(&line[line.find(key)? + key.len()..]));
        tells && value.is_some_and(|value| value.trim_start_matches('"').split('"').next() != Some("."))
    })?;
    Some(format!("{path}:{}", line + 1))
}

/// The option by which an install leaves the project itself out.
fn without_project(project: &Project<'_>, install: &Install, pyproject: &Pyproject) -> Result<&'static str, No> {
    let option = if install.tool == Tool::Uv { "--no-install-project" } else { "--no-root" };
    if installs_before(project, install.tool) || install.selection.without_main {
        return Err(No::NotThis);
    }
    // To compare the lock with what is computed, uv builds the project.
    let frozen = project.command.arguments().any(|word| word == "--frozen");
    match pyproject.dynamic.first() {
        Some((field, _)) if install.tool == Tool::Uv && !frozen => Err(No::Because(format!(
            "the install builds the project itself ({option} would leave that out), whose {field} is computed"
        ))),
        _ => Ok(option),
    }
}

/// Whether a RUN before installs the packages without the project already.
fn installs_before(project: &Project<'_>, tool: Tool) -> bool {
    let site = project.site;
    let before = site.stage.instructions[..project.at].iter().filter(|one| one.keyword == Keyword::Run);
    let mut commands = before.flat_map(|run| commands::of(site.cx, site.stage, run).unwrap_or_default());
    commands.any(|command| {
        Install::read(&command.literal()).is_some_and(|install| install.tool == tool && !install.builds_project)
    })
}

fn all(pyproject: &Pyproject) -> impl Iterator<Item = &Requirement> {
    let groups = pyproject.extras.values().chain(pyproject.groups.values()).flatten();
    pyproject.dependencies.iter().chain(groups)
}

fn is_local(requirement: &Requirement) -> bool {
    matches!(requirement.origin, Origin::Path(_))
}
