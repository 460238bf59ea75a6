// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import DLMSSecurity
import JSONText
import MeterTransport

extension Scenario.Meter {
    /// Reads one meter.
    init(
        _ meter: JSONMembers,
        on place: Scenario.Place,
        _ framing: Scenario.Framing,
        phases: Set<String>
    ) throws(JSONMemberError) {
        var members = meter
        number = try members.optionalInteger("number", in: 0...999_999)
        physicalDevice = try members.optionalInteger("physicalDevice", in: 0...0x3FFF)
        if physicalDevice != nil, framing != .hdlc, framing != .hdlcModeE {
            throw members.fault("physicalDevice", .invalid(expected: "absent where there is no HDLC"))
        }
        device = try members.optionalString("device")
        if let device {
            guard framing == .hdlcModeE || framing == .iec62056Part21 else {
                throw members.fault("device", .invalid(expected: "absent where there is no sign-on of IEC 62056-21"))
            }
            guard (1...32).contains(device.utf8.count),
                device.utf8.allSatisfy({ (0x20...0x7E).contains($0) && $0 != 0x21 })
            else {
                throw members.fault("device", .invalid(expected: "1 to 32 ASCII characters without !", suggestion: nil))
            }
        }
        options = try Scenario.Options(&members, framing)
        faults = try Fault.list(&members, on: place, framing, phases: phases)
        try members.finish()
    }
}

extension Scenario.Options {
    init(_ members: inout JSONMembers, _ framing: Scenario.Framing) throws(JSONMemberError) {
        if let suite = try members.optionalInteger("suite", in: UInt8(0)...2) {
            self.suite = SecuritySuite(rawValue: suite) ?? .suite0
        }
        maxPDUSize = try members.optionalInteger("pduSize", in: 64...UInt16.max) ?? maxPDUSize
        rows = try members.optionalInteger("rows", in: 0...100_000) ?? rows
        if let ahead = try members.optionalDuration("clockAhead", in: .zero...Duration.seconds(366 * 86_400)) {
            clockShiftSeconds = ahead.components.seconds
        }
        offsetMinutes = try members.optionalInteger("offsetMinutes", in: -720...840) ?? offsetMinutes
        guard offsetMinutes % 15 == 0 else {
            throw members.fault("offsetMinutes", .invalid(expected: "a multiple of 15", suggestion: nil))
        }
        guard let quirks = try members.optionalMembers("quirks") else { return }
        try read(quirks, framing)
    }

    /// Where the meter is not as the standard says; docs/meter-quirks.md tells which meters are so.
    private mutating func read(_ quirks: JSONMembers, _ framing: Scenario.Framing) throws(JSONMemberError) {
        enum BlockContent: String, CaseIterable {
            case complete
            case data
        }
        enum Refusal: String, CaseIterable {
            case exceptionResponse = "exception-response"
            case serviceError = "service-error"
            case silence
        }
        var quirks = quirks
        server.lists = try quirks.optionalChoice("lists") ?? server.lists
        switch try quirks.optionalChoice("actionBlockContent", of: BlockContent.self) {
        case .complete: server.actionBlockContent = .outcome
        case .data: server.actionBlockContent = .returnedData
        case nil: break
        }
        switch try quirks.optionalChoice("readBlockContent", of: BlockContent.self) {
        case .complete: server.readBlockContent = .results
        case .data: server.readBlockContent = .bareData
        case nil: break
        }
        switch try quirks.optionalChoice("protectionRefusal", of: Refusal.self) {
        case .exceptionResponse: server.protectionRefusal = .exceptionResponse
        case .serviceError: server.protectionRefusal = .serviceError
        case .silence: server.protectionRefusal = .silence
        case nil: break
        }
        if let window = try quirks.optionalInteger("generalBlockWindow", in: UInt8(0)...63) {
            server.blockTransfer.window = window
        }
        if framing == .hdlc || framing == .hdlcModeE { try readLink(&quirks) }
        if framing == .iec62056Part21 || framing == .hdlcModeE { try readText(&quirks, framing) }
        try quirks.finish()
    }

    /// What only shows in the text protocol.
    private mutating func readText(_ quirks: inout JSONMembers, _ framing: Scenario.Framing) throws(JSONMemberError) {
        var settings = SimulatedText.settings(offersHDLC: framing == .hdlcModeE)
        if let text = try quirks.optionalString("identification") {
            guard let message = try? IdentificationMessage(octets: Array("\(text)\r\n".utf8)) else {
                throw quirks.fault("identification", .invalid(expected: "such as /ABC5\\2NAME", suggestion: nil))
            }
            settings?.identification = message
        }
        let hour = Duration.seconds(3600)
        settings?.hasBlockCheck = try quirks.optionalBool("blockCheck") ?? true
        settings?.sleeps = try quirks.optionalBool("sleeps") ?? false
        settings?.echoes = try quirks.optionalBool("echoes") ?? false
        settings?.parity = try quirks.optionalBool("parityInBit7") ?? false ? .even : .stripped
        settings?.sendingInterval = try quirks.optionalDuration("sendingInterval", in: .milliseconds(100)...hour)
        if let time = try quirks.optionalDuration("reactionTime", in: .zero...hour) { settings?.reactionTime = time }
        if let time = try quirks.optionalDuration("textTimeout", in: .seconds(1)...hour) {
            settings?.inactivityTimeout = time
        }
        text = settings
    }

    /// What only shows on a line with HDLC.
    private mutating func readLink(_ quirks: inout JSONMembers) throws(JSONMemberError) {
        let longest = HDLCFrame.longestInformation
        let length = try quirks.optionalInteger("frameLength", in: 32...longest) ?? longest
        let window = try quirks.optionalInteger("window", in: 1...7) ?? 7
        link.limits = HDLCLimits(
            informationTransmit: length,
            informationReceive: length,
            windowTransmit: window,
            windowReceive: window
        )
        link.takesParameters = try quirks.optionalBool("linkParameters") ?? link.takesParameters
        link.answersCallingDevice = try quirks.optionalBool("answersCallingDevice") ?? link.answersCallingDevice
        link.notReadyTurns = try quirks.optionalInteger("notReadyTurns", in: 0...100) ?? link.notReadyTurns
        let hour = Duration.seconds(3600)
        if let time = try quirks.optionalDuration("inactivityTimeout", in: .zero...hour) {
            link.inactivityTimeout = time == .zero ? nil : time
        }
        link.interOctetTimeout =
            try quirks.optionalDuration("interOctetTimeout", in: .milliseconds(20)...Duration.seconds(6))
            ?? link.interOctetTimeout
    }
}
