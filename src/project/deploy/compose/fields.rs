//! The fields of a service, in their short and long forms.

use super::super::command::split;
use super::super::said::{Arg, Check, Command, Mount, MountKind, Place, Port, Probe, Said};
use super::{Filled, Part, Yaml, filled};

/// `KEY: value` or `- KEY=value`: the keys.
pub(super) fn keys(part: Part<'_>, yaml: &Yaml, fact: &str) -> Vec<Said> {
    let said = |name: &str, at: &Yaml| {
        let evidence = part.evidence(at, format!("{fact} `{name}`"));
        Said { text: name.to_owned(), literal: !name.contains('$'), evidence }
    };
    if yaml.is_mapping() {
        return yaml.members().into_iter().map(|(name, value)| said(name, value)).collect();
    }
    let name = |item: &Yaml| item.as_str().map(|text| text.split('=').next().unwrap_or(text).to_owned());
    yaml.items().filter_map(|item| Some(said(&name(item)?, item))).collect()
}

pub(super) fn args(part: Part<'_>, yaml: Option<&Yaml>) -> Vec<Arg> {
    let Some(yaml) = yaml else { return Vec::new() };
    if yaml.is_mapping() {
        let arg = |(name, value): (&str, &Yaml)| {
            let known = filled(value).filter(|filled| filled.literal).map(|filled| filled.text);
            let evidence = part.evidence(value, format!("gives the build argument `{name}`"));
            Arg { name: name.to_owned(), value: known, evidence }
        };
        return yaml.members().into_iter().map(arg).collect();
    }
    let arg = |item: &Yaml| {
        let Filled { text, literal } = filled(item)?;
        let name = text.split('=').next().unwrap_or_default();
        let evidence = part.evidence(item, format!("gives the build argument `{name}`"));
        Some(Arg::parse(&text, literal, evidence))
    };
    yaml.items().filter_map(arg).collect()
}

/// A text is cut into words as a shell would, but no shell runs it.
pub(super) fn command(part: Part<'_>, yaml: &Yaml, what: &str) -> Command {
    let texts: Vec<Filled> = yaml.itself_or_items().filter_map(filled).collect();
    let literal = texts.iter().all(|filled| filled.literal);
    let words: Vec<String> = if yaml.is_list() {
        texts.into_iter().map(|filled| filled.text).collect()
    } else {
        texts.iter().flat_map(|filled| split(&filled.text)).collect()
    };
    let shown = words.join(" ");
    let fact = if words.is_empty() { format!("takes the {what} away") } else { format!("the {what} is `{shown}`") };
    Command { words, literal, evidence: part.evidence(yaml, fact) }
}

pub(super) fn ports(part: Part<'_>, yaml: &Yaml) -> Vec<Port> {
    let read = |item: &Yaml| {
        let Filled { text, literal } = part.fill(item.get("target").unwrap_or(item))?;
        let inside = text.rsplit(':').next().unwrap_or(&text);
        let number = inside.split(['/', '-']).next().and_then(|number| number.trim().parse().ok());
        let evidence = part.evidence(item, format!("publishes `{text}`"));
        // In `${HOST}:80` the port of the container is known nonetheless.
        Some(Port { number: number.filter(|_| literal || !inside.contains('$')), evidence })
    };
    yaml.items().filter_map(read).collect()
}

pub(super) fn mounts(part: Part<'_>, yaml: &Yaml) -> Vec<Mount> {
    yaml.items()
        .filter_map(|item| if item.is_mapping() { long_mount(part, item) } else { short_mount(part, item) })
        .collect()
}

fn long_mount(part: Part<'_>, yaml: &Yaml) -> Option<Mount> {
    let text = |key: &str| yaml.get(key).and_then(|yaml| part.fill(yaml)).map(|filled| filled.text).unwrap_or_default();
    let source = text("source");
    let kind = match text("type").as_str() {
        "bind" if source.ends_with("docker.sock") => MountKind::DockerSocket,
        "bind" => MountKind::Bind,
        "volume" if source.is_empty() => MountKind::Anonymous,
        "volume" => MountKind::Volume,
        "tmpfs" => MountKind::Tmpfs,
        _ => MountKind::Other,
    };
    let writable = yaml.get("read_only").and_then(Yaml::as_bool) != Some(true);
    let target = part.fill(yaml.get("target")?)?;
    Some(mount(part, yaml, kind, source, target, writable))
}

