"""Step 3 reads the texts of a request; a name that joins words is read as those words.

The name of a tool looks like a number or somebody's name to who has only that: `get_weather` names
nobody, and `transfer_to_Dr_House` names one person.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.domain.exchange import Conversation
from gateway.domain.text import RawText


def legible(conversation: Conversation[RawText]) -> list[RawText]:
    """Return `conversation.texts()` as detection is to read them, each as long as it is.

    Dashes and dots stay, because numbers have them: 123-45-6789.
    """
    names = {id(name) for name in _names(conversation)}
    return [
        RawText(text.reveal().replace("_", " ")) if id(text) in names else text
        for text in conversation.texts()
    ]


def _names(conversation: Conversation[RawText]) -> Iterator[RawText]:
    for message in conversation.messages:
        for call in message.tool_calls:
            yield call.name
    if conversation.tools is not None:
        for tool in conversation.tools.offered:
            yield tool.name
        if conversation.tools.chosen is not None:
            yield conversation.tools.chosen
