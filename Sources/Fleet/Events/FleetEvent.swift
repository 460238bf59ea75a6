// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import JSONText
public import Timekeeping

/// The identifier of an event.
public typealias EventID = TimeOrderedID<FleetEvent>

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
