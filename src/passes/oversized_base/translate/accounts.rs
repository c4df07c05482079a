//! Users and groups: the commands of Debian, which are `shadow`'s and `adduser`'s, as those of `BusyBox`.

use std::collections::BTreeMap;

/// What is made in the file.
#[derive(Default)]
pub(super) struct Accounts {
    /// Groups by their numbers.
    groups: BTreeMap<String, String>,
    names: Vec<String>,
}

/// Whether `name` makes or changes users or groups.
pub(super) fn is_one(name: &str) -> bool {
    matches!(name, "adduser" | "addgroup" | "groupadd" | "useradd" | "usermod")
}

/// Options as they were given.
#[derive(Default)]
struct Given<'w> {
    flags: Vec<char>,
    values: BTreeMap<char, &'w str>,
    plain: Vec<&'w str>,
}

/// Long options and the letters that mean the same; a `:` behind those that take a value.
type Known = &'static [(&'static str, &'static str)];

const USERADD: Known = &[
    ("--system", "r"),
    ("--create-home", "m"),
    ("--no-create-home", "M"),
    ("--no-log-init", "l"),
    ("--user-group", "U"),
    ("--uid", "u:"),
    ("--gid", "g:"),
    ("--home-dir", "d:"),
    ("--home", "d:"),
    ("--shell", "s:"),
    ("--comment", "c:"),
];
const GROUPADD: Known = &[("--system", "r"), ("--gid", "g:")];
const USERMOD: Known = &[("--append", "a"), ("--groups", "G:")];
/// Only long ones: its letters are not those of others.
const ADDUSER: Known = &[
    ("--system", "r"),
    ("--group", "U"),
    ("--quiet", "l"),
    ("--disabled-password", "l"),
    ("--disabled-login", "l"),
    ("--no-create-home", "M"),
    ("--uid", "u:"),
    ("--gid", "g:"),
    ("--ingroup", "g:"),
    ("--home", "d:"),
    ("--shell", "s:"),
    ("--gecos", "c:"),
    ("--comment", "c:"),
];

impl Accounts {
    /// The command `words` of Debian's `release` in `BusyBox`'s words; `None` when it would do something else.
    pub(super) fn translate(&mut self, words: &[&str], release: u32) -> Option<String> {
        let (name, rest) = words.split_first()?;
        match *name {
            "groupadd" => self.group(&Given::read(rest, GROUPADD, true)?),
            "addgroup" => self.group(&Given::read(rest, GROUPADD, false)?),
            "useradd" => {
                let given = Given::read(rest, USERADD, true)?;
                let makes_home = given.has('m') && !given.has('M');
                self.user(&given, makes_home, true)
            }
            "adduser" => self.adduser(&Given::read(rest, ADDUSER, false)?, release),
            "usermod" => {
                let given = Given::read(rest, USERMOD, true)?;
                let ([user], Some(group), true) = (&given.plain[..], given.values.get(&'G'), given.has('a')) else {
                    return None;
                };
                self.is_group(group).then(|| format!("addgroup {user} {group}"))
            }
            _ => None,
        }
    }

    fn group(&mut self, given: &Given<'_>) -> Option<String> {
        let [name] = given.plain[..] else { return None };
        let mut command = vec!["addgroup".to_owned()];
        if given.has('r') {
            command.push("-S".to_owned());
        }
        if let Some(number) = given.values.get(&'g') {
            command.push(format!("-g {}", free(number)?));
            self.groups.insert((*number).to_owned(), name.to_owned());
        }
        self.names.push(name.to_owned());
        Some(format!("{} {}", command.join(" "), plain_name(name)?))
    }

    fn adduser(&mut self, given: &Given<'_>, release: u32) -> Option<String> {
        let no_options = given.flags.is_empty() && given.values.is_empty();
        if let ([user, group], true) = (&given.plain[..], no_options) {
            return self.is_group(group).then(|| format!("adduser {user} {group}"));
        }
        let (system, home) = (given.has('r'), given.values.contains_key(&'d'));
        // Until Debian 11 a system user got a home directory: NEWS.Debian of adduser 3.122.
        if system && !home && release < 12 && !given.has('M') {
            return None;
        }
        self.user(given, !given.has('M') && (home || !system), given.has('U') || !system)
    }

    /// One user, with a group of its own when it is given none and `own_group`.
    fn user(&mut self, given: &Given<'_>, makes_home: bool, own_group: bool) -> Option<String> {
        let [name] = given.plain[..] else { return None };
        let name = plain_name(name)?;
        let system = given.has('r');
        let mut command = vec![format!("adduser{} -D", if system { " -S" } else { "" })];
        if let Some(number) = given.values.get(&'u') {
            command.push(format!("-u {}", free(number)?));
        }
        match given.values.get(&'d') {
            // A directory that is there already is handed over by the one, and not by the other.
            Some(home) if !makes_home || home.starts_with("/home/") => command.push(format!("-h {}", quote(home))),
            Some(_) => return None,
            None => {}
        }
        if !makes_home {
            command.push("-H".to_owned());
        }
        match given.values.get(&'s').copied() {
            None if system => command.push("-s /bin/sh".to_owned()),
            None | Some("/bin/bash" | "/bin/sh" | "/usr/bin/bash") => {}
            Some("/usr/sbin/nologin" | "/sbin/nologin") => command.push("-s /sbin/nologin".to_owned()),
            Some("/bin/false" | "/usr/bin/false") => command.push("-s /bin/false".to_owned()),
            Some(_) => return None,
        }
        if let Some(comment) = given.values.get(&'c').filter(|comment| !comment.is_empty()) {
            command.push(format!("-g {}", quote(comment)));
        }
        let mut before = String::new();
        match given.values.get(&'g') {
            Some(group) => {
                let group = self.groups.get(*group).map_or(*group, String::as_str);
                if !self.is_group(group) {
                    return None;
                }
                command.push(format!("-G {group}"));
            }
            None if system && own_group => {
                before = format!("addgroup -S {name} && ");
                command.push(format!("-G {name}"));
            }
            None => {}
        }
        self.names.push(name.to_owned());
        Some(format!("{before}{} {name}", command.join(" ")))
    }

