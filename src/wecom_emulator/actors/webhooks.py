"""Group push by hand: the admin gives an internal group a webhook and reads what came through it."""

from wecom_emulator.actors.verbs import Action, Result, text, verb
from wecom_emulator.errors import ActorError
from wecom_emulator.rules import groups
from wecom_emulator.state.chats import MEMBER_EXTERNAL
from wecom_emulator.state.kf import pair
from wecom_emulator.state.webhooks import Webhook
from wecom_emulator.world import World


def _webhook(world: World, action: Action) -> Webhook:
    webhook = world.corp.webhooks.get(text(action, "key"))
    if webhook is None:
        raise ActorError("unknown_webhook", "no such webhook: make it by add_webhook", status=404)
    return webhook


@verb("admin", "add_webhook")
def _add(world: World, _: str, action: Action) -> Result:
    name, chat_id = text(action, "name"), text(action, "chat_id", required=False)
    if chat_id:
        chat = groups.open_group(world, chat_id)
        if any(member.type == MEMBER_EXTERNAL for member in chat.members.values()):
            raise ActorError("external_group", "webhooks exist in internal groups only, without customers")
    webhook = Webhook(key=world.corp.new_id("webhook", "wh", length=36), name=name, chat_id=chat_id)
    world.corp.webhooks[webhook.key] = webhook
    return {"key": webhook.key, "url": f"{world.base_url}/cgi-bin/webhook/send?key={webhook.key}"}


@verb("admin", "remove_webhook")
def _remove(world: World, _: str, action: Action) -> Result:
    webhook = _webhook(world, action)
    del world.corp.webhooks[webhook.key]
    return {"key": webhook.key}


@verb("admin", "webhook_posts")
def _posts(world: World, _: str, action: Action) -> Result:
    webhook = _webhook(world, action)
    posts = [world.corp.webhook_posts[pair(webhook.key, number)] for number in range(1, webhook.posts + 1)]
    return {"posts": [{"at": item.at, **item.body} for item in posts]}
