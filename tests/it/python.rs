//! Python: what an install brings and in which form, what starts, what the code does.

use dfslim::project::context::Context;
use dfslim::project::finding::Finding;
use dfslim::project::python::Python;
use dfslim::project::python::deps::{Dependencies, Dependency};
use dfslim::project::python::install::{Install, Part, Tool};
use dfslim::project::python::lock::{self, Kind};
use dfslim::project::python::native;
use dfslim::project::python::requirement::Origin;
use dfslim::project::python::requirements::Requirements;
use dfslim::project::python::scan::Use;
use dfslim::project::python::start::{Server, Start};
use dfslim::project::python::wheel::{Target, Wheel};

fn words(command: &str) -> Vec<Option<&str>> {
    command.split_whitespace().map(Some).collect()
}

fn install(command: &str) -> Install {
    Install::read(&words(command)).unwrap_or_else(|| panic!("{command} installs"))
}

fn start(command: &str) -> Start {
    Start::read(&words(command)).unwrap_or_else(|| panic!("{command} starts Python"))
}

fn brings(context: &Context, command: &str, python: u16) -> Dependencies {
    let project = Python::read(context, "").expect("a Python project");
    let inside = |path: &str| dfslim::project::paths::clean(path.trim_start_matches("/app/"));
    project.dependencies(&install(command), Some(python), &inside)
}

fn named<'d>(dependencies: &'d Dependencies, name: &str) -> &'d Dependency {
    dependencies.list.iter().find(|one| one.name == name).unwrap_or_else(|| panic!("{name} is brought"))
}

fn names(dependencies: &Dependencies) -> Vec<&str> {
    dependencies.list.iter().map(|one| one.name.as_str()).collect()
}

fn wheel(dependency: &Dependency, python: u16) -> Finding<Wheel> {
    dependency.wheel(&Target::new(Some(python)))
}

#[test]
fn requirements_are_read_as_pip_reads_them() {
    let context = Context::from_memory([
        (
            "requirements.txt",
            "\u{feff}# head\n-r base.txt\n-c limits.txt\nFlask[async]>=2 ; python_version >= '3.8'  # why\n\
             requests==2.31.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n\
             git+https://example.org/x.git@v1#egg=own_lib\n./lib\nname @ https://example.org/name-1.0-py3-none-any.whl\n",
        ),
        ("base.txt", "zope.interface==6\r\n--requirement=more/more.txt\r\n"),
        ("more/more.txt", "-r ../requirements.txt\nattrs\n"),
        ("limits.txt", "attrs<24\n"),
    ]);
    let read = Requirements::read(&context, "requirements.txt");
    assert_eq!(read.files, ["requirements.txt", "base.txt", "more/more.txt", "limits.txt"]);
    let found: Vec<_> = read.requirements.iter().map(|one| (one.name.as_str(), one.specifier.as_str())).collect();
    let expected = [("zope-interface", "==6"), ("attrs", ""), ("flask", ">=2"), ("requests", "==2.31.0")];
    assert_eq!(found[..4], expected);
    assert_eq!(found[4..].iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["own-lib", "", "name"]);
    assert_eq!(read.constraints[0].name, "attrs");
    assert_eq!(read.requirements[2].extras, ["async"]);
    assert_eq!(read.requirements[2].marker.as_deref(), Some("python_version >= '3.8'"));
    assert_eq!(read.requirements[3].evidence.line, Some(5));
    assert_eq!(read.requirements[3].pinned(), Some("2.31.0"));
    assert!(matches!(read.requirements[4].origin, Origin::Vcs(_)));
    assert_eq!(read.requirements[5].origin, Origin::Path("./lib".to_owned()));
    assert!(matches!(read.requirements[6].origin, Origin::Url(_)));
    assert!(read.unknown.is_empty() && context.warnings().is_empty());
    assert!(!read.hashed && read.closed().is_none());
}

