# SPDX-License-Identifier: Apache-2.0
# Copyright the cosem-gateway authors
"""No operation of the contract is reached without the key and the scope that the contract names."""

from __future__ import annotations

import http.client
import json

import yaml

METHODS = {"get", "put", "post", "delete", "patch"}


CONNECTIONS: dict[str, http.client.HTTPConnection] = {}


def send(base: str, method: str, path: str, key: str | None, body: dict | None = None) -> tuple[int, dict, object]:
    headers = {"Accept": "*/*", "Idempotency-Key": "k", "Content-Type": "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    connection = CONNECTIONS.setdefault(base, http.client.HTTPConnection(base.removeprefix("http://"), timeout=30))
    connection.request(method, path, json.dumps(body) if body is not None else None, headers)
    answer = connection.getresponse()
    text = answer.read()
    return answer.status, json.loads(text) if answer.status >= 400 and text else {}, answer.headers


def operations(contract):
    document = yaml.safe_load(contract.read_text(encoding="utf-8"))
    assert document["security"] == [{"bearer": []}]
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                yield method.upper(), path.replace("{", "").replace("}", ""), operation.get("security", document["security"]), operation


def test_every_operation_asks_for_the_key_and_the_scope_that_it_names(guarded, contract):
    base, admin = guarded
    walked = 0
    for method, path, security, operation in operations(contract):
        name = operation["operationId"]
        if not security:
            assert send(base, method, path, None)[0] not in (401, 403), name
            continue
        walked += 1
        assert "401" in operation["responses"], name
        for wrong in (None, admin[:-1] + ("a" if admin[-1] != "a" else "b")):
            status, problem, headers = send(base, method, path, wrong, {})
            assert status == 401, f"{name}: {status}"
            assert headers["WWW-Authenticate"].startswith("Bearer "), name
            assert problem["type"].rsplit("/", 1)[1] in ("authentication-required", "token-invalid")
        needed = {scope for alternative in security for scope in alternative["bearer"]}
        if not needed:
            continue
        key = narrow(base, admin, needed)
        status, problem, headers = send(base, method, path, key, {})
        assert status == 403, f"{name}: {status}"
        assert problem["type"].endswith("/insufficient-scope"), name
        assert all(scope in headers["WWW-Authenticate"] for scope in needed), name
    assert walked > 100


KEYS: dict[frozenset, str] = {}
SCOPES = [
    "meters:read", "meters:write", "readings:read", "readings:live", "objects:write", "methods:invoke", "clock:write", "disconnector:operate",
    "disconnector:confirm", "firmware:write", "jobs:read", "jobs:write", "schedules:read", "schedules:write", "events:read", "webhooks:write",
    "trace:read", "audit:read", "keys:manage", "metrics:read",
]


def narrow(base: str, admin: str, needed: set[str]) -> str:
    """A key that has every scope but those."""
    wanted = frozenset(needed)
    if wanted not in KEYS:
        body = {"name": f"narrow-{len(KEYS)}", "scopes": [one for one in SCOPES if one not in wanted and one != "admin"]}
        headers = {"Authorization": f"Bearer {admin}", "Content-Type": "application/json"}
        connection = http.client.HTTPConnection(base.removeprefix("http://"), timeout=30)
        connection.request("POST", "/api-keys", json.dumps(body), headers)
        KEYS[wanted] = json.load(connection.getresponse())["key"]
    return KEYS[wanted]
