// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit
import JSONText
import Logging
import MicroHTTPServer

// Serves one small answer through the whole HTTP side, without a gateway behind it: what the HTTP layers cost by themselves.
// Usage: HTTPFloor [PORT [LOOPS]]

let arguments = CommandLine.arguments.dropFirst().map { Int($0) ?? 0 }
let port = UInt16(clamping: arguments.first ?? 8090)
let routes = RouteTable([
    Route(.get, "/meters/{id}/objects/{obis}/attributes/{n}", name: "read") { request in
        .json { writer in
            writer.beginObject()
            writer.member("meter", request.parameter("id"))
            writer.member("obis", request.parameter("obis"))
            writer.member("value", 1_234_567)
            writer.member("readAt", "2026-11-22T08:15:03.120Z")
            writer.endObject()
        }
    }
])
let server = MicroHTTPServer(
    configuration: MicroHTTPServerConfiguration(
        port: port,
        loops: arguments.count > 1 ? arguments[1] : 1,
        limits: HTTPServerLimits(connections: 4000, connectionsPerAddress: 4000)
    ),
    responder: HTTPEdge(routes),
    logger: Logger(label: "floor")
)
try server.start()
print("http://127.0.0.1:\(port)/meters/M-1/objects/1.0.1.8.0.255/attributes/2")
try await server.run()
