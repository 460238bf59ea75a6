// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Glibc
import Measure
import MeterTransport
import Synchronization

// The cost of ciphering for a client: `CipheredSession serve` listens and prints its port, `CipheredSession read PORT`
// compares sessions in clear with sessions under authenticated encryption: connect, associate, seven GETs, release.

/// Counters from memory, never the same twice.
final class CountersInMemory: InvocationCounterSource {
    private let next = Atomic<UInt64>(1)

    func reserve(_ count: Int) async throws(InvocationCounterError) -> Range<UInt64> {
        let range = UInt64(max(count, 64))
        let first = next.wrappingAdd(range, ordering: .relaxed).oldValue
        return first..<first + range
    }

    func accepted(peerCounter: UInt32) {}
}

func serve(_ network: MeterNetwork) async throws {
    let listener = try await MeterListener.bind(objects: BenchmarkMeter(), network: network)
    print(listener.port)
    fflush(nil)
    // Until whoever started it closes the input.
    while readLine() != nil {}
    await listener.close()
}

func session(
    _ endpoint: TCPEndpoint,
    isCiphered: Bool,
    _ counters: CountersInMemory,
    _ network: MeterNetwork
) async throws {
    var settings = AssociationSettings(
        link: .wrapper(
            clientPort: isCiphered ? BenchmarkMeter.cipheredClient : BenchmarkMeter.plainClient,
            serverPort: 1
        )
    )
    // Each attribute in a request of its own.
    settings.maximumListLength = 1
    if isCiphered {
        settings.security = SecuritySettings(
            clientSystemTitle: BenchmarkMeter.clientTitle,
            blockCipherKey: BenchmarkMeter.blockCipherKey,
            authenticationKey: BenchmarkMeter.authenticationKey
        )
    }
    let (connection, _) = try await MeterConnection.open(
        to: endpoint,
        settings: settings,
        counters: isCiphered ? counters : nil,
        connectTimeout: .seconds(5),
        network: network
    )
    let (response, _) = try await connection.perform(.get(BenchmarkMeter.attributes.map { AttributeRequest($0) }))
    guard case .get(let results) = response,
        results == BenchmarkMeter.attributes.map({ _ in .data(BenchmarkMeter.value) })
    else {
        print("other values came: \(response)")
        exit(1)
    }
    await connection.release()
}

func compareSessions(with endpoint: TCPEndpoint, _ network: MeterNetwork) async throws {
    let counters = CountersInMemory()
    let sessions = 10
    let rounds = 150
    var seconds: [[Double]] = [[], []]
    // Short rounds, so that whatever else the machine does meets both alike; the first ones warm caches up.
    for round in -5..<rounds {
        for (index, isCiphered) in [false, true].enumerated() {
            let start = processSeconds()
            for _ in 0..<sessions { try await session(endpoint, isCiphered: isCiphered, counters, network) }
            if round >= 0 { seconds[index].append((processSeconds() - start) / Double(sessions)) }
        }
    }
    let medians = seconds.map { $0.sorted()[$0.count / 2] }
    print(
        "a session with a meter: connect, associate, 7 GETs, release (CPU time of the client, median of \(rounds) interleaved rounds)"
    )
    print("  in clear                           \(rounded(medians[0] * 1e6)) us")
    print(
        "  authenticated encryption, suite 0  \(rounded(medians[1] * 1e6)) us   \(rounded(medians[1] / medians[0])) x"
    )
}

let network = MeterNetwork()
let arguments = CommandLine.arguments
if arguments.count == 2, arguments[1] == "serve" {
    try await serve(network)
} else if arguments.count == 3, arguments[1] == "read", let port = Int(arguments[2]) {
    try await compareSessions(with: TCPEndpoint(host: "127.0.0.1", port: port), network)
} else {
    print("CipheredSession serve | read PORT")
    exit(2)
}
await network.shutdown()
