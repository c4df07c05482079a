//! The members of a workspace: which of them runs, and what it links.

use super::Site;
use crate::passes::no::No;
use crate::passes::single_stage::node::App;
use crate::passes::single_stage::node::prune::develops;
use crate::project::node::Node;
use crate::project::node::manifest::DependencyKind;
use crate::project::paths;
use std::rc::Rc;

/// The members, none where it is no workspace.
pub(super) struct Members(Vec<Rc<Node>>);

impl Members {
    pub(super) fn of(site: &Site<'_>, app: &App<'_>) -> Result<Self, No> {
        let dirs = app.node.members().map_err(No::Because)?;
        let read =
            |dir: String| site.cx.project.node(&dir).ok_or_else(|| No::Because(format!("{dir} is not understood")));
        Ok(Self(dirs.into_iter().map(read).collect::<Result<_, _>>()?))
    }

    /// Whether the install brings development dependencies of theirs.
    pub(super) fn ship_development(&self, app: &App<'_>) -> bool {
        !app.omits_development() && self.0.iter().any(|member| develops(member))
    }

    /// Whether an install runs scripts of theirs.
    pub(super) fn have_hooks(&self) -> bool {
        self.0.iter().any(|member| !member.manifest.install_scripts().is_empty())
    }

    /// The member that is started, by the directory in which the container starts; `None`: it is no workspace.
    pub(super) fn started<'c>(&self, site: &Site<'c>, app: &App<'c>) -> Result<Option<App<'c>>, No> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let here = site.ships.stage.end().workdir().value().unwrap_or("/").to_owned();
        let inside = here.strip_prefix(&format!("{}/", site.held.dir));
        let dir = inside.and_then(|inside| paths::join(&app.node.dir, inside));
        let member = self.0.iter().find(|member| Some(&member.dir) == dir.as_ref());
        let member = member.ok_or_else(|| No::because("which member of the workspace is started is not known"))?;
        Ok(Some(of_member(site, app, member, here)?))
    }

    /// The members that `app` needs, as applications that start nothing: all of their code counts.
    pub(super) fn linked<'c>(&self, site: &Site<'c>, app: &App<'c>) -> Result<Vec<App<'c>>, No> {
        let (mut found, mut ahead): (Vec<Rc<Node>>, Vec<Rc<Node>>) = (Vec::new(), vec![Rc::clone(&app.node)]);
        while let Some(node) = ahead.pop() {
            for dependency in &node.manifest.dependencies {
                let called = |member: &&Rc<Node>| member.manifest.text("name") == Some(dependency.name.as_str());
                let Some(member) = self.0.iter().find(called) else { continue };
                let known = member.dir == app.node.dir || found.iter().any(|known| known.dir == member.dir);
                if dependency.kind != DependencyKind::Development && !known {
                    found.push(Rc::clone(member));
                    ahead.push(Rc::clone(member));
                }
            }
        }
        found.iter().map(|member| of_member(site, app, member, member.dir.clone())).collect()
    }
}

fn of_member<'c>(site: &Site<'c>, app: &App<'c>, member: &Rc<Node>, dir: String) -> Result<App<'c>, No> {
    let command = site.held.command(site.cx, site.installs).ok_or(No::NotThis)?;
    let (case, install, manager) = (app.case, app.install, app.manager);
    Ok(App { case, node: Rc::clone(member), dir, install, command, manager })
}