#[test]
fn utf16_requirements_are_read() {
    let text: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain("flask==3.0\r\nrq\r\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let context = Context::from_memory([("requirements.txt", text)]);
    let read = Requirements::read(&context, "requirements.txt");
    assert_eq!(read.requirements.len(), 2);
    assert_eq!(read.requirements[0].pinned(), Some("3.0"));
}

#[test]
fn a_malformed_requirement_is_a_warning_with_its_line() {
    let context =
        Context::from_memory([("requirements.txt", "flask\n???\nx[y\n<<<<<<< HEAD\nrq==${V}\n-r missing.txt\n")]);
    let read = Requirements::read(&context, "requirements.txt");
    assert_eq!(read.requirements.len(), 1);
    let lines: Vec<_> = context.warnings().iter().map(|warning| (warning.file.clone(), warning.line)).collect();
    let own = |line| ("requirements.txt".to_owned(), Some(line));
    assert_eq!(lines, [("missing.txt".to_owned(), None), own(2), own(3), own(4), own(5)]);
    let dependencies = brings(&context, "pip install -r requirements.txt", 12);
    assert!(dependencies.complete.why_unknown().is_some());
}

#[test]
fn requirements_that_include_themselves_end() {
    let context =
        Context::from_memory([("requirements.txt", "-r a.txt\n"), ("a.txt", "-r requirements.txt\n-ra.txt\nrq\n")]);
    assert_eq!(Requirements::read(&context, "requirements.txt").requirements.len(), 1);
    let chain = (0..100).map(|n| (format!("r{n}.txt"), format!("-r r{}.txt\n", n + 1)));
    let context = Context::from_memory(chain);
    assert!(!Requirements::read(&context, "r0.txt").unknown.is_empty());
}

#[test]
fn hashes_and_headers_say_that_the_list_is_whole() {
    let hashed = Context::from_memory([("requirements.txt", "a==1 --hash=sha256:x\nb==2 \\\n --hash=sha256:y\n")]);
    assert_eq!(brings(&hashed, "pip install -r requirements.txt", 12).complete.value(), Some(&true));
    let compiled = Context::from_memory([(
        "requirements.txt",
        "# This file is autogenerated by pip-compile with Python 3.12\nunheard-of==1\n    # via x\n",
    )]);
    let complete = brings(&compiled, "pip install -r requirements.txt", 12).complete;
    assert_eq!(complete.value(), Some(&true));
    assert_eq!(complete.evidence()[0].line, Some(1));
    let neither = Context::from_memory([("requirements.txt", "unheard-of==1\n")]);
    assert!(
        brings(&neither, "pip install -r requirements.txt", 12).complete.why_unknown().unwrap().contains("unheard-of")
    );
}

#[test]
fn the_table_follows_what_known_packages_need() {
    let context = Context::from_memory([("requirements.txt", "celery\nredis\n")]);
    let dependencies = brings(&context, "pip install --no-cache-dir -r requirements.txt", 12);
    assert_eq!(dependencies.complete.value(), Some(&true));
    assert!(names(&dependencies).contains(&"kombu"), "{:?}", names(&dependencies));
    assert_eq!(wheel(named(&dependencies, "celery"), 12).value(), Some(&Wheel::Pure));
    assert!(named(&dependencies, "kombu").evidence.fact.contains("needs kombu"));
    // Of another major version nothing is known.
    let old = Context::from_memory([("requirements.txt", "celery==3.1.0\n")]);
    assert!(brings(&old, "pip install -r requirements.txt", 12).complete.value().is_none());
}

#[test]
fn loose_requirements_are_followed_to_their_wheels() {
    let of = |text: &str, minor: u16| {
        let context = Context::from_memory([("requirements.txt", text)]);
        brings(&context, "pip install -r requirements.txt", minor)
    };
    let loose = of("Flask\nrequests==2.25.1\nDjango>=3.2,<4\ngunicorn\npsycopg2-binary\nuvicorn[standard]\n", 11);
    assert_eq!(loose.complete.value(), Some(&true), "{:?}", loose.complete);
    for need in ["werkzeug", "urllib3", "sqlparse", "httptools", "jinja2"] {
        assert!(names(&loose).contains(&need), "{need}: {:?}", names(&loose));
    }
    assert_eq!(wheel(named(&loose, "flask"), 11).value(), Some(&Wheel::Pure));
    assert!(wheel(named(&loose, "psycopg2-binary"), 11).value().is_some_and(|wheel| *wheel < Wheel::SdistOnly));
    // What an old package keeps others at counts: this aiohttp has no wheel for CPython 3.11.
    let capped = of("discord.py==1.7.3\n", 11);
    let old = capped.list.iter().filter(|one| one.name == "aiohttp");
    assert!(old.filter(|one| one.specifier.contains("<3.8")).all(|one| wheel(one, 11).value().is_none()));
    // An extra that no lock file names is not known.
    assert!(of("flask[unheard-of]\n", 11).complete.why_unknown().unwrap().contains("flask[unheard-of]"));
}

#[test]
fn constraints_fix_versions() {
    let context =
        Context::from_memory([("requirements.txt", "-c limits.txt\nflask\n"), ("limits.txt", "Flask==2.2.5\n")]);
    let brought = brings(&context, "pip install -r requirements.txt", 11);
    assert_eq!(named(&brought, "flask").version.as_deref(), Some("2.2.5"));
}

#[test]
fn the_table_answers_where_there_is_no_lock() {
    let context = Context::from_memory([(
        "requirements.txt",
        "numpy\npsycopg2==2.9.9\ntorch==2.1.0\norjson==3.1\nreportlab==3.6\nunheard-of\nlightgbm\npymongo\nlxml<2\n",
    )]);
    let brought = brings(&context, "pip install -r requirements.txt", 13);
    let on = |name: &str| wheel(named(&brought, name), 13);
    assert_eq!(on("numpy").value(), Some(&Wheel::Musllinux));
    assert_eq!(on("psycopg2").value(), Some(&Wheel::SdistOnly));
    assert_eq!(on("torch").value(), Some(&Wheel::ManylinuxOnlyNoSdist));
    assert_eq!(on("lightgbm").value(), Some(&Wheel::ManylinuxOnly));
    for unknown in ["orjson", "reportlab", "unheard-of", "lxml"] {
        assert!(on(unknown).why_unknown().is_some(), "{unknown}: {:?}", on(unknown));
    }
    assert_eq!(on("psycopg2").evidence()[0].line, Some(2));
    assert_eq!(named(&brought, "psycopg2").native().unwrap().run_apt, ["libpq5"]);
    assert_eq!(named(&brought, "lightgbm").native().unwrap().wheel_apt, ["libgomp1"]);
    // No wheel of the newest numpy for this Python.
    assert!(wheel(named(&brought, "numpy"), 9).value().is_none());
    assert!(named(&brought, "numpy").wheel(&Target::new(None)).value().is_none());
}

#[test]
fn another_index_or_source_builds_make_it_unknown() {
    let context = Context::from_memory([(
        "requirements.txt",
        "--extra-index-url https://download.example.org/whl\n--no-binary lxml\nnumpy\nlxml\n",
    )]);
    let brought = brings(&context, "pip install -r requirements.txt", 13);
    assert!(wheel(named(&brought, "numpy"), 13).why_unknown().unwrap().contains("another index"));
    assert_eq!(wheel(named(&brought, "lxml"), 13).value(), Some(&Wheel::SdistOnly));
    let plain = Context::from_memory([("requirements.txt", "-i https://pypi.org/simple\nnumpy\n")]);
    let brought = brings(&plain, "pip install -r requirements.txt", 13);
    assert_eq!(wheel(named(&brought, "numpy"), 13).value(), Some(&Wheel::Musllinux));
    let brought = brings(&plain, "pip install -i https://mirror.example/simple -r requirements.txt", 13);
    assert!(wheel(named(&brought, "numpy"), 13).value().is_none());
}

const POETRY: &str = r#"[[package]]
name = "Flask"
version = "3.0.0"
optional = false
files = [
    {file = "flask-3.0.0-py3-none-any.whl", hash = "sha256:a"},
    {file = "flask-3.0.0.tar.gz", hash = "sha256:b"},
]

[package.dependencies]
click = ">=8"
colorama = {version = "*", markers = "sys_platform == \"win32\""}
asgiref = {version = ">=3.2", optional = true, markers = "extra == \"async\""}

[package.extras]
async = ["asgiref (>=3.2)"]

[[package]]
name = "click"
version = "8.1.7"
files = [{file = "click-8.1.7-py3-none-any.whl", hash = "sha256:c"}]

[[package]]
name = "colorama"
version = "0.4"
files = []

[[package]]
name = "asgiref"
version = "3.7"
files = [{file = "asgiref-3.7-py3-none-any.whl", hash = "sha256:d"}]

[[package]]
name = "orjson"
version = "3.9.0"
files = [
    {file = "orjson-3.9.0-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", hash = "sha256:e"},
    {file = "orjson-3.9.0-cp312-cp312-manylinux_2_17_aarch64.manylinux2014_aarch64.whl", hash = "sha256:e"},
    {file = "orjson-3.9.0-cp312-none-musllinux_1_2_x86_64.whl", hash = "sha256:f"},
    {file = "orjson-3.9.0-cp312-none-musllinux_1_2_aarch64.whl", hash = "sha256:g"},
    {file = "orjson-3.9.0.tar.gz", hash = "sha256:h"},
]

[[package]]
name = "pytest"
version = "8.0"
files = [{file = "pytest-8.0-py3-none-any.whl", hash = "sha256:i"}]

[metadata]
lock-version = "2.0"
"#;

const POETRY_PROJECT: &str = r#"[tool.poetry]
name = "app"
version = "1.0"
readme = "README.md"

[tool.poetry.dependencies]
python = "^3.12"
flask = "^3.0"
orjson = { version = "^3.9" }

[tool.poetry.group.dev.dependencies]
pytest = "^8"

[tool.poetry.scripts]
serve = "app.main:run"

[build-system]
requires = ["poetry-core"]
build-backend = "poetry.core.masonry.api"
"#;

#[test]
fn poetry_locks_answer_by_their_file_names() {
    let context =
        Context::from_memory([("pyproject.toml", POETRY_PROJECT), ("poetry.lock", POETRY), ("README.md", "x")]);
    let brought = brings(&context, "poetry install --only main --no-interaction", 12);
    assert_eq!(names(&brought), ["click", "flask", "orjson"]);
    assert_eq!(brought.complete.value(), Some(&true));
    assert_eq!(brought.reads, ["poetry.lock", "pyproject.toml"]);
    let found = wheel(named(&brought, "orjson"), 12);
    assert_eq!(found.value(), Some(&Wheel::Musllinux));
    let place = &found.evidence()[0];
    assert_eq!((place.file.as_str(), place.line), ("poetry.lock", Some(34)));
    assert!(place.fact.contains("orjson-3.9.0-cp312-none-musllinux"), "{}", place.fact);
    assert_eq!(wheel(named(&brought, "orjson"), 13).value(), Some(&Wheel::SdistOnly));
    assert_eq!(wheel(named(&brought, "flask"), 12).value(), Some(&Wheel::Pure));
    let all = brings(&context, "poetry install", 12);
    assert!(names(&all).contains(&"pytest"));
    assert!(!names(&brings(&context, "poetry install --without dev", 12)).contains(&"pytest"));
}

#[test]
fn poetry_extras_are_followed() {
    let project = POETRY_PROJECT.replace("flask = \"^3.0\"", "flask = {version = \"^3.0\", extras = [\"async\"]}");
    let context = Context::from_memory([("pyproject.toml", project.as_str()), ("poetry.lock", POETRY)]);
    assert!(names(&brings(&context, "poetry install --no-dev", 12)).contains(&"asgiref"));
}

#[test]
fn an_old_poetry_lock_keeps_its_files_apart() {
    let lock = "[[package]]\nname = \"Flask\"\nversion = \"1.0\"\ncategory = \"main\"\n\n[metadata]\nlock-version = \"1.1\"\n\n\
                [metadata.files]\nflask = [\n {file = \"Flask-1.0-py2.py3-none-any.whl\", hash = \"x\"},\n]\n";
    let context = Context::from_memory([("poetry.lock", lock)]);
    let lock = lock::read(&context, "", Kind::Poetry).unwrap();
    assert_eq!(
        lock.value().unwrap().packages[0].files.as_deref(),
        Some(&["Flask-1.0-py2.py3-none-any.whl".to_owned()][..])
    );
}

#[test]
fn a_lock_that_is_out_of_step_or_missing_is_not_whole() {
    let project = POETRY_PROJECT.replace("orjson = {", "ujson = {");
    let context = Context::from_memory([("pyproject.toml", project.as_str()), ("poetry.lock", POETRY)]);
    let brought = brings(&context, "poetry install", 12);
    assert!(brought.complete.why_unknown().unwrap().contains("ujson"));
    let context = Context::from_memory([("pyproject.toml", POETRY_PROJECT)]);
    let brought = brings(&context, "poetry install --only main", 12);
    assert!(brought.complete.why_unknown().unwrap().contains("poetry.lock is not there"));
    assert_eq!(names(&brought), ["flask", "orjson"]);
}

const UV: &str = r#"version = 1
revision = 3
requires-python = ">=3.12"

[[package]]
name = "app"
version = "0.1.0"
source = { virtual = "." }
dependencies = [
    { name = "colorama", marker = "sys_platform == 'win32'" },
    { name = "torch", marker = "extra == 'never'" },
    { name = "uvicorn", extra = ["standard"] },
]

[package.optional-dependencies]
db = [{ name = "psycopg2" }]

[package.dev-dependencies]
dev = [{ name = "ruff" }]

[[package]]
name = "colorama"
version = "0.4.6"
source = { registry = "https://pypi.org/simple" }
wheels = [{ url = "https://files.pythonhosted.org/packages/x/colorama-0.4.6-py2.py3-none-any.whl", hash = "sha256:a" }]

[[package]]
name = "psycopg2"
version = "2.9.9"
source = { registry = "https://pypi.org/simple" }
sdist = { url = "https://files.pythonhosted.org/packages/x/psycopg2-2.9.9.tar.gz", hash = "sha256:a", size = 1 }

[[package]]
name = "ruff"
version = "0.5"
source = { registry = "https://pypi.org/simple" }
wheels = [{ url = "https://files.pythonhosted.org/packages/x/ruff-0.5-py3-none-manylinux_2_17_x86_64.whl", hash = "sha256:a" }]

[[package]]
name = "uvicorn"
version = "0.30"
source = { registry = "https://pypi.org/simple" }
wheels = [{ url = "https://files.pythonhosted.org/packages/x/uvicorn-0.30-py3-none-any.whl", hash = "sha256:a" }]

[package.optional-dependencies]
standard = [{ name = "uvloop", marker = "platform_python_implementation != 'PyPy' and sys_platform != 'win32'" }]

[[package]]
name = "uvloop"
version = "0.19"
source = { registry = "https://index.example.org/simple" }
wheels = [{ url = "https://index.example.org/x/uvloop-0.19-cp312-cp312-manylinux_2_17_x86_64.whl", hash = "sha256:a" }]
"#;

#[test]
fn uv_locks_are_walked_from_the_project() {
    let project = "[project]\nname = \"app\"\nversion = \"0.1\"\ndependencies = [\"uvicorn[standard]\"]\n";
    let context = Context::from_memory([("pyproject.toml", project), ("uv.lock", UV)]);
    let brought = brings(&context, "uv sync --frozen --no-dev --no-install-project", 12);
    assert_eq!(names(&brought), ["uvicorn", "uvloop"]);
    assert_eq!(brought.complete.value(), Some(&true));
    assert!(!install("uv sync --frozen --no-install-project").builds_project);
    // arm64 has neither wheel nor sdist.
    assert!(wheel(named(&brought, "uvloop"), 12).why_unknown().unwrap().contains("aarch64"));
    assert_eq!(names(&brings(&context, "uv sync", 12)), ["ruff", "uvicorn", "uvloop"]);
    let with_extra = brings(&context, "uv sync --no-dev --extra db", 12);
    assert_eq!(wheel(named(&with_extra, "psycopg2"), 12).value(), Some(&Wheel::SdistOnly));
    assert_eq!(names(&brings(&context, "uv sync --only-group dev", 12)), ["ruff"]);
}

#[test]
fn members_of_a_uv_workspace_use_the_lock_above() {
    let own = |name: &str, dir: &str, needs: &str| {
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"0\"\nsource = {{ editable = \"{dir}\" }}\ndependencies = [{{ name = \"{needs}\" }}]\n\n"
        )
    };
    let pure = |name: &str| {
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"1\"\nsource = {{ registry = \"https://pypi.org/simple\" }}\nwheels = [{{ url = \"https://x/{name}-1-py3-none-any.whl\" }}]\n\n"
        )
    };
    let lock = [
        "version = 1\n\n".to_owned(),
        own("api", "services/api", "flask"),
        own("job", "services/job", "rq"),
        pure("flask"),
        pure("rq"),
    ]
    .concat();
    let project = "[project]\nname = \"x\"\n";
    let context = Context::from_memory([
        ("uv.lock", lock.as_str()),
        ("pyproject.toml", "[tool.uv.workspace]\nmembers = [\"services/*\"]\n"),
        ("services/api/pyproject.toml", project),
        ("services/new/pyproject.toml", project),
    ]);
    let of = |dir: &str, command: &str| {
        let inside = |path: &str| dfslim::project::paths::join(dir, path);
        Python::read(&context, dir).unwrap().dependencies(&install(command), Some(12), &inside)
    };
    assert_eq!(names(&of("services/api", "uv sync --no-dev")), ["flask"]);
    assert_eq!(of("services/api", "uv sync").complete.value(), Some(&true));
    assert_eq!(names(&of("", "uv sync")), ["flask", "rq"]);
    assert_eq!(names(&of("", "uv sync --package job")), ["rq"]);
    assert!(of("services/new", "uv sync").complete.why_unknown().unwrap().contains("services/new"));
    assert!(of("", "uv sync --package gone").complete.why_unknown().is_some());
}

