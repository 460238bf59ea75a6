// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

extension ProblemPage {
    private static let nothing = "Nothing was stored and no meter was asked."

    /// Problems of the request itself.
    static let requestPages: [ProblemPage] = [
        ProblemPage(
            "malformed-json",
            cause: "The body is not JSON: a comma, quote or bracket is wrong, or a member stands twice.",
            gatewayDid: "It stopped at the place that `detail` names. \(nothing)",
            whatToDo:
                "Correct the body. `jq` finds the place as well, and in a shell a file needs no care for quotes: `--data-binary @body.json`.",
            look:
                "jq empty body.json && curl -s -X POST $GATEWAY/jobs -H 'Content-Type: application/json' --data-binary @body.json"
        ),
        ProblemPage(
            "unknown-field",
            cause: "A member of the body or a query parameter has a name that the operation does not know.",
            gatewayDid:
                "It refused the whole request, because a misspelt `dryRun` must not send an order. \(nothing)",
            whatToDo:
                "Take the name that `hint` suggests, or remove the member. `known` lists what the operation knows, and so does the contract.",
            look:
                "curl -s $GATEWAY/openapi.json | jq -c '.components.schemas | .MeterInput, .ScheduleInput, .WebhookInput | .properties | keys'"
        ),
        ProblemPage(
            "bad-parameter",
            cause:
                "A part of the path, a query parameter, a header or a member of the body is missing or not of the form that the contract asks for (400), or a value in the body cannot be used or contradicts another one (422).",
            gatewayDid: "It refused the request. `parameter` or `pointer` names the culprit. \(nothing)",
            whatToDo:
                "Correct the value. Durations look like `PT15M`, times like `2026-11-22T08:15:00+01:00`; in a URL write `+` as `%2B`.",
            look:
                "curl -s $GATEWAY/openapi.json | jq '.paths[\"/readings\"].get.parameters[] | {name, description, schema, example}'"
        ),
        ProblemPage(
            "bad-obis",
            cause: "The logical name is not an OBIS code.",
            gatewayDid: "It refused the request. \(nothing)",
            whatToDo:
                "Write six numbers up to 255, as `1.0.1.8.0.255`, `1-0:1.8.0*255`, `1-0:1.8.0` or `0100010800ff`.",
            look: "curl -s $GATEWAY/catalog/obis/1-0:1.8.0"
        ),
        ProblemPage(
            "idempotency-key-missing",
            cause: "A method is invoked at most once for each `Idempotency-Key`, and the request has none.",
            gatewayDid: "It refused the request. \(nothing)",
            whatToDo:
                "Send a fresh key for each order and the same key when you repeat it. An empty header is none: `uuidgen` is not on every machine, the file below is on every Linux. This order is a trial, and sends nothing.",
            look:
                "curl -s -X POST $GATEWAY/meters/$METER/disconnector/orders -H \"Idempotency-Key: $(cat /proc/sys/kernel/random/uuid)\" \\\n     -H 'Content-Type: application/json' -d '{\"action\": \"disconnect\", \"reason\": \"a trial\", \"dryRun\": true}'"
        ),
        ProblemPage(
            "idempotency-key-reused",
            cause:
                "The key was used before with another body or for another order, or the same method is asked for as a job that was waited for before, or the other way round.",
            gatewayDid: "It refused the request; what was sent with the key before stays as it is.",
            whatToDo: "Use a fresh key for a new order.",
            look: "curl -s \"$GATEWAY/jobs?limit=10\""
        ),
        ProblemPage(
            "idempotency-in-flight",
            cause: "A request with the same key is being carried out just now.",
            gatewayDid: "It did not start a second one.",
            whatToDo: "Repeat after `Retry-After` seconds; the answer is then the one of the first request.",
            look: "curl -s \"$GATEWAY/jobs?limit=3\""
        ),
        ProblemPage(
            "path-unknown",
            cause: "The gateway has nothing at this path.",
            gatewayDid: "Nothing.",
            whatToDo: "Compare the path with the contract. A slash inside a part of the path is written `%2F`.",
            look: "curl -s $GATEWAY/openapi.yaml | grep '^  /'"
        ),
        ProblemPage(
            "not-found",
            cause: "The path is right, but there is no such entry, as a problem or a class that is not known.",
            gatewayDid: "Nothing.",
            whatToDo: "Look at the list that the path belongs to.",
            look:
                "curl -s $GATEWAY/groups $GATEWAY/schedules $GATEWAY/reading-sets $GATEWAY/webhooks $GATEWAY/catalog/classes"
        ),
        ProblemPage(
            "method-not-allowed",
            cause: "The path exists, but not with this method.",
            gatewayDid: "Nothing. `Allow` lists the methods there are.",
            whatToDo: "Use one of them.",
            look: "curl -si -X OPTIONS $GATEWAY/meters/$METER | grep -i ^allow"
        ),
        ProblemPage(
            "not-acceptable",
            cause: "`Accept` excludes every representation of the resource.",
            gatewayDid: "It refused the request. `detail` lists the representations. \(nothing)",
            whatToDo: "Ask for one of them, or leave `Accept` out.",
            look: "curl -s $GATEWAY/openapi.json | jq '.paths[\"/readings\"].get.responses[\"200\"].content | keys'"
        ),
        ProblemPage(
            "unsupported-media-type",
            cause: "The body is of a media type that the operation does not take, or has none.",
            gatewayDid: "It did not read the body. \(nothing)",
            whatToDo: "Send `Content-Type: application/json` (for PATCH also `application/merge-patch+json`).",
            look: "curl -s $GATEWAY/openapi.json | jq '.paths[\"/meters/{id}\"].patch.requestBody.content | keys'"
        ),
        ProblemPage(
            "body-too-large",
            cause: "The body, or a list in it, is larger than the gateway takes.",
            gatewayDid: "It stopped reading. \(nothing)",
            whatToDo: "Split the work into several requests; for many meters use a job.",
            look:
                "curl -s -o /dev/null -w '%{size_upload} octets were sent, the answer is %{http_code}\\n' \\\n     -X POST $GATEWAY/jobs -H 'Content-Type: application/json' --data-binary @body.json"
        ),
        ProblemPage(
            "target-too-long",
            cause: "The address of the request is longer than the gateway takes.",
            gatewayDid: "It refused the request. \(nothing)",
            whatToDo: "Ask for less in one request.",
            look: "curl -s -o /dev/null -w '%{url_effective}' \"$GATEWAY/readings?meter=$METER\" | wc -c"
        ),
        ProblemPage(
            "header-too-large",
            cause: "The header fields together are larger than the gateway takes.",
            gatewayDid: "It refused the request. \(nothing)",
            whatToDo: "Look for large cookies or fields that a proxy added.",
            look: "curl -sv -o /dev/null $GATEWAY/livez 2>&1 | grep '^>'"
        ),
        ProblemPage(
            "foreign-page",
            cause:
                "A browser sent the request for a web page that is not of the gateway, or asked for the gateway by a name that is not known to be its own. Without credentials any page that somebody visits could otherwise use the API.",
            gatewayDid: "It refused the request. \(nothing)",
            whatToDo:
                "Call the gateway by its address or by `localhost`, have the operator list the origin of the page or of the gateway itself (`http.origins`), or use a key.",
            look: "curl -s $GATEWAY/system/config | jq '.items[] | select(.name | startswith(\"http.origins\"))'"
        ),
        ProblemPage(
            "request-timeout",
            cause: "The request did not arrive completely in time.",
            gatewayDid: "It closed the connection. \(nothing)",
            whatToDo: "Repeat the request; if it happens often, look at the network between you and the gateway.",
            look:
                "curl -s -o /dev/null -w 'connected after %{time_connect} s, answered after %{time_total} s\\n' $GATEWAY/livez"
        ),
    ]
}
