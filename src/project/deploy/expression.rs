//! GitHub's expressions, as far as files alone tell their values: `${{ matrix.service }}`, `${{ env.FILE || 'x' }}`.

use super::interpolate::Filled;
use crate::project::yaml::Yaml;
use std::collections::BTreeMap;

/// So many combinations of a matrix are looked at.
const MOST_COMBINATIONS: usize = 64;

/// Values by dotted name: `matrix.service.name`, `env.FILE`.
#[derive(Clone, Debug, Default)]
pub(super) struct Values {
    known: BTreeMap<String, String>,
    /// Whether the matrix is known: what it then does not hold is empty.
    matrix: bool,
}

impl Values {
    /// The same with `env` on top.
    pub(super) fn with_env(&self, env: Option<&Yaml>) -> Self {
        let mut values = self.clone();
        for (name, value) in env.map(Yaml::members).unwrap_or_default() {
            let filled = value.as_str().map(|text| self.fill(text)).filter(|filled| filled.literal);
            match filled {
                Some(filled) => values.known.insert(format!("env.{name}"), filled.text),
                None => values.known.remove(&format!("env.{name}")),
            };
        }
        values
    }

    /// The value of an environment variable.
    pub(super) fn env(&self, name: &str) -> Option<String> {
        match name {
            "GITHUB_WORKSPACE" => Some(".".to_owned()),
            _ => self.known.get(&format!("env.{name}")).cloned(),
        }
    }

    /// `text` with its expressions filled in, where all of them are known.
    pub(super) fn fill(&self, text: &str) -> Filled {
        let filled = self.try_fill(text, &|_| None);
        Filled { literal: filled.is_some(), text: filled.unwrap_or_else(|| text.to_owned()) }
    }

    /// A shell script with its expressions filled in; an unknown one becomes a variable that nobody knows.
    pub(super) fn fill_script(&self, text: &str) -> String {
        self.try_fill(text, &|_| Some("${GITHUB_EXPRESSION}".to_owned())).unwrap_or_else(|| text.to_owned())
    }

    fn try_fill(&self, text: &str, otherwise: &dyn Fn(&str) -> Option<String>) -> Option<String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${{") {
            let (expression, after) = after.split_once("}}")?;
            filled.push_str(before);
            filled.push_str(&self.value(expression).or_else(|| otherwise(expression))?);
            rest = after;
        }
        filled.push_str(rest);
        Some(filled)
    }

    fn value(&self, expression: &str) -> Option<String> {
        let alternatives: Vec<&str> = expression.split("||").map(str::trim).collect();
        for (at, alternative) in alternatives.iter().enumerate() {
            let value = self.single(alternative)?;
            if !value.is_empty() || at + 1 == alternatives.len() {
                return Some(value);
            }
        }
        None
    }

    fn single(&self, expression: &str) -> Option<String> {
        if let Some(text) = expression.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
            return (!text.contains('\'')).then(|| text.to_owned());
        }
        if expression == "github.workspace" {
            return Some(".".to_owned());
        }
        let known = self.known.get(expression).cloned();
        known.or_else(|| (self.matrix && expression.starts_with("matrix.")).then(String::new))
    }

    /// The values of each job that `matrix` makes; one without a matrix. Only axes that `text` uses are multiplied.
    pub(super) fn of_matrix(matrix: Option<&Yaml>, text: &str) -> Vec<Self> {
        let Some(matrix) = matrix else { return vec![Self { known: BTreeMap::new(), matrix: true }] };
        let is_known = matrix.is_mapping()
            && matrix.members().iter().all(|(_, axis)| axis.is_list() && axis.as_str().is_none())
            && matrix.get("include").is_none_or(Yaml::is_list);
        if !is_known {
            return vec![Self::default()];
        }
        let mut jobs = vec![Self { known: BTreeMap::new(), matrix: true }];
        let axes = matrix.members().into_iter().filter(|(name, _)| !matches!(*name, "include" | "exclude"));
        for (name, axis) in axes.filter(|(name, _)| text.contains(&format!("matrix.{name}"))) {
            let with = |job: &Self| axis.items().map(|item| job.with(name, item)).collect::<Vec<_>>();
            jobs = jobs.iter().flat_map(with).take(MOST_COMBINATIONS).collect();
        }
        for entry in matrix.get("include").into_iter().flat_map(Yaml::items) {
            Self::include(&mut jobs, entry);
        }
        jobs.truncate(MOST_COMBINATIONS);
        jobs
    }

    /// An entry of `include` adds to the jobs whose values it repeats, or is a job of its own.
    fn include(jobs: &mut Vec<Self>, entry: &Yaml) {
        let alone = entry
            .members()
            .into_iter()
            .fold(Self { known: BTreeMap::new(), matrix: true }, |job, (name, value)| job.with(name, value));
        let fits = |job: &Self| {
            !job.known.is_empty()
                && alone.known.iter().all(|(name, value)| job.known.get(name).is_none_or(|own| own == value))
        };
        let mut added = false;
        for job in jobs.iter_mut().filter(|job| fits(job)) {
            job.known.extend(alone.known.clone());
            added = true;
        }
        if !added {
            jobs.retain(|job| !job.known.is_empty());
            jobs.push(alone);
        }
    }

    fn with(&self, name: &str, value: &Yaml) -> Self {
        let mut values = self.clone();
        values.put(&format!("matrix.{name}"), value, 0);
        values
    }

    fn put(&mut self, name: &str, value: &Yaml, depth: u32) {
        if let Some(text) = value.as_str() {
            self.known.insert(name.to_owned(), text.to_owned());
        } else if depth < 4 {
            value.members().into_iter().for_each(|(key, value)| self.put(&format!("{name}.{key}"), value, depth + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jobs(matrix: &str, text: &str) -> Vec<Option<String>> {
        let yaml = Yaml::parse(matrix).unwrap();
        let known = |filled: Filled| filled.literal.then_some(filled.text);
        Values::of_matrix(yaml.first(), text).iter().map(|values| known(values.fill(text))).collect()
    }

    #[test]
    fn a_matrix_makes_jobs() {
        let some = |texts: &[&str]| texts.iter().map(|text| Some((*text).to_owned())).collect::<Vec<_>>();
        assert_eq!(jobs("service: [api, web]\nos: [a, b]", "./${{ matrix.service }}"), some(&["./api", "./web"]));
        let included = "include:\n  - {image: api, dir: services/api}\n  - {image: web, dir: web}";
        assert_eq!(jobs(included, "${{matrix.dir}}"), some(&["services/api", "web"]));
        let added = "service: [api, web]\ninclude:\n  - {service: web, file: Web}";
        assert_eq!(
            jobs(added, "${{ matrix.service }}:${{ matrix.file || 'Dockerfile' }}"),
            some(&["api:Dockerfile", "web:Web"])
        );
        assert_eq!(jobs("service: ${{ fromJSON(x) }}", "${{ matrix.service }}"), [None]);
        assert_eq!(jobs("app:\n  - {name: a, dir: b}", "${{ matrix.app.dir }}"), some(&["b"]));
    }
}