#[test]
fn a_python_that_the_project_rules_out_is_told() {
    let of = |wanted: &str| {
        let project = format!("[project]\nname = \"x\"\nrequires-python = \"{wanted}\"\ndependencies = []\n");
        let context = Context::from_memory([("pyproject.toml", project.as_str())]);
        brings(&context, "pip install .", 12).complete
    };
    for wanted in [">=3.12", ">=3.12.4", "==3.12.*", "~=3.11", "<=3.12", "^3.12"] {
        assert!(of(wanted).is_yes(), "{wanted}: {:?}", of(wanted));
    }
    for wanted in [">=3.13", "<3.12", "==3.11.*"] {
        assert!(of(wanted).why_unknown().unwrap().starts_with("pyproject.toml:3: "), "{wanted}: {:?}", of(wanted));
    }
}

#[test]
fn whether_a_wheel_for_glibc_is_there_is_a_question_of_its_own() {
    let context = Context::from_memory([(
        "requirements.txt",
        "orjson==3.11.0\nsqlalchemy==2.0.40\nmysqlclient\ntorch\nrequests==2.20\nunheard-of\norjson-x==1\nscikit-learn==0.20\n",
    )]);
    let brought = brings(&context, "pip install -r requirements.txt", 12);
    let intel = Target { arches: &[dfslim::project::python::wheel::Arch::X86_64], ..Target::new(Some(12)) };
    let on = |name: &str| named(&brought, name).wheel_for_glibc(&intel).value().copied();
    assert_eq!(on("sqlalchemy"), Some(true));
    assert_eq!(on("torch"), Some(true));
    assert_eq!(on("requests"), Some(true));
    assert_eq!(on("mysqlclient"), Some(false));
    assert_eq!(on("unheard-of"), None);
    assert_eq!(on("scikit-learn"), None);
    // Seen in lock files with a wheel for arm64 as well.
    assert_eq!(named(&brought, "sqlalchemy").wheel_for_glibc(&Target::new(Some(12))).value(), Some(&true));
}

