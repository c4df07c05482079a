//! One .go file: its package, imports, build constraints, embeds.

use super::constraint;
use super::lex::{self, Kind, Token};
use crate::project::source::Source;
use crate::proposal::Evidence;

/// What a file says about itself before its code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct GoFile {
    /// `package` clause.
    pub(super) package: String,
    /// Import paths with their places; `"C"` not among them.
    pub(super) imports: Vec<Import>,
    /// `import "C"`
    pub(super) cgo: Option<Evidence>,
    /// Whether it has a `func main()`.
    pub(super) main: bool,
    /// Patterns of `//go:embed`.
    pub(super) embeds: Vec<(String, Evidence)>,
    /// Constraints: `//go:build` as written, `// +build` lines.
    pub(super) constraints: Vec<Constraint>,
}

/// An import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Import {
    pub(super) path: String,
    /// `_`, `.`, or another name.
    pub(super) name: Option<String>,
    pub(super) evidence: Evidence,
}

/// A build constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Constraint {
    New(String),
    Old(String),
}

impl GoFile {
    pub(super) fn read(source: &Source, tokens: &[Token<'_>]) -> Self {
        let mut file = Self::default();
        let mut constrained = true;
        for (index, token) in tokens.iter().enumerate() {
            match &token.kind {
                Kind::Directive(text) if constrained && text.starts_with("go:build") => {
                    file.constraints.push(Constraint::New(text["go:build".len()..].trim().to_owned()));
                }
                Kind::Directive(text) if constrained && text.starts_with("+build") => {
                    file.constraints.push(Constraint::Old(text["+build".len()..].trim().to_owned()));
                }
                Kind::Directive(text) => file.embed(source, token.at, text),
                Kind::Name("package") if file.package.is_empty() => {
                    constrained = false;
                    if let Some(Kind::Name(name)) = tokens.get(index + 1).map(|token| &token.kind) {
                        (*name).clone_into(&mut file.package);
                    }
                }
                Kind::Name("import") if starts_statement(tokens, index) => file.imports(source, &tokens[index + 1..]),
                Kind::Name("func") => {
                    let next = |ahead: usize| tokens.get(index + ahead).map(|token| &token.kind);
                    file.main |= next(1) == Some(&Kind::Name("main"))
                        && next(2) == Some(&Kind::Mark('('))
                        && next(3) == Some(&Kind::Mark(')'));
                }
                _ => {}
            }
        }
        // A `//go:build` line replaces the older form.
        if file.constraints.iter().any(|one| matches!(one, Constraint::New(_))) {
            file.constraints.retain(|one| matches!(one, Constraint::New(_)));
        }
        file
    }

    fn imports(&mut self, source: &Source, tokens: &[Token<'_>]) {
        let block = tokens.first().is_some_and(|token| token.kind == Kind::Mark('('));
        let mut name = None;
        for token in tokens {
            match &token.kind {
                Kind::Text(path) => {
                    let evidence = source.evidence(token.at, format!("import \"{path}\""));
                    if path == "C" {
                        self.cgo.get_or_insert(evidence);
                    } else {
                        self.imports.push(Import { path: path.clone(), name: name.take(), evidence });
                    }
                    if !block {
                        return;
                    }
                }
                Kind::Name(word) if !block && *word == "import" => return,
                Kind::Name(word) => name = Some((*word).to_owned()),
                Kind::Mark('.') => name = Some(".".to_owned()),
                Kind::Mark('(' | ';') | Kind::Comment(_) | Kind::Directive(_) => {}
                _ => return,
            }
        }
    }

    /// `go:embed a "b c" dir/*`
    fn embed(&mut self, source: &Source, at: usize, text: &str) {
        let Some(patterns) = text.strip_prefix("go:embed").filter(|rest| rest.starts_with(char::is_whitespace)) else {
            return;
        };
        let mut rest = patterns.trim_start();
        while let Some(first) = rest.chars().next() {
            let (pattern, length) = match first {
                '"' | '`' => {
                    let end = rest[1..].find(first).map_or(rest.len(), |end| end + 1);
                    (&rest[1..end], (end + 1).min(rest.len()))
                }
                _ => {
                    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                    (&rest[..end], end)
                }
            };
            self.embeds.push((pattern.to_owned(), source.evidence(at, format!("//go:embed {pattern}"))));
            rest = rest[length..].trim_start();
        }
    }

    /// Whether a Linux build under these tags can take it: what is open counts as yes.
    pub(super) fn fits(&self, tags: &[String], cgo: Option<bool>) -> bool {
        // A file with `import "C"` is left out without cgo.
        let kept = !(cgo == Some(false) && self.cgo.is_some());
        kept && self.constraints.iter().all(|constraint| {
            let holds = match constraint {
                Constraint::New(text) => constraint::holds(text, tags, cgo),
                Constraint::Old(words) => constraint::old_holds(words, tags, cgo),
            };
            holds != Some(false)
        })
    }
}

fn starts_statement(tokens: &[Token<'_>], index: usize) -> bool {
    // After the package clause, another import, or a comment; never inside of an expression.
    index.checked_sub(1).is_none_or(|before| {
        matches!(
            tokens[before].kind,
            Kind::Name(_) | Kind::Text(_) | Kind::Mark(')' | ';') | Kind::Comment(_) | Kind::Directive(_)
        )
    })
}

/// The comments of `source`, without their marks.
pub(super) fn comments(source: &Source) -> Vec<&str> {
    let tokens = lex::tokens(&source.text).into_iter();
    tokens.filter_map(|token| if let Kind::Comment(text) = token.kind { Some(text) } else { None }).collect()
}

/// The tokens of `source`.
pub(super) fn tokens(source: &Source) -> Vec<Token<'_>> {
    lex::tokens(&source.text)
}
