# SPDX-License-Identifier: Apache-2.0
"""How bodies are written that are neither JSON nor known to schemathesis: text is sent as it is."""

from __future__ import annotations

import schemathesis

schemathesis.serializer.alias(["application/x-ndjson"], "text/plain")
