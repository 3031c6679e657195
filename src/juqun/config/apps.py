from django.apps import AppConfig


class CompositionConfig(AppConfig):
    """Hands the wiring table to the kernel once every room is loaded."""

    name = "juqun.config"
    label = "config"

    def ready(self) -> None:
        from juqun.config import wiring  # noqa: PLC0415 - models must be loaded before handlers can be imported

        wiring.connect()
