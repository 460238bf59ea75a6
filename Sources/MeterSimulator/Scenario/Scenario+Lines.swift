// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import DLMSSecurity
import JSONText
import MeterTransport

extension Scenario.Line {
    /// Reads one line with its meters.
    init(_ line: JSONMembers, phases: Set<String>) throws(JSONMemberError) {
        var members = line
        place = try Self.place(try members.requiredMembers("listen"))
        framing = try members.optionalChoice("framing") ?? .wrapper
        count = try members.optionalInteger("count", in: 1...Scenario.mostMeters) ?? 1
        connections = try members.optionalChoice("connections") ?? .any
        if connections != .any, !place.hasConnections {
            throw members.fault("connections", .invalid(expected: "absent on a line without connections"))
        }
        pacing = try members.optionalInteger("baud", in: 50...921_600).map { LinePacing(baud: $0) }
        let common = try Fault.list(&members, on: place, framing, phases: phases)
        let items = try members.optionalArray("meters") ?? [.object(JSONObject())]
        let list = members.pointer.appending("meters")
        guard !items.isEmpty else {
            throw JSONMemberError(.invalid(expected: "at least one meter", suggestion: nil), at: list)
        }
        meters = []
        for (index, item) in items.enumerated() {
            var meter = try Scenario.Meter(
                try JSONMembers(item, at: list.appending(index)),
                on: place,
                framing,
                phases: phases
            )
            meter.faults = common + meter.faults
            try Self.check(meter, beside: meters, framing, at: list.appending(index))
            meters.append(meter)
        }
        try members.finish()
        if let port = place.port, port > 0, port + count - 1 > 65_535 {
            throw members.fault("count", .invalid(expected: "at most \(65_536 - port): ports end at 65535"))
        }
    }

    private static func place(_ listen: JSONMembers) throws(JSONMemberError) -> Scenario.Place {
        enum PlaceType: String, CaseIterable {
            case tcp
            case udp
            case tls
            case pseudoterminal
            case dialIn = "dial-in"
        }
        var members = listen
        let place: Scenario.Place
        switch try members.requiredChoice("type", of: PlaceType.self) {
        case .tcp: place = .tcp(host: try host(&members), port: try port(&members, from: 0))
        case .udp: place = .udp(host: try host(&members), port: try port(&members, from: 0))
        case .tls:
            place = .tls(
                host: try host(&members),
                port: try port(&members, from: 0),
                certificate: try members.requiredString("certificate"),
                key: try members.requiredString("key")
            )
        case .pseudoterminal:
            place = .pseudoterminal(path: try members.requiredString("path"))
        case .dialIn:
            place = .dialIn(
                host: try host(&members),
                port: try port(&members, from: 1),
                greeting: Array((try members.optionalString("greeting") ?? "").utf8),
                again: try members.optionalDuration("again", in: .milliseconds(10)...Duration.seconds(86_400))
                    ?? .seconds(5)
            )
        }
        try members.finish()
        return place
    }

    private static func host(_ members: inout JSONMembers) throws(JSONMemberError) -> String {
        try members.optionalString("host") ?? "127.0.0.1"
    }

    private static func port(_ members: inout JSONMembers, from least: Int) throws(JSONMemberError) -> Int {
        try members.requiredInteger("port", in: least...65_535)
    }

    /// Whether the meter can be told from those before it.
    private static func check(
        _ meter: Scenario.Meter,
        beside others: [Scenario.Meter],
        _ framing: Scenario.Framing,
        at pointer: JSONPointer
    ) throws(JSONMemberError) {
        guard !others.isEmpty else { return }
        let isDistinct: Bool
        let member: String
        switch framing {
        case .wrapper:
            throw JSONMemberError(
                .invalid(expected: "alone: the wrapper cannot tell several meters on one line"),
                at: pointer
            )
        case .hdlc:
            member = "physicalDevice"
            isDistinct =
                meter.physicalDevice != nil
                && !others.contains { $0.physicalDevice == nil || $0.physicalDevice == meter.physicalDevice }
        case .hdlcModeE, .iec62056Part21:
            member = "device"
            isDistinct = meter.device != nil && !others.contains { $0.device == nil || $0.device == meter.device }
        }
        guard isDistinct else {
            throw JSONMemberError(
                .invalid(expected: "a meter with a \(member) that no other one on the line has"),
                at: pointer
            )
        }
    }
}

extension Scenario.Place {
    /// Whether messages pass one by one, each whole or not at all.
    var isDatagram: Bool {
        switch self {
        case .udp: true
        case .tcp, .tls, .pseudoterminal, .dialIn: false
        }
    }

    /// Whether clients connect to it.
    var hasConnections: Bool {
        switch self {
        case .tcp, .tls, .dialIn: true
        case .udp, .pseudoterminal: false
        }
    }

    /// The port that meters listen on; nil if none.
    var port: Int? {
        switch self {
        case .tcp(_, let port), .udp(_, let port), .tls(_, let port, _, _): port
        case .pseudoterminal, .dialIn: nil
        }
    }
}
