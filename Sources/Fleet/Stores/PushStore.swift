// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import COSEMModel
public import DLMSCodec

/// Keeps what is needed to take what meters send by themselves; what it returns from a write is durable.
public protocol PushStore: Sendable {
    /// The meters that have one of these identities, at most ``SenderIdentity/mostMeters``, in order.
    func meters(knownAs identities: [SenderIdentity]) async throws(StoreError) -> [MeterID]

    /// The system titles that a meter has proven to have.
    func systemTitles(of meter: MeterID) async throws(StoreError) -> [SystemTitle]

    /// Writes down the identities of all meters and channels if none are written down yet, as after an update from a
    /// version that knew none.
    func fillSenderIdentities() async throws(StoreError)

    /// The last counters that a meter has used in notifications.
    func pushMarks(of meter: MeterID) async throws(StoreError) -> [PushMark]

    /// Keeps readings, events and counters of notifications, each as one step and in this order, so that a counter is
    /// kept only when what came with it is.
    ///
    /// Everything may come twice and changes nothing the second time; a counter only grows. Readings of a meter that is
    /// gone are left out.
    func keepPushed(_ batch: PushedBatch) async throws(StoreError)

    /// What a meter pushes: attribute 2 of its push set-ups as it was read, by their logical names.
    func pushObjectLists(of meter: MeterID) async throws(StoreError) -> [OBISCode: [CaptureObject]]

    /// Keeps what a push set-up of a meter pushes.
    func keepPushObjectList(_ list: [CaptureObject], of setup: OBISCode, meter: MeterID) async throws(StoreError)
}

/// By what a meter is known that sends by itself.
public struct SenderIdentity: Hashable, Sendable {
    /// More meters than this with one identity are not told apart by it.
    public static let mostMeters = 20

    /// What kind of name it is.
    public enum Kind: String, CaseIterable, Hashable, Sendable {
        /// An IP address without a port.
        case address
        /// A system title as 16 hexadecimal digits in capitals.
        case title
        /// A logical device name, or a number of the meter.
        case name
    }

    /// What kind of name it is.
    public let kind: Kind
    /// The name.
    public let text: String

    /// Makes an identity.
    public init(_ kind: Kind, _ text: String) {
        self.kind = kind
        self.text = text
    }

    /// A system title.
    public static func title(_ title: SystemTitle) -> SenderIdentity { SenderIdentity(.title, title.description) }
}

/// The last counter that a sender has used in a notification.
public struct PushMark: Hashable, Sendable {
    /// The meter.
    public let meter: MeterID
    /// The key and the sender's system title.
    public let id: InvocationCounterID
    /// The counter.
    public let value: UInt32
    /// The digest of the message that carried it, as hexadecimal digits.
    public let digest: String

    /// Makes a mark.
    public init(meter: MeterID, id: InvocationCounterID, value: UInt32, digest: String) {
        self.meter = meter
        self.id = id
        self.value = value
        self.digest = digest
    }
}

/// What came of several notifications, to be kept together.
public struct PushedBatch: Sendable {
    /// The readings of each notification.
    public var readings: [ReadingBatch] = []
    /// What happened.
    public var events: [FleetEvent] = []
    /// The last counters.
    public var marks: [PushMark] = []

    /// Nothing yet.
    public init() {}
}
