//! How development dependencies leave what was installed.

use super::sort::Sorted;
use super::{App, No};
use crate::project::node::Node;
use crate::project::node::manager::PackageManager;
use crate::project::node::manifest::DependencyKind;
use crate::project::paths;

/// Flags of the install that a prune needs too.
const KEPT: &[&str] = &["--legacy-peer-deps", "--force", "-f", "--ignore-engines"];

impl App<'_> {
    /// The command that takes the development dependencies away; nothing when none are there.
    pub(super) fn prune(&self, sorted: &Sorted) -> Result<Option<String>, No> {
        if sorted.pruned || !self.ships_development() {
            return Ok(None);
        }
        if let Some(line) = &sorted.adds {
            return Err(No::Because(format!("{line} installs packages that package.json may not name")));
        }
        self.pruning().map(Some)
    }

    /// Whether the install brings development dependencies.
    pub(in crate::passes) fn ships_development(&self) -> bool {
        develops(&self.node) && !self.omits_development()
    }

    /// The command that takes development dependencies away from what was installed.
    pub(in crate::passes) fn pruning(&self) -> Result<String, No> {
        let prune = self.plain_pruning()?;
        match self.config_in_typescript() {
            None => Ok(prune),
            Some(config) => match (self.manager, self.node.manifest.dependency("typescript")) {
                (Some(PackageManager::Npm | PackageManager::YarnClassic), Some(_)) => Ok(format!(
                    "mv node_modules/typescript /tmp/typescript && {prune} && mv /tmp/typescript node_modules/typescript"
                )),
                _ => Err(No::Because(format!("Next.js needs TypeScript to read {config} when it starts"))),
            },
        }
    }

    /// The configuration for which Next.js needs TypeScript when it starts: 15.2 to 16.0 do, as `transpile-config.js` of
    /// the package shows; later ones are taken to.
    pub(in crate::passes) fn config_in_typescript(&self) -> Option<&'static str> {
        let declared = self.node.manifest.dependency("next")?.kind;
        let has =
            |name: &&&str| paths::join(&self.node.dir, name).is_some_and(|path| self.node.context().is_file(&path));
        let config = ["next.config.ts", "next.config.mts"].iter().find(has)?;
        let locked = self.node.lock().and_then(|lock| Some(lock.packages[lock.named("next").next()?].version.as_str()));
        let early = locked.is_some_and(|version| version.starts_with("15.0.") || version.starts_with("15.1."));
        let stays = self.has_production("typescript")
            || self
                .node
                .manifest
                .dependency("typescript")
                .is_some_and(|found| found.kind != DependencyKind::Development);
        (declared != DependencyKind::Development && !early && !stays).then_some(config)
    }

    fn plain_pruning(&self) -> Result<String, No> {
        let kept: String =
            self.command.arguments().filter(|word| KEPT.contains(word)).flat_map(|flag| [" ", flag]).collect();
        match self.manager {
            // npm 6, which comes with Node before 15, knows no --omit.
            None => {
                let program = self.command.program().unwrap_or_default();
                Err(No::Because(format!("which {program} installs the packages is not known")))
            }
            Some(PackageManager::Npm) if self.case.major().is_some_and(|major| major < 15) => {
                Ok("npm prune --production".to_owned())
            }
            Some(PackageManager::Npm) => Ok(format!("npm prune --omit=dev{kept}")),
            Some(PackageManager::YarnClassic) => self.yarn(&kept),
            Some(PackageManager::Pnpm) => self.pnpm(),
            Some(PackageManager::YarnBerry) => self.later_yarn(),
            Some(other) => Err(No::Because(format!("how {} prunes what it installed is not settled", other.command()))),
        }
    }

    /// Yarn installs again and takes away what is too much. It keeps what install scripts made, and writes its own files
    /// over those that were changed.
    fn yarn(&self, kept: &str) -> Result<String, No> {
        if self.node.manifest.dependency("patch-package").is_some() {
            return Err(No::because("yarn would undo what patch-package does in node_modules"));
        }
        let frozen = if self.node.lock_path.is_some() { " --frozen-lockfile" } else { "" };
        Ok(format!("yarn install --production --ignore-scripts --prefer-offline{frozen}{kept}"))
    }

    /// Yarn 2 and later links again without them, and keeps what was compiled and generated; hooks of package.json would
    /// run. Before 4, the command comes with a plugin.
    fn later_yarn(&self) -> Result<String, No> {
        let settings = paths::join(&self.node.dir, ".yarnrc.yml").and_then(|path| self.node.context().find(&path));
        let settings = settings.map(|source| source.text.replace(['"', '\''], "")).unwrap_or_default();
        if !settings.lines().any(|line| line.split_whitespace().eq(["nodeLinker:", "node-modules"])) {
            return Err(No::because("yarn keeps packages where only it finds them"));
        }
        let version = self.node.manifest.text("packageManager").and_then(|text| text.strip_prefix("yarn@"));
        let major = version.and_then(|version| version.split('.').next()?.parse::<u32>().ok());
        if major.is_none_or(|major| major < 4) && !settings.contains("plugin-workspace-tools") {
            return Err(No::because("whether this version of yarn can install for production is not known"));
        }
        let hooks = ["preinstall", "install", "postinstall"];
        if let Some(hook) = hooks.iter().find_map(|name| self.node.manifest.script(name)) {
            return Err(No::Because(format!("yarn would run {} again, without what it may need", hook.name)));
        }
        Ok("yarn workspaces focus --all --production".to_owned())
    }

    /// Pnpm runs the hooks of package.json on the way, unless told not to; it prunes no workspaces.
    fn pnpm(&self) -> Result<String, No> {
        let workspace = self.node.context().find(&format!("{}/pnpm-workspace.yaml", self.node.dir));
        if workspace.is_some_and(|source| source.text.contains("packages:")) {
            return Err(No::because("pnpm prunes no workspaces"));
        }
        // As an option of its own only since 8.7.
        let hooks = if self.node.manifest.install_scripts().is_empty() { "" } else { " --config.ignore-scripts=true" };
        Ok(format!("pnpm prune --prod{hooks}"))
    }

    /// Whether the install leaves development dependencies out already.
    pub(in crate::passes) fn omits_development(&self) -> bool {
        let run = self.case.stage.instructions[self.install];
        if is_told(&self.command, &["--include=dev", "--production=false", "--prod=false", "--dev"]) {
            return false;
        }
        let by_env = self.case.setting(run, &self.command, "NODE_ENV") == Some("production");
        omits(&self.command) || (by_env && self.manager != Some(PackageManager::YarnBerry))
    }
}

/// Whether `command` is told to leave development dependencies out.
pub(in crate::passes) fn omits(command: &super::Command) -> bool {
    const FLAGS: &[&str] =
        &["--production", "--production=true", "--omit=dev", "--only=production", "--only=prod", "--prod", "-P"];
    let apart = command.arguments().zip(command.arguments().skip(1));
    is_told(command, FLAGS)
        || apart.into_iter().any(|pair| matches!(pair, ("--omit", "dev") | ("--only", "production" | "prod")))
}

fn is_told(command: &super::Command, flags: &[&str]) -> bool {
    command.arguments().any(|word| flags.contains(&word))
}

/// Whether the project has development dependencies.
pub(in crate::passes) fn develops(node: &Node) -> bool {
    node.manifest.dependencies.iter().any(|dependency| dependency.kind == DependencyKind::Development)
}