/// `source:target:mode`, `source:target`, `target`.
fn short_mount(part: Part<'_>, yaml: &Yaml) -> Option<Mount> {
    let Filled { text, literal } = part.fill(yaml)?;
    let mut parts = colons(&text);
    let mode = if parts.len() > 2 { parts.split_off(2).concat() } else { String::new() };
    let writable = !mode.split(',').any(|option| option == "ro");
    let (source, target) = match parts.as_slice() {
        [target] => (String::new(), target.clone()),
        [source, target, ..] => (source.clone(), target.clone()),
        [] => return None,
    };
    let kind = match source.as_str() {
        "" => MountKind::Anonymous,
        source if source.ends_with("docker.sock") => MountKind::DockerSocket,
        source if source.starts_with(['.', '/', '~', '$', '\\']) || source.contains(":\\") => MountKind::Bind,
        _ => MountKind::Volume,
    };
    let target = Filled { literal: literal || !target.contains('$'), text: target };
    Some(mount(part, yaml, kind, source, target, writable))
}

/// `text` cut at colons that stand outside of `${…}`.
fn colons(text: &str) -> Vec<String> {
    let (mut parts, mut open) = (vec![String::new()], 0_usize);
    for c in text.chars() {
        match c {
            '{' => open += 1,
            '}' => open = open.saturating_sub(1),
            _ => {}
        }
        match parts.last_mut() {
            Some(last) if c != ':' || open > 0 => last.push(c),
            _ => parts.push(String::new()),
        }
    }
    parts
}

fn mount(part: Part<'_>, yaml: &Yaml, kind: MountKind, source: String, target: Filled, writable: bool) -> Mount {
    let what = match kind {
        MountKind::Bind => format!("mounts `{source}` at"),
        MountKind::Volume => format!("mounts the volume `{source}` at"),
        MountKind::DockerSocket => "mounts the Docker socket at".to_owned(),
        MountKind::Tmpfs => "mounts memory at".to_owned(),
        MountKind::Anonymous | MountKind::Other => "mounts a volume at".to_owned(),
    };
    let evidence = part.evidence(yaml, format!("{what} `{}`", target.text));
    let place = (kind == MountKind::Bind).then(|| Place::new(&part.file.dir, &source, !source.contains('$')));
    let target = Said { text: target.text, literal: target.literal, evidence };
    Mount { kind, source, place, target, writable }
}

pub(super) fn tmpfs(part: Part<'_>, yaml: &Yaml) -> Vec<Mount> {
    let one = |item: &Yaml| {
        let Filled { text, literal } = part.fill(item)?;
        let target = Filled { text: text.split(':').next().unwrap_or_default().to_owned(), literal };
        Some(mount(part, item, MountKind::Tmpfs, String::new(), target, true))
    };
    yaml.itself_or_items().filter_map(one).collect()
}

pub(super) fn probe(part: Part<'_>, yaml: &Yaml) -> Option<Probe> {
    if let Some(disable) = yaml.get("disable")
        && disable.as_bool() == Some(true)
    {
        return Some(Probe { check: Check::Disabled, evidence: part.evidence(disable, "the health check is off") });
    }
    let test = yaml.get("test")?;
    // `$$` stands for the shell's own `$`.
    let words: Vec<String> = test.itself_or_items().filter_map(filled).map(|filled| filled.text).collect();
    let check = match (test.is_list(), words.split_first()) {
        (_, None) => return None,
        (false, Some((command, _))) => Check::Shell(command.clone()),
        (true, Some((kind, rest))) => match kind.as_str() {
            "NONE" => Check::Disabled,
            "CMD-SHELL" => Check::Shell(rest.join(" ")),
            "CMD" => Check::Exec(rest.to_vec()),
            _ => return None,
        },
    };
    let evidence = part.evidence(test, format!("the health check is `{}`", words.join(" ")));
    Some(Probe { check, evidence })
}
