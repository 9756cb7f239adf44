"""The other doors: HTTP with OpenAPI and MCP, at the real server, with the documented JSON."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from browsing import DOLS
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from rag.assistant import Assistant
from rag.records import Answer, Hit, ReportInfo, Written


def fetched(address: str, path: str, body: object | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address + path, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def fields(record: type) -> set[str]:
    return {field.name for field in dataclasses.fields(record)}


def test_http_gives_the_same_answer_as_python(address: str, brief_shelf: Assistant) -> None:
    over_http = fetched(address, "api/ask", {"question": DOLS, "id": "7"})
    here = json.loads(json.dumps(dataclasses.asdict(brief_shelf.ask(DOLS, "7"))))
    assert over_http.keys() == fields(Answer)
    assert over_http | {"seconds": 0} == here | {"seconds": 0}


def test_parts_are_taken_out_over_http(address: str) -> None:
    question = {
        "question": "what did Sefton say about DoLS?",
        "without": ["council: Sefton Council"],
    }
    found = fetched(address, "api/ask", question)
    assert found["without"] == question["without"]
    assert "not asked" not in {row["status"] for row in found["coverage"]}


def test_http_searches_and_lists(address: str) -> None:
    hits = fetched(address, "api/search", {"question": "direct payments", "k": 3})
    assert len(hits) == 3
    assert hits[0].keys() == fields(Hit)
    reports = fetched(address, "api/reports")
    assert len(reports) == 5
    assert reports[0].keys() == fields(ReportInfo)


@pytest.mark.parametrize(
    ("path", "body", "status", "told"),
    [
        ("api/ask", {"question": "  "}, 400, "The question is empty."),
        ("api/ask", {"question": "x" * 2001}, 400, "at most 2000"),
        ("api/ask", {"question": "DoLS", "without": ["nonsense"]}, 400, "is no part"),
        ("api/ask", {"question": "DoLS", "write": True}, 400, "There is no language model"),
        ("api/ask", {}, 422, "question"),
        ("api/ask", {"question": "DoLS", "shout": True}, 422, "shout"),
        ("api/search", {"question": "DoLS", "k": 0}, 422, "k"),
    ],
)
def test_bad_input_is_told_in_one_sentence(
    address: str, path: str, body: dict[str, Any], status: int, told: str
) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        fetched(address, path, body)
    with caught.value as error:
        assert error.code == status
        answer = json.load(error)
    assert told in answer["error"]
    assert answer["next"]


def test_the_description_names_every_door_and_field(address: str) -> None:
    described = fetched(address, "api/openapi.json")
    assert described["paths"].keys() == {"/api/ask", "/api/search", "/api/reports"}
    schemas = described["components"]["schemas"]
    assert schemas["Answer"]["properties"].keys() == fields(Answer)
    assert schemas["Hit"]["properties"].keys() == fields(Hit)
    assert schemas["Written"]["properties"].keys() == fields(Written)


def test_mcp_offers_the_same_three_with_the_same_json(address: str, brief_shelf: Assistant) -> None:
    async def called() -> tuple[list[str], Any, Any, Any]:
        async with (
            streamable_http_client(f"{address}mcp") as (reading, writing, _),
            ClientSession(reading, writing) as session,
        ):
            await session.initialize()
            names = [tool.name for tool in (await session.list_tools()).tools]
            answer = await session.call_tool("ask", {"question": DOLS})
            shelf = await session.call_tool("reports", {})
            empty = await session.call_tool("ask", {"question": " "})
            return names, answer.structuredContent, shelf.structuredContent, empty

    with ThreadPoolExecutor() as apart:  # the browser's tests keep a loop running in this thread
        names, answer, shelf, empty = apart.submit(asyncio.run, called()).result()
    assert names == ["ask", "search", "reports"]
    here = json.loads(json.dumps(dataclasses.asdict(brief_shelf.ask(DOLS))))
    assert answer | {"seconds": 0} == here | {"seconds": 0}
    assert len(shelf["result"]) == 5
    assert empty.isError
    assert "The question is empty." in empty.content[0].text
