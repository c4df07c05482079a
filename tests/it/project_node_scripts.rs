//! From a start command to the files and programs that run.

use dfslim::project::Context;
use dfslim::project::node::Node;
use dfslim::project::node::manifest::DependencyKind;
use dfslim::project::node::scripts::Closure;

fn app(manifest: &str, files: &[&str]) -> Node {
    let files = files.iter().map(|path| (*path, "")).chain([("package.json", manifest)]);
    Node::read(&Context::from_memory(files), "").unwrap()
}

fn start(node: &Node, command: &str) -> Closure {
    node.runs(&command.split(' ').map(str::to_owned).collect::<Vec<_>>())
}

fn programs(closure: &Closure) -> Vec<String> {
    closure.ran.iter().map(|ran| ran.words.join(" ")).collect()
}

fn entries(node: &Node, closure: &Closure) -> Vec<String> {
    node.entries(closure).into_iter().map(|entry| entry.path).collect()
}

#[test]
fn npm_start_runs_its_hooks_and_its_script() {
    let node = app(
        r#"{"scripts": {
  "prestart": "npm run build",
  "build": "tsc -p .",
  "start": "NODE_ENV=production node dist/main.js"
}, "devDependencies": {"typescript": "5"}}"#,
        &[],
    );
    let closure = start(&node, "npm start");
    assert_eq!(programs(&closure), ["tsc -p .", "node dist/main.js"]);
    assert_eq!(closure.scripts, ["prestart", "build", "start"]);
    assert_eq!(entries(&node, &closure), ["dist/main.js"]);
    assert_eq!(closure.ran[1].assignments, ["NODE_ENV=production"]);
    assert_eq!(
        closure.ran[1].from.as_ref().unwrap().to_string(),
        "package.json:4: script start: NODE_ENV=production node dist/main.js"
    );
    let tsc = &node.tools(&closure)[0];
    assert_eq!(tsc.package, Some(("typescript".to_owned(), DependencyKind::Development)));
    assert!(!node.is_bare_node(&closure));
}

#[test]
fn every_manager_and_runner_reaches_the_file() {
    let manifest = r#"{"main": "lib/app.js", "scripts": {"serve": "node server.js", "go": "yarn serve --port 1"}}"#;
    let node = app(manifest, &["lib/app.js", "bin/www.js"]);
    for (command, file) in [
        ("node server.js", "server.js"),
        ("node --max-old-space-size=512 -r ./tracing.js server.js arg", "server.js"),
        ("/usr/local/bin/node ./server.js", "server.js"),
        ("node .", "lib/app.js"),
        ("node bin/www", "bin/www.js"),
        ("npm run serve", "server.js"),
        ("npm run --silent serve", "server.js"),
        ("npm run go", "server.js"),
        ("yarn serve", "server.js"),
        ("yarn run serve", "server.js"),
        ("pnpm serve", "server.js"),
        ("pnpm run serve", "server.js"),
        ("bun run serve", "server.js"),
        ("bun server.js", "server.js"),
        ("node --run serve", "server.js"),
        ("npx tsx watch server.js", "server.js"),
        ("npm exec -- ts-node server.js", "server.js"),
        ("dumb-init node server.js", "server.js"),
        ("tini -- npm run serve", "server.js"),
        ("pm2-runtime start server.js", "server.js"),
        ("npx cross-env A=1 node server.js", "server.js"),
    ] {
        let closure = start(&node, command);
        assert_eq!(entries(&node, &closure), [file], "{command}");
        assert!(closure.gaps.is_empty(), "{command}");
    }
}

#[test]
fn commands_without_a_file_have_no_entry() {
    let node = app("{}", &["ecosystem.config.js"]);
    for command in
        ["node -e 1", "node", "node --version", "pm2-runtime ecosystem.config.js", "next start", "node /opt/x.js"]
    {
        let closure = start(&node, command);
        assert!(entries(&node, &closure).is_empty(), "{command}");
        assert!(!node.is_bare_node(&start(&node, "node --inspect x.js")));
    }
}

#[test]
fn wrappers_are_tools_too() {
    let node = app(
        r#"{"scripts": {"start": "cross-env PORT=1 dotenv -e .env -- node x.js"}, "devDependencies": {"cross-env": "7"}}"#,
        &[],
    );
    let closure = start(&node, "npm start");
    assert_eq!(programs(&closure), ["node x.js"]);
    let tools = node.tools(&closure);
    assert_eq!(tools.iter().map(|tool| tool.command.as_str()).collect::<Vec<_>>(), ["cross-env", "dotenv", "node"]);
    assert_eq!(tools[0].package.as_ref().unwrap().1, DependencyKind::Development);
    assert!(!node.is_bare_node(&closure));
}

#[test]
fn parallel_runners_are_followed() {
    let node = app(
        r#"{"scripts": {"all": "run-p api web", "api": "node api.js", "web": "node web.js", "two": "concurrently \"node a.js\" \"npm:api\""}}"#,
        &[],
    );
    assert_eq!(entries(&node, &start(&node, "npm run all")), ["api.js", "web.js"]);
    assert_eq!(entries(&node, &start(&node, "npm run two")), ["a.js", "api.js"]);
}

#[test]
fn bare_node_is_only_what_can_be_replaced() {
    let bare = |script: &str, more: &str| {
        let node = app(&format!(r#"{{"scripts": {{"start": "{script}"{more}}}}}"#), &[]);
        node.is_bare_node(&start(&node, "npm start"))
    };
    assert!(bare("node server.js", ""));
    for (script, more) in [
        ("node server.js", r#", "poststart": "echo x""#),
        ("node server.js && echo", ""),
        ("A=1 node server.js", ""),
        ("node $FILE", ""),
        ("node -r dotenv/config server.js", ""),
        ("nodemon server.js", ""),
        ("node server.js --port 1", ""),
        ("node $(cat f)", ""),
    ] {
        assert!(!bare(script, more), "{script} {more}");
    }
}

#[test]
fn what_cannot_be_followed_is_a_gap() {
    for (script, why) in [
        ("node $(which x)", "more than a list of commands"),
        ("npm run missing", "no script `missing`"),
        ("npm --prefix web run start", "another project's script"),
        ("cd web && npm run x", "another project's script"),
        ("npm run start", "without end"),
        ("pnpm --filter api start", "another project's script"),
    ] {
        let node = app(&format!(r#"{{"scripts": {{"start": "{script}", "x": "node x.js"}}}}"#), &[]);
        let closure = start(&node, "npm start");
        assert!(closure.gaps.iter().any(|gap| gap.fact.contains(why)), "{script}: {:?}", closure.gaps);
        assert!(!node.is_bare_node(&closure));
    }
}

#[test]
fn shell_text_and_the_default_start_script() {
    let node = app("{}", &["server.js"]);
    assert_eq!(entries(&node, &start(&node, "npm start")), ["server.js"]);
    let closure = node.runs_text("npm start --silent; exec node other.js > log 2>&1");
    assert_eq!(entries(&node, &closure), ["server.js", "other.js"]);
    let closure = start(&node, "sh -c");
    assert!(closure.ran.is_empty() && node.runs_text("sh -c 'node a.js'").ran.len() == 1);
    assert_eq!(node.runs_script("none").gaps.len(), 1);
}

#[test]
fn preloads_are_told() {
    let node = app("{}", &[]);
    let closure = start(&node, "node -r dotenv/config --import=./otel.mjs x.js");
    assert_eq!(node.entries(&closure)[0].preloads, ["dotenv/config", "./otel.mjs"]);
}
