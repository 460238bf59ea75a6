// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine

/// A client and a server joined in memory; what is sent arrives in pieces of random length.
struct MachinePair {
    var client: ClientMachine
    var server: ServerMachine
    private var random: any RandomNumberGenerator
    /// The invocation counter that is handed out next; nil = reservations are refused.
    var nextCounter: UInt64? = 1
    /// How many reservations were asked for.
    private(set) var reservations = 0
    /// What becomes of an APDU of the server on its way.
    var onTheWay: ([UInt8]) -> [UInt8] = { $0 }
    /// The last APDUs that went to each side, as they were sent.
    private(set) var lastRequest: [UInt8] = []
    private(set) var lastResponse: [UInt8] = []
    private(set) var outcomes: [ClientAction] = []
    private(set) var delivered: [UInt8] = []
    /// The longest APDU sent by the client and by the server, in octets.
    private(set) var longestRequest = 0
    private(set) var longestResponse = 0
    private(set) var requests = 0
    /// The gateway between both, which takes prefixes off and puts them on.
    private let gateway: GatewayAddress?

    init(
        _ settings: AssociationSettings,
        _ meter: TestMeter,
        options: ServerMachine.Options = .init(),
        seed: UInt64 = 1,
        nextCounter: UInt64? = 1
    ) {
        client = ClientMachine(settings: settings)
        gateway = settings.gateway
        server = ServerMachine(objects: meter, options: options, random: systemRandom)
        random = SplitMix(state: seed)
        self.nextCounter = nextCounter
        run(client.connected(now: start, randomness: try? AssociationRandomness.drawn(for: settings)))
    }

    mutating func perform(_ request: ServiceRequest, streams: Bool = false) -> ServiceResponse? {
        outcomes = []
        delivered = []
        run(client.perform(request, streams: streams, now: start))
        guard case .completed(let response)? = outcomes.last else { return nil }
        return response
    }

    /// Gives the server octets that a client would send, and returns its answers without their frames.
    mutating func inject(_ apdu: [UInt8], client: UInt16 = 1) -> [[UInt8]] {
        server.received(toServer(apdu, client: client)).compactMap {
            if case .send(let octets) = $0 { Array(octets.dropFirst(8)) } else { nil }
        }
    }

    /// The error that the last event ended with.
    var error: EngineError? {
        for case .failed(let error) in outcomes.reversed() { return error }
        for case .associationFailed(let error) in outcomes.reversed() { return error }
        return nil
    }

    /// Has the server send something; returns what the client makes of it.
    mutating func notify(_ message: UnsolicitedMessage) -> [ClientAction] {
        outcomes = []
        for action in server.notify(message) {
            guard case .send(let octets) = action else { continue }
            longestResponse = max(longestResponse, octets.count - 8)
            run(client.received(octets, now: start))
        }
        return outcomes
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
                lastRequest = Array(octets.dropFirst(8))
                longestRequest = max(longestRequest, octets.count - 8)
                for part in split(behindGateway(octets)) {
                    for answer in server.received(part) {
                        guard case .send(let response) = answer else { continue }
                        longestResponse = max(longestResponse, response.count - 8)
                        lastResponse = Array(response.dropFirst(8))
                        let changed = beforeGateway(onTheWay(lastResponse))
                        let ports = (UInt16(response[2]) << 8 | UInt16(response[3]), UInt16(response[5]))
                        let frame = WrapperFrame(
                            sourcePort: ports.0,
                            destinationPort: ports.1,
                            payload: changed
                        )
                        for part in split(frame?.octets ?? []) { pending += client.received(part, now: start) }
                    }
                }
            case .deadline, .setLine: break
            case .reserveCounters(let minimum):
                reservations += 1
                if let first = nextCounter {
                    nextCounter = first + UInt64(minimum)
                    pending += client.countersReserved(first..<first + UInt64(minimum), now: start)
                } else {
                    pending += client.countersRefused(.notStored, now: start)
                }
            case .delivered(let octets): delivered += octets
            case .associated, .associationFailed, .completed, .failed, .partlyDone, .unsolicited, .released, .close:
                outcomes.append(action)
            }
        }
    }

    private func behindGateway(_ octets: [UInt8]) -> [UInt8] {
        guard gateway != nil, let prefix = try? GatewayPrefix(octets: Array(octets.dropFirst(8))) else { return octets }
        let ports = (UInt16(octets[2]) << 8 | UInt16(octets[3]), UInt16(octets[5]))
        return WrapperFrame(sourcePort: ports.0, destinationPort: ports.1, payload: prefix.apdu)?.octets ?? []
    }

    private func beforeGateway(_ apdu: [UInt8]) -> [UInt8] {
        guard let gateway else { return apdu }
        return GatewayPrefix(
            isRequest: false,
            networkID: gateway.networkID,
            physicalDeviceAddress: gateway.physicalDeviceAddress,
            apdu: apdu
        ).octets
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
