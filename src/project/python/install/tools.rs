//! uv, poetry, pipenv, pdm and setup.py, which install what a lock file or the project says.

use super::flags::{Flags, Word};
use super::{Install, Part, Tool};
use crate::project::python::lock::Kind;
use crate::project::python::name::normalize;

pub(super) fn uv(words: &[Option<&str>]) -> Install {
    const VALUED: &str = "--group --only-group --no-group --extra --no-extra --python -p --package --project --directory \
    --index --default-index --index-url -i --extra-index-url -f --find-links --link-mode \
    --cache-dir --no-install-package --refresh-package -P --upgrade-package --index-strategy -C \
    --config-setting --config-file --no-build-package --no-binary-package --prerelease --resolution \
    --color --allow-insecure-host";
    let mut install = Install::new(Tool::Uv, vec![Part::Lock(Kind::Uv)]);
    install.builds_project = true;
    // The `dev` group comes unless it is turned off; which ones are default is the project's to say.
    install.dev = None;
    for word in (Flags { words, valued: VALUED }) {
        match word {
            Word::Flag("--package", Some(value)) => install.package = Some(normalize(value)),
            Word::Flag("--no-dev" | "--no-default-groups", _) | Word::Flag("--no-group", Some("dev")) => {
                install.dev = Some(false);
            }
            Word::Flag("--only-dev", _) => {
                install.selection.without_main = true;
                install.selection.groups.insert("dev".to_owned());
                install.dev = Some(true);
            }
            Word::Flag("--dev" | "--all-groups", _) => install.dev = Some(true),
            Word::Flag("--group", Some(value)) => install.selection.groups.extend([normalize(value)]),
            Word::Flag("--only-group", Some(value)) => {
                install.selection.without_main = true;
                install.selection.groups.insert(normalize(value));
                install.dev = Some(false);
            }
            Word::Flag("--extra", Some(value)) => install.selection.extras.extend([normalize(value)]),
            Word::Flag("--all-extras", _) => install.selection.all_extras = true,
            Word::Flag("--no-install-project" | "--no-install-workspace" | "--no-install-local", _) => {
                install.builds_project = false;
            }
            Word::Flag("--no-binary", _) => install.no_binary.push(":all:".to_owned()),
            Word::Flag("--no-binary-package", Some(value)) => install.no_binary.push(value.to_owned()),
            Word::Flag(name @ ("--project" | "--directory" | "--all-packages"), value) => {
                install.parts.push(Part::Unknown(format!("{name} {}", value.unwrap_or_default())));
            }
            Word::Unknown => install.parts.push(Part::Unknown("an argument is not literal".to_owned())),
            _ => {}
        }
    }
    install
}

pub(super) fn poetry(words: &[Option<&str>]) -> Install {
    const VALUED: &str = "--without --with --only -E --extras -C --directory -P --project";
    let mut install = Install::new(Tool::Poetry, vec![Part::Lock(Kind::Poetry)]);
    install.builds_project = true;
    install.dev = Some(true);
    for word in (Flags { words, valued: VALUED }) {
        match word {
            Word::Flag("--no-root", _) => install.builds_project = false,
            Word::Flag("--no-dev", _) => install.dev = Some(false),
            Word::Flag("--only-root", _) => {
                install.dev = Some(false);
                install.selection.without_main = true;
            }
            Word::Flag("--only", Some(value)) => {
                install.dev = Some(false);
                install.selection.without_defaults = true;
                let names: Vec<_> = groups(value);
                install.selection.without_main = !names.iter().any(|name| name == "main");
                install.builds_project &= !install.selection.without_main;
                install.selection.groups.extend(names.into_iter().filter(|name| name != "main"));
            }
            // Which groups are left is the project's to say, when it is another than `dev`.
            Word::Flag("--without", Some(value)) if groups(value).iter().any(|name| name == "dev") => {
                install.dev = Some(false);
            }
            Word::Flag("--with", Some(value)) => install.selection.groups.extend(groups(value)),
            Word::Flag("-E" | "--extras", Some(value)) => {
                install.selection.extras.extend(value.split([',', ' ']).map(normalize));
            }
            Word::Flag("--all-extras", _) => install.selection.all_extras = true,
            Word::Flag(name @ ("-C" | "--directory" | "-P" | "--project"), value) => {
                install.parts.push(Part::Unknown(format!("{name} {}", value.unwrap_or_default())));
            }
            Word::Unknown => install.parts.push(Part::Unknown("an argument is not literal".to_owned())),
            _ => {}
        }
    }
    install
}

fn groups(value: &str) -> Vec<String> {
    value.split([',', ' ']).filter(|name| !name.is_empty()).map(normalize).collect()
}

pub(super) fn pipenv(words: &[Option<&str>]) -> Install {
    const VALUED: &str = "-r --requirements --python --categories --pypi-mirror -i --index";
    let mut install = Install::new(Tool::Pipenv, vec![Part::Lock(Kind::Pipfile)]);
    let mut verb = true;
    for word in (Flags { words, valued: VALUED }) {
        match word {
            Word::Flag("--dev" | "-d", _) => install.dev = Some(true),
            Word::Flag("--system", _) => install.into_system = true,
            Word::Flag("-r" | "--requirements", Some(value)) => {
                install.parts.push(Part::Requirements(value.to_owned()));
            }
            Word::Flag("--categories", Some(value)) => install.selection.groups.extend(groups(value)),
            Word::Plain(_) if verb => verb = false,
            Word::Plain(word) => install.parts.push(super::pip::named(word, false)),
            Word::Unknown => install.parts.push(Part::Unknown("an argument is not literal".to_owned())),
            Word::Flag(..) => {}
        }
    }
    install
}

pub(super) fn pdm(words: &[Option<&str>]) -> Install {
    const VALUED: &str = "-G --group --with --without -L --lockfile -p --project -S --skip";
    let mut install = Install::new(Tool::Pdm, vec![Part::Lock(Kind::Pdm)]);
    install.builds_project = true;
    install.dev = Some(true);
    for word in (Flags { words, valued: VALUED }) {
        match word {
            Word::Flag("--prod" | "--production" | "--no-dev", _) => install.dev = Some(false),
            Word::Flag("--no-self" | "--no-isolation", _) => install.builds_project = false,
            Word::Flag("-G" | "--group" | "--with", Some(value)) => install.selection.groups.extend(groups(value)),
            Word::Unknown => install.parts.push(Part::Unknown("an argument is not literal".to_owned())),
            _ => {}
        }
    }
    install
}

pub(super) fn setup(words: &[Option<&str>]) -> Install {
    let editable = words.get(1).copied().flatten() == Some("develop");
    let part = Part::Project { dir: ".".to_owned(), extras: Vec::new(), editable };
    let mut install = Install::new(Tool::Setup, vec![part]);
    install.builds_project = true;
    install.into_system = true;
    install
}
