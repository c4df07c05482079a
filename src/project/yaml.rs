//! YAML that remembers the line of each value, for evidence with a line: compose files, workflows, manifests.
//!
//! Tolerant where nothing is lost by it (tags are ignored, a key may stand twice). An alias shares what it names, and
//! lists and look-ups are capped, so that a file of aliases cannot blow up.

use saphyr_parser::{Event, Parser, ScalarStyle};
use std::collections::HashMap;
use std::rc::Rc;

/// Values nested deeper are refused: a file of brackets may not exhaust the stack.
const DEEPEST: usize = 64;
/// So many items of a list and members of a mapping are looked at.
const MOST_ITEMS: usize = 1000;
/// So many mappings are looked into for one key of a mapping that merges others (`<<`).
const MOST_MERGED: usize = 100;

/// A value, and the line where it is said (that of its key, in a mapping).
#[derive(Clone, Debug)]
pub struct Yaml {
    /// Line, from 1.
    pub line: usize,
    value: Rc<Value>,
}

#[derive(Debug)]
enum Value {
    Scalar { text: String, plain: bool, block: bool },
    Sequence(Vec<Yaml>),
    Mapping(Vec<(String, Yaml)>),
}

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Line, from 1.
    pub line: usize,
    /// What; lower case, no full stop.
    pub message: String,
}

impl Yaml {
    /// Reads the documents of `text`.
    pub fn parse(text: &str) -> Result<Vec<Self>, Malformed> {
        // Every other reader takes a closing bracket that stands no deeper than its key; the specification does not.
        Self::parse_strictly(text).or_else(|error| match with_deep_brackets(text) {
            Some(text) => Self::parse_strictly(&text),
            None => Err(error),
        })
    }

    fn parse_strictly(text: &str) -> Result<Vec<Self>, Malformed> {
        let mut builder = Builder::default();
        for event in Parser::new_from_str(text) {
            match event {
                Ok((event, span)) => builder.event(event, span.start.line())?,
                Err(error) => {
                    let message = format!("malformed YAML, {}", error.info());
                    return Err(Malformed { line: error.marker().line(), message });
                }
            }
        }
        Ok(builder.documents)
    }

    /// The value of `key`; looks into what is merged (`<<`) when the mapping itself does not have it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.look_up(key, &mut 0)
    }

    fn look_up(&self, key: &str, looked: &mut usize) -> Option<&Self> {
        let Value::Mapping(members) = &*self.value else { return None };
        *looked += 1;
        let own = members.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value);
        if own.is_some() || *looked > MOST_MERGED {
            return own;
        }
        let merged = members.iter().filter(|(name, _)| name == "<<").map(|(_, value)| value);
        merged.flat_map(Self::itself_or_items).find_map(|other| other.look_up(key, looked))
    }

    /// The value at the end of a path of keys.
    pub fn at_path(&self, keys: &[&str]) -> Option<&Self> {
        keys.iter().try_fold(self, |value, key| value.get(key))
    }

    /// The members of a mapping, those it merges last; none for anything else.
    pub fn members(&self) -> Vec<(&str, &Self)> {
        let mut found: Vec<(&str, &Self)> = Vec::new();
        let mut ahead = vec![self];
        let mut looked = 0;
        while let Some(next) = ahead.pop() {
            let Value::Mapping(members) = &*next.value else { continue };
            looked += 1;
            for (name, value) in members {
                if name == "<<" {
                    ahead.extend(value.itself_or_items().rev());
                } else if found.len() < MOST_ITEMS && (looked == 1 || !found.iter().any(|(known, _)| known == name)) {
                    found.push((name, value));
                }
            }
            if looked > MOST_MERGED {
                break;
            }
        }
        found
    }

    /// The items of a list; none for anything else.
    pub fn items(&self) -> impl DoubleEndedIterator<Item = &Self> {
        let items: &[Self] = if let Value::Sequence(items) = &*self.value { items } else { &[] };
        items.iter().take(MOST_ITEMS)
    }

    /// The items of a list; anything else as its only item. Half of all YAML formats take one for the other.
    pub fn itself_or_items(&self) -> impl DoubleEndedIterator<Item = &Self> {
        let items = match &*self.value {
            Value::Sequence(items) => items.as_slice(),
            _ => std::slice::from_ref(self),
        };
        items.iter().take(MOST_ITEMS)
    }

    /// The text of a scalar: a string, or a number or boolean as written. `None` for null.
    pub fn as_str(&self) -> Option<&str> {
        match &*self.value {
            Value::Scalar { text, plain: true, .. } if matches!(text.as_str(), "" | "~" | "null") => None,
            Value::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The value of a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self.as_str()? {
            "true" | "True" | "TRUE" | "yes" | "on" => Some(true),
            "false" | "False" | "FALSE" | "no" | "off" => Some(false),
            _ => None,
        }
    }

    /// Whether it is a mapping.
    pub fn is_mapping(&self) -> bool {
        matches!(&*self.value, Value::Mapping(_))
    }

    /// Whether it is a list.
    pub fn is_list(&self) -> bool {
        matches!(&*self.value, Value::Sequence(_))
    }

    /// The line of the first line of the text: a block (`|`) begins below its key.
    pub fn first_text_line(&self) -> usize {
        self.line + usize::from(matches!(&*self.value, Value::Scalar { block: true, .. }))
    }
}