#[test]
fn flat_locks_are_read_by_group() {
    let pdm = "[metadata]\nlock_version = \"4.4\"\n\n[[package]]\nname = \"Requests\"\nversion = \"2.31.0\"\ngroups = [\"default\"]\n\
               files = [{file = \"requests-2.31.0-py3-none-any.whl\", hash = \"x\"}]\n\n[[package]]\nname = \"pytest\"\nversion = \"8\"\n\
               groups = [\"test\"]\nfiles = [{url = \"https://x/pytest-8-py3-none-any.whl#sha256=1\"}]\n";
    let context = Context::from_memory([("pyproject.toml", "[project]\nname = \"x\"\n"), ("pdm.lock", pdm)]);
    let brought = brings(&context, "pdm sync --prod", 12);
    assert_eq!(names(&brought), ["requests"]);
    assert_eq!(wheel(&brought.list[0], 12).value(), Some(&Wheel::Pure));
    assert_eq!(names(&brings(&context, "pdm install --prod -G test", 12)), ["pytest", "requests"]);

    let pipfile = "{\"_meta\": {}, \"default\": {\"Flask\": {\"hashes\": [], \"version\": \"==3.1.1\"},\n\"own\": {\"git\": \"https://x\"}},\n\
                   \"develop\": {\"pytest\": {\"version\": \"==8.0\"}}}";
    let context = Context::from_memory([("Pipfile", ""), ("Pipfile.lock", pipfile)]);
    let brought = brings(&context, "pipenv install --system --deploy", 12);
    assert_eq!(names(&brought), ["flask", "own"]);
    assert_eq!(named(&brought, "flask").version.as_deref(), Some("3.1.1"));
    assert_eq!(named(&brought, "own").evidence.line, Some(2));
    assert!(wheel(named(&brought, "own"), 12).why_unknown().unwrap().contains("built from"));
    assert_eq!(names(&brings(&context, "pipenv sync --dev", 12)).len(), 3);
}

