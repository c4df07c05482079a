//! Build tools and where they write.

use dfslim::project::node::Node;
use dfslim::project::node::outputs::{Built, Shape};
use dfslim::project::node::tsconfig::TsConfig;
use dfslim::project::{Context, Finding};

/// What `npm run build` with this script builds first, among these files.
fn built(script: &str, files: &[(&str, &str)]) -> Built {
    let manifest = format!("{{\n\"scripts\": {{ \"build\": \"{script}\" }}\n}}");
    let files = files.iter().map(|(path, text)| (*path, (*text).to_owned())).chain([("package.json", manifest)]);
    let node = Node::read(&Context::from_memory(files), "").unwrap();
    let builds = node.builds(&node.runs_script("build"));
    builds.built.into_iter().next().unwrap_or_else(|| panic!("{script} builds nothing"))
}

fn output(script: &str, files: &[(&str, &str)]) -> Option<String> {
    built(script, files).output.value().cloned()
}

#[test]
fn defaults_and_flags() {
    for (script, expected) in [
        ("vite build", "dist"),
        ("vite build --outDir=out", "out"),
        ("vite build --outDir ../out", ""),
        ("react-scripts build", "build"),
        ("BUILD_PATH=./web react-scripts build", "web"),
        ("next build", ".next"),
        ("webpack --mode production", "dist"),
        ("webpack -o ./public/js", "public/js"),
        ("rollup -i src/x.js -o lib/x.js", "lib/x.js"),
        ("esbuild src/x.ts --bundle --outfile=build/x.js", "build/x.js"),
        ("esbuild src/x.ts", ""),
        ("parcel build index.html", "dist"),
        ("parcel build --dist-dir www", "www"),
        ("tsup src/index.ts", "dist"),
        ("tsup src/index.ts -d lib", "lib"),
        ("ncc build x.js -o bundle", "bundle"),
        ("babel src -d lib", "lib"),
        ("swc src", ""),
        ("vue-cli-service build", "dist"),
        ("nuxt build", ".output"),
        ("astro build", "dist"),
        ("gatsby build", "public"),
        ("remix build", "build"),
    ] {
        assert_eq!(output(script, &[]).unwrap_or_default(), expected, "{script}");
    }
}

#[test]
fn configuration_files_win_over_defaults() {
    for (script, file, text, expected) in [
        ("vite build", "vite.config.ts", "export default defineConfig({ build: { outDir: 'site' } })", "site"),
        ("vite build", "vite.config.js", "export default { plugins: [] }", "dist"),
        (
            "webpack",
            "webpack.config.js",
            "module.exports = { output: { path: path.resolve(__dirname, 'build') } }",
            "build",
        ),
        ("webpack", "webpack.config.js", "module.exports = { entry: './x' }", "dist"),
        (
            "webpack -c conf/prod.js",
            "conf/prod.js",
            "module.exports = { output: { path: path.join(__dirname, '..', 'www') } }",
            "www",
        ),
        (
            "rollup -c",
            "rollup.config.mjs",
            "export default [{ output: [{ dir: 'lib', format: 'es' }, { dir: 'lib' }] }]",
            "lib",
        ),
        ("next build", "next.config.js", "module.exports = { distDir: 'build' }", "build"),
        ("tsup", "tsup.config.ts", "export default defineConfig({ outDir: 'out' })", "out"),
        ("vue-cli-service build", "vue.config.js", "module.exports = { outputDir: 'public' }", "public"),
    ] {
        assert_eq!(output(script, &[(file, text)]).as_deref(), Some(expected), "{script} {text}");
    }
}

#[test]
fn what_a_configuration_does_not_plainly_say_is_unknown() {
    for (script, file, text) in [
        ("vite build", "vite.config.ts", "export default { build: { outDir: process.env.OUT } }"),
        ("vite build", "vite.config.ts", "export default mergeConfig(base, {})"),
        ("vite build", "vite.config.ts", "export default { root: 'client' }"),
        ("webpack", "webpack.config.js", "module.exports = merge(common, { mode: 'production' })"),
        ("webpack", "webpack.config.js", "module.exports = { ...common }"),
        ("react-scripts build", ".env", "PORT=1\nBUILD_PATH=x\n"),
        ("rollup -c", "rollup.config.js", "export default { output: { file: pkg.main } }"),
        ("tsc", "tsconfig.json", "{ \"extends\": \"@tsconfig/node20/tsconfig.json\" }"),
        ("tsc", "tsconfig.json", "{ \"compilerOptions\": {,\n"),
        ("ng build", "angular.json", "{ \"projects\": { \"a\": {}, \"b\": {} } }"),
        ("nest build", "nest-cli.json", "{ \"monorepo\": true }"),
    ] {
        let found = built(script, &[(file, text)]).output;
        assert!(matches!(found, Finding::Unknown { .. }), "{script} {text}: {found:?}");
    }
}

