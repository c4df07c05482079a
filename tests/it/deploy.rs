//! What compose, bake, skaffold and CI files say of a Dockerfile, and the context that follows.

use dfslim::dockerfile::Dockerfile;
use dfslim::image::Stages;
use dfslim::passes::Builder;
use dfslim::project::Context;
use dfslim::project::deploy::choice::{context_of, wants};
use dfslim::project::deploy::said::{Check, MountKind, Place, Said};
use dfslim::project::deploy::{Deployments, Usage};
use dfslim::project::finding::Finding;

fn usage(dockerfile: &str, files: &[(&str, &str)]) -> Usage {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
    Deployments::new(Context::from_memory(files)).usage(dockerfile)
}

fn warnings(files: &[(&str, &str)]) -> Vec<String> {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
    let deployments = Deployments::new(Context::from_memory(files));
    let _ = deployments.usage("Dockerfile");
    deployments.repository().warnings().iter().map(ToString::to_string).collect()
}

/// The context of a Dockerfile with this text.
fn context(dockerfile: &str, text: &str, files: &[(&str, &str)]) -> Finding<String> {
    let all = files.iter().copied().chain([(dockerfile, text)]);
    let all = all.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()));
    let deployments = Deployments::new(Context::from_memory(all));
    let file = Dockerfile::parse(text);
    let wanted = wants(&file, &Stages::of(&file));
    context_of(&deployments.usage(dockerfile), deployments.repository(), &wanted)
}

fn values(said: &[&Said]) -> Vec<String> {
    said.iter().map(|said| said.value().map_or_else(|| format!("?{}", said.text), str::to_owned)).collect()
}

fn contexts(usage: &Usage) -> Vec<String> {
    let text = |place: &Place| match place {
        Place::Inside(dir) => dir.clone(),
        Place::Elsewhere(text) => format!("!{text}"),
        Place::Unknown(text) => format!("?{text}"),
    };
    usage.builds.iter().map(|build| text(&build.context)).collect()
}

