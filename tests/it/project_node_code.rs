//! What the shipped code imports, listens on, writes, reads and starts.

use dfslim::project::context::{Context, Limits};
use dfslim::project::files::Memory;
use dfslim::project::node::Node;
use dfslim::project::node::code::{Access, Code};
use dfslim::project::node::manifest::DependencyKind;

const MANIFEST: &str = r#"{
  "name": "app",
  "scripts": { "build": "tsc" },
  "dependencies": { "express": "4", "@scope/kit": "1" },
  "devDependencies": { "typescript": "5", "chalk": "4" }
}"#;

fn app(files: &[(&str, &str)]) -> Node {
    let files = files.iter().copied().chain([("package.json", MANIFEST)]);
    Node::read(&Context::from_memory(files), "").unwrap()
}

fn code(text: &str) -> Code {
    app(&[("index.js", text)]).code(&["index.js".to_owned()])
}

fn packages(code: &Code) -> Vec<&str> {
    code.imports.iter().map(|import| import.package.as_str()).collect()
}

#[test]
fn every_form_of_import_is_followed() {
    let node = app(&[
        (
            "index.js",
            "const a = require('./lib');\nimport b from './b.js';\nexport * from \"./c\";\nimport('./d.mjs');\nimport './e';",
        ),
        ("lib/index.js", "require('express/lib/router'); require.resolve('@scope/kit/x')"),
        (
            "b.ts",
            "import type { T } from 'typescript';\nimport { readFile } from 'node:fs/promises'; import fs from 'fs/promises'",
        ),
        ("c.jsx", "export { x,\n  y } from '../c2'; <p>Don't</p>"),
        ("d.mjs", "new Worker('./w.js'); import data from './data.json'"),
        ("e/index.cjs", "module.exports = 1"),
        ("w.js", "// require('chalk')\nconst s = \"require('chalk')\"; x.require('chalk')"),
        ("data.json", "{}"),
        ("unused.js", "require('chalk')"),
    ]);
    let code = node.code(&["index".to_owned()]);
    assert_eq!(code.files, ["b.ts", "c.jsx", "d.mjs", "data.json", "e/index.cjs", "index.js", "lib/index.js", "w.js"]);
    assert_eq!(packages(&code), ["express", "@scope/kit"]);
    assert_eq!(code.gaps.len(), 1, "{:?}", code.gaps);
    assert!(code.gaps[0].fact.contains("../c2"));
}

#[test]
fn a_development_dependency_used_at_run_time_is_found_with_its_line() {
    let found = code("const e = require('express')\nconst c = require('chalk')");
    let missing = found.missing_in_production();
    let [chalk] = missing.value().unwrap().as_slice() else { panic!("one is missing") };
    assert_eq!((chalk.package.as_str(), chalk.declared), ("chalk", Some(DependencyKind::Development)));
    assert_eq!(missing.evidence()[0].to_string(), "index.js:2: imports chalk");
    assert_eq!(code("require('qs')").missing_in_production().value().unwrap()[0].declared, None);
    let fine = code("require('express'); require('fs')");
    assert!(fine.complete() && fine.missing_in_production().value().unwrap().is_empty());
}

#[test]
fn what_cannot_be_followed_makes_nothing_known() {
    for text in [
        "require(name)",
        "await import(`./locale/${lang}.js`)",
        "require('./missing')",
        "import x from '@/lib/x'",
        "require('./addon.node')",
        "new Worker(new URL('./w.js', import.meta.url))",
    ] {
        let node = app(&[("index.js", text), ("addon.node", "")]);
        let found = node.code(&["index.js".to_owned()]);
        assert!(!found.complete(), "{text}");
        assert!(found.missing_in_production().value().is_none(), "{text}");
    }
    assert!(!app(&[]).code(&["dist/main.js".to_owned()]).complete());
}

