// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// The identifier of a delivery.
public typealias DeliveryID = TimeOrderedID<WebhookDelivery>

/// One event on its way to one webhook.
public struct WebhookDelivery: Hashable, Sendable {
    /// How far it is.
    public enum State: String, CaseIterable, Hashable, Sendable {
        /// To be tried, for the first time or again.
        case pending
        /// The receiver took it.
        case delivered
        /// Given up.
        case failed
    }

    /// One try.
    public struct Attempt: Hashable, Sendable {
        /// When it began.
        public var at: Timestamp
        /// What the receiver answered; nil if it did not.
        public var status: Int?
        /// Why it was no success, in words; nil if it was.
        public var reason: String?
        /// How long it took.
        public var duration: Duration

        /// Makes a record.
        public init(at: Timestamp, status: Int?, reason: String?, duration: Duration) {
            self.at = at
            self.status = status
            self.reason = reason
            self.duration = duration
        }
    }

    /// Names the delivery; that of the event it tells, seen from one webhook, never changes.
    public let id: DeliveryID
    /// The webhook.
    public let webhook: WebhookID
    /// The event, by which receivers know what they have had already.
    public let event: EventID
    /// The type of the event.
    public let type: EventType
    /// The meter it happened to.
    public let meter: MeterID?
    /// What is sent: a CloudEvent as JSON.
    public let document: String
    /// How far it is.
    public var state: State
    /// Tries since it was last to be delivered.
    public var tries: Int
    /// When it is to be tried next; for one that is being tried, when that is taken for lost.
    public var dueAt: Timestamp
    /// When it was made.
    public let createdAt: Timestamp
    /// The latest tries, oldest first.
    public var attempts: [Attempt]

    /// So many tries are remembered.
    public static let mostAttempts = 20

    /// Makes a delivery that is due at once.
    public init(
        id: DeliveryID,
        webhook: WebhookID,
        event: EventID,
        type: EventType,
        meter: MeterID?,
        document: String,
        createdAt: Timestamp
    ) {
        self.id = id
        self.webhook = webhook
        self.event = event
        self.type = type
        self.meter = meter
        self.document = document
        self.createdAt = createdAt
        state = .pending
        tries = 0
        dueAt = createdAt
        attempts = []
    }
}
