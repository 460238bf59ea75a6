// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine

/// The client's side of Telnet with the COM port control option (RFC 854, 855, 856, 2217), without input or output.
///
/// Both directions are asked to be binary. Whatever else the server proposes is declined.
struct TelnetComPort {
    /// The octets with a meaning in Telnet.
    enum Code {
        static let interpret: UInt8 = 255
        static let dont: UInt8 = 254
        static let `do`: UInt8 = 253
        static let wont: UInt8 = 252
        static let will: UInt8 = 251
        static let subnegotiation: UInt8 = 250
        static let subnegotiationEnd: UInt8 = 240
    }

    /// The options that matter here.
    enum Option {
        static let binary: UInt8 = 0
        static let suppressGoAhead: UInt8 = 3
        static let comPort: UInt8 = 44
    }

    /// What the client tells the server of the serial port; the server answers with 100 more.
    enum Command: UInt8, CaseIterable {
        case setBaudRate = 1
        case setDataSize = 2
        case setParity = 3
        case setStopSize = 4
        case setControl = 5
        case setLineStateMask = 10
        case setModemStateMask = 11
        case purgeData = 12
    }

    /// What octets of the server mean.
    enum Event: Hashable {
        /// Octets of the serial line.
        case data([UInt8])
        /// Octets to be sent back.
        case reply([UInt8])
        /// The server knows the option.
        case agreed
        /// The server does not know the option.
        case refused
        /// The server tells what it has set, or that something was done.
        case answered(UInt8, [UInt8])
    }

    private enum State {
        case data
        case command
        case option(UInt8)
        case subnegotiation
        case subnegotiationCommand
    }

    /// The longest subnegotiation that is kept; longer ones are no business of ours.
    private static let longest = 64

    private var state = State.data
    private var content: [UInt8] = []
    /// The options that we have told the server that we have, and that we have asked it to have.
    private var ours: Set<UInt8> = []
    private var theirs: Set<UInt8> = []

    /// What is sent first.
    mutating func begin() -> [UInt8] {
        ours = [Option.comPort, Option.binary, Option.suppressGoAhead]
        theirs = [Option.binary, Option.suppressGoAhead]
        return ours.sorted().reversed().flatMap { [Code.interpret, Code.will, $0] }
            + theirs.sorted().flatMap { [Code.interpret, Code.do, $0] }
    }

    /// Octets for the serial line, as they are sent.
    static func escaped(_ octets: [UInt8]) -> [UInt8] {
        guard octets.contains(Code.interpret) else { return octets }
        return octets.flatMap { $0 == Code.interpret ? [$0, $0] : [$0] }
    }

    /// A command with its value, as it is sent.
    static func message(_ command: Command, _ value: [UInt8]) -> [UInt8] {
        [Code.interpret, Code.subnegotiation, Option.comPort, command.rawValue] + escaped(value)
            + [Code.interpret, Code.subnegotiationEnd]
    }

    /// The commands that set a format, with the values that the server has to answer.
    static func commands(for format: LineFormat) -> [(command: Command, value: [UInt8])] {
        let parity: UInt8 =
            switch format.parity {
            case .none: 1
            case .odd: 2
            case .even: 3
            }
        return [
            (.setBaudRate, [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: format.baud >> $0) }),
            (.setDataSize, [format.dataBits]),
            (.setParity, [parity]),
            (.setStopSize, [format.stopBits]),
        ]
    }

    /// Takes octets of the server, in whatever pieces they come.
    mutating func received(_ octets: [UInt8]) -> [Event] {
        var events: [Event] = []
        var data: [UInt8] = []
        for octet in octets {
            switch state {
            case .data where octet == Code.interpret: state = .command
            case .data: data.append(octet)
            case .command:
                state = .data
                switch octet {
                case Code.interpret: data.append(octet)
                case Code.do, Code.dont, Code.will, Code.wont: state = .option(octet)
                case Code.subnegotiation:
                    content = []
                    state = .subnegotiation
                default: break
                }
            case .option(let verb):
                state = .data
                if !data.isEmpty { events.append(.data(data)) }
                data = []
                events += negotiated(verb, octet)
            case .subnegotiation where octet == Code.interpret: state = .subnegotiationCommand
            case .subnegotiation: keep(octet)
            case .subnegotiationCommand where octet == Code.interpret:
                keep(octet)
                state = .subnegotiation
            case .subnegotiationCommand where octet == Code.subnegotiationEnd:
                state = .data
                if !data.isEmpty { events.append(.data(data)) }
                data = []
                if let event = answer() { events.append(event) }
            // Anything else inside is a fault of the server; its subnegotiation counts as ended.
            case .subnegotiationCommand: state = .data
            }
        }
        if !data.isEmpty { events.append(.data(data)) }
        return events
    }

    private mutating func keep(_ octet: UInt8) {
        if content.count < Self.longest { content.append(octet) }
    }

    private func answer() -> Event? {
        guard content.count >= 2, content[0] == Option.comPort, content[1] >= 100 else { return nil }
        return .answered(content[1] - 100, Array(content[2...]))
    }

    private mutating func negotiated(_ verb: UInt8, _ option: UInt8) -> [Event] {
        switch (verb, option) {
        case (Code.do, Option.comPort): return [.agreed]
        case (Code.dont, Option.comPort): return [.refused]
        // Some servers have the option themselves, too.
        case (Code.will, Option.comPort): return [.reply([Code.interpret, Code.do, option])]
        // What was offered or asked for is agreed to; an answer to an answer would go on for ever.
        case (Code.do, _) where ours.contains(option), (Code.will, _) where theirs.contains(option): return []
        case (Code.do, _): return [.reply([Code.interpret, Code.wont, option])]
        case (Code.will, _): return [.reply([Code.interpret, Code.dont, option])]
        default: return []
        }
    }
}
