"""Plain factories for tests of this room and of the rooms above: one small chain, and the cast that works in it."""

from dataclasses import dataclass

from juqun.domains.org import operations
from juqun.domains.org.types import Node, NodeKind, Role, StaffView


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallChain:
    """One chain, one province, two cities; Guangzhou has two stores, Shenzhen one. Hong leads, Chen runs Guangzhou,
    Li manages Tianhe, Wang guides there; Zhao manages the store in Shenzhen and is a stranger to all of it."""

    chain: Node
    province: Node
    guangzhou: Node
    shenzhen: Node
    tianhe: Node
    yuexiu: Node
    nanshan: Node
    hong: StaffView
    chen: StaffView
    li: StaffView
    wang: StaffView
    zhao: StaffView


def make_small_chain(*, with_accounts: bool = False) -> SmallChain:
    """Build the small chain; with accounts each of the cast logs in by their lower-case name, password `juqun-<name>`."""
    chain = operations.create_chain(name="Juqun Petrol")
    province = operations.add_node(parent_id=chain.id, kind=NodeKind.PROVINCE, name="广东省", code="44")
    guangzhou = operations.add_node(parent_id=province.id, kind=NodeKind.CITY, name="广州市", code="4401")
    shenzhen = operations.add_node(parent_id=province.id, kind=NodeKind.CITY, name="深圳市", code="4403")

    def store(city: Node, name: str, code: str, longitude: float, latitude: float) -> Node:
        return operations.add_node(
            parent_id=city.id, kind=NodeKind.STORE, name=name, code=code, longitude=longitude, latitude=latitude
        )

    def person(node: Node, name: str, role: Role) -> StaffView:
        return operations.add_staff(
            node_id=node.id,
            name=name.title(),
            userid=name,
            role=role,
            account_username=name if with_accounts else None,
            password=f"juqun-{name}" if with_accounts else None,
        )

    tianhe = store(guangzhou, "天河店", "S001", 113.36, 23.12)
    yuexiu = store(guangzhou, "越秀店", "S002", 113.27, 23.13)
    nanshan = store(shenzhen, "南山店", "S003", 113.93, 22.53)
    return SmallChain(
        chain=chain,
        province=province,
        guangzhou=guangzhou,
        shenzhen=shenzhen,
        tianhe=tianhe,
        yuexiu=yuexiu,
        nanshan=nanshan,
        hong=person(chain, "hong", Role.HQ_LEAD),
        chen=person(guangzhou, "chen", Role.CITY_OPERATOR),
        li=person(tianhe, "li", Role.STORE_MANAGER),
        wang=person(tianhe, "wang", Role.GUIDE),
        zhao=person(nanshan, "zhao", Role.STORE_MANAGER),
    )
