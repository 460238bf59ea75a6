// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

extension ProblemPage {
    /// Problems of the gateway itself.
    static let gatewayPages: [ProblemPage] = [
        ProblemPage(
            "draining",
            cause: "The gateway is shutting down.",
            gatewayDid: "It finishes what it has begun and takes nothing new.",
            whatToDo: "Repeat after `Retry-After` seconds, when it or another one is ready.",
            look: "curl -s $GATEWAY/readyz"
        ),
        ProblemPage(
            "streams-full",
            cause:
                "As many event streams and traces are followed as may be: 200 unless the operator allows more, and a quarter of that by one caller.",
            gatewayDid: "It opened no stream. Those that are open go on.",
            whatToDo:
                "Close streams that nobody reads; a place is free again within 30 seconds of its client being gone. `http.eventStreams` allows more. The list `GET /events?since=` needs no place.",
            look: "curl -s $GATEWAY/metrics | grep ^cosem_gateway_event_streams"
        ),
        ProblemPage(
            "bodies-full",
            cause:
                "The bodies of all requests that come in at the moment are together larger than 256 MiB, as when many large files are imported at once.",
            gatewayDid: "It dropped the body. Nothing was stored and no meter was asked.",
            whatToDo: "Repeat after `Retry-After` seconds; send large files one after the other.",
            look: "curl -s $GATEWAY/metrics | grep 'http_requests_total.*import'"
        ),
        ProblemPage(
            "held-elsewhere",
            cause:
                "Several gateways share the database, and the line to the meter is going from one to another, or the one that has it cannot be reached.",
            gatewayDid: "It sent nothing to the meter.",
            whatToDo:
                "Repeat after `Retry-After` seconds. When a gateway has died, the others have its lines within a few seconds of its lease.",
            look: "curl -s $GATEWAY/nodes"
        ),
        ProblemPage(
            "store-unavailable",
            cause: "The database does not take the change or does not answer.",
            gatewayDid: "It changed nothing.",
            whatToDo: "Check the disk and the log of the gateway.",
            look: "curl -s \"$GATEWAY/readyz?verbose=true\""
        ),
        ProblemPage(
            "issuer-unavailable",
            cause: "The keys of the issuer of tokens could not be read since the gateway was started, or for a day.",
            gatewayDid: "It could not check the token, so it did nothing. API keys and client certificates work on.",
            whatToDo:
                "Check `oidc.keys`; the log says why the keys cannot be read. They are asked for again every 15 seconds.",
            look: "curl -s \"$GATEWAY/readyz?verbose=true\""
        ),
        ProblemPage(
            "internal",
            cause: "The gateway met something that it was not written for. This is a fault of the gateway.",
            gatewayDid: "It gave up this request and wrote the reason to its log, under the `traceId`.",
            whatToDo: "Report it with the `traceId` and the lines of the log.",
            look:
                "curl -s -X PUT $GATEWAY/system/log-level -H 'Content-Type: application/json' -d '{\"level\": \"debug\"}'"
        ),
    ]
}
