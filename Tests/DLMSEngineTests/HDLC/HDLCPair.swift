// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine

/// A client and servers joined by a line in memory on which frames can get lost, with a clock that jumps to what is due.
struct HDLCPair {
    /// What happens to octets that one side sends at once: they arrive in these pieces.
    typealias Wire = (_ octets: [UInt8], _ isToServer: Bool) -> [[UInt8]]

    var client: ClientMachine
    var servers: [ServerMachine]
    var wire: Wire = { octets, _ in [octets] }
    private(set) var now = start
    private(set) var outcomes: [ClientAction] = []
    /// Every frame that was sent, as it was sent.
    private(set) var frames: [HDLCFrame] = []
    /// When the client and each server want to be woken.
    private var clientDeadline: ContinuousClock.Instant?
    private var serverDeadlines: [ContinuousClock.Instant?]
    private var inTransit: [(octets: [UInt8], isToServer: Bool)] = []

    init(
        _ link: HDLCLinkSettings = .test,
        meters: [any ObjectServer],
        servers settings: [HDLCServerSettings] = [HDLCServerSettings()],
        wire: @escaping Wire = { octets, _ in [octets] },
        association: (inout AssociationSettings) -> Void = { _ in }
    ) {
        var own = AssociationSettings(link: .hdlc(link))
        association(&own)
        client = ClientMachine(settings: own)
        servers = zip(meters, settings).map { ServerMachine(objects: $0, framing: .hdlc($1), random: systemRandom) }
        serverDeadlines = servers.map { _ in nil }
        self.wire = wire
        take(client.connected(now: now))
        settle()
    }

    /// Does a request; nil when it fails.
    mutating func perform(_ request: ServiceRequest, streams: Bool = false) -> ServiceResponse? {
        outcomes = []
        frames = []
        take(client.perform(request, streams: streams, now: now))
        settle()
        guard case .completed(let response)? = outcomes.last(where: { if case .completed = $0 { true } else { false } })
        else { return nil }
        return response
    }

    mutating func release() {
        outcomes = []
        frames = []
        take(client.release(now: now))
        settle()
    }

    /// Something comes from the line that no server sent.
    mutating func inject(_ octets: [UInt8]) {
        take(client.received(octets, now: now))
        settle()
    }

    mutating func notify(_ message: UnsolicitedMessage) {
        outcomes = []
        for index in servers.indices { take(servers[index].notify(message), from: index) }
        settle()
    }

    /// Lets time pass with nothing to do but what is due.
    mutating func wait(_ duration: Duration) {
        let end = now + duration
        while let due = ([clientDeadline] + serverDeadlines).compactMap(\.self).min(), due <= end {
            now = max(now, due)
            wake()
            settle()
        }
        now = end
    }

    /// The error that the last event ended with.
    var error: EngineError? {
        for case .failed(let error) in outcomes.reversed() { return error }
        for case .associationFailed(let error) in outcomes.reversed() { return error }
        return nil
    }

    var isAssociated: Bool { client.isReady }

    /// Carries octets and time on until the client waits for nothing.
    private mutating func settle() {
        var steps = 0
        while steps < 20_000 {
            steps += 1
            if !inTransit.isEmpty {
                let next = inTransit.removeFirst()
                deliver(next.octets, isToServer: next.isToServer)
            } else if let due = clientDeadline {
                now = max(now, due)
                wake()
            } else {
                return
            }
        }
        preconditionFailure("the line never falls silent")
    }

    private mutating func wake() {
        if let due = clientDeadline, due <= now {
            clientDeadline = nil
            take(client.deadlineReached(now: now))
        }
        for index in servers.indices {
            guard let due = serverDeadlines[index], due <= now else { continue }
            serverDeadlines[index] = nil
            take(servers[index].deadlineReached(now: now), from: index)
        }
    }

    private mutating func deliver(_ octets: [UInt8], isToServer: Bool) {
        guard isToServer else { return take(client.received(octets, now: now)) }
        for index in servers.indices { take(servers[index].received(octets, now: now), from: index) }
    }

    private mutating func send(_ octets: [UInt8], isToServer: Bool) {
        var reassembler = HDLCReassembler()
        reassembler.push(octets)
        while let item = reassembler.next() {
            guard case .frame(let frame) = item else { continue }
            frames.append(frame)
            for piece in wire(frame.octets, isToServer) { inTransit.append((piece, isToServer)) }
        }
    }

    private mutating func take(_ actions: [ClientAction]) {
        for action in actions {
            switch action {
            case .send(let octets): send(octets, isToServer: true)
            case .deadline(let instant): clientDeadline = instant
            case .setLine, .reserveCounters: break
            case .delivered, .associated, .associationFailed, .completed, .failed, .partlyDone, .unsolicited, .released,
                .close:
                outcomes.append(action)
            }
        }
    }

    private mutating func take(_ actions: [ServerAction], from index: Int) {
        for action in actions {
            switch action {
            case .send(let octets): send(octets, isToServer: false)
            case .deadline(let instant): serverDeadlines[index] = instant
            case .served, .close: break
            }
        }
    }
}

extension HDLCLinkSettings {
    /// Client 16 and logical device 1, with the defaults.
    static let test = HDLCLinkSettings(client: 16, server: hdlcServer)

    /// The same with other limits.
    static func test(information: Int, window: Int) -> HDLCLinkSettings {
        var settings = test
        settings.limits = HDLCLimits(
            informationTransmit: information,
            informationReceive: information,
            windowTransmit: window,
            windowReceive: window
        )
        return settings
    }
}

let hdlcClient = HDLCAddress(client: 16)
let hdlcServer = HDLCAddress(client: 1)

/// A meter with a long value at the usual attribute.
func meterWithLongValue(_ value: DLMSData = ClientServerTests.long) -> TestMeter {
    let meter = TestMeter()
    meter.store(value, at: attribute())
    return meter
}

/// A frame from the server to the client.
func fromServer(
    _ kind: HDLCControl.Kind,
    _ information: [UInt8] = [],
    isFinal: Bool = true,
    source: HDLCAddress = hdlcServer,
    destination: HDLCAddress = hdlcClient
) -> [UInt8] {
    HDLCFrame(
        destination: destination,
        source: source,
        control: HDLCControl(kind, isPollOrFinal: isFinal),
        information: information
    )?.octets ?? []
}