#[test]
fn malformed_locks_are_unknown_with_the_line() {
    let deep = format!("x = {}", "[".repeat(100_000));
    for (file, text, line) in [
        ("poetry.lock", "[[package]]\nname = \"a\"\n<<<<<<< HEAD\n", Some(3)),
        ("uv.lock", "version = 1\n[[package]\n", Some(2)),
        ("Pipfile.lock", "{\"default\": {\n,}}", Some(2)),
        ("pdm.lock", deep.as_str(), Some(1)),
    ] {
        let context = Context::from_memory([(file, text), ("pyproject.toml", "[project]\nname = \"x\"\n")]);
        let kind =
            [Kind::Poetry, Kind::Uv, Kind::Pipfile, Kind::Pdm].into_iter().find(|kind| kind.file() == file).unwrap();
        assert!(lock::read(&context, "", kind).unwrap().why_unknown().is_some(), "{file}");
        let warnings = context.warnings();
        assert_eq!((warnings[0].file.as_str(), warnings[0].line), (file, line), "{}", warnings[0]);
    }
}

#[test]
fn a_malformed_pyproject_leaves_everything_unknown() {
    let context =
        Context::from_memory([("pyproject.toml", "[project]\nname = \"x\ndependencies = []\n"), ("app.py", "")]);
    let project = Python::read(&context, "").unwrap();
    assert!(project.pyproject().is_none());
    assert!(project.requires(&[]).why_unknown().is_some());
    assert!(project.needs_git().why_unknown().is_some());
    assert_eq!(context.warnings()[0].line, Some(2));
    assert!(brings(&context, "pip install .", 12).complete.value().is_none());
}

