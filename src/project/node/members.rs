//! The members of a workspace, by the patterns of its root.

use super::{Node, at};
use crate::project::glob;
use crate::project::yaml::Yaml;

impl Node {
    /// The directories of the workspace's members, sorted; the error says why they are not known.
    pub fn members(&self) -> Result<Vec<String>, String> {
        let mut found = Vec::new();
        for pattern in self.member_patterns()? {
            if pattern.contains("**") || pattern.starts_with('!') {
                return Err(format!("which members the workspace pattern `{pattern}` means is not followed"));
            }
            found.extend(self.matching(&pattern));
        }
        found.sort();
        found.dedup();
        found.retain(|dir| *dir != self.dir);
        Ok(found)
    }

    fn member_patterns(&self) -> Result<Vec<String>, String> {
        let mut patterns: Vec<String> = self.manifest.workspaces().into_iter().map(str::to_owned).collect();
        if let Some(source) = self.context().find(&at(&self.dir, "pnpm-workspace.yaml")) {
            let yaml = Yaml::parse(&source.text).map_err(|_| format!("{} is malformed", source.path))?;
            let packages = yaml.first().and_then(|yaml| yaml.get("packages"));
            patterns.extend(packages.into_iter().flat_map(Yaml::items).filter_map(Yaml::as_str).map(str::to_owned));
        }
        Ok(patterns)
    }

    /// Directories with a package.json that match a pattern.
    fn matching(&self, pattern: &str) -> Vec<String> {
        let mut dirs = vec![self.dir.clone()];
        for part in pattern.split('/').filter(|part| !matches!(*part, "" | ".")) {
            let inside = |dir: &String| {
                let names = self.context().list(dir);
                let fits = names.entries.iter().filter(|entry| glob::matches(part, &entry.name));
                fits.map(|entry| at(dir, &entry.name)).filter(|path| self.context().is_dir(path)).collect::<Vec<_>>()
            };
            dirs = dirs.iter().flat_map(inside).collect();
        }
        dirs.retain(|dir| self.context().is_file(&at(dir, "package.json")) && self.context().is_sent(dir));
        dirs
    }
}
