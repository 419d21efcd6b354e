"""What `serve` prints for people: how to try the gateway, in lines that work as they stand."""

from __future__ import annotations

import sys
from pathlib import Path

from gateway.settings import Settings

_TASK = "Summarise: Margaret Thornton, MRN 48210377, was seen for chest pain."


def invitation(settings: Settings, port: int, model: str) -> str:
    """Return where the gateway serves; with a demo key, also a curl line and a Python snippet."""
    host = settings.server.host
    base = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    lines = [f"Intramural serves on {base} as node {settings.node}. Stop it with Ctrl-C."]
    key = settings.data / "demo.key"
    if key.exists():
        lines += ["", "Try it with curl:", "", *_curl(base, key, model)]
        lines += ["", f"or with Python ({sys.executable}):", "", *_python(base, key, model)]
    else:
        lines.append("Make a key for a caller with `intramural keys create --help`.")
    return "\n".join(lines)


def _curl(base: str, key: Path, model: str) -> list[str]:
    return [
        f"  curl -sS {base}/v1/chat/completions -H 'Content-Type: application/json' \\",
        f"    -H \"Authorization: Bearer $(cat '{key}')\" -H 'X-Purpose-Of-Use: TREAT' \\",
        f'    -d \'{{"model": "{model}", "temperature": 0, "messages": [{{"role": "user",',
        f'         "content": "{_TASK}"}}]}}\'',
    ]


def _python(base: str, key: Path, model: str) -> list[str]:
    return [
        "  from openai import OpenAI",
        f'  client = OpenAI(base_url="{base}/v1", api_key=open("{key}").read().strip(),',
        '                  default_headers={"X-Purpose-Of-Use": "TREAT"})',
        f'  reply = client.chat.completions.create(model="{model}", temperature=0, messages=[',
        f'      {{"role": "user", "content": "{_TASK}"}}])',
        "  print(reply.choices[0].message.content)",
    ]
