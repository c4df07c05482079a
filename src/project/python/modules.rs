//! Which modules a package brings, as far as its name tells: `pyyaml` brings `yaml`.

/// Packages whose modules have other names than they have, or more than one.
const OTHERWISE: &[(&str, &[&str])] = &[
    ("attrs", &["attr", "attrs"]),
    ("authlib", &["authlib"]),
    ("beautifulsoup4", &["bs4"]),
    ("black", &["black", "blackd", "blib2to3"]),
    ("celery", &["celery"]),
    ("charset-normalizer", &["charset_normalizer"]),
    ("discord-py", &["discord"]),
    ("dj-database-url", &["dj_database_url"]),
    ("django-allauth", &["allauth"]),
    ("django-cors-headers", &["corsheaders"]),
    ("django-crispy-forms", &["crispy_forms"]),
    ("django-debug-toolbar", &["debug_toolbar"]),
    ("django-environ", &["environ"]),
    ("django-filter", &["django_filters"]),
    ("django-import-export", &["import_export"]),
    ("django-oauth-toolkit", &["oauth2_provider"]),
    ("django-redis", &["django_redis"]),
    ("django-silk", &["silk"]),
    ("django-storages", &["storages"]),
    ("djangorestframework", &["rest_framework"]),
    ("djangorestframework-simplejwt", &["rest_framework_simplejwt"]),
    ("drf-spectacular", &["drf_spectacular"]),
    ("drf-yasg", &["drf_yasg"]),
    ("email-validator", &["email_validator"]),
    ("factory-boy", &["factory"]),
    ("faiss-cpu", &["faiss"]),
    ("flask-sqlalchemy", &["flask_sqlalchemy"]),
    ("gitpython", &["git"]),
    ("grpcio", &["grpc"]),
    ("grpcio-tools", &["grpc_tools"]),
    ("ipython", &["IPython"]),
    ("langchain-core", &["langchain_core"]),
    ("levenshtein", &["Levenshtein"]),
    ("markdown", &["markdown"]),
    ("mypy", &["mypy", "mypyc"]),
    ("mysql-connector-python", &["mysql"]),
    ("mysqlclient", &["MySQLdb"]),
    ("opencv-contrib-python", &["cv2"]),
    ("opencv-python", &["cv2"]),
    ("opencv-python-headless", &["cv2"]),
    ("pillow", &["PIL"]),
    ("prometheus-client", &["prometheus_client"]),
    ("protobuf", &["google"]),
    ("psycopg-binary", &["psycopg_binary"]),
    ("psycopg2-binary", &["psycopg2"]),
    ("py-cpuinfo", &["cpuinfo"]),
    ("pycryptodome", &["Crypto"]),
    ("pydantic-settings", &["pydantic_settings"]),
    ("pygithub", &["github"]),
    ("pyjwt", &["jwt"]),
    ("pymupdf", &["fitz", "pymupdf"]),
    ("pymysql", &["pymysql"]),
    ("pynacl", &["nacl"]),
    ("pyopenssl", &["OpenSSL"]),
    ("pyserial", &["serial"]),
    ("pytest", &["pytest", "_pytest", "py"]),
    ("python-dateutil", &["dateutil"]),
    ("python-decouple", &["decouple"]),
    ("python-docx", &["docx"]),
    ("python-dotenv", &["dotenv"]),
    ("python-jose", &["jose"]),
    ("python-json-logger", &["pythonjsonlogger"]),
    ("python-magic", &["magic"]),
    ("python-multipart", &["multipart", "python_multipart"]),
    ("python-pptx", &["pptx"]),
    ("python-slugify", &["slugify"]),
    ("python-telegram-bot", &["telegram"]),
    ("pytz", &["pytz"]),
    ("pywin32", &["win32api"]),
    ("pyyaml", &["yaml"]),
    ("pyzmq", &["zmq"]),
    ("rapidfuzz", &["rapidfuzz"]),
    ("ruamel-yaml", &["ruamel"]),
    ("scikit-image", &["skimage"]),
    ("scikit-learn", &["sklearn"]),
    ("sentence-transformers", &["sentence_transformers"]),
    ("sentry-sdk", &["sentry_sdk"]),
    ("setuptools", &["setuptools", "pkg_resources", "_distutils_hack"]),
    ("typing-extensions", &["typing_extensions"]),
    ("uvicorn", &["uvicorn"]),
    ("websocket-client", &["websocket"]),
    ("werkzeug", &["werkzeug"]),
    ("zope-interface", &["zope"]),
];

/// Modules that many packages share.
const SHARED: &[&str] = &[
    "azure",
    "backports",
    "google",
    "jaraco",
    "mpl_toolkits",
    "mysql",
    "opentelemetry",
    "ruamel",
    "sphinxcontrib",
    "zope",
];

