// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import MeterTransport

/// What a running scenario does, for those who watch.
public struct ScenarioEvent: Hashable, Sendable {
    /// Since the start.
    public var time: Duration
    /// The line, such as `tcp 127.0.0.1:4059`.
    public var line: String
    /// The number of the meter.
    public var meter: Int
    /// What happened.
    public var event: MeterFaults.Event
}

extension ScenarioEvent: CustomStringConvertible {
    /// One line: seconds, line, meter, and what happened; octets of clients after `<`, those of meters after `>`.
    public var description: String {
        let what =
            switch event {
            case .connected: "connected"
            case .disconnected: "disconnected"
            case .received(let octets): "< \(Self.hexadecimal(octets))"
            case .sent(let octets): "> \(Self.hexadecimal(octets))"
            case .happened(let faults, let direction):
                "fault \(faults.map(\.rawValue).joined(separator: ", "))"
                    + (direction.map { " of \($0.rawValue)" } ?? " of a connection")
            }
        return "\(Self.seconds(time)) \(line) meter \(meter) \(what)"
    }

    /// Seconds with six decimal places.
    public static func seconds(_ time: Duration) -> String {
        let (seconds, attoseconds) = time.components
        return "\(seconds)." + String(String(1_000_000 + attoseconds / 1_000_000_000_000).dropFirst())
    }

    private static func hexadecimal(_ octets: [UInt8]) -> String {
        var text = ""
        for octet in octets {
            text += octet < 0x10 ? "0" : ""
            text += String(octet, radix: 16, uppercase: true)
        }
        return text
    }
}
