//! Scripts that an image ships and runs.

use dfslim::dockerfile::Dockerfile;
use dfslim::image::{FileSystem, Stages, Start, What, Writes};
use dfslim::project::Context;
use dfslim::project::scripts::{Script, named_by};
use dfslim::project::source::Source;
use std::rc::Rc;

fn script(text: &str) -> Script {
    Script::of(Rc::new(Source::new("entrypoint.sh", text)))
}

fn names(script: &Script) -> Vec<&str> {
    script.programs.iter().map(|used| used.name.as_str()).collect()
}

const ENTRYPOINT: &str = "\
#!/bin/sh
set -e
# first: the user
if [ \"$(id -u)\" = '0' ]; then
    chown -R app:app /data
    exec su-exec app \"$0\" \"$@\"
fi
wait_for() { nc -z \"$1\" 5432; }
wait_for db
curl -fsS http://db/ > /tmp/ready
mkdir -p /var/cache/app
exec \"$@\"
";

#[test]
fn an_entrypoint_is_understood() {
    let script = script(ENTRYPOINT);
    assert_eq!(script.unread, None);
    assert_eq!(names(&script), ["id", "chown", "su-exec", "nc", "curl", "mkdir"]);
    assert_eq!(script.hands_over.as_ref().unwrap().line, Some(6));
    assert_eq!(script.drops_root[0].to_string(), "entrypoint.sh:6: gives up root by `su-exec`");
    assert_eq!(script.needs_root[0].line, Some(5));
    assert_eq!(script.asks_user[0].line, Some(4));
    assert!(script.needs_bash().is_no() && script.crlf.is_none());
    let writes = script.writes(Some("/app")).unwrap();
    assert_eq!(writes.at("/var/cache/app"), Some(What::Directory));
    assert_eq!(writes.at("/tmp/ready"), Some(What::File));
}

#[test]
fn bashisms_are_found_with_their_line() {
    let cases = [
        "[[ -f x ]] && echo y",
        "a=(1 2)",
        "source ./x",
        "function f { :; }",
        "cat <<< x",
        "echo ${x//a/b}",
        "echo -e 'a\\n'",
        "diff <(a) <(b)",
        "set -euo pipefail",
        "if [ \"$a\" == b ]; then :; fi",
        "echo ${x^^} ${x:0:2}",
        "read -p x y",
        "make &> log",
        "for i in \"${a[@]}\"; do :; done",
        "(( i += 1 ))",
        "trap 'x' ERR",
    ];
    for line in cases {
        let script = script(&format!("#!/bin/sh\n\n{line}\n"));
        assert!(script.needs_bash().is_yes(), "{line}: {:?} {:?}", script.bashisms, script.unread);
        assert_eq!(script.bashisms[0].line, Some(3), "{line}");
    }
}

#[test]
fn what_sh_has_is_no_bashism() {
    let text = "#!/bin/sh\nset -eu\nexport A=${B:-x} C=${D%.*} E=\"$(date +%s)\"\n# [[ not ]] code\necho '[[ $x ]] <<< y'\ncase $1 in\n  a|b) echo 1 ;;\n  *) printf '%s\\n' \"$@\" ;;\nesac\ncat <<EOF\n[[ text ]] source x\nEOF\nwhile read -r line; do echo \"$line\"; done < f\nlocal_only() { local x=1; return 0; }\n[ \"$a\" = b ] || exit 1\n. ./env.sh\n";
    let script = script(text);
    assert_eq!((&script.bashisms[..], &script.unread), (&[][..], &None));
    assert!(script.needs_bash().is_no());
    // It reads in a file that may call anything.
    assert_eq!(script.all_programs().why_unknown(), Some("it reads in another file"));
}

#[test]
fn the_first_line_names_the_interpreter() {
    let cases = [
        ("#!/bin/bash -e\n", "bash", false),
        ("#!/usr/bin/env bash\n", "bash", true),
        ("#!/usr/bin/env -S bash -eu\n", "bash", true),
        ("#! /usr/bin/python3\n", "python3", false),
        ("#!/usr/bin/env A=1 node\n", "node", true),
    ];
    for (text, name, by_env) in cases {
        let script = script(text);
        let shebang = script.shebang.as_ref().unwrap();
        assert_eq!((shebang.name(), shebang.by_env), (name, by_env), "{text}");
        assert_eq!(script.needs_bash().is_yes(), name == "bash", "{text}");
        assert_eq!(script.is_shell, name == "bash", "{text}");
    }
    assert!(script("echo hello\n").shebang.is_none() && script("echo hello\n").is_shell);
    assert_eq!(script("#!/usr/bin/python3\nimport os\n").unread.as_deref(), Some("it is run by python3"));
}

#[test]
fn crlf_breaks_the_first_line() {
    assert_eq!(script("#!/bin/sh\r\necho x\r\n").crlf.unwrap().line, Some(1));
}

#[test]
fn what_is_no_shell_is_unknown() {
    let script = script("#!/bin/sh\nif then fi ((\n");
    assert!(script.unread.is_some());
    assert!(script.needs_bash().why_unknown().is_some() && script.all_programs().why_unknown().is_some());
}

#[test]
fn commands_name_scripts_of_the_context() {
    let dockerfile = "\
FROM alpine:3.20
WORKDIR /app
COPY docker/entrypoint.sh /usr/local/bin/
COPY . .
ENTRYPOINT [\"entrypoint.sh\"]
CMD [\"sh\", \"./run.sh\", \"--flag\"]
HEALTHCHECK CMD ./check.sh || exit 1
";
    let context = Context::from_memory([("docker/entrypoint.sh", ""), ("run.sh", ""), ("check.sh", "")]);
    let file = Dockerfile::parse(dockerfile);
    let stages = Stages::of(&file);
    let nothing = |_: &_| std::rc::Rc::new(Writes::default());
    let files = FileSystem::new(&file, &stages, &context, &nothing);
    let start = Start::of(&file, &stages, stages.last().unwrap());
    let named = |launch: Option<&_>| launch.map(|launch| named_by(launch, &files, 0, Some("/app"))).unwrap();
    assert_eq!(named(start.entrypoint.as_ref()), ["docker/entrypoint.sh"]);
    assert_eq!(named(start.cmd.as_ref()), ["run.sh"]);
    assert_eq!(named(start.healthcheck.as_ref()), ["check.sh"]);
}
