"""Plain factories for tests of this room and of the rooms above: live codes without a channel behind them."""

from collections.abc import Sequence

from juqun.domains.growth import operations
from juqun.domains.growth.models import LiveCode
from juqun.domains.growth.types import CodeState, LiveCodeView, SourceKind


def make_live_code(
    *,
    store_id: int,
    staff_ids: Sequence[int],
    source: SourceKind = SourceKind.TILL,
    welcome_text: str = "",
    kind_code: str | None = None,
) -> LiveCodeView:
    """Return a code that looks as if the channel had taken it."""
    code = operations.create_live_code(
        store_id=store_id,
        source=source,
        label="",
        staff_ids=staff_ids,
        welcome_text=welcome_text,
        kind_code=kind_code,
        actor="test",
    )
    LiveCode.unscoped.filter(pk=code.id).update(
        status=CodeState.READY,
        applied_version=1,
        config_id=f"config-{code.id}",
        qr_code=f"https://qr.example/{code.id}",
    )
    return code
