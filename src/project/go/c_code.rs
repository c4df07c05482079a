//! What the C code of a module's own packages includes and links: whether it builds and runs on musl.
//!
//! It does where it includes nothing but headers of ISO C and POSIX that musl has, uses none of the names that glibc adds
//! to them, and links nothing but the C library.

use super::Go;
use super::build::Build;
use super::cgo_table;
use super::code::Conditions;
use crate::project::files::EntryKind;
use crate::project::finding::{Finding, evidence};
use crate::project::paths;
use crate::proposal::Evidence;
use std::collections::BTreeSet;

/// Headers of ISO C and POSIX that are the same on musl: <https://git.musl-libc.org/cgit/musl/tree/include>.
const HEADERS: &[&str] = &[
    "arpa/inet.h",
    "assert.h",
    "ctype.h",
    "dirent.h",
    "dlfcn.h",
    "errno.h",
    "fcntl.h",
    "fenv.h",
    "float.h",
    "inttypes.h",
    "iso646.h",
    "limits.h",
    "locale.h",
    "math.h",
    "netdb.h",
    "netinet/in.h",
    "netinet/tcp.h",
    "poll.h",
    "pwd.h",
    "sched.h",
    "semaphore.h",
    "setjmp.h",
    "signal.h",
    "stdarg.h",
    "stdatomic.h",
    "stdbool.h",
    "stddef.h",
    "stdint.h",
    "stdio.h",
    "stdlib.h",
    "string.h",
    "strings.h",
    "sys/mman.h",
    "sys/select.h",
    "sys/socket.h",
    "sys/stat.h",
    "sys/time.h",
    "sys/types.h",
    "sys/uio.h",
    "sys/un.h",
    "sys/utsname.h",
    "sys/wait.h",
    "termios.h",
    "time.h",
    "unistd.h",
    "utime.h",
    "wchar.h",
    "wctype.h",
];

/// What is otherwise on musl or not there, although one of those headers declares it on glibc; and threads, whose stacks
/// are small there.
const OTHERWISE: &[&str] = &[
    "__GLIBC__",
    "_GNU_SOURCE",
    "RTLD_DEEPBIND",
    "backtrace",
    "canonicalize_file_name",
    "creat64",
    "fopen64",
    "fseeko64",
    "fstat64",
    "ftello64",
    "getcontext",
    "getdtablesize",
    "iconv_open",
    "lseek64",
    "lstat64",
    "makecontext",
    "mallinfo",
    "malloc_trim",
    "mallopt",
    "mmap64",
    "off64_t",
    "on_exit",
    "open64",
    "pread64",
    "pthread_create",
    "pwrite64",
    "rawmemchr",
    "readdir64",
    "register_printf_function",
    "setlocale",
    "stat64",
    "strfry",
    "strverscmp",
    "swapcontext",
    "thrd_create",
];

/// What `#cgo LDFLAGS` may link: all of it is musl's libc.
const LINKED: &[&str] = &["-lc", "-ldl", "-lm", "-lpthread", "-lrt"];

/// Endings of what cgo compiles or links beside C.
const FOREIGN: &[&str] =
    &["S", "a", "cc", "cpp", "cxx", "f", "f90", "for", "hh", "hpp", "hxx", "m", "so", "swig", "swigcxx", "syso"];

/// What a program that is built with cgo takes on musl.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OnMusl {
    /// Alpine packages to build it.
    pub build: Vec<&'static str>,
    /// Alpine packages to run it.
    pub run: Vec<&'static str>,
}

impl Go {
    /// What the program in `package`, which needs cgo, takes to be built and run on musl; unknown where that may fail.
    pub fn on_musl(&self, build: &Build, package: &str) -> Finding<OnMusl> {
        let mut found = OnMusl { build: vec!["gcc", "musl-dev"], run: Vec::new() };
        let mut proof = match self.c_code(build, package, true) {
            Ok(proof) => proof,
            Err((why, place)) => return Finding::blocked(why, place),
        };
        let Some(module) = self.module() else { return Finding::known(found, proof) };
        for require in &module.requires {
            let Some((known, below)) = cgo_table::find(&require.path) else { continue };
            if !known.tags.is_empty() && !known.applies(below, &build.tags) {
                continue;
            }
            if let Err(why) = self.module_on_musl(known) {
                return Finding::blocked(why, [require.evidence.clone()]);
            }
            proof.push(require.evidence.clone());
            found.build.extend(known.build_apk.iter().filter(|name| !found.build.contains(name)).collect::<Vec<_>>());
            found.run.extend(known.run_apk);
        }
        Finding::known(found, proof)
    }

    /// Why the program in `package`, which needs cgo, may need more of its image than the C library.
    pub fn needs_libraries(&self, build: &Build, package: &str) -> Option<String> {
        if let Err((why, _)) = self.c_code(build, package, false) {
            return Some(why);
        }
        let requires = self.module().into_iter().flat_map(|module| &module.requires);
        let mut known = requires.filter_map(|require| cgo_table::find(&require.path));
        let found = known.find(|(known, below)| {
            (known.tags.is_empty() || known.applies(below, &build.tags))
                && !(known.runtime_known() && known.run_apt.is_empty())
        });
        found.map(|(known, _)| format!("what {} links is not known to be the C library alone", known.path))
    }

    /// Whether a module of the table, in the version of go.mod, builds on musl.
    fn module_on_musl(&self, known: &cgo_table::CgoModule) -> Result<(), String> {
        if known.glibc_only || known.build_apk.is_empty() || !known.runtime_known() {
            return Err(format!("{} is not known to build on musl", known.path));
        }
        let Some((path, since)) = known.musl_since else { return Ok(()) };
        let module = self.module();
        let replaced = module.is_some_and(|module| module.replaces.iter().any(|one| one.path == path));
        let version = module.and_then(|module| module.requires.iter().find(|one| one.path == path));
        match version.map(|require| number(&require.version)) {
            _ if replaced => Err(format!("{path} is replaced")),
            Some(Some(version)) if Some(version) >= number(since) => Ok(()),
            Some(_) => Err(format!("{path} builds on musl from {since} on only")),
            None => Err(format!("which version of {path} comes is not known")),
        }
    }

