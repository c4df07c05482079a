//! Go: modules, what a build makes, cgo and linking, what a program needs of its image.

use dfslim::project::context::Context;
use dfslim::project::finding::Finding;
use dfslim::project::go::build::{Build, Ldflags, Verb};
use dfslim::project::go::calls::{Use, port};
use dfslim::project::go::code::Conditions;
use dfslim::project::go::linking::Cgo;
use dfslim::project::go::{Go, History, cgo_table};

const MOD: &str = "module example.com/app\n\ngo 1.22\n";
const MAIN: &str = "package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println(1) }\n";

fn read<'f>(files: impl IntoIterator<Item = (&'f str, &'f str)>) -> Go {
    Go::read(&Context::from_memory(files), "").expect("a Go module")
}

/// A module of one file, with these imports and this body of main.
fn program(imports: &[&str], body: &str) -> Go {
    program_of(MOD, imports, body)
}

fn program_of(module: &str, imports: &[&str], body: &str) -> Go {
    let imports: Vec<String> = imports.iter().map(|path| format!("\t\"{path}\"\n")).collect();
    let main = format!("package main\n\nimport (\n{})\n\nfunc main() {{\n\t{body}\n}}\n", imports.concat());
    read([("go.mod", module), ("main.go", main.as_str())])
}

fn build(command: &str) -> Build {
    build_with(command, &[])
}

