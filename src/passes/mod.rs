//! The passes, in the order in which they run; this list is the only place where order lives.
//!
//! A pass is a constant and a function. It sees the file, what the stages end up as, and the user's wishes;
//! never the disk, nor which other passes are on. Its page (`<id>.md`) is specification, manual and tests.

mod body;
mod cache_mount;
mod commands;
mod cx;
mod dev_dependencies;
mod early_copy;
pub mod index_readers;
pub mod insert;
mod kept_package_cache;
mod late_cleanup;
mod leftover_download;
mod missing_dockerignore;
mod no;
mod oversized_base;
pub mod packages;
pub mod paths;
mod plain_add;
pub mod rebuild;
mod recommended_packages;
mod root_user;
mod second_pip;
mod shell_form_command;
pub mod shipped;
mod single_stage;
pub mod small_steps;
mod split_run;
pub mod style;
pub mod touched;
mod workspace_start;
pub mod yarn;

pub use body::{RunBody, Started};
pub use cx::{BaseStyle, Builder, CacheStyle, Cx, Wishes};

use crate::proposal::{Kind, Proposals};

/// One kind of rewrite.
#[derive(Debug)]
pub struct Pass {
    /// Kebab-case name of the pattern that it finds: `kept-package-cache`.
    pub id: &'static str,
    /// What it is about.
    pub kind: Kind,
    /// Ids of other tools' checks that it answers to; their pragmas silence it.
    pub answers_to: &'static [&'static str],
    /// The manual page, Markdown.
    pub page: &'static str,
    /// Finds the pattern.
    pub run: fn(&Cx<'_>, &mut Proposals),
}

impl Pass {
    /// The one-sentence summary: the first paragraph of the page.
    pub fn summary(&self) -> &'static str {
        self.page.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or_default()
    }
}

/// All passes, in order.
pub const ALL: &[&Pass] = &[
    &workspace_start::PASS,
    &oversized_base::PASS,
    &early_copy::PASS,
    &dev_dependencies::PASS,
    &single_stage::PASS,
    &late_cleanup::PASS,
    &split_run::PASS,
    &cache_mount::PASS,
    &kept_package_cache::PASS,
    &recommended_packages::PASS,
    &leftover_download::PASS,
    &second_pip::PASS,
    &plain_add::PASS,
    &shell_form_command::PASS,
    &root_user::PASS,
    &missing_dockerignore::PASS,
];

/// The pass called `id`.
pub fn find(id: &str) -> Option<&'static Pass> {
    ALL.iter().copied().find(|pass| pass.id == id)
}