    /// Evidence that the C code of the module's own packages links the C library alone and, where it is to be built on
    /// musl, is the same there; or why not.
    fn c_code(&self, build: &Build, package: &str, musl: bool) -> Result<Vec<Evidence>, (String, Option<Evidence>)> {
        let conditions = Conditions { tags: &build.tags, cgo: None };
        let mut proof = Vec::new();
        for dir in self.reached(package, conditions) {
            let files = self.code().cgo_files(&dir, conditions);
            if files.is_empty() {
                continue;
            }
            let mut code = C { go: self, musl, seen: BTreeSet::new() };
            for path in files {
                code.go_file(path)?;
                proof.push(evidence(path, None, "includes and links nothing but the C library"));
            }
            for entry in &self.context().list(&dir).entries {
                let path = paths::join(&dir, &entry.name).unwrap_or_default();
                let ending = entry.name.rsplit_once('.').map_or("", |(_, ending)| ending);
                match ending {
                    _ if entry.kind != EntryKind::File => {}
                    "c" | "h" => code.file(&path)?,
                    ending if FOREIGN.contains(&ending) => {
                        return Err((
                            format!("{path} is no C"),
                            Some(evidence(&path, None, "is compiled or linked too")),
                        ));
                    }
                    _ => {}
                }
            }
        }
        Ok(proof)
    }
}

/// The C code of one package.
struct C<'g> {
    go: &'g Go,
    /// Whether it is to be built on musl.
    musl: bool,
    seen: BTreeSet<String>,
}

impl C<'_> {
    /// The comments of a Go file, one of which is the code that stands before `import "C"`.
    fn go_file(&mut self, path: &str) -> Result<(), (String, Option<Evidence>)> {
        let Some(source) = self.go.context().find(path) else { return Err((format!("{path} was not read"), None)) };
        let comments = super::source::comments(&source).join("\n");
        for line in comments.lines().filter_map(|line| line.trim_start().strip_prefix("#cgo")) {
            directive(line).map_err(|why| (why, Some(source.whole(format!("#cgo{line}")))))?;
        }
        self.text(path, &comments)
    }

    fn file(&mut self, path: &str) -> Result<(), (String, Option<Evidence>)> {
        if !self.seen.insert(path.to_owned()) {
            return Ok(());
        }
        let Some(source) = self.go.context().find(path) else { return Err((format!("{path} was not read"), None)) };
        self.text(path, &source.text)
    }

    fn text(&mut self, path: &str, text: &str) -> Result<(), (String, Option<Evidence>)> {
        let place = |fact: &str| text.find(fact).map(|_| evidence(path, None, fact));
        for line in text.lines() {
            let Some(line) = line.trim_start().strip_prefix('#').map(str::trim_start) else { continue };
            let Some(included) = line.strip_prefix("include").map(str::trim) else { continue };
            let name = included.trim_start_matches(['<', '"']).split(['>', '"']).next().unwrap_or_default();
            let own = paths::join(paths::parent(path), name).filter(|own| self.go.context().is_file(own));
            match own {
                Some(own) if included.starts_with('"') => self.file(&own)?,
                _ if HEADERS.contains(&name) || !self.musl => {}
                _ => return Err((format!("{path} includes {name}, which may be otherwise on musl"), place(name))),
            }
        }
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let bad = |word: &&str| *word == "dlopen" || (self.musl && OTHERWISE.contains(word));
        match words.into_iter().find(bad) {
            Some("dlopen") => Err((format!("{path} loads libraries"), place("dlopen"))),
            Some(word) => Err((format!("{path} uses {word}, which is otherwise on musl"), place(word))),
            None => Ok(()),
        }
    }
}

/// `#cgo linux LDFLAGS: -lm`, without its first word.
fn directive(line: &str) -> Result<(), String> {
    let Some((what, flags)) = line.split_once(':') else { return Ok(()) };
    match what.split_whitespace().last() {
        Some("CFLAGS" | "CPPFLAGS" | "noescape" | "nocallback") | None => Ok(()),
        Some("LDFLAGS") => {
            match flags.split_whitespace().find(|flag| !LINKED.contains(flag) && !flag.starts_with("-O")) {
                Some(flag) => Err(format!("`#cgo LDFLAGS` says {flag}, and what that links is not known")),
                None => Ok(()),
            }
        }
        Some(other) => Err(format!("`#cgo {other}` says what is linked, which is not known")),
    }
}

/// `v1.14.19` as something to compare.
fn number(version: &str) -> Option<[u32; 3]> {
    let mut parts = version.trim_start_matches('v').split(['.', '-', '+']);
    let mut next = || parts.next()?.parse().ok();
    Some([next()?, next()?, next()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert!(number("v1.14.9") < number("1.14.19") && number("v1.14.19") == number("1.14.19"));
        assert!(number("v1.14.24") > number("1.14.19") && number("v2").is_none());
    }

    #[test]
    fn only_the_c_library_may_be_linked() {
        assert!(directive(" LDFLAGS: -lm -lpthread").is_ok() && directive(" linux CFLAGS: -O2 -DX=1").is_ok());
        assert!(directive(" LDFLAGS: -lvips").is_err() && directive(" pkg-config: vips").is_err());
        assert!(directive(" LDFLAGS: ${SRCDIR}/libx.a").is_err());
    }
}
