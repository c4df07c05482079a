//! TOML with the place of each value, read by `toml`'s own spanned tree; a malformed file is a warning with its line.

use crate::project::context::Context;
use crate::project::source::Source;
use crate::proposal::Evidence;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A table inside of a file.
#[derive(Clone, Copy)]
pub(super) struct Table<'s> {
    source: &'s Source,
    table: &'s DeTable<'s>,
}

/// A value inside of a file.
#[derive(Clone, Copy)]
pub(super) struct Item<'s> {
    source: &'s Source,
    value: &'s DeValue<'s>,
    /// Where it begins.
    pub(super) at: usize,
}

/// Reads `source`; `None` and a warning when it is malformed.
pub(super) fn parse<'s>(context: &Context, source: &'s Source) -> Option<Spanned<DeTable<'s>>> {
    DeTable::parse(&source.text)
        .map_err(|error| {
            let line = error.span().map(|span| source.line(span.start.min(source.text.len())));
            let message = error.message().lines().next().unwrap_or_default();
            context.warn(&source.path, line, format!("malformed TOML, not used: {message}"));
        })
        .ok()
}

impl<'s> Table<'s> {
    pub(super) fn new(source: &'s Source, root: &'s Spanned<DeTable<'s>>) -> Self {
        Self { source, table: root.get_ref() }
    }

    /// The value at the end of a path of keys.
    pub(super) fn get(self, path: &[&str]) -> Option<Item<'s>> {
        let (last, dirs) = path.split_last()?;
        let dir = dirs.iter().try_fold(self, |dir, key| dir.get(&[key])?.table())?;
        let (_, value) = dir.table.get_key_value(*last)?;
        Some(Item { source: self.source, value: value.get_ref(), at: value.span().start })
    }

    /// The table at the end of a path of keys.
    pub(super) fn table(self, path: &[&str]) -> Option<Self> {
        self.get(path)?.table()
    }

    /// The text at the end of a path of keys.
    pub(super) fn str(self, path: &[&str]) -> Option<&'s str> {
        self.get(path)?.str()
    }

    /// The items of the array at the end of a path of keys.
    pub(super) fn items(self, path: &[&str]) -> impl Iterator<Item = Item<'s>> {
        self.get(path).into_iter().flat_map(Item::items)
    }

    /// The keys and values, in the order of writing.
    pub(super) fn members(self) -> Vec<(&'s str, Item<'s>)> {
        let member = |(key, value): (&'s Spanned<_>, &'s Spanned<DeValue<'s>>)| {
            let key: &'s std::borrow::Cow<'s, str> = key.get_ref();
            (key.as_ref(), Item { source: self.source, value: value.get_ref(), at: value.span().start })
        };
        let mut members: Vec<_> = self.table.iter().map(member).collect();
        members.sort_by_key(|(_, item)| item.at);
        members
    }
}

impl<'s> Item<'s> {
    pub(super) fn str(self) -> Option<&'s str> {
        self.value.as_str()
    }

    pub(super) fn bool(self) -> Option<bool> {
        self.value.as_bool()
    }

    pub(super) fn table(self) -> Option<Table<'s>> {
        Some(Table { source: self.source, table: self.value.as_table()? })
    }

    /// The items of an array; the value itself when it is none.
    pub(super) fn items(self) -> Vec<Self> {
        let Some(array) = self.value.as_array() else { return vec![self] };
        array.iter().map(|item| Self { source: self.source, value: item.get_ref(), at: item.span().start }).collect()
    }

    /// The texts in it, whether it is one or an array of them.
    pub(super) fn strings(self) -> Vec<String> {
        self.items().into_iter().filter_map(|item| item.str().map(str::to_owned)).collect()
    }

    /// `fact`, read here.
    pub(super) fn evidence(self, fact: impl Into<String>) -> Evidence {
        self.source.evidence(self.at, fact)
    }
}
