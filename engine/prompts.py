"""From messages to tokens: the chat template in a sandbox, and no control token out of a text.

The rule: only the template's own words become control tokens. Before rendering, every place in a
caller's text where a control token's spelling could begin or end is parted by a guard character,
so that none can be found there afterwards; then the guards are taken out again and the text
between control tokens is encoded with a vocabulary that does not have them. For ordinary text the
tokens are those of rendering and encoding the whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, NoReturn

import jinja2
import msgspec
from jinja2.sandbox import ImmutableSandboxedEnvironment
from tokenizers import Tokenizer

from engine.errors import ModelChanged, UnsupportedInput
from engine.tokenizer import Specials, byte_table, unspeakable

TOKENIZER_FILE: Final = "tokenizer.json"
SPECIALS_FILE: Final = "specials.json"
TEMPLATE_FILE: Final = "chat_template.jinja"

# Private-use characters; the first that the messages do not hold is the guard.
_GUARDS: Final = tuple(chr(code) for code in range(0xE000, 0xE100))
_PROBE: Final = "probe7f3a"
# Whatever the template, an answer of this many characters is no prompt.
_MAX_RENDERED: Final = 4_000_000


@dataclass(frozen=True, slots=True, repr=False)
class ChatToolCall:
    """A tool call that an assistant made earlier. `arguments` is JSON, as text."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, repr=False)
class ChatMessage:
    """One message: `role` is system, developer, user, assistant or tool."""

    role: str
    content: str
    name: str | None = None
    tool_calls: tuple[ChatToolCall, ...] = ()
    tool_call_id: str | None = None

    def __repr__(self) -> str:
        return f"<ChatMessage {self.role}>"


class Prompts:
    """A model's tokenizer and chat template. Its methods may be called from any thread."""

    def __init__(
        self, tokenizer: Tokenizer, vocabulary: list[str], specials: Specials, template: str | None
    ) -> None:
        self._tokenizer = tokenizer
        self._vocabulary = vocabulary
        self._specials = specials
        self.bytes_of = byte_table(vocabulary, specials)
        """For each token id the bytes that it stands for."""
        self._unspeakable = unspeakable(vocabulary, specials)
        self.end_tokens = specials.end
        self.strip_space = specials.strip_space
        names = sorted(specials.tokens, key=len, reverse=True)
        self._control = re.compile("(" + "|".join(map(re.escape, names)) + ")") if names else None
        # Breaking a text after each first and before each last character of a control token
        # leaves none that begins or ends in it.
        firsts = "".join(sorted({name[0] for name in names}))
        lasts = "".join(sorted({name[-1] for name in names}))
        self._edges = (
            re.compile(f"(?<=[{re.escape(firsts)}])|(?=[{re.escape(lasts)}])") if names else None
        )
        self._template = None if template is None else _compile(template)
        self._express = _Capabilities(system=False, names=False, tool_calls=False)
        if self._template is not None:
            self._express = self._probe()

    @classmethod
    def load(cls, directory: Path) -> Prompts:
        """Read what the importer wrote beside a model."""
        template = directory / TEMPLATE_FILE
        try:
            return cls(
                Tokenizer.from_str((directory / TOKENIZER_FILE).read_text("utf-8")),
                json.loads((directory / "vocabulary.json").read_text("utf-8")),
                msgspec.json.decode((directory / SPECIALS_FILE).read_bytes(), type=Specials),
                template.read_text("utf-8") if template.exists() else None,
            )
        except (OSError, ValueError, msgspec.DecodeError) as error:
            raise ModelChanged(
                "the model's tokenizer cannot be read; remove the model and add it again"
            ) from error

    def save(self, directory: Path, template: str | None) -> None:
        """Write what `load` reads, but for the vocabulary, which belongs to the network."""
        (directory / TOKENIZER_FILE).write_text(self._tokenizer.to_str(), "utf-8")
        (directory / SPECIALS_FILE).write_bytes(msgspec.json.encode(self._specials))
        if template is not None:
            (directory / TEMPLATE_FILE).write_text(template, "utf-8")

    @property
    def can_chat(self) -> bool:
        """Whether the model came with a chat template."""
        return self._template is not None

    def strings(self, tokens: Sequence[int]) -> list[str]:
        """Return the vocabulary's strings of `tokens`, as CTranslate2 takes them."""
        return [self._vocabulary[token] for token in tokens]

    def text(self, text: str) -> list[int]:
        """Encode a bare prompt, with the token of the beginning where the model wants one."""
        bos = self._specials.bos
        start = [bos] if self._specials.add_bos and bos is not None else []
        return start + self._plain(text)

    def chat(self, messages: Sequence[ChatMessage]) -> list[int]:
        """Encode a conversation, ready for the assistant's next turn.

        Raises `UnsupportedInput` if the template is missing, refuses the messages, or has no words
        for a part of them: nothing of a request is dropped in silence.
        """
        messages = [_named_as_system(message) for message in messages]
        self._refuse_inexpressible(messages)
        guard = _guard_for(messages)
        guarded = [self._guarded(message, guard) for message in messages]
        rendered = self._render(guarded)
        for message in guarded:
            if message.role != "assistant" and message.content.strip() not in rendered:
                raise UnsupportedInput(
                    f"The model's chat template has no place for a {message.role} message here."
                )
        tokens: list[int] = []
        for part in self._control.split(rendered) if self._control else [rendered]:
            if part in self._specials.tokens:
                tokens.append(self._specials.tokens[part])
            elif part:
                tokens += self._plain(part.replace(guard, ""))
        bos = self._specials.bos
        if self._specials.add_bos and bos is not None and tokens[:1] != [bos]:
            tokens.insert(0, bos)
        return tokens

    def _plain(self, text: str) -> list[int]:
        try:
            spelt = text.encode()
        except UnicodeEncodeError:
            raise UnsupportedInput(
                "The text is not valid Unicode: it has a lone surrogate."
            ) from None
        if len(spelt.translate(None, self._unspeakable)) != len(spelt):
            # The tokenizer would leave these characters out without a word.
            text = "".join(
                "\ufffd"
                if any(byte in self._unspeakable for byte in character.encode())
                else character
                for character in text
            )
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def _guarded(self, message: ChatMessage, guard: str) -> ChatMessage:
        def part(text: str) -> str:
            return self._edges.sub(guard, text) if self._edges else text

        return replace(
            message,
            content=part(message.content),
            name=None if message.name is None else part(message.name),
            tool_calls=tuple(
                ChatToolCall(part(call.id), part(call.name), part(call.arguments))
                for call in message.tool_calls
            ),
            tool_call_id=None if message.tool_call_id is None else part(message.tool_call_id),
        )

    def _refuse_inexpressible(self, messages: Sequence[ChatMessage]) -> None:
        if self._template is None:
            raise UnsupportedInput(
                "The model has no chat template: ask it for a completion of a prompt instead."
            )
        for message in messages:
            if message.name is not None and not self._express.names:
                raise UnsupportedInput("The model's chat template cannot express `name`.")
            tools = message.tool_calls or message.tool_call_id is not None
            if (tools or message.role == "tool") and not self._express.tool_calls:
                raise UnsupportedInput("The model's chat template cannot express tool calls.")
            if message.role == "system" and not self._express.system:
                raise UnsupportedInput("The model's chat template cannot express system messages.")

    def _render(self, messages: Sequence[ChatMessage]) -> str:
        if self._template is None:
            raise UnsupportedInput("The model has no chat template.")
        bos, end = self._specials.bos, self._specials.end
        try:
            rendered = self._template.render(
                messages=[_plain_message(message) for message in messages],
                add_generation_prompt=True,
                bos_token="" if bos is None else self._vocabulary[bos],
                eos_token=self._vocabulary[end[0]],
            )
        except (jinja2.TemplateError, TypeError, ValueError, KeyError, IndexError):
            # The template's own words might quote a message, so they are not passed on.
            raise UnsupportedInput(
                "The model's chat template does not accept these messages: "
                "check the order of their roles."
            ) from None
        if len(rendered) > _MAX_RENDERED:
            raise UnsupportedInput("The rendered conversation is too long.")
        return rendered

    def _probe(self) -> _Capabilities:
        """Find out what the template puts into words, by looking for it in what it renders."""

        def shows(words: Sequence[str], *messages: ChatMessage) -> bool:
            try:
                rendered = self._render(messages)
            except UnsupportedInput:
                return False
            return all(word in rendered for word in words)

        user = ChatMessage("user", "u")
        call = ChatToolCall("call00001", _PROBE + "n", json.dumps({"a": _PROBE + "a"}))
        return _Capabilities(
            system=shows([_PROBE], ChatMessage("system", _PROBE), user),
            names=shows([_PROBE], ChatMessage("user", "u", name=_PROBE)),
            tool_calls=shows(
                [_PROBE + "n", _PROBE + "a", _PROBE + "t"],
                user,
                ChatMessage("assistant", "", tool_calls=(call,)),
                ChatMessage("tool", _PROBE + "t", tool_call_id="call00001"),
            ),
        )