/// Makes values of events, without recursion.
#[derive(Default)]
struct Builder {
    documents: Vec<Yaml>,
    open: Vec<Open>,
    /// What an anchor names, and how deep that is.
    anchors: HashMap<usize, (Rc<Value>, usize)>,
}

/// A list or mapping whose end has not been seen.
struct Open {
    line: usize,
    anchor: usize,
    key: Option<(String, usize)>,
    /// How many values stand inside one another in it.
    depth: usize,
    value: Value,
}

impl Builder {
    fn event(&mut self, event: Event<'_>, line: usize) -> Result<(), Malformed> {
        let (value, depth, anchor, line) = match event {
            Event::Scalar(text, style, anchor, _) => {
                let plain = style == ScalarStyle::Plain;
                let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                (Rc::new(Value::Scalar { text: text.into_owned(), plain, block }), 0, anchor, line)
            }
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some((value, depth)) => (Rc::clone(value), *depth, 0, line),
                None => return Err(Malformed { line, message: "an alias stands inside what it names".to_owned() }),
            },
            Event::SequenceStart(anchor, _) => return self.begin(Value::Sequence(Vec::new()), anchor, line),
            Event::MappingStart(anchor, _) => return self.begin(Value::Mapping(Vec::new()), anchor, line),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => (Rc::new(open.value), open.depth, open.anchor, open.line),
                None => return Ok(()),
            },
            _ => return Ok(()),
        };
        if anchor > 0 {
            self.anchors.insert(anchor, (Rc::clone(&value), depth));
        }
        // Aliases of aliases nest too.
        if self.open.len() + depth > DEEPEST {
            return Err(too_deep(line));
        }
        if let Some(open) = self.open.last_mut() {
            open.depth = open.depth.max(depth + 1);
        }
        self.put(Yaml { line, value });
        Ok(())
    }

    fn begin(&mut self, value: Value, anchor: usize, line: usize) -> Result<(), Malformed> {
        if self.open.len() >= DEEPEST {
            return Err(too_deep(line));
        }
        self.open.push(Open { line, anchor, key: None, depth: 0, value });
        Ok(())
    }

    fn put(&mut self, child: Yaml) {
        let Some(open) = self.open.last_mut() else { return self.documents.push(child) };
        match (&mut open.value, open.key.take()) {
            (Value::Mapping(members), Some((key, line))) => members.push((key, Yaml { line, ..child })),
            // A key that is no scalar is nobody's key.
            (Value::Mapping(_), None) => {
                let key = if let Value::Scalar { text, .. } = &*child.value { text.clone() } else { String::new() };
                open.key = Some((key, child.line));
            }
            (Value::Sequence(items), _) => items.push(child),
            (Value::Scalar { .. }, _) => {}
        }
    }
}