#[test]
fn projects_say_what_they_require() {
    let pyproject = "[project]\nname = \"App_X\"\nreadme = {file = \"docs/README.rst\"}\nlicense = {file = \"LICENSE\"}\n\
        license-files = [\"NOTICE\", \"LICEN[CS]E*\"]\nrequires-python = \">=3.11\"\ndependencies = [\"redis>=4\", \"tzdata; sys_platform == 'win32'\"]\n\
        [project.optional-dependencies]\nProd = [\"gunicorn\"]\n[project.scripts]\nserve = \"app.cli:main\"\n\
        [dependency-groups]\ndev = [{include-group = \"lint\"}]\nlint = [\"ruff\"]\n";
    let context = Context::from_memory([("api/pyproject.toml", pyproject)]);
    let project = Python::read(&context, "api").unwrap();
    let own = project.pyproject().unwrap();
    assert_eq!(own.name.as_deref(), Some("app-x"));
    assert_eq!(own.requires_python.as_ref().unwrap().0, ">=3.11");
    assert_eq!(own.groups["dev"][0].name, "ruff");
    let files: Vec<_> = project.metadata_files().into_iter().map(|(path, _)| path).collect();
    assert_eq!(files, ["api/docs/README.rst", "api/LICENSE", "api/NOTICE"]);
    assert_eq!(project.scripts()[0].target, "app.cli:main");
    let required = project.requires(&["prod".to_owned()]);
    assert_eq!(
        required.value().unwrap().iter().map(|one| one.name.as_str()).collect::<Vec<_>>(),
        ["redis", "tzdata", "gunicorn"]
    );
    let project = Python::read(&context, "api").unwrap();
    let inside = |path: &str| dfslim::project::paths::join("api", path);
    let brought = project.dependencies(&install("pip install .[prod]"), Some(12), &inside);
    assert!(names(&brought).contains(&"gunicorn") && !names(&brought).contains(&"tzdata"), "{:?}", names(&brought));
    assert_eq!(brought.reads, ["api/pyproject.toml"]);
}

#[test]
fn setup_files_are_read_without_running_them() {
    let cfg = "[metadata]\nname = x\nlong_description = file: README.md, CHANGES.md\nlicense_files = LICENSE\n\
               [options]\ninstall_requires =\n    redis>=4\n    # why\n    rq ; python_version > '3'\n\
               [options.extras_require]\ntest = pytest\n[options.entry_points]\nconsole_scripts =\n    tool = x.cli:main\n";
    let context = Context::from_memory([("setup.cfg", cfg)]);
    let project = Python::read(&context, "").unwrap();
    assert_eq!(project.requires(&["test".to_owned()]).value().unwrap().len(), 3);
    assert_eq!(project.scripts()[0].name, "tool");
    let files: Vec<_> = project.metadata_files().into_iter().map(|(path, at)| (path, at.line.unwrap())).collect();
    assert_eq!(files, [("README.md".to_owned(), 3), ("CHANGES.md".to_owned(), 3), ("LICENSE".to_owned(), 4)]);

    let py = "from setuptools import setup\nwith open('README.md') as f: d = f.read()\nsetup(\n  name='x',\n  install_requires=['redis', \"rq>=1\"],\n\
              entry_points={'console_scripts': ['a=b:c']},\n)\n";
    let context = Context::from_memory([("setup.py", py), ("README.md", "")]);
    let project = Python::read(&context, "").unwrap();
    assert_eq!(project.requires(&[]).value().unwrap().len(), 2);
    assert_eq!(project.metadata_files()[0].0, "README.md");
    assert_eq!(project.scripts()[0].target, "b:c");
    assert!(project.needs_git().is_no());

    let computed = "setup(install_requires=open('requirements.txt').read().splitlines(), use_scm_version=True)";
    let context = Context::from_memory([("setup.py", computed), ("requirements.txt", "redis\n")]);
    let project = Python::read(&context, "").unwrap();
    assert!(project.requires(&[]).why_unknown().unwrap().contains("requirements.txt"));
    assert!(project.needs_git().is_yes());
}

#[test]
fn versions_from_git_are_found() {
    for (text, answer) in [
        ("[build-system]\nrequires = [\"setuptools>=64\", \"setuptools_scm>=8\"]\n", Some(true)),
        ("[tool.setuptools_scm]\n", Some(true)),
        ("[tool.hatch.version]\nsource = \"vcs\"\n", Some(true)),
        ("[tool.hatch.version]\npath = \"src/x/__init__.py\"\n", Some(false)),
        ("[tool.pdm.version]\nsource = \"scm\"\n", Some(true)),
        ("[tool.poetry-dynamic-versioning]\nenable = true\n", Some(true)),
        ("[tool.poetry-dynamic-versioning]\nenable = false\n", Some(false)),
        (
            "[build-system]\nrequires = [\"flit_core\"]\nbuild-backend = \"flit_core.buildapi\"\n[project]\nname = \"x\"\ndynamic = [\"version\"]\n",
            Some(false),
        ),
        (
            "[build-system]\nrequires = [\"odd\"]\nbuild-backend = \"odd.api\"\n[project]\nname = \"x\"\ndynamic = [\"version\"]\n",
            None,
        ),
        ("[project]\nname = \"x\"\nversion = \"1\"\n", Some(false)),
    ] {
        let context = Context::from_memory([("pyproject.toml", text)]);
        let found = Python::read(&context, "").unwrap().needs_git();
        assert_eq!(found.value().copied(), answer, "{text}");
        assert!(!found.evidence().is_empty(), "{text}");
    }
}

