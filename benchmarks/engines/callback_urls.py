"""The plain Django view: verify, decrypt, store the row, ask for the job, answer. One transaction per callback, full middleware."""

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from juqun.channels.wecom.errors import CallbackRefusedError
from juqun.channels.wecom.jobs import process_callbacks
from juqun.channels.wecom.models import InboxCallback
from juqun.channels.wecom.operations import open_callback
from juqun.channels.wecom.types import InboxState
from juqun.kernel import jobs


@csrf_exempt
def receive(request: HttpRequest) -> HttpResponse:
    """Do what the lane does, in the usual way."""
    try:
        callback = open_callback(
            signature=request.GET["msg_signature"],
            timestamp=request.GET["timestamp"],
            nonce=request.GET["nonce"],
            body=request.body,
        )
    except (KeyError, CallbackRefusedError):
        return HttpResponseForbidden()
    with transaction.atomic():
        row, is_new = InboxCallback.objects.get_or_create(
            dedupe_key=callback.dedupe_key,
            defaults={
                "received_at": callback.received_at,
                "event": callback.event,
                "change_type": callback.change_type,
                "body": callback.sealed_body,
                "state": InboxState.RECEIVED,
            },
        )
        if is_new:
            jobs.enqueue(process_callbacks, inbox_ids=[row.id])
    return HttpResponse("success", content_type="text/plain")


urlpatterns = [path("callbacks/wecom/", receive)]
