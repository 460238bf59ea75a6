// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit
import JSONText
import Synchronization
import Testing

@Suite("Watching the line to a meter")
struct TraceTests {
    private static let energy = "/meters/M1/objects/1.0.1.8.0.255/attributes/2?maxAge=0"

    /// Watches while a body runs; gives what was written until there were enough lines of an event.
    private func trace(
        _ bench: APIBench,
        _ target: String = "/meters/M1/trace",
        accept: String? = nil,
        until: @escaping @Sendable (String) -> Bool,
        _ body: () async throws -> Void
    ) async throws -> String {
        let request = HTTPRequest(
            method: .get,
            rawTarget: target,
            headers: HTTPHeaders(accept.map { [.init(name: "Accept", value: $0)] } ?? [])
        )
        let response = await bench.responder.respond(to: request)
        #expect(response.status == 200)
        guard case .stream(let stream) = response.body else {
            Issue.record("the body is not streamed")
            return ""
        }
        let collector = LineCollector()
        let watching = Task { try await stream.produce(collector) }
        while !collector.text.contains("watching") { await Task.yield() }
        try await body()
        while !until(collector.text) { await Task.yield() }
        watching.cancel()
        _ = try? await watching.value
        return collector.text
    }

    @Test("Frames are shown as they go, explained, and without the password")
    func frames() async throws {
        try await APIBench.run { bench in
            let text = try await trace(bench) {
                $0.contains("get-response")
            } _: {
                let answer = try await bench.get(Self.energy)
                #expect(answer.status == 200)
            }
            let lines = try text.split(separator: "\n").map { try JSONReader.parse(Array($0.utf8)) }
            let events = lines.compactMap { $0["event"]?.string }
            #expect(events.prefix(2) == ["watching", "opened"])
            let frames = lines.filter { $0["octets"] != nil }
            #expect(frames.allSatisfy { $0["association"] == "reader" && $0["decoded"]?["layer"] == "wrapper" })
            #expect(frames.first?["decoded"]?["message"]?["decoded"]?["apdu"] == "aarq")
            #expect(frames.first?["masked"] == true)
            #expect(frames.first?["octets"]?.string?.contains("****************") == true)
            #expect(frames.dropFirst().allSatisfy { $0["masked"] == nil })
            #expect(!text.contains("12345678"))
            #expect(!text.contains("3132333435363738"))
        }
    }

    @Test("An association that is open already is watched from the next exchange on; explanations can be left out")
    func midway() async throws {
        try await APIBench.run { bench in
            _ = try await bench.get(Self.energy)
            let text = try await trace(bench, "/meters/M1/trace?decode=false&for=PT1M", accept: "text/event-stream") {
                $0.contains("event: received")
            } _: {
                _ = try await bench.get(Self.energy)
            }
            #expect(text.hasPrefix("event: watching\ndata: {"))
            #expect(text.contains("event: sent\ndata: {"))
            #expect(!text.contains("decoded"))
            #expect(!text.contains("opened"))
        }
    }

    @Test("It ends when the time is over")
    func ends() async throws {
        try await APIBench.run { bench in
            let answer = try await bench.get("/meters/M1/trace?for=PT0.01S")
            #expect(answer.headers["Content-Type"] == "application/x-ndjson")
            #expect(answer.text.split(separator: "\n").last?.contains(#""reason":"time-is-over""#) == true)
        }
    }

    @Test("Who may not watch is told so before anything is sent")
    func refusals() async throws {
        try await APIBench.run { bench in
            let unknown = try await bench.get("/meters/none/trace")
            #expect(unknown.problem == "meter-unknown")
            #expect(try await bench.get("/meters/M1/trace?for=PT11M").problem == "bad-parameter")
            #expect(try await bench.get("/meters/M1/trace?decod=false").json["suggestion"] == "decode")
            #expect(try await bench.get("/meters/M1/trace", headers: ["Accept": "text/html"]).status == 406)
        }
    }
}

/// Takes a streamed body while it comes.
private final class LineCollector: HTTPBodyWriter {
    private let collected = Mutex<[UInt8]>([])

    var text: String { collected.withLock { String(decoding: $0, as: UTF8.self) } }

    func write(_ octets: [UInt8]) async throws(HTTPStreamClosed) {
        collected.withLock { $0 += octets }
    }
}