#[test]
fn aliases_of_the_compiler_are_followed() {
    let node = app(&[
        ("tsconfig.json", r#"{ "compilerOptions": { "baseUrl": ".", "paths": { "@/*": ["src/*"] } } }"#),
        ("src/main.ts", "import { x } from '@/lib/x'; import y from 'src/y'; import e from 'express'"),
        ("src/lib/x.ts", ""),
        ("src/y.ts", "import chalk from 'chalk'"),
    ]);
    let found = node.code(&["src/main.ts".to_owned()]);
    assert!(found.complete(), "{:?}", found.gaps);
    assert_eq!(packages(&found), ["express", "chalk"]);
}

#[test]
fn the_source_of_a_built_file_follows_the_compilers_folders() {
    let config = ("tsconfig.json", r#"{ "compilerOptions": { "outDir": "dist", "rootDir": "src" } }"#);
    let node = app(&[config, ("src/api/main.ts", "")]);
    let builds = node.builds(&node.runs_script("build"));
    let source = node.source_of("dist/api/main.js", &builds);
    assert_eq!(source.value().map(String::as_str), Some("src/api/main.ts"));
    assert_eq!(source.evidence()[0].to_string(), "tsconfig.json:1: outDir is dist");
    assert!(node.source_of("dist/other.js", &builds).value().is_none());
    assert!(node.source_of("lib/api/main.js", &builds).value().is_none());

    let manifest = r#"{"scripts": {"build": "esbuild src/main.ts --bundle --outfile=dist/main.js"}}"#;
    let bundled = Node::read(&Context::from_memory([("package.json", manifest), ("src/main.ts", "")]), "").unwrap();
    let builds = bundled.builds(&bundled.runs_script("build"));
    assert!(bundled.source_of("dist/main.js", &builds).why_unknown().unwrap().contains("bundles"));
}

#[test]
fn ports_are_numbers_variables_or_both() {
    for (text, env, number) in [
        ("app.listen(3000)", None, Some(3000)),
        ("app.listen(process.env.PORT || 8080, cb)", Some("PORT"), Some(8080)),
        ("const port = process.env.PORT ?? '5000';\napp.listen(port, () => {})", Some("PORT"), Some(5000)),
        (
            "const PORT = parseInt(process.env.HTTP_PORT || '4000', 10)\nserver.listen(PORT)",
            Some("HTTP_PORT"),
            Some(4000),
        ),
        ("fastify.listen({ port: 80, host: '0.0.0.0' })", None, Some(80)),
        ("const port = 81; fastify.listen({ host, port })", None, Some(81)),
        ("app.listen(config.port)", None, None),
    ] {
        let found = code(text);
        let [port] = found.ports.as_slice() else { panic!("{text} listens: {:?}", found.ports) };
        assert_eq!((port.env.as_deref(), port.number), (env, number), "{text}");
    }
    assert!(code("listen(3000); // app.listen(1)").ports.is_empty());
}

#[test]
fn paths_written_and_read_are_told_with_their_start() {
    for (text, access, expected) in [
        ("fs.writeFileSync('logs/a.log', x)", Access::Write, Some("logs/a.log")),
        ("fs.mkdirSync(path.join(__dirname, '..', 'uploads'), { recursive: true })", Access::Write, None),
        ("multer({ dest: 'uploads/' })", Access::Write, Some("uploads")),
        ("new transports.File({ filename: 'logs/error.log' })", Access::Write, Some("logs/error.log")),
        ("new sqlite3.Database('./data/app.db')", Access::Write, Some("data/app.db")),
        ("fs.createWriteStream(`${__dirname}/out.txt`)", Access::Write, Some("src/out.txt")),
        ("fs.copyFile('a', process.cwd() + '/b', cb)", Access::Write, Some("b")),
        ("app.use(express.static(path.join(__dirname, 'public')))", Access::Read, Some("src/public")),
        ("app.set('views', './views')", Access::Read, Some("views")),
        ("res.sendFile(path.resolve('client', 'index.html'))", Access::Read, Some("client/index.html")),
        ("fs.readFile(file)", Access::Read, None),
        ("fs.writeFile(path.join(os.tmpdir(), 'x'), y)", Access::Write, None),
    ] {
        let node = app(&[("src/index.js", text)]);
        let found = node.code(&["src/index.js".to_owned()]);
        let [used] = found.paths.as_slice() else { panic!("{text}: {:?}", found.paths) };
        assert_eq!(used.access, access, "{text}");
        let path = used.path.as_ref().and_then(|path| path.in_context("src", ""));
        let expected = if text.contains("'..'") { Some("uploads") } else { expected };
        assert_eq!(path.as_deref(), expected, "{text}");
    }
    assert!(code("function mkdir(x) {} const a = { filename: 'plain' }").paths.is_empty());
}

#[test]
fn programs_are_told_only_where_child_processes_are_loaded() {
    let found =
        code("const { exec, spawn } = require('child_process');\nexec('git log -1'); spawn('ffmpeg', a); spawn(cmd)");
    let programs: Vec<_> = found.commands.iter().map(|command| command.program.as_deref()).collect();
    assert_eq!(programs, [Some("git"), Some("ffmpeg"), None]);
    assert_eq!(found.commands[0].evidence.to_string(), "index.js:2: exec starts git");
    assert!(code("const m = /x/.exec('git log')").commands.is_empty());
}

#[test]
fn circles_large_and_odd_files_are_no_trouble() {
    let node = app(&[("a.js", "require('./b')"), ("b.js", "require('./a'); require('.')")]);
    assert_eq!(node.code(&["a.js".to_owned()]).files, ["a.js", "b.js"]);
    let files = [("package.json", MANIFEST.as_bytes().to_vec()), ("a.js", vec![b'x'; 3000]), ("b.js", vec![0, 1])];
    let files = files.map(|(path, bytes)| (path.to_owned(), bytes));
    let context = Context::new(Memory::new(files), Limits { file: 2000, ..Limits::default() });
    let found = Node::read(&context, "").unwrap().code(&["a.js".to_owned(), "b.js".to_owned()]);
    assert_eq!(
        found.gaps[0].to_string(),
        "a.js: not read: it is larger than 2000 bytes, the most that is read of such a file"
    );
    assert_eq!(found.gaps[1].to_string(), "b.js: not read: it is not text");
    // Neither nesting nor quotes that never close may cost more than their length.
    for unit in ["\\'", "=/[", "f(", "`${", "listen(", ".listen(", "writeFile(", "import "] {
        let found = code(&unit.repeat(20_000));
        assert!(found.imports.is_empty(), "{unit}");
    }
}
