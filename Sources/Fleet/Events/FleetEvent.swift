// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import JSONText
public import Jobs
public import Timekeeping

/// The identifier of an event; sorts by the time it was made, as those of jobs do.
public typealias EventID = JobID

/// Something that happened in the fleet and that somebody may want to know of.
public struct FleetEvent: Hashable, Sendable {
    /// Names the event; later ones have greater identifiers.
    public let id: EventID
    /// When the gateway came to know of it.
    public let at: Timestamp
    /// What happened.
    public let type: EventType
    /// The meter it happened to; nil for what concerns no single meter.
    public let meter: MeterID?
    /// What else is known; its members depend on the type.
    public let data: JSONObject

    /// Makes an event.
    public init(id: EventID, at: Timestamp, type: EventType, meter: MeterID?, data: JSONObject) {
        self.id = id
        self.at = at
        self.type = type
        self.meter = meter
        self.data = data
    }
}

/// What kind of event it is: words in kebab case, such as `meter-alarm`.
public struct EventType: Hashable, Sendable {
    /// The words.
    public let text: String

    /// Takes 1 to 64 small letters, digits and hyphens, of which the first is a letter; nil for any other text.
    public init?(_ text: String) {
        guard (1...64).contains(text.utf8.count), text.utf8.allSatisfy(Self.isAllowed),
            text.utf8.first.map({ $0 >= UInt8(ascii: "a") }) == true
        else { return nil }
        self.text = text
    }

    private init(known text: String) {
        self.text = text
    }

    private static func isAllowed(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
        default: false
        }
    }
}

extension EventType {
    /// A meter raised an alarm: an alarm register or descriptor that is not all zeros.
    public static let meterAlarm = EventType(known: "meter-alarm")
    /// A meter told of an event, or of an attribute by EVENT-NOTIFICATION.
    public static let meterEvent = EventType(known: "meter-event")
    /// A meter pushed something of which no readings could be made.
    public static let pushUndecoded = EventType(known: "push-undecoded")
    /// An order to disconnect or reconnect came to an end.
    public static let orderFinished = EventType(known: "order-finished")
    /// A job came to an end.
    public static let jobFinished = EventType(known: "job-finished")
    /// A job was aborted because too many of its executions failed.
    public static let jobAborted = EventType(known: "job-aborted")
    /// A gap was found in a profile.
    public static let gapFound = EventType(known: "gap-found")
    /// A gap in a profile was filled, or given up.
    public static let gapClosed = EventType(known: "gap-closed")
    /// Readings of a meter were stored; kept only while a webhook wants it.
    public static let readingStored = EventType(known: "reading-stored")
    /// Nothing happened: somebody tries a webhook.
    public static let webhookTest = EventType(known: "webhook-test")
    /// A gateway joined or left.
    public static let nodeChanged = EventType(known: "node-changed")
}
