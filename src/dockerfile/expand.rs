//! Variables and quotes in an instruction's words, as BuildKit's shell lexer reads them.
//!
//! This is the lexer that BuildKit itself applies to FROM, ENV, WORKDIR, USER and the like
//! (`frontend/dockerfile/shell/lex.go` at dockerfile/1.26.0), oddities included. It is not the shell of a RUN.

mod lexer;
mod pattern;

pub(super) use lexer::Lexer;
use std::cell::RefCell;
use thiserror::Error;

/// What is known of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Variable {
    /// It has this value, which may be empty.
    Set(String),
    /// It certainly has none; builders put nothing in its place.
    Unset,
    /// It cannot be said: given on the command line, or inherited from an image nobody knows.
    Unknown,
}

impl<T: Into<String>> From<Option<T>> for Variable {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Unset, |value| Self::Set(value.into()))
    }
}

/// Why a text could not be expanded.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unresolved {
    /// The value of a variable is not known.
    #[error("the value of `{0}` is not known")]
    Unknown(String),
    /// `${name:?message}` without a value.
    #[error("{name}: {message}")]
    Required {
        /// The variable.
        name: String,
        /// What the Dockerfile says about it.
        message: String,
    },
    /// A quote is not closed.
    #[error("no matching {0}")]
    Quote(char),
    /// `${` without `}`, or nothing sensible in between.
    #[error("bad substitution in `{0}`")]
    Substitution(String),
    /// Something BuildKit may know and we do not.
    #[error("cannot expand `{0}`")]
    Unsupported(String),
}

/// Expands the variables in `text` and removes its quotes and escapes.
///
/// `lookup` may give an `Option` (`None` is unset, which expands to nothing) or a [`Variable`].
///
/// ```
/// use dfslim::dockerfile::expand::expand;
/// let lookup = |name: &str| (name == "v").then_some("3.1");
/// assert_eq!(expand(r#""node":${v%.*}${x:-'-slim'}"#, lookup, '\\').unwrap(), "node:3-slim");
/// ```
pub fn expand<V: Into<Variable>>(text: &str, lookup: impl Fn(&str) -> V, escape: char) -> Result<String, Unresolved> {
    let lookup = |name: &str| lookup(name).into();
    Lexer::new(text, escape, &lookup).expanded()
}

/// The names of the variables that `text` uses, in order of appearance; all that can be told where `text` is
/// malformed.
///
/// ```
/// use dfslim::dockerfile::expand::variables;
/// assert_eq!(variables(r"$a-${b:-$c}-\$d", '\\'), ["a", "b", "c"]);
/// ```
pub fn variables(text: &str, escape: char) -> Vec<String> {
    let names = RefCell::new(Vec::new());
    let lookup = |name: &str| {
        names.borrow_mut().push(name.to_owned());
        Variable::Set(name.to_owned()) // so that `${name:?}` does not end the text
    };
    // An error ends the text early; `expand` reports it.
    let _ = Lexer::new(text, escape, &lookup).expanded();
    names.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, Unresolved> {
        let lookup = |name: &str| match name {
            "full" => Variable::Set("a.b.c/d".to_owned()),
            "spaced" => Variable::Set("x 'y".to_owned()),
            "empty" => Variable::Set(String::new()),
            "unknown" => Variable::Unknown,
            _ => Variable::Unset,
        };
        expand(text, lookup, '\\')
    }

    #[test]
    fn texts_are_expanded() {
        let cases = [
            ("a$full-b", "aa.b.c/d-b"),
            ("${full}x$spaced", "a.b.c/dxx 'y"),
            (r#"'$full' "$full" \$full"#, "$full a.b.c/d $full"),
            (r#""a\b\"c" 'a\b' a\b"#, r#"a\b"c a\b ab"#),
            ("$unset${unset}$empty.", "."),
            ("$1x $. $", "x $. $"),
            ("${unset:-d}${empty:-d}${empty-d}${full:-d}", "dda.b.c/d"),
            ("${unset:+a}${empty:+a}${empty+a}${full:+a}", "aa"),
            ("${unset:-${empty:-\"in }\"}}", "in }"),
            ("${full:?no}${empty?no}", "a.b.c/d"),
            ("${full#*.} ${full##*.} ${full%.*} ${full%%.*}", "b.c/d c/d a.b a"),
            ("${full/./-} ${full//./-} ${full/\\//-}", "a-b.c/d a-b-c/d a.b.c-d"),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_expanded_says_why() {
        assert_eq!(read("x${unknown}"), Err(Unresolved::Unknown("unknown".to_owned())));
        assert_eq!(read("'a"), Err(Unresolved::Quote('\'')));
        assert_eq!(read("\"a"), Err(Unresolved::Quote('"')));
        assert_eq!(read("${empty:?is empty}").unwrap_err().to_string(), "empty: is empty");
        for text in ["${", "${}", "${a", "${a-b", "${a/b}", "${a=b}", "${:a}", "${{a}}"] {
            assert!(matches!(read(text), Err(Unresolved::Substitution(_))), "{text}");
        }
        let deep = "${a:-".repeat(1_000) + &"}".repeat(1_000);
        assert!(matches!(read(&deep), Err(Unresolved::Unsupported(_))));
    }

    #[test]
    fn the_escape_character_is_the_file_s() {
        let nothing = |_: &str| None::<String>;
        assert_eq!(expand(r"C:\x`$y", nothing, '`').as_deref(), Ok(r"C:\x$y"));
        assert_eq!(expand("a\\", nothing, '\\').as_deref(), Ok("a"));
    }
}
