"""Detection opens no connection and looks up no name: not to build, not to run, not at first use.

Presidio's own e-mail recognizer fetches the public suffix list, and its engines for language
download a missing model. Neither is ever reached, which a subprocess with every socket forbidden
shows, and a network namespace without any interface shows again, since an audit hook sees Python's
sockets only.
"""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from gateway.detection.frame import NoPipeline
from gateway.detection.recognizers import rules_analyzer, tags_analyzer, topics

PROGRAM = """
import asyncio, sys
attempts = []
def hook(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto",
                 "socket.sendmsg", "socket.gethostbyaddr", "socket.getnameinfo"):
        attempts.append(event)
        raise PermissionError(event)
    if event in ("subprocess.Popen", "os.system", "os.posix_spawn", "os.exec", "urllib.Request"):
        attempts.append(event)
        raise PermissionError(event)
loop = asyncio.new_event_loop()
sys.addaudithook(hook)
from gateway.weights import open_detector
from gateway.detection.scanner import ShapeScanner
from gateway.domain.text import RawText
detector = open_detector(2025)
note = "Mrs Thornton, thornton@mail.example.co.uk, +1 410 555 0123, http://x.example.org, MRN 12345"
(found,) = loop.run_until_complete(detector.detect([RawText(note)]))
detector.close()
kinds = {each.entity for each in found} | {each.entity for each in ShapeScanner().scan(note)}
assert {"PERSON", "EMAIL_ADDRESS", "PHONE_NUMBER", "URL", "MEDICAL_RECORD_NUMBER"} <= kinds, kinds
assert not attempts, attempts
print("quiet")
"""


def _run(*before: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*before, sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_detection_attempts_no_connection_from_import_to_finding() -> None:
    done = _run()
    assert done.stdout.strip() == "quiet", done.stderr[-2000:]


def _namespaces_work() -> bool:
    unshare = shutil.which("unshare")
    if unshare is None:
        return False
    return subprocess.run([unshare, "-n", "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not _namespaces_work(), reason="needs root and network namespaces")
def test_detection_works_in_a_network_namespace_without_interfaces() -> None:
    done = _run("unshare", "-n")
    assert done.stdout.strip() == "quiet", done.stderr[-2000:]


def test_no_recognizer_is_one_that_presidio_ships() -> None:
    for analyzer in (rules_analyzer(topics(2025)), tags_analyzer()):
        homes = {type(each).__module__ for each in analyzer._engine.registry.recognizers}
        assert homes == {"gateway.detection.recognizers"}
        assert type(analyzer._engine.nlp_engine) is NoPipeline


def test_no_language_model_is_in_the_process_and_none_is_required() -> None:
    program = (
        "import sys, gateway.weights; gateway.weights.open_detector(2025).close();"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True
    )
    loaded = set(done.stdout.split())
    assert "presidio_analyzer" in loaded
    assert not {name for name in loaded if name.startswith(("en_core", "xx_", "torch", "trans"))}


def test_spacy_is_not_imported_and_whoever_wants_it_gets_the_real_one() -> None:
    program = (
        "import sys, gateway.detection.recognizers;"
        "gone = {'spacy', 'thinc', 'weasel', 'httpx', 'requests', 'tldextract'} & set(sys.modules);"
        "assert not gone, gone;"
        "import spacy;"
        "assert [token.text for token in spacy.blank('en')('Anna left')] == ['Anna', 'left'];"
        "print('real')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.strip() == "real", done.stderr[-2000:]
