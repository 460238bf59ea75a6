// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSSecurity
public import JSONText

/// How one meter is reached and spoken to, as the operator configured it.
///
/// Values from outside come in through ``init(_:at:secrets:)``, which checks every rule; what is built in code is
/// trusted.
public struct MeterConfiguration: Hashable, Sendable {
    /// A name for people; not unique.
    public var name: String?
    /// Words by which groups and selectors pick meters.
    public var labels: [String: String]
    /// The IANA name of the meter's time zone.
    public var timeZone: String
    /// Whether orders that could cut somebody off are refused.
    public var isProtected: Bool
    /// The path to the meter.
    public var channel: ChannelReference
    /// The framing below the application layer.
    public var framing: Framing
    /// The meter's address on its channel.
    public var address: MeterAddress
    /// How objects are named on the wire.
    public var referencing: Referencing
    /// The associations that may be opened, by name; `reader` and `manager` are chosen without being asked for.
    public var associations: [String: AssociationConfiguration]
    /// How long to wait for the meter.
    public var timeouts: MeterTimeouts
    /// How long an association is kept open after the last exchange; zero releases it at once.
    public var keepAlive: Duration
    /// The name of the meter model, whose deviations from the standard are known.
    public var model: String
    /// Deviations of this one meter, over those of its model.
    public var quirks: [String: QuirkValue]
    /// What the meter sends by itself.
    public var push = PushConfiguration()

    /// Makes a configuration; what is left out has the default of the API.
    public init(
        name: String? = nil,
        labels: [String: String] = [:],
        timeZone: String = "UTC",
        isProtected: Bool = false,
        channel: ChannelReference,
        framing: Framing = .wrapper,
        address: MeterAddress = MeterAddress(),
        referencing: Referencing = .logicalName,
        associations: [String: AssociationConfiguration] = ["reader": AssociationConfiguration()],
        timeouts: MeterTimeouts = MeterTimeouts(),
        keepAlive: Duration = .seconds(10),
        model: String = "generic",
        quirks: [String: QuirkValue] = [:]
    ) {
        self.name = name
        self.labels = labels
        self.timeZone = timeZone
        self.isProtected = isProtected
        self.channel = channel
        self.framing = framing
        self.address = address
        self.referencing = referencing
        self.associations = associations
        self.timeouts = timeouts
        self.keepAlive = keepAlive
        self.model = model
        self.quirks = quirks
    }

    /// The secrets with their places in the JSON form.
    public var secrets: [JSONPointer: Secret] {
        var secrets: [JSONPointer: Secret] = [:]
        for (name, association) in associations {
            let place = JSONPointer("/associations").appending(name)
            secrets[place.appending("authentication").appending("secret")] = association.authentication.secret
            for (member, secret) in association.security?.secrets ?? [:] {
                secrets[place.appending("security").appending(member)] = secret
            }
        }
        return secrets
    }
}

extension MeterConfiguration {
    /// The name under which a meter of IEC 62056-21 is asked that is configured without a password.
    public static let textAssociation = "reader"

    /// What an operation does, which decides the association it takes.
    public enum Purpose: Hashable, Sendable {
        /// Reading attributes: the association `reader`.
        case reading
        /// Writing attributes and invoking methods: the association `manager`.
        case managing
    }

    /// The name of the association to take: the preferred one of the purpose, or the only one there is.
    ///
    /// With several associations but none of the preferred name it is the first by name; nil without any.
    public func associationName(for purpose: Purpose) -> String? {
        let preferred =
            switch purpose {
            case .reading: "reader"
            case .managing: "manager"
            }
        return associations[preferred] == nil ? associations.keys.min() : preferred
    }
}

/// The path of a meter: its own, or one that meters share.
public enum ChannelReference: Hashable, Sendable {
    /// A path of this meter alone.
    case inline(ChannelConfiguration)
    /// The path with this identifier, which several meters may share.
    case shared(ChannelID)
}

/// The framing below the application layer.
public enum Framing: String, CaseIterable, Hashable, Sendable {
    /// The wrapper sub-layer of IPv4 communication (IEC 62056-47).
    case wrapper
    /// HDLC frames (IEC 62056-46).
    case hdlc
    /// HDLC after a sign-on of IEC 62056-21 mode E.
    case hdlcModeE = "hdlc-mode-e"
    /// The text protocol of IEC 62056-21, without associations.
    case iec62056Part21 = "iec62056-21"
}

/// How objects are named on the wire.
public enum Referencing: String, CaseIterable, Hashable, Sendable {
    /// By class and logical name.
    case logicalName = "logical-name"
    /// By base names of 13 bits.
    case shortName = "short-name"
    /// Whichever the meter accepts.
    case automatic = "auto"
}

/// How long to wait for a meter; reaching it and getting its answer are two things.
public struct MeterTimeouts: Hashable, Sendable {
    /// For making the connection.
    public var connect: Duration
    /// For each answer.
    public var response: Duration

    /// Makes time-outs; 10 seconds each by default.
    public init(connect: Duration = .seconds(10), response: Duration = .seconds(10)) {
        self.connect = connect
        self.response = response
    }
}

/// A scalar that sets a deviation of a meter from the standard.
public enum QuirkValue: Hashable, Sendable {
    /// A switch.
    case bool(Bool)
    /// A whole number.
    case integer(Int64)
    /// Any other number, by its text.
    case decimal(JSONNumber)
    /// A word.
    case text(String)
}