@dataclass(frozen=True, slots=True)
class _Capabilities:
    """What a chat template has words for."""

    system: bool
    names: bool
    tool_calls: bool


def _named_as_system(message: ChatMessage) -> ChatMessage:
    """OpenAI's `developer` is the newer name of `system`; templates know the older."""
    return replace(message, role="system") if message.role == "developer" else message


def _guard_for(messages: Sequence[ChatMessage]) -> str:
    used = {
        character
        for message in messages
        for text in _texts(message)
        for character in set(text)
        if "\ue000" <= character <= "\ue0ff"
    }
    for guard in _GUARDS:
        if guard not in used:
            return guard
    raise UnsupportedInput("The messages use every private-use character from U+E000 to U+E0FF.")


def _texts(message: ChatMessage) -> list[str]:
    texts = [message.content]
    texts += [text for text in (message.name, message.tool_call_id) if text is not None]
    for call in message.tool_calls:
        texts += [call.id, call.name, call.arguments]
    return texts


def _plain_message(message: ChatMessage) -> dict[str, Any]:
    plain: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.name is not None:
        plain["name"] = message.name
    if message.tool_call_id is not None:
        plain["tool_call_id"] = message.tool_call_id
    if message.tool_calls:
        plain["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": _arguments(call.arguments)},
            }
            for call in message.tool_calls
        ]
    return plain


def _arguments(text: str) -> Any:  # noqa: ANN401 - JSON
    """Templates expect the object; what is not one is passed on as it is."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, dict) else text


def _compile(template: str) -> jinja2.Template:
    def refuse(message: object) -> NoReturn:
        raise jinja2.TemplateError(str(message))

    # Templates come out of a downloaded file. The sandbox has no loader, no clock and no
    # attributes of Python objects; Hugging Face renders with the same two options.
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # A prompt is not HTML.
        extensions=["jinja2.ext.loopcontrols"],
    )
    environment.globals["raise_exception"] = refuse
    environment.filters["tojson"] = _tojson
    return environment.from_string(template)


def _tojson(value: object, indent: int | None = None) -> str:
    """As Hugging Face's: Jinja's own escapes for HTML."""
    return json.dumps(value, ensure_ascii=False, indent=indent)
