//! Environment markers of PEP 508 (`sys_platform == "win32" and python_version < "3.8"`), as a Linux container
//! with `CPython` answers them. What is not known of it leaves the answer open.

use super::name::{Version, normalize};
use std::cmp::Ordering;

/// Brackets nested deeper leave the answer open.
const DEEPEST: usize = 32;

/// What is known of the environment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Environment<'e> {
    /// The minor version of `CPython` 3, when it is known.
    pub python: Option<u16>,
    /// The extras that were asked for, normalized.
    pub extras: &'e [String],
}

/// Whether `marker` holds; `None` when that depends on what is not known, or the marker is malformed.
pub fn holds(marker: &str, environment: &Environment<'_>) -> Option<bool> {
    let mut reader = Reader { rest: marker, environment };
    let value = reader.or(0).ok()?;
    reader.skip_blanks();
    if reader.rest.is_empty() { value } else { None }
}

struct Malformed;

/// Yes, no, or open.
type Answer = Result<Option<bool>, Malformed>;

struct Reader<'m, 'e> {
    rest: &'m str,
    environment: &'e Environment<'e>,
}

#[derive(Clone, Copy)]
enum Operand<'m> {
    Literal(&'m str),
    Variable(&'m str),
}

impl<'m> Reader<'m, '_> {
    fn or(&mut self, depth: usize) -> Answer {
        let mut value = self.and(depth)?;
        while self.word("or") {
            let other = self.and(depth)?;
            value = match (value, other) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            };
        }
        Ok(value)
    }

    fn and(&mut self, depth: usize) -> Answer {
        let mut value = self.term(depth)?;
        while self.word("and") {
            let other = self.term(depth)?;
            value = match (value, other) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            };
        }
        Ok(value)
    }

    fn term(&mut self, depth: usize) -> Answer {
        self.skip_blanks();
        if let Some(rest) = self.rest.strip_prefix('(') {
            if depth >= DEEPEST {
                return Err(Malformed);
            }
            self.rest = rest;
            let value = self.or(depth + 1)?;
            self.skip_blanks();
            self.rest = self.rest.strip_prefix(')').ok_or(Malformed)?;
            return Ok(value);
        }
        let left = self.operand().ok_or(Malformed)?;
        let operator = self.operator().ok_or(Malformed)?;
        let right = self.operand().ok_or(Malformed)?;
        Ok(self.compare(left, operator, right))
    }

    fn operand(&mut self) -> Option<Operand<'m>> {
        self.skip_blanks();
        let quote = self.rest.chars().next()?;
        if quote == '"' || quote == '\'' {
            let (text, rest) = self.rest[1..].split_once(quote)?;
            self.rest = rest;
            return Some(Operand::Literal(text));
        }
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.');
        let (name, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        (!name.is_empty()).then_some(Operand::Variable(name))
    }

    fn operator(&mut self) -> Option<&'static str> {
        self.skip_blanks();
        if self.word("not") {
            return self.word("in").then_some("not in");
        }
        if self.word("in") {
            return Some("in");
        }
        let all = ["===", "==", "!=", "<=", ">=", "~=", "<", ">"];
        let found = all.into_iter().find(|operator| self.rest.starts_with(operator))?;
        self.rest = &self.rest[found.len()..];
        Some(found)
    }

    /// Steps over `word` when it is the next one.
    fn word(&mut self, word: &str) -> bool {
        self.skip_blanks();
        let Some(rest) = self.rest.strip_prefix(word) else { return false };
        if rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') {
            return false;
        }
        self.rest = rest;
        true
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn compare(&self, left: Operand<'m>, operator: &str, right: Operand<'m>) -> Option<bool> {
        let (name, literal, turned) = match (left, right) {
            (Operand::Variable(name), Operand::Literal(text)) => (name, text, false),
            (Operand::Literal(text), Operand::Variable(name)) => (name, text, true),
            _ => return None,
        };
        match name {
            "extra" => {
                let given = self.environment.extras.contains(&normalize(literal));
                Some(if operator == "!=" { !given } else { given })
            }
            "python_version" | "python_full_version" => self.python(name, operator, literal, turned),
            "sys_platform" | "sys.platform" => text("linux", operator, literal, turned),
            "platform_system" => text("Linux", operator, literal, turned),
            "os_name" | "os.name" => text("posix", operator, literal, turned),
            "implementation_name" => text("cpython", operator, literal, turned),
            "platform_python_implementation" | "python_implementation" => text("CPython", operator, literal, turned),
            _ => None,
        }
    }

    fn python(&self, name: &str, operator: &str, literal: &str, turned: bool) -> Option<bool> {
        let minor = self.environment.python?;
        let own = format!("3.{minor}");
        if turned || matches!(operator, "in" | "not in" | "===") {
            return if turned { None } else { text(&own, operator, literal, false) };
        }
        let (wanted, star) = match literal.strip_suffix(".*") {
            Some(wanted) => (wanted, true),
            None => (literal, false),
        };
        let wanted = Version::parse(wanted)?;
        let same_minor = wanted.release().get(..2) == Some(&[3, u64::from(minor)]);
        let order = Version::parse(&own)?.cmp(&wanted);
        let patch_decides = name == "python_full_version" && same_minor && !star;
        if patch_decides {
            // The patch version is not known, but it is at least 0.
            let from_first = wanted.release().len() == 2;
            return match operator {
                ">=" | "~=" if from_first => Some(true),
                "<" if from_first => Some(false),
                _ => None,
            };
        }
        if star && wanted.release().len() == 1 {
            return Some((wanted.release() == [3]) == (operator == "=="));
        }
        Some(match operator {
            "==" => order == Ordering::Equal,
            "!=" => order != Ordering::Equal,
            "<" => order == Ordering::Less,
            "<=" => order != Ordering::Greater,
            ">" => order == Ordering::Greater,
            ">=" => order != Ordering::Less,
            "~=" => order != Ordering::Less && wanted.release().first() == Some(&3),
            _ => return None,
        })
    }
}

fn text(own: &str, operator: &str, literal: &str, turned: bool) -> Option<bool> {
    match operator {
        "==" | "===" => Some(own == literal),
        "!=" => Some(own != literal),
        "in" if turned => Some(own.contains(literal)),
        "in" => Some(literal.contains(own)),
        "not in" if turned => Some(!own.contains(literal)),
        "not in" => Some(!literal.contains(own)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linux_container_answers() {
        let extras = ["standard".to_owned()];
        let environment = Environment { python: Some(12), extras: &extras };
        for (marker, answer) in [
            ("sys_platform == 'win32'", Some(false)),
            ("sys_platform != \"win32\" and python_version >= '3.8'", Some(true)),
            ("python_version < '3.10' or extra == 'Standard'", Some(true)),
            ("(os_name == 'nt' or platform_system == 'Windows') and python_version > '3'", Some(false)),
            ("platform_machine == 'x86_64'", None),
            ("platform_machine == 'x86_64' and sys_platform == 'darwin'", Some(false)),
            ("python_full_version < '3.12.4'", None),
            ("python_full_version < '3.13'", Some(true)),
            ("python_full_version >= '3.12'", Some(true)),
            ("python_version == '3.*'", Some(true)),
            ("'linux' in sys_platform", Some(true)),
            ("sys_platform not in 'win32 cygwin'", Some(true)),
            ("python_version", None),
            ("", None),
        ] {
            assert_eq!(holds(marker, &environment), answer, "{marker}");
        }
        assert_eq!(holds("python_version < '3.8'", &Environment::default()), None);
        assert_eq!(holds(&"(".repeat(100_000), &environment), None);
    }
}