const COMPOSE: &str = "\
services:
  web:
    build:
      context: ./services/web
      target: ${TARGET:-prod}
      args:
        NODE_ENV: production
        TOKEN: ${TOKEN}
      platforms: [linux/amd64, linux/arm64]
    user: \"1000:1000\"
    command: npm run dev
    ports:
      - \"127.0.0.1:8080:3000/tcp\"
      - 9229
      - target: 80
        published: 8080
    volumes:
      - ./services/web:/app:ro
      - data:/data
      - /app/node_modules
      - /var/run/docker.sock:/var/run/docker.sock
      - type: bind
        source: ./x
        target: /x
    healthcheck:
      test: [\"CMD\", \"curl\", \"-f\", \"http://localhost\"]
    environment:
      PORT: 3000
    read_only: true
    privileged: true
    cap_add: [NET_ADMIN]
    platform: linux/amd64
";

#[test]
fn a_service_tells_how_it_is_built_and_run() {
    let usage = usage("services/web/Dockerfile", &[("docker-compose.yml", COMPOSE)]);
    assert_eq!(contexts(&usage), ["services/web"]);
    assert_eq!(values(&usage.targets()), ["prod"]);
    assert_eq!(usage.targets()[0].evidence.to_string(), "docker-compose.yml:5: the target is `prod`");
    let args: Vec<_> = usage.args().iter().map(|arg| (arg.name.as_str(), arg.value.as_deref())).collect();
    assert_eq!(args, [("NODE_ENV", Some("production")), ("TOKEN", None)]);
    assert_eq!(values(&usage.platforms()), ["linux/amd64", "linux/arm64", "linux/amd64"]);
    assert_eq!(values(&usage.users()), ["1000:1000"]);
    assert_eq!(usage.commands()[0].words, ["npm", "run", "dev"]);
    assert_eq!(usage.commands()[0].evidence.line, Some(11));
    let ports: Vec<_> = usage.ports().iter().map(|port| port.number.unwrap()).collect();
    assert_eq!(ports, [3000, 9229, 80]);
    let mounts: Vec<_> =
        usage.mounts().iter().map(|mount| (mount.kind, mount.target.text.as_str(), mount.writable)).collect();
    let expected = [
        (MountKind::Bind, "/app", false),
        (MountKind::Volume, "/data", true),
        (MountKind::Anonymous, "/app/node_modules", true),
        (MountKind::DockerSocket, "/var/run/docker.sock", true),
        (MountKind::Bind, "/x", true),
    ];
    assert_eq!(mounts, expected);
    assert_eq!(usage.mounts()[0].place, Some(Place::Inside("services/web".to_owned())));
    assert!(matches!(&usage.probes_inside()[0].check, Check::Exec(words) if words[0] == "curl"));
    assert_eq!(values(&usage.privileges()), ["privileged", "NET_ADMIN"]);
    assert_eq!(usage.containers[0].read_only.as_ref().unwrap().line, Some(29));
    assert_eq!(usage.builder().value(), Some(&Builder::Buildkit));
}

#[test]
fn what_is_said_of_another_dockerfile_does_not_count() {
    assert!(usage("services/api/Dockerfile", &[("docker-compose.yml", COMPOSE)]).is_empty());
    assert!(usage("Dockerfile", &[]).is_empty());
    assert!(usage("Dockerfile", &[("docker-compose.yml", "services:\n  db: {image: postgres}\n")]).is_empty());
}

#[test]
fn a_target_without_a_value_may_be_any_stage() {
    let text = "services:\n  a:\n    build: {context: ., target: \"${T}\"}\n";
    let usage = usage("Dockerfile", &[("compose.yaml", text)]);
    assert_eq!(values(&usage.targets()), ["?${T}"]);
    assert!(usage.is_target("dev").why_unknown().is_some());
}

#[test]
fn override_files_add_to_a_service() {
    let files = [
        (
            "docker-compose.yml",
            "services:\n  web:\n    build: {context: ., dockerfile: docker/Dockerfile}\n    image: me/web\n",
        ),
        ("docker-compose.override.yml", "services:\n  web:\n    command: [npm, start]\n    volumes: ['.:/app']\n"),
        (
            "docker-compose.dev.yml",
            "services:\n  web:\n    build: {target: dev}\n  worker:\n    image: me/web\n    user: root\n",
        ),
    ];
    let usage = usage("docker/Dockerfile", &files);
    assert_eq!(values(&usage.targets()), ["dev"]);
    assert_eq!(usage.commands()[0].words, ["npm", "start"]);
    assert_eq!(usage.mounts().len(), 1);
    // The worker runs the same image.
    assert_eq!(values(&usage.users()), ["root"]);
    assert!(usage.is_target("dev").is_yes() && usage.is_target("prod").is_no());
}

#[test]
fn services_extend_merge_and_include() {
    let files = [
        (
            "compose.yaml",
            "include: [sub/compose.yaml]\nx-base: &base\n  user: node\nservices:\n  base:\n    build: .\n  web:\n    <<: *base\n    extends: base\n    entrypoint: ''\n",
        ),
        ("sub/compose.yaml", "services:\n  tool:\n    extends: {file: ../common.yml, service: shared}\n"),
        ("common.yml", "services:\n  shared:\n    build: ./sub\n    working_dir: /srv\n"),
    ];
    let root = usage("Dockerfile", &files);
    let names: Vec<_> = root.builds.iter().map(|build| build.name.as_str()).collect();
    assert_eq!(names, ["base", "web"]);
    assert_eq!(values(&root.users()), ["node"]);
    assert!(root.entrypoints()[0].words.is_empty());
    let sub = usage("sub/Dockerfile", &files);
    assert!(sub.containers.iter().any(|container| container.workdir.as_ref().is_some_and(|dir| dir.text == "/srv")));
}

#[test]
fn values_of_env_beside_the_file_count_but_not_where_secrets_stand() {
    let files = [
        (
            "compose.yml",
            "services:\n  a:\n    build: {context: ., dockerfile: $FILE, args: {T: $TOKEN}}\n    command: [x, $TOKEN]\n    ports: ['$PORT']\n",
        ),
        (".env", "# c\nDIR=web\nexport FILE=\"${DIR}/Dockerfile\" # c\nTOKEN='s$x'\nPORT=80 # c\n"),
    ];
    let found = usage("web/Dockerfile", &files);
    assert_eq!(found.builds.len(), 1);
    assert_eq!(found.ports()[0].number, Some(80));
    assert_eq!((found.commands()[0].words[1].as_str(), found.args()[0].value.as_deref()), ("$TOKEN", None));
}

#[test]
fn health_checks_have_several_forms() {
    let text = "services:\n  a: {build: ., healthcheck: {test: wget -q localhost || exit 1}}\n  b: {build: ., healthcheck: {test: [NONE]}}\n  c: {build: ., healthcheck: {disable: true}}\n  d: {build: ., healthcheck: {test: [CMD-SHELL, 'nc -z localhost 80']}}\n";
    let usage = usage("Dockerfile", &[("compose.yml", text)]);
    let checks: Vec<&Check> = usage.probes().iter().map(|probe| &probe.check).collect();
    let shell = |text: &str| Check::Shell(text.to_owned());
    assert_eq!(
        checks,
        [&shell("wget -q localhost || exit 1"), &Check::Disabled, &Check::Disabled, &shell("nc -z localhost 80")]
    );
}

#[test]
fn inline_dockerfiles_and_remote_contexts_are_none_of_ours() {
    let text = "services:\n  a: {build: {context: ., dockerfile_inline: 'FROM x'}}\n  b: {build: 'https://github.com/a/b.git'}\n  c: {build: ../other}\n";
    assert!(usage("Dockerfile", &[("compose.yml", text)]).is_empty());
}

#[test]
fn malformed_files_are_warnings_with_a_line() {
    assert_eq!(
        warnings(&[("compose.yml", "services:\n  a: b: c\n")])[0].split(": ").take(2).collect::<Vec<_>>(),
        ["compose.yml:2", "malformed YAML, mapping values are not allowed in this context"]
    );
    let hcl = warnings(&[("docker-bake.hcl", "target \"a\" {\n  context = \"x\n}\n")]);
    assert!(hcl[0].starts_with("docker-bake.hcl:2: malformed HCL"), "{hcl:?}");
    let json = warnings(&[("docker-bake.json", "{\n\"target\": [}\n")]);
    assert!(json[0].starts_with("docker-bake.json:2: malformed JSON"), "{json:?}");
    let workflow = warnings(&[(".github/workflows/a.yml", "# docker build\nx: [\n")]);
    assert!(workflow[0].starts_with(".github/workflows/a.yml:3: malformed YAML"), "{workflow:?}");
    assert!(warnings(&[("skaffold.yaml", "a: [\n"), (".gitlab-ci.yml", "docker: ]\n")]).len() == 2);
    assert!(
        warnings(&[("compose.yml", ""), ("docker-bake.hcl", ""), ("skaffold.yaml", "- 1"), (".gitlab-ci.yml", "x")])
            .is_empty()
    );
}

#[test]
fn bake_targets_inherit_and_multiply() {
    let text = r#"
variable "TAG" { default = "1" }
group "default" { targets = ["app", "db"] }
target "_common" {
  platforms = ["linux/amd64"]
  args = { V = TAG }
}
target "app" {
  inherits = ["_common"]
  dockerfile = "app/Dockerfile"
  target = "release"
  tags = ["me/app:${TAG}"]
  contexts = { base = "docker-image://alpine" }
}
target "svc" {
  matrix = { item = [{ dir = "a" }, { dir = "b" }] }
  name = "svc-${item.dir}"
  context = "svc/${item.dir}"
}
target "db" { context = notequal("x", TAG) ? "a" : "b" }
"#;
    let files =
        [("docker-bake.hcl", text), ("docker-bake.override.json", r#"{"target": {"app": {"target": "debug"}}}"#)];
    let app = usage("app/Dockerfile", &files);
    assert_eq!((contexts(&app), values(&app.targets())), (vec![String::new()], vec!["debug".to_owned()]));
    assert_eq!(values(&app.platforms()), ["linux/amd64"]);
    assert_eq!(app.args()[0].value.as_deref(), Some("1"));
    assert_eq!(values(&app.named_contexts()), ["base"]);
    assert_eq!(app.builds[0].images[0].text, "me/app:1");
    assert_eq!(usage("svc/b/Dockerfile", &files).builds.len(), 1);
    assert!(app.perhaps.iter().any(|build| build.name == "db"));
}

#[test]
fn bake_json_is_read() {
    let text = "{\n  \"target\": {\n    \"web\": {\"context\": \"web\", \"target\": \"prod\", \"args\": {\"A\": \"1\"}}\n  }\n}";
    let usage = usage("web/Dockerfile", &[("docker-bake.json", text)]);
    assert_eq!(usage.targets()[0].evidence.to_string(), "docker-bake.json:3: the target is `prod`");
}

#[test]
fn skaffold_artifacts_are_read() {
    let text = "apiVersion: skaffold/v4beta1\nkind: Config\nbuild:\n  artifacts:\n  - image: me/web\n    context: web\n    docker: {dockerfile: Dockerfile.prod, target: release, buildArgs: {A: 1}}\n  - image: me/job\n    context: job\n    kaniko: {}\n  - image: me/none\n    buildpacks: {}\n";
    let web = usage("web/Dockerfile.prod", &[("skaffold.yaml", text)]);
    assert_eq!((contexts(&web), values(&web.targets())), (vec!["web".to_owned()], vec!["release".to_owned()]));
    assert!(web.builder().value().is_none());
    assert_eq!(usage("job/Dockerfile", &[("skaffold.yaml", text)]).builder().value(), Some(&Builder::Kaniko));
}

#[test]
fn workflows_name_contexts_files_and_targets() {
    let text = "\
on: push
env:
  FILE: docker/web.Dockerfile
jobs:
  image:
    strategy:
      matrix:
        service: [api, web]
    steps:
      - uses: actions/checkout@v4
      - uses: docker/build-push-action@v6
        with:
          context: services/${{ matrix.service }}
          file: ${{ env.FILE }}
          target: ${{ inputs.target }}
          platforms: linux/amd64,linux/arm64
          build-args: |
            A=1
            SHA=${{ github.sha }}
  plain:
    steps:
      - uses: docker/build-push-action@v6
        with: {push: true}
";
    let files = [(".github/workflows/image.yml", text)];
    let web = usage("docker/web.Dockerfile", &files);
    assert_eq!(contexts(&web), ["services/api", "services/web"]);
    assert_eq!(web.builds[0].context_evidence.line, Some(13));
    assert_eq!(values(&web.targets()), ["?${{ inputs.target }}", "?${{ inputs.target }}"]);
    assert_eq!(values(&web.platforms())[..2], ["linux/amd64", "linux/arm64"]);
    let args: Vec<_> =
        web.args().iter().map(|arg| (arg.name.as_str(), arg.value.as_deref(), arg.evidence.line)).collect();
    assert_eq!(args[..2], [("A", Some("1"), Some(18)), ("SHA", None, Some(19))]);
    let plain = usage("Dockerfile", &files);
    assert_eq!((contexts(&plain), plain.builds[0].name.as_str()), (vec![String::new()], "plain"));
}

#[test]
fn run_steps_are_command_lines() {
    let text = "\
defaults:
  run:
    working-directory: backend
jobs:
  a:
    env: {TARGET: prod}
    steps:
      - run: |
          echo hello
          docker buildx build --push \\
            -t x:${{ github.sha }} --target \"$TARGET\" --build-arg=V=1 --platform linux/arm64 -f ../docker/Dockerfile .
      - run: (cd sub && DOCKER_BUILDKIT=0 docker build -t y .) && docker build -q -f sub/../Other.Dockerfile ${{ github.workspace }}
        working-directory: .
      - run: podman build $WHERE
      - run: docker build - < Dockerfile
";
    let files = [(".github/workflows/a.yaml", text)];
    let first = usage("docker/Dockerfile", &files);
    assert_eq!((contexts(&first), values(&first.targets())), (vec!["backend".to_owned()], vec!["prod".to_owned()]));
    assert_eq!(first.builds[0].evidence.to_string(), ".github/workflows/a.yaml:10: `a` runs `docker buildx build`");
    assert_eq!(usage("sub/Dockerfile", &files).builder().value(), Some(&Builder::Classic));
    assert_eq!(contexts(&usage("Other.Dockerfile", &files)), [""]);
    assert_eq!(first.perhaps.len(), 1);
}

#[test]
fn kaniko_and_buildah_are_other_builders() {
    let text = "\
variables:
  DIR: services/api
build:
  image: {name: 'gcr.io/kaniko-project/executor:debug', entrypoint: ['']}
  script:
    - mkdir -p /kaniko/.docker
    - >-
      /kaniko/executor
      --context \"${CI_PROJECT_DIR}/$DIR\"
      --dockerfile \"${CI_PROJECT_DIR}/services/api/Dockerfile\"
      --destination \"$CI_REGISTRY_IMAGE:$CI_COMMIT_TAG\"
  extends: .x
.other: &lines
  - cd web
  - buildah bud -t web .
pod:
  script: *lines
";
    let api = usage("services/api/Dockerfile", &[(".gitlab-ci.yml", text)]);
    assert_eq!((contexts(&api), api.builder().value()), (vec!["services/api".to_owned()], Some(&Builder::Kaniko)));
    let web = usage("web/Dockerfile", &[(".gitlab-ci.yml", text)]);
    assert_eq!(web.builder().value(), Some(&Builder::Podman));
    let action = "jobs:\n  a:\n    steps:\n    - uses: int128/kaniko-action@v1\n      with: {file: Dockerfile}\n";
    let both =
        usage("Dockerfile", &[(".github/workflows/k.yml", action), ("compose.yml", "services: {a: {build: .}}")]);
    assert_eq!(both.builders().len(), 2);
    assert!(both.builder().why_unknown().is_some());
}

#[test]
fn makefiles_and_dev_containers_are_read() {
    let make = "IMG ?= me/x\nDIR := app\n\nimage: # builds\n\t@docker build -t $(IMG) \\\n\t  -f $(DIR)/Dockerfile .\nother:\n\tdocker build $(shell pwd)/$(WHERE)\n";
    let found = usage("app/Dockerfile", &[("Makefile", make)]);
    assert_eq!(
        (contexts(&found), found.builds[0].evidence.to_string()),
        (vec![String::new()], "Makefile:5: `image` runs `docker build`".to_owned())
    );
    let json = "{\n // c\n \"build\": {\"dockerfile\": \"Dockerfile\", \"context\": \"..\", \"target\": \"dev\"},\n \"remoteUser\": \"vscode\",\n}";
    let found = usage(".devcontainer/Dockerfile", &[(".devcontainer/devcontainer.json", json)]);
    assert_eq!((contexts(&found), values(&found.users())), (vec![String::new()], vec!["vscode".to_owned()]));
}

#[test]
fn the_context_is_what_files_agree_on() {
    let files = [
        ("compose.yml", "services:\n  a:\n    build:\n      context: .\n      dockerfile: docker/Dockerfile\n"),
        (".github/workflows/a.yml", "jobs:\n  a:\n    steps:\n    - run: docker build -f docker/Dockerfile .\n"),
    ];
    let found = context("docker/Dockerfile", "FROM a\nCOPY . .\n", &files);
    assert_eq!(found.value().map(String::as_str), Some(""));
    assert_eq!(found.evidence()[0].to_string(), "compose.yml:4: the service `a` is built from `.`");
}

#[test]
fn contexts_that_contradict_each_other_are_unknown() {
    let files = [
        ("compose.yml", "services:\n  a:\n    build: {context: ., dockerfile: web/Dockerfile}\n  b:\n    build: web\n"),
        ("web/package.json", "{}"),
    ];
    let found = context("web/Dockerfile", "FROM a\nCOPY . .\n", &files);
    assert_eq!(found.why_unknown(), Some("`.` and `web` are named as build contexts; give --context"));
    assert_eq!(found.evidence().len(), 2);
    // Unless only one has what is copied.
    let found = context("web/Dockerfile", "FROM a\nCOPY package.json .\n", &files);
    assert_eq!(found.value().map(String::as_str), Some("web"));
}

#[test]
fn copy_sources_tell_the_context_where_nothing_else_does() {
    let files = [("package.json", "{}"), ("apps/web/src/a.js", ""), ("apps/web/README.md", "")];
    let found = context("apps/web/Dockerfile", "FROM a\nCOPY package*.json apps/web/src ./\n", &files);
    assert_eq!(found.value().map(String::as_str), Some(""));
    assert_eq!(
        found.evidence()[0].to_string(),
        "apps/web/Dockerfile:2: `package*.json` is in `.` and is not in `apps/web`"
    );
    let found = context("apps/web/Dockerfile", "FROM a\nCOPY src README.md ./\n", &files);
    assert_eq!(found.value().map(String::as_str), Some("apps/web"));
    let found = context("apps/web/Dockerfile", "FROM a\nCOPY src package.json apps/ ./\n", &files);
    assert!(found.why_unknown().unwrap().contains("more in `.`"), "{found:?}");
    let found =
        context("apps/web/Dockerfile", "FROM a\nCOPY --from=b x y\nCOPY $DIST https://a/b ./\nCOPY dist .\n", &files);
    assert_eq!(found.value().map(String::as_str), Some("apps/web"));
}

#[test]
fn a_dockerfile_alone_in_its_directory_has_its_context_elsewhere() {
    let found = context("docker/Dockerfile", "FROM a\nCOPY . .\n", &[("package.json", "{}"), ("docker/README.md", "")]);
    assert!(found.why_unknown().unwrap().contains("give --context"), "{found:?}");
    let found = context("Dockerfile", "FROM a\n", &[]);
    assert_eq!(found.value().map(String::as_str), Some(""));
}

#[test]
fn a_context_with_variables_is_unknown_unless_copy_tells() {
    let files = [("compose.yml", "services:\n  a:\n    build: {context: '${DIR}', dockerfile: Dockerfile}\n")];
    let found = usage("Dockerfile", &files);
    assert!(found.is_empty() && found.perhaps.len() == 1);
    let files = [
        ("web/package.json", "{}"),
        (
            ".github/workflows/a.yml",
            "jobs:\n  a:\n    steps:\n    - uses: docker/build-push-action@v6\n      with: {file: web/Dockerfile, context: \"${{ inputs.dir }}\"}\n",
        ),
    ];
    assert!(context("web/Dockerfile", "FROM a\nCOPY . .\n", &files).why_unknown().is_some());
    let found = context("web/Dockerfile", "FROM a\nCOPY package.json .\n", &files);
    assert_eq!(found.value().map(String::as_str), Some("web"));
}
