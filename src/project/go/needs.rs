//! What one program needs of its image: certificates, time zones, users, other programs; and what its build fetches.

use super::Go;
use super::build::Build;
use super::calls::Use;
use super::code::{Conditions, Embed};
use crate::project::finding::{Finding, evidence};
use crate::project::paths;
use std::collections::BTreeSet;

/// Packages of the standard library that check certificates as a rule; net/http does when it is a client.
const CERTIFICATES: &[&str] = &["crypto/tls", "crypto/x509", "net/smtp", "net/http/httputil"];

impl Go {
    /// Import paths that are not on the network, with their directories.
    fn roots(&self) -> Vec<(String, String)> {
        let own = self.module().and_then(|module| module.module.as_ref());
        let mut roots: Vec<(String, String)> =
            own.map(|(path, _)| (path.clone(), self.dir.clone())).into_iter().collect();
        for replace in self.module().into_iter().flat_map(|module| &module.replaces) {
            let dir = replace.directory().and_then(|dir| paths::join(&self.dir, dir));
            roots.extend(dir.map(|dir| (replace.path.clone(), dir)));
        }
        roots
    }

    /// The packages of this module that the program in `package` is built from.
    pub fn reached(&self, package: &str, conditions: Conditions<'_>) -> BTreeSet<String> {
        self.code().reached(package, &self.roots(), conditions)
    }

    /// Why the module or its code could not be read.
    pub(super) fn unreadable<T>(&self) -> Option<Finding<T>> {
        if let Some(Finding::Unknown { why, evidence }) = &self.module {
            return Some(Finding::blocked(why.clone(), evidence.clone()));
        }
        if let Some(place) = self.module().and_then(|module| module.malformed.first()) {
            return Some(Finding::blocked("go.mod is malformed", [place.clone()]));
        }
        self.code().complete.why_unknown().map(Finding::unknown)
    }

    /// Whether an import path is one of the module itself, or of a directory beside.
    pub(super) fn is_own(&self, import: &str) -> bool {
        self.roots().iter().any(|(path, _)| !path.is_empty() && paths::below(path, import).is_some())
    }

    /// Whether the program in `package` checks certificates, and so needs a CA bundle.
    pub fn needs_certificates(&self, build: &Build, package: &str) -> Finding<bool> {
        self.needs(build, package, Use::Connects, CERTIFICATES, "checks certificates")
    }

    /// Whether the program in `package` looks up time zones by name in files of the image.
    pub fn needs_timezones(&self, build: &Build, package: &str) -> Finding<bool> {
        let conditions = Conditions { tags: &build.tags, cgo: build.cgo };
        let dirs = self.reached(package, conditions);
        if let Some(place) = self.code().imports(&dirs, conditions).get("time/tzdata") {
            return Finding::known(false, [(*place).clone()]);
        }
        if build.tags.iter().any(|tag| tag == "timetzdata") {
            return Finding::known(false, [evidence("go build", None, "-tags timetzdata")]);
        }
        self.needs(build, package, Use::Timezone, &[], "looks up time zones")
    }

    /// Whether the program in `package` looks up users, in `/etc/passwd` of the image.
    pub fn needs_users(&self, build: &Build, package: &str) -> Finding<bool> {
        self.needs(build, package, Use::Users, &[], "looks up users")
    }

    /// Whether the program in `package` starts other programs.
    pub fn runs_programs(&self, build: &Build, package: &str) -> Finding<bool> {
        self.needs(build, package, Use::Runs, &["os/exec"], "starts programs")
    }

