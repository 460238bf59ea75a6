// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit
import JSONText
import Logging
import MicroHTTPServer

// Serves small answers through the whole HTTP side, without a gateway behind it: what the HTTP layers cost by themselves. One is made
// at once, one after a wait (a suspended connection), one piece by piece.
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
    },
    Route(.get, "/later/{milliseconds}", name: "later") { request in
        let time = try request.parameter("milliseconds", as: Int.self, expected: "a number")
        try await Task.sleep(for: .milliseconds(time))
        return .text("later")
    },
    Route(.get, "/pieces/{count}", name: "pieces", produces: ["text/plain"]) { request in
        let count = try request.parameter("count", as: Int.self, expected: "a number")
        return .stream(type: "text/plain") { writer in
            for _ in 0..<count {
                try await writer.write([UInt8](repeating: 0x78, count: 1000))
                try await Task.sleep(for: .milliseconds(1))
            }
        }
    },
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
