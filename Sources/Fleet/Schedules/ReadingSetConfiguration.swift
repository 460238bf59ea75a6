// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import JSONText

/// What is to be read, under a name that jobs and schedules share.
///
/// Its items and profiles are JSON in the form that jobs of kind `read` and `profile-read` have; who carries them out
/// checks them.
public struct ReadingSetConfiguration: Hashable, Sendable {
    /// A name for people.
    public var name: String?
    /// Attributes, each as in a job of kind `read`.
    public var items: [JSONValue]
    /// Profiles, each with the members of a job of kind `profile-read`.
    public var profiles: [JSONValue]
    /// The association to read with; nil leaves it to the meter's configuration.
    public var association: String?

    /// Makes a set.
    public init(name: String? = nil, items: [JSONValue] = [], profiles: [JSONValue] = [], association: String? = nil) {
        self.name = name
        self.items = items
        self.profiles = profiles
        self.association = association
    }

    /// Reads `{"name":"Billing","items":[..],"profiles":[..],"association":"reader"}`.
    ///
    /// - Throws: `JSONMemberError` with the place of the fault.
    public init(_ value: JSONValue, at pointer: JSONPointer = .root) throws(JSONMemberError) {
        var members = try JSONMembers(value, at: pointer)
        name = try members.optionalText("name", "a text of up to 200 characters without control characters") {
            TextCheck.isPlain($0, upTo: 200)
        }
        items = try members.optionalArray("items") ?? []
        profiles = try members.optionalArray("profiles") ?? []
        association = try members.optionalString("association")
        try members.finish()
        if items.isEmpty, profiles.isEmpty { throw members.fault("items", "there, or profiles") }
    }

    /// Writes the members of the JSON form into an object that is already begun.
    public func writeMembers(into writer: inout JSONWriter) {
        writer.member("name", name)
        writer.member("items", .array(items))
        writer.member("profiles", .array(profiles))
        writer.member("association", association)
    }
}
