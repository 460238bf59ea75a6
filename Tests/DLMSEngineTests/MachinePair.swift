// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine

/// A client and a server joined in memory; what is sent arrives in pieces of random length.
struct MachinePair {
    var client: ClientMachine
    var server: ServerMachine
    private var random: any RandomNumberGenerator
    private(set) var outcomes: [ClientAction] = []
    private(set) var delivered: [UInt8] = []
    /// The longest APDU sent by the client and by the server, in octets.
    private(set) var longestRequest = 0
    private(set) var longestResponse = 0
    private(set) var requests = 0

    init(
        _ settings: AssociationSettings,
        _ meter: TestMeter,
        options: ServerMachine.Options = .init(),
        seed: UInt64 = 1
    ) {
        client = ClientMachine(settings: settings)
        server = ServerMachine(objects: meter, options: options)
        random = SplitMix(state: seed)
        run(client.connected(now: start))
    }

    mutating func perform(_ request: ServiceRequest, streams: Bool = false) -> ServiceResponse? {
        outcomes = []
        delivered = []
        run(client.perform(request, streams: streams, now: start))
        guard case .completed(let response)? = outcomes.last else { return nil }
        return response
    }

    mutating func release() {
        outcomes = []
        run(client.release(now: start))
    }

    private mutating func run(_ actions: [ClientAction]) {
        var pending = actions
        while !pending.isEmpty {
            let action = pending.removeFirst()
            switch action {
            case .send(let octets):
                requests += 1
                longestRequest = max(longestRequest, octets.count - 8)
                for part in split(octets) {
                    for answer in server.received(part) {
                        guard case .send(let response) = answer else { continue }
                        longestResponse = max(longestResponse, response.count - 8)
                        for part in split(response) { pending += client.received(part, now: start) }
                    }
                }
            case .deadline, .reserveCounters: break
            case .delivered(let octets): delivered += octets
            case .associated, .associationFailed, .completed, .failed, .partlyDone, .unsolicited, .released, .close:
                outcomes.append(action)
            }
        }
    }

    private mutating func split(_ octets: [UInt8]) -> [[UInt8]] {
        var parts: [[UInt8]] = []
        var rest = octets[...]
        while !rest.isEmpty {
            let length = Int.random(in: 1...max(1, min(rest.count, 300)), using: &random)
            parts.append(Array(rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        return parts
    }
}

/// A small generator whose run can be repeated.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