    /// Whether a group of that name is there on Alpine.
    fn is_group(&self, name: &str) -> bool {
        matches!(name, "root" | "node" | "users" | "nogroup") || self.names.iter().any(|own| own == name)
    }
}

/// One word for the shell.
fn quote(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/-_.".contains(c);
    if word.chars().all(is_plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

/// A number that neither distribution has given to somebody.
fn free(number: &str) -> Option<&str> {
    number.parse::<u32>().ok().filter(|number| (1000..60000).contains(number)).map(|_| number)
}

fn plain_name(name: &str) -> Option<&str> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    (name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_') && name.chars().all(fits)).then_some(name)
}

impl<'w> Given<'w> {
    /// Reads options; `None` for one that is not known.
    fn read(words: &[&'w str], known: Known, letters: bool) -> Option<Self> {
        let mut given = Self::default();
        let mut rest = words.iter().copied();
        while let Some(word) = rest.next() {
            if word.starts_with("--") {
                let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
                let (_, letter) = known.iter().find(|(long, _)| *long == name)?;
                given.note(letter, || value.or_else(|| rest.next()))?;
            } else if let Some(cluster) = word.strip_prefix('-').filter(|_| letters) {
                let mut at = 0;
                for letter in cluster.chars() {
                    at += letter.len_utf8();
                    let (_, spec) = known.iter().find(|(_, spec)| spec.starts_with(letter))?;
                    given.note(spec, || {
                        Some(&cluster[at..]).filter(|value| !value.is_empty()).or_else(|| rest.next())
                    })?;
                    if spec.ends_with(':') {
                        break;
                    }
                }
            } else if word.starts_with('-') {
                return None;
            } else {
                given.plain.push(word);
            }
        }
        Some(given)
    }

    fn note(&mut self, spec: &str, value: impl FnOnce() -> Option<&'w str>) -> Option<()> {
        let letter = spec.chars().next()?;
        if spec.ends_with(':') {
            self.values.insert(letter, value()?);
        } else {
            self.flags.push(letter);
        }
        Some(())
    }

    fn has(&self, flag: char) -> bool {
        self.flags.contains(&flag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(commands: &[&[&str]]) -> Option<String> {
        let mut accounts = Accounts::default();
        commands.iter().fold(None, |_, words| accounts.translate(words, 12))
    }

    #[test]
    fn the_same_users_are_made() {
        let cases: &[(&[&str], Option<&str>)] = &[
            (&["useradd", "-m", "app"], Some("adduser -D app")),
            (&["useradd", "-ms", "/bin/bash", "app"], Some("adduser -D app")),
            (&["useradd", "app"], Some("adduser -D -H app")),
            (&["useradd", "--create-home", "--uid=1001", "app"], Some("adduser -D -u 1001 app")),
            (&["useradd", "-r", "app"], Some("addgroup -S app && adduser -S -D -H -s /bin/sh -G app app")),
            (&["useradd", "-u999", "app"], None),
            (&["useradd", "-G", "sudo", "app"], None),
            (&["useradd", "-m", "-d", "/app", "app"], None),
            (&["groupadd", "--gid", "1001", "app"], Some("addgroup -g 1001 app")),
            (&["groupadd", "-r", "app"], Some("addgroup -S app")),
            (&["groupadd", "-f", "app"], None),
            (&["adduser", "--disabled-password", "--gecos", "", "app"], Some("adduser -D app")),
            (&["adduser", "--system", "--no-create-home", "app"], Some("adduser -S -D -H -s /bin/sh app")),
            (&["adduser", "app", "users"], Some("adduser app users")),
            (&["adduser", "-D", "app"], None),
            (&["usermod", "-aG", "node", "app"], Some("addgroup app node")),
            (&["usermod", "-u", "1000", "www-data"], None),
        ];
        for (words, expected) in cases {
            assert_eq!(told(&[words]).as_deref(), *expected, "{words:?}");
        }
    }

    #[test]
    fn a_group_is_called_by_its_name() {
        let group: &[&str] = &["groupadd", "-g", "1001", "staffers"];
        let user = told(&[group, &["useradd", "-g", "1001", "-m", "app"]]);
        assert_eq!(user.as_deref(), Some("adduser -D -G staffers app"));
        assert_eq!(told(&[&["useradd", "-g", "1001", "-m", "app"]]), None);
    }
}