    /// A need that a call proves, and that nothing but the absence of other code excludes.
    fn needs(&self, build: &Build, package: &str, what: Use, imports: &[&str], does: &str) -> Finding<bool> {
        if let Some(why) = self.unreadable() {
            return why;
        }
        let conditions = Conditions { tags: &build.tags, cgo: build.cgo };
        let dirs = self.reached(package, conditions);
        let calls: Vec<_> =
            self.code().found.iter().filter(|one| one.what == what && dirs.contains(&one.package)).collect();
        if !calls.is_empty() {
            return Finding::known(true, calls.into_iter().map(|one| one.evidence.clone()));
        }
        let imported = self.code().imports(&dirs, conditions);
        if let Some((path, place)) = imported.iter().find(|(path, _)| imports.contains(path)) {
            return Finding::blocked(
                format!("{path} is imported, and whether it {does} is not known"),
                [(*place).clone()],
            );
        }
        match imported.iter().find(|(path, _)| is_foreign(path) && !self.code_has(path)) {
            Some((path, place)) => Finding::blocked(format!("whether {path} {does} is not known"), [(*place).clone()]),
            None => Finding::known(false, [evidence(shown(package), None, format!("nothing in the code {does}"))]),
        }
    }

    /// Whether the package of an import path is among the code that was read.
    fn code_has(&self, import: &str) -> bool {
        self.roots().iter().any(|(path, dir)| {
            let below = paths::below(path, import).filter(|_| !path.is_empty());
            below.and_then(|below| paths::join(dir, below)).is_some_and(|dir| self.code().package(&dir).is_some())
        })
    }

    /// What the program in `package` embeds.
    pub fn embeds(&self, build: &Build, package: &str) -> Vec<Embed> {
        let conditions = Conditions { tags: &build.tags, cgo: build.cgo };
        self.code().embeds(self.context(), &self.reached(package, conditions), conditions)
    }

    /// Modules that a build fetches from where only git may reach them: those of the module's own owner, or of a
    /// host that is not public. GOPRIVATE is not known here.
    pub fn private_modules(&self) -> Finding<bool> {
        if self.vendored().is_yes() {
            return self.vendored().map(|_| false);
        }
        let Some(module) = self.module() else { return Finding::unknown("there is no go.mod") };
        let owner = |path: &str| path.splitn(3, '/').take(2).collect::<Vec<_>>().join("/");
        let own = module.module.as_ref().map(|(path, _)| owner(path));
        let replaced = |path: &str| module.replaces.iter().any(|one| one.path == path && one.directory().is_some());
        let suspect = |path: &str| !replaced(path) && (Some(owner(path)) == own || !is_public(path));
        match module.requires.iter().find(|one| suspect(&one.path)) {
            Some(one) => Finding::blocked(format!("{} may be private", one.path), [one.evidence.clone()]),
            None => Finding::known(
                false,
                [evidence(&module.path, None, "every module is on a public host and of another owner")],
            ),
        }
    }
}

/// Hosts whose modules the public proxy serves.
fn is_public(path: &str) -> bool {
    const HOSTS: &[&str] = &[
        "github.com",
        "cel.dev",
        "charm.land",
        "go.yaml.in",
        "gvisor.dev",
        "tailscale.com",
        "gitlab.com",
        "bitbucket.org",
        "codeberg.org",
        "golang.org",
        "google.golang.org",
        "gopkg.in",
        "go.uber.org",
        "go.opentelemetry.io",
        "go.mongodb.org",
        "cloud.google.com",
        "k8s.io",
        "sigs.k8s.io",
        "gorm.io",
        "modernc.org",
        "gonum.org",
        "go.etcd.io",
        "filippo.io",
        "honnef.co",
        "mvdan.cc",
        "rsc.io",
        "entgo.io",
        "gocloud.dev",
        "go.opencensus.io",
        "dario.cat",
        "go4.org",
        "nhooyr.io",
        "buf.build",
        "connectrpc.com",
        "oras.land",
        "lukechampine.com",
        "gotest.tools",
        "goa.design",
    ];
    path.split('/').next().is_some_and(|host| HOSTS.contains(&host))
}

/// Whether an import path is none of the standard library's: those have no dot in their first part.
pub(super) fn is_foreign(path: &str) -> bool {
    path.split('/').next().is_some_and(|first| first.contains('.'))
}

pub(super) fn shown(dir: &str) -> &str {
    if dir.is_empty() { "." } else { dir }
}
