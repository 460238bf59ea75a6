// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit
import MeterTransport
import Testing

@Suite("A caller who takes a long answer slowly")
struct SlowCallerTests {
    /// A caller who takes nothing after the first piece until he is let.
    private final class Caller: HTTPBodyWriter {
        let pieces: AsyncStream<[UInt8]>
        private let continuation: AsyncStream<[UInt8]>.Continuation
        private let gate: AsyncStream<Void>
        private let opening: AsyncStream<Void>.Continuation

        init() {
            (pieces, continuation) = AsyncStream.makeStream()
            (gate, opening) = AsyncStream.makeStream()
        }

        func write(_ octets: [UInt8]) async throws(HTTPStreamClosed) {
            continuation.yield(octets)
            for await _ in gate {}
        }

        func takeAll() { opening.finish() }

        func end() { continuation.finish() }
    }

    @Test(
        "The meter is not read on when 256 kB wait, and read to the end when the caller takes them",
        .timeLimit(.minutes(2))
    )
    func pause() async throws {
        try await APIBench.run { bench in
            // Blocks of 8 kB.
            let body = bench.configuration().replacing(
                "\"timeouts\"",
                with: "\"quirks\":{\"maxReceivePDU\":8192},\"timeouts\""
            )
            #expect(try await bench.send(.put, "/meters/M1", body).status == 200)
            bench.meter.shapeBuffer(rowCount: 20_000)
            let other = try await MeterListener.bind(objects: bench.meter, network: bench.network)
            let second = bench.configuration(port: other.port)
            #expect(try await bench.send(.put, "/meters/M2", second).status == 201)

            let response = await bench.responder.respond(
                to: HTTPRequest(
                    method: .get,
                    rawTarget: "/meters/M1/profiles/1.0.99.1.0.255/rows?entries=19999",
                    headers: HTTPHeaders([
                        .init(name: "Accept", value: "application/x-ndjson"),
                        .init(name: "Prefer", value: "wait=120"),
                    ])
                )
            )
            guard case .stream(let stream) = response.body else {
                Issue.record("\(response)")
                return
            }
            let caller = Caller()
            let production = Task {
                defer { caller.end() }
                try await stream.produce(caller)
            }
            var pieces = caller.pieces.makeAsyncIterator()
            var octets = try #require(await pieces.next())
            // More than 32 blocks of 8 kB wait for nobody, in a time in which the rest would have come.
            while bench.listener.counters.served[.get, default: 0] < 32 { await Task.yield() }
            for _ in 0..<60 {
                let value = try await bench.get(
                    "/meters/M2/objects/1.0.1.8.0.255/attributes/2",
                    headers: ["Cache-Control": "no-cache"]
                )
                #expect(value.status == 200)
            }
            #expect(bench.listener.counters.served[.get, default: 0] < 45)
            caller.takeAll()
            while let piece = await pieces.next() { octets += piece }
            try await production.value
            #expect(octets.count { $0 == UInt8(ascii: "\n") } > 19_999)
            #expect(bench.listener.counters.served[.get, default: 0] > 50)
            await other.close()
        }
    }
}
