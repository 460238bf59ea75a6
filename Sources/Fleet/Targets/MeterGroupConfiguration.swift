// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import JSONText

/// What an operator says of a group of meters.
public struct MeterGroupConfiguration: Hashable, Sendable {
    /// A name for people.
    public var name: String?
    /// Which meters belong to it by their labels; nil for a group that lists them one by one.
    public var selector: LabelSelector?

    /// Makes a configuration.
    public init(name: String? = nil, selector: LabelSelector? = nil) {
        self.name = name
        self.selector = selector
    }

    /// Writes the members of the JSON form into an object that is already begun.
    public func writeMembers(into writer: inout JSONWriter) {
        writer.member("name", name)
        writer.member("selector", selector?.description)
    }
}

/// A group of meters as a caller writes it: its configuration and, if it lists meters, which.
public struct MeterGroupDocument: Hashable, Sendable {
    /// The configuration.
    public var configuration: MeterGroupConfiguration
    /// The meters that are to be its members; nil leaves those that a group has.
    public var meters: [MeterID]?

    /// Reads `{"name":"Feeder 12","meters":["M-1"]}` or `{"name":"North","selector":"region=north"}`.
    ///
    /// - Throws: `JSONMemberError` with the place of the fault.
    public init(_ value: JSONValue, at pointer: JSONPointer = .root) throws(JSONMemberError) {
        var members = try JSONMembers(value, at: pointer)
        let name = try members.optionalText("name", "a text of up to 200 characters without control characters") {
            TextCheck.isPlain($0, upTo: 200)
        }
        configuration = MeterGroupConfiguration(name: name, selector: try members.optionalSelector("selector"))
        meters = try members.optionalMeters("meters", 0...TargetSelection.mostMeters)
        try members.finish()
        if configuration.selector != nil, meters != nil {
            throw members.fault("meters", "left out when selector is there")
        }
    }
}

/// A change of who belongs to a group that lists its meters.
public struct MembershipChange: Hashable, Sendable {
    /// Meters that are members afterwards.
    public var adding: [MeterID]
    /// Meters that are none afterwards.
    public var removing: [MeterID]

    /// Makes a change.
    public init(adding: [MeterID] = [], removing: [MeterID] = []) {
        self.adding = adding
        self.removing = removing
    }

    /// Reads `{"add":["M-1"],"remove":["M-2"]}`.
    ///
    /// - Throws: `JSONMemberError` with the place of the fault.
    public init(_ value: JSONValue, at pointer: JSONPointer = .root) throws(JSONMemberError) {
        var members = try JSONMembers(value, at: pointer)
        adding = try members.optionalMeters("add", 0...TargetSelection.mostMeters) ?? []
        removing = try members.optionalMeters("remove", 0...TargetSelection.mostMeters) ?? []
        try members.finish()
        if !Set(adding).isDisjoint(with: removing) {
            throw members.fault("remove", "without meters that are also in add")
        }
    }
}
