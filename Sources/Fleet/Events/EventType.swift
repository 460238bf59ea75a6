// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What kind of event it is: what it is about and what happened, such as `meter.alarm`.
public struct EventType: Hashable, Sendable {
    /// The words.
    public let text: String

    /// Takes 1 to 64 small letters, digits, dots and hyphens, of which the first is a letter; nil for any other text.
    public init?(_ text: String) {
        guard (1...64).contains(text.utf8.count), text.utf8.allSatisfy(Self.isAllowed),
            text.utf8.first.map({ $0 >= UInt8(ascii: "a") }) == true
        else { return nil }
        self.text = text
    }

    private init(known text: String) {
        self.text = text
    }

    /// Whether the event is kept, so that lists show it later; others are told to who listens at the moment, because they
    /// are many and what they tell of is kept elsewhere.
    public var isKept: Bool { !Self.passing.contains(self) }

    /// Whether a gateway that keeps it tells the others over the same database; readings are too many.
    public var isForAll: Bool { isKept && self != .readingStored }

    private static let passing: Set<EventType> = [.jobCreated, .jobStarted, .jobProgress]

    private static func isAllowed(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
            UInt8(ascii: "."):
            true
        default: false
        }
    }
}

extension EventType {
    /// A meter raised an alarm: an alarm register or descriptor that is not all zeros.
    public static let meterAlarm = EventType(known: "meter.alarm")
    /// A meter told of an event, or of an attribute by EVENT-NOTIFICATION.
    public static let meterEvent = EventType(known: "meter.event")
    /// A meter that could not be reached answers again.
    public static let meterOnline = EventType(known: "meter.online")
    /// A meter cannot be reached, or does not answer.
    public static let meterOffline = EventType(known: "meter.offline")
    /// A meter failed so often that it is left alone for a while.
    public static let meterBreakerOpen = EventType(known: "meter.breaker-open")
    /// A meter pushed something of which no readings could be made.
    public static let pushUndecoded = EventType(known: "push.undecoded")
    /// Readings or rows of profiles were stored that were not there before; kept, for a day, only while a webhook wants it.
    public static let readingStored = EventType(known: "reading.stored")
    /// Nothing happened: somebody tries a webhook.
    public static let webhookTest = EventType(known: "webhook.test")
    /// A job was made.
    public static let jobCreated = EventType(known: "job.created")
    /// The first execution of a job began.
    public static let jobStarted = EventType(known: "job.started")
    /// Executions of a job ended; told at most once a second for each job.
    public static let jobProgress = EventType(known: "job.progress")
    /// A job came to an end.
    public static let jobFinished = EventType(known: "job.finished")
    /// An order to switch supply waits until somebody confirms it.
    public static let orderAwaitingConfirmation = EventType(known: "order.awaiting-confirmation")
    /// An order to switch supply was carried out at a meter.
    public static let orderExecuted = EventType(known: "order.executed")
    /// An order to switch supply failed at a meter.
    public static let orderFailed = EventType(known: "order.failed")
    /// An order was sent to a meter and nobody knows whether it was carried out.
    public static let orderUnknown = EventType(known: "order.unknown")
    /// A time of a schedule passed without a job.
    public static let scheduleMissed = EventType(known: "schedule.missed")
    /// A gateway is shutting down.
    public static let gatewayDraining = EventType(known: "gateway.draining")

    /// All types that there are now; the store may have others of former versions.
    public static let all: [EventType] = [
        .meterAlarm, .meterEvent, .meterOnline, .meterOffline, .meterBreakerOpen, .pushUndecoded, .readingStored,
        .webhookTest, .jobCreated, .jobStarted, .jobProgress, .jobFinished, .orderAwaitingConfirmation, .orderExecuted,
        .orderFailed, .orderUnknown, .scheduleMissed, .gatewayDraining,
    ]
}