/// What comes with `CPython` itself (3.8 to 3.14).
const STANDARD: &str = " __future__ __main__ _thread abc aifc annotationlib antigravity argparse array ast asynchat asyncio \
asyncore atexit audioop base64 bdb binascii binhex bisect builtins bz2 cProfile calendar cgi cgitb chunk cmath cmd code codecs \
codeop collections colorsys compileall compression concurrent configparser contextlib contextvars copy copyreg crypt csv ctypes \
curses dataclasses datetime dbm decimal difflib dis distutils doctest email encodings ensurepip enum errno faulthandler fcntl \
filecmp fileinput fnmatch formatter fractions ftplib functools gc genericpath getopt getpass gettext glob graphlib grp gzip \
hashlib heapq hmac html http idlelib imaplib imghdr imp importlib inspect io ipaddress itertools json keyword lib2to3 linecache \
locale logging lzma mailbox mailcap marshal math mimetypes mmap modulefinder msilib msvcrt multiprocessing netrc nis nntplib nt \
ntpath nturl2path numbers opcode operator optparse os ossaudiodev parser pathlib pdb pickle pickletools pipes pkgutil platform \
plistlib poplib posix posixpath pprint profile pstats pty pwd py_compile pyclbr pydoc pydoc_data pyexpat queue quopri random re \
readline reprlib resource rlcompleter runpy sched secrets select selectors shelve shlex shutil signal site smtpd smtplib sndhdr \
socket socketserver spwd sqlite3 sre_compile sre_constants sre_parse ssl stat statistics string stringprep struct subprocess \
sunau symbol symtable sys sysconfig syslog tabnanny tarfile telnetlib tempfile termios test textwrap this threading time timeit \
tkinter token tokenize tomllib trace traceback tracemalloc tty turtle turtledemo types typing unicodedata unittest urllib uu \
uuid venv warnings wave weakref webbrowser winreg winsound wsgiref xdrlib xml xmlrpc zipapp zipfile zipimport zlib zoneinfo ";

/// Packages that others load where they are there, and do without where they are not.
const LOADED_IF_THERE: &[&str] = &[
    "aiodns",
    "aiofiles",
    "aiomysql",
    "aiosqlite",
    "argon2-cffi",
    "asyncpg",
    "bcrypt",
    "brotli",
    "brotlicffi",
    "cchardet",
    "cryptography",
    "email-validator",
    "eventlet",
    "gevent",
    "greenlet",
    "h2",
    "hiredis",
    "httptools",
    "itsdangerous",
    "jinja2",
    "libsass",
    "lxml",
    "msgpack",
    "mysqlclient",
    "numpy",
    "openpyxl",
    "orjson",
    "pandas",
    "passlib",
    "pillow",
    "psycopg",
    "psycopg-binary",
    "psycopg2",
    "psycopg2-binary",
    "pyarrow",
    "pydantic-settings",
    "pymysql",
    "pyopenssl",
    "python-dotenv",
    "python-multipart",
    "redis",
    "setuptools",
    "simplejson",
    "tzdata",
    "ujson",
    "uvloop",
    "watchfiles",
    "websockets",
    "whitenoise",
    "wsproto",
    "zstandard",
];

/// The modules that the package `name` (normalized) brings, as far as its name tells.
pub fn of(name: &str) -> Vec<String> {
    if let Some((_, modules)) = OTHERWISE.iter().find(|(package, _)| *package == name) {
        return modules.iter().map(|&module| module.to_owned()).collect();
    }
    let plain = name.replace('-', "_");
    let short = ["python_", "py_", "django_"].iter().find_map(|start| plain.strip_prefix(start));
    let short = short.or_else(|| plain.strip_suffix("_python")).map(str::to_owned);
    let first = name.split('-').next().filter(|first| is_shared(first)).map(str::to_owned);
    [Some(plain), short, first].into_iter().flatten().collect()
}

/// Whether a module comes with Python.
pub fn is_standard(module: &str) -> bool {
    STANDARD.contains(&format!(" {module} "))
}

/// Whether many packages have parts of it.
pub fn is_shared(module: &str) -> bool {
    SHARED.contains(&module)
}

/// Whether others load the package `name` (normalized) where it is there.
pub fn is_loaded_if_there(name: &str) -> bool {
    LOADED_IF_THERE.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_modules() {
        assert_eq!(of("pyyaml"), ["yaml"]);
        assert_eq!(of("flask-login"), ["flask_login"]);
        assert_eq!(of("python-slugify"), ["slugify"]);
        assert_eq!(of("django-widget-tweaks"), ["django_widget_tweaks", "widget_tweaks"]);
        assert_eq!(of("google-cloud-storage"), ["google_cloud_storage", "google"]);
        assert!(is_standard("os") && is_standard("zlib") && !is_standard("o"));
    }
}
