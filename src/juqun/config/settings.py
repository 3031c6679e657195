"""Django settings of every way to run: embedded (default), cluster, tests; all choices come from the environment."""

from datetime import timedelta
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from juqun.config import env
from juqun.config.console import UNFOLD as UNFOLD

PACKAGE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.text("JUQUN_DATA_DIR", "data")).resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True)

SECRET_KEY = env.secret("JUQUN_SECRET_KEY", DATA_DIR / "secret.key")
DEBUG = env.flag("JUQUN_DEBUG", default=False)
ALLOWED_HOSTS = env.words("JUQUN_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1],testserver")
CSRF_TRUSTED_ORIGINS = env.words("JUQUN_TRUSTED_ORIGINS")
PUBLIC_URL = env.text("JUQUN_PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")

DATABASES = {"default": env.database(env.text("JUQUN_DATABASE_URL"), DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

ROOMS = [
    "org",
    "members",
    "catalog",
    "audience",
    "promotions",
    "groups",
    "commerce",
    "growth",
    "robot",
    "campaigns",
    "service",
    "insight",
]
INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "axes",
    "treebeard",
    "juqun.kernel",
    "juqun.kernel.imports",
    "juqun.lake",
    "juqun.channels.wecom",
    *[f"juqun.domains.{room}" for room in ROOMS],
    "juqun.surfaces.console",
    "juqun.surfaces.h5",
    "juqun.config",
]
AUTH_USER_MODEL = "org.Account"

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
# Five wrong passwords for one login from one address close it for a quarter of an hour.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "juqun.surfaces.console.lockout.locked_out"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
ROOT_URLCONF = "juqun.config.urls"
WSGI_APPLICATION = "juqun.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE_DIR / "surfaces" / "console" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

LANGUAGE_CODE = env.text("JUQUN_LANGUAGE", "zh-hans")
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [PACKAGE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [PACKAGE_DIR / "static"] if (PACKAGE_DIR / "static").exists() else []
LOGIN_URL = "/console/login/"
LOGIN_REDIRECT_URL = "/console/"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE
X_FRAME_OPTIONS = "SAMEORIGIN"
SECURE_CONTENT_TYPE_NOSNIFF = True
if env.flag("JUQUN_BEHIND_PROXY", default=False):  # only a proxy that always sets the header may be believed
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000 if PUBLIC_URL.startswith("https://") else 0
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

JUQUN_LAKE_DIR = Path(env.text("JUQUN_LAKE_DIR", str(DATA_DIR / "lake")))
JUQUN_LAKE_THREADS = env.number("JUQUN_LAKE_THREADS", 0) or None
JUQUN_LAKE_MEMORY = env.text("JUQUN_LAKE_MEMORY", "4GB")
JUQUN_IMPORT_DIR = DATA_DIR / "imports"
JUQUN_CLOCK_FILE = env.text("JUQUN_CLOCK_FILE")

JUQUN_WECOM_BASE_URL = env.text("JUQUN_WECOM_BASE_URL", "http://127.0.0.1:9000").rstrip("/")
JUQUN_WECOM_CORP_ID = env.text("JUQUN_WECOM_CORP_ID", "wx5823bf96d3bd56c7")
JUQUN_WECOM_AGENT_ID = env.number("JUQUN_WECOM_AGENT_ID", 1000002)
JUQUN_WECOM_SECRET = env.key_of("JUQUN_WECOM_SECRET", "emulator-app-secret", url=JUQUN_WECOM_BASE_URL)
JUQUN_WECOM_CONTACT_SECRET = env.text("JUQUN_WECOM_CONTACT_SECRET", "emulator-contact-secret")
JUQUN_WECOM_CALLBACK_TOKEN = env.key_of("JUQUN_WECOM_CALLBACK_TOKEN", "QDG6eK", url=JUQUN_WECOM_BASE_URL)
JUQUN_WECOM_CALLBACK_AES_KEY = env.key_of(
    "JUQUN_WECOM_CALLBACK_AES_KEY", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", url=JUQUN_WECOM_BASE_URL
)
JUQUN_WECOM_CALLBACK_MAX_AGE_SECONDS = env.number("JUQUN_WECOM_CALLBACK_MAX_AGE_SECONDS", 300)
JUQUN_WECOM_IN_FLIGHT = env.number("JUQUN_WECOM_IN_FLIGHT", 5)
JUQUN_WECOM_TAG_LIMIT = env.number("JUQUN_WECOM_TAG_LIMIT", 3000)
JUQUN_WECOM_KF_DUPLICATE_ERRCODE = env.number("JUQUN_WECOM_KF_DUPLICATE_ERRCODE", 40058)
JUQUN_WECOM_KF_POLL_SECONDS = env.number("JUQUN_WECOM_KF_POLL_SECONDS", 300)
JUQUN_WECOM_ARCHIVE = env.text("JUQUN_WECOM_ARCHIVE")
JUQUN_WECOM_ARCHIVE_SECRET = env.text("JUQUN_WECOM_ARCHIVE_SECRET")

JUQUN_SEND_GRACE_SECONDS = env.number("JUQUN_SEND_GRACE_SECONDS", 180)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": env.text("JUQUN_LOG_LEVEL", "WARNING")},
    "loggers": {"juqun": {"level": env.text("JUQUN_LOG_LEVEL", "INFO")}, "httpx": {"level": "WARNING"}},
}
