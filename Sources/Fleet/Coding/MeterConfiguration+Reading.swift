// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
public import JSONText
import Timekeeping

extension MeterConfiguration {
    /// Reads the JSON form and checks every rule; members left out have their defaults.
    ///
    /// - Throws: the first fault with its place: an unknown member, a missing channel, a value of the wrong kind or out
    ///   of range, or members that contradict each other.
    public init(
        _ value: JSONValue,
        at pointer: JSONPointer = .root,
        secrets: SecretDecoding
    ) throws(JSONMemberError) {
        var members = try JSONMembers(value, at: pointer)
        self.init(channel: try ChannelReference(members.requiredValue("channel"), at: pointer.appending("channel")))
        name = try members.optionalText("name", "a text of at most 200 characters without control characters") {
            TextCheck.isPlain($0, upTo: 200)
        }
        labels = try Self.labels(members.optionalMembers("labels"))
        if let zone = try members.optionalText(
            "timeZone",
            "an IANA time zone such as Europe/Bratislava",
            where: TextCheck.isTimeZone
        ) {
            timeZone = zone
        }
        isProtected = try members.optionalBool("protected") ?? false
        framing = try members.optionalChoice("framing") ?? framing
        referencing = try members.optionalChoice("referencing") ?? referencing
        if let value = members.optionalValue("address"), !value.isNull {
            address = try MeterAddress(value, at: pointer.appending("address"), framing: framing)
        }
        if let associations = try members.optionalMembers("associations") {
            self.associations = try Self.associations(associations, framing: framing, secrets: secrets)
        }
        if var timeouts = try members.optionalMembers("timeouts") {
            let range = Duration.milliseconds(100)...Duration.seconds(600)
            self.timeouts.connect =
                try timeouts.optionalDuration("connect", in: range) ?? self.timeouts.connect
            self.timeouts.response =
                try timeouts.optionalDuration("response", in: range) ?? self.timeouts.response
            try timeouts.finish()
        }
        keepAlive = try members.optionalDuration("keepAlive", in: .zero...Duration.seconds(86_400)) ?? keepAlive
        model =
            try members.optionalText("model", "a name of 1 to 64 characters") {
                !$0.isEmpty && TextCheck.isPlain($0, upTo: 64)
            }
            ?? model
        quirks = try Self.quirks(members.optionalMembers("quirks"))
        if let push = try members.optionalMembers("push") { self.push = try PushConfiguration(push) }
        try members.finish()
        try checkFraming(members)
    }

    private static func labels(_ members: JSONMembers?) throws(JSONMemberError) -> [String: String] {
        guard var members else { return [:] }
        var labels: [String: String] = [:]
        for key in members.names {
            guard LabelSelector.isKey(key) else {
                throw members.fault(key, "a label key: up to 63 letters, digits and . _ / -, a letter or digit first")
            }
            labels[key] = try members.requiredText(
                key,
                "a text of at most 128 characters without control characters, comma, = and !",
                where: LabelSelector.isValue
            )
        }
        return labels
    }

    private static func quirks(_ members: JSONMembers?) throws(JSONMemberError) -> [String: QuirkValue] {
        guard var members else { return [:] }
        var quirks: [String: QuirkValue] = [:]
        for key in members.names {
            let value = try members.requiredValue(key)
            guard let quirk = QuirkValue(value), (1...64).contains(key.unicodeScalars.count) else {
                throw members.fault(key, "true, false, a number or a text of at most 256 characters")
            }
            quirks[key] = quirk
        }
        return quirks
    }

    private static func associations(
        _ members: JSONMembers,
        framing: Framing,
        secrets: SecretDecoding
    ) throws(JSONMemberError) -> [String: AssociationConfiguration] {
        var members = members
        var associations: [String: AssociationConfiguration] = [:]
        for name in members.names {
            guard LabelSelector.isKey(name), !name.contains("/"), name.utf8.count <= 32 else {
                throw members.fault(name, "a name of up to 32 letters, digits and . _ -")
            }
            let value = try members.requiredValue(name)
            associations[name] = try AssociationConfiguration(
                value,
                at: members.pointer.appending(name),
                framing: framing,
                secrets: secrets
            )
        }
        guard !associations.isEmpty || framing == .iec62056Part21 else {
            throw JSONMemberError(.invalid(expected: "at least one association", suggestion: nil), at: members.pointer)
        }
        return associations
    }

    /// Checks that the framing can run over the meter's own channel.
    private func checkFraming(_ members: JSONMembers) throws(JSONMemberError) {
        guard case .inline(let channel) = channel, framing == .wrapper else { return }
        switch channel.path {
        case .tcp, .udp, .tls, .dialIn: return
        case .serial, .rfc2217, .modem:
            throw members.fault("framing", "hdlc, hdlc-mode-e or iec62056-21 on a serial line")
        }
    }
}

extension ChannelReference {
    fileprivate init(_ value: JSONValue, at pointer: JSONPointer) throws(JSONMemberError) {
        guard let text = value.string else {
            self = .inline(try ChannelConfiguration(value, at: pointer))
            return
        }
        guard let id = ChannelID(text) else {
            throw JSONMemberError(
                .invalid(expected: "the identifier of a channel, or a channel", suggestion: nil),
                at: pointer
            )
        }
        self = .shared(id)
    }
}

extension MeterAddress {
    fileprivate init(_ value: JSONValue, at pointer: JSONPointer, framing: Framing) throws(JSONMemberError) {
        var members = try JSONMembers(value, at: pointer)
        let isHDLC = framing == .hdlc || framing == .hdlcModeE
        // IEC 62056-46: an address part has 7 bits in an address of 1 or 2 octets, and 14 bits in one of 4.
        let partLimit: UInt16 = isHDLC ? 0x3FFF : .max
        self.init(
            logicalDevice: try members.optionalInteger("logicalDevice", in: 0...partLimit) ?? 1,
            physicalDevice: try members.optionalInteger("physicalDevice", in: 0...partLimit),
            octets: try members.optionalInteger("octets", in: 1...4),
            device: try members.optionalText("device", "at most 32 printable characters without / and !") {
                TextCheck.isPlain($0, upTo: 32) && !$0.contains("/") && !$0.contains("!")
            }
        )
        if let place = try members.optionalMembers("gateway") { gateway = try GatewayPrefixAddress(place) }
        if gateway != nil, framing == .iec62056Part21 {
            throw members.fault("gateway", "absent: text messages have no prefix")
        }
        try members.finish()
        switch octets {
        case nil, 4: break
        case 1:
            guard logicalDevice <= 0x7F, physicalDevice == nil else {
                throw members.fault("octets", "2 or 4: one octet holds only a logical device up to 127")
            }
        case 2:
            guard logicalDevice <= 0x7F, physicalDevice ?? 0 <= 0x7F else {
                throw members.fault("octets", "4: two octets hold only parts up to 127")
            }
        default: throw members.fault("octets", "1, 2 or 4")
        }
    }
}

extension QuirkValue {
    /// Takes a JSON scalar other than null; nil for anything else and for long texts.
    public init?(_ value: JSONValue) {
        switch value {
        case .bool(let flag): self = .bool(flag)
        case .number(let number): self = number.exactInt64.map { .integer($0) } ?? .decimal(number)
        case .string(let text) where TextCheck.isPlain(text, upTo: 256): self = .text(text)
        default: return nil
        }
    }
}
