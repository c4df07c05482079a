//! `pip install`, `uv pip install`, `uv pip sync`.

use super::flags::{Flags, Word};
use super::{Install, Part, Tool};
use crate::project::python::name::normalize;
use crate::project::python::requirements::is_default_index;

const PIP_VALUED: &str = "-r --requirement --requirements -c --constraint --constraints -e --editable -i --index-url \
    --default-index --index --extra-index-url -f --find-links -t --target --prefix --root --src \
    --no-binary --only-binary --trusted-host --cache-dir --timeout --retries --platform \
    --python-version --progress-bar --upgrade-strategy --global-option --config-settings --log \
    --proxy --cert --use-feature --python -p --extra --group --index-strategy --build-constraint \
    --link-mode --prerelease --resolution --allow-insecure-host --root-user-action";

pub(super) fn read(tool: Tool, words: &[Option<&str>]) -> Option<Install> {
    // Options may stand before the subcommand: `pip --no-cache-dir install`.
    let mut before = Flags { words, valued: PIP_VALUED };
    let verb = before.find_map(|word| if let Word::Plain(word) = word { Some(word) } else { None })?;
    if !matches!(verb, "install" | "sync") {
        return None;
    }
    let mut install = Install::new(tool, Vec::new());
    install.into_system = tool == Tool::Pip;
    for word in before {
        match word {
            Word::Unknown => install.parts.push(Part::Unknown("an argument is not literal".to_owned())),
            Word::Plain(word) if tool == Tool::UvPip && verb == "sync" => {
                install.parts.push(Part::Requirements(word.to_owned()));
            }
            Word::Plain(word) => install.parts.push(named(word, false)),
            Word::Flag(name, value) => pip_flag(&mut install, name, value.unwrap_or_default()),
        }
    }
    install.no_dependencies |= verb == "sync";
    let builds = |part: &Part| matches!(part, Part::Project { .. });
    install.builds_project = install.parts.iter().any(builds);
    Some(install)
}

fn pip_flag(install: &mut Install, name: &str, value: &str) {
    match name {
        "-r" | "--requirement" | "--requirements" => install.parts.push(Part::Requirements(value.to_owned())),
        "-c" | "--constraint" | "--constraints" => install.parts.push(Part::Constraints(value.to_owned())),
        "-e" | "--editable" => install.parts.push(named(value, true)),
        "-t" | "--target" | "--prefix" | "--root" => install.elsewhere = Some(value.to_owned()),
        "--user" => install.elsewhere = Some("--user".to_owned()),
        "-i" | "--index-url" | "--default-index" if is_default_index(value) => {}
        "-i" | "--index-url" | "--default-index" | "--index" | "--extra-index-url" | "-f" | "--find-links"
        | "--no-index" => {
            install.index = Some(if value.is_empty() { name.to_owned() } else { value.to_owned() });
        }
        "--no-deps" => install.no_dependencies = true,
        "--no-binary" => install.no_binary.extend(value.split(',').map(str::to_owned)),
        "--system" => install.into_system = true,
        "--extra" => install.selection.extras.extend([normalize(value)]),
        "--all-extras" => install.selection.all_extras = true,
        "--group" => install.parts.push(Part::Unknown(format!("the dependency group {value}"))),
        _ => {}
    }
}

/// A word that names what to install: `.`, `./lib[extra]`, `flask==3`, `x.whl`.
pub(super) fn named(word: &str, editable: bool) -> Part {
    let (path, extras) = match word.split_once('[') {
        Some((path, extras)) => (path, extras.trim_end_matches(']')),
        None => (word, ""),
    };
    let is_path =
        matches!(path, "." | "..") || path.starts_with("./") || path.starts_with("../") || path.starts_with('/');
    let is_archive = [".whl", ".tar.gz", ".zip"].iter().any(|end| path.ends_with(end));
    if is_path && !is_archive && !path.contains('*') {
        let extras = extras.split(',').map(normalize).filter(|name| !name.is_empty()).collect();
        return Part::Project { dir: path.to_owned(), extras, editable };
    }
    if path.contains('*') && is_path {
        return Part::Unknown(format!("`{word}` is a pattern"));
    }
    Part::Named(word.to_owned())
}