#[test]
fn install_commands_are_understood() {
    let pip =
        install("/opt/venv/bin/pip3 --no-cache-dir install -Ur requirements.txt -c limits.txt .[web] --user flask==3");
    assert_eq!(pip.tool, Tool::Pip);
    assert_eq!(pip.elsewhere.as_deref(), Some("--user"));
    let project = Part::Project { dir: ".".to_owned(), extras: vec!["web".to_owned()], editable: false };
    assert!(pip.parts.contains(&project) && pip.builds_project);
    assert!(pip.parts.contains(&Part::Named("flask==3".to_owned())));
    assert!(pip.parts.contains(&Part::Constraints("limits.txt".to_owned())));
    assert!(pip.parts.contains(&Part::Requirements("requirements.txt".to_owned())));
    assert_eq!(install("pip install -qr req.txt").parts, [Part::Requirements("req.txt".to_owned())]);
    assert_eq!(install("python -m pip install -rreq.txt").parts, [Part::Requirements("req.txt".to_owned())]);
    assert_eq!(install("uv pip install --system -r pyproject.toml").tool, Tool::UvPip);
    assert_eq!(install("poetry install --no-root --without dev,test").dev, Some(false));
    assert_eq!(install("python -u -m poetry install").tool, Tool::Poetry);
    assert!(install("pipenv install --system").into_system);
    assert_eq!(install("python setup.py develop").tool, Tool::Setup);
    assert_eq!(install("conda env create -f environment.yml").tool, Tool::Conda);
    for command in [
        "pip --version",
        "pip freeze",
        "pip wheel .",
        "python app.py",
        "uv run app",
        "poetry export",
        "apt-get install pip",
        "pip",
    ] {
        assert_eq!(Install::read(&words(command)), None, "{command}");
    }
    let computed = Install::read(&[Some("pip"), Some("install"), None]).unwrap();
    assert!(matches!(computed.parts[..], [Part::Unknown(_)]));
    assert_eq!(Install::read(&[]), None);
}

#[test]
fn what_does_not_come_from_the_context_is_unknown() {
    let context = Context::from_memory([("requirements.txt", "redis\n")]);
    let project = Python::read(&context, "").unwrap();
    let brought = project.dependencies(&install("pip install -r /tmp/exported.txt"), Some(12), &|_| None);
    assert!(brought.complete.why_unknown().unwrap().contains("/tmp/exported.txt"));
    let brought = project.dependencies(&install("conda install numpy"), Some(12), &|_| None);
    assert!(brought.complete.why_unknown().unwrap().contains("conda"));
}

#[test]
fn start_commands_are_understood() {
    let gunicorn = start("gunicorn -w 4 --bind 0.0.0.0:9000 --chdir src project.wsgi:application");
    assert_eq!(
        (gunicorn.server, gunicorn.module.as_deref(), gunicorn.attribute.as_deref()),
        (Server::Gunicorn, Some("project.wsgi"), Some("application"))
    );
    assert_eq!((gunicorn.ports, gunicorn.directory.as_deref()), (vec![9000], Some("src")));
    let uvicorn = start("uvicorn app.main:app --host 0.0.0.0 --port 80 --reload");
    assert_eq!((uvicorn.ports, uvicorn.development), (vec![80], true));
    assert_eq!(start("uvicorn main:app").ports, [8000]);
    assert_eq!(start("python -m uvicorn main:app --port=8080").ports, [8080]);
    let manage = start("python manage.py runserver 0.0.0.0:8001");
    assert_eq!((manage.server, manage.ports, manage.development), (Server::DjangoRunserver, vec![8001], true));
    assert_eq!(start("python manage.py migrate").server, Server::DjangoCommand("migrate".to_owned()));
    assert_eq!(start("flask --app hello run -p 5001").module.as_deref(), Some("hello"));
    assert_eq!(start("python3.12 -u src/app.py --x").script.as_deref(), Some("src/app.py"));
    assert_eq!(start("python -m package.tool").module.as_deref(), Some("package.tool"));
    let run = start("poetry run gunicorn app:app");
    assert_eq!((run.runner.as_deref(), run.server), (Some("poetry run"), Server::Gunicorn));
    assert_eq!(start("uv run --no-sync main.py").script.as_deref(), Some("main.py"));
    assert_eq!(start("fastapi run app/main.py --port 80").script.as_deref(), Some("app/main.py"));
    assert_eq!(start("gunicorn -c gunicorn.conf.py app:app").config.as_deref(), Some("gunicorn.conf.py"));
    assert!(start("gunicorn -c gunicorn.conf.py app:app").ports.is_empty());
    assert_eq!(start("celery -A proj worker -l info").module.as_deref(), Some("proj"));
    for command in ["node app.js", "python -m pip install x", "python -c pass", "python", "bash start.sh", "uv sync"] {
        assert_eq!(Start::read(&words(command)), None, "{command}");
    }
    let partly = Start::read(&[Some("gunicorn"), Some("--bind"), None, Some("app:app")]).unwrap();
    assert!(partly.partly && partly.ports.is_empty());
    assert_eq!(partly.module.as_deref(), Some("app"));
}

