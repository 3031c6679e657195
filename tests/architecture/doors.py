"""The doors contract for import-linter: whoever is outside a room imports its door modules and nothing else of it."""

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class DoorsContract(Contract):
    """Checks every direct import whose ends lie in different rooms.

    `rooms`: packages whose children are rooms. `doors`: modules (or packages) of a room that anyone above may import.
    `composition`: the package that may also import `composition_doors`. A room's `testing` may use other rooms' `testing`.
    """

    type_name = "doors"

    rooms = fields.ListField(subfield=fields.StringField())
    doors = fields.ListField(subfield=fields.StringField())
    composition = fields.StringField()
    composition_doors = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        broken = []
        for container in self.rooms:
            for room in sorted(graph.find_children(container)):
                for module in sorted({room} | graph.find_descendants(room)):
                    broken += [
                        (importer, module)
                        for importer in sorted(graph.find_modules_that_directly_import(module))
                        if not self._may(importer, module, room)
                    ]
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def _may(self, importer: str, module: str, room: str) -> bool:
        if importer == room or importer.startswith(f"{room}."):
            return True
        inside = module.removeprefix(room).lstrip(".").split(".")[0]
        if inside in self.doors:
            return True
        if inside == "testing" and importer.endswith(".testing"):
            return True
        in_composition = importer == self.composition or importer.startswith(f"{self.composition}.")
        return in_composition and inside in self.composition_doors

    def render_broken_contract(self, check: ContractCheck) -> None:
        for importer, module in check.metadata["broken"]:
            output.print_error(f"{importer} -> {module} is no door", bold=False)