fn build_with(command: &str, environment: &[(&str, &'static str)]) -> Build {
    let words: Vec<Option<&str>> = command.split_whitespace().map(Some).collect();
    let find = |name: &str| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
    Build::read(&words, &find).unwrap_or_else(|| panic!("{command} builds"))
}

fn plain() -> Build {
    build("go build")
}

fn values(go: &Go, what: Use) -> Vec<Option<&str>> {
    go.code().found.iter().filter(|one| one.what == what).map(|one| one.value.as_deref()).collect()
}

fn outputs(go: &Go, command: &str, work: &str) -> Finding<Vec<String>> {
    let show = |program: dfslim::project::go::programs::Program| {
        format!("{} -> {}", program.package, program.output.unwrap_or_default())
    };
    go.programs(&build(command), work).map(|programs| programs.into_iter().map(show).collect())
}

fn no_cgo(finding: &Finding<Cgo>) -> bool {
    finding.value() == Some(&Cgo::No)
}

#[test]
fn go_mod_is_read_with_its_lines() {
    let module = "// comment\nmodule \"example.com/app\" // x\r\n\ngo 1.21.3\ntoolchain go1.22.1\n\nrequire (\n\tgithub.com/a/b v1.2.3\n\
                  \tgithub.com/c/d/v2 v2.0.0 // indirect\n)\n\nrequire golang.org/x/net v0.20.0\nexclude golang.org/x/net v0.19.0\n\
                  replace (\n\tgithub.com/a/b => ../b\n\tgithub.com/c/d/v2 v2.0.0 => github.com/e/f v1.0.0\n)\nretract [v1.0.0, v1.1.0]\ntool x.com/t\n";
    let go = read([("go.mod", module)]);
    let file = go.module().unwrap();
    assert_eq!(file.module.as_ref().unwrap().0, "example.com/app");
    assert_eq!(go.version().value(), Some(&"1.21.3"));
    assert_eq!(go.version().evidence()[0].line, Some(4));
    assert_eq!(go.toolchain().unwrap().0, "go1.22.1");
    let requires: Vec<_> = file.requires.iter().map(|one| (one.path.as_str(), one.indirect)).collect();
    assert_eq!(requires, [("github.com/a/b", false), ("github.com/c/d/v2", true), ("golang.org/x/net", false)]);
    assert_eq!(file.requires[1].evidence.line, Some(9));
    assert_eq!(file.replaces[0].directory(), Some("../b"));
    assert_eq!(file.replaces[1].directory(), None);
    assert!(file.malformed.is_empty());
    assert_eq!(go.local_modules()[0].0, "../b");
}

#[test]
fn a_malformed_go_mod_is_a_warning_with_its_line_and_unknown() {
    let context = Context::from_memory([
        ("go.mod", "module x\n<<<<<<< HEAD\nrequire a.com/b\ngo 1.22\nrequire (\n"),
        ("main.go", MAIN),
    ]);
    let go = Go::read(&context, "").unwrap();
    assert_eq!(go.version().value(), Some(&"1.22"));
    let lines: Vec<_> = context.warnings().iter().map(|warning| warning.line).collect();
    assert_eq!(lines, [None, Some(2), Some(3)]);
    assert!(go.cgo(&plain(), "").why_unknown().unwrap().contains("malformed"));
}

#[test]
fn directories_without_go_are_none() {
    let context = Context::from_memory([("package.json", "{}"), ("sub/main.go", MAIN)]);
    assert!(Go::read(&context, "").is_none());
    assert!(Go::read(&context, "gone").is_none());
    let loose = Go::read(&context, "sub").unwrap();
    assert!(loose.module().is_none() && loose.version().value().is_none());
    assert!(no_cgo(&loose.cgo(&plain(), "sub")));
}

#[test]
fn workspaces_above_are_found() {
    let context = Context::from_memory([
        ("go.work", "go 1.22\nuse (\n\t./api\n\t./lib\n)\n"),
        ("api/go.mod", MOD),
        ("api/main.go", MAIN),
        ("lib/go.mod", "module example.com/lib\n"),
        ("other/go.mod", "module example.com/other\n"),
    ]);
    let api = Go::read(&context, "api").unwrap();
    assert_eq!(api.work().unwrap().uses.len(), 2);
    assert_eq!(api.local_modules().into_iter().map(|(path, _)| path).collect::<Vec<_>>(), ["lib"]);
    assert!(Go::read(&context, "other").unwrap().work().is_none());
}

#[test]
fn vendored_modules_count_only_when_they_are_sent() {
    let files = [("go.mod", MOD), ("main.go", MAIN), ("vendor/modules.txt", "")];
    assert!(read(files).vendored().is_yes());
    assert!(read([("go.mod", MOD)]).vendored().is_no());
    let left_out = read(files.into_iter().chain([(".dockerignore", "# c\nvendor\n")]));
    assert!(left_out.vendored().is_no());
    assert_eq!(left_out.vendored().evidence()[0].line, Some(2));
}

#[test]
fn build_commands_are_understood() {
    let found = build("go build -trimpath -ldflags=\"-s\" -tags netgo,osusergo -o /out/app ./cmd/api");
    assert_eq!((found.verb, found.output.as_deref(), found.trimmed), (Verb::Build, Some("/out/app"), true));
    assert_eq!(found.tags, ["netgo", "osusergo"]);
    assert_eq!(found.packages, ["./cmd/api"]);
    assert_eq!(found.ldflags, Ldflags::Literal("-s".to_owned()));
    assert_eq!(build_with("/usr/local/go/bin/go install ./...", &[("CGO_ENABLED", "0")]).cgo, Some(false));
    assert_eq!(
        build_with("go build", &[("GOFLAGS", "-mod=vendor -buildvcs=false")]).module_mode.as_deref(),
        Some("vendor")
    );
    assert_eq!(build("go build -buildvcs=false .").vcs.as_deref(), Some("false"));
    assert!(build("go build -race .").needs_cgo() && build("go build -buildmode=plugin").needs_cgo());
    assert_eq!(build("go run main.go --port 80").packages, ["main.go"]);
    for command in ["go mod download", "go test ./...", "go version", "gofmt -w .", "go", "npm run build"] {
        let words: Vec<Option<&str>> = command.split_whitespace().map(Some).collect();
        assert_eq!(Build::read(&words, &|_| None), None, "{command}");
    }
}

#[test]
fn words_that_are_not_literal_leave_it_open() {
    let words = [Some("go"), Some("build"), Some("-ldflags"), None, Some("-o"), Some("app")];
    let found = Build::read(&words, &|_| None).unwrap();
    assert_eq!((&found.ldflags, found.unknown, found.output.as_deref()), (&Ldflags::Computed, 0, Some("app")));
    let words = [Some("go"), Some("build"), Some("-o"), None];
    let found = Build::read(&words, &|_| None).unwrap();
    assert_eq!(found.unknown, 1);
    assert!(read([("go.mod", MOD), ("main.go", MAIN)]).programs(&found, "").value().is_none());
}

#[test]
fn what_is_built_and_where_it_goes() {
    let go = read([
        ("go.mod", MOD),
        ("main.go", MAIN),
        ("cmd/api/main.go", MAIN),
        ("cmd/job/main.go", MAIN),
        ("cmd/lib/x.go", "package lib\n"),
        ("tools/gen.go", "//go:build ignore\n\npackage main\nfunc main() {}\n"),
        ("internal/v2/v2.go", "package v2\nfunc main() {}\n"),
    ]);
    let known = |command: &str, work: &str| outputs(&go, command, work).value().cloned().unwrap_or_default();
    assert_eq!(known("go build", ""), [" -> app"]);
    assert_eq!(known("go build -o /bin/x .", ""), [" -> /bin/x"]);
    assert_eq!(known("go build -o bin/ ./cmd/api", ""), ["cmd/api -> bin/api"]);
    assert_eq!(known("go build example.com/app/cmd/api", ""), ["cmd/api -> api"]);
    assert_eq!(known("go build -o /out ./cmd/...", ""), ["cmd/api -> /out/api", "cmd/job -> /out/job"]);
    assert_eq!(known("go build -o x .", "cmd/job"), ["cmd/job -> x"]);
    assert_eq!(known("go build -C cmd/job -o x", ""), ["cmd/job -> x"]);
    assert_eq!(known("go build main.go", ""), [" -> main"]);
    assert_eq!(known("go install ./cmd/api", ""), ["cmd/api -> "]);
    assert!(outputs(&go, "go build ./tools", "").why_unknown().is_some());
    assert!(outputs(&go, "go build ./cmd/lib", "").why_unknown().is_some());
    assert!(outputs(&go, "go build github.com/other/tool", "").why_unknown().is_some());
    assert!(outputs(&go, "go build gone.go", "").why_unknown().is_some());
    assert_eq!(go.code().mains(Conditions::default()).count(), 3);
}

#[test]
fn a_major_version_is_no_name() {
    let go = read([("go.mod", "module example.com/tool/v3\n"), ("main.go", MAIN)]);
    assert_eq!(outputs(&go, "go build", "").value().unwrap(), &[" -> tool"]);
}

#[test]
fn code_that_imports_c_needs_cgo() {
    let go = read([
        ("go.mod", MOD),
        ("main.go", "package main\nimport \"example.com/app/native\"\nfunc main() { native.X() }\n"),
        ("cmd/pure/main.go", MAIN),
        ("native/x.go", "package native\n\n/*\n#include <stdio.h>\n*/\nimport \"C\"\n\nfunc X() {}\n"),
        ("native/x_test.go", "package native\nimport \"C\"\n"),
    ]);
    let found = go.cgo(&plain(), "");
    assert_eq!(found.value(), Some(&Cgo::Required { modules: Vec::new() }));
    assert_eq!((found.evidence()[0].file.as_str(), found.evidence()[0].line), ("native/x.go", Some(6)));
    // Another program of the module does not reach it.
    assert!(no_cgo(&go.cgo(&plain(), "cmd/pure")));
}

#[test]
fn an_import_of_c_in_a_comment_or_for_windows_is_none() {
    let go = read([
        ("go.mod", MOD),
        ("main.go", "package main\n// import \"C\"\nvar x = `import \"C\"`\nfunc main() {}\n"),
        ("x_windows.go", "package main\nimport \"C\"\n"),
        ("y.go", "//go:build darwin\npackage main\nimport \"C\"\n"),
        ("z.go", "// +build ignore\n\npackage main\nimport \"C\"\n"),
    ]);
    assert!(no_cgo(&go.cgo(&plain(), "")));
    assert!(!no_cgo(&go.cgo(&build("go build -tags ignore"), "")));
}

#[test]
fn imported_modules_of_the_table_need_cgo() {
    let module = format!("{MOD}\nrequire github.com/mattn/go-sqlite3 v1.14.22\n");
    let go = program_of(
        &module,
        &["database/sql", "github.com/mattn/go-sqlite3"],
        "sql.Open(\"sqlite3\", \"./data/app.db\")",
    );
    let found = go.cgo(&plain(), "");
    let Some(Cgo::Required { modules }) = found.value() else { panic!("{found:?}") };
    assert_eq!(modules[0].path, "github.com/mattn/go-sqlite3");
    assert!(modules[0].without.unwrap().contains("stub"));
    assert_eq!(found.evidence()[0].line, Some(5));
    assert_eq!(values(&go, Use::Database), [Some("./data/app.db")]);
}

#[test]
fn a_major_version_and_a_part_of_a_module_are_matched() {
    let kafka = program(&["github.com/confluentinc/confluent-kafka-go/v2/kafka"], "");
    assert!(matches!(kafka.cgo(&plain(), "").value(), Some(Cgo::Required { .. })));
    let packet = |part: &str| {
        let module = format!("{MOD}\nrequire github.com/google/gopacket v1.1.19\n");
        program_of(&module, &[part], "").cgo(&plain(), "")
    };
    assert!(matches!(packet("github.com/google/gopacket/pcap").value(), Some(Cgo::Required { .. })));
    assert!(no_cgo(&packet("github.com/google/gopacket/layers")), "{:?}", packet("github.com/google/gopacket/layers"));
    assert!(cgo_table::find("github.com/mattn/go-sqlite3x").is_none());
}

#[test]
fn required_but_not_imported_modules_leave_cgo_open() {
    let module =
        format!("{MOD}\nrequire (\n\tgithub.com/x/y v1.0.0\n\tgithub.com/mattn/go-sqlite3 v1.14.22 // indirect\n)\n");
    let found = program_of(&module, &["github.com/x/y"], "").cgo(&plain(), "");
    assert!(found.why_unknown().unwrap().contains("go-sqlite3"));
    assert_eq!(found.evidence()[0].line, Some(7));
    let mongo = format!("{MOD}\nrequire go.mongodb.org/mongo-driver v1.15.0\n");
    let go = program_of(&mongo, &["go.mongodb.org/mongo-driver/mongo"], "");
    assert!(no_cgo(&go.cgo(&plain(), "")));
    assert!(!no_cgo(&go.cgo(&build("go build -tags gssapi"), "")));
}

#[test]
fn go_sum_is_no_signal() {
    let module = format!("{MOD}\nrequire github.com/x/y v1.0.0\n");
    let go = read([
        ("go.mod", module.as_str()),
        ("main.go", MAIN),
        ("go.sum", "github.com/mattn/go-sqlite3 v1.14.22 h1:x=\n"),
    ]);
    assert!(go.has_sum());
    let found = go.cgo(&plain(), "");
    assert!(no_cgo(&found));
    assert!(found.evidence()[0].fact.contains("none of the 1 required modules"));
}

#[test]
fn other_modules_of_the_context_leave_cgo_open() {
    let module = format!("{MOD}\nrequire example.com/lib v0.0.0\nreplace example.com/lib => ./lib\n");
    let go = read([
        ("go.mod", module.as_str()),
        ("main.go", MAIN),
        ("lib/go.mod", "module example.com/lib\n"),
        ("lib/x.go", "package lib\nimport \"C\"\n"),
    ]);
    assert!(go.cgo(&plain(), "").why_unknown().unwrap().contains("lib"));
}

#[test]
fn the_way_of_building_may_need_cgo() {
    let go = read([("go.mod", MOD), ("main.go", MAIN)]);
    assert!(matches!(go.cgo(&build("go build -race"), "").value(), Some(Cgo::Required { .. })));
    assert!(no_cgo(&go.cgo(&build("go build -trimpath"), "")));
}

#[test]
fn static_linking_depends_on_cgo_and_imports() {
    let off = build_with("go build", &[("CGO_ENABLED", "0")]);
    let on = build_with("go build", &[("CGO_ENABLED", "1")]);
    let fmt = program(&["fmt"], "");
    assert!(fmt.is_static(&plain(), "").is_yes() && fmt.is_static(&on, "").is_yes());
    let net = program(&["net/http"], "");
    assert!(net.is_static(&off, "").is_yes());
    assert!(net.is_static(&on, "").is_no());
    assert!(net.is_static(&plain(), "").why_unknown().unwrap().contains("CGO_ENABLED"));
    assert!(net.is_static(&build("go build -tags netgo,osusergo"), "").is_yes());
    let foreign = program_of(&format!("{MOD}\nrequire github.com/x/y v1.0.0\n"), &["github.com/x/y"], "");
    assert!(foreign.is_static(&plain(), "").why_unknown().is_some());
    assert!(foreign.is_static(&off, "").is_yes());
}

#[test]
fn certificates_are_needed_by_clients() {
    let needs = |go: &Go| go.needs_certificates(&plain(), "");
    let client = program(&["net/http"], "http.Get(\"https://example.org\")");
    assert!(needs(&client).is_yes());
    assert_eq!(needs(&client).evidence()[0].line, Some(8));
    assert!(needs(&program(&["net/http"], "c := &http.Client{}")).is_yes());
    assert!(needs(&program(&["net/http"], "http.ListenAndServe(\":8080\", nil)")).is_no());
    assert!(needs(&program(&["crypto/tls"], "tls.Config{}")).why_unknown().is_some());
    let sdk = program_of(
        &format!("{MOD}\nrequire github.com/aws/aws-sdk-go-v2 v1.0.0\n"),
        &["github.com/aws/aws-sdk-go-v2/config"],
        "",
    );
    assert!(needs(&sdk).why_unknown().unwrap().contains("aws-sdk-go-v2"));
    assert!(needs(&program(&["fmt"], "")).is_no());
    // A client in a program that is not built does not count.
    let other = read([
        ("go.mod", MOD),
        ("main.go", MAIN),
        ("cmd/c/main.go", "package main\nimport \"net/http\"\nfunc main() { http.Get(\"x\") }\n"),
    ]);
    assert!(needs(&other).is_no() && other.needs_certificates(&plain(), "cmd/c").is_yes());
}

#[test]
fn time_zones_are_needed_unless_they_are_built_in() {
    let body = "time.LoadLocation(\"Europe/Berlin\")";
    let go = program(&["time"], body);
    assert!(go.needs_timezones(&plain(), "").is_yes());
    assert_eq!(values(&go, Use::Timezone), [Some("Europe/Berlin")]);
    assert!(go.needs_timezones(&build("go build -tags timetzdata"), "").is_no());
    let built_in = read([
        ("go.mod", MOD),
        (
            "main.go",
            "package main\nimport (\n\t\"time\"\n\t_ \"time/tzdata\"\n)\nfunc main() { time.LoadLocation(x) }\n",
        ),
    ]);
    assert!(built_in.needs_timezones(&plain(), "").is_no());
    assert_eq!(built_in.needs_timezones(&plain(), "").evidence()[0].line, Some(4));
    assert!(program(&["time"], "time.Now()").needs_timezones(&plain(), "").is_no());
}

#[test]
fn users_and_programs() {
    let go = program(
        &["os/user", "os/exec"],
        "user.Current(); exec.Command(\"ffmpeg\", \"-i\", x); exec.CommandContext(ctx, \"git\")",
    );
    assert!(go.needs_users(&plain(), "").is_yes());
    assert!(go.runs_programs(&plain(), "").is_yes());
    assert_eq!(values(&go, Use::Runs), [Some("ffmpeg"), Some("git")]);
    assert!(program(&["os/exec"], "exec.ErrNotFound").runs_programs(&plain(), "").why_unknown().is_some());
    assert!(program(&["fmt"], "cmd.Command(\"x\")").runs_programs(&plain(), "").is_no());
}

#[test]
fn files_that_are_opened_and_embedded_are_told_apart() {
    let main = "package main\n\nimport (\n\t\"embed\"\n\t\"html/template\"\n\t\"net/http\"\n\t\"os\"\n)\n\n//go:embed templates/*.html \"static files\" all:web\nvar files embed.FS\n\n\
        //go:embed gone.txt\nvar s string\n\nfunc main() {\n\ttemplate.ParseFiles(\"views/a.html\")\n\ttemplate.Must(template.ParseGlob(\"views/*.html\"))\n\
        \thttp.FileServer(http.Dir(\"./public\"))\n\tos.ReadFile(\"config.yaml\")\n\tos.Open(path)\n\tos.Create(\"out.log\")\n\tos.MkdirAll(\"data/x\", 0o755)\n\tr.LoadHTMLGlob(\"tmpl/*\")\n\
        \tr.Static(\"/assets\", \"./assets\")\n\tmigrate.New(\"file://migrations\", url)\n}\n";
    let go = read([
        ("go.mod", MOD),
        ("main.go", main),
        ("templates/a.html", ""),
        ("templates/b.txt", ""),
        ("static files/x", ""),
        ("web/i", ""),
    ]);
    let embeds = go.embeds(&plain(), "");
    let shown: Vec<_> = embeds.iter().map(|one| (one.pattern.as_str(), one.paths.join(","))).collect();
    let expected = [
        ("templates/*.html", "templates/a.html"),
        ("static files", "static files"),
        ("all:web", "web"),
        ("gone.txt", ""),
    ];
    assert_eq!(shown, expected.map(|(pattern, paths)| (pattern, paths.to_owned())));
    assert_eq!(embeds[0].evidence.line, Some(10));
    let reads = values(&go, Use::Reads);
    for path in ["views/a.html", "views/*.html", "./public", "config.yaml", "tmpl/*", "./assets", "migrations"] {
        assert!(reads.contains(&Some(path)), "{path} in {reads:?}");
    }
    assert!(reads.contains(&None));
    assert_eq!(values(&go, Use::Writes), [Some("out.log"), Some("data/x")]);
}

#[test]
fn ports_are_found() {
    let go = program(
        &["net/http", "net", "github.com/gin-gonic/gin"],
        "http.ListenAndServe(\":8080\", nil); s := &http.Server{Addr: \":9090\", Handler: h}; net.Listen(\"tcp\", \"0.0.0.0:50051\"); \
         r.Run(\":3000\"); app.Listen(addr); t.Run(\"name\", f); http.ListenAndServe(os.Getenv(\"X\"), nil)",
    );
    let found = values(&go, Use::Listens);
    assert_eq!(found, [Some(":8080"), Some(":9090"), Some("0.0.0.0:50051"), Some(":3000"), None]);
    let ports: Vec<_> = found.into_iter().flatten().filter_map(port).collect();
    assert_eq!(ports, [8080, 9090, 50051, 3000]);
    assert_eq!(port("unix.sock"), None);
}

#[test]
fn temporary_files_plugins_and_build_info() {
    let go = program(
        &["os", "plugin", "runtime/debug"],
        "os.CreateTemp(\"\", \"x\"); plugin.Open(\"p.so\"); debug.ReadBuildInfo()",
    );
    assert_eq!(values(&go, Use::Temporary).len(), 1);
    assert_eq!(values(&go, Use::Plugin), [Some("p.so")]);
    assert_eq!(values(&go, Use::BuildInfo).len(), 1);
    // A method of something else is not the package's function.
    assert!(values(&program(&["fmt"], "os.CreateTemp()"), Use::Temporary).is_empty());
}

#[test]
fn history_is_sent_whole_in_part_or_not() {
    let files = [("go.mod", MOD), (".git/HEAD", "x"), (".git/config", "x"), (".git/index", "x")];
    assert_eq!(read(files).history().value(), Some(&History::Whole));
    let ignoring = |text: &'static str| read(files.into_iter().chain([(".dockerignore", text)])).history();
    assert_eq!(ignoring(".git\n").value(), Some(&History::None));
    assert_eq!(ignoring(".git/index\n").value(), Some(&History::Part));
    assert_eq!(ignoring("*\n!.git/HEAD\n").value(), Some(&History::Part));
    assert_eq!(read([("go.mod", MOD)]).history().value(), Some(&History::None));
    let worktree = read([("go.mod", MOD), (".git", "gitdir: ../x")]);
    assert!(worktree.history().why_unknown().is_some());
}

#[test]
fn private_modules_are_suspected_by_owner_and_host() {
    let of =
        |requires: &str| program_of(&format!("module github.com/acme/app\n{requires}"), &["fmt"], "").private_modules();
    assert!(of("require github.com/gin-gonic/gin v1.0.0\n").is_no());
    assert!(of("").is_no());
    assert!(of("require github.com/acme/lib v1.0.0\n").why_unknown().unwrap().contains("github.com/acme/lib"));
    assert!(of("require git.acme.internal/x/y v1.0.0\n").why_unknown().is_some());
    assert!(of("require github.com/acme/lib v1.0.0\nreplace github.com/acme/lib => ./lib\n").is_no());
    let vendored = read([
        ("go.mod", "module github.com/acme/app\nrequire github.com/acme/lib v1.0.0\n"),
        ("vendor/modules.txt", ""),
    ]);
    assert!(vendored.private_modules().is_no());
}

#[test]
fn code_aside_is_not_read() {
    let c = "package x\nimport \"C\"\nfunc f() { os.Open(\"no\") }\n";
    let go = read([
        ("go.mod", MOD),
        ("main.go", MAIN),
        ("vendor/x/x.go", c),
        ("testdata/x.go", c),
        ("_old/x.go", c),
        ("nested/go.mod", "module n\n"),
        ("nested/x.go", c),
        ("secret/x.go", c),
        ("main_test.go", c),
        (".dockerignore", "secret\n"),
    ]);
    assert!(go.code().found.is_empty());
    assert!(go.code().complete.is_yes());
    assert!(go.code().package("nested").is_none() && go.code().package("").is_some());
}

#[test]
fn odd_sources_do_not_hang_or_panic() {
    let nested = format!("package main\nfunc main() {{ {} }}", "os.Open(".repeat(20_000));
    let imports = format!("package main\nimport ({}", "\"a\"\n".repeat(50_000));
    for code in [
        nested.as_str(),
        imports.as_str(),
        "",
        "import",
        "package",
        "//go:embed",
        "package main\n//go:embed \"\nfunc main() {",
        "\u{feff}package main",
        "import (\"C\"",
    ] {
        let go = read([("go.mod", MOD), ("main.go", code)]);
        go.cgo(&plain(), "").value();
        go.embeds(&plain(), "");
        go.needs_certificates(&plain(), "").value();
    }
}

#[test]
fn import_cycles_end() {
    let go = read([
        ("go.mod", MOD),
        ("main.go", "package main\nimport \"example.com/app/a\"\nfunc main() {}\n"),
        ("a/a.go", "package a\nimport \"example.com/app/b\"\n"),
        ("b/b.go", "package b\nimport \"example.com/app/a\"\nimport \"example.com/app\"\n"),
    ]);
    assert_eq!(go.reached("", Conditions::default()).len(), 3);
}

#[test]
fn the_table_equals_the_yaml() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/facts/go-cgo.yaml")).unwrap();
    let yaml: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
    let written = yaml["modules"].as_sequence().unwrap();
    assert_eq!(cgo_table::modules().len(), written.len());
    for entry in written {
        let path = entry["module"].as_str().unwrap();
        let (known, below) = cgo_table::find(path).unwrap_or_else(|| panic!("{path} is in the table"));
        assert_eq!((known.path, below), (path, ""));
        assert_eq!(known.source, entry["source"].as_str().unwrap());
        assert!(!known.source.is_empty());
        assert!(!known.runtime_known() || !known.source.contains("unverified"));
    }
    assert!(cgo_table::modules().windows(2).all(|pair| pair[0].path < pair[1].path));
}