#[test]
fn next_tells_its_mode() {
    let mode = |text: &str| built("next build", &[("next.config.mjs", text)]).mode;
    let standalone = mode("const c = {\n  output: 'standalone',\n};\nexport default c");
    assert_eq!(standalone.value().map(String::as_str), Some("standalone"));
    assert_eq!(standalone.evidence()[0].to_string(), "next.config.mjs:2: output is 'standalone'");
    assert_eq!(mode("export default {}").value().map(String::as_str), Some(""));
    assert!(mode("export default { output: isDocker ? 'standalone' : undefined }").value().is_none());
    let export = built("next build", &[("next.config.mjs", "export default { output: 'export' }")]);
    assert_eq!(export.output.value().map(String::as_str), Some("out"));
    assert_eq!(built("next build", &[]).mode.value().map(String::as_str), Some(""));
}

#[test]
fn the_compiler_writes_where_the_nearest_configuration_says() {
    let base = r#"{ // shared
  "compilerOptions": { "outDir": "./lib", "rootDir": "src", "baseUrl": ".", "paths": { "@app/*": ["src/*"], }, },
}"#;
    let files = [("config/base.json", base), ("tsconfig.json", r#"{ "extends": "./config/base" }"#)];
    let found = built("tsc", &files);
    assert_eq!(found.shape, Shape::PerFile);
    assert_eq!(found.output.value().map(String::as_str), Some("config/lib"));
    assert_eq!(found.output.evidence()[0].to_string(), "config/base.json:2: outDir is ./lib");
    let nearer = [
        ("config/base.json", base),
        ("tsconfig.json", r#"{ "extends": ["./config/base.json"], "compilerOptions": { "outDir": "dist" } }"#),
    ];
    assert_eq!(output("tsc --build", &nearer).as_deref(), Some("dist"));
    assert_eq!(output("tsc -p tsconfig.json --outDir out", &nearer).as_deref(), Some("out"));
    let config = TsConfig::read(&Context::from_memory(nearer), "tsconfig.json").unwrap();
    assert_eq!(config.aliased("@app/x/y"), ["config/src/x/y"]);
    assert_eq!(config.root_dir.as_deref(), Some("config/src"));
}

#[test]
fn the_compiler_may_write_nothing_or_beside_the_sources() {
    let none = built("tsc", &[("tsconfig.json", r#"{ "compilerOptions": { "noEmit": true, "outDir": "dist" } }"#)]);
    assert_eq!(none.shape, Shape::Nothing);
    assert_eq!(built("tsc --noEmit", &[]).shape, Shape::Nothing);
    let beside = built("tsc", &[("tsconfig.json", "{}")]);
    assert_eq!(beside.output.value().map(String::as_str), Some(""));
    let circle = [("tsconfig.json", r#"{ "extends": "./tsconfig.json" }"#)];
    assert!(matches!(built("tsc", &circle).output, Finding::Unknown { .. }));
}

#[test]
fn nest_reads_its_own_and_the_compilers_configuration() {
    let build = ("tsconfig.build.json", r#"{ "extends": "./tsconfig.json" }"#);
    let base = ("tsconfig.json", r#"{ "compilerOptions": { "outDir": "./dist" } }"#);
    assert_eq!(output("nest build", &[build, base]).as_deref(), Some("dist"));
    let cli = ("nest-cli.json", r#"{ "compilerOptions": { "tsConfigPath": "conf.json" } }"#);
    let conf = ("conf.json", r#"{ "compilerOptions": { "outDir": "./out" } }"#);
    assert_eq!(output("nest build", &[cli, build, base, conf]).as_deref(), Some("out"));
}

#[test]
fn angular_writes_where_its_workspace_says() {
    let workspace = |builder: &str, options: &str| {
        let text = format!(
            r#"{{ "projects": {{ "shop": {{ "architect": {{ "build": {{ "builder": "{builder}", "options": {{ {options} }} }} }} }} }} }}"#
        );
        output("ng build --configuration production", &[("angular.json", &text)]).unwrap()
    };
    let (browser, application) = ("@angular-devkit/build-angular:browser", "@angular/build:application");
    assert_eq!(workspace(browser, r#""outputPath": "www""#), "www");
    assert_eq!(workspace(browser, ""), "dist/shop");
    assert_eq!(workspace(application, ""), "dist/shop/browser");
    assert_eq!(workspace(application, r#""outputPath": { "base": "dist/x", "browser": "" }"#), "dist/x");
}

#[test]
fn several_tools_and_unknown_commands_are_told_apart() {
    let manifest = r#"{"scripts": {"build": "prisma generate && tsc --noEmit && vite build && node scripts/copy.js"}}"#;
    let node = Node::read(&Context::from_memory([("package.json", manifest)]), "").unwrap();
    let builds = node.builds(&node.runs_script("build"));
    let tools: Vec<_> = builds.built.iter().map(|built| built.tool.as_str()).collect();
    assert_eq!(tools, ["tsc", "vite"]);
    let others: Vec<_> = builds.others.iter().map(|ran| ran.words.join(" ")).collect();
    assert_eq!(others, ["prisma generate", "node scripts/copy.js"]);
}
