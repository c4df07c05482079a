//! go.mod and go.work: directives a line each, or in a block. Read line by line, so that each statement keeps its
//! place and one that is malformed leaves the others readable. (`gomod-parser` reads go.mod alone, and nothing of
//! one with an error.)

use crate::project::context::Context;
use crate::project::finding::evidence;
use crate::project::source::Source;
use crate::proposal::Evidence;

/// What go.mod or go.work says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModFile {
    /// Its path in the context.
    pub path: String,
    /// `module`: the prefix of its packages' import paths.
    pub module: Option<(String, Evidence)>,
    /// `go`: the least version of Go.
    pub go: Option<(String, Evidence)>,
    /// `toolchain`
    pub toolchain: Option<(String, Evidence)>,
    /// `require`
    pub requires: Vec<Require>,
    /// `replace`
    pub replaces: Vec<Replace>,
    /// `use` of go.work, as written.
    pub uses: Vec<(String, Evidence)>,
    /// Statements that could not be read; then the lists are not whole.
    pub malformed: Vec<Evidence>,
}

/// One required module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Require {
    /// Its path.
    pub path: String,
    /// Its version.
    pub version: String,
    /// Marked `// indirect`: needed by another module, if at all.
    pub indirect: bool,
    /// Its line.
    pub evidence: Evidence,
}

/// One module taken from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replace {
    /// The module.
    pub path: String,
    /// Where it is taken from: a path, or another module.
    pub by: String,
    /// The version of that other module; none for a directory.
    pub version: Option<String>,
    /// Its line.
    pub evidence: Evidence,
}

impl Replace {
    /// The directory that takes the module's place.
    pub fn directory(&self) -> Option<&str> {
        let is_path = self.version.is_none() && self.by.starts_with(['.', '/']);
        is_path.then_some(self.by.as_str())
    }
}

impl ModFile {
    /// Reads `source`; what is malformed is a warning with its line.
    pub(super) fn read(context: &Context, source: &Source) -> Self {
        let mut file = Self { path: source.path.clone(), ..Self::default() };
        let mut block: Option<String> = None;
        for (index, line) in source.text.lines().enumerate() {
            let (words, comment) = split(line);
            let number = index + 1;
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let understood = match (&block, words.as_slice()) {
                (_, []) | (None, [_, "(", ")"]) => true,
                (Some(_), [")"]) => {
                    block = None;
                    true
                }
                (Some(verb), words) => file.statement(&verb.clone(), words, comment, number, line),
                (None, [verb, "("]) => {
                    block = Some((*verb).to_owned());
                    true
                }
                (None, [verb, words @ ..]) => file.statement(verb, words, comment, number, line),
            };
            if !understood {
                context.warn(&source.path, Some(number), format!("`{}` is not understood", shown(line)));
                file.malformed.push(evidence(&source.path, Some(number), shown(line)));
            }
        }
        if block.is_some() {
            context.warn(&source.path, None, "a block has no closing bracket");
            file.malformed.push(evidence(&source.path, None, "a block has no closing bracket"));
        }
        file
    }

    /// Takes one statement in; whether it was understood.
    fn statement(&mut self, verb: &str, words: &[&str], comment: &str, number: usize, line: &str) -> bool {
        let at = evidence(&self.path, Some(number), shown(line));
        match (verb, words) {
            ("module", [path]) => self.module = Some(((*path).to_owned(), at)),
            ("go", [version]) => self.go = Some(((*version).to_owned(), at)),
            ("toolchain", [version]) => self.toolchain = Some(((*version).to_owned(), at)),
            ("require", [path, version]) => {
                let indirect = comment.trim_start().starts_with("indirect");
                let (path, version) = ((*path).to_owned(), (*version).to_owned());
                self.requires.push(Require { path, version, indirect, evidence: at });
            }
            ("replace", words) => {
                let Some(arrow) = words.iter().position(|word| *word == "=>") else { return false };
                let (Some(path), Some(by)) = (words[..arrow].first(), words.get(arrow + 1)) else { return false };
                let version = words.get(arrow + 2).map(|version| (*version).to_owned());
                self.replaces.push(Replace { path: (*path).to_owned(), by: (*by).to_owned(), version, evidence: at });
            }
            ("use", [dir]) => self.uses.push(((*dir).to_owned(), at)),
            ("exclude" | "retract" | "tool" | "godebug" | "ignore", [_, ..]) => {}
            _ => return false,
        }
        true
    }
}

fn shown(line: &str) -> String {
    line.trim().chars().take(120).collect()
}

/// The words of a line, quotes removed, and its comment.
fn split(line: &str) -> (Vec<String>, &str) {
    let (mut words, mut rest) = (Vec::new(), line.trim());
    while !rest.is_empty() {
        if let Some(comment) = rest.strip_prefix("//") {
            return (words, comment);
        }
        let first = rest.chars().next().unwrap_or_default();
        let length = match first {
            '"' | '`' => rest[1..].find(first).map_or(rest.len(), |end| end + 2),
            '(' | ')' => 1,
            _ => rest.find(|c: char| c.is_whitespace() || matches!(c, '(' | ')')).unwrap_or(rest.len()),
        };
        let word = &rest[..length];
        // A comment may follow a word without a blank.
        let (word, length) = match word.find("//").filter(|_| !word.starts_with(['"', '`'])) {
            Some(at) if at > 0 => (&word[..at], at),
            _ => (word, length),
        };
        words.push(word.trim_matches(['"', '`']).to_owned());
        rest = rest[length..].trim_start();
    }
    (words, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_split_into_words() {
        assert_eq!(split("require\tx v1 // indirect"), (vec!["require".into(), "x".into(), "v1".into()], " indirect"));
        assert_eq!(split("replace \"a b\" => `./c`").0, ["replace", "a b", "=>", "./c"]);
        assert_eq!(split("require(").0, ["require", "("]);
        assert_eq!(split("// x").0, Vec::<String>::new());
        assert_eq!(split("\"").0, [""]);
    }
}
