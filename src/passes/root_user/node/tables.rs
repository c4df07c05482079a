//! Tools and packages of the Node world, by what they write and where.

/// Programs by which a Node application is started.
pub(super) const STARTERS: &[&str] = &[
    "node",
    "nodejs",
    "npm",
    "npx",
    "yarn",
    "pnpm",
    "pnpx",
    "ts-node",
    "tsx",
    "nodemon",
    "pm2-runtime",
    "pm2-docker",
    "next",
    "serve",
    "http-server",
    "nest",
    "vite",
    "react-scripts",
    "concurrently",
    "run-s",
    "run-p",
    "npm-run-all",
    "cross-env",
    "env-cmd",
    "dotenv",
    "dotenvx",
    "prisma",
    "sequelize",
    "sequelize-cli",
    "knex",
    "typeorm",
    "remix-serve",
    "react-router-serve",
    "wait-on",
    "json-server",
];

/// Tools that write nothing, or only where everybody may.
pub(super) const SILENT: &[&str] = &[
    "node",
    "nodejs",
    "ts-node",
    "tsx",
    "nodemon",
    "swc-node",
    "babel-node",
    "pm2-runtime",
    "pm2-docker",
    "serve",
    "http-server",
    "remix-serve",
    "react-router-serve",
    "wait-on",
    "wait-port",
    "sequelize",
    "sequelize-cli",
    "knex",
    "echo",
    "true",
    "sleep",
    "kill-port",
    "is-ci",
];

/// Those of them that run a file of the application.
pub(super) const RUNNERS: &[&str] =
    &["node", "nodejs", "ts-node", "tsx", "nodemon", "swc-node", "babel-node", "pm2-runtime", "pm2-docker"];

/// Tools for development: they write caches and builds beside the code.
pub(super) const DEVELOPERS: &[(&str, &[&str])] = &[
    ("next", &["dev", "build"]),
    ("nest", &["start", "build"]),
    ("vite", &[]),
    ("react-scripts", &[]),
    ("vue-cli-service", &[]),
    ("ng", &[]),
    ("webpack", &[]),
    ("webpack-dev-server", &[]),
    ("parcel", &[]),
    ("gatsby", &[]),
    ("nuxt", &["dev", "build"]),
    ("nuxi", &["dev", "build"]),
    ("astro", &[]),
    ("tsc", &[]),
    ("tsup", &[]),
    ("remix", &["dev", "build"]),
    ("expo", &[]),
    ("npm", &["install", "i", "ci", "update", "rebuild"]),
    ("yarn", &["install", "add"]),
    ("pnpm", &["install", "i", "add"]),
];

/// Packages that keep data in files whose place is a matter of settings.
pub(super) const KEEPERS: &[&str] = &[
    "@seald-io/nedb",
    "baileys",
    "@whiskeysockets/baileys",
    "better-sqlite3",
    "connect-loki",
    "connect-sqlite3",
    "enmap",
    "file-stream-rotator",
    "json-server",
    "keyv-file",
    "level",
    "leveldown",
    "libsql",
    "lmdb",
    "lokijs",
    "lowdb",
    "nedb",
    "nedb-promises",
    "node-localstorage",
    "node-persist",
    "pouchdb",
    "quick.db",
    "rotating-file-stream",
    "session-file-store",
    "simple-json-db",
    "sqlite",
    "sqlite3",
    "stormdb",
    "strapi",
    "whatsapp-web.js",
];

/// Packages whose install puts a browser into the home of who installs it, and the variables that say otherwise.
pub(super) const BROWSERS: &[(&str, &[&str])] = &[
    (
        "puppeteer",
        &[
            "PUPPETEER_SKIP_CHROMIUM_DOWNLOAD",
            "PUPPETEER_SKIP_DOWNLOAD",
            "PUPPETEER_CACHE_DIR",
            "PUPPETEER_EXECUTABLE_PATH",
        ],
    ),
    ("cypress", &["CYPRESS_CACHE_FOLDER", "CYPRESS_INSTALL_BINARY"]),
];

/// Packages that have settings by which files are written (`dest`, `filename`): without them these mean something else.
pub(super) const SETTERS: &[&str] = &[
    "@fastify/multipart",
    "@koa/multer",
    "@nestjs/platform-express",
    "bunyan",
    "express-fileupload",
    "formidable",
    "koa-body",
    "koa-multer",
    "log4js",
    "multer",
    "nedb",
    "pino",
    "pino-http",
    "sequelize",
    "sequelize-typescript",
    "typeorm",
    "winston",
    "winston-daily-rotate-file",
];

/// Directories and files whose code a running application does not use.
pub(super) const ASIDE: &[&str] =
    &["__mocks__", "__tests__", "coverage", "cypress", "docs", "e2e", "examples", "scripts", "spec", "test", "tests"];
