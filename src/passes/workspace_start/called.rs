//! Which script of which member a command of a package manager runs.

use crate::project::Project;
use crate::project::node::Node;
use crate::project::paths;

/// A script of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Called {
    /// The member as named: a package, or a directory.
    member: Member,
    pub script: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Member {
    /// By `--filter`, `-w` or `workspace`.
    Named(String),
    /// By `--prefix`, `-C` or `--cwd`.
    In(String),
}

/// Reads `pnpm --filter api start`, `npm start -w api`, `yarn workspace api start` and their like.
pub(super) fn called(words: &[String]) -> Option<Called> {
    let (program, rest) = words.split_first()?;
    let (named, inside): (&[&str], &[&str]) = match program.as_str() {
        "pnpm" => (&["--filter", "-F"], &["-C", "--dir"]),
        "npm" => (&["-w", "--workspace"], &["--prefix"]),
        "yarn" => (&[], &["--cwd"]),
        _ => return None,
    };
    let (mut members, mut plain) = (Vec::new(), Vec::new());
    let mut rest = rest.iter().map(String::as_str);
    while let Some(word) = rest.next() {
        let (flag, value) = word.split_once('=').map_or((word, None), |(flag, value)| (flag, Some(value)));
        if named.contains(&flag) {
            members.push(Member::Named(value.or_else(|| rest.next())?.to_owned()));
        } else if inside.contains(&flag) {
            members.push(Member::In(value.or_else(|| rest.next())?.to_owned()));
        } else if !matches!(word, "--silent" | "-s") {
            plain.push(word);
        }
    }
    if let (["workspace", name, ..], "yarn") = (plain.as_slice(), program.as_str()) {
        members.push(Member::Named((*name).to_owned()));
        plain.drain(..2);
    }
    let script = match plain.as_slice() {
        ["run" | "run-script", script] | [script @ "start"] => *script,
        [script] if program != "npm" && !script.starts_with('-') => *script,
        _ => return None,
    };
    let [member] = members.as_slice() else { return None };
    Some(Called { member: member.clone(), script: script.to_owned() })
}

impl Called {
    /// The member's directory in the context.
    pub(super) fn dir_in(&self, project: &Project, root: &Node) -> Result<String, String> {
        let inside = |dir: &str| paths::join(&root.dir, dir).ok_or_else(|| format!("{dir} lies outside"));
        let name = match &self.member {
            Member::In(dir) => return inside(dir),
            Member::Named(name) => name,
        };
        let members = root.members()?;
        if let Some(dir) = members.iter().find(|dir| inside(name).is_ok_and(|found| found == **dir)) {
            return Ok(dir.clone());
        }
        let called = |wanted: &dyn Fn(&str) -> bool| -> Vec<&String> {
            let is_it =
                |dir: &&String| project.node(dir).is_some_and(|node| node.manifest.text("name").is_some_and(wanted));
            members.iter().filter(is_it).collect()
        };
        match called(&|own: &str| own == name).as_slice() {
            [dir] => Ok((*dir).clone()),
            _ => Err(format!("which member of the workspace is {name} is not known")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, String)> {
        let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        let Called { member: Member::Named(member) | Member::In(member), script } = called(&words)?;
        Some((member, script))
    }

    #[test]
    fn members_and_scripts_are_read() {
        for text in [
            "pnpm --filter api start",
            "pnpm -F api run start",
            "pnpm start --filter=api",
            "npm start -w api",
            "npm run start --workspace=api",
            "npm --prefix api start",
            "yarn workspace api start",
            "yarn --cwd api run start",
        ] {
            assert_eq!(read(text), Some(("api".to_owned(), "start".to_owned())), "{text}");
        }
        for text in [
            "npm start",
            "npm serve -w api",
            "pnpm --filter a --filter b start",
            "pnpm --filter api start -- -p 1",
            "node x",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
