"""Look of the operators' console (django-unfold): names, colours, style sheets; the menu comes from the console itself."""

from typing import Any

from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

# WeChat's green in eleven steps, the 500 its own #07c160.
GREEN = {
    "50": "#effcf4", "100": "#d9f7e5", "200": "#b3eecb", "300": "#7fe0a8", "400": "#3fcb7f", "500": "#07c160",
    "600": "#06a050", "700": "#068043", "800": "#0a6538", "900": "#0a5330", "950": "#032e1a",
}  # fmt: skip
# A neutral with a breath of green, so that greys and the brand colour belong together.
GREY = {
    "50": "#f7f9f8", "100": "#eff2f0", "200": "#e1e6e3", "300": "#cbd3ce", "400": "#94a099", "500": "#69766f",
    "600": "#4d5953", "700": "#3b4641", "800": "#242c28", "900": "#171d1a", "950": "#0c100e",
}  # fmt: skip


def _mark(_request: Any) -> str:
    return static("console/mark.svg")


def _styles(_request: Any) -> str:
    return static("console/console.css")


def _htmx(_request: Any) -> str:
    return static("console/console.js")


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": _("Juqun"),
    "SITE_HEADER": _("Juqun"),
    "SITE_SUBHEADER": _("store + community"),
    "SITE_URL": None,
    "SITE_ICON": _mark,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _mark}],
    "SHOW_LANGUAGES": True,
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "8px",
    "COLORS": {"base": GREY, "primary": GREEN},
    "STYLES": [_styles],
    "SCRIPTS": [_htmx],
    "COMMAND": {"search_models": False, "search_callback": "juqun.surfaces.console.search.find"},
    "SIDEBAR": {
        "show_search": False,
        "command_search": True,
        "show_all_applications": False,
        "navigation": "juqun.surfaces.console.menu.navigation",
    },
}
