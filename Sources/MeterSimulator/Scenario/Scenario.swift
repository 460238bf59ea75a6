// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSEngine
public import DLMSSecurity
public import MeterTransport

/// Simulated meters on lines of any kind, and what goes wrong on them, as a file describes it.
public struct Scenario: Hashable, Sendable {
    /// What the scenario is called.
    public var name: String
    /// What it shows.
    public var description: String?
    /// What decides about everything random; equal seeds give equal runs.
    public var seed: UInt64
    /// The phases that faults may be limited to.
    public var phases: ScenarioPhases
    /// The lines with their meters.
    public var lines: [Line]

    /// One line, or several of the same kind.
    public struct Line: Hashable, Sendable {
        /// Where clients find the meters.
        public var place: Place
        /// How messages are framed.
        public var framing: Framing
        /// How many lines there are like this, on consecutive ports or numbered paths.
        public var count: Int
        /// How many clients may be connected.
        public var connections: Connections
        /// The speed at which octets pass; nil = as fast as the medium lets them.
        public var pacing: LinePacing?
        /// The meters on each of the lines, at least one.
        public var meters: [Meter]
    }

    /// Where clients find the meters of a line.
    public enum Place: Hashable, Sendable {
        /// A TCP port.
        case tcp(host: String, port: Int)
        /// A UDP port.
        case udp(host: String, port: Int)
        /// A TCP port with TLS; certificate and key are files in PEM form.
        case tls(host: String, port: Int, certificate: String, key: String)
        /// A pseudo-terminal, to be opened by a client at this path as a serial port.
        case pseudoterminal(path: String)
        /// The meter connects to the gateway and says who it is first.
        case dialIn(host: String, port: Int, greeting: [UInt8], again: Duration)
    }

    /// How messages are framed; the words are those of meter configurations.
    public enum Framing: String, CaseIterable, Hashable, Sendable {
        /// The wrapper of IEC 62056-47.
        case wrapper
        /// HDLC frames.
        case hdlc
        /// HDLC frames after a sign-on of IEC 62056-21 mode E.
        case hdlcModeE = "hdlc-mode-e"
        /// The text protocol of IEC 62056-21.
        case iec62056Part21 = "iec62056-21"
    }

    /// How many clients may be connected to a line.
    public enum Connections: String, CaseIterable, Hashable, Sendable {
        /// As many as want to.
        case any
        /// One; others wait unheard until it has left.
        case oneWaiting = "one-waiting"
        /// One; the connections of others are closed at once.
        case oneRefusing = "one-refusing"
    }

    /// One meter.
    public struct Meter: Hashable, Sendable {
        /// The number that decides about everything the meter is, from 0; nil = the next that is free.
        public var number: Int?
        /// The lower HDLC address; nil = an address of one part.
        public var physicalDevice: UInt16?
        /// The device address that the sign-on of IEC 62056-21 may give; nil = any.
        public var device: String?
        /// How the meter is, where it is not as usual.
        public var options: Options
        /// What goes wrong with this meter: the faults of the line first, then its own.
        public var faults: [Fault]
    }

    /// How a meter is.
    public struct Options: Hashable, Sendable {
        /// The security suite of the keys.
        public var suite = SecuritySuite.suite0
        /// The longest APDU it takes and sends, in octets.
        public var maxPDUSize: UInt16 = 1024
        /// How many rows the load profile has.
        public var rows = 3360
        /// Seconds that the clock is ahead of true time at first.
        public var clockShiftSeconds: Int64 = 0
        /// Minutes that the local time is ahead of UTC.
        public var offsetMinutes = 60
        /// How the server behaves where the standard leaves a choice, or against it.
        public var server = ServerMachine.Options()
        /// How it behaves on a line with HDLC.
        public var link = HDLCServerSettings()
        /// How it behaves in the text protocol of IEC 62056-21; nil = as usual.
        public var text: TextServerSettings?

        /// The usual meter.
        public init() {}
    }
}

extension Scenario {
    /// How many lines there are in all.
    public var lineCount: Int { lines.reduce(0) { $0 + $1.count } }

    /// How many meters there are in all.
    public var meterCount: Int { lines.reduce(0) { $0 + $1.count * $1.meters.count } }
}
