"""Tags of strategies: externalcontact/{get_strategy_tag_list,add_strategy_tag,edit_strategy_tag,del_strategy_tag}."""

from wecom_emulator.api.call import Answer, Call, post
from wecom_emulator.api.strategies import own_strategy
from wecom_emulator.api.tags import add_tags, delete_tags, edit_tag, shown_groups


@post("externalcontact/get_strategy_tag_list", "customer")
def list_strategy_tags(call: Call) -> Answer:
    """Answer get_strategy_tag_list: the tags of one strategy, or of all that the app made."""
    wanted, agent_id = call.integer("strategy_id", 0), call.app.agent_id
    if wanted:
        own_strategy(call, wanted)
    own = {item.strategy_id for item in call.corp.strategies.values() if item.created_by == agent_id}
    groups = [
        item for item in call.corp.tag_groups.values() if item.strategy_id in own and wanted in (0, item.strategy_id)
    ]
    rows = shown_groups(call, groups)
    strategy_of = {item.group_id: item.strategy_id for item in groups}
    return {"tag_group": [{**row, "strategy_id": strategy_of[row["group_id"]]} for row in rows]}


@post("externalcontact/add_strategy_tag", "customer")
def add_strategy_tag(call: Call) -> Answer:
    """Answer add_strategy_tag: as add_corp_tag, inside one strategy; they count for the same limit."""
    strategy = own_strategy(call, call.integer("strategy_id", 0))
    return {"tag_group": {**add_tags(call, strategy_id=strategy.strategy_id), "strategy_id": strategy.strategy_id}}


@post("externalcontact/edit_strategy_tag", "customer")
def edit_strategy_tag(call: Call) -> Answer:
    """Answer edit_strategy_tag."""
    return edit_tag(call, of_strategy=True)


@post("externalcontact/del_strategy_tag", "customer")
def delete_strategy_tag(call: Call) -> Answer:
    """Answer del_strategy_tag."""
    return delete_tags(call, of_strategy=True)