#[test]
fn the_started_file_is_found() {
    let context = Context::from_memory([("app/main.py", ""), ("pkg/__main__.py", ""), ("run.py", "")]);
    assert_eq!(start("uvicorn app.main:app").file(&context, "").as_deref(), Some("app/main.py"));
    assert_eq!(start("uvicorn --app-dir app main:app").file(&context, "").as_deref(), Some("app/main.py"));
    assert_eq!(start("python -m pkg").file(&context, "").as_deref(), Some("pkg/__main__.py"));
    assert_eq!(start("python run.py").file(&context, "").as_deref(), Some("run.py"));
    assert_eq!(start("python gone.py").file(&context, ""), None);
}

#[test]
fn the_code_says_what_it_reads_writes_and_starts() {
    let code = r#"
import logging, os.path as p
from pathlib import Path
import sqlite3, subprocess, uvicorn, nltk
# open("comment", "w")
TEXT = """open("text", "w")"""
open("data/out.json", mode="w")
open('config.yml')
open(name, "a")
Path("cache").mkdir(exist_ok=True)
(Path("x") / "y").mkdir()
Path("state.txt").write_text("a")
os.makedirs("uploads", exist_ok=True)
sqlite3.connect("app.db")
engine = create_engine("sqlite:///./test.db")
logging.FileHandler(filename="logs/app.log")
app.config["UPLOAD_FOLDER"] = "static/uploads"
STATIC_ROOT = BASE_DIR / "staticfiles"
subprocess.run(["ffmpeg", "-i", x])
os.system("git status")
uvicorn.run(app, host="0.0.0.0", port=8080)
server.run(port=int(os.environ["PORT"]))
nltk.download("punkt")
HTTPServer(("", 9090), H)
"#;
    let context = Context::from_memory([
        ("app/main.py", code),
        ("tests/test_x.py", "open('no', 'w')"),
        ("conftest.py", "open('no', 'w')"),
        ("venv/lib/x.py", "open('no', 'w')"),
        ("local/x.py", "open('no', 'w')"),
        (".dockerignore", "local\n"),
    ]);
    let context = Context::from_memory(
        [("requirements.txt", "")]
            .into_iter()
            .chain([("app/main.py", code)])
            .chain(
                ["tests/test_x.py", "conftest.py", "venv/lib/x.py", "local/x.py"].map(|path| (path, "open('no', 'w')")),
            )
            .chain([(".dockerignore", "local\n")]),
    )
    .for_dockerfile(context.dockerfile());
    let project = Python::read(&context, "").unwrap();
    let scan = project.scan();
    let values = |what: Use| scan.of(what).map(|found| found.value.as_deref()).collect::<Vec<_>>();
    assert_eq!(scan.files, 1);
    assert_eq!(scan.complete.value(), Some(&true));
    assert_eq!(values(Use::Writes), [Some("data/out.json"), None, Some("state.txt")]);
    assert_eq!(values(Use::Reads), [Some("config.yml")]);
    assert_eq!(values(Use::MakesDirectory), [Some("cache"), None, Some("uploads")]);
    assert_eq!(values(Use::Database), [Some("app.db"), Some("./test.db")]);
    assert_eq!(values(Use::Log), [Some("logs/app.log")]);
    assert_eq!(values(Use::Upload), [Some("static/uploads")]);
    assert_eq!(values(Use::Static), [None]);
    assert_eq!(values(Use::Runs), [Some("ffmpeg"), Some("git")]);
    assert_eq!(values(Use::Port), [Some("8080"), None, Some("9090")]);
    assert!(values(Use::Data).contains(&Some("nltk")));
    let imports: Vec<_> = scan.imports.keys().map(String::as_str).collect();
    assert_eq!(imports, ["logging", "nltk", "os", "pathlib", "sqlite3", "subprocess", "uvicorn"]);
    assert_eq!(scan.found[0].evidence().line, Some(4));
}

#[test]
fn odd_sources_do_not_hang_or_panic() {
    let nested = "open(".repeat(20_000);
    let quotes = "\"\"\"".repeat(9_999);
    for code in [
        nested.as_str(),
        quotes.as_str(),
        "import",
        "from . import x\nimport a,",
        "open(\n",
        "MEDIA_ROOT =",
        "x[\"UPLOAD_FOLDER\"]=",
    ] {
        let context = Context::from_memory([("app.py", code)]);
        Python::read(&context, "").unwrap().scan();
    }
}

#[test]
fn other_directories_are_no_python() {
    let context = Context::from_memory([("package.json", "{}"), ("scripts/x.py", "")]);
    assert!(Python::read(&context, "").is_none());
    assert!(Python::read(&context, "missing").is_none());
    assert!(Python::read(&context, "../x").is_none());
    let conda = Context::from_memory([("environment.yml", "")]);
    assert!(Python::read(&conda, "").unwrap().conda().is_some());
}

#[test]
fn the_tables_equal_the_yaml() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/facts/python-native.yaml")).unwrap();
    let yaml: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
    let written = yaml["packages"].as_sequence().unwrap();
    assert_eq!(native::natives().len(), written.len());
    for entry in written {
        let name = dfslim::project::python::name::normalize(entry["name"].as_str().unwrap());
        let known = native::native(&name).unwrap_or_else(|| panic!("{name} is in the table"));
        assert_eq!(known.seen, entry["seen"].as_str().unwrap());
        assert_eq!(known.source, entry["source"].as_str().unwrap());
        assert!(!known.source.is_empty());
        let files = entry["files"].as_sequence().unwrap();
        assert_eq!(
            files.len(),
            [known.sdist, known.any, known.manylinux, known.musllinux].into_iter().filter(|has| *has).count()
        );
    }
    let sorted = |names: Vec<&str>| names.windows(2).all(|pair| pair[0] < pair[1]);
    assert!(sorted(native::natives().iter().map(|one| one.name).collect()));
}
