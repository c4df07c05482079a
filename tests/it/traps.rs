//! Every known semantic trap that a pass is exposed to must have its examples on that pass's page.
//!
//! A trap is a way in which a plausible rewrite breaks a build, an app or a promise. Pages mark the example
//! that shows how it is avoided: `<!-- trap 102 -->`.

use crate::pages::{Page, Section};
use crate::support::fail_with;
use dfslim::passes;

/// A trap, and what its examples must be.
struct Trap {
    number: u16,
    gist: &'static str,
    /// The passes that are exposed to it; it is due as soon as one of them is there.
    passes: &'static [&'static str],
    needs: Needs,
}

#[derive(Clone, Copy)]
#[expect(dead_code, reason = "the reasons are for people")]
enum Needs {
    /// A rewrite that avoids it, and a place left alone because of it.
    Both,
    /// Only the rewrite: it can always be avoided. The reason says how.
    Rewrite(&'static str),
    /// Only the place left alone: there is no way around it. The reason says why.
    LeftAlone(&'static str),
}
use Needs::{Both, LeftAlone, Rewrite};

const BASE: &[&str] = &["oversized-base"];
const COMMAND: &[&str] = &["shell-form-command"];
const MERGE: &[&str] = &["split-run"];
const CLEAN: &[&str] = &["kept-package-cache"];
const IGNORE: &[&str] = &["missing-dockerignore"];
const MOUNT: &[&str] = &["cache-mount"];
const USER: &[&str] = &["root-user"];

const fn trap(number: u16, gist: &'static str, passes: &'static [&'static str], needs: Needs) -> Trap {
    Trap { number, gist, passes, needs }
}

const SPLIT: &[&str] = &["single-stage"];
const ORDER: &[&str] = &["early-copy"];
const DEVELOP: &[&str] = &["dev-dependencies"];

/// The traps of bases, of splits, of RUN merging and of package-manager caches.
const TRAPS: &[Trap] = &[
    trap(8, "an ARG in FROM, which a build may set", BASE, Both),
    trap(14, "programs and addons that are linked to glibc", BASE, Both),
    trap(15, "a lock file without the builds for musl", BASE, Both),
    trap(16, "Prisma's engine is one per C library", BASE, LeftAlone("which one is fetched is not known")),
    trap(17, "Python packages without a wheel for musl", BASE, Both),
    trap(18, "musl resolves names otherwise", BASE, Rewrite("said on the page; --base slim goes no further")),
    trap(19, "musl allocates otherwise", BASE, Rewrite("the same")),
    trap(20, "musl has small stacks and few locales", BASE, Rewrite("the same; C code with threads stays on glibc")),
    trap(21, "scripts for Bash", BASE, Both),
    trap(22, "curl and wget of health checks", BASE, Both),
    trap(23, "slim images lack git, ssh, make, certificates", BASE, Both),
    trap(24, "libraries that the full image had by the way", BASE, Both),
    trap(25, "apt-get and Debian's adduser on Alpine", BASE, Both),
    trap(28, "distroless starts no shell", SPLIT, Both),
    trap(
        30,
        "the builder's release is newer than the final stage's",
        SPLIT,
        Rewrite("both are named with one release"),
    ),
    trap(31, "a tag that does not exist, or means another release", BASE, Both),
    trap(32, "a digest, or a registry of one's own", BASE, LeftAlone("what it holds is not known")),
    trap(35, "no time zones", BASE, Both),
    trap(36, "versions of apt's packages are those of one release", BASE, Both),
    trap(38, "an ARG ends with its stage", SPLIT, Rewrite("it is declared where it is read")),
    trap(39, "runtime ENV left in the builder, build ENV leaked", SPLIT, Rewrite("classified by use, else in both")),
    trap(40, "public build-time variables are baked in", SPLIT, Rewrite("their lines stay before the build")),
    trap(41, "COPY of a directory copies its contents: paths shift", SPLIT, Rewrite("each path is copied to itself")),
    trap(42, "files written outside of the working directory", SPLIT, LeftAlone("what is written is not known")),
    trap(43, "packages for the build or for the run", SPLIT, Rewrite("what is not known is installed again")),
    trap(44, "downloads under the home directory", SPLIT, Both),
    trap(45, "the default target and stage names", SPLIT, Rewrite("the name goes to the final stage")),
    trap(46, "compose mounts the sources for development", SPLIT, LeftAlone("it needs the tools of the build")),
    trap(47, "the start runs build tools", SPLIT, LeftAlone("they would be gone")),
    trap(48, "tests that gate the build", SPLIT, Rewrite("they stay in the final stage")),
    trap(49, "COPY --from gives everything to root", SPLIT, Rewrite("the owner is kept by --chown")),
    trap(50, "settings left in the builder", SPLIT, Rewrite("all move, and the contract is compared")),
    trap(51, "ENTRYPOINT resets the CMD of the image below", SPLIT, Rewrite("both stand in the final stage")),
    trap(52, "a second resolve gives another tree", SPLIT, Rewrite("installed once, then pruned")),
    trap(53, "ONBUILD of the image fires elsewhere", SPLIT, LeftAlone("what it brings is not known")),
    trap(54, "capabilities are lost on the way", SPLIT, LeftAlone("what sets them is not copied")),
    trap(55, "`prepare` needs husky, which is not there", SPLIT, Rewrite("a prune runs no hooks")),
    trap(56, "without scripts, packages are not compiled", DEVELOP, Rewrite("all scripts run, then it is pruned")),
    trap(57, "hooks of the install need sources", ORDER, Both),
    trap(58, "NODE_ENV=production drops the build's tools", SPLIT, Rewrite("settings keep their place in the build")),
    trap(59, "the lock is not copied", ORDER, Both),
    trap(60, "a development dependency is used at run time", SPLIT, LeftAlone("the prune would remove it")),
    trap(60, "the same", DEVELOP, LeftAlone("the prune would remove it")),
    trap(61, "members of a workspace are installed too", ORDER, Both),
    trap(61, "members have development dependencies too", DEVELOP, Both),
    trap(62, "clients generated into node_modules", SPLIT, Both),
    trap(63, "the standalone server of Next.js lacks files", SPLIT, Rewrite("they are copied; without it all is")),
    trap(64, "what runs opens more than what is built", SPLIT, Rewrite("the whole directory is copied")),
    trap(65, "native modules need a compiler again", SPLIT, Rewrite("they are pruned, not installed again")),
    trap(66, "Yarn 2 and later, pnpm: no plain prune", SPLIT, Both),
    trap(68, "`npm start` has hooks and variables", SPLIT, Rewrite("the start command stays")),
    trap(
        69,
        "global tools live outside of the application",
        SPLIT,
        Rewrite("they are installed where they are started"),
    ),
    trap(70, "without cgo a driver is a stub", SPLIT, Rewrite("cgo stays on, the C library the same")),
    trap(71, "a dynamic program on another C library", SPLIT, Rewrite("it is made static where nothing needs cgo")),
    trap(74, "files that a Go program opens", SPLIT, Rewrite("all that is no code is copied")),
    trap(75, "a Go program starts others", SPLIT, LeftAlone("whether the final stage has them is not known")),
    trap(76, "`replace` by a directory, go.work, vendor", ORDER, Both),
    trap(85, "editable installs point at the sources", ORDER, LeftAlone("they are the sources")),
    trap(86, "the project itself is built", ORDER, Both),
    trap(81, "a virtual environment cannot be moved", SPLIT, Both),
    trap(82, "uv fetches a Python of its own", SPLIT, Both),
    trap(83, "--user installs below /root", SPLIT, LeftAlone("nobody else could read them")),
    trap(84, "libraries of C that packages load", SPLIT, Both),
    trap(85, "a project that is installed in place", SPLIT, Both),
    trap(86, "what building the project reads", SPLIT, Rewrite("it is built where all of it is copied")),
    trap(87, "environments that only poetry and pipenv know", SPLIT, Both),
    trap(88, "byte code that is written at each start", SPLIT, Rewrite("what is installed is compiled in the build")),
    trap(89, "data that is fetched behind the install", SPLIT, Rewrite("it is fetched in the final stage")),
    trap(90, "deleting inside of packages", SPLIT, Rewrite("the environment is copied whole")),
    trap(91, "conda's packages are not PyPI's", SPLIT, LeftAlone("what they link to is not known")),
    trap(92, "`cd` leaks into the next merged command", MERGE, Both),
    trap(93, "export, set, umask, trap, functions leak into it", MERGE, Both),
    trap(94, "`a || true`, `a; b`, `a &` bind otherwise once joined with `&&`", MERGE, Both),
    trap(95, "an exec-form RUN is no shell text", MERGE, LeftAlone("its words cannot be joined to a shell's")),
    trap(96, "a heredoc RUN cannot be joined as text", MERGE, LeftAlone("the body stands below, not in the line")),
    trap(97, "`set -e` in a heredoc is not an `&&` chain", MERGE, LeftAlone("heredocs are never joined")),
    trap(
        98,
        "SHELL, USER, WORKDIR, ENV or ARG differ in between",
        MERGE,
        LeftAlone("the state cannot be had twice in one RUN"),
    ),
    trap(99, "flags differ: the union gives secrets and network to more commands", MERGE, Both),
    trap(100, "a COPY between brings what the second RUN reads", MERGE, LeftAlone("no order of the two would do")),
    trap(101, "a stable step joined to a volatile one is rebuilt with it", MERGE, Both),
    trap(102, "lists removed, and a later RUN or stage installs without an update", CLEAN, Both),
    trap(103, "an update alone in its layer goes stale", MERGE, Both),
    trap(
        105,
        "a daemon in the background outlives its RUN once merged",
        MERGE,
        LeftAlone("it would run beside the next command"),
    ),
    trap(108, "an inserted `rm` deletes the app", &["leftover-download"], Both),
    trap(110, "docker-clean empties the mounted apt cache", MOUNT, Rewrite("it is switched off in the same RUN")),
    trap(111, "the builder knows no cache mounts, or ignores them", MOUNT, Both),
    trap(112, "the mount hides files that the image needs", MOUNT, Both),
    trap(113, "the cache follows HOME and USER", MOUNT, Both),
    trap(114, "a cleanup beside a mount empties it; without one it is needed", MOUNT, Both),
    trap(115, "`--no-cache-dir` and the like defeat the mount", MOUNT, Both),
    trap(117, "a later RUN without the mount finds nothing", MOUNT, Both),
    trap(118, "one id for different distributions", MOUNT, Rewrite("the target and the distribution make the id")),
    trap(119, "apt needs its cache for itself", MOUNT, Rewrite("sharing=locked is always written")),
    trap(121, "hard links do not reach into a mount", MOUNT, Rewrite("the tool is told to copy")),
    trap(122, "a `# syntax` line pulls a frontend", MOUNT, Rewrite("none is added")),
    trap(123, "--no-install-recommends drops what is used", &["recommended-packages"], Both),
    trap(
        127,
        "volumes and bind mounts that exist are root's",
        USER,
        LeftAlone("nothing in the image changes their owner"),
    ),
    trap(128, "the program writes inside of the image", USER, Both),
    trap(129, "a COPY stays root's whatever USER says", USER, Rewrite("--chown where it is written to")),
    trap(
        130,
        "whose the WORKDIR is depends on the builder",
        USER,
        Rewrite("it is handed over by name where it is needed"),
    ),
    trap(131, "ports below 1024 outside of Docker", USER, LeftAlone("the port is never changed")),
    trap(132, "an entrypoint that needs root, or drops it", USER, LeftAlone("it has its own way")),
    trap(133, "HOME that is missing or root's", USER, Both),
    trap(134, "no list of users; only a number can be checked", USER, Both),
    trap(135, "users that exist, and commands that differ", USER, Both),
    trap(136, "a huge number makes a huge lastlog", USER, Both),
    trap(
        137,
        "`USER u:g` drops the other groups",
        USER,
        Rewrite("the group is named only where no list of users does"),
    ),
    trap(138, "/root can be entered by nobody else", USER, LeftAlone("it is not known what else would have to move")),
    trap(139, "a later RUN needs root", USER, Both),
    trap(
        140,
        "files that their owner alone may read",
        USER,
        LeftAlone("a chmod; modes of the context are tests of their own"),
    ),
    trap(141, "another user is given when it is run", USER, LeftAlone("who runs it knows better")),
    trap(142, "capabilities, devices, the Docker socket", USER, LeftAlone("they are for root")),
    trap(143, "`.git` is needed: versions, git commands, stamps", IGNORE, Both),
    trap(144, "a README or licence is named by the package's metadata", IGNORE, Both),
    trap(145, "`build`, `dist`, `docs` and the like are sources", IGNORE, Both),
    trap(146, "a pattern hits a source of COPY, ADD or a bind mount", IGNORE, Both),
    trap(
        147,
        "an allow-list file: order decides",
        IGNORE,
        LeftAlone("an ignore file that exists is never changed here"),
    ),
    trap(148, "`X.Dockerfile.dockerignore` beats the file at the root", IGNORE, LeftAlone("it is the one that holds")),
    trap(149, "node_modules ignored while host artefacts are copied", IGNORE, Both),
    trap(150, "`.env.production`, `.npmrc` and lock files are inputs", IGNORE, Both),
    trap(151, "markdown, tests, stories are read in the build", IGNORE, Both),
    trap(109, "ADD unpacks and downloads, COPY does not", &["plain-add"], Both),
    trap(152, "what only a shell can do", COMMAND, Both),
    trap(153, "the program becomes process 1", COMMAND, Rewrite("said on the page; no init is added")),
    trap(154, "ENTRYPOINT and CMD in two forms", COMMAND, LeftAlone("other words would be handed on")),
    trap(155, "SHELL holds for CMD too", COMMAND, LeftAlone("it decides how the command is run")),
    trap(126, "a mount over build output loses it", MOUNT, LeftAlone("the output is what the image is for")),
];

/// Traps of the same ranges that no example of these passes can show.
#[expect(dead_code, reason = "read by people: the reason why a number is missing above")]
const ELSEWHERE: &[(u16, &str)] = &[
    (26, "settings that are inherited: the contract compares them, and both images must agree"),
    (27, "node's entrypoint takes a file for a program: no pass leaves the node images"),
    (29, "distroless has Debian's Python: no pass writes it"),
    (33, "a base that runs as somebody else: the tags that run as root are written, and root-user adds USER"),
    (34, "Node from 26 on has no yarn: no pass changes the version"),
    (37, "an image that one platform lacks: what is asked of packages is asked for amd64 and arm64"),
    (67, "npm wants a home: root-user gives it one, see 133"),
    (104, "`purge --auto-remove` takes runtime libraries: no pass adds a purge"),
    (106, "`cd` made a WORKDIR: no pass writes WORKDIR, and the guard's contract would hold it"),
    (107, "`chown -R` after COPY: a rewrite of COPY, not of RUN"),
    (116, "bind-mounted manifests: no pass writes a bind mount"),
    (120, "mounts are not exported to CI caches: said in the page, nothing to run"),
    (124, "`--omit=optional`: no pass writes it"),
    (156, "STOPSIGNAL of the old base: the contract compares it"),
    (157, "a HEALTHCHECK is a guess: no pass adds one"),
    (125, "`curl | sh` without pipefail: no pass adds pipefail"),
];

#[test]
fn every_due_trap_has_its_examples() {
    let pages: Vec<Page> = passes::ALL.iter().copied().map(Page::of).collect();
    let shown = |number: u16, section: Section| {
        let mut examples = pages.iter().flat_map(|page| &page.examples);
        examples.any(|example| example.section == section && example.traps.contains(&number))
    };
    let mut missing = Vec::new();
    for trap in TRAPS.iter().filter(|trap| trap.passes.iter().any(|id| passes::find(id).is_some())) {
        let (rewrite, left_alone) = match trap.needs {
            Both => (true, true),
            Rewrite(_) => (true, false),
            LeftAlone(_) => (false, true),
        };
        for (needed, section, name) in
            [(rewrite, Section::Rewrites, "rewrite"), (left_alone, Section::LeftAlone, "left-alone example")]
        {
            if needed && !shown(trap.number, section) {
                missing.push(format!("trap {} ({}): no {name} in {}", trap.number, trap.gist, trap.passes.join(", ")));
            }
        }
    }
    fail_with(&missing);
}