/// `text` with the lines that begin with a closing bracket moved to the right; `None` when there are none.
fn with_deep_brackets(text: &str) -> Option<String> {
    let closes = |line: &str| line.trim_start().starts_with([']', '}']);
    if !text.lines().any(closes) {
        return None;
    }
    let indent = " ".repeat(DEEPEST);
    Some(text.split_inclusive('\n').flat_map(|line| [if closes(line) { indent.as_str() } else { "" }, line]).collect())
}

fn too_deep(line: usize) -> Malformed {
    Malformed { line, message: "values are nested too deep".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    fn one(text: &str) -> Yaml {
        Yaml::parse(text).unwrap().remove(0)
    }

    #[test]
    fn values_know_their_line() {
        let yaml = one("a:\n  b: 1\n  list:\n    - x\n    - y: |\n        one\n        two\n");
        assert_eq!(yaml.at_path(&["a", "b"]).map(|b| (b.as_str(), b.line)), Some((Some("1"), 2)));
        let list = yaml.at_path(&["a", "list"]).unwrap();
        assert_eq!((list.line, list.items().next().unwrap().line), (3, 4));
        let block = list.items().nth(1).unwrap().get("y").unwrap();
        assert_eq!((block.as_str(), block.first_text_line()), (Some("one\ntwo\n"), 6));
        assert_eq!(one("a: ~\nb: 'null'").get("a").unwrap().as_str(), None);
    }

    #[test]
    fn merges_and_aliases_share() {
        let yaml = one("x: &x\n  a: 1\n  b: 2\ny:\n  <<: *x\n  b: 3\nz:\n  <<: [*x, {c: 4}]\n");
        assert_eq!(yaml.at_path(&["y", "a"]).unwrap().as_str(), Some("1"));
        assert_eq!(yaml.at_path(&["y", "b"]).unwrap().as_str(), Some("3"));
        assert_eq!(yaml.at_path(&["z", "c"]).unwrap().as_str(), Some("4"));
        let names: Vec<&str> = yaml.get("y").unwrap().members().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["b", "a"]);
    }

    #[test]
    fn bombs_are_defused() {
        let bomb = |levels: usize| {
            let mut text = "l0: &l0 {k: v}\n".to_owned();
            for level in 1..levels {
                let below = vec![format!("*l{}", level - 1); 10].join(", ");
                writeln!(text, "l{level}: &l{level}\n  <<: [{below}]").unwrap();
            }
            text
        };
        let yaml = one(&bomb(25));
        assert!(yaml.at_path(&["l24", "missing"]).is_none() && yaml.get("l24").unwrap().members().len() <= 1);
        assert!(Yaml::parse(&bomb(10_000)).unwrap_err().message.contains("too deep"));
        assert!(Yaml::parse(&"[".repeat(100_000)).is_err());
        assert!(Yaml::parse(&"- ".repeat(100_000)).is_err());
        assert!(Yaml::parse("a: &a [*a]").is_err());
    }

    #[test]
    fn brackets_may_close_at_the_key() {
        let yaml = one("a:\n  b: [\n    x,\n    y\n  ]\n  c: {\n    k: v\n  }\n  d: 1\n");
        assert_eq!(yaml.at_path(&["a", "b"]).unwrap().items().count(), 2);
        assert_eq!(yaml.at_path(&["a", "d"]).map(|d| d.line), Some(9));
        assert_eq!(Yaml::parse("a: [\n]\nb: [\n").unwrap_err().line, 4);
    }

    #[test]
    fn malformed_texts_are_errors_with_a_line() {
        assert_eq!(Yaml::parse("a: 1\nb: [\n").unwrap_err().line, 3);
        assert_eq!(Yaml::parse("a: b: c\n").unwrap_err().line, 1);
        assert_eq!(Yaml::parse("a:\n\t- x\n").unwrap_err().line, 2);
        assert!(Yaml::parse("").unwrap().is_empty());
    }
}
