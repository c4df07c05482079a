//! Which yarn a file uses: with yarn 2 and later the cache can be the installation itself.

use super::Cx;
use crate::project::node::manager::PackageManager;

/// Words that tell of yarn 2 or later.
const BERRY: &[&str] =
    &[".yarnrc.yml", ".yarn/", ".pnp", "corepack", "set version", "--immutable", "workspaces focus", "berry"];

/// Why it may be yarn 2 or later, when the file or the project says so.
pub fn berry(cx: &Cx<'_>) -> Option<String> {
    if let Some(word) = BERRY.iter().find(|word| cx.mentions(word)) {
        return Some(format!("`{word}` in this file tells of yarn 2 or later, whose cache may be the installation"));
    }
    let told = manager(cx) == Some(PackageManager::YarnBerry);
    told.then(|| "the project is installed by yarn 2 or later, whose cache may be the installation".to_owned())
}

/// Whether the project says that it is yarn 1.
pub fn is_classic_project(cx: &Cx<'_>) -> bool {
    manager(cx) == Some(PackageManager::YarnClassic) && !cx.project.context().is_file(".yarnrc.yml")
}

fn manager(cx: &Cx<'_>) -> Option<PackageManager> {
    cx.project.node("")?.manager.value().copied()
}
