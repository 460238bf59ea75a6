// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import Fleet
import HTTPKit
import Logging
import MeterSessions
import Synchronization
import Testing

@testable import GatewayAPI
@testable import GatewayCore

@Suite("What one gateway sends on to another")
struct NodeForwardingTests {
    @Test("Only what there is a row for, and only meters that the caller may see")
    func bounds() async throws {
        try await APIBench.run { bench in
            let (own, peer) = (try await node("a", bench), try await node("b", bench))
            for _ in 0..<3 {
                await own.beat()
                await peer.beat()
            }
            var remote: [String] = []
            for port in 1...32 {
                let made = try await bench.send(.put, "/meters/P\(port)", bench.configuration(port: port))
                #expect(made.status == 201)
                let keeper = try await own.keeper(ofMeter: "P\(port)", within: .zero)
                if case .peer = keeper { remote.append("P\(port)") }
            }
            let meter = try #require(remote.first)
            let forwarder = RecordingForwarder()
            let forwarding = NodeForwarding(
                inner: bench.api.routeTable,
                gateway: bench.gateway,
                node: own,
                forwarder: forwarder,
                proof: ForwardingProof(secret: Secret([1, 2, 3]), clock: bench.clock),
                baseLength: 0,
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
            )
            func answer(_ target: String, confinedTo labels: String? = nil) async -> HTTPResponse {
                let principal = Principal(name: "p", scopes: [.metersRead, .readingsRead], confinement: labels)
                let request = HTTPRequest(method: .get, rawTarget: target, identity: .known(principal))
                return await forwarding.respond(to: request)
            }
            #expect(await answer("/meters/\(meter)").headers["Cosem-Gateway-Answered-By"] == "b")
            #expect(await answer("/meters/\(meter)", confinedTo: "region=north").status == 299)
            #expect(forwarder.targets == ["/meters/\(meter)", "/meters/\(meter)"])
            let hidden = await answer("/meters/\(meter)", confinedTo: "region=south")
            let absent = await answer("/meters/absent", confinedTo: "region=south")
            #expect(hidden.status == 404 && absent.status == 404)
            #expect(hidden.headers.fields.map(\.name) == absent.headers.fields.map(\.name))
            #expect(await answer("/meters/\(meter)/zzz").status == 404)
            #expect(await answer("/channels/meter:\(meter)/zzz").status == 404)
            #expect(forwarder.targets.count == 2)
        }
    }

    private func node(_ name: String, _ bench: APIBench) async throws -> ClusterNode {
        let shares = HeldShares()
        let record = try await bench.store.register(
            NodeRegistration(name: name, address: "http://\(name):8080", version: "1", lease: .seconds(15))
        )
        let gateway = Gateway(
            store: bench.store,
            jobs: bench.queue,
            access: MeterSessions(network: bench.network, tenure: shares),
            clock: bench.clock
        )
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return ClusterNode(of: gateway, record: record, shares: shares, logger: logger)
    }
}

/// Another gateway that answers everything at once.
private final class RecordingForwarder: HTTPForwarder {
    private let seen = Mutex<[String]>([])

    var targets: [String] { seen.withLock { $0 } }

    func forward(
        _ request: HTTPRequest,
        to address: String,
        with fields: [HTTPHeaders.Field]
    ) async throws(HTTPForwardFault) -> HTTPResponse {
        seen.withLock { $0.append(request.rawTarget) }
        return HTTPResponse(status: 299)
    }
}
